"""The official Node client builds Payment Page's address and checks every callback; its signer drives Gate over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node
from sdk.test_ecommpay_sdk import SALE, get, post, press

IMPORT = 'const { Payment, Callback } = require("ecommpay"); const sign = require("ecommpay/src/signer");'


@pytest.fixture
def shop(world: World, node: Node) -> Any:
    """Runs a program with the client at hand, and the project's secret."""
    own = world.credentials("ecommpay")

    def run(program: str, **given: Any) -> Any:
        return node.run(f"{IMPORT} {program}", project=own["project_id"], secret=own["secret_key"], **given)

    return run


def test_the_client_builds_an_address_that_opens_payment_page_and_a_buyer_pays(world: World, shop: Any) -> None:
    """Awkward parameters on purpose: a space, Chinese, a nested address, a boolean."""
    read = world.receive_webhooks("ecommpay")
    url = shop(
        readme.lines("ecommpay", "Node ecommpay", world.url)
        + """
        Object.assign(payment, {
            paymentId: "580", paymentAmount: 1000, paymentCurrency: "CNY", customerId: "customer 1",
            forcePaymentMethod: "alipay", paymentDescription: "电脑键盘 & 鼠标", redirect: true,
            merchantSuccessUrl: "https://shop.example/done?order=580&ok=1",
        });
        return payment.getUrl();
        """
    )

    emulator = press(world, get(url), "ecp-pay")
    result = press(world, emulator, "ecp-success", last_name="Zhou")
    told = shop(
        """
        return bodies.map(body => new Callback(secret, body)).map(c => [c.getPaymentId(), c.isPaymentSuccess()]);
        """,
        bodies=[received["body"] for received in read()],
    )

    assert 'data-outcome="paid"' in result
    assert told == [["580", True]]


def test_sale_refund_and_status_run_on_the_clients_signer(world: World, shop: Any) -> None:
    read = world.receive_webhooks("ecommpay")

    def call(path: str, **members: Any) -> tuple[int, dict[str, Any]]:
        body = {"general": {"project_id": world.credentials("ecommpay")["project_id"], "payment_id": "t-1"}, **members}
        body["general"]["signature"] = shop("return sign(body, secret)", body=body)
        return post(f"{world.url}/v2/payment/{path}", json.dumps(body).encode(), "application/json")

    status, accepted = call("wallet/alipay/sale", **SALE)
    world.advance("PT1S")
    world.act("ecommpay", "t-1", "pay")
    _, refund = call("wallet/alipay/refund", payment={"amount": 400, "description": "part"})
    world.advance("PT2S")
    _, told = call("status")

    statuses = shop(
        "return bodies.map(body => new Callback(secret, body).callback.payment.status)",
        bodies=[received["body"] for received in read()],
    )
    signature = told.pop("signature")
    assert (status, accepted["status"], refund["status"]) == (200, "success", "success")
    assert told["payment"]["status"] == "partially refunded"
    assert shop("return sign(told, secret)", told=told) == signature
    assert statuses == ["awaiting redirect result", "success", "partially refunded"]


def test_the_client_refuses_what_another_secret_signed(world: World, shop: Any) -> None:
    read = world.receive_webhooks("ecommpay")
    url = shop(
        readme.lines("ecommpay", "Node ecommpay", world.url)
        + """
        Object.assign(payment, {paymentId: "1", paymentAmount: 1000, paymentCurrency: "CNY", customerId: "1"});
        return Object.assign(payment, {forcePaymentMethod: "alipay"}).getUrl();
        """
    )
    press(world, press(world, get(url), "ecp-pay"), "ecp-success", last_name="Zhou")
    [received] = read()

    refused = shop(
        "try { return new Callback('another', body).getPaymentId() } catch (error) { return error.message }",
        body=received["body"],
    )

    assert refused == "Invalid signature"
