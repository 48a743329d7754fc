"""The seed's own purchase at ecommpay through Gate, from the sale to a partial refund."""

from __future__ import annotations

from dataclasses import replace

from simulator.engine.provider import DemoMerchant
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money
from simulator.providers.ecommpay import shop, signing

REFUNDED = Money(400, "CNY")
FINAL = {"paid": ("success", "0"), "declined": ("decline", "20000"), "cancelled": ("decline", "20301")}
"""Payment status and operation code by what the buyer did; a decline without a reason is a general one."""


def story(merchant: DemoMerchant) -> None:
    account, secret = merchant.account, merchant.account.credentials["secret_key"]
    payment_id = "ECT_TEST_" + Ids().digits(15)
    order = replace(shop.SAMPLE, reference=payment_id)
    merchant.configure_webhook()

    sale = merchant.send(shop.create(account, order))
    merchant.check("the sale is accepted", (200, "success"), (sale.status, sale.json["status"]))
    members = ["status", "request_id", "project_id", "payment_id"]
    merchant.check("the answer has exactly four members", members, list(sale.json))
    [redirect] = merchant.webhooks(payment_id, "sale awaiting redirect result")
    request_id = redirect["operation"]["request_id"]
    merchant.check("the callback names the request that was answered", sale.json["request_id"], request_id)
    merchant.check("it leads the customer to the wallet", "GET", redirect["redirect_data"]["method"])

    outcome = merchant.buyer(payment_id)
    wanted, code = FINAL[outcome]
    [final] = merchant.webhooks(payment_id, f"sale {wanted}")
    merchant.check(f"{outcome}: the callback says {wanted}", wanted, final["payment"]["status"])
    if outcome != "declined":
        merchant.check(f"{outcome}: the code is {code}", code, final["operation"]["code"])
    status = merchant.send(shop.read(account, payment_id))
    merchant.check(f"{outcome}: so does the status", wanted, status.json["payment"]["status"])
    merchant.check("the status is signed", signing.sign(secret, status.json), status.json["signature"])
    if outcome != "paid":
        return

    refund = merchant.send(shop.refund(account, payment_id, REFUNDED))
    merchant.check("a refund is accepted", (200, "success"), (refund.status, refund.json["status"]))
    [refunded] = merchant.webhooks(payment_id, "refund success")
    told = (refunded["payment"]["status"], refunded["payment"]["sum"]["amount"])
    merchant.check("the payment tells what remains", ("partially refunded", order.amount.value - REFUNDED.value), told)
    asked = refunded["operation"]["sum_initial"]["amount"]
    merchant.check("the operation tells what was given back", REFUNDED.value, asked)
    status = merchant.send(shop.read(account, payment_id))
    merchant.check("and so does the status", "partially refunded", status.json["payment"]["status"])
    answer = merchant.send(shop.operations_of(account, payment_id))
    types = [(each["operation_type"], each["amount"]) for each in answer.json["operations"]]
    merchant.check(
        "the Data API tells both operations", [("sale", order.amount.value), ("refund", REFUNDED.value)], types
    )
    data_secret = account.credentials["data_secret"]
    merchant.check(
        "that answer is signed by the token's secret", signing.sign(data_secret, answer.json), answer.json["signature"]
    )
