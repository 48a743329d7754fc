"""Reports: what there is, and where its file is fetched. Source: docs/providers/checkoutcom.md, source 15.2."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.checkoutcom import storage
from simulator.providers.checkoutcom.handlers.paging import page
from simulator.providers.checkoutcom.model import FinancialReport
from simulator.providers.checkoutcom.wire import reports as wire
from simulator.providers.checkoutcom.wire import values


def list_reports(call: Call, uow: UnitOfWork) -> Reply:
    """GET /reports: newest first. Of the two dates the first is inclusive, the second exclusive."""
    query: wire.ReportsQuery = call.body
    since, until = values.moment(query.created_after), values.moment(query.created_before)
    found = [
        one
        for one in uow.every(FinancialReport)
        if (since is None or one.created_at >= since)
        and (until is None or one.created_at < until)
        and query.entity_id in (None, one.entity_id)
    ]
    shown, around = page(call, uow, query, found)
    return Reply(200, {**around, "data": [wire.report(one, call.base_url) for one in shown]})


def get_report(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.report(uow.get(FinancialReport, call.path["id"], "id"), call.base_url))


def get_file(call: Call, uow: UnitOfWork) -> Reply:
    """GET /reports/{id}/files/{file}: a redirect to where the file lies."""
    report = uow.get(FinancialReport, call.path["id"], "id")
    if call.path["file"] != report.file_id:
        raise NotFound("report-file", call.path["file"], "file")
    return Reply(302, None, {"location": storage.link(call, uow, report)})
