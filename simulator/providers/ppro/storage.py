"""Where the file of a payment report is fetched: a link that is signed, needs no key, and is good for two hours.

Source: docs/providers/ppro.md, source 12.2. Inferred: ppro.report-expired.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.engine.pages import with_query
from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.kernel.crypto import equals
from simulator.providers.ppro.model import PaymentReport

LIFETIME = timedelta(hours=2)
DENIED = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>{}</Message></Error>'


def link(uow: UnitOfWork, report: PaymentReport) -> str:
    assert report.expires_at is not None
    place = f"{report.origin}/payment-report-storage/{uow.workspace.public_id}/{report.id}.csv"
    return with_query(place, expires=str(int(report.expires_at.timestamp())), signature=report.signature)


def download(call: Call, runtime: Runtime) -> Reply:
    """Whoever has the link needs no key. Like other object storage it says no more than that."""
    workspace = runtime.find_workspace(call.path["workspace"])
    if workspace is None:
        return _denied("Access Denied")
    report = runtime.open(workspace).find(PaymentReport, call.path["file"].removesuffix(".csv"))
    if report is None or not report.signature or not equals(report.signature, call.query.get("signature", "")):
        return _denied("Access Denied")
    if report.file is None:
        return _denied("Request has expired")
    name = call.path["file"]
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Reply(200, report.file.encode(), headers, content_type="text/csv")


def _denied(message: str) -> Reply:
    return Reply(403, DENIED.format(message), content_type="application/xml")


STORAGE = (Page("GET", "/payment-report-storage/{workspace}/{file}", download),)
