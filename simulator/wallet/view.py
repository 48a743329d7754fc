"""Everything that the buyer's pages show, as plain values.

Templates read these and nothing else: no store, no clock, no request. Whoever builds them decides; the templates only
arrange. Money is already formatted (`¥ 86.03`, with a no-break space), names come in both languages, and text that
depends on the page's language is a key of the catalogue with its values.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal
from urllib.parse import urlencode

from simulator.engine.views import Language, MoneyView, Outcome
from simulator.kernel.values import dataclass

State = Literal["open", "scanned", "paying", "paid", "declined", "cancelled", "expired"]
Reason = Literal["balance", "limit", "blocked", "authentication"]
Action = Literal["scan", "sign-in", "confirm", "cancel", "force", "answer", "show-code", "buyer"]

FINAL: tuple[State, ...] = ("paid", "declined", "cancelled", "expired")
REASONS: tuple[Reason, ...] = ("balance", "limit", "blocked", "authentication")


def title_key(shown: str) -> str:
    """The key of the window's title, for the state that the page shows."""
    return f"title_{shown}"


def announce_key(shown: str) -> str:
    """The key of what a screen reader says when that state is reached. Its text takes `buyer`."""
    return f"announce_{shown}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What pressing Confirm would lead to, and who decides it."""

    outcome: Literal["paid", "paying", "declined", "cancelled", "expired", "open"]
    """`paying` is paid later, `open` is a buyer who closes the app."""
    reason: Reason | None = None
    decided_by: str = "buyer:"
    """As `ResultView.decided_by`."""
    delayed_by: str | None = None
    """`scenario:<name>` or `amount:<minor units>` that only delays the answer."""
    values: Mapping[str, str] = field(default_factory=dict)
    """`short` (money) for a balance that is too low, `delay` (such as `30 s`) for `paying`, `by` = `card`."""

    @property
    def key(self) -> str:
        """The key of the sentence beside the buyer. Only a buyer's own account gives a reason."""
        if not self.decided_by.startswith("buyer:"):
            return f"forced_{self.outcome}"
        detail = self.reason or self.values.get("by")
        return f"will_{self.outcome}_{detail}" if detail else f"will_{self.outcome}"

    @property
    def hint(self) -> str:
        """The word in the dashed pill: the reason when there is one."""
        return self.reason or self.outcome


@dataclass(frozen=True, slots=True)
class BuyerView:
    """One mock buyer as the wallet's pages show them."""

    slug: str
    name_en: str
    name_zh: str
    initials: str
    balance_text: str
    available_minor: int
    """Balance in minor units (fen)."""
    prediction: Prediction
    card_last4: str | None = None
    card_limit_text: str | None = None
    special: Literal["sign_in", "code", "slow", "leaves", "limit"] | None = None
    """What the tester should know beforehand, with `special_value`."""
    special_value: str = ""
    """The password, the payment code, the delay or the daily limit."""
    needs_password: bool = False
    needs_code: bool = False
    best_method: Literal["balance", "card"] = "balance"
    """What the prediction is about, and what is chosen at first."""

    def name(self, lang: Language) -> str:
        return self.name_zh if lang == "zh" else self.name_en

    def other_name(self, lang: Language) -> str:
        return self.name_en if lang == "zh" else self.name_zh

    def mark(self, lang: Language) -> str:
        """The letters in the round portrait."""
        return self.name_zh[:1] if lang == "zh" else self.initials


@dataclass(frozen=True, slots=True)
class FormError:
    """A refusal that is shown beside the field that it is about."""

    field: Literal["password", "payment_code"]
    tries_left: Literal[1, 2]

    @property
    def what(self) -> str:
        """`password_2`: what was wrong, and how often it may still be."""
        return f"{'password' if self.field == 'password' else 'code'}_{self.tries_left}"


@dataclass(frozen=True, slots=True)
class OrderView:
    """The order in progress. Instants are ISO 8601 in UTC, on the workspace's clock."""

    order_code: str
    state: State
    version: int
    """Grows with every change; the browser ignores a panel that is not newer."""
    merchant: str
    reference: str
    """The merchant's own."""
    provider_title: str
    amount: MoneyView
    """What the merchant asked for."""
    cny: MoneyView
    """What the buyer pays."""
    url: str
    """What the QR code holds; a phone must be able to open it."""
    qr_url: str
    """The picture of the QR code, on this origin."""
    phone_url: str
    """The phone page, for this browser."""
    events_url: str
    state_url: str
    """Live updates and their fallback, rendered for this view, step and language."""
    now: str
    note_decides: str
    """Who would decide now, as `ResultView.decided_by`."""
    prediction: Prediction
    """For the buyer that is chosen now."""
    goods: str = ""
    """What is bought (商品名称), in the merchant's words."""
    billing: tuple[str, ...] = ()
    """Who pays, as the merchant says it: name, address, e-mail; a line each."""
    return_url: str | None = None
    """Where a browser may go back to the merchant although nothing is decided; `None` when it is, or no address is safe."""
    rate_text: str | None = None
    """`1 EUR = 7.8210 CNY`, or `None` when the order is in CNY."""
    expires_at: str | None = None
    seconds_left: int | None = None
    """Seconds of clock time until `expires_at`."""
    answer_at: str | None = None
    wait_left_s: int | None = None
    """When a slow bank answers, and the seconds of clock time until then. Only while `paying`."""
    frozen: bool = False
    clock_rate: int = 1
    """Clock seconds per second of browser time."""
    unreachable: bool = False
    """A phone could not open `url`."""
    app_link: bool = False
    """A link made for the wallet's app was opened on a desktop."""
    scanned_by: str | None = None
    """Name of the buyer whose phone has the order open, in the page's language."""
    walked_away: str | None = None
    """Name of the buyer who closed the app, in the page's language."""
    error: FormError | None = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    """What the address has to say in every link and form of the page (`view`, `here`)."""
    progress: Mapping[str, str] = field(default_factory=dict)
    """How far this browser has got (`step`, `buyer` and their seal); only forms carry it."""

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    def action(self, name: Action) -> str:
        """Where the form of that name is posted."""
        query = {**self.keeps, **self.progress}
        return f"/w/{self.order_code}/{name}?{urlencode(query)}" if query else f"/w/{self.order_code}/{name}"

    def page_url(self, **query: str) -> str:
        """The wallet page itself. `step=sign-in` leaves the confirm page and a declined try behind, `stay=1` switches
        the automatic return off, `view` is `phone` or `desktop`."""
        query = {**self.keeps, **query}
        return f"/w/{self.order_code}?{urlencode(query)}" if query else f"/w/{self.order_code}"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a balance did not suffice: three formatted amounts in CNY."""

    asked: str
    balance: str
    short: str


@dataclass(frozen=True, slots=True)
class ResultView:
    """How it ended, and who decided it."""

    outcome: Outcome
    decided_by: str
    """`buyer:<slug>`, `amount:<minor units>`, `scenario:<name>`, `page`, `console`, `timer` or `api`."""
    merchant: str
    decided_at: str
    """ISO 8601, on the workspace's clock."""
    decided_at_text: str
    """Time of day in the viewer's zone."""
    reason: Reason | None = None
    detail: Literal["payment", "password"] | None = None
    """A `limit` per payment instead of per day, an `authentication` by password instead of by payment code."""
    open_for: str | None = None
    """How long an expired order could be paid: `15 minutes`, in the page's language."""
    buyer_name: str | None = None
    """In the page's language."""
    method: Literal["balance", "card"] | None = None
    card_last4: str | None = None
    payment_number: str | None = None
    """The wallet's own number of a successful payment."""
    shortfall: Shortfall | None = None
    """Only for reason `balance`."""
    return_url: str | None = None
    return_is_link: bool = False
    """Whether `return_url` may be followed: http, https or an app's own scheme."""
    return_field: str = ""
    """Where a merchant says it, in the provider's words."""
    auto_return_s: int | None = None
    """Seconds of browser time until the page goes to `return_url`; `None` when it stays."""
    phone_only_done: bool = False
    """Whether a phone shows this that has scanned the code on a desktop: the desktop returns to the shop, the phone need not."""
    retry: bool = False
    """The order is still open: another buyer may try."""
    advanced: str | None = None
    """How far somebody was advancing the clock when the time to pay was over: `1 hour`, in the page's language."""
    advanced_by: Literal["console", "page"] | None = None
    merchant_told: bool = False
    """Whether an event about the end of the payment was made, sent or kept here."""
    already: bool = False
    """Whether somebody else decided first, so that what was pressed here did nothing."""

    @property
    def reason_key(self) -> str:
        """The key of the sentence that says why, without its `reason_`."""
        reason = self.reason or self.outcome
        return f"{reason}_{self.detail}" if self.detail else reason

    @property
    def can_return(self) -> bool:
        return self.return_url is not None and self.return_is_link
