"""The seed's own purchase at PPRO, from the charge to a partial refund. Source: docs/providers/ppro.md, sources 1, 3 and 4.2."""

from __future__ import annotations

from simulator.engine.provider import DemoMerchant
from simulator.engine.shop import Request
from simulator.kernel.money import Money
from simulator.providers.ppro import shop

REFUNDED = Money(400, "CNY")
MEMBERS = [
    "id", "paymentMethod", "paymentMedium", "scheduleType", "instrumentId", "currency", "country", "status", "consumer",
    "authenticationMethods", "authorizations", "captures", "refunds", "discards", "voids", "createdAt", "updatedAt",
    "_links",
]  # fmt: skip
NOTHING_LEFT = "EXCEEDS_REFUNDABLE_AMOUNT"
FINAL = {"paid": "CAPTURED", "declined": "FAILED", "cancelled": "FAILED"}
EVENTS = {
    "paid": ("PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED", "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"),
    "declined": ("PAYMENT_CHARGE_AUTHORIZATION_FAILED",),
    "cancelled": ("PAYMENT_CHARGE_AUTHORIZATION_FAILED",),
}


def story(merchant: DemoMerchant) -> None:
    account, order = merchant.account, shop.SAMPLE
    merchant.configure_webhook()

    created = merchant.send(shop.create(account, order))
    merchant.check("the charge waits for the buyer", "AUTHENTICATION_PENDING", created.json["status"])
    merchant.check("its members stand in the documented order", MEMBERS, list(created.json))
    merchant.check("it offers a redirect", "REDIRECT", created.json["authenticationMethods"][0]["type"])
    instrument = merchant.send(Request("GET", f"/v1/payment-instruments/{created.json['instrumentId']}"))
    wallet = {"id": created.json["instrumentId"], "type": "PASSTHROUGH_WALLET"}
    merchant.check("its instrument is a wallet without details", wallet, instrument.json)
    charge = created.json["id"]
    merchant.webhooks(charge, "PAYMENT_CHARGE_CREATED", "PAYMENT_CHARGE_AUTHENTICATION_PENDING")

    outcome = merchant.buyer(charge)
    merchant.webhooks(charge, *EVENTS[outcome])
    final = merchant.send(shop.read(account, charge))
    merchant.check(f"{outcome}: the charge says so", FINAL[outcome], final.json["status"])
    if outcome != "paid":
        failure = final.json["failure"]
        told = final.json["authorizations"][0]["failure"]
        merchant.check("the authorization bears the same failure", failure, told)
        merchant.check("it is the provider's decline", "PROVIDER_DECLINE", failure["failureType"])
        if outcome == "cancelled":
            merchant.check("it says who gave up", "CANCELED_BY_CONSUMER", failure["failureCode"])
        refused = merchant.send(shop.refund(account, charge, REFUNDED))
        code = refused.json["failure"]["failureCode"]
        merchant.check("there is nothing to refund", ("FAILED", NOTHING_LEFT), (refused.json["status"], code))
        merchant.webhooks(charge, "PAYMENT_CHARGE_REFUND_FAILED")
        return
    captured = [(entry["status"], entry["amount"]) for entry in final.json["captures"]]
    merchant.check("everything was captured at once", [("CAPTURED", order.amount.value)], captured)

    refund = merchant.send(shop.refund(account, charge, REFUNDED))
    merchant.check("a part is refunded", ("REFUNDED", REFUNDED.value), (refund.json["status"], refund.json["amount"]))
    merchant.webhooks(charge, "PAYMENT_CHARGE_REFUND_SUCCEEDED")
    final = merchant.send(shop.read(account, charge))
    merchant.check("the rest stays captured", "CAPTURED", final.json["status"])

    report = merchant.send(shop.report(account, "REFUND", refund.json["createdAt"])).json["id"]
    merchant.advance("PT1M")
    [processed] = merchant.webhooks(report, "REPORT_PROCESSED")
    length = merchant.send(Request("GET", f"{shop.REPORTS}/{report}")).json["contentLength"]
    merchant.check("a report of the refund can be fetched", length, processed["data"]["contentLength"])
