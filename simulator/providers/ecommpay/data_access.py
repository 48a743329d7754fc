"""Who may ask the Data API: a token in the body, and a signature by the secret that was made together with it.

Source: docs/providers/ecommpay.md, source 3.11. Inferred: ecommpay.data-refusals.

The checks are made in this order: JSON, token, signature. The token acts for all projects of the workspace.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Directory, Reply
from simulator.engine.throttle import RateLimit
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import MalformedBody, Refused, Unauthenticated, Violation
from simulator.providers.ecommpay import auth, errors, signing
from simulator.providers.ecommpay.keys import token_lookup
from simulator.providers.ecommpay.settings import EcommpaySettings

BASE = "/v1"
PATHS = ("balance", "operations", "financial-reporting", "chargeback", "fraud", "currency-rates")
MAX_TOKEN = 255


_BEGINNINGS = tuple(f"{BASE}/{name}/" for name in PATHS)


def is_data(target: str) -> bool:
    """Whether a path is one of the Data API's."""
    return target.startswith(_BEGINNINGS)


def claims(call: Call) -> bool:
    """Whether a request that matches no route is meant for ecommpay at all."""
    return auth.claims(call) or is_data(call.target)


def authenticate_either(call: Call, directory: Directory) -> None:
    """For operations that are left out, of Gate or of the Data API."""
    (authenticate if is_data(call.target) else auth.authenticate)(call, directory)


def authenticate(call: Call, directory: Directory) -> None:
    """Raises `MalformedBody`, `Refused` 3027 or 2004, and `Unauthenticated` with what was expected."""
    body = call.json
    if not isinstance(body, dict):
        raise MalformedBody("the body must be a JSON object")
    token, signature = body.get("token"), body.get("signature")
    if not isinstance(token, str) or not token.isprintable() or len(token) > MAX_TOKEN:
        token = ""
    workspace = directory.by_credential("ecommpay", token_lookup(token))
    if workspace is None:
        raise Refused("3027", broken=(Violation("token", "unknown_id", "token"),))
    call.workspace = workspace
    if signature is None:
        raise Refused("2004", {"field": "signature"}, (Violation("signature", "required"),))
    secret = secret_of(workspace)
    match = signing.verify(secret, body, signature) if isinstance(signature, str) and signature else None
    if not auth.is_good(call, match):
        reason = errors.EMPTY_SIGNATURE if signature == "" else "the signature is wrong"
        raise Unauthenticated(
            reason, {**signing.explain(secret, body, str(signature)), "field": "signature"}, workspace.id
        )
    call.proof, call.credential = ("data_secret",), {"token": token}


def secret_of(workspace: Workspace) -> str:
    return str(workspace.credentials["ecommpay"]["data_secret"])


def signed_reply(workspace: Workspace, body: dict[str, Any]) -> Reply:
    """An answer is signed as the question is, by the same secret."""
    return Reply(200, {**body, "signature": signing.sign(secret_of(workspace), body, is_ours=True)})


def limit(call: Call) -> tuple[str, RateLimit]:
    """Calls of the Data API in a minute, if setting `data_calls_per_minute` says how many. Gate has no limit."""
    most = call.workspace.settings_of(EcommpaySettings).data_calls_per_minute if is_data(call.target) else 0
    return "data", RateLimit(most / 60, most, enforced=most > 0)
