"""ecommpay's JSON: request models with the documented names, renderers in the documented key order.

The models are checked after a request was accepted: what they refuse is told by callback, not in the answer. Callbacks
contain no null, no float and no long array: official SDKs print and sort those in different ways, and would not all agree
on the signature. Source: reference/ecommpay.md, 2.5, 3, 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

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

from simulator.engine.pages import is_safe_return
from simulator.providers.ecommpay.model import METHOD, PROVIDER_ID, Operation, Payment, Refund, Request

MAX_AMOUNT = 10_000_000_000_000

REQUIRED: dict[str, tuple[str, ...]] = {
    # Without one of these a request is refused at once with 2004; every other fault is told by callback.
    # Source: reference/ecommpay.md, section 3. Inferred: which faults are of the first sort.
    "sale": (
        "general", "general.project_id", "general.payment_id", "general.signature", "customer", "customer.ip_address",
        "payment", "payment.amount", "payment.currency",
    ),
    "refund": ("general", "general.project_id", "general.payment_id", "general.signature"),
    "status": ("general", "general.project_id", "general.payment_id", "general.signature"),
    "clarification": ("general", "general.project_id", "general.payment_id", "general.signature", "additional_data"),
    "payout": ("general", "general.project_id", "general.payment_id", "general.signature"),
    "status.request": ("project_id", "request_id", "signature"),
    "methods": ("project_id", "directions", "signature"),
    "banks": ("general", "general.project_id", "general.payment_id", "general.signature", "payment"),
}  # fmt: skip

DEMANDED: dict[str, tuple[str, ...]] = {
    # What the Alipay article demands beyond that. Known plugins leave some of it out, so it is only noticed.
    "sale": ("return_url.return",),
    "refund": ("payment.description", "customer.ip_address"),
}

CUSTOMER_FIELDS = (
    "id", "ip_address", "first_name", "last_name", "middle_name", "phone", "email", "zip", "country", "city", "state",
    "street", "district", "building", "address", "language", "day_of_birth", "gender",
)  # fmt: skip
"""The members of a customer that are kept. A project may require any of them."""


_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
)


def is_web_address(value: str) -> bool:
    """Whether a callback can be sent there."""
    try:
        parts = urlsplit(value)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # brackets or a port that make no sense
        return False


def _web_address(value: str) -> str:
    if not is_web_address(value):
        raise ValueError("Invalid URL format")
    return value


def _return_address(value: str) -> str:
    if not is_safe_return(value):
        raise ValueError("Invalid URL format")
    return value


def _address(value: str) -> str:
    try:
        ip_address(value)
    except ValueError as error:
        raise ValueError("Invalid IP address") from error
    return value


def _instant(value: str) -> str:
    if best_before(value) is None:
        raise ValueError("Invalid date-time")
    return value


def best_before(value: str) -> datetime | None:
    """Reads `YYYY-MM-DDThh:mm:ss` followed by `±hh`, `±hh:mm`, `±hhmm` or `Z`; None for anything else. Source: section 9.1."""
    if _INSTANT.fullmatch(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # there is no such day or time
        return None


def _whole(value: Any) -> Any:
    """A float without a fraction is an integer in JSON schema; PHP's `round` makes such floats, and plugins send them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digits(value: Any) -> Any:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10
    return int(value) if is_number else value


def _flag(value: Any) -> Any:
    """0 and 1 stand for booleans."""
    return bool(value) if value in (0, 1) and isinstance(value, int) else value


Text = Annotated[str, StringConstraints(max_length=255, strict=True)]
Long = Annotated[str, StringConstraints(max_length=256, strict=True)]
Callback = Annotated[str, StringConstraints(max_length=255, strict=True), AfterValidator(_web_address)]
Return = Annotated[str, StringConstraints(strict=True), AfterValidator(_return_address)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", strict=True)]
Whole = Annotated[StrictInt, BeforeValidator(_whole)]
Amount = Annotated[StrictInt, Field(ge=1, le=MAX_AMOUNT), BeforeValidator(_whole)]
ProjectId = Annotated[StrictInt, BeforeValidator(_digits)]
Flag = Annotated[StrictBool, BeforeValidator(_flag)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,24}$", strict=True)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", strict=True)]
RegionCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{1,3}$", strict=True)]
BillingAddress = Annotated[str, StringConstraints(max_length=512, strict=True)]
Postal = Annotated[str, StringConstraints(max_length=16, strict=True)]
IpAddress = Annotated[str, StringConstraints(max_length=255, strict=True), AfterValidator(_address)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=255, strict=True)]
BirthDay = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9]{2}-[0-9]{4}$", strict=True)]
Instant = Annotated[str, StringConstraints(strict=True), AfterValidator(_instant)]

ABSENT: Any = None
"""A member that may be left out. To send null instead is an error of its type: no schema of this API allows null."""


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)


# Requests ------------------------------------------------------------------------------------------------------


class General(Model):
    project_id: ProjectId
    payment_id: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True)]
    signature: Text
    merchant_callback_url: Callback = ABSENT
    merchant_success_callback_url: Callback = ABSENT
    merchant_decline_callback_url: Callback = ABSENT
    terminal_callback_url: Text = ABSENT
    referrer_url: Text = ABSENT


class Identify(Model):
    doc_number: Text = ABSENT
    doc_type: Text = ABSENT
    doc_issue_date: Text = ABSENT
    doc_issue_by: Text = ABSENT
    doc_issue_country: Text = ABSENT


class Billing(Model):
    country: Country = ABSENT
    region: Text = ABSENT
    region_code: RegionCode = ABSENT
    city: Long = ABSENT
    address: BillingAddress = ABSENT
    postal: Postal = ABSENT


class Customer(Model):
    id: Text = ABSENT
    ip_address: IpAddress = ABSENT
    first_name: Text = ABSENT
    last_name: Text = ABSENT
    middle_name: Text = ABSENT
    phone: Phone = ABSENT
    home_phone: Phone = ABSENT
    work_phone: Phone = ABSENT
    email: Email = ABSENT
    zip: Text = ABSENT
    country: Country = ABSENT
    city: Long = ABSENT
    state: Long = ABSENT
    street: Text = ABSENT
    district: Text = ABSENT
    building: Text = ABSENT
    address: Text = ABSENT
    language: Text = ABSENT
    day_of_birth: BirthDay = ABSENT
    gender: Literal["male", "female"] = ABSENT
    identify: Identify = ABSENT
    billing: Billing = ABSENT


class SalePayment(Model):
    amount: Amount
    currency: Currency
    description: Text = ABSENT
    extra_param: Text = ABSENT
    best_before: Instant = ABSENT
    customer_amount: Amount = ABSENT
    customer_currency: Currency = ABSENT


class ReturnUrl(Model):
    return_: Return = Field(ABSENT, alias="return")
    success: Return = ABSENT
    decline: Return = ABSENT


class CallbackInfo(Model):
    delay: Annotated[StrictInt, Field(ge=0, le=600), BeforeValidator(_whole)] = ABSENT
    force_disable: Flag = ABSENT


class InterfaceType(Model):
    id: Whole = ABSENT
    user: Text = ABSENT


class SaleRequest(Model):
    """POST /v2/payment/wallet/{payment_method}/sale"""

    general: General
    customer: Customer
    payment: SalePayment
    return_url: ReturnUrl = ABSENT
    account: dict[str, Any] = ABSENT
    callback: CallbackInfo = ABSENT
    interface_type: InterfaceType = ABSENT


class RefundPayment(Model):
    amount: Amount = ABSENT
    currency: Currency = ABSENT
    description: Text = ABSENT
    merchant_refund_id: Text = ABSENT


class RefundRequest(Model):
    """POST /v2/payment/wallet/{payment_method}/refund: `general` alone is a full refund"""

    general: General
    customer: Customer = ABSENT
    payment: RefundPayment = ABSENT
    callback: CallbackInfo = ABSENT
    interface_type: InterfaceType = ABSENT


class StatusRequest(Model):
    """POST /v2/payment/status"""

    general: General
    destination: Literal["merchant", "terminal"] = ABSENT


class RequestStatusRequest(Model):
    """POST /v2/payment/status/request"""

    project_id: ProjectId
    request_id: Annotated[str, StringConstraints(max_length=100, strict=True)]
    signature: Text


class ClarificationRequest(Model):
    """POST /v2/payment/clarification"""

    general: General
    additional_data: dict[str, Any]
    interface_type: InterfaceType = ABSENT


class MethodsRequest(Model):
    """POST /v2/info/available_methods_for_merchant/list"""

    project_id: ProjectId
    directions: list[Literal["payin", "payout"]]
    signature: Text
    amount: Amount = ABSENT
    currency: Annotated[str, StringConstraints(pattern=r"^[:_A-Z0-9]{3,27}$", strict=True)] = ABSENT
    payment_method: Text = ABSENT
    show_unavailable_methods_by_rules: Flag = ABSENT
    is_enable_check_by_trusted_pm_user_rules: Flag = ABSENT


# Answers -------------------------------------------------------------------------------------------------------


def date(at: datetime) -> str:
    """ISO 8601 without a colon in the offset, no fraction, always UTC. Source: reference/ecommpay.md, section 9.1."""
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def accepted(request_id: str, project_id: int, payment_id: Any) -> dict[str, Any]:
    """Exactly four members and no signature. It says nothing of the payment's status."""
    return {"status": "success", "request_id": request_id, "project_id": project_id, "payment_id": payment_id}


def sum_of(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


MAX_ERRORS = 10
"""More, and the SDKs of Python and Go would refuse the signature. Source: reference/ecommpay.md, section 2.5."""


def errors_list(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """An `errors` list: the first ten."""
    return list(islice(items, MAX_ERRORS))


def payment_info(payment: Payment, operation: Operation | None = None) -> dict[str, Any]:
    """`payment` in callbacks and in answers about the status. After a refund, `sum` is what remains."""
    info: dict[str, Any] = {
        "id": payment.payment_id,
        "type": "purchase",
        "status": payment.state,
        "date": date(payment.changed_at),
        "method": METHOD,
        "sum": sum_of(payment.amount - payment.refunded, payment.currency),
        "description": payment.description,
    }
    merchant_refund_id = getattr(operation, "merchant_refund_id", None)
    if merchant_refund_id is not None:
        info["merchant_refund_id"] = merchant_refund_id
    return info


def customer_info(customer_id: str) -> dict[str, Any]:
    return {"id": customer_id}


def _provider(operation: Operation) -> dict[str, Any]:
    info: dict[str, Any] = {"id": PROVIDER_ID, "payment_id": operation.provider_payment_id}
    if operation.provider_at is not None:
        info["date"] = date(operation.provider_at)
    info["auth_code"] = ""
    return info


def _operation_head(operation: Operation) -> dict[str, Any]:
    return {
        "id": int(operation.id),
        "type": operation.type,
        "status": operation.state,
        "date": date(operation.updated_at),
        "created_date": date(operation.created_at),
        "request_id": operation.request_id,
        **_sums(operation),
    }


def _sums(operation: Operation) -> dict[str, Any]:
    """The amount that was asked for, if the request said one."""
    if isinstance(operation, Refund) and not operation.has_amount:
        return {}
    money = sum_of(operation.amount, operation.currency)
    return {"sum_initial": money, "sum_converted": dict(money)}


def operation_in_callback(operation: Operation) -> dict[str, Any]:
    return {
        **_operation_head(operation),
        "provider": _provider(operation),
        "code": operation.code,
        "message": operation.message,
    }


def operation_in_status(operation: Operation) -> dict[str, Any]:
    """The same members as in a callback, but the code and message stand before the provider."""
    return {
        **_operation_head(operation),
        "code": operation.code,
        "message": operation.message,
        "provider": _provider(operation),
    }


def callback(payment: Payment, operation: Operation, extra: dict[str, Any]) -> dict[str, Any]:
    """A callback without its signature, which is added later. Source: reference/ecommpay.md, sections 6.4 to 6.9."""
    body: dict[str, Any] = {
        "project_id": payment.project_id,
        "payment": payment_info(payment, operation),
        "customer": customer_info(payment.customer_id),
        "operation": operation_in_callback(operation),
        **extra,
    }
    if operation.errors:
        body["errors"] = errors_list(operation.errors)
    return body


def clarification_fields(payment: Payment) -> dict[str, Any]:
    """The member that names the missing data. Source: reference/ecommpay.md, section 3.6."""
    return {"clarification_fields": payment.missing}


def error_callback(request: Request) -> dict[str, Any]:
    """A request that was accepted and then failed its checks. Source: reference/ecommpay.md, section 6.8."""
    first = request.errors[0]
    is_validation = first["code"] == 2003
    at = date(request.updated_at)
    payment: dict[str, Any] = {
        "id": request.payment_id,
        "type": "purchase",
        "status": "error",
        "date": at,
        "method": request.method,
    }
    operation: dict[str, Any] = {
        "type": request.type,
        "status": "error",
        "date": at,
        "created_date": date(request.created_at),
        "request_id": request.id,
    }
    if request.amount is not None and request.currency is not None:
        payment["sum"] = sum_of(request.amount, request.currency)
        operation["sum_initial"] = sum_of(request.amount, request.currency)
        operation["sum_converted"] = sum_of(request.amount, request.currency)
    payment["description"] = request.description
    operation["code"] = "502" if is_validation else str(first["code"])
    operation["message"] = "Validation error" if is_validation else first["message"]
    return {
        "project_id": request.project_id,
        "payment": payment,
        "customer": customer_info(request.customer_id),
        "operation": operation,
        "errors": errors_list(request.errors),
    }


def status(payment: Payment, operations: list[Operation], extra: dict[str, Any]) -> dict[str, Any]:
    """POST /v2/payment/status. Source: reference/ecommpay.md, section 3.4."""
    body: dict[str, Any] = {
        "project_id": payment.project_id,
        "payment": payment_info(payment),
        "customer": customer_info(payment.customer_id),
        "operations": [operation_in_status(operation) for operation in operations],
        **extra,
    }
    if errors := errors_list(error for operation in operations for error in operation.errors):
        body["errors"] = errors
    return body


def unknown_payment(project_id: int, payment_id: str, error: dict[str, Any]) -> dict[str, Any]:
    """The answer is 200, not 404: its status `error` is about the look-up, not about a payment."""
    return {"project_id": project_id, "payment": {"id": payment_id, "status": "error"}, "errors": [error]}


def _transaction(payment: Payment) -> dict[str, Any]:
    return {"id": payment.transaction_id, "type": "purchase", "date": date(payment.changed_at)}


def request_status(
    request: Request, payment: Payment, operation: Operation, operations: list[Operation]
) -> dict[str, Any]:
    """POST /v2/payment/status/request, for a request that became an operation. Source: section 3.5."""
    body: dict[str, Any] = {
        "request_id": request.id,
        "status": operation.state,
        "transaction": _transaction(payment),
        "payment": {
            "id": payment.payment_id,
            "method": METHOD,
            "result_code": operation.code,
            "result_message": operation.message,
            "date": date(payment.changed_at),
        },
        "customer": customer_info(payment.customer_id),
        "sum_request": sum_of(payment.amount, payment.currency),
        "sum_real": sum_of(payment.amount, payment.currency),
    }
    if payment.refunded:
        body["sum_refund"] = sum_of(payment.refunded, payment.currency)
    body["description"] = payment.description
    body["operations"] = [
        {
            "id": int(each.id),
            "type": each.type,
            "status": each.state,
            "date": date(each.updated_at),
            **({"sum": each_sums["sum_initial"]} if (each_sums := _sums(each)) else {}),
        }
        for each in operations
    ]
    if operation.errors:
        body["errors"] = errors_list(operation.errors)
    return body


def rejected_request(request: Request) -> dict[str, Any]:
    """POST /v2/payment/status/request, for a request that failed its checks."""
    return {"request_id": request.id, "status": "error", "errors": errors_list(request.errors)}


def result_object(payment: Payment, sale: Operation, return_url: str) -> dict[str, Any]:
    """What an event of the JavaScript library carries, without the signature. Source: reference/ecommpay.md, section 3.9.5."""
    money = sum_of(payment.amount, payment.currency)
    at = date(payment.changed_at)
    return {
        "sum_request": money,
        "request_id": sale.request_id,
        "transaction": _transaction(payment),
        "payment": {
            "method": METHOD,
            "date": at,
            "result_code": sale.code,
            "result_message": sale.message,
            "status": payment.state,
            "is_new_attempts_available": False,
            "attempts_timeout": 0,
            "id": payment.payment_id,
            "provider_id": PROVIDER_ID,
        },
        "sum_real": dict(money),
        "customer": customer_info(payment.customer_id),
        "status": sale.state,
        "general": {"project_id": payment.project_id, "payment_id": payment.payment_id},
        "description": payment.description,
        "operations": [
            {
                "id": int(sale.id),
                "type": sale.type,
                "status": sale.state,
                "date": at,
                "created_date": date(sale.created_at),
                "processing_time": at,
                "sum": dict(money),
                "code": sale.code,
                "message": sale.message,
            }
        ],
        "return_url": return_url,
    }


def method_entry(minimum: int, maximum: int) -> dict[str, Any]:
    """One available method; the limits' names contain a space. Source: reference/ecommpay.md, section 3.7."""
    return {"title": METHOD, "direction": "payin", "limits": {"min amount": minimum, "max amount": maximum}}
