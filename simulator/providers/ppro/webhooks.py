"""PPRO's event catalogue, envelope and retry schedule. Source: docs/providers/ppro.md, source 6."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from simulator.engine import explain as explaining
from simulator.engine import programs
from simulator.engine.explain import Explained
from simulator.engine.provider import Event, Message, Sending, Signed, Webhooks
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis, micros
from simulator.kernel.crypto import sha256_hex
from simulator.kernel.retry import RetryPolicy, doubling
from simulator.providers.ppro import signing, wire
from simulator.providers.ppro.model import Charge, Operation, PaymentReport
from simulator.providers.ppro.settings import PproSettings
from simulator.providers.ppro.states import PAYMENT_CHARGE, PAYMENT_REPORT
from simulator.providers.ppro.wire import reports

EVENTS = ("PAYMENT_CHARGE_CREATED", *PAYMENT_CHARGE.events, "PAYMENT_CHARGE_DISCARD_FAILED", *PAYMENT_REPORT.events)
"""Source: docs/providers/ppro.md, sources 6.3 and 12.2. Inferred: ppro.instrument-events."""

RETRY = RetryPolicy(doubling(15, 15), timeout_s=10)
"""Source: docs/providers/ppro.md, source 6.5. Inferred: ppro.retries."""


def _operation(name: str, charge: Charge, operation: Operation) -> dict[str, Any]:
    """The members of `data` that speak of the operation: its id (`captureId`, `refundId`, …), amount, failure and reference."""
    amount = {"value": operation.amount, "currency": charge.currency}
    failure = operation.failure and {k: v for k, v in operation.failure.items() if k in _FAILURE_MEMBERS}
    kind = name.removeprefix("PAYMENT_CHARGE_").partition("_")[0].lower()
    if kind in ("capture", "refund", "void"):
        members: dict[str, Any] = {f"{kind}Id": operation.id, "amount": amount}
        members |= {"failure": failure, f"merchant{kind.capitalize()}Reference": operation.reference}
        return members
    return {"authorizationId": operation.id, "amount": amount, "failure": failure}


_FAILURE_MEMBERS = ("failureType", "failureCode", "providerFailureCode", "failureMessage")


# The members of consumer, order and item that webhooks have; the charge has more. Source: docs/providers/ppro.md, source 6.3.
_CONSUMER = (
    "name", "email", "phone", "country", "locale", "taxIdentification", "merchantConsumerReference", "billingAddress",
)  # fmt: skip
_ORDER = ("orderItems", "industryData", "orderReferenceNumber")
_ITEM = ("name", "quantity", "amount")


def _order(order: dict[str, Any]) -> dict[str, Any]:
    members = {name: order[name] for name in _ORDER if name in order}
    if "orderItems" in members:
        members["orderItems"] = [{name: item[name] for name in _ITEM} for item in members["orderItems"]]
    return members


def _methods(charge: Charge) -> list[dict[str, Any]]:
    """As the charge has them, but of one without details there is only its type. Source: docs/providers/ppro.md, corrections."""
    found = wire.authentication_methods(charge) or []
    return [{name: value for name, value in method.items() if value != {}} for method in found]


def _extra(event: Event, charge: Charge) -> dict[str, Any]:
    """The members of `data` that only this event has. Inferred: ppro.created-status, ppro.authorized-status."""
    match event.name:
        case "PAYMENT_CHARGE_CREATED":
            settings = [
                {"settings": s.get("settings") or {}, "type": s["type"]} for s in charge.authentication_settings
            ]
            return {
                "paymentMedium": charge.payment_medium,
                "initiator": charge.initiator,
                "paymentDescriptor": charge.payment_descriptor,
                "amount": {"value": charge.amount, "currency": charge.currency},
                "order": _order(charge.order) if charge.order is not None else None,
                "consumer": {name: charge.consumer[name] for name in _CONSUMER if name in charge.consumer},
                "authenticationSettings": settings or None,
                "instrument": charge.instrument,
            }
        case "PAYMENT_CHARGE_AUTHENTICATION_PENDING":
            members = _operation(event.name, charge, event.about or charge.authorizations[-1])
            return {**members, "authenticationMethods": _methods(charge)}
        case "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED":
            members = _operation(event.name, charge, event.about or charge.authorizations[-1])
            return {**members, "isMultiStep": charge.requires_capture}
        case "PAYMENT_CHARGE_DISCARDED" | "PAYMENT_CHARGE_DISCARD_FAILED":
            discard: Operation = event.about
            authorization = charge.authorizations[-1]
            return {
                "discardType": discard.type,
                "authorizationId": authorization.id,
                "amount": {"value": authorization.amount, "currency": charge.currency},
                "merchantDiscardReference": discard.reference,
            }
        case "FUNDS_STATE_CHANGED":
            moved: Operation = event.about
            is_refund = moved.kind == "refunds"
            return {
                "paymentOperationId": moved.id,
                "paymentOperationType": "REFUND" if is_refund else "CAPTURE",
                "fundsState": moved.funds,
                "amount": {"value": moved.amount, "currency": charge.currency},
                "merchantRefundReference": moved.reference if is_refund else None,
            }
        case _:
            return _operation(event.name, charge, event.about or charge.authorizations[-1])


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """The subject is the charge, or the report. Inferred: ppro.report-subject."""
    resource = event.resource
    assert isinstance(resource, Charge | PaymentReport)
    data = reports.report_event(uow, resource) if isinstance(resource, PaymentReport) else _told(event, resource)
    envelope = {
        "specversion": "1.0.2",
        "source": "https://www.ppro.com",
        "datacontenttype": "application/json",
        "id": uow.ids.text(21),
        "type": event.name,
        "subject": resource.id,
        "time": iso_millis(uow.now),
        "data": data,
    }
    body, from_network = orjson.dumps(envelope), resource.webhooks_from_network
    return [Message(event.name, body, resource.webhooks_url, from_network=from_network)]


def _told(event: Event, charge: Charge) -> dict[str, Any]:
    data = {
        "paymentChargeId": charge.id,
        "paymentChargeStatus": charge.state,
        "paymentMethod": charge.payment_method,
        "merchantId": charge.merchant_id,
        "merchantPaymentChargeReference": charge.reference,
        "orderReferenceNumber": (charge.order or {}).get("orderReferenceNumber"),
        "type": event.name,
        **_extra(event, charge),
    }
    return {name: value for name, value in data.items() if value is not None}


TOLERANCE = timedelta(minutes=5)
"""The manual leaves it to the receiver. Source: source 6.4, step 5. Inferred: ppro.signature-tolerance."""


def sign(sending: Sending) -> dict[str, str]:
    """Both signatures, made anew at every attempt: `t` is the real time at which it leaves.

    Settings: `ppro.signatures` = `both`, `current` or `legacy`. Inferred: ppro.signatures.
    """
    settings = sending.workspace.settings_of(PproSettings)
    secret = sending.workspace.account_endpoint("ppro").secret or sending.workspace.credentials["ppro"].get(
        "webhook_secret"
    )
    headers = {"content-type": "application/json", "user-agent": "PPRO-Webhooks"}
    headers.update({name.lower(): str(value) for name, value in settings.webhook_headers.items()})
    if not secret:
        return headers
    secret = sending.secret(secret)
    which = settings.signatures
    if which in ("both", "current"):
        headers["PPRO-Signature"] = signing.ppro_signature(
            secret, sending.body, micros(sending.signature_at) // 1_000_000
        )
    if which in ("both", "legacy"):
        headers["Webhook-Signature"] = signing.webhook_signature(secret, sending.body)
    return headers


def explain(sending: Sending, left: Signed) -> Explained | None:
    """Explains the current signature if the webhook bears one, else the legacy one; None where the endpoint has no secret."""
    account, own = sending.workspace.account_endpoint("ppro"), sending.workspace.credentials["ppro"]
    secret = str(account.secret or own.get("webhook_secret") or "")
    headers = {name.lower(): value for name, value in left.headers.items()}
    others = [value for name, value in own.items() if value != secret] + [own["merchant_id"]]
    name = "webhook_secret" if account.secret is None else "webhooks.ppro.secret"
    current, legacy = headers.get("ppro-signature"), headers.get("webhook-signature")
    if current is not None:
        return explaining.signed_body(
            left.body,
            key=secret,
            key_name=name,
            header="PPRO-Signature",
            received=current,
            encoding="hex",
            t=explaining.part(current, "t"),
            other_times=[f"{explaining.part(current, 't')}000", *sending.other_times(1)],
            other_secrets=others,
        )
    return None if legacy is None else _explain_legacy(left.body, secret, name, legacy, others)


def _explain_legacy(body: bytes, secret: str, name: str, received: str, others: Sequence[object]) -> Explained:
    def based(other: bytes, key: str = secret) -> bytes:
        return other + b"." + key.encode()

    def mistakes() -> Iterator[explaining.Mistake]:
        yield from explaining.of_json(body, based)
        for mistake in explaining.other_keys(secret, others):
            yield replace(mistake, base=body + b"." + (mistake.key or b""))

    values = {"secret": secret, "received": received, "body": body.decode("utf-8", "replace")}
    return Explained(
        steps=(
            explaining.Step("step_bytes", str(len(body)), {"n": len(body)}),
            explaining.Step("ppro_step_legacy", based(body).decode("utf-8", "replace"), {"secret": name}),
            explaining.Step("ppro_step_hash", signing.webhook_signature(secret, body)),
        ),
        base=based(body),
        key=secret.encode(),
        key_name=name,
        digest=lambda key, text: sha256_hex(text),
        received=received,
        programs=programs.with_hash(values, programs.joined("body", "secret"), algorithm="sha256"),
        mistakes=mistakes,
        rebuilt=based,
    )


WEBHOOKS = Webhooks(
    events=EVENTS,
    retry=RETRY,
    render=render,
    sign=sign,
    explain=explain,
    tolerance=TOLERANCE,
    forging=signing.FORGING,
)
