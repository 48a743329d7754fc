"""Connect's event catalogue, envelope and retry schedule. Source: docs/providers/worldline.md, source 6."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from simulator.engine.explain import Explained, signed_body
from simulator.engine.provider import Dropped, Event, Message, Sending, Signed, Webhooks
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import AccountEndpoint, Workspace
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

# What the Configuration Center offers beside these, and no Alipay payment ever is. It offers no wildcards.
# Source: docs/providers/worldline.md, source 6.2.
NEVER_HERE = (
    "payment.account_verified", "payment.authorization_requested", "payment.capture_requested",
    "payment.chargeback_notification", "payment.chargebacked", "payment.paid_increment", "payment.pending_approval",
    "payment.pending_capture", "payment.pending_completion", "payment.pending_fraud_approval", "payment.pending_payment",
    "refund.captured", "refund.rejected_capture",
    "token.created", "token.deleted", "token.expired", "token.expiring_soon", "token.updated",
)  # fmt: skip

TEST_ID = "TEST-"
"""Begins the id of an event that was sent for a test, and of no other."""

# The schedule of the sibling platform; Connect publishes none. Inferred: worldline.retries.
RETRY = RetryPolicy(
    (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=2), timedelta(hours=8), timedelta(hours=24)),
    timeout_s=10,
)

VERIFICATION_HEADER = "X-GCS-Webhooks-Endpoint-Verification"


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """The event shows the payment or the refund as GET would answer it at this moment.

    Each of several endpoints gets the same event, with the same id. A test event has an id of its own kind.
    """
    resource = event.resource
    if isinstance(resource, Payment):
        merchant_id, about = resource.merchant_id, {"payment": payment(resource)}
    else:
        assert isinstance(resource, Refund)
        merchant_id = uow.get(Payment, resource.payment).merchant_id
        about = {"refund": refund(resource)}
    envelope = {
        "apiVersion": "v1",
        "id": f"{TEST_ID}{uow.ids.guid()}" if event.is_test else uow.ids.guid(),
        "created": event_time(uow.now),
        "merchantId": merchant_id,
        "type": event.name,
        **about,
    }
    body, endpoints = orjson.dumps(envelope), uow.workspace.account_endpoints("worldline")
    if len(endpoints) < 2:
        return [Message(event.name, body)]
    return [
        Message(event.name, body, one.url, {"url": one.url, "key_id": one.key_id}, from_network=one.from_network)
        for one in endpoints
        if one.wants(event.name)
    ]


def sign(sending: Sending) -> dict[str, str]:
    """All attempts bear the same signature, because the body is the same. `X-GCS-KeyId` says whose secret it is."""
    account = _receiver(sending)
    own = sending.workspace.credentials["worldline"]
    secret = account.secret or own["webhooks_secret"]
    return {
        "Content-Type": "application/json",
        "X-GCS-KeyId": account.key_id or own["webhooks_key_id"],
        "X-GCS-Signature": signing.webhook_signature(sending.secret(secret), sending.body),
    }


def explain(sending: Sending, left: Signed) -> Explained | None:
    account, own = _receiver(sending), sending.workspace.credentials["worldline"]
    headers = {name.lower(): value for name, value in left.headers.items()}
    received = headers.get("x-gcs-signature")
    if received is None:
        return None
    secret = account.secret or own["webhooks_secret"]
    others = [one.secret for one in sending.workspace.account_endpoints("worldline")]
    others += [
        own["webhooks_secret"],
        own["secret_api_key"],
        own["api_key_id"],
        account.key_id or own["webhooks_key_id"],
    ]
    return signed_body(
        left.body,
        key=secret,
        key_name=f"webhooks_secret ({account.key_id or own['webhooks_key_id']})",
        header="X-GCS-Signature",
        received=received,
        encoding="base64",
        other_secrets=[other for other in others if other != secret],
    )


def _receiver(sending: Sending) -> AccountEndpoint:
    """The endpoint to which a message goes. Raises `Dropped` when it was one of several and is no more."""
    workspace, url = sending.workspace, sending.context.get("url")
    if url is None:
        return workspace.account_endpoint("worldline")
    found = [one for one in workspace.account_endpoints("worldline") if one.url == url]
    if not found:
        raise Dropped
    return next((one for one in found if one.key_id == sending.context["key_id"]), found[0])


def verify_endpoint(workspace: Workspace, url: str) -> dict[str, str] | None:
    """The GET that an endpoint must echo before it is saved, unless the setting `verify_endpoint` is false."""
    if not workspace.settings_of(WorldlineSettings).verify_endpoint:
        return None
    challenge = Ids().guid()
    return {VERIFICATION_HEADER: challenge, "expect": challenge}


WEBHOOKS = Webhooks(
    events=EVENTS,
    retry=RETRY,
    render=render,
    sign=sign,
    explain=explain,
    verify_endpoint=verify_endpoint,
    nameable=NEVER_HERE,
    names_its_key=True,
    several_endpoints=True,
    forging=signing.FORGING,
)
