"""Checkout.com's event catalogue, payloads, envelopes and retry schedule. Source: docs/providers/checkoutcom.md, source 6.

Every event of a payment is kept as an `EventRecord`, even when no workflow or webhook asked for it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

import orjson

from simulator.engine.explain import Explained, signed_body
from simulator.engine.provider import Dropped, Event, Message, Sending, Signed, Webhooks
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.refusals import NotFound
from simulator.kernel.retry import RetryPolicy
from simulator.providers.checkoutcom import event_types, signing
from simulator.providers.checkoutcom.model import (
    Action,
    Dispute,
    EventRecord,
    Payment,
    PaymentSetup,
    Webhook,
    Workflow,
    new_id,
)
from simulator.providers.checkoutcom.receiver import keys_of
from simulator.providers.checkoutcom.rules import entity_of
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import actions, disputes, events, payments, values

RETRY = RetryPolicy(
    # Up to eight retries. Source: source 6.6.
    (
        timedelta(minutes=5),
        timedelta(minutes=10),
        timedelta(minutes=15),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(hours=12),
        timedelta(hours=12),
    ),
    timeout_s=10,
)

RESEND = "resend"
"""Key of an event's `extra` when it is sent again: the id of its record, and to which workflows or webhooks (None: all)."""

SAMPLE = "sample"
"""Key of an event's `extra` when a workflow's test sends a sample: the id of that workflow."""


READY = "payment_method_ready"

REFUNDS = ("payment_refunded", "payment_refund_declined")
"""Whose links lead to the payment too. Source: source 14.2. Inferred: checkoutcom.webhook-shape."""

CARD_SAMPLES = ("payment_declined", *REFUNDS)
"""The events that the documents show in the envelope of card payments.

Source: source 14.1. Inferred: checkoutcom.webhook-envelope.
"""

TRIGGER = "automatic"
"""Who has captured: an Alipay payment captures itself. Source: source 14.2. Inferred: checkoutcom.webhook-shape."""


# The merchant's endpoints ------------------------------------------------------------------------------------------

Endpoint = TypeVar("Endpoint", Workflow, Webhook)


def endpoints(workspace: Workspace, kind: type[Endpoint]) -> list[Endpoint]:
    """The workflows, or the webhooks of the Previous platform, oldest first."""
    kept = workspace.webhook_endpoints.get("checkoutcom", ())
    return [kind(**entry["endpoint"]) for entry in kept if entry["kind"] == kind.__name__]


def get_endpoint(workspace: Workspace, kind: type[Endpoint], id_: str) -> Endpoint:
    """Raises `NotFound` when there is none, or none any more."""
    found = find_endpoint(workspace, kind, id_)
    if found is None:
        raise NotFound(kind.__name__.lower(), id_)
    return found


def find_endpoint(workspace: Workspace, kind: type[Endpoint], id_: str) -> Endpoint | None:
    return next((endpoint for endpoint in endpoints(workspace, kind) if endpoint.id == id_), None)


def save_endpoint(uow: UnitOfWork, endpoint: Workflow | Webhook) -> None:
    """Adds it, or replaces the one with its id. Raises `Invalid` for a URL that the caller may not name, `Throttled` for one
    too many."""
    named = [endpoint.url] if isinstance(endpoint, Webhook) else [action["url"] for action in endpoint.actions]
    endpoint = replace(endpoint, from_network=uow.may_go_to("url", *named) or endpoint.from_network)
    new = {"kind": type(endpoint).__name__, "endpoint": asdict(endpoint)}
    kept = list(uow.workspace.webhook_endpoints.get("checkoutcom", ()))
    at = next((i for i, entry in enumerate(kept) if entry["endpoint"]["id"] == endpoint.id), len(kept))
    kept[at : at + 1] = [new]
    urls = sum(len(entry["endpoint"].get("actions", (None,))) for entry in kept)
    uow.keep_webhook_endpoints("checkoutcom", kept, urls)


def drop_endpoint(uow: UnitOfWork, id_: str) -> None:
    kept = [e for e in uow.workspace.webhook_endpoints.get("checkoutcom", ()) if e["endpoint"]["id"] != id_]
    uow.keep_webhook_endpoints("checkoutcom", kept, urls=0)


# Payloads --------------------------------------------------------------------------------------------------------


def _strings(metadata: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Metadata as webhooks print them: every value is a string, whatever was sent. Source: source 6.2."""
    if metadata is None:
        return None
    return {name: _string(value) for name, value in metadata.items()}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def is_dated(uow: UnitOfWork, payment: Payment) -> bool:
    """Whether events are as published in 2022. The Previous platform's samples are older still, and have not changed."""
    return payment.platform == "previous" or uow.settings(CheckoutcomSettings).webhooks_shape == "2022"


def data_of(name: str, uow: UnitOfWork, payment: Payment, action: Action | None) -> dict[str, Any]:
    """`data` of an event. Each event has members of its own, in an order of its own. Source: sources 6.3 and 14.2."""
    now, metadata, dated = uow.now, _strings(payment.metadata), is_dated(uow, payment)
    action_id, code, summary, action_amount, action_reference = None, None, None, payment.amount, payment.reference
    if action is not None:
        action_id, code, summary, action_amount = (
            action.id,
            action.response_code,
            action.response_summary,
            action.amount,
        )
        action_reference = action.reference or payment.reference
    base = {"id": payment.id, "action_id": action_id, "reference": payment.reference, "amount": payment.amount}
    match name:
        case "payment_pending":
            members: dict[str, Any] = {
                "id": payment.id,
                "reference": payment.reference,
                "amount": payment.amount,
                "currency": payment.currency,
                "processed_on": values.instant7(now),
                "metadata": metadata,
            }
        case "payment_capture_pending":
            members = {
                "id": payment.id,
                "action_id": action_id,
                "amount": payment.amount,
                "processed_on": values.instant7(now),
                "reference": payment.reference,
                "metadata": metadata,
                "currency": payment.currency,
            }
        case "payment_captured":
            own = f"{payment.origin}/payments/{payment.id}"
            members = {
                **base,
                "processed_on": values.instant7(now),
                "response_code": code,
                "response_summary": summary,
                "balances": payments.balances(payment),
                "metadata": metadata,
                "currency": payment.currency,
                "processing": actions.processing_of(action) if action else {},
                "event_links": {"payment": own, "payment_actions": f"{own}/actions", "refund": f"{own}/refunds"},
                "trigger": None if dated else TRIGGER,
            }
        case "payment_declined" if not dated:
            members = {
                **base,
                "currency": payment.currency,
                "customer": payments.customer_of(payment),
                "payment_ip": payment.payment_ip,
                "metadata": metadata,
                "payment_type": payment.payment_type,
                "processed_on": values.instant7(now),
                "processing": {},
                "response_code": code,
                "response_summary": summary,
                "risk": {"flagged": (code or "").startswith("4"), "score": 0},
                "source": payments.source_of(payment),
                "balances": payments.balances(payment),
            }
        case "payment_declined":
            members = {
                **base,
                "currency": payment.currency,
                "payment_type": payment.payment_type,
                "processed_on": values.instant7(now),
                "response_code": code,
                "response_summary": summary,
                "source": payments.source_of(payment),
                "customer": payments.customer_of(payment),
                "balances": payments.balances(payment),
                "risk": {"flagged": (code or "").startswith("4")},
                "processing": {},
                "metadata": metadata,
            }
        case "payment_refund_pending":
            members = {
                "id": payment.id,
                "action_id": action_id,
                "amount": action_amount,
                "processed_on": values.instant7(now),
                "currency": payment.currency,
            }
        case "payment_refunded" | "payment_refund_declined" if not dated:
            own = f"{payment.origin}/payments/{payment.id}"
            members = {
                "id": payment.id,
                "action_id": action_id,
                "reference": action_reference,
                "amount": action_amount,
                "processed_on": values.instant7(now),
                "response_code": code,
                "response_summary": summary,
                "balances": payments.balances(payment),
                "metadata": metadata,
                "currency": payment.currency,
                "processing": {},
                "event_links": {"payment": own, "payment_actions": f"{own}/actions"},
            }
        case "payment_refunded":
            members = {
                "action_id": action_id,
                "response_code": code,
                "response_summary": summary,
                "reference": action_reference,
                "amount": action_amount,
                "balances": payments.balances(payment),
                "processing": {},
                "id": payment.id,
                "currency": payment.currency,
                "processed_on": values.instant7(now),
                "metadata": metadata,
            }
        case "payment_refund_declined":
            members = {
                "id": payment.id,
                "action_id": action_id,
                "amount": action_amount,
                "currency": payment.currency,
                "response_code": code,
                "response_summary": summary,
                "reference": action_reference,
                "metadata": metadata,
                "processed_on": values.instant7(now),
            }
        case _:
            # payment_canceled, payment_expired and the samples of other events.
            members = {
                "action_id": action_id,
                "id": payment.id,
                "reference": payment.reference,
                "amount": payment.amount,
                "currency": payment.currency,
                "processed_on": values.instant7(now),
                "metadata": metadata if name == "payment_expired" else None,
            }
    return values.present(members)


# Envelopes -------------------------------------------------------------------------------------------------------


def record(uow: UnitOfWork, name: str, payment: Payment, data: dict[str, Any]) -> EventRecord:
    """Stores an event with the exact body of its webhook."""
    id_, base = new_id(uow.ids, "evt"), payment.origin
    source = "dispute" if name in event_types.DISPUTE_EVENTS else "gateway"
    if payment.platform == "previous":
        timestamp = values.instant(uow.now)
        links = {"self": values.link(f"{base}/events/{id_}"), "payment": values.link(f"{base}/payments/{payment.id}")}
        body = {"id": id_, "type": name, "created_on": timestamp, "data": data, "_links": links}
    else:
        timestamp = iso_millis(uow.now)
        subject = f"{base}/workflows/events/subject/{payment.id}"
        links = {"self": values.link(f"{base}/workflows/events/{id_}"), "subject": values.link(subject)}
        if name in REFUNDS and not is_dated(uow, payment):
            own = f"{base}/payments/{payment.id}"
            links |= {"payment": values.link(own), "payment_actions": values.link(f"{own}/actions")}
        is_framed_as_card = uow.settings(CheckoutcomSettings).webhooks_envelope == "as_documented"
        if is_framed_as_card and name in CARD_SAMPLES:
            created_on = {"created_on": values.instant(uow.now)}
            body = {"id": id_, "type": name, "version": events.VERSION, **created_on, "data": data, "_links": links}
        else:
            body = {
                "id": id_,
                "source": source,
                "type": name,
                "timestamp": values.instant3(uow.now),
                "version": events.VERSION,
                "data": data,
                "_links": links,
            }
    return uow.add(
        EventRecord(
            id=id_,
            type=name,
            source=source,
            platform=payment.platform,
            payment_id=payment.id,
            reference=payment.reference,
            processing_channel_id=payment.processing_channel_id,
            timestamp=timestamp,
            data=data,
            body=orjson.dumps(body).decode(),
        )
    )


def record_ready(
    uow: UnitOfWork, base: str, *, setup: str, method: str, reference: str | None, channel: str | None
) -> EventRecord:
    """Stores `payment_method_ready`, whose envelope is flat, unlike that of all other events.

    Source: source 13.5. Inferred: checkoutcom.method-ready.
    """
    id_, correlation, at = new_id(uow.ids, "evt"), uow.ids.guid(), iso_millis(uow.now)
    own = f"{base}/payments/setups/{setup}"
    told = values.present({"id": setup, "reference": reference, "payment_method": method})
    body = {
        **told,
        "client_id": f"cli_{(channel or '').removeprefix('pc_')}",
        "entity_id": entity_of(channel),
        "processing_channel_id": channel,
        "event_type": READY,
        "event_version": "1.0.0",
        "event_timestamp": at,
        "event_subject_id": setup,
        "event_data": base64.b64encode(orjson.dumps(told)).decode(),
        "correlation_id": correlation,
        "idempotency_key": f"{setup}:{READY}:{correlation}",
        "event_links": {"payment": own, "confirm": f"{own}/confirm/{method}"},
    }
    return uow.add(
        EventRecord(
            id=id_,
            type=READY,
            payment_id=setup,
            reference=reference,
            processing_channel_id=channel,
            timestamp=at,
            data=told,
            body=orjson.dumps(body).decode(),
        )
    )


# Who is told -----------------------------------------------------------------------------------------------------


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """The messages of an event: a new one is recorded first, a repeated one is taken from its record.

    A message without an address stands for an event that nobody asked for, so that the console shows it.
    """
    again = event.extra.get(RESEND)
    if again is not None:
        return _messages(uow, uow.get(EventRecord, again["event"]), again["to"], manual=True)
    kept = _recorded(uow, event)
    sample = event.extra.get(SAMPLE)
    if sample is not None:
        [workflow] = [w for w in endpoints(uow.workspace, Workflow) if w.id == sample]
        contexts = [({"event": kept.id, "workflow": sample, "action": a["id"]}, a["url"]) for a in workflow.actions]
        body, from_network = kept.body.encode(), workflow.from_network
        return [Message(kept.type, body, url, context, from_network=from_network) for context, url in contexts]
    found = _messages(uow, kept, None)
    return found or [Message(kept.type, kept.body.encode(), context={"event": kept.id, "account": kept.platform})]


def _recorded(uow: UnitOfWork, event: Event) -> EventRecord:
    resource = event.resource
    if event.name == READY:
        assert isinstance(resource, PaymentSetup | Payment)  # of a workflow's test it is a payment
        about = {"setup": resource.id.replace("pay_", "set_"), "method": event.extra.get("method", "alipay_cn")}
        channel = resource.processing_channel_id
        return record_ready(uow, resource.origin, **about, reference=resource.reference, channel=channel)
    assert isinstance(resource, Payment | Dispute)
    payment = resource if isinstance(resource, Payment) else uow.get(Payment, resource.payment_id)
    disputed = resource if isinstance(resource, Dispute) else event.extra.get("data")
    if disputed is not None:
        data = disputes.dispute_event(disputed, entity_of(payment.processing_channel_id))
    else:
        data = data_of(event.name, uow, payment, event.about)
    return record(uow, event.name, payment, data)


def _messages(uow: UnitOfWork, kept: EventRecord, to: Iterable[str] | None, *, manual: bool = False) -> list[Message]:
    """One message for each action of each workflow that matches (or for each webhook), and one for the account's endpoint.

    With `to`, only these workflows or webhooks, and not the account's endpoint.
    """
    body, wanted, found = kept.body.encode(), None if to is None else set(to), []
    if kept.platform == "previous":
        for webhook in endpoints(uow.workspace, Webhook):
            named = wanted is not None and webhook.id in wanted
            if (wanted is None and webhook.active and kept.type in webhook.event_types) or named:
                context = {"event": kept.id, "webhook": webhook.id, "manual": manual}
                found.append(Message(kept.type, body, webhook.url, context, from_network=webhook.from_network))
    else:
        for workflow in endpoints(uow.workspace, Workflow):
            if (wanted is not None and workflow.id not in wanted) or not matches(workflow, kept):
                continue
            for action in workflow.actions:
                context = {"event": kept.id, "workflow": workflow.id, "action": action["id"], "manual": manual}
                found.append(Message(kept.type, body, action["url"], context, from_network=workflow.from_network))
    if wanted is None and uow.workspace.account_endpoint("checkoutcom").url is not None:
        context = {"event": kept.id, "account": kept.platform, "manual": manual}
        found.append(Message(kept.type, body, context=context))
    return found


def matches(workflow: Workflow, kept: EventRecord) -> bool:
    """Whether a workflow is active and all of its conditions hold. One without an event condition never matches.

    Source: source 3.10. Inferred: checkoutcom.workflow-match.
    """
    if not workflow.active or not any(c["type"] == "event" for c in workflow.conditions):
        return False
    for condition in workflow.conditions:
        if condition["type"] == "event":
            sources = (kept.source, f"{kept.source}s") if kept.source == "dispute" else (kept.source,)
            named = [name for source in sources for name in condition["events"].get(source, ())]
            if kept.type not in named:
                return False
        elif condition["type"] == "processing_channel":
            if kept.processing_channel_id not in condition["processing_channels"]:
                return False
        elif entity_of(kept.processing_channel_id) not in condition["entities"]:
            return False
    return True


# Signing ---------------------------------------------------------------------------------------------------------


def sign(sending: Sending) -> dict[str, str]:
    """The headers of one attempt: the endpoint's own win over ours; `Cko-Signature` only where the endpoint has a key.
    Inferred: checkoutcom.webhook-headers.

    Raises `Dropped` when the workflow action or the webhook has been removed. Source: sources 6.4 and 6.5.
    """
    receiver = _receiver(sending)
    headers = {"content-type": "application/json; charset=utf-8"}
    headers |= {name.lower(): value for name, value in receiver.headers.items()}
    for forbidden in ("content-length", "host", "transfer-encoding", "connection"):
        headers.pop(forbidden, None)
    if receiver.key is not None:
        headers.pop("cko-signature", None)
        headers["Cko-Signature"] = signing.cko_signature(sending.secret(receiver.key), sending.body)
    return headers


@dataclass(frozen=True, slots=True)
class _Receiver:
    """Who a message goes to: the headers that they want, and the key with which it is signed for them."""

    key: str | None
    key_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def _receiver(sending: Sending) -> _Receiver:
    """Raises `Dropped` where there is none any more."""
    context, own = sending.context, sending.workspace.credentials["checkoutcom"]
    if "workflow" in context:
        workflow = find_endpoint(sending.workspace, Workflow, context["workflow"])
        action = next((a for a in workflow.actions if a["id"] == context["action"]), None) if workflow else None
        if action is None:
            raise Dropped
        key = (action.get("signature") or {}).get("key")
        return _Receiver(key, f"{context['action']}.signature.key", action.get("headers") or {})
    if "webhook" in context:
        webhook = find_endpoint(sending.workspace, Webhook, context["webhook"])
        if webhook is None:
            raise Dropped
        return _Receiver(own["previous_secret_key"], "previous_secret_key", webhook.headers)
    if "account" in context:
        name = "previous_secret_key" if context["account"] == "previous" else "secret_key"
        secret = sending.workspace.account_endpoint("checkoutcom").secret
        return _Receiver(secret or own[name], "webhooks.checkoutcom.secret" if secret else name)
    return _Receiver(None)


def explain(sending: Sending, left: Signed) -> Explained | None:
    receiver = _receiver(sending)
    received = next((value for name, value in left.headers.items() if name.lower() == "cko-signature"), None)
    if receiver.key is None or received is None:
        return None
    return signed_body(
        left.body,
        key=receiver.key,
        key_name=receiver.key_name,
        header="Cko-Signature",
        received=received,
        encoding="hex",
        other_secrets=[one for one in keys_of(sending.workspace) if one != receiver.key],
    )


WEBHOOKS = Webhooks(
    events=event_types.SENT,
    retry=RETRY,
    render=render,
    sign=sign,
    explain=explain,
    nameable=event_types.NAMEABLE,
    account_context={"account": "default"},
    forging=signing.FORGING,
)
