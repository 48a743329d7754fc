"""Answers and callbacks, in the documented key order.

Callbacks contain no null, no float and no long array: official SDKs print and sort those in different ways, and would not all
agree on the signature. Source: docs/providers/ecommpay.md, sources 2.5, 3 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from simulator.providers.ecommpay.model import METHOD, PROVIDER_ID, Operation, Payment, Refund, Request


def date(at: datetime) -> str:
    """ISO 8601 without a colon in the offset, no fraction, always UTC. Source: docs/providers/ecommpay.md, source 9.1."""
    return at.isoformat(timespec="seconds")[:19] + "+0000"


def accepted(request_id: str, project_id: int, payment_id: Any) -> dict[str, Any]:
    """Exactly four members and no signature. It says nothing of the payment's status."""
    return {"status": "success", "request_id": request_id, "project_id": project_id, "payment_id": payment_id}


def sum_of(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


MAX_ERRORS = 10
"""More, and the SDKs of Python and Go would refuse the signature. Source: docs/providers/ecommpay.md, source 2.5."""


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
    return {"sum_initial": money, "sum_converted": dict(money)}  # Inferred: ecommpay.converted-sum


def operation_in_callback(operation: Operation) -> dict[str, Any]:
    return {
        **_operation_head(operation),
        "provider": _provider(operation),
        "code": operation.code,
        "message": operation.message,
    }


def operation_in_status(operation: Operation) -> dict[str, Any]:
    """An operation in the answer to a status request: the members of a callback, but with code and message before the provider."""
    return {
        **_operation_head(operation),
        "code": operation.code,
        "message": operation.message,
        "provider": _provider(operation),
    }


def callback(payment: Payment, operation: Operation, extra: dict[str, Any]) -> dict[str, Any]:
    """A callback without its signature, which is added later. Source: docs/providers/ecommpay.md, sources 6.4 to 6.9."""
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
    """The member that names the missing data. Source: docs/providers/ecommpay.md, source 3.6."""
    return {"clarification_fields": payment.missing}


def error_callback(request: Request) -> dict[str, Any]:
    """A request that was accepted and then failed its checks. Source: docs/providers/ecommpay.md, source 6.8."""
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
    """POST /v2/payment/status. Source: docs/providers/ecommpay.md, source 3.4."""
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
    """POST /v2/payment/status/request, for a request that became an operation. Source: source 3.5."""
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
    """What an event of the JavaScript library carries, without the signature. Source: docs/providers/ecommpay.md, source 3.9.5."""
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
    """One available method; the limits' names contain a space. Source: docs/providers/ecommpay.md, source 3.7."""
    return {"title": METHOD, "direction": "payin", "limits": {"min amount": minimum, "max amount": maximum}}
