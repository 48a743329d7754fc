"""What a shopper may pay with on the checkout page, and where the choice is seen; what a phone shows that scanned its code."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from support import Sim

from providers.wooshpay.driver import EVERYTHING, SEED_SESSION, Merchant
from providers.wooshpay.test_pages import PHONE, SHOP, Browser
from simulator.engine.texts import catalogue
from simulator.providers.wooshpay.method_types import TITLES
from simulator.providers.wooshpay.wire.values import METHOD_TYPES

THREE = ["wechat_pay", "alipay", "card"]
LATER = {"payment_intent_data": {"capture_method": "manual"}}


@pytest.fixture
def desktop(sim: Sim) -> Browser:
    return Browser(sim)


@pytest.fixture
def phone(sim: Sim) -> Browser:
    return Browser(sim, PHONE)


def offered(page: str) -> list[str]:
    return re.findall(r'data-testid="wp-method-([^"]+)"', page)


def chosen(page: str) -> list[str]:
    return re.findall(r'data-testid="wp-method-([^"]+)" checked', page)


def sold(currency: str) -> dict[str, Any]:
    price = SEED_SESSION["line_items"][0]["price_data"] | {"currency": currency, "unit_amount": 500}
    return {"line_items": [{"price_data": price, "quantity": 1}]}


async def order_of(sim: Sim, intent: str) -> str:
    return str((await sim.payment("wooshpay", intent))["wallet"]["code"])


# What is offered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "types", "proposed"),
    [
        ({"payment_method_types": ["alipay"]}, ["alipay"], "alipay"),
        ({"payment_method_types": THREE}, THREE, "alipay"),
        ({"payment_method_types": ["card", "9pay"]}, ["card", "9pay"], "card"),
        ({"payment_method_types": None}, ["card", "alipay", "wechat_pay", "alipay_hk", "unionpay"], "alipay"),
        ({"payment_method_types": ["alipay", "alipayplus"], **sold("THB")}, ["alipayplus"], "alipayplus"),
        ({"payment_method_types": None, **sold("JPY")}, ["card", "wechat_pay", "alipay_hk", "unionpay"], "card"),
        ({"payment_method_types": THREE} | LATER, ["wechat_pay", "card"], "wechat_pay"),
    ],
    ids=["one", "some", "without Alipay", "the account's", "the currency's", "not Alipay's currency", "captured later"],
)  # fmt: skip
async def test_the_page_offers_what_the_session_allows(
    wooshpay: Merchant, desktop: Browser, session: dict[str, Any], types: list[str], proposed: str
) -> None:
    """In the session's order, and only what takes its currency; Alipay, which cannot be captured later, only without that."""
    await desktop.open((await wooshpay.session(**session))["url"])

    assert (offered(desktop.page), chosen(desktop.page)) == (types, [proposed])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_type_has_a_title(language: str) -> None:
    named = {type_ for type_ in METHOD_TYPES if type_ in TITLES or f"wp_method_{type_}" in catalogue(language)}

    assert named == {*METHOD_TYPES}


async def test_the_account_that_takes_nothing_but_alipay_sells_in_its_currencies_alone(
    sim: Sim, wooshpay: Merchant
) -> None:
    await sim.settings("wooshpay", payment_method_types=["alipay"])

    refused = await wooshpay.refused("checkout/sessions", SEED_SESSION | {"payment_method_types": None} | sold("JPY"))

    assert refused[2:] == ("currency_not_supported", "line_items[0][price_data][currency]")


@pytest.mark.parametrize("method", ["gcash", "Alipay", "'"])
async def test_what_the_session_does_not_allow_cannot_be_chosen(sim: Sim, wooshpay: Merchant, method: str) -> None:
    session = await wooshpay.session(payment_method_types=THREE)

    answer = await sim.http.post(session["url"], data={"method": method})

    assert answer.status_code == 400
    assert await wooshpay.status(session["payment_intent"]) == "requires_payment_method"


# What becomes of the choice ------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", THREE)
async def test_the_chosen_method_is_the_one_of_the_payment(
    sim: Sim, wooshpay: Merchant, desktop: Browser, type_: str
) -> None:
    """In intent, charge, payment method and events; what the session allows stays as it was."""
    await wooshpay.listen(*EVERYTHING)
    session = await wooshpay.session(payment_method_types=THREE, **SHOP)
    await desktop.open(session["url"])

    where = await desktop.press("wp-pay", method=type_)
    assert await desktop.open(where) == 200
    await sim.act("wooshpay", session["payment_intent"], "pay")
    await sim.settle()

    intent = await wooshpay.intent(session["payment_intent"])
    [charge] = (await wooshpay.read("charges", payment_intent=intent["id"]))["data"]
    method = await wooshpay.read(f"payment_methods/{intent['payment_method']}")
    told = [hook.body["data"]["object"] for hook in sim.hooks if hook.body["type"] == "charge.succeeded"]
    assert (intent["status"], intent["payment_method_types"]) == ("succeeded", THREE)
    assert charge["payment_method_details"] == {"type": type_, type_: {}}
    assert (charge["payment_method"], method["type"]) == (intent["payment_method"], type_)
    assert told == [charge]
    assert (await wooshpay.read(f"checkout/sessions/{session['id']}"))["status"] == "complete"


async def test_another_choice_takes_the_place_of_the_one_that_waits(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(payment_method_types=THREE)
    await desktop.open(session["url"])
    first = await desktop.press("wp-pay", method="alipay")
    old = await order_of(sim, session["payment_intent"])

    second = await desktop.press("wp-pay", method="wechat_pay")
    again = await desktop.press("wp-pay", method="wechat_pay")
    await desktop.open(session["url"])
    gone = await sim.http.get(f"/w/{old}/state.json")

    intent = await wooshpay.intent(session["payment_intent"])
    assert (first != second, again) == (True, second)
    assert list(intent["next_action"]) == ["type", "wechat_pay_handle_redirect"]
    assert chosen(desktop.page) == ["wechat_pay"]
    assert gone.json()["state"] == "cancelled"


async def test_a_choice_that_comes_after_the_buyer_has_confirmed_changes_nothing(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(payment_method_types=THREE)
    await desktop.open(session["url"])
    first = await desktop.press("wp-pay", method="alipay")
    code = await order_of(sim, session["payment_intent"])
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "sun-li"})

    second = await desktop.press("wp-pay", method="card")

    assert (second, await order_of(sim, session["payment_intent"])) == (first, code)
    assert (await sim.payment("wooshpay", session["payment_intent"]))["wallet"]["state"] == "paying"


async def test_a_declined_try_is_proposed_again_and_may_be_another(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(payment_method_types=THREE)
    await desktop.open(session["url"])
    await desktop.press("wp-pay", method="card")
    await sim.act("wooshpay", session["payment_intent"], "decline")
    failed = await wooshpay.intent(session["payment_intent"])

    await desktop.open(session["url"])
    await desktop.press("wp-pay", method="alipay")
    await sim.act("wooshpay", session["payment_intent"], "pay")

    assert failed["last_payment_error"]["payment_method_type"] == "card"
    assert chosen(desktop.page) == ["card"]
    [charge] = (await wooshpay.read("charges"))["data"]
    assert charge["payment_method_details"]["type"] == "alipay"


async def test_a_method_that_the_merchant_attached_is_proposed(wooshpay: Merchant, desktop: Browser) -> None:
    session = await wooshpay.session(payment_method_types=THREE)
    attached = await wooshpay.made(
        f"payment_intents/{session['payment_intent']}", {"payment_method_data": {"type": "wechat_pay"}}
    )

    await desktop.open(session["url"])
    await desktop.press("wp-pay", method="wechat_pay")

    assert chosen(desktop.page) == ["wechat_pay"]
    assert (await wooshpay.intent(attached["id"]))["payment_method"] == attached["payment_method"]


async def test_the_sessions_billing_details_are_in_the_chosen_method_and_on_the_wallets_page(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    details = {"name": "Li Na", "email": "li.na@shop.example", "address": {"city": "Shanghai", "country": "CN"}}
    session = await wooshpay.session(payment_intent_data={"billing_details": details})
    await desktop.open(session["url"])

    wallet = await desktop.press("wp-pay", method="alipay")
    await desktop.open(f"{wallet}&step=confirm&buyer=li-na")

    intent = await wooshpay.intent(session["payment_intent"])
    method = await wooshpay.read(f"payment_methods/{intent['payment_method']}")
    assert method["billing_details"] == details
    assert "li.na@shop.example" in desktop.page


# A phone that scanned the page's code -------------------------------------------------------------------------


async def scanned(desktop: Browser) -> str:
    """The address in the code on the desktop's page."""
    [url] = re.findall(r'data-testid="qr" data-url="([^"]+)"', desktop.page)
    return html.unescape(url)


async def test_the_phone_that_scanned_says_done_and_the_desktop_goes_back(
    sim: Sim, wooshpay: Merchant, desktop: Browser, phone: Browser
) -> None:
    """The phone neither pays in the app's name nor goes to the shop: the shopper's browser is the desktop's."""
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])

    await phone.open(await scanned(desktop))
    wallet = await phone.press("wp-pay", method="alipay")
    code = await order_of(sim, session["payment_intent"])
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"}, headers=PHONE)
    await phone.open(wallet)
    await desktop.open(session["url"])

    assert urlsplit(wallet).path == f"/w/{code}"
    intent = await wooshpay.intent(session["payment_intent"])
    assert intent["payment_method_options"] == {"alipay": {"terminal_type": "WEB"}}
    assert (phone.shows("done"), phone.shows("stay"), "data-return-in" in phone.page) == (True, False, False)
    assert (desktop.state, desktop.link("return")) == ("complete", SHOP["success_url"])
    assert f'<meta http-equiv="refresh" content="5;url={SHOP["success_url"]}">' in desktop.page


@pytest.mark.parametrize("how", ["pay", "expire"])
async def test_the_page_on_the_phone_that_scanned_says_done_too(
    sim: Sim, wooshpay: Merchant, desktop: Browser, phone: Browser, how: str
) -> None:
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])
    address = await scanned(desktop)
    if how == "pay":
        await sim.act("wooshpay", session["payment_intent"], "pay")
    else:
        await wooshpay.made(f"checkout/sessions/{session['id']}/expire")

    await phone.open(address)

    assert (phone.shows("done"), phone.shows("stay"), "data-return-in" in phone.page) == (True, False, False)
    assert phone.link("return") == SHOP["success_url" if how == "pay" else "cancel_url"]


async def test_the_codes_link_shows_a_phones_page_on_a_desktop_too(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    """The code can be clicked: what opens is the phone, up to its end."""
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])

    await desktop.open(desktop.link("qr"))
    opens = desktop.shows("wp-qr")
    wallet = await desktop.press("wp-pay", method="alipay")
    await desktop.open(wallet)

    assert (opens, desktop.shows("wallet-phone")) == (False, True)
    assert wallet == f"/w/{await order_of(sim, session['payment_intent'])}?view=phone"


async def test_a_phone_that_began_the_payment_goes_back_to_the_shop(
    sim: Sim, wooshpay: Merchant, phone: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await phone.open(session["url"])
    wallet = await phone.press("wp-pay", method="alipay")
    await sim.act("wooshpay", session["payment_intent"], "pay")

    await phone.open(wallet)
    at_the_wallet = "data-return-in" in phone.page
    await phone.open(session["url"])

    assert (at_the_wallet, "data-return-in" in phone.page, phone.shows("done")) == (True, True, False)


async def test_the_page_of_a_payment_on_its_way_offers_no_choice(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(payment_method_types=THREE, **sold("CNY"))
    await sim.arm([{"bank": {"outcome": "pending", "delay": "1h"}}])
    await sim.act("wooshpay", session["payment_intent"], "pay")

    await desktop.open(session["url"])

    assert (desktop.shows("wp-processing"), offered(desktop.page)) == (True, [])
    assert (
        json.loads((await sim.http.get(f"/w/{await order_of(sim, session['payment_intent'])}/state.json")).text)[
            "state"
        ]
        == "paid"
    )
