"""Whose key opens which operation: those of the Previous platform have their own, the token endpoint takes a client's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from simulator.engine.provider import Endpoint
from simulator.engine.shop import Account, Answer, Request
from simulator.providers.checkoutcom import auth
from simulator.providers.checkoutcom.shop import SHOP


def sign(account: Account, endpoint: Endpoint, request: Request) -> Request:
    own = account.credentials
    if endpoint.operation in auth.PREVIOUS_ONLY:
        return request.plus({"Authorization": own["previous_secret_key"]})
    if endpoint.authenticate is not None:
        form = {
            "grant_type": "client_credentials",
            "client_id": own["client_id"],
            "client_secret": own["client_secret"],
        }
        more = urlencode({"zz_unknown": "1"}) if request.body else ""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(request.method, request.path, headers, f"{urlencode(form)}&{more}".encode())
    if endpoint.operation == "paySession":
        return request.plus({"Authorization": f"Bearer {own['public_key']}"})
    return SHOP.sign(account, request)


FOR_BROWSERS = ("paySession",)
VALUES = ("alipay_cn", "sd_eyJ0eXBlIjoiYWxpcGF5X2NuIn0", "no_preference", "app", "ios")
OAUTH_ERRORS = ("invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type")


def is_error(operation: str, answer: Answer) -> bool:
    """The token endpoint speaks OAuth (RFC 6749, section 5.2)."""
    body = answer.json
    return isinstance(body, dict) and list(body) == ["error"] and body["error"] in OAUTH_ERRORS


def noted(body: dict[str, Any], text: str) -> dict[str, Any]:
    """A purchase with a text of the merchant's about the payment, which is no name of it."""
    return body | {"description": text, "metadata": {"note": text}}
