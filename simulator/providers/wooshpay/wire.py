"""WooshPay's JSON: request models with the documented names, renderers in the documented key order.

Unset members are omitted, never null, but for the empty strings of a session and the empty address of a customer.
Unknown members of a request are ignored. Source: reference/wooshpay.md, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from simulator.kernel.clock import millis
from simulator.kernel.money import CURRENCIES
from simulator.providers.wooshpay.model import (
    Charge,
    CheckoutSession,
    Customer,
    PaymentIntent,
    PaymentMethod,
    Price,
    Product,
    Refund,
    StoredEvent,
    rounded_ms,
)

AMOUNT_LIMIT = 10**15
"""The simulator's own ceiling; the provider documents none."""

METHOD_TYPES = (
    "card", "alipayplus", "alipay", "wechat_pay", "sepa_debit", "alipay_hk", "boost", "truemoney", "gcash", "kakaopay",
    "touchngo", "rabbit_line_pay", "dana", "klarna", "ideal", "giropay", "sofort", "eps", "trustly", "bancontact",
    "p24", "unionpay", "fpx", "mcash", "grabpay", "bank_transfer_id", "qris", "promptpay", "ovo", "shopeepay", "upi",
    "boleto", "paynow", "pix", "9pay", "stitch", "bpi", "mobile_money", "momo", "vietcombank", "zalo", "atome", "gopay",
)  # fmt: skip


# Values --------------------------------------------------------------------------------------------------------


def _integer(value: Any) -> Any:
    """An integer, or its digits as text (forms send nothing else)."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) <= 20:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("integer", "Invalid integer: {given}", {"given": str(value)[:100]})
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise PydanticCustomError("boolean", "Invalid boolean: {given}", {"given": str(value)[:100]})
    return value


def _currency(value: Any) -> Any:
    """Lower case is accepted, upper case is answered (inferred)."""
    if not isinstance(value, str):
        raise PydanticCustomError("text", "Invalid string", {})
    if value.upper() not in CURRENCIES:
        raise PydanticCustomError("currency", "Invalid currency: {given}", {"given": value[:20]})
    return value.upper()


def _metadata(value: Any) -> Any:
    """Text to text; numbers and booleans become text (inferred). An empty string clears everything."""
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise PydanticCustomError("object", "Invalid object", {})
    found: dict[str, str] = {}
    for name, item in value.items():
        if isinstance(item, dict | list):
            raise PydanticCustomError("text", "Metadata values must be strings: {name}", {"name": name[:50]})
        found[name] = item if isinstance(item, str) else str(item).lower() if isinstance(item, bool) else str(item)
    return found


def _listed(value: Any) -> Any:
    """`types[]=a` and `types=a` both reach us from forms."""
    return [value] if isinstance(value, str) and value else value


def _method_type(value: Any) -> Any:
    if value not in METHOD_TYPES:
        raise PydanticCustomError("enum", "must be one of {expected}", {"expected": ", ".join(METHOD_TYPES)})
    return value


Text = Annotated[str, StringConstraints(max_length=5000, strict=True)]
Filled = Annotated[str, StringConstraints(min_length=1, max_length=5000, strict=True)]
Integer = Annotated[int, BeforeValidator(_integer)]
Amount = Annotated[int, BeforeValidator(_integer), Field(ge=1, le=AMOUNT_LIMIT)]
Quantity = Annotated[int, BeforeValidator(_integer), Field(ge=1, le=10**6)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Currency = Annotated[str, BeforeValidator(_currency)]
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=200)], Annotated[str, StringConstraints(max_length=5000)]],
    BeforeValidator(_metadata),
]
MethodType = Annotated[str, BeforeValidator(_method_type)]
MethodTypes = Annotated[list[MethodType], BeforeValidator(_listed), Field(min_length=1)]
Id = Filled


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)


# Requests ------------------------------------------------------------------------------------------------------


class Address(Model):
    city: Text | None = None
    country: Text | None = None
    line1: Text | None = None
    line2: Text | None = None
    postal_code: Text | None = None
    state: Text | None = None


class BillingDetails(Model):
    address: Address | None = None
    email: Text | None = None
    name: Text | None = None
    phone: Text | None = None


class Shipping(Model):
    address: Address | None = None
    name: Filled
    phone: Text | None = None


class AlipayOptions(Model):
    """`payment_method_options.alipay`. Source: reference/wooshpay.md, section 7.1 (WAP and ANDROID inferred)."""

    terminal_type: Literal["WEB", "APP", "WAP"] | None = None
    os_type: Literal["IOS", "ANDROID"] | None = None
    client_ip: Text | None = None


class MethodOptions(Model):
    alipay: AlipayOptions | None = None
    alipayplus: AlipayOptions | None = None


class MethodData(Model):
    type: MethodType
    billing_details: BillingDetails | None = None


class IntentFields(Model):
    """What create, update and confirm have in common."""

    payment_method: Id | None = None
    payment_method_data: MethodData | None = None
    payment_method_types: MethodTypes | None = None
    payment_method_options: MethodOptions | None = None
    return_url: Text | None = None
    shipping: Shipping | None = None
    receipt_email: Text | None = None
    setup_future_usage: Literal["on_session", "off_session"] | None = None
    capture_method: Literal["automatic", "manual"] | None = None
    merchant_order_id: Text | None = None
    metadata: Metadata | None = None


class IntentRequest(IntentFields):
    """POST /v1/payment_intents"""

    amount: Amount
    currency: Currency
    confirm: Boolean = False
    description: Text | None = None
    customer: Id | None = None
    confirmation_method: Literal["automatic", "manual"] | None = None
    statement_descriptor: Text | None = None
    statement_descriptor_suffix: Text | None = None


class IntentUpdate(IntentFields):
    """POST /v1/payment_intents/{id}"""

    amount: Amount | None = None
    currency: Currency | None = None
    description: Text | None = None
    customer: Id | None = None
    confirmation_method: Literal["automatic", "manual"] | None = None
    statement_descriptor: Text | None = None
    statement_descriptor_suffix: Text | None = None


class ConfirmRequest(IntentFields):
    """POST /v1/payment_intents/{id}/confirm"""

    client_secret: Text | None = None


class CaptureRequest(Model):
    amount_to_capture: Amount | None = None


class CancelRequest(Model):
    cancellation_reason: Text | None = None


class ProductData(Model):
    name: Filled
    active: Boolean | None = None
    description: Text | None = None
    images: list[Text] | None = None
    metadata: Metadata | None = None
    url: Text | None = None


class PriceData(Model):
    currency: Currency
    unit_amount: Amount
    product: Id | None = None
    product_data: ProductData | None = None
    active: Boolean = False
    lookup_key: Text | None = None
    metadata: Metadata | None = None
    nickname: Text | None = None
    recurring: dict[str, Any] | None = None


class LineItem(Model):
    quantity: Quantity
    price: Id | None = None
    price_data: PriceData | None = None


class PaymentIntentData(Model):
    metadata: Metadata | None = None
    billing_details: BillingDetails | None = None
    shipping: Shipping | None = None
    description: Text | None = None
    capture_method: Literal["automatic", "manual"] | None = None
    setup_future_usage: Literal["on_session", "off_session"] | None = None


class SessionRequest(Model):
    """POST /v1/checkout/sessions"""

    success_url: Filled
    cancel_url: Text | None = None
    mode: Literal["payment", "setup", "subscription"] = "payment"
    payment_method_types: MethodTypes | None = None
    payment_method_options: MethodOptions | None = None
    line_items: Annotated[list[LineItem], Field(min_length=1, max_length=100)]
    client_reference_id: Text | None = None
    customer: Id | None = None
    customer_email: Text | None = None
    metadata: Metadata | None = None
    payment_intent_data: PaymentIntentData | None = None
    billing_address_collection: Literal["auto", "required"] = "auto"
    shipping_address_collection: dict[str, Any] | None = None
    expires_at: Integer | None = None


class Empty(Model):
    pass


class RefundRequest(Model):
    """POST /v1/refunds. `amount` is text in the documentation; integrations send integers: both are accepted."""

    payment_intent: Id | None = None
    charge: Id | None = None
    amount: Amount | None = None
    reason: (
        Literal["duplicate", "fraudulent", "requested_by_customer", "resolved_dispute", "requested_by_merchant"] | None
    ) = None
    metadata: Metadata | None = None


class EndpointRequest(Model):
    """POST /v1/webhook_endpoints"""

    url: Filled
    enabled_events: Annotated[list[Filled], BeforeValidator(_listed), Field(min_length=1, max_length=200)]
    description: Text | None = None
    api_version: Text | None = None
    metadata: Metadata | None = None


class EndpointUpdate(Model):
    """POST /v1/webhook_endpoints/{id}. `disabled` is Stripe's, `status` ours (inferred)."""

    url: Filled | None = None
    enabled_events: Annotated[list[Filled], BeforeValidator(_listed), Field(min_length=1, max_length=200)] | None = None
    description: Text | None = None
    metadata: Metadata | None = None
    disabled: Boolean | None = None
    status: Literal["enabled", "disabled"] | None = None


class MethodRequest(Model):
    """POST /v1/payment_methods"""

    type: MethodType
    billing_details: BillingDetails | None = None
    metadata: Metadata | None = None


class MethodUpdate(Model):
    billing_details: BillingDetails | None = None
    metadata: Metadata | None = None


class AttachRequest(Model):
    customer: Id


class CustomerRequest(Model):
    """POST /v1/customers and POST /v1/customers/{id}: every member is optional."""

    address: Address | None = None
    description: Text | None = None
    email: Text | None = None
    metadata: Metadata | None = None
    name: Text | None = None
    payment_method: Id | None = None
    phone: Text | None = None
    shipping: Shipping | None = None


class ProductRequest(Model):
    name: Filled
    active: Boolean = True
    description: Text | None = None
    images: list[Text] | None = None
    metadata: Metadata | None = None
    url: Text | None = None


class PriceRequest(Model):
    currency: Currency
    unit_amount: Amount
    product: Id | None = None
    product_data: ProductData | None = None
    active: Boolean = True
    lookup_key: Text | None = None
    metadata: Metadata | None = None
    nickname: Text | None = None
    recurring: dict[str, Any] | None = None


class Created(Model):
    """Milliseconds; what is below 10^12 is taken for seconds (inferred)."""

    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class ListQuery(Model):
    limit: Annotated[int, BeforeValidator(_integer), Field(ge=1, le=100)] = 10
    starting_after: Filled | None = None
    ending_before: Filled | None = None
    created: Created | Integer | None = None
    customer: Id | None = None
    payment_intent: Id | None = None
    charge: Id | None = None
    type: Text | None = None


class SearchQuery(Model):
    query: Filled
    limit: Annotated[int, BeforeValidator(_integer), Field(ge=1, le=100)] = 10


# Answers -------------------------------------------------------------------------------------------------------


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _rounded(at: Any) -> int | None:
    return None if at is None else rounded_ms(at)


def payment_intent(intent: PaymentIntent) -> dict[str, Any]:
    return present(
        {
            "id": intent.id,
            "object": "payment_intent",
            "created": rounded_ms(intent.created_at),
            "currency": intent.currency,
            "amount": intent.amount,
            "status": intent.state,
            "customer": intent.customer,
            "description": intent.description,
            "metadata": intent.metadata or None,
            "livemode": intent.livemode,
            "merchant_order_id": intent.merchant_order_id,
            "client_secret": intent.client_secret,
            "last_payment_error": intent.last_payment_error,
            "next_action": intent.next_action,
            "payment_method_types": list(intent.payment_method_types),
            "canceled_at": _rounded(intent.canceled_at),
            "cancellation_reason": intent.cancellation_reason,
            "confirmation_method": intent.confirmation_method,
            "payment_method_options": intent.payment_method_options,
            "shipping": intent.shipping,
            "receipt_email": intent.receipt_email,
            "statement_descriptor": intent.statement_descriptor,
            "statement_descriptor_suffix": intent.statement_descriptor_suffix,
            "return_url": intent.return_url,
            "payment_method": intent.payment_method,
            "capture_method": intent.capture_method,
            "setup_future_usage": intent.setup_future_usage,
            "amount_capturable": intent.amount if intent.state == "requires_capture" else None,
            "amount_received": intent.amount_received,
        }
    )


def checkout_session(session: CheckoutSession, url: str) -> dict[str, Any]:
    """`customer` and `payment_link` are empty strings, `expires_at` is the exact millisecond (seed)."""
    return present(
        {
            "id": session.id,
            "object": "checkout.session",
            "created": rounded_ms(session.created_at),
            "currency": session.currency,
            "customer": session.customer or "",
            "metadata": session.metadata or None,
            "mode": session.mode,
            "livemode": session.livemode,
            "status": session.state,
            "url": None if session.state == "expired" else url,
            "cancel_url": session.cancel_url,
            "client_reference_id": session.client_reference_id,
            "customer_email": session.customer_email,
            "shipping": session.shipping,
            "line_items": {"object": "list", "data": list(session.line_items)},
            "payment_intent": session.payment_intent,
            "payment_method_options": session.payment_method_options,
            "payment_method_types": _as_list(session.payment_method_types),
            "payment_status": session.payment_status,
            "success_url": session.success_url,
            "amount_subtotal": session.amount_total,
            "amount_total": session.amount_total,
            "billing_address_collection": session.billing_address_collection,
            "shipping_address_collection": session.shipping_address_collection,
            "expires_at": millis(session.expires_at),
            "payment_link": "",
            "client_secret": session.client_secret,
        }
    )


def _as_list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def line_item(id_: str, price_: Price, product_: Product, quantity: int) -> dict[str, Any]:
    total = price_.unit_amount * quantity
    return {
        "id": id_,
        "object": "item",
        "currency": price_.currency,
        "description": product_.name,
        "price": price(price_, product(product_)),
        "quantity": quantity,
        "amount_subtotal": total,
        "amount_total": total,
    }


def price(found: Price, embedded: Any = None) -> dict[str, Any]:
    """`embedded` is the whole product, as in a line item; elsewhere the product is its id (inferred)."""
    return present(
        {
            "id": found.id,
            "object": "price",
            "created": rounded_ms(found.created_at),
            "active": found.active,
            "currency": found.currency,
            "metadata": found.metadata or None,
            "nickname": found.nickname,
            "product": embedded or found.product,
            "recurring": found.recurring,
            "type": "recurring" if found.recurring else "one_time",
            "livemode": found.livemode,
            "unit_amount": found.unit_amount,
            "billing_scheme": "per_unit",
            "lookup_key": found.lookup_key,
        }
    )


def product(found: Product) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "product",
            "created": rounded_ms(found.created_at),
            "active": found.active,
            "description": found.description,
            "images": _as_list(found.images),
            "metadata": found.metadata or None,
            "name": found.name,
            "livemode": found.livemode,
            "url": found.url,
            "updated": rounded_ms(found.updated_at),
        }
    )


def refund(found: Refund) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "refund",
            "amount": found.amount,
            "created": rounded_ms(found.created_at),
            "currency": found.currency,
            "metadata": found.metadata or None,
            "payment_intent": found.payment_intent,
            "reason": found.reason,
            "status": found.state,
            "description": found.description,
            "failure_reason": found.failure_reason,
        }
    )


def charge(found: Charge) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "charge",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "amount": found.amount,
            "amount_captured": found.amount_captured,
            "amount_refunded": found.amount_refunded,
            "captured": found.amount_captured > 0,
            "currency": found.currency,
            "customer": found.customer,
            "description": found.description,
            "disputed": False,
            "metadata": found.metadata or None,
            "paid": True,
            "payment_intent": found.payment_intent,
            "payment_method": found.payment_method,
            "payment_method_details": {"type": found.method_type, found.method_type: {}},
            "refunded": found.amount_refunded == found.amount_captured > 0,
            "status": "succeeded",
        }
    )


def payment_method(found: PaymentMethod) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "payment_method",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "customer": found.customer,
            "metadata": found.metadata or None,
            "billing_details": found.billing_details,
            "type": found.type,
            found.type: found.details,
        }
    )


def customer(found: Customer) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "customer",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "address": found.address,
            "description": found.description,
            "email": found.email,
            "metadata": found.metadata or None,
            "name": found.name,
            "phone": found.phone,
            "shipping": found.shipping,
        }
    )


def webhook_endpoint(found: Mapping[str, Any]) -> dict[str, Any]:
    """`secret` is answered on reads too, as the samples show (inferred)."""
    return present(
        {
            "id": found["id"],
            "object": "webhook_endpoint",
            "created": found["created"],
            "livemode": found["livemode"],
            "api_version": found.get("api_version"),
            "description": found.get("description"),
            "metadata": found.get("metadata") or None,
            "secret": found["secret"],
            "status": found["status"],
            "url": found["url"],
            "enabled_events": found["enabled_events"],
        }
    )


def event(found: StoredEvent, api_version: str | None) -> dict[str, Any]:
    """As `GET /v1/events/{id}` answers it."""
    return present(
        {
            "id": found.id,
            "object": "event",
            "api_version": api_version,
            "created": rounded_ms(found.created_at),
            "data": {"object": found.data},
            "livemode": found.livemode,
            "request": found.request,
            "type": found.type,
        }
    )


def delivered_event(found: StoredEvent) -> dict[str, Any]:
    """As it is sent: the same facts in another order. Source: reference/wooshpay.md, section 6.2."""
    return present(
        {
            "id": found.id,
            "object": "event",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "data": {"object": found.data},
            "request": found.request,
            "type": found.type,
        }
    )


def deleted(kind: str, id_: str) -> dict[str, Any]:
    return {"id": id_, "object": kind, "deleted": True}


def listing(url: str, data: list[Any], has_more: bool, kind: str = "list") -> dict[str, Any]:
    return {"object": kind, "url": url, "has_more": has_more, "data": data}
