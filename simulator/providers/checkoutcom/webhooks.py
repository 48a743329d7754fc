"""Checkout.com's events: who is told of them, how they are signed, and when again.

Source: docs/providers/checkoutcom.md, source 6.

Every event of a payment is kept as an `EventRecord`, even when no workflow or webhook asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, field, replace
from datetime import timedelta
from typing import TypeVar

from simulator.engine.explain import Explained, signed_body
from simulator.engine.provider import Dropped, Event, Message, Sending, Signed, Webhooks
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import NotFound
from simulator.kernel.retry import RetryPolicy
from simulator.kernel.values import dataclass
from simulator.providers.checkoutcom import event_types, payloads, signing
from simulator.providers.checkoutcom.model import (
    Dispute,
    EventRecord,
    FinancialReport,
    Payment,
    PaymentSetup,
    Webhook,
    Workflow,
)
from simulator.providers.checkoutcom.receiver import keys_of
from simulator.providers.checkoutcom.rules import entity_of
from simulator.providers.checkoutcom.wire import disputes

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
    if event.name == payloads.READY:
        assert isinstance(resource, PaymentSetup | Payment)  # of a workflow's test it is a payment
        about = {"setup": resource.id.replace("pay_", "set_"), "method": event.extra.get("method", "alipay_cn")}
        channel = resource.processing_channel_id
        return payloads.record_ready(uow, resource.origin, **about, reference=resource.reference, channel=channel)
    report = resource if isinstance(resource, FinancialReport) else event.extra.get("report")
    if report is not None:
        return payloads.record_report(uow, report)
    assert isinstance(resource, Payment | Dispute)
    payment = resource if isinstance(resource, Payment) else uow.get(Payment, resource.payment_id)
    disputed = resource if isinstance(resource, Dispute) else event.extra.get("data")
    if disputed is not None:
        data = disputes.dispute_event(disputed, entity_of(payment.processing_channel_id))
    else:
        data = payloads.data_of(event.name, uow, payment, event.about)
    return payloads.record(uow, event.name, payment, data)


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
