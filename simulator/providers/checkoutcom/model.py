"""Checkout.com's resources. Amounts are minor units. Source: docs/providers/checkoutcom.md, sources 3, 4 and 9."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import field
from datetime import datetime
from typing import Any, ClassVar

from simulator.engine.resource import Resource
from simulator.kernel.ids import BASE62, Ids
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.checkoutcom import states

URL_SAFE = BASE62 + "_-"


def new_id(ids: Ids, prefix: str) -> str:
    """The prefix and a version 4 GUID in base32: `pay_bsrduhejxiuerlh32hb5n6dvae`. Source: source 9."""
    return f"{prefix}_{ids.base32_guid()}"


def derived_id(prefix: str, of: str) -> str:
    """An id computed from what it names, and therefore always the same, although it is stored nowhere."""
    guid = uuid.UUID(bytes=hashlib.sha256(of.encode()).digest()[:16], version=4)
    return f"{prefix}_{base64.b32encode(guid.bytes_le).decode().lower().rstrip('=')}"


def new_short_id(ids: Ids, prefix: str) -> str:
    """Hosted pages and links: the prefix and twelve URL-safe characters. Source: source 9."""
    return f"{prefix}_{ids.text(12, URL_SAFE)}"


KSUID_EPOCH = 1_400_000_000
"""2014-05-13T16:53:20Z in seconds since 1970."""


def new_session_id(ids: Ids, now: datetime) -> str:
    """`ps_` and a KSUID, which begins with the time: 4 bytes of seconds and 16 random ones in 27 characters.

    Source: source 12.3.
    """
    number = int.from_bytes(max(0, int(now.timestamp()) - KSUID_EPOCH).to_bytes(4) + ids.bytes(16))
    digits = ""
    for _ in range(27):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return f"ps_{digits}"


@dataclass(frozen=True, kw_only=True)
class Kept(Resource):
    PROVIDER: ClassVar[str] = "checkoutcom"


@dataclass(frozen=True, kw_only=True)
class Payment(Kept):
    """A payment. `origin` is the simulator's address as the client wrote it, `platform` is `default` (NAS) or `previous` (ABC)."""

    KIND: ClassVar[str] = "payment"
    LISTED: ClassVar[bool] = True
    MACHINE: ClassVar[Machine | None] = states.PAYMENT
    FOUND_BY: ClassVar[tuple[str, ...]] = ("code",)

    platform: str = "default"
    origin: str
    amount: int
    currency: str
    payment_type: str = "Regular"
    source_type: str
    source_id: str | None = None
    """The `src_` of a recurring agreement."""
    is_follow_up: bool = False
    """Charged from a stored agreement: nobody is redirected."""
    reference: str | None = None
    description: str | None = None
    customer_id: str
    customer_email: str | None = None
    customer_name: str | None = None
    shipping: dict[str, Any] | None = None
    items: tuple[dict[str, Any], ...] = ()
    payment_ip: str | None = None
    metadata: dict[str, Any] | None = None
    terminal_type: str = "WEB"
    os_type: str | None = None
    success_url: str | None = None
    failure_url: str | None = None
    processing_channel_id: str | None = None
    session_id: str
    """`sid_`: what the shopper's browser brings back as `cko-session-id`."""
    code: str
    """The payment code in the redirect link; a number on the Previous platform."""
    order_code: str | None = None
    """The wallet order's code."""
    hosted_id: str | None = None
    """The hosted page, link, payment session or payment setup by which the payment was made."""
    expires_at: datetime | None = None
    approved: bool = False
    capture_action_id: str | None = None
    partner_customer_id: str | None = None
    refunded: int = 0
    """The sum of the refunds that the bank has approved, in minor units."""
    refunding: int = 0
    """The sum of the refunds that are accepted and not decided yet. It is reserved, so that two refunds in quick succession cannot
    give the same money back twice. Inferred: checkoutcom.reserved-refund."""
    refund_count: int = 0

    def keys(self) -> dict[str, str]:
        found = {"session": self.session_id, "code": self.code}
        if self.reference:
            found["reference"] = self.reference
        if self.hosted_id:
            found["hosted"] = self.hosted_id
        return found

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_untouched(self) -> bool:
        """Whether the shopper can still pay it."""
        return self.state == "Pending" and self.capture_action_id is None

    @property
    def preface(self) -> str:
        return self.hosted_id or ""

    @property
    def payment_session_id(self) -> str | None:
        """The `ps_` of a payment that was made through Flow."""
        return self.hosted_id if (self.hosted_id or "").startswith("ps_") else None

    @property
    def captured(self) -> int:
        return self.amount if self.state in ("Captured", "Partially Refunded", "Refunded") else 0

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded - self.refunding


@dataclass(frozen=True, kw_only=True)
class Action(Kept):
    """A capture, a refund, or the refused authorization of a declined payment."""

    KIND: ClassVar[str] = "action"
    MACHINE: ClassVar[Machine | None] = states.ACTION

    payment_id: str
    type: str
    amount: int
    reference: str | None = None
    metadata: dict[str, Any] | None = None
    processed_on: datetime
    response_code: str | None = None
    response_summary: str | None = None
    acquirer_transaction_id: str | None = None
    acquirer_reference_number: str | None = None

    @property
    def subject(self) -> str:
        return self.payment_id

    def keys(self) -> dict[str, str]:
        return {"payment": self.payment_id}

    @property
    def approved(self) -> bool | None:
        return None if self.state == "In Progress" else self.state == "Approved"


@dataclass(frozen=True, kw_only=True)
class Customer(Kept):
    KIND: ClassVar[str] = "customer"

    email: str | None = None
    name: str | None = None
    phone: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    default: str | None = None
    made_for: str | None = None
    """The newest payment that named it, where payments alone have: with that it is dropped. None once the merchant has made or
    changed it, or it has an agreement, which can be charged again."""

    @property
    def goes_with(self) -> str:
        return self.made_for or ""

    def keys(self) -> dict[str, str]:
        return {"email": self.email.lower()} if self.email else {}


@dataclass(frozen=True, kw_only=True)
class Instrument(Kept):
    """A recurring agreement with a wallet."""

    KIND: ClassVar[str] = "instrument"
    MACHINE: ClassVar[Machine | None] = states.INSTRUMENT

    type: str
    customer_id: str
    payment_id: str
    buyer: str | None = None
    """The wallet's account that signed it; known once the first payment is captured."""

    @property
    def subject(self) -> str:
        return self.payment_id

    @property
    def goes_with(self) -> str:
        """Nothing: later payments are charged from it."""
        return ""

    def keys(self) -> dict[str, str]:
        return {"customer": self.customer_id}


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """Conditions and actions as the API shows them, but without links. It belongs to the workspace, so a reset leaves it."""

    id: str
    name: str | None = None
    active: bool = True
    conditions: tuple[dict[str, Any], ...] = ()
    actions: tuple[dict[str, Any], ...] = ()
    from_network: bool = False
    """Whether another machine has made it or changed it."""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook endpoint of the Previous platform. It belongs to the workspace, so a reset leaves it."""

    id: str
    url: str
    active: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "json"
    event_types: tuple[str, ...] = ()
    from_network: bool = False
    """Whether another machine had a hand in it."""


@dataclass(frozen=True, kw_only=True)
class EventRecord(Kept):
    """Something that happened to a payment, kept even when no webhook told of it. `body` is the webhook's exact body, which a
    repeated webhook bears again."""

    KIND: ClassVar[str] = "event"

    type: str
    source: str = "gateway"
    platform: str = "default"
    payment_id: str
    """Of a sample, the payment does not exist; of `report_generated` it is the report."""
    reference: str | None = None
    processing_channel_id: str | None = None
    timestamp: str
    data: dict[str, Any]
    body: str

    @property
    def subject(self) -> str:
        return self.payment_id

    @property
    def goes_with(self) -> str:
        """A report's event with nothing: it stays as the report does."""
        return "" if self.source == "report" else self.payment_id

    def keys(self) -> dict[str, str]:
        return {"payment": self.payment_id, "platform": self.platform}


@dataclass(frozen=True, kw_only=True)
class Payable(Kept):
    """What a shopper pays by one payment or, when that fails, by another. `payment_id` is the payment of the latest try."""

    amount: int
    currency: str
    reference: str | None = None
    description: str | None = None
    payment_type: str = "Regular"
    customer: dict[str, Any] | None = None
    billing: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    locale: str | None = None
    processing_channel_id: str | None = None
    origin: str
    expires_at: datetime | None = None
    payment_id: str | None = None
    payment_order: str | None = None
    """The wallet order of the latest try."""

    @property
    def is_open(self) -> bool:
        """Neither paid nor expired."""
        return self.state in ("Payment Pending", "Active", "Open")

    @property
    def can_be_paid(self) -> bool:
        """Whether it is open and there is something to pay: an amount of 0 is for verifying a card.

        Inferred: checkoutcom.zero-amount.
        """
        return self.is_open and self.amount > 0

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


@dataclass(frozen=True, kw_only=True)
class Hosted(Payable):
    """What a hosted page and a payment link have in common."""

    FOUND_BY: ClassVar[tuple[str, ...]] = ("id",)

    expires_at: datetime
    products: tuple[dict[str, Any], ...] = ()
    payment_ip: str | None = None
    platform: str = "default"


@dataclass(frozen=True, kw_only=True)
class HostedPayment(Hosted):
    KIND: ClassVar[str] = "hosted-payment"
    MACHINE: ClassVar[Machine | None] = states.HOSTED_PAYMENT

    success_url: str
    cancel_url: str
    failure_url: str


@dataclass(frozen=True, kw_only=True)
class PaymentLink(Hosted):
    KIND: ClassVar[str] = "payment-link"
    MACHINE: ClassVar[Machine | None] = states.PAYMENT_LINK

    return_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentSession(Payable):
    """What Flow's component in the shopper's browser is given. Each submission is a payment of its own."""

    KIND: ClassVar[str] = "payment-session"
    MACHINE: ClassVar[Machine | None] = states.PAYMENT_SESSION

    expires_at: datetime
    secret: str
    """`pss_`: by which the browser's own call proves that it was handed the session."""
    payment_methods: tuple[str, ...]
    """The wallets that the component offers."""
    items: tuple[dict[str, Any], ...] = ()
    processing: dict[str, Any] | None = None
    success_url: str
    failure_url: str


@dataclass(frozen=True, kw_only=True)
class PaymentSetup(Payable):
    """What is paid once it is confirmed with a method. `customer` is as it was sent: its `email` is an object."""

    KIND: ClassVar[str] = "payment-setup"
    MACHINE: ClassVar[Machine | None] = states.PAYMENT_SETUP

    methods: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was said of each wallet: terminal and system."""
    settings: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Dispute(Kept):
    """A chargeback of a payment. `verdict` is what the bank will say once evidence is submitted: won or lost."""

    KIND: ClassVar[str] = "dispute"
    LISTED: ClassVar[bool] = True
    MACHINE: ClassVar[Machine | None] = states.DISPUTE

    payment_id: str
    payment_action_id: str | None = None
    payment_reference: str | None = None
    payment_method: str
    payment_processed_on: datetime
    processing_channel_id: str | None = None
    category: str = "general"
    reason_code: str = "general"
    amount: int
    currency: str
    evidence_required_by: datetime
    evidence: dict[str, Any] | None = None
    verdict: str = "won"

    @property
    def subject(self) -> str:
        return self.payment_id

    def keys(self) -> dict[str, str]:
        return {"payment": self.payment_id}


@dataclass(frozen=True, kw_only=True)
class FinancialReport(Kept):
    """A report that is there, with its one file. What stands in the file is made anew whenever somebody asks."""

    KIND: ClassVar[str] = "report"
    LISTED: ClassVar[bool] = True

    sort: str
    """Which of the files of a day, in our words (`files.SORTS`)."""
    type: str
    filename: str
    file_id: str
    entity_id: str
    entity_name: str
    payout: str = ""
    since: datetime
    until: datetime
    zone: str
    """The settlement time zone when it was made."""
    origin: str

    def keys(self) -> dict[str, str]:
        return {"file": self.file_id}


RESOURCES = (
    FinancialReport,
    Dispute,
    Payment,
    Action,
    Customer,
    Instrument,
    EventRecord,
    HostedPayment,
    PaymentLink,
    PaymentSession,
    PaymentSetup,
)
