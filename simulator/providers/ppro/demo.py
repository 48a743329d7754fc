"""The seed's own purchase at PPRO, from the charge to a partial refund. Source: reference/ppro.md, sections 1, 3 and 4.2."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant

ORDER_VALUE = 1000
ORDER = {
    "paymentMethod": "ALIPAY",
    "amount": {"value": ORDER_VALUE, "currency": "CNY"},
    "consumer": {"country": "CN"},
    "authenticationSettings": [
        {"type": "REDIRECT", "settings": {"returnUrl": "https://www.webshop.com/order-results-page"}}
    ],
}
MEMBERS = [
    "id", "paymentMethod", "paymentMedium", "scheduleType", "instrumentId", "currency", "country", "status", "consumer",
    "authenticationMethods", "authorizations", "captures", "refunds", "discards", "voids", "createdAt", "updatedAt",
    "_links",
]  # fmt: skip
REFUNDED = 400
NOTHING_LEFT = "EXCEEDS_REFUNDABLE_AMOUNT"
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
    merchant.check("its members stand in the documented order", MEMBERS, list(created.json))
    merchant.check("it offers a redirect", "REDIRECT", created.json["authenticationMethods"][0]["type"])
    instrument = merchant.send("GET", f"/v1/payment-instruments/{created.json['instrumentId']}", headers=headers)
    wallet = {"id": created.json["instrumentId"], "type": "PASSTHROUGH_WALLET"}
    merchant.check("its instrument is a wallet without details", wallet, instrument.json)
    charge = f"/v1/payment-charges/{created.json['id']}"
    merchant.webhooks(created.json["id"], "PAYMENT_CHARGE_CREATED", "PAYMENT_CHARGE_AUTHENTICATION_PENDING")

    outcome = merchant.shopper(created.json["id"])
    merchant.webhooks(created.json["id"], *EVENTS[outcome])
    final = merchant.send("GET", charge, headers=headers)
    merchant.check(f"{outcome}: the charge says so", FINAL[outcome], final.json["status"])
    if outcome != "paid":
        failure = final.json["failure"]
        told = final.json["authorizations"][0]["failure"]
        merchant.check("the authorization bears the same failure", failure, told)
        merchant.check("it is the provider's decline", "PROVIDER_DECLINE", failure["failureType"])
        if outcome == "cancelled":
            merchant.check("it says who gave up", "CANCELED_BY_CONSUMER", failure["failureCode"])
        refused = merchant.send("POST", f"{charge}/refunds", {"amount": REFUNDED}, headers=headers)
        code = refused.json["failure"]["failureCode"]
        merchant.check("there is nothing to refund", ("FAILED", NOTHING_LEFT), (refused.json["status"], code))
        merchant.webhooks(created.json["id"], "PAYMENT_CHARGE_REFUND_FAILED")
        return
    captured = [(entry["status"], entry["amount"]) for entry in final.json["captures"]]
    merchant.check("everything was captured at once", [("CAPTURED", ORDER_VALUE)], captured)

    refund = merchant.send("POST", f"{charge}/refunds", {"amount": REFUNDED}, headers=headers)
    merchant.check("a part is refunded", ("REFUNDED", REFUNDED), (refund.json["status"], refund.json["amount"]))
    merchant.webhooks(created.json["id"], "PAYMENT_CHARGE_REFUND_SUCCEEDED")
    final = merchant.send("GET", charge, headers=headers)
    merchant.check("the rest stays captured", "CAPTURED", final.json["status"])
