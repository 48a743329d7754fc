"""A merchant's purchase at Acme."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.shop import Account, Course, Purchase, Request, Shop, json_request
from simulator.kernel.money import Money

SAMPLE = Purchase(Money(1000, "CNY"), "https://shop.example/back", "order-1")


def sign(account: Account, request: Request) -> Request:
    return request.plus({"Authorization": f"Acme {account.credentials['key']}"})


def create(account: Account, purchase: Purchase) -> Request:
    body = {
        "amount": purchase.amount.value,
        "currency": purchase.amount.currency,
        "reference": purchase.reference,
        "return_url": purchase.return_url,
    }
    return json_request("POST", "/acme/charges", body)


def read(account: Account, id_: str) -> Request:
    return Request("GET", f"/acme/charges/{id_}")


def refund(account: Account, id_: str, amount: Money) -> Request:
    return json_request("POST", f"/acme/charges/{id_}/refunds", {"amount": amount.value})


def cancel(account: Account, id_: str) -> Request:
    return Request("POST", f"/acme/charges/{id_}/void")


def pay_url(document: Any) -> str | None:
    url: str | None = document.get("pay_at")
    return url


SHOP = Shop(
    sample=SAMPLE,
    variants={"charge": "A charge"},
    currencies=("CNY", "EUR"),
    sign=sign,
    create=create,
    read=read,
    refund=refund,
    cancel=cancel,
    id_of=lambda purchase, answer: str(answer.json["id"]),
    status_of=lambda answer: str(answer.json["status"]),
    pay_url=pay_url,
    is_error=lambda answer: list(answer.json) == ["acme_error"],
    unknown_path=lambda account: "/acme/nothing",
    course=Course(
        waiting="PENDING",
        paid="CAPTURED",
        expired="EXPIRED",
        expires_after=timedelta(hours=2),
        # It knows no buyer who cancels.
        ends={"cancel": ("declined",)},
        reasons=dict.fromkeys(("balance", "limit", "blocked", "authentication", "cancelled"), '"status":"FAILED"'),
    ),
)
