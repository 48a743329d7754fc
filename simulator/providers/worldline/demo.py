"""The seed's own purchase at Worldline Connect: REDIRECTED, CAPTURED, two days later PAID, and a partial refund."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import DemoMerchant
from simulator.engine.shop import Account, Answer, Request
from simulator.kernel.money import Money
from simulator.providers.worldline import shop

REFUNDED = Money(900, "CNY")
FINAL = {"declined": ("REJECTED", 120), "cancelled": ("CANCELLED", 99999)}


def story(merchant: DemoMerchant) -> None:
    account, order = merchant.account, shop.SAMPLE
    merchant.configure_webhook()

    test = merchant.send(_get(account, "/services/testconnection"))
    merchant.check("key and signature are good", {"result": "OK"}, test.json)
    created = merchant.send(shop.create(account, order))
    payment, action = created.json["payment"], created.json["merchantAction"]
    merchant.check("the payment waits for the consumer", ("REDIRECTED", 50), _state(payment))
    merchant.check("it may still be cancelled", True, payment["statusOutput"]["isCancellable"])
    merchant.check("the consumer is redirected", "REDIRECT", action["actionType"])
    merchant.check(
        "both references are the merchant's", {order.reference}, set(created.json["creationOutput"].values())
    )
    merchant.webhooks(payment["id"], "payment.created", "payment.redirected")

    outcome = merchant.buyer(payment["id"])
    if outcome != "paid":
        (ended,) = merchant.webhooks(payment["id"], f"payment.{FINAL[outcome][0].lower()}")
        merchant.check("the webhook says so", FINAL[outcome], _state(ended["payment"]))
        final = merchant.send(shop.read(account, payment["id"]))
        merchant.check(f"{outcome}: the payment is final", FINAL[outcome], _state(final.json))
        return

    (captured,) = merchant.webhooks(payment["id"], "payment.captured")
    merchant.check("the wallet has confirmed", ("CAPTURED", 800), _state(captured["payment"]))
    early = merchant.send(shop.refund(account, payment["id"], REFUNDED))
    merchant.check("no refund before the funds have come", (400, "300450"), (early.status, _code(early)))
    merchant.say("Alipay transfers the funds within a few days.")
    merchant.advance("P2D")
    (paid,) = merchant.webhooks(payment["id"], "payment.paid")
    merchant.check("the funds are collected", ("PAID", 1000), _state(paid["payment"]))

    refund = merchant.send(shop.refund(account, payment["id"], REFUNDED))
    merchant.check("a part is to be refunded", ("REFUND_REQUESTED", 800), _state(refund.json))
    merchant.advance("PT1H")
    merchant.webhooks(payment["id"], "refund.refund_requested", "refund.refunded")
    done = merchant.send(_get(account, f"/refunds/{refund.json['id']}"))
    merchant.check("Alipay has executed it", ("REFUNDED", 1800), _state(done.json))
    final = merchant.send(shop.read(account, payment["id"]))
    merchant.check("the payment stays PAID", "PAID", final.json["status"])
    merchant.check("and knows what was refunded", REFUNDED.value, final.json["paymentOutput"]["amountRefunded"])


def _get(account: Account, path: str) -> Request:
    return Request("GET", shop.path(account, path))


def _state(found: dict[str, Any]) -> tuple[str, int]:
    return found["status"], found["statusOutput"]["statusCode"]


def _code(answer: Answer) -> str:
    return str(answer.json["errors"][0]["code"])
