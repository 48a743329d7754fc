"""The toy as a provider that only accepts: webhooks tell the id and all else, and want a word in answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from simulator.engine.provider import Call, DemoMerchant, Endpoint, Event, Message, Reply
from simulator.engine.resource import Resource
from simulator.engine.shop import Answer, Purchase, Webhook
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.wallet import payee
from toy import acme
from toy.acme import ACME, Charge, RefundRequest
from toy.acme import shop as acme_shop

TAKEN = "[charge taken]"


def create_charge(call: Call, uow: UnitOfWork) -> Reply:
    created = acme.create_charge(call, uow)
    uow.emit("charge.created", uow.get(Charge, created.body["id"]))
    return _accepted()


def void_charge(call: Call, uow: UnitOfWork) -> Reply:
    acme.void_charge(call, uow)
    return _accepted()


def refund_charge(call: Call, uow: UnitOfWork) -> Reply:
    """Accepts whatever is asked for."""
    charge, asked = uow.get(Charge, call.path["id"]), call.body.amount
    verdict = uow.ask_bank(charge, "refund", Money(asked, charge.currency))
    if charge.state != "CAPTURED" or asked > charge.amount - charge.refunded or verdict.declines_now:
        uow.emit("refund.refused", charge)
    elif verdict.is_pending:
        after = verdict.wait(timedelta(minutes=1))
        uow.arm(charge, "timer.refund", after=after, amount=asked, approves=verdict.approves)
    else:
        acme.give_back(uow, charge, asked)
    return replace(_accepted(), subject=charge.id)


def _accepted() -> Reply:
    return Reply(202, {"accepted": True})


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    assert isinstance(resource, Charge)
    if trigger != "timer.refund":
        payee.on_timer(uow, resource, trigger, data)
    elif data["approves"]:
        acme.give_back(uow, resource, data["amount"])
    else:
        uow.emit("refund.refused", resource)


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    charge = event.resource
    assert isinstance(charge, Charge)
    view = acme.charge_view(charge, uow.base_url)
    return [Message(event.name, orjson.dumps({"type": event.name, "reference": charge.reference, "charge": view}))]


# The shop ------------------------------------------------------------------------------------------------------


def id_in(purchase: Purchase, webhook: Webhook) -> str | None:
    told = webhook.json
    return str(told["charge"]["id"]) if told["reference"] == purchase.reference else None


def refused(refund: Answer, later: Answer | None, webhooks: Sequence[Webhook]) -> bool:
    return refund.status >= 400 or any(webhook.json["type"] == "refund.refused" for webhook in webhooks)


def pay_url(document: Any) -> str | None:
    charge = document.get("charge")
    return None if charge is None else charge["pay_at"]


def story(merchant: DemoMerchant) -> None:
    merchant.configure_webhook()
    created = merchant.send(acme_shop.create(merchant.account, acme_shop.SAMPLE))
    id_ = merchant.id_of(acme_shop.SAMPLE, created)
    outcome = merchant.buyer(id_)
    if outcome == "paid":
        merchant.webhooks(id_, "charge.captured")
        merchant.send(acme_shop.refund(merchant.account, id_, Money(400, "CNY")))
        [body] = merchant.webhooks(id_, "charge.refunded")
        merchant.check("a part is refunded", 400, body["charge"]["refunded"])


assert ACME.shop is not None
TOLD = replace(
    ACME,
    title="Acme, told by webhook",
    endpoints=(
        Endpoint("POST", "/acme/charges", create_charge, "create", acme.ChargeRequest, idempotent=True),
        Endpoint("POST", "/acme/charges/{id}/void", void_charge, "void"),
        Endpoint("POST", "/acme/charges/{id}/refunds", refund_charge, "refund", RefundRequest, idempotent=True),
    ),
    webhooks=replace(
        ACME.webhooks,
        events=("charge.created", "refund.refused", *acme.CHARGE.events),
        render=render,
        retry=replace(ACME.webhooks.retry, acknowledges=lambda receipt: receipt.text == TAKEN),
        acknowledgement=TAKEN,
        refuse_secret=lambda secret: None if re.fullmatch("[0-9a-f]{64}", secret) else "64 hexadecimal digits",
    ),
    on_timer=on_timer,
    shop=replace(
        ACME.shop,
        read=None,
        status_of=None,
        id_of=lambda purchase, answer: None,
        id_in=id_in,
        secrets=("5a" * 32, "c3" * 32),
        refused=refused,
        pay_url=pay_url,
    ),
    demo=story,
)
