"""The page that says why Payment Page does not open."""

from __future__ import annotations

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.kernel.refusals import Forbidden, Refusal, Refused, Unauthenticated
from simulator.providers.ecommpay.pages.views import CSP


def refuse(refusal: Refusal, call: Call) -> Reply:
    """A plain page for everything that Payment Page refuses; the library's frame may show it."""
    reply = _refusal(refusal, call)
    reply.headers["content-security-policy"] = CSP
    return reply


def _refusal(refusal: Refusal, call: Call) -> Reply:
    match refusal:
        case Refused(code="page", detail=detail):
            return pages.error_page(call, detail["status"], "error_title", detail["text"], name=detail["name"])
        case Unauthenticated(help=help_):
            expected = f"{help_['signed']}\n\nsignature: {help_['expected']}"
            received = f"{help_['arrived']}\n\nsignature: {help_['received']}"
            return pages.error_page(call, 400, "error_title", "ecp_bad_signature", expected=expected, received=received)
        case Forbidden():
            return pages.error_page(call, 403, "error_title", "foreign_origin")
        case _:
            reply = pages.refused(call, refusal)
            faulted = getattr(refusal, "status", None)
            if faulted is not None:
                reply.status = faulted
            return reply
