"""The resources: frozen values, kept as JSON. A change makes a new value (`uow.fire`, `uow.amend`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulator.engine.resource import Resource, Summary
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.surface.skeleton.states import PAYMENT, PHASES


@dataclass(frozen=True, kw_only=True)
class Payment(Resource):
    """Amounts are in minor units."""

    PROVIDER: ClassVar[str] = "newpay"
    KIND: ClassVar[str] = "payment"
    MACHINE: ClassVar[Machine | None] = PAYMENT

    amount: int
    currency: str
    reference: str
    return_url: str
    refunded: int = 0
    refunding: int = 0
    """Asked back, and not decided yet."""
    decline_reason: str | None = None
    """Of a payment that failed, in Newpay's words."""
    order_code: str | None = None
    """Of the wallet's order, once it is open."""

    def keys(self) -> dict[str, str]:
        """By what the payment is found, beside its id."""
        return {"reference": self.reference}

    @property
    def left(self) -> int:
        """What can be refunded still."""
        return self.amount - self.refunded - self.refunding


def summarise(resource: Resource) -> Summary | None:
    """A payment as the console and the control API show it; None for what is no payment."""
    if not isinstance(resource, Payment):
        return None
    return Summary(
        kind="payment",
        reference=resource.reference,
        amount=Money(resource.amount, resource.currency),
        refunded=Money(resource.refunded, resource.currency),
        phase=PHASES[resource.state],
        status=resource.state,
        order=resource.order_code,
    )
