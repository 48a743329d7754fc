"""Small things that the console and the control API share at the HTTP edge."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from simulator.engine import pages
from simulator.engine.provider import Call
from simulator.engine.workspace import Workspace


def call_of(request: Request) -> Call:
    """The request in the form in which page helpers want it."""
    return Call(
        provider="",
        method=request.method,
        target=request.url.path,
        raw_path=request.url.path,
        raw_query=request.url.query,
        headers={name.lower(): value for name, value in request.headers.items()},
        raw_body=b"",
        base_url=f"{request.url.scheme}://{request.url.netloc}",
    )


def console_page(request: Request, workspace: Workspace, template: str, **context: Any) -> str:
    page = pages.view(call_of(request), "console_payments", workspace=workspace)
    return pages.html(template, page, **context)


def page_headers() -> dict[str, str]:
    return pages.page_headers()
