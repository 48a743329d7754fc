"""A merchant's purchase as requests, and what the answers say: the contract suite, the demo and the console shop by it."""

from __future__ import annotations

from datetime import timedelta

from simulator.engine.shop import Account, Course, Purchase, Request, Shop, json_request
from simulator.kernel.money import Money


def sign(account: Account, request: Request) -> Request:
    return request.plus({"Authorization": f"Bearer {account.credentials['api_key']}"})


def create(account: Account, purchase: Purchase) -> Request:
    body = {
        "amount": purchase.amount.value,
        "currency": purchase.amount.currency,
        "reference": purchase.reference or "order-1",
        "return_url": purchase.return_url,
    }
    return json_request("POST", "/newpay/v1/payments", body)


def refund(account: Account, id_: str, amount: Money) -> Request:
    return json_request("POST", f"/newpay/v1/payments/{id_}/refunds", {"amount": amount.value})


SHOP = Shop(
    sample=Purchase(Money(1000, "CNY"), "https://shop.example/back", "order-1"),
    variants={"redirect": "The wallet's page"},
    currencies=("CNY", "EUR", "USD"),
    sign=sign,
    create=create,
    refund=refund,
    read=lambda account, id_: Request("GET", f"/newpay/v1/payments/{id_}"),
    cancel=lambda account, id_: Request("POST", f"/newpay/v1/payments/{id_}/cancel"),
    id_of=lambda purchase, answer: str(answer.json["id"]),
    status_of=lambda answer: str(answer.json["status"]),
    pay_url=lambda document: document.get("redirect_url"),
    is_error=lambda answer: list(answer.json) == ["error"],
    unknown_path=lambda account: "/newpay/v1/nothing",
    course=Course(
        waiting="pending",
        paid="paid",
        expired="expired",
        expires_after=timedelta(hours=2),
        reasons={
            "balance": '"decline_reason":"insufficient_funds"',
            "limit": '"decline_reason":"limit_exceeded"',
            "blocked": '"decline_reason":"account_blocked"',
            "authentication": '"decline_reason":"authentication_failed"',
            "cancelled": '"status":"cancelled"',
        },
    ),
)
