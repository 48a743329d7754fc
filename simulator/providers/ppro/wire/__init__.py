"""PPRO's JSON: request models with the documented names, renderers in the documented key order.

Absent members are omitted, never null; unknown members of a request are ignored. Source: docs/providers/ppro.md, source 3.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from simulator.engine.validation import Unfit
from simulator.kernel.clock import iso_millis, parse_instant
from simulator.kernel.money import CURRENCIES
from simulator.providers.ppro.model import Charge, Instrument, Operation


def _is_date(text: str) -> str:
    try:
        date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError as error:
        raise Unfit("must be a date (YYYY-MM-DD)") from error
    return text


def _is_ip(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise Unfit("must be an IP address") from error
    return text


def _is_instant(text: str) -> str:
    try:
        parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise Unfit("must be an instant like 2025-06-21T10:20:00.000Z") from error
    return text


def _whole(value: Any) -> Any:
    """JSON Schema, and so OpenAPI 3.1, counts 1000.0 among the integers. Inferred: ppro.amounts-as-text."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_currency(text: str) -> str:
    if text not in CURRENCIES:
        raise Unfit("must be a currency of ISO 4217")  # Inferred: ppro.iso-currency
    return text


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

INT32, INT64 = 2**31 - 1, 2**63 - 1

Text = Annotated[str, StringConstraints(max_length=512, strict=True)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=512, strict=True)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", strict=True)]
Date = Annotated[str, StringConstraints(strict=True), AfterValidator(_is_date)]
Instant = Annotated[str, StringConstraints(max_length=64, strict=True), AfterValidator(_is_instant)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=512, strict=True)]
Integer32 = Annotated[StrictInt, Field(ge=-INT32 - 1, le=INT32), BeforeValidator(_whole)]
Integer64 = Annotated[StrictInt, Field(ge=-INT64 - 1, le=INT64), BeforeValidator(_whole)]
Amount = Annotated[StrictInt, Field(ge=1, le=INT64), BeforeValidator(_whole)]
Labels = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=50)], Annotated[str, StringConstraints(max_length=200, strict=True)]
    ],
    Field(max_length=50),
]
OperationLabels = dict[Annotated[str, StringConstraints(max_length=512)], Text]

WEBHOOKS_URL = re.compile(r"(https?)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]")


class Model(BaseModel):
    """Unknown members are ignored, and `null` counts as absent. Inferred: ppro.unread-members."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    def sent(self) -> dict[str, Any]:
        """Only the members that were sent, in the order of the documented schema."""
        return self.model_dump(exclude_none=True, exclude_unset=True)


# Requests ------------------------------------------------------------------------------------------------------


class AmountOfMoney(Model):
    value: Integer64
    """Minor units. Zero and less are well-formed, but refused with 422."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", strict=True), AfterValidator(_is_currency)]


class Client(Model):
    ip: Annotated[Text, AfterValidator(_is_ip)] | None = None
    userAgent: Annotated[str, StringConstraints(max_length=500, strict=True)] | None = None


class Address(Model):
    firstName: Text | None = None
    lastName: Text | None = None
    phoneNumber: Text | None = None
    street: Text | None = None
    postalCode: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Country | None = None


class Profile(Model):
    createdDate: Date | None = None
    firstOrderDate: Date | None = None
    lastOrderDate: Date | None = None
    lifetimeOrderCount: Integer64 | None = None
    lifetimeOrderValue: Integer64 | None = None
    lifetimeCanceledOrderCount: Integer64 | None = None


class Consumer(Model):
    name: Text | None = None
    email: Email | None = None
    phone: Text | None = None
    birthDate: Date | None = None
    country: Country
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}-[A-Z]{2}$", max_length=5, strict=True)] | None = None
    client: Client | None = None
    taxIdentification: Text | None = None
    merchantConsumerReference: Text | None = None
    billingAddress: Address | None = None
    profile: Profile | None = None


class OrderItem(Model):
    sku: Text | None = None
    category: Text | None = None
    subCategory: Text | None = None
    name: Name
    quantity: Integer32
    amount: Integer64


class InstallmentPlan(Model):
    numberOfInstallments: Integer32
    feePaidBy: Literal["MERCHANT", "CONSUMER"] | None = None


class IndustryData(Model):
    """`details` is kept and echoed as it came, since the simulator does nothing with it."""

    details: dict[str, Any]
    type: Literal["AIRLINE", "EDUCATION", "TRAVEL"]


class Order(Model):
    orderItems: list[OrderItem] | None = None
    shippingMethod: (
        Literal["VIRTUAL", "TRACKED_DELIVERY", "UNTRACKED_DELIVERY", "IN_STORE_PICKUP", "LOCKER_PICKUP", "HYBRID"]
        | None
    ) = None
    shippingAddress: Address | None = None
    industryData: list[IndustryData] | None = None
    orderReferenceNumber: Text | None = None
    totalTaxAmount: Integer64 | None = None
    installmentPlan: InstallmentPlan | None = None


class Settings(Model):
    """The members that the simulator reads. Members of other flows are kept and echoed as they came."""

    model_config = ConfigDict(extra="allow")
    KEEPS_OTHERS: ClassVar[bool] = True

    returnUrl: Text | None = None
    scanBy: Instant | None = None
    verificationCode: Text | None = None
    mobileIntentUri: Text | None = None
    instrumentProviderIdentity: Text | None = None
    preference: Literal["CHALLENGE", "FRICTIONLESS"] | None = None


class AuthenticationSetting(Model):
    type: Literal["REDIRECT", "SCAN_CODE", "MULTI_FACTOR", "APP_INTENT", "APP_NOTIFICATION", "3DS", "EXTERNAL_3DS"]
    settings: Settings | None = None


class InstrumentInput(Model):
    """POST and PUT /v1/payment-instruments"""

    type: Literal[
        "AMAZON_PAY",
        "BANCONTACT_ACCOUNT",
        "BANK_ACCOUNT",
        "CARD_NETWORK_TOKEN",
        "KLARNA_ACCOUNT",
        "MOCK",
        "PASSTHROUGH_WALLET",
        "TWINT_WALLET",
        "UPI_AUTOPAY",
        "RAW_CARD",
    ]
    details: dict[str, Any] | None = None


class ChargedInstrument(Model):
    """The instrument of a charge. It takes fewer types than /v1/payment-instruments."""

    type: Literal["BANCONTACT_ACCOUNT", "BANK_ACCOUNT", "CARD_NETWORK_TOKEN", "MOCK", "PASSTHROUGH_WALLET", "RAW_CARD"]
    details: dict[str, Any] | None = None


class ChargeRequest(Model):
    """POST /v1/payment-charges"""

    paymentMethod: Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[A-Z0-9_]+$", strict=True)]
    paymentMedium: Literal["ECOMMERCE", "MOTO", "POS"] | None = None
    paymentDescriptor: Text | None = None
    initiator: Literal["CONSUMER", "MERCHANT"] | None = None
    scheduleType: Literal["UNSCHEDULED", "SCHEDULED", "SCHEDULED_RETRY", "RECURRING"] | None = None
    instrumentId: Text | None = None
    instrument: ChargedInstrument | None = None
    initialSchemeAuthorizationReference: Text | None = None
    initialTransactionLinkReference: Text | None = None
    amount: AmountOfMoney
    consumer: Consumer
    order: Order | None = None
    merchantPaymentChargeReference: Text | None = None
    authenticationSettings: list[AuthenticationSetting] | None = None
    autoCapture: StrictBool | None = None
    webhooksUrl: Text | None = None
    labels: Labels | None = None


class AuthenticationDetails(Model):
    verificationCode: Text | None = None
    instrumentProviderIdentity: Text | None = None


class AuthenticationResult(Model):
    type: Text | None = None
    details: AuthenticationDetails


class ConfirmRequest(Model):
    """POST /v1/payment-charges/{id}/authorizations"""

    authenticationResult: AuthenticationResult


class CaptureRequest(Model):
    """POST /v1/payment-charges/{id}/captures"""

    amount: Amount
    merchantCaptureReference: Text | None = None
    labels: OperationLabels | None = None


class VoidRequest(Model):
    """POST /v1/payment-charges/{id}/voids"""

    amount: Amount
    merchantVoidReference: Text | None = None
    labels: OperationLabels | None = None


class RefundRequest(Model):
    """POST /v1/payment-charges/{id}/refunds"""

    amount: Amount
    merchantRefundReference: Text | None = None
    refundReason: Literal["RETURN", "DUPLICATE", "FRAUD", "CUSTOMER_REQUEST", "PRE_DISPUTE", "OTHER"] | None = None
    refundDescriptor: Text | None = None
    labels: OperationLabels | None = None


class DiscardRequest(Model):
    """POST /v1/payment-charges/{id}/discards. Inferred: ppro.discards."""

    merchantDiscardReference: Text | None = None


# Answers -------------------------------------------------------------------------------------------------------


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _time(operation: Operation) -> dict[str, Any]:
    return {"createdAt": iso_millis(operation.created_at), "updatedAt": iso_millis(operation.updated_at)}


def authorization(charge: Charge, operation: Operation) -> dict[str, Any]:
    return _present(
        {
            "id": operation.id,
            "amount": operation.amount,
            "status": operation.status,
            "merchantPaymentChargeReference": charge.reference,
            "failure": operation.failure,
            **_time(operation),
        }
    )


def capture(charge: Charge, operation: Operation) -> dict[str, Any]:
    return _present(
        {
            "id": operation.id,
            "amount": operation.amount,
            "status": operation.status,
            "merchantCaptureReference": operation.reference,
            "failure": operation.failure,
            **_time(operation),
            "labels": operation.labels,
        }
    )


def refund(charge: Charge, operation: Operation) -> dict[str, Any]:
    return _present(
        {
            "id": operation.id,
            "amount": operation.amount,
            "status": operation.status,
            "merchantRefundReference": operation.reference,
            "refundReason": operation.refund_reason,
            "refundDescriptor": operation.refund_descriptor,
            "failure": operation.failure,
            **_time(operation),
            "labels": operation.labels,
        }
    )


def void(charge: Charge, operation: Operation) -> dict[str, Any]:
    return _present(
        {
            "id": operation.id,
            "amount": operation.amount,
            "status": operation.status,
            "merchantVoidReference": operation.reference,
            "failure": operation.failure,
            **_time(operation),
            "labels": operation.labels,
        }
    )


def discard(charge: Charge, operation: Operation) -> dict[str, Any]:
    return _present(
        {
            "id": operation.id,
            "status": operation.status,
            "merchantDiscardReference": operation.reference,
            "type": operation.type,
            "failure": operation.failure,
            **_time(operation),
        }
    )


OPERATIONS = {
    "authorizations": authorization,
    "captures": capture,
    "refunds": refund,
    "discards": discard,
    "voids": void,
}


def links(charge: Charge) -> dict[str, Any]:
    names = ("authorizations", "captures", "refunds", "discards", "voids")
    return {name: {"href": f"/v1/payment-charges/{charge.id}/{name}"} for name in names}


def charge_link(charge: Charge) -> dict[str, Any]:
    return {"payment_charge": {"href": f"/v1/payment-charges/{charge.id}"}}


def alone(charge: Charge, operation: Operation) -> dict[str, Any]:
    """An operation as an answer of its own: with `_links`, which it does not have within its charge."""
    return {**OPERATIONS[operation.kind](charge, operation), "_links": charge_link(charge)}


def authenticator_url(charge: Charge) -> str:
    own = f"{charge.origin}/default/authenticator.html?payment-charge-id={charge.id}"
    return f"{own}&workspace={charge.twin_in}" if charge.twin_in else own


def code_image_path(charge: Charge) -> str:
    own = f"/default/v0/authenticator/payment/{charge.id}/qr.png"
    return f"{own}?workspace={charge.twin_in}" if charge.twin_in else own


def code_payload(charge: Charge) -> str:
    """What the QR code holds: the address of the page, so that any phone's camera can be the mock scanner.

    Inferred: ppro.code-payload.
    """
    own = authenticator_url(charge)
    return own if charge.authentication_types[:1] == ("SCAN_CODE",) else f"{own}&type=SCAN_CODE"


def authentication_method(charge: Charge, type_: str) -> dict[str, Any]:
    """One way for the consumer to authenticate. `details` stands before `type`, as documented."""
    if type_ == "REDIRECT":
        return {"details": {"requestUrl": authenticator_url(charge), "requestMethod": "GET"}, "type": type_}
    if type_ == "SCAN_CODE":
        details = {
            "codeType": "QR",
            "codeImage": f"{charge.origin}{code_image_path(charge)}",
            "codePayload": code_payload(charge),
            "scanBy": charge.scan_by,
        }
        return {"details": _present(details), "type": type_}
    return {"details": {}, "type": type_}


def authentication_methods(charge: Charge) -> list[dict[str, Any]] | None:
    return [authentication_method(charge, type_) for type_ in charge.authentication_types] or None


def payment_charge(charge: Charge) -> dict[str, Any]:
    """Source: docs/providers/ppro.md, source 3.2. Inferred: ppro.member-order, ppro.charge-failure."""
    return _present(
        {
            "id": charge.id,
            "paymentMethod": charge.payment_method,
            "paymentMedium": charge.payment_medium,
            "initiator": charge.initiator,
            "scheduleType": charge.schedule_type,
            "instrumentId": charge.instrument_id,
            "currency": charge.currency,
            "country": charge.country,
            "paymentDescriptor": charge.payment_descriptor,
            "status": charge.state,
            "consumer": charge.consumer,
            "order": charge.order,
            "failure": charge.failure,
            "authenticationMethods": authentication_methods(charge),
            "authorizations": [authorization(charge, op) for op in charge.authorizations],
            "captures": [capture(charge, op) for op in charge.captures],
            "refunds": [refund(charge, op) for op in charge.refunds],
            "discards": [discard(charge, op) for op in charge.discards],
            "voids": [void(charge, op) for op in charge.voids],
            "createdAt": iso_millis(charge.created_at),
            "updatedAt": iso_millis(charge.updated_at),
            "labels": charge.labels,
            "_links": links(charge),
        }
    )


def operations(charge: Charge, kind: str) -> dict[str, Any]:
    return {"data": [alone(charge, op) for op in charge.operations(kind)], "_links": charge_link(charge)}


def funds_statuses(charge: Charge) -> list[dict[str, Any]]:
    """A bare array with an element for each capture and each refund."""
    captures = [_funds("CAPTURE", op, {"merchantPaymentChargeReference": charge.reference}) for op in charge.captures]
    return captures + [_funds("REFUND", op, {"merchantRefundReference": op.reference}) for op in charge.refunds]


def _funds(type_: str, operation: Operation, reference: dict[str, Any]) -> dict[str, Any]:
    """Where the money of a capture or refund is. Until settlement has reported, it is waited for, unless the operation has
    failed. Inferred: ppro.funds-waiting."""
    expected = "NOT_EXPECTED" if operation.status == "FAILED" else "WAITING"
    return _present(
        {
            "operationId": operation.id,
            "operationType": type_,
            "fundsStatus": operation.funds or f"{type_}_FUNDS_{expected}",
            **reference,
        }
    )


def instrument(found: Instrument) -> dict[str, Any]:
    return _present({"id": found.id, "type": found.type, "details": found.details})
