"""A report that is there: its object, and the event that tells of it. Source: docs/providers/checkoutcom.md, sources 15.2, 15.8."""

from __future__ import annotations

from simulator.engine.settlement import Period, Report
from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom import files
from simulator.providers.checkoutcom.model import FinancialReport, derived_id


def made_of(uow: UnitOfWork, file: files.File, origin: str) -> FinancialReport:
    """Not yet stored."""
    return FinancialReport(
        id=files.report_id(file),
        created_at=uow.now,
        updated_at=uow.now,
        sort=file.sort,
        type=file.type,
        filename=file.name,
        file_id=derived_id("file", f"{file.entity}/{file.name}/1"),
        entity_id=file.entity,
        entity_name=file.entity_name,
        payout=file.payout,
        since=file.since,
        until=file.until,
        zone=file.zone,
        origin=origin,
    )


def on_report(uow: UnitOfWork, period: Period, report: Report) -> None:
    """Stores it and announces `report_generated`. One that has failed is never there."""
    if report.failed:
        return
    file = next(one for one in files.files_of(period) if one.name == report.name)
    made = made_of(uow, file, uow.base_url)
    if uow.find(FinancialReport, made.id) is None:
        uow.add(made, events=["report_generated"])
