"""Signed calls of every operation: those of the Client API bear a session instead of the merchant's signature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.provider import Endpoint
from simulator.engine.shop import Account, Request
from simulator.providers.worldline import shop
from simulator.providers.worldline.client_sessions import session_id

FOR_BROWSERS = ("client.",)
"""The Client API: the merchant hands a session to the buyer's browser."""


def sign(account: Account, endpoint: Endpoint, request: Request) -> Request:
    if not endpoint.path.startswith("/client/"):
        return shop.sign(account, request)
    customer = f"{account.credentials['merchant_id']}-{int(account.now.timestamp()):08x}{'0' * 24}"
    session = session_id(account.credentials["secret_api_key"], customer)
    path = request.path.replace("/v1/nobody/", f"/v1/{customer}/")
    return replace(request, path=path).plus({"Authorization": f"GCS v1Client:{session}"})


def noted(body: dict[str, Any], text: str) -> dict[str, Any]:
    """A purchase with a text of the merchant's about the payment, which is no name of it."""
    return body | {"order": body["order"] | {"references": {"descriptor": text}}}
