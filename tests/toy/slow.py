"""The toy as a provider that has a second word for a payment that waits, and whose refunds take a day and ten minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource, Summary, changed
from simulator.engine.uow import UnitOfWork
from simulator.kernel import refusals as r
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.wallet import alipay
from toy import acme
from toy.acme import ACME, CHARGE, PHASES, Charge, charge_view

REFUNDED_AFTER = timedelta(days=1, minutes=10)
WAITING = ("PENDING", "VISITED")

# fmt: off
SLOW_CHARGE = Machine(
    "acme.slow_charge",
    initial="PENDING",
    table=[
        # trigger              from         to            webhook
        ("wallet.scanned",     "PENDING",   "VISITED",    None),
        ("wallet.paying",      "PENDING",   "VISITED",    None),
        ("wallet.paid",        WAITING,     "CAPTURED",   "charge.captured"),
        ("wallet.declined",    WAITING,     "FAILED",     "charge.failed"),
        ("wallet.cancelled",   WAITING,     "FAILED",     "charge.failed"),
        ("api.void",           WAITING,     "VOIDED",     None),
        ("timer.expired",      WAITING,     "EXPIRED",    "charge.expired"),
        ("api.refund_part",    "CAPTURED",  "CAPTURED",   "charge.refunded"),
        ("api.refund_rest",    "CAPTURED",  "REFUNDED",   "charge.refunded"),
        ("bank.refund_failed", "CAPTURED",  "CAPTURED",   "charge.refund_failed"),
    ],
    timeouts=[
        # in state    after                trigger
        ("PENDING",   timedelta(hours=2),  "timer.expired"),
        ("VISITED",   timedelta(hours=2),  "timer.expired"),
    ],
)
# fmt: on


@dataclass(frozen=True, kw_only=True)
class SlowCharge(Charge):
    MACHINE: ClassVar[Machine | None] = SLOW_CHARGE


def refund_charge(call: Call, uow: UnitOfWork) -> Reply:
    charge = uow.get(Charge, call.path["id"])
    asked, left = call.body.amount, charge.amount - charge.refunded
    if charge.state != "CAPTURED":
        raise r.IllegalTransition("acme.slow_charge", charge.state, "api.refund")
    if asked > left:
        raise r.LimitExceeded(requested=asked, available=left)
    verdict = uow.ask_bank(charge, "refund", Money(asked, charge.currency))
    if verdict.declines_now:
        raise r.Refused("refund_declined")
    after = verdict.wait(REFUNDED_AFTER)
    uow.arm(charge, "timer.refund", after=after, amount=asked, approves=verdict.approves)
    return Reply(200, charge_view(charge, call.base_url), subject=charge.id)


def void_charge(call: Call, uow: UnitOfWork) -> Reply:
    charge = uow.fire(uow.get(SlowCharge, call.path["id"]), "api.void")
    alipay.close(uow, charge.order_code, "cancelled")
    return Reply(200, charge_view(charge, call.base_url))


def summarise(resource: Resource) -> Summary | None:
    seen = acme.summarise(changed(resource, state="PENDING") if resource.state == "VISITED" else resource)
    return replace(seen, status=resource.state) if seen is not None else None


HANDLERS = {"refund": refund_charge, "void": void_charge}

assert ACME.shop is not None and CHARGE.events == SLOW_CHARGE.events
SLOW = replace(
    ACME,
    title="Acme, slow",
    resources=(SlowCharge,),
    endpoints=tuple(replace(one, handler=HANDLERS.get(one.operation, one.handler)) for one in ACME.endpoints),
    phases={**PHASES, "VISITED": "waiting"},
    summarise=summarise,
    shop=replace(ACME.shop, course=replace(ACME.shop.course, waiting=WAITING, refunded_after=REFUNDED_AFTER)),
)
