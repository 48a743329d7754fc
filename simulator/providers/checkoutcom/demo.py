"""The seed's own purchase at Checkout.com: a workflow, the payment in an app, the shopper, a partial refund. And one by Flow."""

from __future__ import annotations

from collections.abc import Callable

from simulator.engine.provider import DemoMerchant
from simulator.engine.shop import Answer, Request, json_request
from simulator.kernel.money import Money
from simulator.providers.checkoutcom import shop
from simulator.providers.checkoutcom.states import PAYMENT
from simulator.providers.checkoutcom.wire.sessions import session_data

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
    _listening(merchant, _purchase)


def flow(merchant: DemoMerchant) -> None:
    """By a payment session: the component in the shopper's browser chooses AlipayCN, the shop's server submits."""
    _listening(merchant, _session)


def _listening(merchant: DemoMerchant, tell: Callable[[DemoMerchant], None]) -> None:
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
        tell(merchant)
    finally:  # whatever becomes of it: nobody listens there afterwards
        merchant.send(Request("DELETE", f"/workflows/{made.json['id']}"))


def _session(merchant: DemoMerchant) -> None:
    order = shop.SAMPLE
    body = {
        "amount": order.amount.value,
        "currency": order.amount.currency,
        "billing": {"address": {"country": "CN"}},
        "customer": {"email": "john.smith@example.com"},
        "success_url": order.return_url,
        "failure_url": order.return_url.replace("/success", "/failure"),
        "enabled_payment_methods": ["alipay_cn"],
    }
    session = merchant.send(json_request("POST", "/payment-sessions", body))
    members = ["id", "payment_session_token", "payment_session_secret", "_links"]
    merchant.check("the session has the documented members", (201, members), (session.status, list(session.json)))
    merchant.say(
        f"The shop's page loads {merchant.account.base_url}/checkout-web-components/index.js, gives the session to"
    )
    merchant.say("CheckoutWebComponents, and the shopper chooses AlipayCN there.")
    said = {"session_data": session_data("alipay_cn"), "reference": order.reference}
    answer = merchant.send(json_request("POST", f"/payment-sessions/{session.json['id']}/submit", said))
    told = (answer.status, answer.json["status"], answer.json["action"]["type"])
    merchant.check("what handleSubmit submits asks for a redirect", (202, "Action Required", "redirect"), told)
    payment = answer.json["id"]
    merchant.webhooks(payment, "payment_pending")
    final = _shopper(merchant, payment)
    metadata = {"cko_payment_session_id": session.json["id"]}
    merchant.check("the payment names its session", metadata, final.json["metadata"])


def _shopper(merchant: DemoMerchant, payment: str) -> Answer:
    """What the shopper makes of it: the payment as it is then."""
    outcome = merchant.buyer(payment)
    merchant.advance(PATIENCE)
    merchant.webhooks(payment, *EVENTS[outcome])
    final = merchant.send(shop.read(merchant.account, payment))
    merchant.check(f"{outcome}: the payment says so", FINAL[outcome], final.json["status"])
    return final


def _purchase(merchant: DemoMerchant) -> None:
    account, order = merchant.account, shop.SAMPLE
    created = merchant.send(shop.create(account, order))
    merchant.check("the payment is accepted and pending", (202, "Pending"), (created.status, created.json["status"]))
    members = ["id", "status", "reference", "customer", "_links"]
    merchant.check("it has the documented members in their order", members, list(created.json))
    payment = created.json["id"]
    merchant.webhooks(payment, "payment_pending")

    if _shopper(merchant, payment).json["status"] != FINAL["paid"]:
        return

    refund = merchant.send(shop.refund(account, payment, REFUNDED))
    merchant.check("a part is accepted for refund", (202, ["action_id", "_links"]), (refund.status, list(refund.json)))
    merchant.advance(PATIENCE)
    merchant.webhooks(payment, "payment_refund_pending", "payment_refunded")
    final = merchant.send(shop.read(account, payment))
    left = (final.json["status"], final.json["balances"]["available_to_refund"])
    merchant.check("the rest can still be refunded", ("Partially Refunded", order.amount.value - REFUNDED.value), left)
