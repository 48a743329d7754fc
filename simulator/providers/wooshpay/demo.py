"""The seed's own purchase at WooshPay: an intent for desktop browsers, the wallet, a partial refund, and no second one."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant
from simulator.engine.shop import Request, json_request
from simulator.kernel.money import Money
from simulator.providers.wooshpay import shop

REFUNDED = Money(8, "CNY")
WANTED = ["payment_intent.created", "payment_intent.requires_action", "payment_intent.succeeded"]
WANTED += ["payment_intent.payment_failed", "charge.refund.updated"]


def story(merchant: DemoMerchant) -> None:
    endpoint = {"url": merchant.inbox, "enabled_events": WANTED}
    registered = merchant.send(json_request("POST", "/v1/webhook_endpoints", endpoint))
    merchant.check("the webhook is enabled", (200, "enabled"), (registered.status, registered.json["status"]))
    merchant.check("its events come back sorted", sorted(WANTED), registered.json["enabled_events"])
    try:
        _purchase(merchant)
    finally:  # whatever becomes of it: nobody listens there afterwards
        merchant.send(Request("DELETE", f"/v1/webhook_endpoints/{registered.json['id']}"))


def _purchase(merchant: DemoMerchant) -> None:
    account, order = merchant.account, shop.SAMPLE
    created = merchant.send(shop.create(account, order))
    merchant.check("creation answers 200", 200, created.status)
    merchant.check("the intent waits for the shopper", "requires_action", created.json["status"])
    merchant.check("the link is a redirect", "redirect_to_url", created.json["next_action"]["type"])
    link = created.json["next_action"]["alipay_handle_redirect"]["url"]
    merchant.check("it leads to the wallet's cashier", True, "/checkout.htm?codeValue=28166604009" in link)
    id_ = created.json["id"]
    merchant.webhooks(id_, "payment_intent.created", "payment_intent.requires_action")

    outcome = merchant.buyer(id_)
    final = merchant.send(shop.read(account, id_))
    if outcome != "paid":
        [told] = merchant.webhooks(id_, "payment_intent.payment_failed")
        merchant.check(f"{outcome}: another method is wanted", "requires_payment_method", final.json["status"])
        error = final.json["last_payment_error"]
        merchant.check("the attempt failed in the wallet", "payment_intent_payment_attempt_failed", error["code"])
        merchant.check("the webhook said the same", error, told["data"]["object"]["last_payment_error"])
        return
    [told] = merchant.webhooks(id_, "payment_intent.succeeded")
    told_amount = (final.json["status"], final.json["amount_received"])
    merchant.check("paid: the intent says so", ("succeeded", order.amount.value), told_amount)
    merchant.check("the webhook carries the same intent", final.json, told["data"]["object"])

    refund = merchant.send(shop.refund(account, id_, REFUNDED))
    merchant.check("a part is refunded", ("succeeded", REFUNDED.value), (refund.json["status"], refund.json["amount"]))
    merchant.webhooks(id_, "charge.refund.updated")
    again = merchant.send(shop.refund(account, id_, REFUNDED))
    refused = (again.status, again.json["error"]["code"])
    merchant.check("Alipay takes no second refund", (400, "charge_already_refunded"), refused)
    final = merchant.send(shop.read(account, id_))
    merchant.check("the intent stays succeeded", "succeeded", final.json["status"])
