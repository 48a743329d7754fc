"""A merchant's purchase at Worldline Connect: a redirect payment.

Source: docs/providers/worldline.md, sources 2.2, 3.2, 3.5, 3.6 (seed).
"""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from simulator.engine.provider import Verdict
from simulator.engine.shop import Account, Answer, Course, Purchase, Request, Shop, json_request
from simulator.kernel.crypto import equals
from simulator.kernel.money import Money
from simulator.providers.worldline import products, signing

SAMPLE = Purchase(Money(2500, "CNY"), "https://shop.example.org/back?cart=7", "LS-7781")


def sign(account: Account, request: Request) -> Request:
    """v1HMAC over method, content type, date, the `X-GCS` headers and the path, with the key's secret."""
    sent = {**request.headers, "Date": format_datetime(account.now, usegmt=True)}
    lower = {name.lower(): value for name, value in sent.items()}
    text = signing.string_to_sign(request.method, lower, request.path)
    mac = signing.signature(account.credentials["secret_api_key"], text)
    sent["Authorization"] = f"GCS v1HMAC:{account.credentials['api_key_id']}:{mac}"
    return request.plus(sent)


def verify_request(account: Account, request: Request) -> Verdict | None:
    """Whether `Authorization` is over this method, path and these headers. None without one: a webhook has its own signature."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    received = headers.get("authorization")
    if received is None:
        return None
    raw_path, _, raw_query = request.path.partition("?")
    text, expected = "", ""
    for resource in reversed(signing.resources(raw_path, raw_query)):
        text = signing.string_to_sign(request.method, headers, resource)
        mac = signing.signature(account.credentials["secret_api_key"], text)
        expected = f"GCS v1HMAC:{account.credentials['api_key_id']}:{mac}"
        if equals(expected, received.strip()):
            return Verdict(True)
    return Verdict(False, "Authorization is wrong", text, expected, received)


def path(account: Account, rest: str) -> str:
    return f"/v1/{account.credentials['merchant_id']}{rest}"


def create(account: Account, purchase: Purchase) -> Request:
    order: dict[str, Any] = {
        "amountOfMoney": {"amount": purchase.amount.value, "currencyCode": purchase.amount.currency},
        "customer": {"locale": "en_GB", "billingAddress": {"countryCode": "CN"}},
    }
    if purchase.reference:
        order["references"] = {"merchantReference": purchase.reference}
    product = int(purchase.variant or products.ALIPAY)
    if product == products.ALIPAY_PLUS:
        order["customer"]["merchantCustomerId"] = "1234"
    redirect = {
        "paymentProductId": product,
        "redirectionData": {"returnUrl": purchase.return_url},
    }
    body = {"order": order, "redirectPaymentMethodSpecificInput": redirect}
    return json_request("POST", path(account, "/payments"), body)


def read(account: Account, id_: str) -> Request:
    return Request("GET", path(account, f"/payments/{id_}"))


def refund(account: Account, id_: str, amount: Money) -> Request:
    body = {"amountOfMoney": {"amount": amount.value, "currencyCode": amount.currency}}
    return json_request("POST", path(account, f"/payments/{id_}/refund"), body)


def withdraw(account: Account, id_: str, refund: Answer) -> Request:
    return Request("POST", path(account, f"/refunds/{refund.json['id']}/cancel"))


def cancel(account: Account, id_: str) -> Request:
    return Request("POST", path(account, f"/payments/{id_}/cancel"))


def pay_url(document: Any) -> str | None:
    action = document.get("merchantAction")
    return None if action is None else str(action["redirectData"]["redirectURL"])


def is_error(answer: Answer) -> bool:
    if answer.headers.get("content-type", "").startswith("text/html"):
        return answer.status in (404, 405)
    return list(answer.json) == ["errorId", "errors"] and bool(answer.json["errors"])


SHOP = Shop(
    sample=SAMPLE,
    variants={str(products.ALIPAY): "Alipay (861)", str(products.ALIPAY_PLUS): "Alipay+ (866)"},
    currencies=("CNY", *sorted(products.CURRENCIES - {"CNY"})),
    sign=sign,
    create=create,
    read=read,
    refund=refund,
    withdraw=withdraw,
    cancel=cancel,
    id_of=lambda purchase, answer: str(answer.json["payment"]["id"]),
    status_of=lambda answer: str(answer.json["status"]),
    pay_url=pay_url,
    is_error=is_error,
    unknown_path=lambda account: path(account, "/nothing"),
    course=Course(
        # Refunds wait until the funds have come (PAID).
        waiting="REDIRECTED",
        paid="PAID",
        expired="REJECTED",
        expires_after=timedelta(hours=12),
        refundable_after=timedelta(days=3),
        reasons={
            "balance": '"code":"430330"',
            "limit": '"code":"430330"',
            "blocked": '"code":"430330"',
            "authentication": '"code":"430330"',
            "cancelled": '"statusCode":99999',
        },
    ),
)
