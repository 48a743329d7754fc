"""A purchase at Acme as a story."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant
from simulator.kernel.money import Money
from toy.acme import shop

EVENTS = {"paid": "charge.captured", "declined": "charge.failed", "cancelled": "charge.failed"}


def story(merchant: DemoMerchant) -> None:
    merchant.configure_webhook()
    created = merchant.send(shop.create(merchant.account, shop.SAMPLE))
    merchant.check("the charge waits", (201, "PENDING"), (created.status, created.json["status"]))
    outcome = merchant.buyer(created.json["id"])
    merchant.webhooks(created.json["id"], EVENTS[outcome])
    if outcome == "paid":
        refund = merchant.send(shop.refund(merchant.account, created.json["id"], Money(400, "CNY")))
        merchant.check("a part is refunded", 400, refund.json["refunded"])
