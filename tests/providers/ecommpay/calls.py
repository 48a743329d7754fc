"""Credentials stand inside the body, or among Payment Page's parameters."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from simulator.engine.provider import Endpoint
from simulator.engine.shop import Account, Answer, Request
from simulator.providers.ecommpay import signing
from simulator.providers.ecommpay.shop import SHOP
from simulator.providers.ecommpay.wire.requests import DEMANDED, REQUIRED

PAGE = {
    "payment_id": "order-1",
    "payment_amount": "1000",
    "payment_currency": "CNY",
    "customer_id": "c-1",
    "language_code": "zh",
}

VALUES = ("2026-03-02 00:00:00", "UTC")
"""What members of the Data API's requests may be."""

DEMANDS = {
    "general.payment_id": "order-1",
    "customer.ip_address": "192.0.2.0",
    "payment.amount": 1000,
    "payment.currency": "CNY",
    "payment.description": "refund",
    "return_url.return": "https://shop.example/back",
    "request_id": "request-1",
    "directions": ["payin"],
}

FOR_BROWSERS = ("payment_page", "params.check")
"""The page's address is signed by the merchant and opened by the buyer; the check tells nothing that is secret."""


def sign(account: Account, endpoint: Endpoint, request: Request) -> Request:
    if endpoint.path.startswith("/v1/"):
        return SHOP.sign(account, _data(request, endpoint))
    if endpoint.authenticate is not None:
        return _page(account, request)
    body = orjson.loads(request.body) if request.body else {}
    if not isinstance(body, dict):
        return request
    return SHOP.sign(
        account, Request(request.method, request.path, request.headers, orjson.dumps(_own(account, endpoint, body)))
    )


def _data(request: Request, endpoint: Endpoint) -> Request:
    """With what the Data API's calls demand beside token and signature."""
    body = orjson.loads(request.body) if request.body else {}
    if isinstance(body, dict) and endpoint.operation == "data.payment":
        body.setdefault("payment_id", "order-1")
    return Request(request.method, request.path, request.headers, orjson.dumps(body))


def _own(account: Account, endpoint: Endpoint, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what authentication asks for first."""
    body = orjson.loads(orjson.dumps(body))
    wanted = (*REQUIRED[endpoint.operation], *DEMANDED.get(endpoint.operation, ()))
    for path in wanted:
        first, _, last = path.partition(".")
        holder = body.setdefault(first, {}) if last else body
        if isinstance(holder, dict):
            holder.setdefault(last or first, DEMANDS.get(path, {}))
    holder = body["general"] if "general.signature" in wanted else body
    if isinstance(holder, dict):
        holder["project_id"] = account.credentials["project_id"]
        del holder["signature"]
    return body


def _page(account: Account, request: Request) -> Request:
    path, _, query = request.path.partition("?")
    given = {"project_id": str(account.credentials["project_id"]), **PAGE, **dict(parse_qsl(query))}
    if request.body:
        given |= {name: str(value) for name, value in orjson.loads(request.body).items()}
    signature = signing.sign(account.credentials["secret_key"], signing.nested(signing.page_parameters(given)))
    signed = {**given, "signature": signature}
    if request.method == "GET":
        return Request("GET", f"{path}?{urlencode(signed)}")
    if path.startswith("/params/"):
        return Request("POST", request.path, {"Content-Type": "application/json"}, orjson.dumps(signed))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", request.path, headers, urlencode(signed).encode())


def is_error(operation: str, answer: Answer) -> bool:
    """The forms beside the Gate's own: a list of what does not fit, and to browsers a page."""
    if operation == "payment_page":
        return answer.headers.get("content-type", "").startswith("text/html") and b"</html>" in answer.body
    body = answer.json
    return isinstance(body, dict) and list(body) == ["status", "errors"] and bool(body["errors"])


def noted(body: dict[str, Any], text: str) -> dict[str, Any]:
    """A purchase with a text of the merchant's about the payment, which is no name of it."""
    return body | {"payment": body["payment"] | {"description": text}}
