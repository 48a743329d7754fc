"""Requests about refunds, and the refund that answers them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from simulator.engine.known import NoEffect
from simulator.providers.worldline import states
from simulator.providers.worldline.model import Refund
from simulator.providers.worldline.wire.layout import amount_of_money, local_time, present
from simulator.providers.worldline.wire.values import AmountOfMoney, Model, Number, Text


class RefundReferences(Model):
    merchantReference: Annotated[Text, Field(max_length=30)] | None = None
    descriptor: Annotated[Text, Field(max_length=256)] | None = None


class RefundRequest(Model):
    """POST /v1/{merchantId}/payments/{paymentId}/refund"""

    amountOfMoney: AmountOfMoney | None = None
    customer: dict[str, Any] | None = None
    bankRefundMethodSpecificInput: Annotated[dict[str, Any], NoEffect()] | None = None
    refundDate: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$", strict=True), NoEffect()] | None = None
    refundReason: (
        Literal["RETURN", "CORRECTION", "PRE_DISPUTE", "SUBSCRIPTION", "SERVICE_LATE_CANCELLATION", "OTHER"] | None
    ) = None
    refundReferences: RefundReferences | None = None


class ApproveRefundRequest(Model):
    """POST /v1/{merchantId}/refunds/{refundId}/approve"""

    amount: Annotated[Number, Field(ge=1, le=999_999_999_999)] | None = None


def refund(found: Refund) -> dict[str, Any]:
    return {
        "id": found.id,
        "refundOutput": {
            "amountOfMoney": amount_of_money(found.amount, found.currency),
            "references": present({"merchantReference": found.merchant_reference, "paymentReference": "0"}),
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
