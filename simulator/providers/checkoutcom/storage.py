"""Where a report's file is fetched, after the redirect of the API: the link bears a token of its own and is good for a minute.

Source: docs/providers/checkoutcom.md, source 15.2. Inferred: checkoutcom.download-link.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.kernel.crypto import equals, hmac_sha256
from simulator.providers.checkoutcom import files
from simulator.providers.checkoutcom.model import FinancialReport

LIFETIME = timedelta(seconds=60)
DENIED = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>{}</Message></Error>'


def link(call: Call, uow: UnitOfWork, report: FinancialReport) -> str:
    """A new one each time."""
    place = f"{uow.workspace.public_id}/{report.file_id}"
    expires = str(int((uow.now + LIFETIME).timestamp()))
    name = quote(report.filename)
    return f"{call.base_url}/report-storage/{place}/{name}?expires={expires}&token={_token(uow.runtime.secret, place, expires)}"


def _token(secret: str, place: str, expires: str) -> str:
    return hmac_sha256(secret, f"report/{place}/{expires}".encode()).hex()


def download(call: Call, runtime: Runtime) -> Reply:
    """Whoever has the link needs no key."""
    place = f"{call.path['workspace']}/{call.path['file']}"
    expires, token = call.query.get("expires", ""), call.query.get("token", "")
    workspace = runtime.find_workspace(call.path["workspace"])
    if workspace is None or not equals(_token(runtime.secret, place, expires), token):
        return _denied("Access denied")
    uow = runtime.open(workspace)
    if uow.now.timestamp() >= int(expires):
        return _denied("Request has expired")
    report = next(iter(uow.by_key(FinancialReport, "file", call.path["file"])), None)
    if report is None:
        return _denied("Access denied")
    headers = {"content-disposition": f'attachment; filename="{report.filename}"', "cache-control": "no-store"}
    return Reply(200, files.content_of(uow, report), headers, content_type="text/csv")


def _denied(message: str) -> Reply:
    return Reply(403, DENIED.format(message), content_type="application/xml")


STORAGE = (Page("GET", "/report-storage/{workspace}/{file}/{name}", download),)
