"""What Checkout.com's events say: the members of each, and the envelopes around them. Each is kept as an `EventRecord`.

Source: docs/providers/checkoutcom.md, sources 6.2, 6.3 and 14.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis
from simulator.providers.checkoutcom import event_types
from simulator.providers.checkoutcom.model import Action, EventRecord, FinancialReport, Payment, new_id
from simulator.providers.checkoutcom.rules import entity_of
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import actions, events, payments, reports, values

READY = "payment_method_ready"

REFUNDS = ("payment_refunded", "payment_refund_declined")
"""Whose links lead to the payment too. Source: source 14.2. Inferred: checkoutcom.webhook-shape."""

CARD_SAMPLES = ("payment_declined", *REFUNDS)
"""The events that the documents show in the envelope of card payments.

Source: source 14.1. Inferred: checkoutcom.webhook-envelope.
"""

TRIGGER = "automatic"
"""Who has captured: an Alipay payment captures itself. Source: source 14.2. Inferred: checkoutcom.webhook-shape."""


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


def record_report(uow: UnitOfWork, report: FinancialReport) -> EventRecord:
    """Stores `report_generated`, whose envelope has `created_on` and no `source`. Source: source 15.8."""
    id_, data = new_id(uow.ids, "evt"), reports.report_event(report)
    created_on = f"{uow.now:%Y-%m-%dT%H:%M:%S}.{uow.now.microsecond:06d}0Z"
    body = {
        "id": id_,
        "type": "report_generated",
        "version": events.REPORT_VERSION,
        "created_on": created_on,
        "data": data,
        "_links": {"self": values.link(f"{report.origin}/workflows/events/{id_}")},
    }
    return uow.add(
        EventRecord(
            id=id_,
            type="report_generated",
            source="report",
            payment_id=report.id,
            processing_channel_id=f"pc_{report.entity_id.removeprefix('ent_')}",
            timestamp=iso_millis(uow.now),
            data=data,
            body=orjson.dumps(body).decode(),
        )
    )
