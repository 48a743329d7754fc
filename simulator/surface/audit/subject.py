"""The merchant's own code as the audit sees it: where its webhooks go, and how its orders are begun, read, refunded and cancelled."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import field
from urllib.parse import quote

import httpx

from simulator.engine.masking import COMMON
from simulator.kernel.values import dataclass
from simulator.surface.audit.pace import Pace

PATIENCE_S = 70.0
"""How long the shop may take for its answer, in real time. It is that long because the shop itself may wait for an answer of the
provider's that never comes."""

Act = Callable[[Mapping[str, str]], str]
"""Does something at the shop, given `reference`, `payment` and `amount` of an order, and returns what the shop says."""


class ShopSaidNo(Exception):
    """The shop could not do what it was asked. The text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`paid`, `unpaid` and `refunded` are pieces of what `order` says."""

    webhook: str
    checkout: Act | None = None
    order: Act | None = None
    refund: Act | None = None
    cancel: Act | None = None
    paid: str | None = None
    unpaid: str | None = None
    refunded: str | None = None
    reference: str | None = None
    """Without `checkout`: for which order the payments are made."""
    browser: Act | None = None
    """Opens `url` as the buyer's browser would; without one the audit's own."""
    pace: Pace = field(default_factory=Pace)
    told: Mapping[str, str] = field(default_factory=dict)
    """What it was told, for the report: see `shown`."""

    @property
    def address(self) -> str:
        """`webhook` as a report may show it: without a password in it."""
        return COMMON.address(self.webhook)

    @property
    def shown(self) -> Mapping[str, str]:
        """`told` without the secrets that stand in commands and addresses."""
        return {name: COMMON.text(value) for name, value in self.told.items()}

    @property
    def given(self) -> frozenset[str]:
        names = ("checkout", "order", "refund", "cancel", "paid", "unpaid", "refunded")
        return frozenset(name for name in names if getattr(self, name) is not None)


def by_command(command: str) -> Act:
    """The merchant's own command, in a shell; `{reference}`, `{payment}` and `{amount}` are filled in, quoted."""

    def act(values: Mapping[str, str]) -> str:
        text = filled(command, values, shlex.quote)
        try:
            ran = subprocess.run(  # noqa: S602 - a command of whoever runs the audit, typed as for a shell
                text, shell=True, capture_output=True, text=True, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ShopSaidNo(f"{text}: no end within {PATIENCE_S:.0f} s") from error
        if ran.returncode:
            raise ShopSaidNo(f"{text}: ended with {ran.returncode}: {(ran.stderr or ran.stdout).strip()[:300]}")
        return ran.stdout

    return act


def by_url(url: str, method: str, transport: httpx.BaseTransport | None = None) -> Act:
    """One HTTP call; the answer's body. 4xx and 5xx are a no."""

    def act(values: Mapping[str, str]) -> str:
        target = filled(url, values, lambda text: quote(text, safe=""))
        return _asked(method, target, no_from=400, transport=transport)

    return act


def _asked(
    method: str,
    url: str,
    *,
    no_from: int,
    transport: httpx.BaseTransport | None,
    follow_redirects: bool = False,
) -> str:
    """The answer's body. Raises `ShopSaidNo` for a status from `no_from` on, and where nothing answers."""
    try:
        with httpx.Client(
            timeout=PATIENCE_S,
            trust_env=False,
            transport=transport,
            follow_redirects=follow_redirects,
            verify=follow_redirects or not url.lower().startswith("http:"),
        ) as client:
            answer = client.request(method, url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ShopSaidNo(f"{method} {url}: {str(error) or type(error).__name__}") from error
    if answer.status_code >= no_from:
        raise ShopSaidNo(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
    return answer.text


def by_function(function: Callable[[Mapping[str, str]], object]) -> Act:
    """A function of a test. What it raises is a no."""

    def act(values: Mapping[str, str]) -> str:
        try:
            return str(function(values))
        except Exception as error:
            raise ShopSaidNo(f"{type(error).__name__}: {error}") from error

    return act


def browser(transport: httpx.BaseTransport | None = None) -> Act:
    """The buyer's browser opens `url`, and goes where it is sent on. 5xx is a no; whatever else a shop shows is its own business."""

    def act(values: Mapping[str, str]) -> str:
        return _asked("GET", values["url"], no_from=500, transport=transport, follow_redirects=True)

    return act


def by_text(text: str | None, method: str) -> Act | None:
    """A URL where it is one, else a command."""
    if text is None:
        return None
    return by_url(text, method) if text.startswith(("http://", "https://")) else by_command(text)


def filled(text: str, values: Mapping[str, str], quoted: Callable[[str], str]) -> str:
    """What stands in braces, filled in."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", quoted(value))
    return text
