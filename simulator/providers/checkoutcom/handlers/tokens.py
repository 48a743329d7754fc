"""OAuth: access tokens for client credentials. Source: docs/providers/checkoutcom.md, source 2.2."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Refused
from simulator.providers.checkoutcom import auth


def issue_token(call: Call, uow: UnitOfWork) -> Reply:
    """POST /connect/token: one scope that is unknown rejects the whole request. Without a scope all are granted.

    Inferred: checkoutcom.token-scopes.
    """
    form = call.form
    if form.get("grant_type") != "client_credentials":
        code = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
        raise Refused("oauth", {"error": code})
    scopes = list(form.get("scope", "").replace(",", " ").replace("Payment Context", "payment-context").split())
    if any(scope not in auth.SCOPES for scope in scopes):
        raise Refused("oauth", {"error": "invalid_scope"})
    granted = scopes or sorted({scope.partition(":")[0] for scope in auth.SCOPES} & auth.SCOPES)
    body = {
        "access_token": auth.make_token(uow.workspace, granted, uow.now),
        "token_type": "Bearer",
        "expires_in": auth.TOKEN_LIFETIME_S,
        "scope": " ".join(granted),
    }
    return Reply(200, body)
