"""Payment reports. Source: docs/providers/ppro.md, sources 12.1 and 12.2. Inferred: ppro.report-expired."""

from __future__ import annotations

from typing import Any, Literal

from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis
from simulator.providers.ppro import storage
from simulator.providers.ppro.model import PaymentReport
from simulator.providers.ppro.wire import Instant, Model, Text, _present


class ReportRequest(Model):
    """POST /v1/payment-reports"""

    operationType: Literal["AUTHORIZATION", "CAPTURE", "REFUND", "VOID", "DISCARD"]
    startDate: Instant
    endDate: Instant
    webhooksUrl: Text | None = None


def payment_report(uow: UnitOfWork, report: PaymentReport) -> dict[str, Any]:
    members = {
        "id": report.id,
        "status": report.state,
        "operationType": report.operation_type,
        "startDate": iso_millis(report.start),
        "endDate": iso_millis(report.end),
        "failure": report.failure,
        "createdAt": iso_millis(report.created_at),
        "updatedAt": iso_millis(report.updated_at),
        **_file(uow, report, "contentLength", "downloadUrl"),
    }
    return _present(members)


def report_event(uow: UnitOfWork, report: PaymentReport) -> dict[str, Any]:
    """`data` of REPORT_PROCESSED, REPORT_FAILED and REPORT_EXPIRED."""
    return {
        "reportId": report.id,
        "status": report.state,
        "operationType": report.operation_type,
        "merchantId": report.merchant_id,
        "startDate": iso_millis(report.start),
        "endDate": iso_millis(report.end),
        **_file(uow, report, "downloadUrl", "contentLength"),
    }


def _file(uow: UnitOfWork, report: PaymentReport, *members: str) -> dict[str, Any]:
    """What is said of the file while it can be fetched."""
    if report.file is None:
        return {}
    found = {"downloadUrl": storage.link(uow, report), "contentLength": len(report.file.encode())}
    return {name: found[name] for name in members}
