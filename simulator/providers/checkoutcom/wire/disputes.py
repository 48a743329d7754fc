"""Disputes and their evidence. Source: docs/providers/checkoutcom.md, sources 3.17 and 6.3."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.model import Dispute
from simulator.providers.checkoutcom.wire.fields import (
    FilterText,
    LongPageLimit,
    Model,
    Moment,
    QueryFlag,
    Skip,
    Text1024,
)
from simulator.providers.checkoutcom.wire.values import instant, link, present


class DisputesQuery(Model):
    """GET /disputes"""

    limit: LongPageLimit = 50
    skip: Skip = 0
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None
    id: FilterText | None = None
    entity_ids: Text1024 | None = None
    sub_entity_ids: Text1024 | None = None
    statuses: Text1024 | None = None
    payment_id: FilterText | None = None
    payment_reference: FilterText | None = None
    payment_arn: FilterText | None = None
    payment_mcc: FilterText | None = None
    this_channel_only: QueryFlag | None = None


EVIDENCE = (
    "proof_of_delivery_or_service",
    "invoice_or_receipt",
    "invoice_showing_distinct_transactions",
    "customer_communication",
    "refund_or_cancellation_policy",
    "recurring_transaction_agreement",
    "additional_evidence",
)
_EVIDENCE_MEMBERS = frozenset(f"{name}_{kind}" for name in EVIDENCE for kind in ("file", "text"))


class EvidenceRequest(BaseModel):
    """PUT /disputes/{id}/evidence: for each kind an id (`<kind>_file`) and a text (`<kind>_text`).

    A text has at most 500 characters. Inferred: checkoutcom.disputes.
    """

    model_config = ConfigDict(extra="allow", defer_build=True)
    ALSO_KNOWN: ClassVar[frozenset[str]] = _EVIDENCE_MEMBERS

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        if isinstance(value, dict):
            value = {name: text for name, text in value.items() if name in _EVIDENCE_MEMBERS and text is not None}
            if any(not isinstance(text, str) or len(text) > 500 for text in value.values()):
                raise Unfit("evidence_invalid")
            if not value:
                raise Unfit("evidence_required")
        return value


def dispute_event(dispute: Dispute, entity_id: str) -> dict[str, Any]:
    """`data` of a dispute's webhook. Source: source 6.3."""
    return present(
        {
            "id": dispute.id,
            "category": dispute.category,
            "amount": dispute.amount,
            "currency": dispute.currency,
            "reason_code": dispute.reason_code,
            "payment_id": dispute.payment_id,
            "payment_reference": dispute.payment_reference,
            "payment_method": dispute.payment_method,
            "evidence_required_by": instant(dispute.evidence_required_by),
            "received_on": instant(dispute.created_at),
            "last_update": instant(dispute.updated_at),
            "entity_id": entity_id,
        }
    )


def dispute_short(dispute: Dispute, base: str) -> dict[str, Any]:
    return present(
        {
            "id": dispute.id,
            "category": dispute.category,
            "status": dispute.state,
            "amount": dispute.amount,
            "currency": dispute.currency,
            "reason_code": dispute.reason_code,
            "payment_id": dispute.payment_id,
            "payment_action_id": dispute.payment_action_id,
            "payment_reference": dispute.payment_reference,
            "payment_method": dispute.payment_method,
            "evidence_required_by": instant(dispute.evidence_required_by),
            "received_on": instant(dispute.created_at),
            "last_update": instant(dispute.updated_at),
            "_links": {"self": link(f"{base}/disputes/{dispute.id}")},
        }
    )


def dispute(dispute: Dispute, entity_id: str, payment_amount: int, base: str) -> dict[str, Any]:
    own = f"{base}/disputes/{dispute.id}"
    paid = {
        "id": dispute.payment_id,
        "action_id": dispute.payment_action_id,
        "processing_channel_id": dispute.processing_channel_id,
        "amount": payment_amount,
        "currency": dispute.currency,
        "method": dispute.payment_method,
        "processed_on": instant(dispute.payment_processed_on),
    }
    links = {"self": link(own), "evidence": link(f"{own}/evidence") if dispute.evidence else None}
    return {
        "id": dispute.id,
        "entity_id": entity_id,
        "category": dispute.category,
        "amount": dispute.amount,
        "currency": dispute.currency,
        "reason_code": dispute.reason_code,
        "status": dispute.state,
        "relevant_evidence": list(EVIDENCE),
        "evidence_required_by": instant(dispute.evidence_required_by),
        "received_on": instant(dispute.created_at),
        "last_update": instant(dispute.updated_at),
        "payment": present(paid),
        "_links": present(links),
    }
