"""A merchant's purchase at ecommpay: a sale through Gate. Source: docs/providers/ecommpay.md, sources 2, 3.1 to 3.3 (seed).

The merchant chooses the payment's id. An answer only says that the request was accepted: where the customer is sent is told by
callback, and whether a refund was taken stands in the status of the payment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from simulator.engine.provider import Verdict
from simulator.engine.shop import Account, Answer, Course, Purchase, Request, Shop, Webhook, json_request
from simulator.kernel.money import Money
from simulator.providers.ecommpay import data_access, signing
from simulator.providers.ecommpay.settings import ALIPAY_CURRENCIES

SALE = "/v2/payment/wallet/alipay/sale"
REFUND = "/v2/payment/wallet/alipay/refund"
STATUS = "/v2/payment/status"
OPERATIONS = "/v1/operations/get-by-payment"
PAGE = "/payment"

SAMPLE = Purchase(Money(1000, "CNY"), "http://example.com/return", "ECT_TEST_1")

CUSTOMER = {
    "id": "123",
    "ip_address": "192.0.2.0",
    "first_name": "之的",
    "last_name": "张",
    "phone": "13632264148",
    "email": "2524243674@example.com",
    "street": "street",
    "city": "city",
    "zip": "123045608",
    "country": "CH",
}


def sign(account: Account, request: Request) -> Request:
    """The signature is a member of the body: of `general`, or of the whole where there is no `general`.

    Payment Page's is a parameter of the query, which takes the members of a JSON body beside its own.
    """
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return request
    if not isinstance(body, dict):
        return request
    if _opens_page(request, body):
        return _signed_page(account, request, body)
    if not request.body:
        return request
    if data_access.is_data(request.path):
        return _signed_data(account, request, body)
    general = body.get("general")
    part = general if isinstance(general, dict) else body
    part.pop("signature", None)
    part["signature"] = signing.sign(account.credentials["secret_key"], body)
    return Request(request.method, request.path, request.headers, orjson.dumps(body))


def _signed_data(account: Account, request: Request, body: dict[str, Any]) -> Request:
    """A call of the Data API: with the token, signed by the secret that came with it."""
    asked = {name: value for name, value in body.items() if name not in ("token", "signature")}
    signed = signing.signed(account.credentials["data_secret"], {"token": account.credentials["data_token"], **asked})
    return Request(request.method, request.path, request.headers, orjson.dumps(signed))


_PAGE_MEMBERS = frozenset({"payment_amount", "payment_currency"})
"""Stand at the top where a purchase is described for Payment Page, and nowhere in a request of Gate."""


def _opens_page(request: Request, body: dict[str, Any]) -> bool:
    """Whether it is an address of Payment Page. Where no path is told (`/`), the body's members say so."""
    path = request.path.partition("?")[0]
    return path == PAGE or (path == "/" and not _PAGE_MEMBERS.isdisjoint(body))


def _signed_page(account: Account, request: Request, members: dict[str, Any]) -> Request:
    parameters = {**_numbered(request.path.partition("?")[2]), **signing.bracketed(members)}
    parameters.pop("signature", None)
    signed = signing.nested(signing.page_parameters(parameters))
    parameters["signature"] = signing.sign(account.credentials["secret_key"], signed)
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
    return Request(request.method, f"{PAGE}?{urlencode(parameters)}", headers)


def _numbered(query: str) -> dict[str, str]:
    return signing.numbered(parse_qsl(query, keep_blank_values=True))


def _page_query(request: Request) -> str | None:
    """The query of Payment Page's address; it may also come as the body, on its own or with the address before it."""
    path, _, query = request.path.partition("?")
    if path == PAGE:
        return query
    text = request.body.decode("utf-8", "replace").strip()
    is_query = "signature=" in text and not text.startswith(("{", "["))
    return text.rpartition("?")[2] if is_query else None


def verify_request(account: Account, request: Request) -> Verdict | None:
    """Whether the API would take the signature, in the way of any of the official signers. A wrong callback is for `receiver`."""
    secret = account.credentials["secret_key"]
    query = _page_query(request)
    if query is not None:
        given = _numbered(query)
        parameters = signing.page_parameters(given)
        return _verdict(secret, signing.nested(parameters), given.get("signature"), parameters)
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return Verdict(False, "the body is not JSON")
    if not isinstance(body, dict):
        return Verdict(False, "the body is not an object")
    if data_access.is_data(request.path):
        return _verdict(account.credentials["data_secret"], body, body.get("signature"))
    general = body.get("general")
    if isinstance(general, dict):
        return _verdict(secret, body, general.get("signature"))
    verdict = _verdict(secret, body, body.get("signature"))
    return verdict if verdict.valid else None


def _verdict(secret: str, message: dict[str, Any], received: Any, page: Mapping[str, str] | None = None) -> Verdict:
    if not isinstance(received, str):
        return Verdict(False, "there is no signature")
    match = signing.verify(secret, message, received) if page is None else signing.verify_page(secret, page, received)
    if match is not None:
        return Verdict(True)
    text = ";".join(signing.lines(message))
    return Verdict(False, "the signature is wrong", text, signing.digest(secret, text), received)


def _request(account: Account, path: str, payment_id: str, **members: Any) -> Request:
    general = {"project_id": account.credentials["project_id"], "payment_id": payment_id}
    return json_request("POST", path, {"general": general, **members})


def create(account: Account, purchase: Purchase) -> Request:
    back = purchase.return_url
    request = _request(
        account,
        SALE,
        purchase.reference,
        customer=CUSTOMER,
        payment={
            "amount": purchase.amount.value,
            "currency": purchase.amount.currency,
            "description": "test payment",
        },
        return_url={"return": back, "success": back.replace("/return", "/success")},
    )
    return request if not purchase.inbox else _called_back(request, purchase.inbox)


def _called_back(request: Request, url: str) -> Request:
    body = orjson.loads(request.body)
    body["general"]["merchant_callback_url"] = url
    return json_request(request.method, request.path, body)


def read(account: Account, id_: str) -> Request:
    return _request(account, STATUS, id_)


def refund(account: Account, id_: str, amount: Money) -> Request:
    payment = {"amount": amount.value, "currency": amount.currency, "description": "refund"}
    return _request(account, REFUND, id_, customer={"ip_address": "192.0.2.0"}, payment=payment)


def operations_of(account: Account, id_: str) -> Request:
    """The call of the Data API that lists a payment's operations."""
    asked = {"payment_id": id_, "project_id": [account.credentials["project_id"]]}
    return json_request("POST", OPERATIONS, asked)


def pay_url(document: Any) -> str | None:
    redirect = document.get("redirect_data")
    return None if redirect is None else str(redirect["url"])


def refused(refund: Answer, later: Answer | None, webhooks: Sequence[Webhook]) -> bool:
    if refund.status >= 400 or later is None:
        return refund.status >= 400
    last = later.json["operations"][-1]
    return bool(last["type"] != "refund" or last["status"] == "decline")


def is_error(answer: Answer) -> bool:
    body = answer.json
    return list(body) == ["status", "code", "message"] and body["status"] == "error"


SHOP = Shop(
    sample=SAMPLE,
    variants={"alipay": "Gate: redirect to Alipay"},
    currencies=("CNY", *(currency for currency in ALIPAY_CURRENCIES if currency != "CNY")),
    sign=sign,
    create=create,
    read=read,
    refund=refund,
    id_of=lambda purchase, answer: purchase.reference,
    status_of=lambda answer: str(answer.json["payment"]["status"]),
    pay_url=pay_url,
    refused=refused,
    is_error=is_error,
    unauthenticated=400,
    stranger=404,
    unknown_path=lambda account: "/v2/nothing",
    course=Course(
        waiting="awaiting redirect result",
        paid="success",
        expired="decline",
        expires_after=timedelta(minutes=30),
        settles_after=timedelta(seconds=5),
        ends={"cancel": ("declined", "cancelled"), "expire": ("expired", "declined")},
        reasons={
            "balance": '"code":"20105"',
            "limit": '"code":"20101"',
            "blocked": '"code":"20201"',
            "authentication": '"code":"20000"',
            "cancelled": '"code":"20301"',
        },
    ),
)
