"""Worldline Connect's resources. Source: docs/providers/worldline.md, sources 3.2, 3.6, 3.11 and 9."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from simulator.engine.resource import Resource
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money, decimals
from simulator.kernel.values import dataclass
from simulator.providers.worldline.states import HOSTED_CHECKOUT, PAYMENT, PHASES, REFUND


def to_money(amount: int, currency: str) -> Money:
    """Connect's amounts have two implied decimals in every currency (100 yen are 10000)."""
    if (places := decimals(currency)) == 2:
        return Money(amount, currency)
    return Money(int(Decimal(amount).scaleb(places - 2).quantize(Decimal(1), ROUND_HALF_UP)), currency)


def is_whole(amount: int, currency: str) -> bool:
    """Whether there is such an amount: a yen has no hundredths."""
    return decimals(currency) >= 2 or amount % 10 ** (2 - decimals(currency)) == 0


def payment_id(merchant_id: str, order_number: int, effort: int = 1) -> str:
    """30 digits: merchant 10, order number 10, effort 5, attempt 5. Inferred: worldline.order-number."""
    return f"{merchant_id:0>10}{order_number:010d}{effort:05d}00001"


def refund_id(payment: str, number: int) -> str:
    """The order's 20 digits, then the negative effort (`000-1` for the first refund) and the attempt."""
    return f"{payment[:20]}{-number:>5}00001".replace(" ", "0")


def hosted_checkout_id(ids: Ids) -> str:
    raw = ids.hex(32)
    return f"0{raw[1:8]}-{raw[8:12]}-71ff-{raw[16:20]}-{raw[20:32]}"


@dataclass(frozen=True, kw_only=True)
class OrderCounter(Resource):
    """The last order number of a workspace, which numbers all its orders in one sequence."""

    PROVIDER: ClassVar[str] = "worldline"
    KIND: ClassVar[str] = "ordercounter"

    last: int = 0


@dataclass(frozen=True, kw_only=True)
class Payment(Resource):
    """`amount` has two implied decimals. `code` is the statusCode, `changed_at` its instant."""

    PROVIDER: ClassVar[str] = "worldline"
    KIND: ClassVar[str] = "payment"
    MACHINE: ClassVar[Machine | None] = PAYMENT

    merchant_id: str
    origin: str
    """Scheme, host and port under which the merchant (or the consumer) reached us; links begin with it."""
    order_number: int
    product: int
    amount: int
    currency: str
    country: str
    code: int = 0
    changed_at: datetime
    returnmac: str
    return_url: str | None = None
    merchant_reference: str | None = None
    merchant_order_id: int | None = None
    provider_id: str | None = None
    provider_merchant_id: str | None = None
    descriptor: str | None = None
    locale: str | None = None
    mobile: bool = False
    expires_at: datetime | None = None
    files_at: datetime | None = None
    """When the settlement file is sent: statusCode 975."""
    settles_at: datetime | None = None
    remits_at: datetime | None = None
    captured_at: datetime | None = None
    errors: tuple[dict[str, Any], ...] = ()
    hosted_checkout_id: str | None = None
    variant: str | None = None
    order_code: str | None = None
    wallet_used: str | None = None
    """Alipay+ only."""
    amount_paid: int = 0
    amount_reversed: int = 0
    amount_refunded: int = 0
    amount_refund_requested: int = 0
    refunds: int = 0
    """How many refunds were asked for. Their ids are numbered by it."""

    @property
    def money(self) -> Money:
        return to_money(self.amount, self.currency)

    @property
    def left(self) -> int:
        """What can still be refunded."""
        return self.amount_paid - self.amount_refunded - self.amount_refund_requested

    @property
    def preface(self) -> str:
        return self.hosted_checkout_id or ""

    @property
    def is_refundable(self) -> bool:
        return self.state == "PAID" and self.left > 0

    @property
    def is_cancellable(self) -> bool:
        """Only Alipay+ itself cancels an 866 payment. Inferred: worldline.cancellable."""
        return self.state == "REDIRECTED" and self.product == 861

    @property
    def phase(self) -> str:
        if self.state == "PAID" and self.amount_refunded:
            return "refunded" if self.amount_refunded >= self.amount_paid else "partly_refunded"
        if self.state == "REJECTED" and not self.errors:
            return "cancelled" if self.code == 125 else "expired"
        return PHASES[self.state]

    def keys(self) -> dict[str, str]:
        ended = {"ended": f"{self.changed_at:%Y-%m-%d}"} if self.state in ("CANCELLED", "REJECTED") else {}
        return search_keys(self) | ended


@dataclass(frozen=True, kw_only=True)
class Refund(Resource):
    """`total_refunded` is what the payment has refunded: without this refund, and with it once it is done."""

    PROVIDER: ClassVar[str] = "worldline"
    KIND: ClassVar[str] = "refund"
    MACHINE: ClassVar[Machine | None] = REFUND

    payment: str
    amount: int
    currency: str
    code: int = 0
    changed_at: datetime
    merchant_reference: str | None = None
    merchant_order_id: int | None = None
    hosted_checkout_id: str | None = None
    descriptor: str | None = None
    reason: str | None = None
    total_paid: int
    total_refunded: int
    executes_at: datetime | None = None
    requested_at: datetime | None = None
    """When Alipay was first asked for it, and for how much."""
    requested_amount: int = 0

    @property
    def subject(self) -> str:
        return self.payment

    @property
    def is_cancellable(self) -> bool:
        return self.state in ("PENDING_APPROVAL", "REFUND_REQUESTED")

    def keys(self) -> dict[str, str]:
        requested = {"requested": f"{self.requested_at:%Y-%m-%d}"} if self.requested_at is not None else {}
        return {"payment": self.payment} | search_keys(self) | requested


@dataclass(frozen=True, kw_only=True)
class HostedCheckout(Resource):
    """`order` is what the merchant asked for, as it was checked; `token` ends the address of its page."""

    PROVIDER: ClassVar[str] = "worldline"
    KIND: ClassVar[str] = "hostedcheckout"
    MACHINE: ClassVar[Machine | None] = HOSTED_CHECKOUT
    FOUND_BY: ClassVar[tuple[str, ...]] = ("id",)

    merchant_id: str
    origin: str
    token: str
    """The last segment of `partialRedirectUrl`."""
    returnmac: str
    order: dict[str, Any]
    amount: int
    currency: str
    reference: str | None
    expires_at: datetime
    return_url: str | None = None
    locale: str = "en_GB"
    variant: str | None = None
    show_result_page: bool = True
    return_cancel_state: bool = False
    product: int | None = None
    """The product that the merchant has chosen for the consumer."""
    products: tuple[int, ...] = ()
    """The products that the page offers."""
    expiration_period: int | None = None
    order_number: int
    attempts: int = 0
    payment: str | None = None
    """The payment of the latest attempt."""
    payment_phase: str | None = None
    refunded: int = 0
    order_code: str | None = None

    @property
    def money(self) -> Money:
        return to_money(self.amount, self.currency)

    @property
    def is_gone(self) -> bool:
        return self.state in ("DELETED", "EXPIRED")

    @property
    def ended_by(self) -> str | None:
        """Who ended it before it had a payment; afterwards the payment's wallet order says who decided."""
        ended = {"CANCELLED_BY_CONSUMER": "page", "DELETED": "api", "EXPIRED": "timer"}
        return ended.get(self.state) if self.payment is None else None

    @property
    def phase(self) -> str:
        if self.payment_phase is not None:
            return self.payment_phase
        return "waiting" if self.state == "IN_PROGRESS" else "expired" if self.state == "EXPIRED" else "cancelled"


def search_keys(found: Payment | Refund) -> dict[str, str]:
    """By what payments and refunds are found: the query parameters of their searches."""
    keys = {
        "hostedCheckoutId": found.hosted_checkout_id,
        "merchantReference": found.merchant_reference,
        "merchantOrderId": None if found.merchant_order_id is None else str(found.merchant_order_id),
    }
    return {name: value for name, value in keys.items() if value is not None}
