"""The seed's own purchase at ecommpay through Gate, from the sale to a partial refund."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import DemoAnswer, DemoMerchant
from simulator.kernel.ids import Ids
from simulator.providers.ecommpay import signing

CUSTOMER = {
    "id": "123",
    "ip_address": "192.0.2.0",
    "first_name": "之的",
    "last_name": "张",
    "phone": "13632264148",
    "email": "2524243674@example.com",
    "street": "street",
    "city": "city",
    "zip": "123045608",
    "country": "CH",
}
REFUNDED = 400
FINAL = {"paid": ("success", "0"), "declined": ("decline", "20000"), "cancelled": ("decline", "20301")}
"""Payment status and operation code by what the shopper did; a decline without a reason is a general one."""


def story(merchant: DemoMerchant) -> None:
    project, secret = merchant.credentials["project_id"], merchant.credentials["secret_key"]
    payment_id = "ECT_TEST_" + Ids().digits(15)
    general = {"project_id": project, "payment_id": payment_id}
    merchant.configure_webhook()

    def call(path: str, **members: Any) -> DemoAnswer:
        body = {"general": general, **members}
        signature = signing.sign(secret, body)
        return merchant.send("POST", f"/v2/payment/{path}", {**body, "general": {**general, "signature": signature}})

    sale = call(
        "wallet/alipay/sale",
        customer=CUSTOMER,
        payment={"amount": 1000, "currency": "CNY", "description": "test payment"},
        return_url={"return": "http://example.com/return", "success": "http://example.com/success"},
    )
    merchant.check("the sale is accepted", (200, "success"), (sale.status, sale.json["status"]))
    members = ["status", "request_id", "project_id", "payment_id"]
    merchant.check("the answer has exactly four members", members, list(sale.json))
    [redirect] = merchant.webhooks(payment_id, "sale awaiting redirect result")
    request_id = redirect["operation"]["request_id"]
    merchant.check("the callback names the request that was answered", sale.json["request_id"], request_id)
    merchant.check("it leads the customer to the wallet", "GET", redirect["redirect_data"]["method"])

    outcome = merchant.shopper(payment_id)
    wanted, code = FINAL[outcome]
    [final] = merchant.webhooks(payment_id, f"sale {wanted}")
    merchant.check(f"{outcome}: the callback says {wanted}", wanted, final["payment"]["status"])
    if outcome != "declined":
        merchant.check(f"{outcome}: the code is {code}", code, final["operation"]["code"])
    status = call("status")
    merchant.check(f"{outcome}: so does the status", wanted, status.json["payment"]["status"])
    merchant.check("the status is signed", signing.sign(secret, status.json), status.json["signature"])
    if outcome != "paid":
        return

    refund = call(
        "wallet/alipay/refund",
        customer={"ip_address": "192.0.2.0"},
        payment={"amount": REFUNDED, "description": "part of it"},
    )
    merchant.check("a refund is accepted", (200, "success"), (refund.status, refund.json["status"]))
    [refunded] = merchant.webhooks(payment_id, "refund success")
    told = (refunded["payment"]["status"], refunded["payment"]["sum"]["amount"])
    merchant.check("the payment tells what remains", ("partially refunded", 1000 - REFUNDED), told)
    asked = refunded["operation"]["sum_initial"]["amount"]
    merchant.check("the operation tells what was given back", REFUNDED, asked)
    status = call("status")
    merchant.check("and so does the status", "partially refunded", status.json["payment"]["status"])
