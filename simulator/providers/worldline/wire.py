"""Worldline Connect's JSON: request models with the documented names, renderers in the documented key order.

Unknown properties of a request are ignored, `null` counts as absent, numbers may come as strings. Absent members of an
answer are omitted, never null; empty arrays stay. Source: reference/worldline.md, sections 2.7, 3 and 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import orjson
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

from simulator.kernel.money import CURRENCIES
from simulator.kernel.refusals import Violation
from simulator.providers.worldline import states
from simulator.providers.worldline.model import HostedCheckout, Payment, Refund
from simulator.providers.worldline.products import COUNTRIES, PRODUCTS, Product, limits

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

_DIGITS = re.compile(r"-?\d{1,18}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _number(value: Any) -> Any:
    """`"100"` counts as 100."""
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) and value.isascii() else value


def _digits_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _printable(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("FIELD_VALIDATION_ERROR: control characters are not allowed")
    return value


Number = Annotated[StrictInt, BeforeValidator(_number)]
Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_printable)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", strict=True)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", strict=True)]
CustomerId = Annotated[Text, Field(max_length=15), BeforeValidator(_digits_as_text)]


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)


# Requests ------------------------------------------------------------------------------------------------------


class AmountOfMoney(Model):
    amount: Annotated[Number, Field(ge=0, le=999_999_999_999)]
    currencyCode: Currency


class Address(Model):
    street: Annotated[Text, Field(max_length=50)] | None = None
    houseNumber: Text | None = None
    additionalInfo: Annotated[Text, Field(max_length=50)] | None = None
    zip: Annotated[Text, Field(max_length=10)] | None = None
    city: Annotated[Text, Field(max_length=40)] | None = None
    state: Annotated[Text, Field(max_length=35)] | None = None
    stateCode: Text | None = None
    countryCode: Country


class ContactDetails(Model):
    emailAddress: Annotated[Text, Field(max_length=70)] | None = None
    emailMessageType: Text | None = None
    phoneNumber: Text | None = None


class PersonalName(Model):
    firstName: Annotated[Text, Field(max_length=15)] | None = None
    surname: Annotated[Text, Field(max_length=70)] | None = None


class PersonalInformation(Model):
    name: PersonalName | None = None
    dateOfBirth: Text | None = None
    gender: Text | None = None


class CustomerDevice(Model):
    acceptHeader: Text | None = None
    ipAddress: Text | None = None
    locale: Text | None = None
    timezoneOffsetUtcMinutes: Text | None = None
    userAgent: Text | None = None


class Customer(Model):
    merchantCustomerId: CustomerId | None = None
    billingAddress: Address
    contactDetails: ContactDetails | None = None
    device: CustomerDevice | None = None
    locale: Text | None = None
    personalInformation: PersonalInformation | None = None


class OrderReferences(Model):
    descriptor: Annotated[Text, Field(max_length=256)] | None = None
    merchantOrderId: Annotated[Number, Field(ge=0, le=9_999_999_999)] | None = None
    merchantReference: Annotated[Text, Field(max_length=30)] | None = None
    providerId: Text | None = None
    providerMerchantId: Text | None = None
    invoiceData: dict[str, Any] | None = None


class Order(Model):
    amountOfMoney: AmountOfMoney
    customer: Customer
    references: OrderReferences | None = None
    items: list[dict[str, Any]] | None = None
    shoppingCart: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    additionalInput: dict[str, Any] | None = None


class RedirectionData(Model):
    returnUrl: Annotated[Text, Field(max_length=512)]
    variant: Text | None = None


class Product861Input(Model):
    mobileDevice: StrictBool | None = None


class RedirectInput(Model):
    """`redirectPaymentMethodSpecificInput` of a payment"""

    paymentProductId: Number
    redirectionData: RedirectionData | None = None
    returnUrl: Annotated[Text, Field(max_length=512)] | None = None
    expirationPeriod: Number | None = None
    recurringPaymentSequenceIndicator: Text | None = None
    requiresApproval: StrictBool | None = None
    isRecurring: StrictBool | None = None
    token: Text | None = None
    tokenize: StrictBool | None = None
    paymentProduct861SpecificInput: Product861Input | None = None


class FraudFields(Model):
    customerIpAddress: Text | None = None


class CreatePaymentRequest(Model):
    """POST /v1/{merchantId}/payments"""

    order: Order
    redirectPaymentMethodSpecificInput: RedirectInput
    fraudFields: FraudFields | None = None
    encryptedCustomerInput: Text | None = None


class ProductFilter(Model):
    groups: list[Text] | None = None
    products: list[Number] | None = None


class ProductFilters(Model):
    exclude: ProductFilter | None = None
    restrictTo: ProductFilter | None = None
    tokensOnly: StrictBool | None = None


class HostedCheckoutSpecificInput(Model):
    isRecurring: StrictBool | None = None
    locale: Annotated[Text, Field(max_length=6)] | None = None
    paymentProductFilters: ProductFilters | None = None
    returnCancelState: StrictBool | None = None
    returnUrl: Annotated[Text, Field(max_length=512)] | None = None
    showResultPage: StrictBool | None = None
    tokens: Text | None = None
    validateShoppingCart: StrictBool | None = None
    variant: Text | None = None


class RedirectInputBase(Model):
    """`redirectPaymentMethodSpecificInput` of a hosted checkout"""

    paymentProductId: Number | None = None
    expirationPeriod: Number | None = None
    recurringPaymentSequenceIndicator: Text | None = None
    requiresApproval: StrictBool | None = None
    token: Text | None = None
    tokenize: StrictBool | None = None


class CreateHostedCheckoutRequest(Model):
    """POST /v1/{merchantId}/hostedcheckouts"""

    order: Order
    hostedCheckoutSpecificInput: HostedCheckoutSpecificInput | None = None
    redirectPaymentMethodSpecificInput: RedirectInputBase | None = None
    fraudFields: FraudFields | None = None


class RefundReferences(Model):
    merchantReference: Annotated[Text, Field(max_length=30)] | None = None
    descriptor: Annotated[Text, Field(max_length=256)] | None = None


class RefundRequest(Model):
    """POST /v1/{merchantId}/payments/{paymentId}/refund"""

    amountOfMoney: AmountOfMoney | None = None
    customer: dict[str, Any] | None = None
    refundDate: Annotated[str, StringConstraints(pattern=r"^\d{8}$", strict=True)] | None = None
    refundReason: (
        Literal["RETURN", "CORRECTION", "PRE_DISPUTE", "SUBSCRIPTION", "SERVICE_LATE_CANCELLATION", "OTHER"] | None
    ) = None
    refundReferences: RefundReferences | None = None


class ApproveRefundRequest(Model):
    """POST /v1/{merchantId}/refunds/{refundId}/approve"""

    amount: Annotated[Number, Field(ge=1, le=999_999_999_999)] | None = None


class SessionFilters(Model):
    exclude: ProductFilter | None = None
    restrictTo: ProductFilter | None = None


class SessionRequest(Model):
    """POST /v1/{merchantId}/sessions"""

    tokens: list[Text] | None = None
    paymentProductFilters: SessionFilters | None = None


class CreateTokenRequest(Model):
    """POST /v1/{merchantId}/tokens"""

    paymentProductId: Number


class Nothing(Model):
    """A call without a body; whatever comes is ignored."""


@cache
def official_types() -> dict[str, Any]:
    """Members and types of the official request schemas, by model; an array has one element, the type of its own."""
    return dict(orjson.loads((Path(__file__).parent / "request_types.json").read_bytes()))


def wrong_types(value: Any, official: Any, path: str = "") -> Iterator[Violation]:
    """Where a body differs from its official types. Unknown members are ignored; numbers may come as strings."""
    if isinstance(official, dict) and isinstance(value, dict):
        for name, member in value.items():
            if name in official:
                yield from wrong_types(member, official[name], f"{path}.{name}" if path else name)
    elif isinstance(official, list) and isinstance(value, list):
        for index, element in enumerate(value):
            yield from wrong_types(element, official[0], f"{path}.{index}")
    elif not _is_of(value, official, path):
        yield Violation(path, "type", given=value)


def _is_of(value: Any, official: Any, path: str) -> bool:
    match official:
        case "string":
            is_number = isinstance(value, int) and not isinstance(value, bool)
            return isinstance(value, str) or (is_number and path.endswith(".merchantCustomerId"))
        case "integer":
            number = _number(value)
            return isinstance(number, int) and not isinstance(number, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return False


def is_currency(code: str) -> bool:
    return code in CURRENCIES


def is_country(code: str) -> bool:
    return code in COUNTRIES


# Layout --------------------------------------------------------------------------------------------------------


def encode(value: Any) -> bytes:
    """Pretty-printed as recorded: three spaces, a blank on both sides of the colon, `[ {` and `} ]`."""
    return _pretty(value, "").encode()


def _pretty(value: Any, indent: str) -> str:
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = indent + "   "
        members = [f"{inner}{_scalar(name)} : {_pretty(member, inner)}" for name, member in value.items()]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list | tuple):
        if not value:
            return "[ ]"
        return "[ " + ", ".join(_pretty(element, indent) for element in value) + " ]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    return orjson.dumps(value).decode()


def local_time(at: datetime) -> str:
    """`statusCodeChangeDateTime`: YYYYMMDDHH24MISS in Amsterdam's local time, without a zone."""
    return at.astimezone(AMSTERDAM).strftime("%Y%m%d%H%M%S")


def event_time(at: datetime) -> str:
    """`created` of a webhook: `2025-10-14T11:27:31.482+0200`."""
    local = at.astimezone(AMSTERDAM)
    return local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}" + local.strftime("%z")


# Answers -------------------------------------------------------------------------------------------------------


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def amount_of_money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currencyCode": currency}


def redirect_output(payment: Payment) -> dict[str, Any]:
    output: dict[str, Any] = {"paymentProductId": payment.product}
    if payment.wallet_used is not None:
        output["paymentProduct866SpecificOutput"] = {"walletUsed": payment.wallet_used}
    return output


def payment_output(payment: Payment) -> dict[str, Any]:
    return _present(
        {
            "amountOfMoney": amount_of_money(payment.amount, payment.currency),
            "references": _present(
                {
                    "merchantReference": payment.merchant_reference,
                    "merchantOrderId": payment.merchant_order_id,
                    "paymentReference": "0",
                    "providerId": payment.provider_id,
                    "providerMerchantId": payment.provider_merchant_id,
                }
            ),
            "amountPaid": payment.amount_paid or None,
            "amountReversed": payment.amount_reversed or None,
            "amountRefunded": payment.amount_refunded or None,
            "amountRefundRequested": payment.amount_refund_requested or None,
            "paymentMethod": "redirect",
            "redirectPaymentMethodSpecificOutput": redirect_output(payment),
        }
    )


def payment_status(payment: Payment) -> dict[str, Any]:
    return _present(
        {
            "errors": list(payment.errors) or None,
            "isCancellable": payment.is_cancellable,
            "statusCategory": states.CATEGORIES[payment.state],
            "statusCode": payment.code,
            "statusCodeChangeDateTime": local_time(payment.changed_at),
            "isAuthorized": payment.state in ("CAPTURED", "PAID", "REFUNDED", "REVERSED"),
            "isRefundable": payment.state == "PAID" and payment.left > 0,
        }
    )


def payment(found: Payment, *, operations: bool = False) -> dict[str, Any]:
    """The payment itself: at the root of GET and of webhooks, under `payment` elsewhere."""
    output = payment_output(found)
    if operations:
        output["operations"] = []
    return _present(
        {
            "id": found.id,
            "hostedCheckoutSpecificOutput": _present(
                {"hostedCheckoutId": found.hosted_checkout_id, "variant": found.variant}
            )
            if found.hosted_checkout_id
            else None,
            "paymentOutput": output,
            "status": found.state,
            "statusOutput": payment_status(found),
        }
    )


def creation_references(found: Payment) -> dict[str, Any]:
    """The merchant's reference twice; without one the order's 20 digits and the payment's 30."""
    return {
        "additionalReference": found.merchant_reference or found.id[:20],
        "externalReference": found.merchant_reference or found.id,
    }


def redirect_url(found: Payment) -> str:
    """Where the consumer goes: the wallet, in place of its own opaque address."""
    wallet = "alipay" if found.product == 861 else "alipayplus"
    return f"{found.origin}/mock/{wallet}/cashier?token={found.order_code}"


def create_payment_response(found: Payment) -> dict[str, Any]:
    return {
        "creationOutput": creation_references(found),
        "merchantAction": {
            "actionType": "REDIRECT",
            "redirectData": {"RETURNMAC": found.returnmac, "redirectURL": redirect_url(found)},
            "showData": [],
        },
        "payment": payment(found),
    }


def payment_error_response(error_id: str, errors: list[dict[str, Any]], found: Payment) -> dict[str, Any]:
    result = {"creationOutput": creation_references(found), "payment": payment(found)}
    return {"errorId": error_id, "errors": errors, "paymentResult": result}


def error_response(error_id: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"errorId": error_id, "errors": errors}


def page_of(name: str, found: list[dict[str, Any]], limit: int, offset: int, total: int) -> dict[str, Any]:
    return {"limit": limit, "offset": offset, name: found, "totalCount": total}


def refund(found: Refund) -> dict[str, Any]:
    return {
        "id": found.id,
        "refundOutput": {
            "amountOfMoney": amount_of_money(found.amount, found.currency),
            "references": _present({"merchantReference": found.merchant_reference, "paymentReference": "0"}),
            "paymentMethod": "redirect",
            "eWalletRefundMethodSpecificOutput": {
                "totalAmountPaid": found.total_paid,
                "totalAmountRefunded": found.total_refunded,
            },
        },
        "status": found.state,
        "statusOutput": {
            "isCancellable": found.is_cancellable,
            "statusCategory": states.CATEGORIES[found.state],
            "statusCode": found.code,
            "statusCodeChangeDateTime": local_time(found.changed_at),
        },
    }


def refund_error_response(error_id: str, errors: list[dict[str, Any]], found: Refund) -> dict[str, Any]:
    return {"errorId": error_id, "errors": errors, "refundResult": refund(found)}


def capture(found: Payment) -> dict[str, Any]:
    """The one capture that an e-wallet payment has once the wallet has confirmed (inferred: section 3.9)."""
    return {
        "id": found.id,
        "captureOutput": _present(
            {
                "amountOfMoney": amount_of_money(found.amount, found.currency),
                "references": payment_output(found)["references"],
                "amountPaid": found.amount_paid or None,
                "paymentMethod": "redirect",
                "redirectPaymentMethodSpecificOutput": redirect_output(found),
            }
        ),
        "status": found.state,
        "statusOutput": {
            "isRefundable": found.state == "PAID" and found.left > 0,
            "statusCode": found.code,
            "statusCodeChangeDateTime": local_time(found.changed_at),
        },
    }


def partial_redirect_url(found: HostedCheckout) -> str:
    """Without a scheme: the merchant puts `https://payment.` (here `http://`) before it."""
    return f"{found.origin.partition('://')[2]}{page_path(found)}"


def page_path(found: HostedCheckout) -> str:
    return f"/checkout/{found.token}"


def create_hosted_checkout_response(found: HostedCheckout) -> dict[str, Any]:
    return {
        "RETURNMAC": found.returnmac,
        "hostedCheckoutId": found.id,
        "partialRedirectUrl": partial_redirect_url(found),
    }


def hosted_checkout(found: HostedCheckout, created: Payment | None) -> dict[str, Any]:
    """`createdPaymentOutput` comes before `status`."""
    if created is None:
        return {"status": found.state}
    output = {
        "payment": payment(created),
        "paymentCreationReferences": creation_references(created),
        "paymentStatusCategory": states.PAYMENT_STATUS_CATEGORIES.get(created.state, "SUCCESSFUL"),
    }
    return {"createdPaymentOutput": output, "status": found.state}


def product(found: Product, currency: str) -> dict[str, Any]:
    minimum, maximum = limits(currency)
    return {
        "allowsInstallments": False,
        "allowsRecurring": False,
        "allowsTokenization": False,
        "autoTokenized": False,
        "deviceFingerprintEnabled": False,
        "displayHints": {"displayOrder": found.display_order, "label": found.label, "logo": found.logo},
        "fields": [],
        "id": found.id,
        "maxAmount": maximum,
        "minAmount": minimum,
        "mobileIntegrationLevel": "BASIC_SUPPORT",
        "paymentMethod": "redirect",
        "usesRedirectionTo3rdParty": True,
    }


def products(found: list[int], currency: str) -> dict[str, Any]:
    return {"paymentProducts": [product(PRODUCTS[id_], currency) for id_ in found]}


def session(base_url: str, session_id: str, customer_id: str, invalid_tokens: list[str]) -> dict[str, Any]:
    return _present(
        {
            "assetUrl": f"{base_url}/",
            "clientApiUrl": f"{base_url}/client",
            "clientSessionId": session_id,
            "customerId": customer_id,
            "invalidTokens": invalid_tokens or None,
            "region": "EU",
        }
    )


FIND_WINDOW = timedelta(days=42)
