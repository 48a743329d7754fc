"""The check of parameters that the official SDKs ask for before they open Payment Page."""

from __future__ import annotations

from typing import Any

from simulator.engine import pages
from simulator.engine.provider import Call, Directory, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay import auth, errors, signing, wire
from simulator.providers.ecommpay.pages.parameters import REQUIRED
from simulator.providers.ecommpay.pages.returns import RETURN_ADDRESSES


def authenticate_check(call: Call, directory: Directory) -> None:
    """The check serves a developer: it needs a project that exists, and says everything else itself."""
    given = _checked(call)
    workspace, number = auth.find_workspace(directory, given.get("project_id", ""))
    call.workspace, call.credential = workspace, {"project_id": number}
    call.scratch["given"] = given


def _checked(call: Call) -> dict[str, str]:
    """The query (PHP SDK) or a JSON object (.NET SDK)."""
    if call.method == "GET":
        return call.query
    body = call.json
    if not isinstance(body, dict):
        return {}
    return {str(name): _as_sent(value) for name, value in body.items() if not isinstance(value, dict | list)}


def _as_sent(value: Any) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else "" if value is None else str(value)


def check_parameters(call: Call, uow: UnitOfWork) -> Reply:
    """GET and POST /params/check: 200 when Payment Page would open, else a list of errors (composition inferred)."""
    given: dict[str, str] = call.scratch["given"]
    problems = [
        errors.item("2003", name, "required", f"The property {name} is required")
        for name in REQUIRED
        if name not in given and name != "signature"
    ]
    amount = given.get("payment_amount")
    if amount is not None and not (
        amount.isascii() and amount.isdigit() and 1 <= int(amount[:20] or 0) <= wire.MAX_AMOUNT
    ):
        problems.append(errors.item("2003", "payment_amount", "type", "String value found, but an integer is required"))
    for name, value in given.items():
        if name in RETURN_ADDRESSES and not pages.is_safe_return(value):
            problems.append(errors.item("2003", name, "format", "Invalid URL format"))
    signature = given.get("signature")
    secret = auth.secret_of(uow.workspace)
    if signature is not None and not signing.verify_page(secret, signing.page_parameters(given), signature):
        problems.append(errors.item("3261", "signature"))
    if problems:
        return Reply(400, {"status": "error", "errors": problems})
    return Reply(200, {"status": "success"})
