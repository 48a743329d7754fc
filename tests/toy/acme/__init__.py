"""A provider that nobody has: proves that one folder is enough. Everything that it is stands here."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from simulator.engine.explain import Explained, signed_body
from simulator.engine.forging import Forging
from simulator.engine.pages import with_query
from simulator.engine.provider import (
    BannerLine,
    Call,
    Directory,
    Endpoint,
    Event,
    Idempotency,
    LeftOut,
    Message,
    Provider,
    Reply,
    Sending,
    Signed,
    Verdict,
    Webhooks,
)
from simulator.engine.resource import Resource, Summary
from simulator.engine.settings import Line, WorkspaceSettings
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel import refusals as r
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.retry import RetryPolicy
from simulator.wallet import alipay, payee
from simulator.wallet.order import Order
from toy.acme import demo
from toy.acme.shop import SHOP


class AcmeSettings(WorkspaceSettings):
    SECTION: ClassVar[str] = "acme"

    merchant_name: Line = Field("Corner Shop", description="what the buyer reads")


# fmt: off
CHARGE = Machine(
    "acme.charge",
    initial="PENDING",
    table=[
        # trigger              from         to            webhook
        ("wallet.paid",        "PENDING",   "CAPTURED",   "charge.captured"),
        ("wallet.declined",    "PENDING",   "FAILED",     "charge.failed"),
        ("wallet.cancelled",   "PENDING",   "FAILED",     "charge.failed"),
        ("api.void",           "PENDING",   "VOIDED",     None),
        ("timer.expired",      "PENDING",   "EXPIRED",    "charge.expired"),
        ("api.refund_part",    "CAPTURED",  "CAPTURED",   "charge.refunded"),
        ("api.refund_rest",    "CAPTURED",  "REFUNDED",   "charge.refunded"),
        ("bank.refund_failed", "CAPTURED",  "CAPTURED",   "charge.refund_failed"),
    ],
    timeouts=[
        # in state    after                trigger
        ("PENDING",   timedelta(hours=2),  "timer.expired"),
    ],
)
# fmt: on

PHASES = {
    "PENDING": "waiting",
    "CAPTURED": "paid",
    "FAILED": "declined",
    "VOIDED": "cancelled",
    "EXPIRED": "expired",
    "REFUNDED": "refunded",
}


@dataclass(frozen=True, kw_only=True)
class Charge(Resource):
    PROVIDER: ClassVar[str] = "acme"
    KIND: ClassVar[str] = "charge"
    LISTED: ClassVar[bool] = True
    MACHINE: ClassVar[Machine | None] = CHARGE

    amount: int
    currency: str
    reference: str
    return_url: str | None = None
    refunded: int = 0
    order_code: str | None = None

    def keys(self) -> dict[str, str]:
        return {"reference": self.reference}


ANNOUNCED = ("charge.created", "charge.pending")


class ChargeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    amount: StrictInt = Field(ge=1)
    currency: str = Field(pattern="^[A-Z]{3}$")
    reference: str = Field(min_length=1, max_length=64)
    return_url: str | None = None


class RefundRequest(BaseModel):
    model_config = ConfigDict(defer_build=True)

    amount: StrictInt = Field(ge=1)


def charge_view(charge: Charge, base_url: str) -> dict[str, Any]:
    return {
        "id": charge.id,
        "status": charge.state,
        "amount": charge.amount,
        "refunded": charge.refunded,
        "pay_at": f"{base_url}/w/{charge.order_code}" if charge.state == "PENDING" else None,
    }


def create_charge(call: Call, uow: UnitOfWork) -> Reply:
    return _create_charge(call, uow)


def announce_charge(call: Call, uow: UnitOfWork) -> Reply:
    """The same with two webhooks."""
    return _create_charge(call, uow, *ANNOUNCED)


def _create_charge(call: Call, uow: UnitOfWork, *events: str) -> Reply:
    charge = Charge(
        id="ch_" + uow.ids.text(16),
        amount=call.body.amount,
        currency=call.body.currency,
        reference=call.body.reference,
        return_url=call.body.return_url,
    )
    charge = uow.add(charge, events=events)
    order = alipay.open_order(
        uow, charge, title="Acme", amount=Money(charge.amount, charge.currency),
        merchant=uow.settings(AcmeSettings).merchant_name, reference=charge.reference, operation="create",
        expires_at=uow.now + timedelta(hours=2),
    )  # fmt: skip
    return Reply(201, charge_view(uow.amend(charge, order_code=order.id), call.base_url))


def get_charge(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, charge_view(uow.get(Charge, call.path["id"]), call.base_url))


def void_charge(call: Call, uow: UnitOfWork) -> Reply:
    charge = uow.fire(uow.get(Charge, call.path["id"]), "api.void")
    alipay.close(uow, charge.order_code, "cancelled")
    return Reply(200, charge_view(charge, call.base_url))


def refund_charge(call: Call, uow: UnitOfWork) -> Reply:
    charge = uow.get(Charge, call.path["id"])
    asked, left = call.body.amount, charge.amount - charge.refunded
    if charge.state == "CAPTURED" and asked > left:
        raise r.LimitExceeded(requested=asked, available=left)
    verdict = uow.ask_bank(charge, "refund", Money(asked, charge.currency))
    if verdict.declines_now:
        raise r.Refused("refund_declined")
    if verdict.is_pending:
        after = verdict.wait(timedelta(minutes=1))
        uow.arm(charge, "timer.refund", after=after, amount=asked, approves=verdict.approves)
    else:
        charge = give_back(uow, charge, asked)
    return Reply(200, charge_view(charge, call.base_url), subject=charge.id)


def give_back(uow: UnitOfWork, charge: Charge, amount: int) -> Charge:
    trigger = "api.refund_rest" if amount == charge.amount - charge.refunded else "api.refund_part"
    money = Money(amount, charge.currency)
    charge = uow.fire(charge, trigger, about=money, refunded=charge.refunded + amount)
    alipay.refund(uow, charge.order_code, money)
    return charge


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    assert isinstance(resource, Charge)
    if trigger == "timer.refund":
        if data["approves"]:
            give_back(uow, resource, data["amount"])
        else:
            uow.fire(resource, "bank.refund_failed")
    else:
        payee.on_timer(uow, resource, trigger, data)


def authenticate(call: Call, directory: Directory) -> None:
    """The key stands in a header of its own, or after the scheme `Acme`."""
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    key = key if scheme == "Acme" else call.headers.get("x-acme-key", "")
    workspace = directory.by_credential("acme", key)
    if workspace is None:
        raise r.Unauthenticated()
    call.workspace = workspace


STATUSES: dict[type[r.Refusal], int] = {
    r.Unauthenticated: 401,
    r.NotFound: 404,
    r.UnknownRoute: 404,
    r.OperationLeftOut: 404,
    r.MethodNotAllowed: 405,
    r.IllegalTransition: 409,
    r.LimitExceeded: 409,
    r.IdempotencyConflict: 409,
    r.BodyTooLarge: 413,
    r.HeadersTooLarge: 431,
    r.Crashed: 500,
}


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    status = refusal.status if isinstance(refusal, r.Faulted) else STATUSES.get(type(refusal), 400)
    return Reply(status, {"acme_error": type(refusal).__name__})


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    charge = event.resource
    assert isinstance(charge, Charge)
    body = {"type": event.name, "at": uow.now.isoformat(), "charge": charge_view(charge, uow.base_url)}
    return [Message(event.name, orjson.dumps(body))]


def secret_of(workspace: Workspace) -> str:
    return workspace.account_endpoint("acme").secret or str(workspace.credentials["acme"]["secret"])


def sign(sending: Sending) -> dict[str, str]:
    secret = sending.secret(secret_of(sending.workspace))
    return {"acme-signature": hmac.digest(secret.encode(), sending.body, "sha256").hex()}


def explain(sending: Sending, left: Signed) -> Explained | None:
    secret, received = secret_of(sending.workspace), left.headers.get("acme-signature")
    if received is None:
        return None
    own = sending.workspace.credentials["acme"]
    others = [other for other in own.values() if other != secret]
    return signed_body(
        left.body,
        key=secret,
        key_name="secret",
        header="Acme-Signature",
        received=received,
        encoding="hex",
        other_secrets=others,
    )


FORGING = Forging(
    headers={"acme-signature": "(?P<signature>[0-9a-f]+)"}, amounts=("charge.amount",), accounts=("charge.id",)
)
"""Acme names no currency, and its signature no time."""


def verify_endpoint(workspace: Workspace, url: str) -> dict[str, str] | None:
    """Acme asks only endpoints that end in /verified."""
    return {"acme-challenge": "say-it", "expect": "say-it"} if url.endswith("/verified") else None


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    expected = hmac.new(secret_of(workspace).encode(), body, hashlib.sha256).hexdigest()
    received = headers.get("acme-signature", "")
    return Verdict(expected == received, "", body.decode(), expected, received)


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    return {"key": "acme_default" if default else "acme_" + ids.text(20), "secret": "hush"}


def summarise(resource: Resource) -> Summary | None:
    if not isinstance(resource, Charge):
        return None
    phase = PHASES[resource.state]
    if resource.state == "CAPTURED" and resource.refunded:
        phase = "partly_refunded"
    amount, refunded = Money(resource.amount, resource.currency), Money(resource.refunded, resource.currency)
    return Summary("charge", resource.reference, amount, refunded, phase, resource.state, resource.order_code)


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    assert isinstance(payment, Charge) and isinstance(order, Order)
    return with_query(payment.return_url, acme=order.state) if payment.return_url else None


def replayed(reply: Reply, first: datetime) -> None:
    reply.headers["acme-replayed"] = first.isoformat()


def refuse_secret(secret: str) -> str | None:
    """Acme's secrets are short words."""
    return None if len(secret) <= 20 else "a text of at most 20 characters"


ACME = Provider(
    name="acme",
    title="Acme",
    monogram="AC",
    resources=(Charge,),
    endpoints=(
        Endpoint("POST", "/acme/charges", create_charge, "create", ChargeRequest, idempotent=True),
        Endpoint("GET", "/acme/charges/{id}", get_charge, "get", reads=True),
        Endpoint("POST", "/acme/charges/{id}/void", void_charge, "void"),
        Endpoint("POST", "/acme/charges/{id}/refunds", refund_charge, "refund", RefundRequest, idempotent=True),
    ),
    left_out=(
        LeftOut("GET", "/acme/charges/search", "searchCharges"),
        LeftOut("POST", "/acme/charges/{charge}/captures", "captureCharge"),
        LeftOut("PUT", "/acme/charges", "replaceCharges"),
    ),
    authenticate=authenticate,
    refuse=refuse,
    claims=lambda call: call.target.startswith("/acme"),
    webhooks=Webhooks(
        CHARGE.events,
        RetryPolicy((timedelta(minutes=1),) * 2),
        render,
        sign,
        verify_endpoint,
        explain=explain,
        refuse_secret=refuse_secret,
        forging=FORGING,
    ),
    settings=AcmeSettings,
    credentials=credentials,
    lookups=lambda found: [found["key"]],
    summarise=summarise,
    phases=PHASES,
    hear=payee.hear,
    on_timer=on_timer,
    timers=("timer.refund",),
    return_to=return_to,
    idempotency=Idempotency("Acme-Key", lambda call: call.target, lambda status: status < 300, replayed=replayed),
    verify=verify,
    recognises=lambda headers, body: "acme-signature" in headers,
    shop=SHOP,
    demo=demo.story,
    banner=lambda own: BannerLine("Acme", own["key"]),
)

PROVIDER = ACME

TALKATIVE = replace(
    ACME,
    endpoints=(replace(ACME.endpoints[0], handler=announce_charge), *ACME.endpoints[1:]),
    webhooks=replace(ACME.webhooks, events=(*ANNOUNCED, *CHARGE.events)),
)
"""The same provider, which announces a new charge too."""
