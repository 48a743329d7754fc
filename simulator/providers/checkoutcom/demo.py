"""The seed's own purchase at Checkout.com: a workflow, the payment in an app, the shopper, a partial refund."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import DemoMerchant
from simulator.providers.checkoutcom.states import PAYMENT

ORDER: dict[str, Any] = {
    "amount": 1100,
    "currency": "EUR",
    "source": {"type": "alipay_cn"},
    "processing": {"terminal_type": "APP", "os_type": "IOS"},
    "success_url": "https://example.com/payments/success",
    "failure_url": "https://example.com/payments/failure",
    "payment_type": "Regular",
    "reference": "ORD-5023-4E89",
    "capture": True,
    "customer": {"email": "john.smith@example.com", "name": "John Smith"},
    "shipping": {"address": {"country": "GB"}},
    "items": [{"reference": "1st item reference", "name": "1st item name", "unit_price": 10, "quantity": 1}],
}
REFUNDED = 20
SIGNATURE_KEY = "8V8x0dLK%AyD*DNS8JJr"
FINAL = {"paid": "Captured", "declined": "Declined", "cancelled": "Canceled"}
EVENTS = {
    "paid": ("payment_capture_pending", "payment_captured"),
    "declined": ("payment_declined",),
    "cancelled": ("payment_canceled",),
}
PATIENCE = "PT5S"
"""Captures and refunds are confirmed after a moment of clock time."""


def story(merchant: DemoMerchant) -> None:
    own = merchant.credentials
    headers = {"Authorization": f"Bearer {own['secret_key']}"}
    workflow = {
        "name": "Demo",
        "conditions": [{"type": "event", "events": {"gateway": ["payment_pending", *PAYMENT.events]}}],
        "actions": [
            {"type": "webhook", "url": merchant.inbox, "signature": {"method": "HMACSHA256", "key": SIGNATURE_KEY}}
        ],
    }
    made = merchant.send("POST", "/workflows", workflow, headers=headers)
    merchant.check("a workflow tells us of every event", 201, made.status)

    order = {**ORDER, "processing_channel_id": own["processing_channel_id"]}
    created = merchant.send("POST", "/payments", order, headers=headers)
    merchant.check("the payment is accepted and pending", (202, "Pending"), (created.status, created.json["status"]))
    members = ["id", "status", "reference", "customer", "_links"]
    merchant.check("it has the documented members in their order", members, list(created.json))
    payment = f"/payments/{created.json['id']}"
    merchant.webhooks(created.json["id"], "payment_pending")

    outcome = merchant.shopper(created.json["id"])
    merchant.advance(PATIENCE)
    merchant.webhooks(created.json["id"], *EVENTS[outcome])
    final = merchant.send("GET", payment, headers=headers)
    merchant.check(f"{outcome}: the payment says so", FINAL[outcome], final.json["status"])
    if outcome != "paid":
        return

    refund = merchant.send("POST", f"{payment}/refunds", {"amount": REFUNDED}, headers=headers)
    merchant.check("a part is accepted for refund", (202, ["action_id", "_links"]), (refund.status, list(refund.json)))
    merchant.advance(PATIENCE)
    merchant.webhooks(created.json["id"], "payment_refund_pending", "payment_refunded")
    final = merchant.send("GET", payment, headers=headers)
    left = (final.json["status"], final.json["balances"]["available_to_refund"])
    merchant.check("the rest can still be refunded", ("Partially Refunded", ORDER["amount"] - REFUNDED), left)
