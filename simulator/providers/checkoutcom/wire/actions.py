"""Actions of a payment: those that are asked for, such as refunds, and captures, which come by themselves.

Source: docs/providers/checkoutcom.md, sources 3.4 to 3.8.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StrictStr

from simulator.engine.known import NoEffect
from simulator.providers.checkoutcom.model import Action
from simulator.providers.checkoutcom.wire.fields import AmountOrAll, Ignored, Metadata, Model, Text80
from simulator.providers.checkoutcom.wire.values import instant, link, present


class ActionRequest(Model):
    """The body of voids, authorizations and cancellations, and what others have in common with it."""

    amount: AmountOrAll | None = None
    reference: Text80 | None = None
    metadata: Metadata | None = None


class RefundRequest(ActionRequest):
    """POST /payments/{id}/refunds. Without `amount`: all that is left."""

    capture_action_id: StrictStr | None = None
    amount_allocations: Ignored = None
    destination: Ignored = None
    items: Ignored = None


class ReversalRequest(ActionRequest):
    """POST /payments/{id}/reversals"""

    amount: (
        Annotated[AmountOrAll, NoEffect("has no effect on a reversal, which gives back all that is left")] | None
    ) = None


class CaptureRequest(ActionRequest):
    """POST /payments/{id}/captures, which Alipay does not have: the documented members are known, and nobody reads them."""

    capture_type: Literal["NonFinal", "Final"] | None = None
    customer: Any = None
    description: Any = None
    billing_descriptor: Any = None
    shipping: Any = None
    items: Any = None
    marketplace: Any = None
    amount_allocations: Any = None
    processing: Any = None


def short_action(action: Action) -> dict[str, Any]:
    members = {"id": action.id, "type": action.type, "response_code": action.response_code}
    return present(members | {"response_summary": action.response_summary})


def action(action: Action) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": action.id,
        "type": action.type,
        "processed_on": instant(action.processed_on),
        "amount": action.amount,
        "approved": action.approved,
        "response_code": action.response_code,
        "response_summary": action.response_summary,
        "reference": action.reference,
        "processing": processing_of(action) or None,
        "metadata": action.metadata,
    }
    return {name: value for name, value in found.items() if value is not None or name == "approved"}


def processing_of(action: Action) -> dict[str, Any]:
    return present(
        {
            "acquirer_transaction_id": action.acquirer_transaction_id,
            "acquirer_reference_number": action.acquirer_reference_number,
        }
    )


def action_accepted(action: Action, base: str, action_type: str | None = None) -> dict[str, Any]:
    """The 202 of a refund, or of a reversal with its `action_type`."""
    return present(
        {
            "action_id": action.id,
            "reference": action.reference,
            "action_type": action_type,
            "_links": {"payment": link(f"{base}/payments/{action.payment_id}")},
        }
    )
