"""WooshPay's event catalogue, envelope, endpoints and retry schedule. Source: docs/providers/wooshpay.md, source 6.

An endpoint is what `POST /v1/webhook_endpoints` made, or the workspace's account-level URL, which counts as one more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import orjson

from simulator.engine import explain as explaining
from simulator.engine.explain import Explained
from simulator.engine.provider import Dropped, Event, Message, Sending, Signed, Webhooks
from simulator.engine.resource import Resource
from simulator.engine.settlement import Payout
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import millis
from simulator.kernel.retry import RetryPolicy
from simulator.providers.wooshpay import links, signing
from simulator.providers.wooshpay.lookup import request_id
from simulator.providers.wooshpay.model import (
    Charge,
    CheckoutSession,
    Owned,
    PaymentIntent,
    Refund,
    StoredEvent,
    mint,
)
from simulator.providers.wooshpay.settings import WooshpaySettings
from simulator.providers.wooshpay.wire.charges import charge
from simulator.providers.wooshpay.wire.checkout_sessions import checkout_session
from simulator.providers.wooshpay.wire.events import delivered_event
from simulator.providers.wooshpay.wire.payment_intents import payment_intent
from simulator.providers.wooshpay.wire.payouts import LIVE, payout
from simulator.providers.wooshpay.wire.refunds import refund
from simulator.providers.wooshpay.wire.values import present

EVENTS = (
    "payment_intent.created",
    "payment_intent.requires_action",
    "payment_intent.processing",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "checkout.session.completed",
    "checkout.session.expired",
    "charge.refund.updated",
    "charge.succeeded",
    "charge.refunded",
    "payout.created",
    "payout.paid",
    "payout.failed",
)

ONLY_BY_NAME = frozenset({"charge.succeeded", "charge.refunded"})
"""An endpoint hears them only if it names them; `*` does not mean them. Inferred: wooshpay.charge-events."""

ACCOUNT = "account"
"""Stands for the account-level URL where an endpoint's id would be."""

# Documented: 18 deliveries in 72 hours, exponential. Pauses begin with 2 s and double, the last is cut short.
# Inferred: wooshpay.retries, wooshpay.delivery.
_SECONDS = (0, 2, 6, 14, 30, 62, 126, 254, 510, 1022, 2046, 4094, 8190, 16382, 32766, 65534, 131070, 259200)
RETRY = RetryPolicy(
    tuple(timedelta(seconds=after - before) for before, after in pairwise(_SECONDS)),
    timeout_s=10,
)


def endpoints(workspace: Workspace) -> list[dict[str, Any]]:
    """All endpoints of a workspace. The account-level one comes last; it hears both sides, so its `livemode` is None."""
    found = list(workspace.webhook_endpoints.get("wooshpay", ()))
    account = workspace.account_endpoint("wooshpay")
    if account.url is not None:
        secret = account.secret or workspace.credentials["wooshpay"]["webhook_secret"]
        own = {"id": ACCOUNT, "livemode": None, "status": "enabled", "url": account.url, "secret": secret}
        own["from_network"] = account.from_network
        found.append({**own, "enabled_events": sorted(account.events or ["*"])})
    return found


def wants(endpoint: Mapping[str, Any], name: str, livemode: bool) -> bool:
    if endpoint["status"] != "enabled" or endpoint["livemode"] not in (None, livemode):
        return False
    return name in endpoint["enabled_events"] or ("*" in endpoint["enabled_events"] and name not in ONLY_BY_NAME)


def data_object(workspace: Workspace, resource: Resource) -> dict[str, Any]:
    """What a retrieve would answer at this moment."""
    match resource:
        case PaymentIntent():
            return payment_intent(resource)
        case CheckoutSession():
            return checkout_session(resource, links.session_url(workspace, resource))
        case Refund():
            return refund(resource)
        case Charge():
            return charge(resource)
        case Payout():
            return payout(resource)
        case _:
            raise TypeError(resource.KIND)


def _is_live(payout: Resource) -> bool:
    return isinstance(payout, Payout) and payout.merchant == LIVE


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """The event is stored whether or not anybody listens; one message for each endpoint that wants it."""
    resource = event.resource
    livemode = resource.livemode if isinstance(resource, Owned) else _is_live(resource)
    known = endpoints(uow.workspace)
    listeners = [endpoint for endpoint in known if wants(endpoint, event.name, livemode)]
    if event.name in ONLY_BY_NAME and not listeners:
        return []
    stored = uow.add(
        StoredEvent(
            id=mint(uow, "evt"),
            livemode=livemode,
            type=event.name,
            data=data_object(uow.workspace, resource),
            request=_request(uow),
            about=resource.subject,
        )
    )
    body = orjson.dumps(delivered_event(stored))
    if not known:
        return [Message(event.name, body, None)]
    return [
        Message(
            event.name,
            body,
            endpoint["url"],
            {"endpoint": endpoint["id"]},
            from_network=endpoint.get("from_network", False),
        )
        for endpoint in listeners
    ]


def _request(uow: UnitOfWork) -> dict[str, Any] | None:
    """Which API call caused the event, if one did."""
    if uow.call is None:
        return None
    key = uow.call.headers.get("idempotency-key")
    return present({"id": request_id(uow.call, uow.ids), "idempotency_key": key})


TOLERANCE = timedelta(seconds=300)
"""What Stripe's helpers take unless told otherwise. WooshPay's own manual names none."""


def sign(sending: Sending) -> dict[str, str]:
    """`t` is the real time of the first attempt, so that all attempts bear the same signature.

    Observed: wooshpay.signature-t, wooshpay.signature-headers.

    Raises `Dropped` for an endpoint that is gone or disabled.

    Settings: `signature_headers` = `both` (default), `documented`, `observed`; `signature_t` = `milliseconds` (default),
    `seconds`. Source: docs/providers/wooshpay.md, sources 6.2 and 6.3.
    """
    workspace, id_ = sending.workspace, sending.context.get("endpoint", ACCOUNT)
    endpoint = next((e for e in endpoints(workspace) if e["id"] == id_), None)
    if endpoint is None or endpoint["status"] != "enabled":
        raise Dropped
    t = millis(sending.first_signature_at)
    if workspace.settings_of(WooshpaySettings).signature_t == "seconds":
        t //= 1000
    value = signing.signature(sending.secret(endpoint["secret"]), sending.body, t)
    which = workspace.settings_of(WooshpaySettings).signature_headers
    headers = {"content-type": "application/json;charset=UTF-8", "user-agent": "Wooshpay/1.0"}
    if which in ("both", "documented"):
        headers["Wooshpay-Signature"] = value
    if which in ("both", "observed"):
        headers["Signature"] = value
    return headers


def explain(sending: Sending, left: Signed) -> Explained | None:
    """Both headers bear the same; the key is the secret of the endpoint that was written to."""
    workspace, id_ = sending.workspace, sending.context.get("endpoint", ACCOUNT)
    headers = {name.lower(): (name, value) for name, value in left.headers.items()}
    name, value = headers.get("wooshpay-signature") or headers.get("signature") or ("", "")
    endpoint = next((e for e in endpoints(workspace) if e["id"] == id_), None)
    if endpoint is None or not value:
        return None
    others = [e["secret"] for e in endpoints(workspace) if e is not endpoint]
    others += workspace.credentials["wooshpay"].values()
    is_own = id_ == ACCOUNT and workspace.account_endpoint("wooshpay").secret is None
    t = explaining.part(value, "t")
    return explaining.signed_body(
        left.body,
        key=endpoint["secret"],
        key_name="webhook_secret" if is_own else "webhooks.wooshpay.secret" if id_ == ACCOUNT else f"{id_}.secret",
        header=name,
        received=value,
        encoding="hex",
        t=t,
        other_times=[t[:-3] if len(t) > 11 else f"{t}000", *sending.other_times(1), *sending.other_times(1000)],
        other_secrets=[other for other in others if other != endpoint["secret"]],
    )


WEBHOOKS = Webhooks(
    events=EVENTS,
    retry=RETRY,
    render=render,
    sign=sign,
    explain=explain,
    nameable=("*",),
    tolerance=TOLERANCE,
    forging=signing.FORGING,
)
