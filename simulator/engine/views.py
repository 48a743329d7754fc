"""What every page is shown, as plain values: templates read these and nothing else.

Money is already formatted (`¥ 86.03`, with a no-break space); text that depends on the page's language is a key of the
catalogue with its values.
"""

from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulator.kernel.money import Money
from simulator.kernel.values import dataclass

Language = Literal["en", "zh"]
Outcome = Literal["paid", "declined", "cancelled", "expired"]
"""How a hosted journey ended: the first argument of `ui.result`, too."""


@dataclass(frozen=True, slots=True)
class Page:
    """What every page needs, whatever it shows."""

    lang: Language
    title: str
    """Of the browser's window, in the page's language."""
    path: str
    """Path and query under which the browser sees the page, with no origin."""
    workspace: str
    console_url: str
    """The console at the payment that this page belongs to, or at the workspace."""
    static_version: str
    """Changes with the static files, so that they can be cached for ever."""
    token: str = ""
    """Sent back by every form."""
    clock_token: str = ""
    """Sent back by the button that freezes the clock; empty where the page has no workspace."""
    theme: Literal["light", "dark"] | None = None
    """Chosen by the viewer; `None` follows the device."""
    mobile: bool = False
    """The phone page is shown, on whatever device."""
    auto_return_s: int | None = None
    """Seconds of the browser's time until a finished page goes back to the shop; None where it stays."""
    voice: Language | None = None
    """The viewer's language, in which the simulator speaks where the page speaks another one."""

    def url(self, **query: str) -> str:
        """This page with some query parameters set, others kept; what is set to nothing is left out."""
        parts = urlsplit(self.path)
        merged = dict(parse_qsl(parts.query, keep_blank_values=True)) | query
        merged = {name: value for name, value in merged.items() if value or name not in query}
        return f"{parts.path}?{urlencode(merged)}" if merged else parts.path


@dataclass(frozen=True, slots=True)
class MoneyView:
    """An amount in minor units of `currency`, and how it reads."""

    minor: int
    currency: str
    text: str
    """The amount with its currency, as it stands in sentences: `EUR 11.00`."""
    symbol_text: str
    """The amount with its currency's symbol, as it stands in large type: `€ 11.00`."""

    @classmethod
    def of(cls, money: Money) -> "MoneyView":
        return cls(money.value, money.currency, money.format(), money.symbol())


@dataclass(frozen=True, slots=True)
class HostedView:
    """The header of a provider's hosted page."""

    merchant: str
    amount: MoneyView
    provider_title: str
    reference: str
    """In the provider's words: `Payment 580`."""
    state: str
    """The provider's own status, as on the wire."""
    now: str
    expires_at: str | None = None
    seconds_left: int | None = None
    """Seconds of clock time until `expires_at`."""
    frozen: bool = False
    clock_rate: int = 1
    """Clock seconds per second of browser time."""


@dataclass(frozen=True, slots=True)
class HostedResult:
    """The last page of a hosted journey, for a template that extends `hosted/_result.html`: the provider's `pages` make it and
    hand it to `pages.render` as `result`. A template of its own calls `ui.result` and needs none.

    `title` and `text` are ready to read, in the page's language. `decided_by` is that of the wallet's order.
    """

    outcome: Outcome
    title: str
    text: str
    decided_by: str | None = None
    return_url: str | None = None
    return_field: str = ""
    """The provider's name of the address, for a merchant who gave none."""
    return_is_link: bool = False
    auto_return_s: int | None = None
    """Seconds of browser time until the page goes to `return_url`; `None` when it stays."""


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A plain page that says no. All of it is ready to read, in the page's language."""

    title: str
    text: str
    expected: str | None = None
    received: str | None = None
    """The pair that differs, such as two signature base strings."""
    report: str | None = None
    """What somebody who reports a fault should say."""
    link_url: str | None = None
    link_text: str = ""
    can_reload: bool = False
    """Whether the address may be opened again, in the other language."""
