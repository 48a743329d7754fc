"""The check of parameters that official SDKs offer: would Payment Page open with them?"""

from __future__ import annotations

from simulator.engine.provider import Call, Directory, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay import auth, errors, signing
from simulator.providers.ecommpay.pages.parameters import (
    CALLBACK_ADDRESSES,
    REQUIRED,
    unlike_live,
    wrong_values,
)
from simulator.providers.ecommpay.pages.returns import RETURN_ADDRESSES

WORDS = {
    # Parameter: constraint and text of its error. Inferred: ecommpay.parameter-check.
    "payment_amount": ("type", "String value found, but an integer is required"),
    **dict.fromkeys((*RETURN_ADDRESSES, *CALLBACK_ADDRESSES), ("format", "Invalid URL format")),
}
OTHER_WORDS = ("format", "Invalid format")


def authenticate_check(call: Call, directory: Directory) -> None:
    """Only the project has to exist: everything else is what the check is there to report. Raises `Refused` 2442."""
    given = _given(call)
    workspace, number = auth.find_workspace(directory, given.get("project_id", ""))
    call.workspace, call.credential, call.proof = workspace, {"project_id": number}, ()
    call.parsed["given"] = given


def _given(call: Call) -> dict[str, str]:
    """From the query (PHP SDK) or from a JSON object (.NET SDK)."""
    if call.method == "GET":
        return signing.numbered(call.query_pairs)
    return signing.bracketed(call.json) if isinstance(call.json, dict) else {}


def check_parameters(call: Call, uow: UnitOfWork) -> Reply:
    """GET and POST /params/check: 200 when Payment Page would open, else 400 with a list of errors.

    A signature may be absent: there need not be one yet while the page's parameters are being written.
    """
    given: dict[str, str] = call.parsed["given"]
    problems = [
        errors.item("2003", name, "required", f"The property {name} is required")
        for name in REQUIRED
        if name not in given and name != "signature"
    ]
    problems += [errors.item("2003", name, *WORDS.get(name, OTHER_WORDS)) for name in wrong_values(given)]
    unlike = unlike_live(call, given)
    if call.strict:
        problems += [errors.item("2003", name, *OTHER_WORDS) for name in unlike]
    signature = given.get("signature")
    secret = auth.secret_of(uow.workspace)
    if signature is not None:
        match = signing.verify_page(secret, signing.page_parameters(given), signature)
        if not auth.is_good(call, match):
            problems.append(errors.item("3261", "signature"))
    if problems:
        return Reply(400, {"status": "error", "errors": problems})
    return Reply(200, {"status": "success"})
