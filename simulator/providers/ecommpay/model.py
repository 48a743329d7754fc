"""ecommpay's resources: a payment, its operations, and the requests that were accepted.

Source: docs/providers/ecommpay.md, source 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, ClassVar

from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay.states import ENDED, PAID, PAYMENT, REFUND, REQUEST, SALE

SHARD = 20891
"""Operation ids are shard * 10^9 + a sequence; a request id ends in the next shard. Source: source 9.2.

Inferred: ecommpay.operation-ids.
"""
SEQUENCE_BEGAN = datetime(2019, 1, 1, tzinfo=UTC)
PROVIDER_ID = 1189
METHOD = "alipay"


def payment_key(project_id: int, payment_id: str) -> str:
    """In one project, ids that differ only in upper and lower case are the same. Source: docs/providers/ecommpay.md, source 2.8."""
    return f"{project_id}:{payment_id.casefold()}"


@dataclass(frozen=True, kw_only=True)
class Sequence(Resource):
    """The workspace's sequence of operations: `last` is the number that was given last."""

    PROVIDER: ClassVar[str] = "ecommpay"
    KIND: ClassVar[str] = "sequence"

    last: int


def new_number(uow: UnitOfWork) -> int:
    """The id of a transaction or an operation. It grows with time: by one, or to the second, which keeps growing after a reset."""
    second = int((uow.now - SEQUENCE_BEGAN).total_seconds())
    sequence = uow.find(Sequence, "operations")
    if sequence is None:
        uow.add(Sequence(id="operations", created_at=uow.now, updated_at=uow.now, last=second))
        return SHARD * 10**9 + second
    return SHARD * 10**9 + uow.amend(sequence, last=max(sequence.last + 1, second)).last


def new_request_id(uow: UnitOfWork) -> str:
    """40 hexadecimal digits, 40 more, 8 decimal digits, joined by hyphens."""
    return f"{uow.ids.hex(40)}-{uow.ids.hex(40)}-{SHARD + 1:08d}"


@dataclass(frozen=True, kw_only=True)
class Payment(Resource):
    """A purchase. Amounts are in minor units.

    `id` is the merchant's payment id if it can stand in an address and no other payment has it, else the transaction's number.
    """

    PROVIDER: ClassVar[str] = "ecommpay"
    KIND: ClassVar[str] = "payment"
    MACHINE: ClassVar[Machine | None] = PAYMENT

    project_id: int
    payment_id: str
    transaction_id: int
    amount: int
    currency: str
    description: str = ""
    customer: dict[str, Any] = field(default_factory=dict)
    return_url: dict[str, str] = field(default_factory=dict)
    callback_url: str | None = None
    success_callback_url: str | None = None
    decline_callback_url: str | None = None
    callback_from_network: bool = False
    """Whether another machine named these URLs."""
    callback_delay_s: int = 0
    callback_disabled: bool = False
    origin: str = ""
    """The scheme and host under which the merchant (Gate) or the buyer (Payment Page) reached us."""
    page: dict[str, str] | None = None
    """The parameters of Payment Page; None when the payment was made at Gate."""
    options: dict[str, Any] = field(default_factory=dict)
    """The project's settings as they were when the payment was made."""
    missing: dict[str, list[str]] = field(default_factory=dict)
    """`clarification_fields`: what the project asks for and the request lacked."""
    changed_at: datetime
    """When the status last changed (`payment.date`)."""
    expires_at: datetime | None = None
    clarify_by: datetime | None = None
    order_code: str | None = None
    sale_id: str = ""
    refund_ids: tuple[str, ...] = ()
    merchant_refund_ids: tuple[str, ...] = ()
    refunded: int = 0
    refunding: int = 0
    """The sum of the refunds that the bank has not answered yet."""

    def keys(self) -> dict[str, str]:
        return {"payment": payment_key(self.project_id, self.payment_id)}

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_paid(self) -> bool:
        """Whether the buyer has paid, even if all of it was given back since."""
        return self.state in PAID

    @property
    def amount_alone_decides(self) -> bool:
        return bool(self.options["amount_alone_decides"])

    @property
    def left(self) -> int:
        """What can still be refunded, in minor units."""
        return self.amount - self.refunded - self.refunding

    @property
    def customer_id(self) -> str:
        return str(self.customer.get("id") or "")


@dataclass(frozen=True, kw_only=True)
class Operation(Resource):
    """A sale or a refund. `id` is its number, `updated_at` its date."""

    PROVIDER: ClassVar[str] = "ecommpay"

    type: str
    payment: str
    request_id: str
    amount: int
    currency: str
    code: str = "9999"
    message: str = "Awaiting processing"
    provider_payment_id: str = ""
    provider_at: datetime | None = None
    """When the provider (here Alipay) decided; None before that."""
    errors: tuple[dict[str, Any], ...] = ()

    @property
    def subject(self) -> str:
        return self.payment

    def keys(self) -> dict[str, str]:
        """The day (in UTC) on which an operation has ended, by which the Data API asks for it."""
        return {"ended": self.updated_at.date().isoformat()} if self.state in ENDED else {}


@dataclass(frozen=True, kw_only=True)
class Sale(Operation):
    KIND: ClassVar[str] = "sale"
    MACHINE: ClassVar[Machine | None] = SALE

    type: str = "sale"


@dataclass(frozen=True, kw_only=True)
class Refund(Operation):
    """Gives money back. Its `type` is `reversal` where the project's setting `same_day_refund` wants that.

    Its callback goes to its own `callback_url`, else to the purchase's. Inferred: ecommpay.refund-callback.
    """

    KIND: ClassVar[str] = "refund"
    MACHINE: ClassVar[Machine | None] = REFUND

    type: str = "refund"
    has_amount: bool = True
    """Whether `amount` is what was asked for. A malformed request may say no amount that could be told."""
    merchant_refund_id: str | None = None
    reserved: bool = False
    """Whether its amount counts in the payment's `refunding`. A refund that will be declined anyway does not."""
    callback_url: str | None = None
    callback_from_network: bool = False
    """Whether another machine named these URLs."""
    callback_delay_s: int = 0
    callback_disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Request(Resource):
    """A request that was accepted. `id` is its request id; `errors` say why it became no operation, if it did not."""

    PROVIDER: ClassVar[str] = "ecommpay"
    KIND: ClassVar[str] = "request"
    MACHINE: ClassVar[Machine | None] = REQUEST

    project_id: int
    payment_id: str
    type: str = "sale"
    payment: str | None = None
    operation: str | None = None
    method: str = METHOD
    amount: int | None = None
    currency: str | None = None
    description: str = ""
    customer_id: str = ""
    errors: tuple[dict[str, Any], ...] = ()
    callback_url: str | None = None
    callback_from_network: bool = False
    """Whether another machine named these URLs."""
    callback_delay_s: int = 0
    callback_disabled: bool = False

    @property
    def subject(self) -> str:
        return self.payment or self.id

    @property
    def is_payment(self) -> bool:
        """Whether the console lists it among the payments: a request that was accepted and then failed its checks."""
        return self.payment is None and bool(self.errors)


def operations_of(uow: UnitOfWork, payment: Payment) -> list[Operation]:
    """In order of creation: the sale, then each refund."""
    return [uow.get(Sale, payment.sale_id), *(uow.get(Refund, id_) for id_ in payment.refund_ids)]


def find_payment(uow: UnitOfWork, project_id: int, payment_id: object) -> Payment | None:
    if not isinstance(payment_id, str) or "\x00" in payment_id:
        return None
    return uow.first_by_key(Payment, "payment", payment_key(project_id, payment_id))


def text_members(value: Any) -> dict[str, str]:
    """The members of an object whose value is text; none if `value` is no object."""
    if not isinstance(value, Mapping):
        return {}
    return {name: item for name, item in value.items() if isinstance(item, str)}
