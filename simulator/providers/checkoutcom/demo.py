"""The seed's own purchase at Checkout.com: a workflow, the payment in an app, the shopper, a partial refund."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant
from simulator.engine.shop import Request, json_request
from simulator.kernel.money import Money
from simulator.providers.checkoutcom import shop
from simulator.providers.checkoutcom.states import PAYMENT

REFUNDED = Money(20, "EUR")
SIGNATURE_KEY = "8V8x0dLK%AyD*DNS8JJr"
FINAL = {"paid": "Captured", "declined": "Declined", "cancelled": "Canceled"}
EVENTS = {
    "paid": ("payment_capture_pending", "payment_captured"),
    "declined": ("payment_declined",),
    "cancelled": ("payment_canceled",),
}
PATIENCE = "PT5S"
"""How far the clock is put forward: captures and refunds are confirmed within this time."""


def story(merchant: DemoMerchant) -> None:
    workflow = {
        "name": "Demo",
        "conditions": [{"type": "event", "events": {"gateway": ["payment_pending", *PAYMENT.events]}}],
        "actions": [
            {"type": "webhook", "url": merchant.inbox, "signature": {"method": "HMACSHA256", "key": SIGNATURE_KEY}}
        ],
    }
    made = merchant.send(json_request("POST", "/workflows", workflow))
    merchant.check("a workflow tells us of every event", 201, made.status)
    try:
        _purchase(merchant)
    finally:  # whatever becomes of it: nobody listens there afterwards
        merchant.send(Request("DELETE", f"/workflows/{made.json['id']}"))


def _purchase(merchant: DemoMerchant) -> None:
    account, order = merchant.account, shop.SAMPLE
    created = merchant.send(shop.create(account, order))
    merchant.check("the payment is accepted and pending", (202, "Pending"), (created.status, created.json["status"]))
    members = ["id", "status", "reference", "customer", "_links"]
    merchant.check("it has the documented members in their order", members, list(created.json))
    payment = created.json["id"]
    merchant.webhooks(payment, "payment_pending")

    outcome = merchant.shopper(payment)
    merchant.advance(PATIENCE)
    merchant.webhooks(payment, *EVENTS[outcome])
    final = merchant.send(shop.read(account, payment))
    merchant.check(f"{outcome}: the payment says so", FINAL[outcome], final.json["status"])
    if outcome != "paid":
        return

    refund = merchant.send(shop.refund(account, payment, REFUNDED))
    merchant.check("a part is accepted for refund", (202, ["action_id", "_links"]), (refund.status, list(refund.json)))
    merchant.advance(PATIENCE)
    merchant.webhooks(payment, "payment_refund_pending", "payment_refunded")
    final = merchant.send(shop.read(account, payment))
    left = (final.json["status"], final.json["balances"]["available_to_refund"])
    merchant.check("the rest can still be refunded", ("Partially Refunded", order.amount.value - REFUNDED.value), left)
