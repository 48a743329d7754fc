"""The seed's own purchase at WooshPay: an intent for desktop browsers, the wallet, a partial refund, and no second one."""

from __future__ import annotations

import base64

from simulator.engine.provider import DemoMerchant

ORDER = {
    "amount": 20,
    "currency": "CNY",
    "confirm": True,
    "payment_method_options": {"alipay": {"client_ip": "192.168.0.1", "terminal_type": "WEB", "os_type": "IOS"}},
    "payment_method_data": {"type": "alipay"},
    "payment_method_types": ["alipay"],
    "return_url": "https://wooshpay.com",
}
REFUNDED = 8
WANTED = ["payment_intent.created", "payment_intent.requires_action", "payment_intent.succeeded"]
WANTED += ["payment_intent.payment_failed", "charge.refund.updated"]


def story(merchant: DemoMerchant) -> None:
    key = base64.b64encode(f"{merchant.credentials['secret_key']}:".encode()).decode()
    headers = {"Authorization": f"Basic {key}"}

    endpoint = {"url": merchant.inbox, "enabled_events": WANTED}
    registered = merchant.send("POST", "/v1/webhook_endpoints", endpoint, headers=headers)
    merchant.check("the webhook is enabled", (200, "enabled"), (registered.status, registered.json["status"]))
    merchant.check("its events come back sorted", sorted(WANTED), registered.json["enabled_events"])

    created = merchant.send("POST", "/v1/payment_intents", ORDER, headers=headers)
    merchant.check("creation answers 200", 200, created.status)
    merchant.check("the intent waits for the shopper", "requires_action", created.json["status"])
    merchant.check("the link is a redirect", "redirect_to_url", created.json["next_action"]["type"])
    link = created.json["next_action"]["alipay_handle_redirect"]["url"]
    merchant.check("it leads to the wallet's cashier", True, "/checkout.htm?codeValue=28166604009" in link)
    id_, intent = created.json["id"], f"/v1/payment_intents/{created.json['id']}"
    merchant.webhooks(id_, "payment_intent.created", "payment_intent.requires_action")

    outcome = merchant.shopper(id_)
    final = merchant.send("GET", intent, headers=headers)
    if outcome != "paid":
        [told] = merchant.webhooks(id_, "payment_intent.payment_failed")
        merchant.check(f"{outcome}: another method is wanted", "requires_payment_method", final.json["status"])
        error = final.json["last_payment_error"]
        merchant.check("the attempt failed in the wallet", "payment_intent_payment_attempt_failed", error["code"])
        merchant.check("the webhook said the same", error, told["data"]["object"]["last_payment_error"])
        return
    [told] = merchant.webhooks(id_, "payment_intent.succeeded")
    merchant.check("paid: the intent says so", ("succeeded", 20), (final.json["status"], final.json["amount_received"]))
    merchant.check("the webhook carries the same intent", final.json, told["data"]["object"])

    asked = {"payment_intent": id_, "amount": str(REFUNDED), "reason": "requested_by_customer"}
    refund = merchant.send("POST", "/v1/refunds", asked, headers=headers)
    merchant.check("a part is refunded", ("succeeded", REFUNDED), (refund.json["status"], refund.json["amount"]))
    merchant.webhooks(id_, "charge.refund.updated")
    again = merchant.send("POST", "/v1/refunds", asked, headers=headers)
    refused = (again.status, again.json["error"]["code"])
    merchant.check("Alipay takes no second refund", (400, "charge_already_refunded"), refused)
    final = merchant.send("GET", intent, headers=headers)
    merchant.check("the intent stays succeeded", "succeeded", final.json["status"])
