"""The seed's own purchase at Worldline Connect: REDIRECTED, CAPTURED, two days later PAID, and a partial refund."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from email.utils import format_datetime
from typing import Any

from simulator.engine.provider import DemoAnswer, DemoMerchant
from simulator.kernel.clock import time_of_day

REFERENCE = "LS-7781"
ORDER = {
    "order": {
        "amountOfMoney": {"amount": 2500, "currencyCode": "CNY"},
        "customer": {"locale": "en_GB", "billingAddress": {"countryCode": "CN"}},
        "references": {"merchantReference": REFERENCE, "descriptor": "Paper lantern"},
    },
    "redirectPaymentMethodSpecificInput": {
        "paymentProductId": 861,
        "redirectionData": {"returnUrl": "https://shop.example.org/back?cart=7"},
    },
}
REFUNDED = 900
FINAL = {"declined": ("REJECTED", 160), "cancelled": ("CANCELLED", 99999)}


def story(merchant: DemoMerchant) -> None:
    shop = _Shop(merchant)
    merchant.configure_webhook()

    test = shop.send("GET", "/services/testconnection")
    merchant.check("key and signature are good", {"result": "OK"}, test.json)
    created = shop.send("POST", "/payments", ORDER)
    payment, action = created.json["payment"], created.json["merchantAction"]
    merchant.check("the payment waits for the consumer", ("REDIRECTED", 50), _state(payment))
    merchant.check("it may still be cancelled", True, payment["statusOutput"]["isCancellable"])
    merchant.check("the consumer is redirected", "REDIRECT", action["actionType"])
    merchant.check("both references are the merchant's", {REFERENCE}, set(created.json["creationOutput"].values()))
    merchant.webhooks(payment["id"], "payment.created", "payment.redirected")

    outcome = merchant.shopper(payment["id"])
    if outcome != "paid":
        (ended,) = merchant.webhooks(payment["id"], f"payment.{FINAL[outcome][0].lower()}")
        merchant.check("the webhook says so", FINAL[outcome], _state(ended["payment"]))
        final = shop.send("GET", f"/payments/{payment['id']}")
        merchant.check(f"{outcome}: the payment is final", FINAL[outcome], _state(final.json))
        return

    (captured,) = merchant.webhooks(payment["id"], "payment.captured")
    merchant.check("the wallet has confirmed", ("CAPTURED", 800), _state(captured["payment"]))
    early = shop.send("POST", f"/payments/{payment['id']}/refund")
    merchant.check("no refund before the funds have come", (400, "300450"), (early.status, _code(early)))
    merchant.say("Alipay transfers the funds within a few days.")
    merchant.advance("P2D")
    (paid,) = merchant.webhooks(payment["id"], "payment.paid")
    merchant.check("the funds are collected", ("PAID", 1000), _state(paid["payment"]))

    body = {"amountOfMoney": {"amount": REFUNDED, "currencyCode": "CNY"}}
    refund = shop.send("POST", f"/payments/{payment['id']}/refund", body)
    merchant.check("a part is to be refunded", ("REFUND_REQUESTED", 800), _state(refund.json))
    merchant.advance("PT1H")
    merchant.webhooks(payment["id"], "refund.refund_requested", "refund.refunded")
    done = shop.send("GET", f"/refunds/{refund.json['id']}")
    merchant.check("Alipay has executed it", ("REFUNDED", 1800), _state(done.json))
    final = shop.send("GET", f"/payments/{payment['id']}")
    merchant.check("the payment stays PAID", "PAID", final.json["status"])
    merchant.check("and knows what was refunded", REFUNDED, final.json["paymentOutput"]["amountRefunded"])


def _state(found: dict[str, Any]) -> tuple[str, int]:
    return found["status"], found["statusOutput"]["statusCode"]


def _code(answer: DemoAnswer) -> str:
    return str(answer.json["errors"][0]["code"])


class _Shop:
    """Signs as a merchant's own code would."""

    def __init__(self, merchant: DemoMerchant) -> None:
        self._merchant = merchant

    def send(self, method: str, path: str, body: Any = None) -> DemoAnswer:
        own = self._merchant.credentials
        resource = f"/v1/{own['merchant_id']}{path}"
        content_type = "application/json" if body is not None else ""
        date = format_datetime(time_of_day(), usegmt=True)
        text = f"{method}\n{content_type}\n{date}\n{resource}\n"
        mac = hmac.new(own["secret_api_key"].encode(), text.encode(), hashlib.sha256).digest()
        headers = {"Date": date, "Authorization": f"GCS v1HMAC:{own['api_key_id']}:{base64.b64encode(mac).decode()}"}
        if body is None:
            return self._merchant.send(method, resource, headers=headers)
        headers["Content-Type"] = content_type
        return self._merchant.send(method, resource, headers=headers, content=json.dumps(body).encode())
