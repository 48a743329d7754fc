"""A refund that is a resource of its own: what the provider above has more, or otherwise, each piece with its module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import orjson

from simulator.engine.provider import Call, Endpoint, Event, Message, Reply
from simulator.engine.resource import Resource
from simulator.engine.shop import Account, Answer, Request, Webhook
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition, LimitExceeded, NotFound
from simulator.surface.skeleton import webhooks, wire
from simulator.surface.skeleton.endpoints import ENDPOINTS
from simulator.surface.skeleton.model import Payment
from simulator.surface.skeleton.provider import PROVIDER
from simulator.surface.skeleton.shop import SHOP
from simulator.surface.skeleton.states import PAYMENT
from simulator.wallet import alipay, payee

# states.py: the rows of the payment stay, without their webhooks; `bank.refund_failed` falls away.

# fmt: off
REFUND = Machine(
    "newpay.refund",
    initial="pending",
    table=[
        # trigger             from          to            webhook
        ("timer.processing",  "pending",    "processing", "refund.processing"),
        ("bank.refunded",     "processing", "refunded",   "refund.refunded"),
        ("bank.failed",       "processing", "failed",     "refund.failed"),
    ],
)
# fmt: on


# model.py: `summarise` stays, for what the console shows is the payment.


@dataclass(frozen=True, kw_only=True)
class Refund(Resource):
    PROVIDER: ClassVar[str] = "newpay"
    KIND: ClassVar[str] = "refund"
    MACHINE: ClassVar[Machine | None] = REFUND

    payment_id: str
    amount: int
    currency: str

    @property
    def subject(self) -> str:
        """It stands in the payment's story."""
        return self.payment_id

    def keys(self) -> dict[str, str]:
        """`uow.by_key(Refund, "payment", payment.id)` are those of a payment."""
        return {"payment": self.payment_id}


# wire.py


def refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "status": refund.state,
        "amount": refund.amount,
        "currency": refund.currency,
        "created_at": iso_millis(refund.created_at),
    }


# handlers.py

PROCESSED_AFTER = timedelta(minutes=10)
"""How long a refund is pending, and can be withdrawn."""
ARRIVES_AFTER = timedelta(days=1)
"""How long it is being processed then."""


def create_refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refunds. It is taken whatever the bank says; until that is known the amount counts as `refunding`.

    The bank's word is asked for once, here, and goes along with the timers: whether it approves, and how much is left of the time
    that it takes.
    """
    request: wire.RefundRequest = call.body
    payment = uow.get(Payment, call.path["id"])
    if payment.state not in ("paid", "partially_refunded"):
        raise IllegalTransition("newpay.payment", payment.state, "api.refund")
    asked = payment.left if request.amount is None else request.amount
    if asked > payment.left or asked == 0:
        raise LimitExceeded(requested=asked, available=payment.left)
    verdict = uow.ask_bank(payment, "refund", Money(asked, payment.currency))
    uow.amend(payment, refunding=payment.refunding + asked)
    made = uow.add(Refund(id="ref_" + uow.ids.text(20), payment_id=payment.id, amount=asked, currency=payment.currency))
    whole = verdict.wait(PROCESSED_AFTER if verdict.declines_now else PROCESSED_AFTER + ARRIVES_AFTER)
    first = min(PROCESSED_AFTER, whole)
    rest_s = (whole - first).total_seconds()
    uow.arm(made, "timer.processing", after=first, approves=verdict.approves, rest_s=rest_s)
    return Reply(201, refund(made))


def get_refund(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, refund(_refund_of(call, uow)))


def withdraw_refund(call: Call, uow: UnitOfWork) -> Reply:
    """DELETE …/refunds/{refund}, as long as it is pending: then it is gone, with its timer."""
    found = _refund_of(call, uow)
    if found.state != "pending":
        raise IllegalTransition("newpay.refund", found.state, "api.delete")
    payment = uow.get(Payment, found.payment_id)
    uow.amend(payment, refunding=payment.refunding - found.amount)
    uow.delete(found)
    return Reply(204)


def _refund_of(call: Call, uow: UnitOfWork) -> Refund:
    found = uow.get(Refund, call.path["refund"])
    if found.payment_id != call.path["id"]:
        raise NotFound("refund", found.id)
    return found


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    """What was given to `arm` is `data`: the first timer of a refund hands it to the second."""
    if not isinstance(resource, Refund):
        payee.on_timer(uow, resource, trigger, data)
    elif trigger == "timer.processing":
        moved = uow.fire(resource, trigger)
        uow.arm(moved, "timer.decided", after=timedelta(seconds=data["rest_s"]), approves=data["approves"])
    else:
        _decide(uow, resource, approves=data["approves"])


def _decide(uow: UnitOfWork, refund: Refund, *, approves: bool) -> None:
    """The money goes back, and counts as `refunded`; or the bank has declined, and it can be asked for again."""
    payment = uow.get(Payment, refund.payment_id)
    payment = uow.amend(payment, refunding=payment.refunding - refund.amount)
    if not approves:
        uow.fire(refund, "bank.failed")
        return
    refunded = payment.refunded + refund.amount
    alipay.refund(uow, payment.order_code, Money(refund.amount, refund.currency))
    trigger = "bank.refund_rest" if refunded == payment.amount else "bank.refund_part"
    uow.fire(payment, trigger, silent=True, refunded=refunded)
    uow.fire(refund, "bank.refunded")


# webhooks.py


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    if not isinstance(event.resource, Refund):
        return webhooks.render(uow, event)
    body = {
        "id": "evt_" + uow.ids.text(20),
        "type": event.name,
        "created_at": iso_millis(uow.now),
        "data": refund(event.resource),
    }
    return [Message(event.name, orjson.dumps(body))]


# shop.py


def read_refund(account: Account, id_: str, refund: Answer) -> Request:
    return Request("GET", f"/newpay/v1/payments/{id_}/refunds/{refund.json['id']}")


def withdraw(account: Account, id_: str, refund: Answer) -> Request:
    return Request("DELETE", f"/newpay/v1/payments/{id_}/refunds/{refund.json['id']}")


def refused(refund: Answer, later: Answer | None, webhooks: Sequence[Webhook]) -> bool:
    """At once, or by the status of the refund."""
    return refund.status >= 400 or (later is not None and later.json["status"] == "failed")


# endpoints.py and provider.py: the values that differ.

ROW = "/newpay/v1/payments/{id}/refunds/{refund}"
WITH_REFUNDS = replace(
    PROVIDER,
    resources=(Payment, Refund),
    endpoints=(
        *ENDPOINTS[:-1],
        replace(ENDPOINTS[-1], handler=create_refund),
        Endpoint("GET", ROW, get_refund, "get_refund", reads=True),
        Endpoint("DELETE", ROW, withdraw_refund, "withdraw_refund"),
    ),
    webhooks=replace(PROVIDER.webhooks, events=(*PAYMENT.events, *REFUND.events), render=render),
    on_timer=on_timer,
    timers=("timer.decided",),
    shop=replace(
        SHOP,
        read_refund=read_refund,
        withdraw=withdraw,
        refused=refused,
        course=replace(SHOP.course, refunded_after=PROCESSED_AFTER + ARRIVES_AFTER),
    ),
)
