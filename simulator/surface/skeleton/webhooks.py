"""Webhooks: what each event says, when it is tried again, how it is signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from simulator.engine.explain import Explained, part, signed_body
from simulator.engine.provider import Event, Message, Sending, Signed
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.surface.skeleton import wire
from simulator.surface.skeleton.model import Payment
from simulator.surface.skeleton.signing import signature

RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""The pauses between the tries."""
TOLERANCE = timedelta(minutes=5)
"""How old a signature may be, by the manual."""


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """In the transaction in which it happened. Without a `url` the message goes to the account's endpoint."""
    assert isinstance(event.resource, Payment)
    body = {
        "id": "evt_" + uow.ids.text(20),
        "type": event.name,
        "created_at": iso_millis(uow.now),
        "data": wire.payment(event.resource, uow.base_url),
    }
    if event.about is not None:
        body["refund"] = {"amount": event.about}
    return [Message(event.name, orjson.dumps(body))]


def secret_of(workspace: Workspace) -> str:
    return workspace.account_endpoint("newpay").secret or str(workspace.credentials["newpay"]["webhook_secret"])


def sign(sending: Sending) -> dict[str, str]:
    """At every try, with the time at which it leaves."""
    timestamp = int(sending.signature_at.timestamp())
    made = signature(sending.secret(secret_of(sending.workspace)), timestamp, sending.body)
    return {"Content-Type": "application/json", "Newpay-Signature": f"t={timestamp},v1={made}"}


def explain(sending: Sending, left: Signed) -> Explained | None:
    """Makes the signature once more, step by step: for the pages, and for merchants whose signature differs."""
    received = left.headers.get("Newpay-Signature", "")
    secret, own = secret_of(sending.workspace), sending.workspace.credentials["newpay"]
    return signed_body(
        left.body,
        key=secret,
        key_name="webhook_secret",
        header="Newpay-Signature",
        received=received,
        encoding="hex",
        t=part(received, "t"),
        other_times=[f"{part(received, 't')}000", *sending.other_times(per_second=1)],
        other_secrets=[other for other in own.values() if other != secret],
    )
