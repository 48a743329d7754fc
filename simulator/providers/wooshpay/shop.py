"""A merchant's purchase at WooshPay: a payment intent, confirmed at once.

Source: docs/providers/wooshpay.md, sources 2.1, 3.1, 3.3 (seed).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.shop import Account, Answer, Course, Purchase, Request, Shop, json_request
from simulator.kernel.crypto import b64
from simulator.kernel.money import Money
from simulator.providers.wooshpay.method_types import ALIPAY_CURRENCIES

INTENTS = "/v1/payment_intents"

SAMPLE = Purchase(Money(20, "CNY"), "https://wooshpay.com")


def sign(account: Account, request: Request) -> Request:
    return request.plus({"Authorization": "Basic " + b64(f"{account.credentials['secret_key']}:".encode())})


def create(account: Account, purchase: Purchase) -> Request:
    alipay = {"client_ip": "192.168.0.1", "terminal_type": purchase.variant or "WEB", "os_type": "IOS"}
    body: dict[str, Any] = {
        "amount": purchase.amount.value,
        "currency": purchase.amount.currency,
        "confirm": True,
        "payment_method_options": {"alipay": alipay},
        "payment_method_data": {"type": "alipay"},
        "payment_method_types": ["alipay"],
        "return_url": purchase.return_url,
    }
    if purchase.reference:
        body["merchant_order_id"] = purchase.reference
    return json_request("POST", INTENTS, body)


def read(account: Account, id_: str) -> Request:
    return Request("GET", f"{INTENTS}/{id_}")


def refund(account: Account, id_: str, amount: Money) -> Request:
    body = {"payment_intent": id_, "amount": str(amount.value), "reason": "requested_by_customer"}
    return json_request("POST", "/v1/refunds", body)


def cancel(account: Account, id_: str) -> Request:
    return json_request("POST", f"{INTENTS}/{id_}/cancel", {})


def pay_url(document: Any) -> str | None:
    action = document.get("next_action") or {}
    return next((str(found["url"]) for found in action.values() if isinstance(found, dict) and "url" in found), None)


def is_error(answer: Answer) -> bool:
    body = answer.json
    return list(body) == ["error"] and {"type", "code", "message"} <= set(body["error"])


FAILED = '"code":"payment_intent_payment_attempt_failed"'

SHOP = Shop(
    sample=SAMPLE,
    variants={"WEB": "Desktop browser", "WAP": "Mobile browser", "APP": "App"},
    currencies=ALIPAY_CURRENCIES,
    sign=sign,
    create=create,
    read=read,
    refund=refund,
    cancel=cancel,
    id_of=lambda purchase, answer: str(answer.json["id"]),
    status_of=lambda answer: str(answer.json["status"]),
    pay_url=pay_url,
    is_error=is_error,
    unknown_path=lambda account: "/v1/nothing",
    course=Course(
        # The wallet code of a direct intent lives for fifteen minutes; afterwards it wants another method.
        waiting="requires_action",
        paid="succeeded",
        expired="requires_payment_method",
        expires_after=timedelta(minutes=15),
        ends={"cancel": ("declined", "cancelled"), "expire": ("expired", "declined")},
        reasons={
            "balance": FAILED,
            "limit": FAILED,
            "blocked": FAILED,
            "authentication": '"code":"payment_intent_authentication_failure"',
            "cancelled": FAILED,
        },
    ),
)
