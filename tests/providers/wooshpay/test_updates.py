"""What an update of a payment intent takes over, and what it refuses without changing anything."""

from __future__ import annotations

from typing import Any

import pytest

from providers.wooshpay.driver import Merchant

BARE = {"amount": 1999, "currency": "cny", "payment_method_types": ["alipay"]}
SHIPPING = {"name": "Li Na", "address": {"city": "Shanghai", "country": "CN"}}


async def test_an_intent_takes_over_what_an_update_brings_and_keeps_the_rest(wooshpay: Merchant) -> None:
    intent = await wooshpay.made("payment_intents", BARE | {"metadata": {"cart": "77", "old": "x"}})
    customer = (await wooshpay.made("customers", {"email": "li@shop.example"}))["id"]

    updated = await wooshpay.made(
        f"payment_intents/{intent['id']}",
        {"customer": customer, "shipping": SHIPPING, "metadata": {"old": "", "new": "y"}, "amount": 2000},
    )

    assert (updated["customer"], updated["shipping"], updated["amount"]) == (customer, SHIPPING, 2000)
    assert updated["metadata"] == {"cart": "77", "new": "y"}
    assert updated["status"] == "requires_payment_method"
    assert await wooshpay.intent(intent["id"]) == updated


async def test_an_update_may_name_a_method_twice_and_it_stands_once(wooshpay: Merchant) -> None:
    intent = await wooshpay.made("payment_intents", BARE)

    updated = await wooshpay.made(
        f"payment_intents/{intent['id']}", {"payment_method_types": ["alipay", "card", "alipay"]}
    )

    assert updated["payment_method_types"] == ["alipay", "card"]


async def test_options_of_a_method_can_be_given_later(wooshpay: Merchant) -> None:
    intent = await wooshpay.made("payment_intents", BARE | {"payment_method_data": {"type": "alipay"}})
    options = {"alipay": {"client_ip": "192.0.2.7", "terminal_type": "APP", "os_type": "ANDROID"}}

    updated = await wooshpay.made(f"payment_intents/{intent['id']}", {"payment_method_options": options})

    assert updated["payment_method_options"]["alipay"]["os_type"] == "ANDROID"


async def test_an_unknown_customer_is_refused_and_nothing_of_the_update_stands(wooshpay: Merchant) -> None:
    intent = await wooshpay.made("payment_intents", BARE)

    status, _, code, param = await wooshpay.refused(
        f"payment_intents/{intent['id']}", {"amount": 5, "customer": "cus_0000000000000000000"}
    )

    assert (status, code, param) == (404, "resource_missing", "customer")
    assert await wooshpay.intent(intent["id"]) == intent


async def test_an_intent_without_a_method_cannot_be_confirmed(wooshpay: Merchant) -> None:
    intent = await wooshpay.made("payment_intents", BARE)

    status, _, code, param = await wooshpay.refused(f"payment_intents/{intent['id']}/confirm")

    assert (status, code, param) == (400, "parameter_missing", "payment_method_data")
    assert await wooshpay.intent(intent["id"]) == intent


@pytest.mark.parametrize(
    ("change", "is_taken"),
    [
        ({"description": "x"}, True),
        ({"metadata": {"a": "b"}}, True),
        ({"merchant_order_id": "o-2"}, True),
        ({"amount": 5}, False),
    ],
)
async def test_while_the_shopper_is_in_the_wallet_little_can_change(
    wooshpay: Merchant, change: dict[str, Any], is_taken: bool
) -> None:
    intent = await wooshpay.pay_link()

    answer = await wooshpay.post(f"payment_intents/{intent['id']}", change)

    assert (answer.status_code == 200) is is_taken
    if not is_taken:
        assert answer.json()["error"]["code"] == "payment_intent_unexpected_state"
        assert await wooshpay.intent(intent["id"]) == intent
