"""What an integrator sends that the platform reads and the simulator does not, or nobody: said, and refused where it is strict."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from published import facts
from support import Sim

from providers.ecommpay.driver import SALE, Merchant
from providers.ecommpay.test_errata import ID, SALE_PATH
from simulator.engine.provider import LeftOut
from simulator.providers.ecommpay import PROVIDER

# What the platform has and the simulator lacks ------------------------------------------------------------------------------


def shape(path: str) -> str:
    return re.sub(r"{[^}]+}", "{}", path)


@pytest.mark.parametrize("operation", facts("ecommpay-operations")["operations"], ids=lambda operation: operation[2])
def test_every_operation_of_the_published_catalogue_is_there_or_left_out(operation: list[str]) -> None:
    method, path, name = operation
    built = {(endpoint.method, shape(endpoint.path)) for endpoint in PROVIDER.endpoints}
    left_out = {(one.method, shape(one.path)): one.operation for one in PROVIDER.left_out}

    assert (method, shape(path)) in built or left_out[method, shape(path)] == name


@pytest.mark.parametrize("left_out", PROVIDER.left_out, ids=lambda left_out: left_out.operation)
async def test_what_is_left_out_says_so_in_the_platforms_format(
    sim: Sim, ecommpay: Merchant, left_out: LeftOut
) -> None:
    path = re.sub(r"{\w+}", "card", left_out.path)
    flat = {"project_id": ecommpay.project}

    if path.startswith("/v1/"):
        answers = [await ecommpay.ask(path.removeprefix("/v1/"))]
    else:
        answers = [await sim.http.request(left_out.method, path, json=ecommpay.signed(body)) for body in (SALE, flat)]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "702")
        assert answer.headers["simulator-notice"] == f"{left_out.operation} is left out of the simulator"
    entry = (await sim.requests())[0]
    assert (entry["path"], entry["help"]["left_out"]) == (path, left_out.operation)


@pytest.mark.parametrize("path", ["payment/wallet/alipay/sales", "payment/alipay/sale"])
async def test_a_path_that_nobody_has_is_told_in_the_journal_of_whoever_asks(
    sim: Sim, ecommpay: Merchant, path: str
) -> None:
    answer = await ecommpay.post(path, SALE)

    assert (answer.status_code, answer.json()["code"]) == (404, "702")
    entry = (await sim.requests())[0]
    assert entry["help"]["did_you_mean"][0] == "POST /v2/payment/wallet/{payment_method}/sale"
    assert not any(near.startswith("OPTIONS ") for near in entry["help"]["did_you_mean"])


# Parameters of Payment Page without effect ----------------------------------------------------------------------------------


UNLIKE_LIVE = {
    # Parameter: a value of which the live page would make something else, and one that asks for what happens anyway.
    "force_payment_method": ("card", "alipay"),
    "default_payment_method": ("card", "alipay"),
    "force_payment_group": ("openbanking", ""),
    "card_operation_type": ("auth", "sale"),
    "style_id": ("7", ""),
    "recurring_register": ("1", "0"),
    "receipt_data": ("e30=", ""),
    "best_before": ("soon", "2026-03-04T06:00:00Z"),
}


@pytest.mark.parametrize("name", UNLIKE_LIVE)
async def test_a_parameter_without_effect_is_noticed_and_refused_if_strict(
    ecommpay: Merchant, strict: Merchant, name: str
) -> None:
    unlike, like = UNLIKE_LIVE[name]

    opened, refused = [await merchant.open(**{name: unlike}) for merchant in (ecommpay, strict)]
    plain, accepted = [await merchant.open(**{name: like}) for merchant in (ecommpay, strict)]
    checked = await strict.sim.http.get("/params/check", params=strict.page(**{name: unlike}))

    assert (opened.status_code, refused.status_code) == (200, 400)
    assert opened.headers["simulator-notice"].startswith(f"{name} ")
    assert name in refused.text
    assert [error["field"] for error in checked.json()["errors"]] == [name]
    assert (plain.status_code, accepted.status_code, "simulator-notice" in plain.headers) == (200, 200, False)


async def test_what_a_plugin_always_sends_is_no_difference(ecommpay: Merchant, strict: Merchant) -> None:
    """PrestaShop's, but for the language."""
    sent = {
        "merchant_callback_url": "https://shop.example/callback",
        "interface_type": '{"id":17}',
        "merchant_success_url": "https://shop.example/success",
        "merchant_success_enabled": 2,
        "merchant_success_redirect_mode": "parent_page",
        "customer_first_name": "San",
        "customer_email": "san@example.com",
        "billing_address": "1 Road",
        "billing_country": "CN",
        "avs_street_address": "1 Road",
        "avs_post_code": "100000",
    }

    for merchant in (ecommpay, strict):
        answer = await merchant.sim.http.get("/payment", params={**merchant.page(**sent), "_plugin_version": "2.1.0"})

        assert (answer.status_code, "simulator-notice" in answer.headers) == (200, False)


# Members without effect, and unknown ones -------------------------------------------------------------------------------------


MEMBERS: dict[str, tuple[str, dict[str, Any], str]] = {
    # A request's path, what is added to it, and what the notice says.
    "a documented object": (SALE_PATH, {"recurring": {"register": True}}, "recurring has no effect for Alipay"),
    "a documented member": (SALE_PATH, {"customer": {"save": True}}, "customer.save has no effect for Alipay"),
    "a sum for show": (SALE_PATH, {"payment": {"customer_amount": 5}}, "payment.customer_amount is not shown"),
    "an unknown object": (SALE_PATH, {"metadata": {"a": 1}}, "does not read: metadata"),
    "an unknown member": (SALE_PATH, {"payment": {"amout": 1}}, "does not read: payment.amout"),
    "a member of another request": (
        "payment/wallet/alipay/refund",
        {"return_url": {"return": "https://shop.example/r"}},
        "does not read: return_url",
    ),
    "the answer for a terminal": ("payment/status", {"destination": "terminal"}, "destination has no effect"),
}


@pytest.mark.parametrize("what", MEMBERS)
async def test_a_member_without_effect_is_noticed_and_refused_if_strict(
    ecommpay: Merchant, strict: Merchant, what: str
) -> None:
    path, more, notice = MEMBERS[what]
    body = copy.deepcopy(SALE) if path == SALE_PATH else {"general": {"payment_id": ID}}
    if path.endswith("refund"):
        body |= {"customer": {"ip_address": "192.0.2.0"}, "payment": {"description": "r"}}
    for name, value in more.items():
        body[name] = {**body[name], **value} if isinstance(body.get(name), dict) else value
    answers = []
    for merchant in (ecommpay, strict):
        if path != SALE_PATH:
            await merchant.paid()
        answers.append(await merchant.post(path, body))

    assert answers[0].status_code == 200
    assert notice in answers[0].headers["simulator-notice"]
    assert answers[1].status_code == 400
    assert answers[1].json()["errors"][0]["code"] == 2003


async def test_what_plugins_send_to_gate_is_no_difference(ecommpay: Merchant, strict: Merchant) -> None:
    """Magento's refund, and the status request of WooCommerce's plugin."""
    refund = {
        "general": {"payment_id": ID, "merchant_callback_url": "https://shop.example/callback"},
        "customer": {"ip_address": "192.0.2.0"},
        "payment": {"amount": 100, "currency": "CNY", "description": "User 1 creates refund"},
        "interface_type": {"id": 13},
    }
    status = {
        "general": {"payment_id": ID, "merchant_callback_url": "https://shop.example/callback"},
        "destination": "merchant",
    }

    for merchant in (ecommpay, strict):
        await merchant.paid()
        answers = [
            await merchant.post("payment/wallet/alipay/refund", refund),
            await merchant.post("payment/status", status),
        ]

        assert [(answer.status_code, "simulator-notice" in answer.headers) for answer in answers] == [(200, False)] * 2


async def test_data_that_nobody_has_asked_for_is_noticed(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", required_customer_fields=["first_name", "last_name"])
    await ecommpay.begin(customer={"first_name": None, "last_name": None})
    asked = {"general": {"payment_id": ID}, "additional_data": {"customer": {"first_name": "San"}}}
    more = {"general": {"payment_id": ID}, "additional_data": {"customer": {"first_name": "San", "nickname": "S"}}}

    answers = [await ecommpay.post("payment/clarification", body) for body in (asked, more)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "simulator-notice" not in answers[0].headers
    assert answers[1].headers["simulator-notice"] == "additional_data.customer.nickname: nobody has asked for it"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("info/available_methods_for_merchant/list", {"directions": ["payin"], "payment_method": "wechat"}),
        ("info/banks/wechat/sale/list", {"general": {"payment_id": ID}, "payment": {}}),
    ],
)
async def test_a_question_about_another_method_is_noticed_and_refused_if_strict(
    ecommpay: Merchant, strict: Merchant, path: str, body: dict[str, Any]
) -> None:
    answers = [await merchant.post(path, body) for merchant in (ecommpay, strict)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[0].headers["simulator-notice"] == "payment_method: the simulator knows alipay only"


async def test_the_articles_own_requests_go_to_their_end_in_strict_mode(strict: Merchant) -> None:
    """Without a notice: Gate with a refund, and Payment Page through its forms."""
    accepted = await strict.sale()
    await strict.sim.advance(seconds=1)
    await strict.sim.act("ecommpay", ID, "pay")
    refunded = await strict.ask_refund(amount=100)
    page = await strict.open()
    chosen = await strict.press(page, "ecp-continue")
    emulator = await strict.press(chosen, "ecp-pay")
    await strict.press(emulator, "ecp-success", last_name="Zhou")
    await strict.sim.advance(seconds=1)

    for answer in (accepted, refunded, page, chosen, emulator):
        assert (answer.status_code, "simulator-notice" in answer.headers) == (200, False), answer.text
    assert (await strict.status_of(), await strict.status_of("580")) == ("partially refunded", "success")
