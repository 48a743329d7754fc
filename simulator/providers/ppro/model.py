"""PPRO's resources. Source: docs/providers/ppro.md, sources 3.2 and 3.7."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import datetime
from typing import Any, ClassVar

from simulator.engine.resource import Resource, changed
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine, MachineError
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition
from simulator.kernel.values import dataclass
from simulator.providers.ppro.states import MACHINE_OF, PAYMENT_CHARGE, PAYMENT_REPORT, STATUSES

MERCHANT_DISCARD = "MERCHANT_INITIATED_DISCARD"
"""`type` of a discard that the merchant asked for; the other types are timeouts."""


def new_id(ids: Ids, prefix: str) -> str:
    """`charge_` + 21 base62 characters, and so on. Source: docs/providers/ppro.md, source 9."""
    return f"{prefix}_{ids.text(21)}"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An authorization, capture, refund, void or discard of a charge. `amount` in minor units of the charge's currency.

    `kind` is the member of the charge in which it stands (`refunds`). `funds` says where its money is; it is None until
    settlement has reported. `funds_at` is when it does, where a time was said and no settlement is waited for.
    """

    id: str
    kind: str
    amount: int | None = None
    status: str
    reference: str | None = None
    failure: dict[str, Any] | None = None
    type: str | None = None
    refund_reason: str | None = None
    refund_descriptor: str | None = None
    labels: dict[str, str] | None = None
    funds: str | None = None
    funds_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        if self.status not in STATUSES[self.kind]:
            raise MachineError(f"{MACHINE_OF[self.kind].name} has no state {self.status!r}")

    def moved(self, trigger: str, at: datetime, **changes: Any) -> Operation:
        """The operation after one move of its machine. Raises `IllegalTransition`. Its webhook belongs to the charge's own move."""
        machine = MACHINE_OF[self.kind]
        move = machine.moves.get((trigger, self.status))
        if move is None:
            raise IllegalTransition(machine.name, self.status, trigger, machine.allowed(self.status))
        return replace(self, status=move.target, updated_at=at, **changes)


@dataclass(frozen=True, kw_only=True)
class Charge(Resource):
    """A payment charge. What the request sent is kept and echoed as it came.

    `origin` is the simulator's address as the client wrote it.
    """

    PROVIDER: ClassVar[str] = "ppro"
    KIND: ClassVar[str] = "payment-charge"
    MACHINE: ClassVar[Machine | None] = PAYMENT_CHARGE

    merchant_id: str
    origin: str
    twin_in: str = ""
    """Empty, unless another workspace of the same seed had this id already. Then it is the id of the charge's own workspace, and
    the addresses of its pages name it."""
    payment_method: str
    payment_medium: str = "ECOMMERCE"
    initiator: str | None = None
    schedule_type: str = "UNSCHEDULED"
    instrument_id: str
    instrument: dict[str, Any] | None = None
    """The instrument that the request described, as it is given out; for the event of the creation."""
    amount: int
    currency: str
    country: str
    payment_descriptor: str | None = None
    consumer: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] | None = None
    failure: dict[str, Any] | None = None
    authentication_types: tuple[str, ...] = ()
    authentication_settings: tuple[dict[str, Any], ...] = ()
    authenticate_by: datetime | None = None
    """When the authentication times out."""
    scan_by: str | None = None
    return_url: str | None = None
    requires_capture: bool = False
    auto_capture: bool = False
    confirmation_delay_s: float | None = None
    """Seconds until the provider confirms; None when no confirmation is asked for."""
    reference: str | None = None
    labels: dict[str, str] | None = None
    webhooks_url: str | None = None
    webhooks_from_network: bool = False
    """Whether another machine named it."""
    authorizations: tuple[Operation, ...] = ()
    captures: tuple[Operation, ...] = ()
    refunds: tuple[Operation, ...] = ()
    discards: tuple[Operation, ...] = ()
    voids: tuple[Operation, ...] = ()
    order_code: str | None = None
    """The wallet order's code."""

    def beside(self, workspace: str) -> Charge:
        return changed(self, twin_in=workspace)

    def keys(self) -> dict[str, str]:
        return {"reference": self.reference} if self.reference else {}

    def operations(self, kind: str) -> tuple[Operation, ...]:
        found: tuple[Operation, ...] = getattr(self, kind)
        return found

    def total(self, kind: str, *statuses: str) -> int:
        """The sum of the amounts of operations in these statuses, in minor units."""
        return sum(op.amount or 0 for op in self.operations(kind) if op.status in statuses)

    @property
    def decline(self) -> dict[str, Any] | None:
        """The `failure` of the authorization; None while it has none."""
        return self.authorizations[-1].failure if self.authorizations else None

    @property
    def is_cancelled(self) -> bool:
        """Whether the merchant has discarded it or the consumer has given up, which no status of PPRO's says alone."""
        if self.state == "DISCARDED":
            return self.discards[-1].type == MERCHANT_DISCARD
        return self.state == "FAILED" and (self.decline or {}).get("failureCode") == "CANCELED_BY_CONSUMER"

    @property
    def captured(self) -> int:
        return self.total("captures", "CAPTURED")

    @property
    def refunded(self) -> int:
        return self.total("refunds", "REFUNDED")

    @property
    def left_open(self) -> int:
        """Authorized, neither captured nor voided."""
        return self.total("authorizations", "AUTHORIZED") - self.captured - self.total("voids", "VOIDED")

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


@dataclass(frozen=True, kw_only=True)
class Instrument(Resource):
    """A payment instrument. For Alipay exactly `id` and `type`."""

    PROVIDER: ClassVar[str] = "ppro"
    KIND: ClassVar[str] = "payment-instrument"

    merchant_id: str = ""
    """Empty in a store that was written when a key served one merchant only."""
    type: str
    details: dict[str, Any] | None = None
    charge: str | None = None
    """The charge for which it was made, while no other one has named it."""

    @property
    def goes_with(self) -> str:
        return self.charge or ""


@dataclass(frozen=True, kw_only=True)
class PaymentReport(Resource):
    """A report of one merchant's operations of one type. Its file is written when it is processed, and gone when it expires."""

    PROVIDER: ClassVar[str] = "ppro"
    KIND: ClassVar[str] = "payment-report"
    MACHINE: ClassVar[Machine | None] = PAYMENT_REPORT

    merchant_id: str
    origin: str
    operation_type: str
    start: datetime
    end: datetime
    webhooks_url: str | None = None
    webhooks_from_network: bool = False
    """Whether another machine named it."""
    ready_at: datetime | None = None
    fails_at: datetime | None = None
    """When it is processed, or fails."""
    expires_at: datetime | None = None
    """When its link does."""
    failure: dict[str, Any] | None = None
    fault: str = ""
    """What a scenario does to it."""
    decided_by: str = ""
    file: str | None = None
    signature: str = ""
    """A parameter of the link to the file: whoever has it may fetch the file without credentials."""
