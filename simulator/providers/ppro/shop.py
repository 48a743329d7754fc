"""A merchant's purchase at PPRO: a payment charge. Source: docs/providers/ppro.md, sources 1, 2.1, 3.1, 3.6 and 3.8 (seed)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.shop import Account, Answer, Course, Purchase, Request, Shop, json_request
from simulator.kernel.money import Money
from simulator.providers.ppro.keys import merchant_ids
from simulator.providers.ppro.rules import ALIPAY_CURRENCIES

CHARGES = "/v1/payment-charges"
REPORTS = "/v1/payment-reports"

SAMPLE = Purchase(Money(1000, "CNY"), "https://www.webshop.com/order-results-page")


def sign(account: Account, request: Request) -> Request:
    own = account.credentials
    headers = {"Authorization": f"Bearer {own['api_key']}", "Merchant-Id": merchant_ids(own)[0]}
    return request.plus(headers)


def create(account: Account, purchase: Purchase) -> Request:
    body: dict[str, Any] = {
        "paymentMethod": "ALIPAY",
        "amount": {"value": purchase.amount.value, "currency": purchase.amount.currency},
        "consumer": {"country": "CN"},
        "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": purchase.return_url}}],
    }
    if purchase.reference:
        body["merchantPaymentChargeReference"] = purchase.reference
    if purchase.inbox:
        body["webhooksUrl"] = purchase.inbox
    return json_request("POST", CHARGES, body)


def read(account: Account, id_: str) -> Request:
    return Request("GET", f"{CHARGES}/{id_}")


def report(account: Account, type_: str, moment: str) -> Request:
    """Asks for a report on the operations of a type in one moment. An answer has told the moment, for the merchant's own clock
    differs."""
    return json_request("POST", REPORTS, {"operationType": type_, "startDate": moment, "endDate": moment})


def refund(account: Account, id_: str, amount: Money) -> Request:
    return json_request("POST", f"{CHARGES}/{id_}/refunds", {"amount": amount.value})


def cancel(account: Account, id_: str) -> Request:
    return json_request("POST", f"{CHARGES}/{id_}/discards", {})


def pay_url(document: Any) -> str | None:
    for method in document.get("authenticationMethods", ()):
        if method["type"] == "REDIRECT":
            return str(method["details"]["requestUrl"])
    return None


def is_error(answer: Answer) -> bool:
    body = answer.json
    if answer.status == 401:
        return bool(body == {"message": "Unauthorized"})
    return list(body) == ["status", "failureMessage", "timestamp"] and body["status"] == answer.status


SHOP = Shop(
    sample=SAMPLE,
    variants={"redirect": "Redirect to Alipay's cashier"},
    currencies=("CNY", *sorted(ALIPAY_CURRENCIES - {"CNY"})),
    sign=sign,
    create=create,
    read=read,
    refund=refund,
    cancel=cancel,
    id_of=lambda purchase, answer: str(answer.json["id"]),
    status_of=lambda answer: str(answer.json["status"]),
    pay_url=pay_url,
    # A refund that is not possible is a 200 answer too.
    refused=lambda refund, later, webhooks: refund.status >= 400 or refund.json["status"] == "FAILED",
    is_error=is_error,
    unknown_path=lambda account: "/v1/payment-nothing",
    course=Course(
        waiting="AUTHENTICATION_PENDING",
        paid="CAPTURED",
        expired="DISCARDED",
        expires_after=timedelta(hours=12),
        reasons={
            "balance": "INSUFFICIENT_FUNDS",
            "limit": "IS_EXCEEDING_ACCOUNT_LIMIT",
            "blocked": "BLOCKED_ACCOUNT",
            "authentication": "AUTHENTICATION_FAILED",
            "cancelled": "CANCELED_BY_CONSUMER",
        },
    ),
)
