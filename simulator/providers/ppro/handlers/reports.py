"""Payment reports: asking for one, reading it, what the clock does to it. Source: docs/providers/ppro.md, sources 12.1, 12.2."""

from __future__ import annotations

from datetime import timedelta

from simulator.engine import settling
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import changed
from simulator.engine.rules import SettlementEffect
from simulator.engine.scenarios import Effect
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import parse_instant
from simulator.kernel.refusals import Invalid, NotFound, Violation
from simulator.providers.ppro import failures, reports, rules
from simulator.providers.ppro.handlers.operations import is_own
from simulator.providers.ppro.model import PaymentReport, new_id
from simulator.providers.ppro.storage import LIFETIME
from simulator.providers.ppro.wire import reports as wire

PROCESSING = timedelta(seconds=60)
""""A few minutes" at the provider. Inferred: ppro.report-times."""

LONGEST = timedelta(days=31)
"""The longest range of a report by the newer pages of the manual; an older one has six months. Inferred: ppro.report-range."""

FAILURE = failures.failure("INTERNAL_ERROR/INTERNAL_PROCESSING_ERROR", "Report generation failed")
"""Inferred: ppro.report-failed."""

FAULTS = ("late", "failed", "row_missing", "amount_differs")
"""What a scenario can do to a report of operations, which has neither fees nor totals."""


def create_report(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment-reports: the operations of one type, of one merchant, in at most 31 days. Raises `Invalid` (400)."""
    request: wire.ReportRequest = call.body
    if request.webhooksUrl is not None:
        rules.check_webhooks_url(call, request.webhooksUrl)
    start, end = parse_instant(request.startDate), parse_instant(request.endDate)
    if end < start:
        raise _wrong("endDate", "must not be before startDate")
    if end - start > LONGEST:
        raise _wrong("endDate", "must be at most 31 days after startDate")
    if start < uow.now - LONGEST:
        raise _wrong("startDate", "must be within the latest 31 days")
    effect = settling.asked(uow, "ppro", "report", among=FAULTS)
    fault, after = _planned(effect)
    fails = fault == "failed"
    report = PaymentReport(
        id=new_id(uow.ids, "report"),
        merchant_id=call.credential["merchant_id"],
        origin=call.base_url,
        operation_type=request.operationType,
        start=start,
        end=end,
        webhooks_url=request.webhooksUrl,
        webhooks_from_network=uow.may_go_to("webhooksUrl", request.webhooksUrl),
        ready_at=None if fails else uow.now + after,
        fails_at=uow.now + after if fails else None,
        fault=fault,
        decided_by=effect.label if effect is not None else "",
    )
    if fails and not after:
        report = uow.add(changed(report, state="FAILED", failure=FAILURE), events=["REPORT_FAILED"])
    else:
        report = uow.add(report)
    return Reply(200, wire.payment_report(uow, report), subject=report.id)


def _planned(effect: Effect | None) -> tuple[str, timedelta]:
    """What a scenario does to the report, and how long it takes. One that fails may do so at once: `delay: 0s`."""
    if effect is None:
        return "", PROCESSING
    said: SettlementEffect = effect.params
    if said.report == "failed":
        return "failed", PROCESSING if said.delay else said.delay
    return said.report or "", PROCESSING + (said.delay if said.report == "late" else timedelta(0))


def _wrong(path: str, message: str) -> Invalid:
    return Invalid([Violation(path, "custom", message=message)])


def get_report(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/{id}. Raises `NotFound` (404) for another merchant's report too."""
    report = uow.get(PaymentReport, call.path["id"])
    if not is_own(call, report.merchant_id):
        raise NotFound(PaymentReport.KIND, report.id)
    return Reply(200, wire.payment_report(uow, report), subject=report.id)


def on_timer(uow: UnitOfWork, report: PaymentReport, trigger: str) -> None:
    match trigger:
        case "timer.report_processed":
            file, expires = reports.operations(uow, report), uow.now + LIFETIME
            uow.fire(report, trigger, file=file, expires_at=expires, signature=uow.ids.text(43))
        case "timer.report_failed":
            uow.fire(report, trigger, failure=FAILURE)
        case _:
            uow.fire(report, trigger, file=None)
