"""A capture."""

from __future__ import annotations

from typing import Any

from simulator.providers.worldline.model import Payment
from simulator.providers.worldline.wire.layout import amount_of_money, local_time, present
from simulator.providers.worldline.wire.payments import payment_output, redirect_output


def capture(found: Payment) -> dict[str, Any]:
    """The one capture of an e-wallet payment. Source: source 3.9. Inferred: worldline.captures."""
    return {
        "id": found.id,
        "captureOutput": present(
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
            "isRefundable": found.is_refundable,
            "statusCode": found.code,
            "statusCodeChangeDateTime": local_time(found.changed_at),
        },
    }
