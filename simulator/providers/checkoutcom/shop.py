"""A merchant's purchase at Checkout.com: a one-time AlipayCN payment.

Source: docs/providers/checkoutcom.md, sources 2.1, 3.1, 3.4 (seed).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from simulator.engine.shop import Account, Answer, Course, Purchase, Request, Shop, Webhook, json_request
from simulator.kernel.money import Money
from simulator.providers.checkoutcom.rules import CURRENCIES
from simulator.providers.checkoutcom.wire.sessions import session_data

FLOW = "FLOW"
"""The way of paying that begins with a payment session."""

SAMPLE = Purchase(Money(1100, "EUR"), "https://example.com/payments/success", "ORD-5023-4E89")


def sign(account: Account, request: Request) -> Request:
    return request.plus({"Authorization": f"Bearer {account.credentials['secret_key']}"})


def create(account: Account, purchase: Purchase) -> Request:
    if purchase.variant == FLOW:
        return json_request("POST", "/payment-sessions/complete", _by_flow(account, purchase))
    terminal = purchase.variant or "APP"
    processing = {"terminal_type": terminal} | ({} if terminal == "WEB" else {"os_type": "IOS"})
    body: dict[str, Any] = {
        "amount": purchase.amount.value,
        "currency": purchase.amount.currency,
        "source": {"type": "alipay_cn"},
        "processing": processing,
        "success_url": purchase.return_url,
        "failure_url": purchase.return_url.replace("/success", "/failure"),
        "payment_type": "Regular",
        "reference": purchase.reference,
        "capture": True,
        "customer": {"email": "john.smith@example.com"},
        "shipping": {"address": {"country": "GB"}},
        "items": [{"reference": "1st item reference", "name": "1st item name", "unit_price": 10, "quantity": 1}],
        "processing_channel_id": account.credentials["processing_channel_id"],
    }
    if not purchase.reference:
        del body["reference"]
    return json_request("POST", "/payments", body)


def _by_flow(account: Account, purchase: Purchase) -> dict[str, Any]:
    """A session and its submission at once, as the component has it done that had no session."""
    body: dict[str, Any] = {
        "session_data": session_data("alipay_cn"),
        "amount": purchase.amount.value,
        "currency": purchase.amount.currency,
        "billing": {"address": {"country": "CN"}},
        "customer": {"email": "john.smith@example.com"},
        "success_url": purchase.return_url,
        "failure_url": purchase.return_url.replace("/success", "/failure"),
        "processing_channel_id": account.credentials["processing_channel_id"],
    }
    return body | ({"reference": purchase.reference} if purchase.reference else {})


def read(account: Account, id_: str) -> Request:
    return Request("GET", f"/payments/{id_}")


def refund(account: Account, id_: str, amount: Money) -> Request:
    return json_request("POST", f"/payments/{id_}/refunds", {"amount": amount.value})


def refused(refund: Answer, later: Answer | None, webhooks: Sequence[Webhook]) -> bool:
    """A refund is accepted first; where the acquirer declines it, its amount is still there to be refunded."""
    if refund.status >= 400 or later is None:
        return refund.status >= 400
    left = later.json["balances"]
    return bool(left["total_refunded"] == 0 and left["available_to_refund"] == left["total_captured"])


def pay_url(document: Any) -> str | None:
    if "action" in document:
        return str(document["action"]["url"])
    link = document["_links"].get("redirect")
    return None if link is None else str(link["href"])


def is_error(answer: Answer) -> bool:
    if answer.status == 422:
        return list(answer.json) == ["request_id", "error_type", "error_codes"]
    if answer.status == 404 and answer.body:  # a payment session, or a report
        return list(answer.json) in (["request_id", "error_type"], ["request_id", "error_type", "error_codes"])
    return answer.body == b"" and "cko-request-id" in answer.headers


SHOP = Shop(
    sample=SAMPLE,
    variants={"APP": "App", "WAP": "Mobile browser", "WEB": "Desktop browser", FLOW: "Flow, in the shop's page"},
    currencies=("EUR", *sorted(CURRENCIES - {"EUR"})),
    sign=sign,
    create=create,
    read=read,
    refund=refund,
    id_of=lambda purchase, answer: str(answer.json["id"]),
    status_of=lambda answer: str(answer.json["status"]),
    pay_url=pay_url,
    refused=refused,
    is_error=is_error,
    unknown_path=lambda account: "/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa/nothing",
    course=Course(
        waiting="Pending",
        paid="Captured",
        expired="Expired",
        expires_after=timedelta(minutes=15),
        settles_after=timedelta(seconds=5),
        reasons={
            "balance": '"response_code":"20051"',
            "limit": '"response_code":"20061"',
            "blocked": '"response_code":"20062"',
            "authentication": '"response_code":"20063"',
            "cancelled": '"type":"payment_canceled"',
        },
    ),
)
