"""WooshPay's resources, and how their ids are minted. Source: docs/providers/wooshpay.md, sources 3 and 9."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import millis
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.wooshpay.states import CHECKOUT_SESSION, PAYMENT_INTENT, REFUND

SNOWFLAKE_EPOCH_MS = 1288834974657
"""Source: docs/providers/wooshpay.md, source 9.1 (derived from 35 documented ids)."""


def side_of(livemode: bool) -> str:
    """The two sides of an account: `live` and `test`."""
    return "live" if livemode else "test"


def truth(flag: bool) -> str:
    """A boolean as a list is narrowed by it."""
    return "true" if flag else "false"


@dataclass(frozen=True, kw_only=True)
class Owned(Resource):
    """What belongs to the test or to the live side of an account; neither side finds the other's. Inferred: wooshpay.two-sides."""

    PROVIDER: ClassVar[str] = "wooshpay"

    livemode: bool

    @property
    def side(self) -> str:
        return side_of(self.livemode)

    def facets(self) -> dict[str, str | None]:
        """The members by which a list of these can be narrowed."""
        return {}

    def keys(self) -> dict[str, str]:
        facets = {name: value for name, value in self.facets().items() if value}
        return {"side": self.side} | {name: f"{self.side}:{value}" for name, value in facets.items()}


@dataclass(frozen=True, kw_only=True)
class Snowflake(Resource):
    """The last number that a workspace has minted. Each workspace has one of these, so that its ids never repeat."""

    PROVIDER: ClassVar[str] = "wooshpay"
    KIND: ClassVar[str] = "snowflake"

    last: int
    apart: int = 0
    """Added to the low bits: a sample's ids are none that a merchant's own objects have at the same millisecond."""


def mint(uow: UnitOfWork, prefix: str) -> str:
    """`<prefix>_<19 digits>`: the digits decode to the workspace's instant, and they only ever grow.

    The twenty-two low bits count within a millisecond. Source: docs/providers/wooshpay.md, source 9.1. Before the instant from
    which snowflakes count (2010), all are of its first millisecond.
    """
    first = max(millis(uow.now) - SNOWFLAKE_EPOCH_MS, 1) << 22
    counter = uow.find(Snowflake, "last")
    if counter is None:
        uow.add(Snowflake(id="last", last=first, created_at=uow.now, updated_at=uow.now))
        return f"{prefix}_{first}"
    number = max(first + counter.apart, counter.last + 1)
    uow.amend(counter, last=number)
    return f"{prefix}_{number}"


def minted_at_ms(id_: str) -> int:
    """The millisecond (since 1970) in which an id was minted."""
    return (int(id_.rpartition("_")[2]) >> 22) + SNOWFLAKE_EPOCH_MS


def rounded_ms(at: datetime) -> int:
    """Milliseconds since 1970, rounded half up to the whole second. Source: docs/providers/wooshpay.md, source 9.2."""
    return (millis(at) + 500) // 1000 * 1000


@dataclass(frozen=True, kw_only=True)
class PaymentIntent(Owned):
    """Amounts in minor units. What the request sent is echoed; `next_action` keeps the link that was handed out.

    `order_code` is the wallet order of the present or last attempt; `failed_as` is how that attempt ended in neutral
    words (declined, cancelled, expired), None while none has failed.
    """

    KIND: ClassVar[str] = "payment_intent"
    MACHINE: ClassVar[Machine | None] = PAYMENT_INTENT

    amount: int
    currency: str
    client_secret: str
    origin: str
    """The address under which the client reached the simulator: links are made with it."""
    payment_method_types: tuple[str, ...]
    customer: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    merchant_order_id: str | None = None
    last_payment_error: dict[str, str] | None = None
    next_action: dict[str, Any] | None = None
    canceled_at: datetime | None = None
    cancellation_reason: str | None = None
    confirmation_method: str = "automatic"
    payment_method_options: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    receipt_email: str | None = None
    billing_details: dict[str, Any] | None = None
    """Of a session's `payment_intent_data`: they go into the method that the shopper chooses on the page."""
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    return_url: str | None = None
    payment_method: str | None = None
    method_type: str | None = None
    """The type of `payment_method`, also after a failed attempt has detached it."""
    capture_method: str = "automatic"
    setup_future_usage: str | None = None
    amount_received: int | None = None
    amount_refunded: int = 0
    charge: str | None = None
    session: str | None = None
    session_expires_at: datetime | None = None
    order_code: str | None = None
    code_expires_at: datetime | None = None
    failed_as: str | None = None
    ended_by_clock: bool = False

    def facets(self) -> dict[str, str | None]:
        return {"customer": self.customer, "merchant_order_id": self.merchant_order_id}

    @property
    def ended_by(self) -> str | None:
        """Who cancelled it. What the wallet said about an earlier attempt does not count."""
        return None if self.state != "canceled" else "timer" if self.ended_by_clock else "api"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


@dataclass(frozen=True, kw_only=True)
class CheckoutSession(Owned):
    """`line_items` are kept as they are answered. `key` is the publishable key in its URL."""

    KIND: ClassVar[str] = "checkout.session"
    MACHINE: ClassVar[Machine | None] = CHECKOUT_SESSION
    FOUND_BY: ClassVar[tuple[str, ...]] = ("id",)

    currency: str
    amount_total: int
    key: str
    origin: str
    success_url: str
    cancel_url: str | None = None
    mode: str = "payment"
    customer: str | None = None
    customer_email: str | None = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None
    shipping: dict[str, Any] | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: tuple[str, ...] | None = None
    line_items: tuple[dict[str, Any], ...] = ()
    payment_intent: str
    client_secret: str
    payment_status: str = "unpaid"
    billing_address_collection: str = "auto"
    shipping_address_collection: dict[str, Any] | None = None
    expires_at: datetime

    @property
    def subject(self) -> str:
        return self.payment_intent

    def facets(self) -> dict[str, str | None]:
        return {"customer": self.customer, "payment_intent": self.payment_intent}

    @property
    def money(self) -> Money:
        return Money(self.amount_total, self.currency)


@dataclass(frozen=True, kw_only=True)
class Refund(Owned):
    KIND: ClassVar[str] = "refund"
    MACHINE: ClassVar[Machine | None] = REFUND

    amount: int
    currency: str
    payment_intent: str
    charge: str
    reason: str | None = None
    metadata: dict[str, str] | None = None
    description: str | None = None
    failure_reason: str | None = None

    @property
    def subject(self) -> str:
        return self.payment_intent

    def facets(self) -> dict[str, str | None]:
        return {"payment_intent": self.payment_intent, "charge": self.charge}

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


@dataclass(frozen=True, kw_only=True)
class Charge(Owned):
    """One per paid attempt. Source: docs/providers/wooshpay.md, source 3.15. Inferred: wooshpay.charges."""

    KIND: ClassVar[str] = "charge"

    amount: int
    amount_captured: int
    amount_refunded: int = 0
    currency: str
    customer: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    payment_intent: str
    payment_method: str
    method_type: str

    @property
    def subject(self) -> str:
        return self.payment_intent

    def facets(self) -> dict[str, str | None]:
        return {"payment_intent": self.payment_intent, "customer": self.customer}


@dataclass(frozen=True, kw_only=True)
class PaymentMethod(Owned):
    """`buyer` is the shopper who has agreed to later charges, for which nobody asks them again (source 7.7)."""

    KIND: ClassVar[str] = "payment_method"

    type: str
    details: dict[str, Any]
    billing_details: dict[str, Any] | None = None
    customer: str | None = None
    metadata: dict[str, str] | None = None
    buyer: str | None = None
    made_for: str | None = None
    """The intent whose request or page described it, while no other one has used it."""

    @property
    def goes_with(self) -> str:
        """Empty where the method belongs to a customer, or its buyer has agreed to later charges: then it stays."""
        return "" if self.customer or self.buyer else self.made_for or ""

    def facets(self) -> dict[str, str | None]:
        return {"customer": self.customer, "type": self.type}


@dataclass(frozen=True, kw_only=True)
class Customer(Owned):
    KIND: ClassVar[str] = "customer"

    address: dict[str, Any]
    description: str | None = None
    email: str | None = None
    metadata: dict[str, str] | None = None
    name: str | None = None
    phone: str | None = None
    shipping: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Product(Owned):
    KIND: ClassVar[str] = "product"

    name: str
    active: bool
    description: str | None = None
    images: tuple[str, ...] | None = None
    metadata: dict[str, str] | None = None
    url: str | None = None
    made_for: str | None = None
    """The intent of the session that brought it along, while nobody else has named it."""

    @property
    def goes_with(self) -> str:
        return self.made_for or ""

    def facets(self) -> dict[str, str | None]:
        return {"active": truth(self.active)}


@dataclass(frozen=True, kw_only=True)
class Price(Owned):
    KIND: ClassVar[str] = "price"

    currency: str
    unit_amount: int
    product: str
    active: bool
    lookup_key: str | None = None
    metadata: dict[str, str] | None = None
    nickname: str | None = None
    recurring: dict[str, Any] | None = None
    made_for: str | None = None
    """As of a product."""

    @property
    def goes_with(self) -> str:
        return self.made_for or ""

    def facets(self) -> dict[str, str | None]:
        return {
            "product": self.product,
            "active": truth(self.active),
            "type": "recurring" if self.recurring else "one_time",
        }


@dataclass(frozen=True, kw_only=True)
class StoredEvent(Owned):
    """An event as it was rendered when it happened; `GET /v1/events/{id}` reads it back."""

    KIND: ClassVar[str] = "event"

    type: str
    data: dict[str, Any]
    request: dict[str, Any] | None = None
    about: str

    @property
    def subject(self) -> str:
        return self.about

    @property
    def goes_with(self) -> str:
        """A payout's event with nothing: it stays as the payout does."""
        return "" if self.type.startswith("payout.") else self.about

    def facets(self) -> dict[str, str | None]:
        return {"type": self.type}


@dataclass(frozen=True, kw_only=True)
class CashierCode(Resource):
    """The 36 characters of a wallet link, and the wallet order behind it.

    It stays when a newer link replaces it, so that the old link still shows what became of its order.
    """

    PROVIDER: ClassVar[str] = "wooshpay"
    KIND: ClassVar[str] = "cashier_code"
    FOUND_BY: ClassVar[tuple[str, ...]] = ("id",)

    order_code: str
    payment_intent: str

    @property
    def subject(self) -> str:
        return self.payment_intent


RESOURCES = (
    PaymentIntent,
    CheckoutSession,
    Refund,
    Charge,
    PaymentMethod,
    Customer,
    Product,
    Price,
    StoredEvent,
    CashierCode,
    Snowflake,
)
