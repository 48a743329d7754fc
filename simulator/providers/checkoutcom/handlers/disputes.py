"""Chargebacks: raised by a scenario, answered with evidence or accepted, decided by the bank.

A rule `provider: {dispute: PT1H, verdict: lost}` for the operation `capture` raises one that long after the capture.
Source: docs/providers/checkoutcom.md, source 3.17. Inferred: checkoutcom.disputes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.keys import BASE32
from simulator.providers.checkoutcom.model import Action, Dispute, Payment
from simulator.providers.checkoutcom.rules import entity_of, own_channel
from simulator.providers.checkoutcom.settings import CaptureOptions
from simulator.providers.checkoutcom.wire import disputes as wire
from simulator.providers.checkoutcom.wire import values

TIME_FOR_EVIDENCE = timedelta(days=14)
TIME_FOR_REVIEW = timedelta(days=1)


def foresee(uow: UnitOfWork, payment: Payment) -> None:
    """Arms the dispute of a payment that was just captured, if a scenario wants one."""
    facts = {"amount": payment.amount, "currency": payment.currency, "reference": payment.reference}
    said = uow.options("checkoutcom", CaptureOptions, operation="capture", payment=payment.id, **facts)
    if said.dispute is not None:
        uow.arm(payment, "timer.dispute", after=said.dispute, verdict=said.verdict)


def of(uow: UnitOfWork, payment: Payment, captured_on: datetime, verdict: str = "won") -> Dispute:
    """A new dispute about all that is not refunded, not yet stored."""
    return Dispute(
        id="dsp_" + uow.ids.text(22, BASE32),
        state="evidence_required",
        created_at=uow.now,
        updated_at=uow.now,
        payment_id=payment.id,
        payment_action_id=payment.capture_action_id,
        payment_reference=payment.reference,
        payment_method=payment.source_type,
        payment_processed_on=captured_on,
        processing_channel_id=payment.processing_channel_id,
        amount=payment.refundable or payment.amount,
        currency=payment.currency,
        evidence_required_by=uow.now + TIME_FOR_EVIDENCE,
        verdict="lost" if verdict == "lost" else "won",
    )


def begin(uow: UnitOfWork, payment: Payment, verdict: str) -> None:
    """Begins the dispute and announces `dispute_received`, unless everything has been refunded meanwhile."""
    if payment.refundable > 0:
        capture = uow.get(Action, payment.capture_action_id or "")
        uow.add(of(uow, payment, capture.processed_on, verdict), events=["dispute_received"])


def decide(uow: UnitOfWork, dispute: Dispute) -> None:
    uow.fire(dispute, f"bank.{dispute.verdict}")


def _dispute(call: Call, uow: UnitOfWork) -> Dispute:
    return uow.get(Dispute, call.path["id"], "id")


def list_disputes(call: Call, uow: UnitOfWork) -> Reply:
    """GET /disputes: newest first. The answer begins with the filters that were given."""
    query: wire.DisputesQuery = call.body
    held = [dispute for dispute in uow.every(Dispute) if _holds(dispute, query, own_channel(uow))]
    given = query.model_dump(by_alias=True, exclude_none=True)
    page = held[query.skip : query.skip + query.limit]
    data = [wire.dispute_short(dispute, call.base_url) for dispute in page]
    return Reply(200, {**given, "total_count": len(held), "data": data})


def _holds(dispute: Dispute, query: wire.DisputesQuery, channel: str) -> bool:
    """Whether a dispute passes every filter. It never passes one for what no Alipay dispute has (ARN, merchant category)."""
    exact: dict[str, tuple[str | None, str | None]] = {
        "id": (query.id, dispute.id),
        "payment_id": (query.payment_id, dispute.payment_id),
        "payment_reference": (query.payment_reference, dispute.payment_reference),
        "payment_arn": (query.payment_arn, None),
        "payment_mcc": (query.payment_mcc, None),
    }
    if any(wanted is not None and wanted != own for wanted, own in exact.values()):
        return False
    if query.statuses is not None and dispute.state not in query.statuses.split(","):
        return False
    if query.entity_ids is not None and entity_of(dispute.processing_channel_id) not in query.entity_ids.split(","):
        return False
    if query.sub_entity_ids is not None or (query.this_channel_only and dispute.processing_channel_id != channel):
        return False
    since, until = (values.moment(text) for text in (query.from_, query.to))
    return (since is None or dispute.updated_at >= since) and (until is None or dispute.updated_at <= until)


def get_dispute(call: Call, uow: UnitOfWork) -> Reply:
    dispute = _dispute(call, uow)
    payment = uow.get(Payment, dispute.payment_id)
    entity_id = entity_of(dispute.processing_channel_id)
    return Reply(200, wire.dispute(dispute, entity_id, payment.amount, call.base_url), subject=payment.id)


def accept_dispute(call: Call, uow: UnitOfWork) -> Reply:
    """Raises `IllegalTransition` (403) unless evidence is still required."""
    uow.fire(_dispute(call, uow), "api.accept")
    return Reply(204)


def provide_evidence(call: Call, uow: UnitOfWork) -> Reply:
    """PUT: adds to the evidence that was given before. It is kept until it is submitted."""
    dispute = _dispute(call, uow)
    request: wire.EvidenceRequest = call.body
    uow.amend(dispute, evidence={**(dispute.evidence or {}), **(request.model_extra or {})})
    return Reply(204)


def get_evidence(call: Call, uow: UnitOfWork) -> Reply:
    dispute = _dispute(call, uow)
    if not dispute.evidence:
        raise NotFound("evidence", dispute.id, "id")
    return Reply(200, dispute.evidence)


def submit_evidence(call: Call, uow: UnitOfWork) -> Reply:
    """POST: submits the evidence; the bank decides a day later. Raises `Refused` when there is none."""
    dispute = _dispute(call, uow)
    if not dispute.evidence and dispute.state == "evidence_required":
        raise refused("evidence_required")
    dispute = uow.fire(dispute, "api.submit")
    uow.arm(dispute, "timer.verdict", after=TIME_FOR_REVIEW)
    return Reply(204)
