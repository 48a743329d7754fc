"""The seed's own purchase at PPRO, from the charge to a partial refund."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant

ORDER = {
    "paymentMethod": "ALIPAY",
    "amount": {"value": 1000, "currency": "CNY"},
    "consumer": {"country": "CN"},
    "authenticationSettings": [
        {"type": "REDIRECT", "settings": {"returnUrl": "https://www.webshop.com/order-results-page"}}
    ],
}
REFUNDED = 400
FINAL = {"paid": "CAPTURED", "declined": "FAILED", "cancelled": "FAILED"}
EVENTS = {
    "paid": ("PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED", "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"),
    "declined": ("PAYMENT_CHARGE_AUTHORIZATION_FAILED",),
    "cancelled": ("PAYMENT_CHARGE_AUTHORIZATION_FAILED",),
}


def story(merchant: DemoMerchant) -> None:
    own = merchant.credentials
    headers = {"Authorization": f"Bearer {own['api_key']}", "Merchant-Id": own["merchant_id"]}
    merchant.configure_webhook()

    created = merchant.send("POST", "/v1/payment-charges", ORDER, headers=headers)
    merchant.check("the charge waits for the buyer", "AUTHENTICATION_PENDING", created.json["status"])
    merchant.check("it offers a redirect", "REDIRECT", created.json["authenticationMethods"][0]["type"])
    charge = f"/v1/payment-charges/{created.json['id']}"
    merchant.webhooks(created.json["id"], "PAYMENT_CHARGE_CREATED", "PAYMENT_CHARGE_AUTHENTICATION_PENDING")

    outcome = merchant.shopper(created.json["id"])
    merchant.webhooks(created.json["id"], *EVENTS[outcome])
    final = merchant.send("GET", charge, headers=headers)
    merchant.check(f"{outcome}: the charge says so", FINAL[outcome], final.json["status"])
    if outcome != "paid":
        return

    refund = merchant.send("POST", f"{charge}/refunds", {"amount": REFUNDED}, headers=headers)
    merchant.check("a part is refunded", ("REFUNDED", REFUNDED), (refund.json["status"], refund.json["amount"]))
    merchant.webhooks(created.json["id"], "PAYMENT_CHARGE_REFUND_SUCCEEDED")
    final = merchant.send("GET", charge, headers=headers)
    merchant.check("the rest stays captured", "CAPTURED", final.json["status"])
