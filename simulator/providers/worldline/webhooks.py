"""Connect's event catalogue, envelope and retry schedule. Source: reference/worldline.md, section 6."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from simulator.engine.provider import Event, Message, Sending, Webhooks
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.ids import Ids
from simulator.kernel.retry import RetryPolicy
from simulator.providers.worldline import signing
from simulator.providers.worldline.model import Payment, Refund
from simulator.providers.worldline.settings import WorldlineSettings
from simulator.providers.worldline.states import PAYMENT, REFUND
from simulator.providers.worldline.wire.layout import event_time
from simulator.providers.worldline.wire.payments import payment
from simulator.providers.worldline.wire.refunds import refund

EVENTS = ("payment.created", *PAYMENT.events, "refund.created", *REFUND.events)

# Inferred: the schedule of the sibling platform; Connect publishes none.
RETRY = RetryPolicy(
    (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=2), timedelta(hours=8), timedelta(hours=24)),
    timeout_s=10,
)

VERIFICATION_HEADER = "X-GCS-Webhooks-Endpoint-Verification"


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """The event shows the payment or the refund as GET would answer it at this moment."""
    resource = event.resource
    if isinstance(resource, Payment):
        merchant_id, about = resource.merchant_id, {"payment": payment(resource)}
    else:
        assert isinstance(resource, Refund)
        merchant_id = uow.get(Payment, resource.payment).merchant_id
        about = {"refund": refund(resource)}
    envelope = {
        "apiVersion": "v1",
        "id": str(uow.ids.guid()),
        "created": event_time(uow.now),
        "merchantId": merchant_id,
        "type": event.name,
        **about,
    }
    return [Message(event.name, orjson.dumps(envelope))]


def sign(sending: Sending) -> dict[str, str]:
    """All attempts bear the same signature, because the body is the same. `X-GCS-KeyId` says whose secret it is."""
    account = sending.workspace.account_endpoint("worldline")
    own = sending.workspace.credentials["worldline"]
    secret = account.secret or own["webhooks_secret"]
    return {
        "Content-Type": "application/json",
        "X-GCS-KeyId": account.key_id or own["webhooks_key_id"],
        "X-GCS-Signature": signing.webhook_signature(secret, sending.body),
    }


def verify_endpoint(workspace: Workspace, url: str) -> dict[str, str] | None:
    """The GET that an endpoint must echo before it is saved, unless the setting `verify_endpoint` is false."""
    if not workspace.settings_of(WorldlineSettings).verify_endpoint:
        return None
    challenge = str(Ids().guid())
    return {VERIFICATION_HEADER: challenge, "expect": challenge}


WEBHOOKS = Webhooks(
    events=EVENTS, retry=RETRY, render=render, sign=sign, verify_endpoint=verify_endpoint, names_its_key=True
)
