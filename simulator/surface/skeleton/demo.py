"""A purchase as a story: `psp-simulator demo newpay`."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant
from simulator.kernel.money import Money
from simulator.surface.skeleton import shop

EVENTS = {"paid": "payment.paid", "declined": "payment.failed", "cancelled": "payment.cancelled"}


def story(merchant: DemoMerchant) -> None:
    merchant.configure_webhook()
    created = merchant.send(shop.create(merchant.account, shop.SHOP.sample))
    merchant.check("the payment waits", (201, "pending"), (created.status, created.json["status"]))
    outcome = merchant.buyer(created.json["id"])
    merchant.webhooks(created.json["id"], EVENTS[outcome])
    if outcome == "paid":
        refund = merchant.send(shop.refund(merchant.account, created.json["id"], Money(400, "CNY")))
        merchant.check("a part is refunded", 400, refund.json["amount_refunded"])
