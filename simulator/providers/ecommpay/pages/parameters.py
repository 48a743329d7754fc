"""Payment Page's parameters: they carry a signature, and are checked before anything is shown."""

from __future__ import annotations

from simulator.engine import pages
from simulator.engine.provider import Call, Directory
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import Refused, Unauthenticated
from simulator.providers.ecommpay import auth, signing, wire
from simulator.providers.ecommpay.checks import is_malformed_id
from simulator.providers.ecommpay.pages.returns import RETURN_ADDRESSES

REQUIRED = ("project_id", "payment_id", "payment_amount", "payment_currency", "customer_id", "signature")

CALLBACK_ADDRESSES = ("merchant_callback_url", "merchant_success_callback_url", "merchant_decline_callback_url")


def authenticate(call: Call, directory: Directory) -> None:
    """Required parameters, then the project, then the signature. Source: reference/ecommpay.md, sections 3.9.2 and 2.4."""
    given = given_in(call)
    mode = given.get("mode", "purchase")
    for name in REQUIRED:
        if name not in given:
            raise Refused("page", {"status": 400, "text": "ecp_missing", "name": name})
    workspace, project = _workspace(directory, given["project_id"])
    parameters = signing.page_parameters(given)
    secret, signature = auth.secret_of(workspace), given["signature"]
    if not signing.verify_page(secret, parameters, signature):
        arrived = ";".join(f"{name}:{value}" for name, value in parameters.items() if name not in signing.UNSIGNED)
        help_ = {**signing.explain(secret, parameters, signature), "arrived": arrived}
        raise Unauthenticated("the signature is wrong", help_, workspace.id)
    call.workspace, call.credential = workspace, {"project_id": project}
    amount = parameters["payment_amount"]
    is_amount = amount.isascii() and amount.isdigit() and len(amount) <= 14 and 1 <= int(amount) <= wire.MAX_AMOUNT
    currency = parameters["payment_currency"]
    wrong = {
        "mode": mode != "purchase",
        "payment_id": not 1 <= len(parameters["payment_id"]) <= 255 or is_malformed_id(parameters["payment_id"]),
        "payment_amount": not is_amount,
        "payment_currency": not (
            len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()
        ),
        "customer_id": not 1 <= len(parameters["customer_id"]) <= 255,
        "payment_description": len(parameters.get("payment_description", "")) > 255,
        **{name: not pages.is_safe_return(parameters[name]) for name in RETURN_ADDRESSES if parameters.get(name)},
        **{name: not _is_web(parameters[name]) for name in CALLBACK_ADDRESSES if parameters.get(name)},
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Refused("page", {"status": 400, "text": "ecp_wrong", "name": name})
    call.scratch["parameters"] = parameters
    call.scratch["signed"] = signing.without_our_own(secret, parameters, signature)
    call.facts.update(amount=int(amount), currency=currency, reference=parameters["payment_id"])


def given_in(call: Call) -> dict[str, str]:
    return call.form if call.method == "POST" else call.query


def _workspace(directory: Directory, project_id: str) -> tuple[Workspace, int]:
    try:
        return auth.find_workspace(directory, project_id)
    except Refused as refused:
        raise Refused("page", {"status": 404, "text": "ecp_no_project", "name": project_id[:20]}) from refused


def _is_web(url: str) -> bool:
    return len(url) <= 255 and url.lower().startswith(("http://", "https://"))
