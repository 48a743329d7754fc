"""Ids that decode to their instant, times that round, echoes, amounts: what a lazy implementation misses."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_APP, SEED_SESSION, Merchant

TWITTER_EPOCH_MS = 1288834974657


def instant_ms(id_: str) -> int:
    """A second implementation of the layout: milliseconds above 22 low bits."""
    return int(int(id_.split("_")[-1]) / 2**22 // 1) + TWITTER_EPOCH_MS


def number(id_: str) -> int:
    return int(id_.split("_")[-1])


async def test_an_id_decodes_to_the_instant_on_the_workspaces_clock(sim: Sim, wooshpay: Merchant) -> None:
    await sim.advance(days=40, milliseconds=60)

    intent = await wooshpay.pay_link()

    at = sim.started_at + timedelta(days=40, milliseconds=60)
    assert instant_ms(intent["id"]) == int(at.timestamp() * 1000)
    assert intent["created"] == int((at - timedelta(milliseconds=60)).timestamp() * 1000)
    assert len(str(number(intent["id"]))) == 19


def test_the_documented_sample_decodes_to_its_documented_instant() -> None:
    assert instant_ms("pi_1666729870215872512") == 1686214342060


async def test_ids_only_grow_and_are_never_given_twice(sim: Sim, wooshpay: Merchant) -> None:
    """The clock stands still, so that all of them are minted in the same millisecond."""
    minted = [(await wooshpay.made("customers"))["id"] for _ in range(20)]

    await sim.advance(milliseconds=1)
    later = (await wooshpay.made("customers"))["id"]

    assert [number(id_) for id_ in minted] == sorted({number(id_) for id_ in minted})
    assert {instant_ms(id_) for id_ in minted} == {int(sim.started_at.timestamp() * 1000)}
    assert instant_ms(later) == int(sim.started_at.timestamp() * 1000) + 1


async def test_requests_that_arrive_together_get_ids_of_their_own(wooshpay: Merchant) -> None:
    intents = await asyncio.gather(*(wooshpay.pay_link() for _ in range(20)))

    assert len({intent["id"] for intent in intents}) == 20
    assert len((await wooshpay.read("events", limit=100))["data"]) == 40


async def test_a_session_mints_in_the_documented_order(wooshpay: Merchant) -> None:
    session = await wooshpay.session()

    [item] = session["line_items"]["data"]
    price = item["price"]
    ids = [session["id"], item["id"], price["id"], price["product"]["id"], session["payment_intent"]]
    assert [id_.split("_")[0] for id_ in ids] == ["cs", "li", "price", "prod", "pi"]
    assert [number(id_) for id_ in ids] == sorted(number(id_) for id_ in ids)


async def test_a_method_is_a_little_older_than_its_intent(wooshpay: Merchant) -> None:
    intent = await wooshpay.pay_link()

    assert number(intent["payment_method"]) < number(intent["id"])


@pytest.mark.parametrize(("ms", "shown"), [(0, 0), (60, 0), (469, 0), (499, 0), (500, 1000), (608, 1000), (999, 1000)])
async def test_created_rounds_half_up_and_expires_at_does_not(
    sim: Sim, wooshpay: Merchant, ms: int, shown: int
) -> None:
    await sim.advance(milliseconds=ms)

    session = await wooshpay.session()

    started = int(sim.started_at.timestamp() * 1000)
    price = session["line_items"]["data"][0]["price"]
    assert session["created"] == price["created"] == price["product"]["updated"] == started + shown
    assert session["expires_at"] == started + ms + 86_400_000


async def test_the_intent_of_a_session_shares_its_client_secret(wooshpay: Merchant) -> None:
    session = await wooshpay.session(metadata={"a": "1", "b": "2"}, payment_intent_data={"metadata": {"b": "3"}})

    intent = await wooshpay.intent(session["payment_intent"])
    assert intent["client_secret"] == session["client_secret"]
    assert re.fullmatch(rf"{intent['id']}_secret_[0-9A-Za-z]{{24}}", intent["client_secret"])
    assert (intent["amount"], intent["status"]) == (100000, "requires_payment_method")
    assert (session["metadata"], intent["metadata"]) == ({"a": "1", "b": "2"}, {"a": "1", "b": "3"})


async def test_a_session_keeps_its_empty_strings_and_everything_else_is_omitted(wooshpay: Merchant) -> None:
    body = {name: value for name, value in SEED_SESSION.items() if name not in ("cancel_url", "payment_method_types")}

    session = await wooshpay.made("checkout/sessions", body)

    assert (session["customer"], session["payment_link"]) == ("", "")
    assert not {"cancel_url", "payment_method_types", "metadata", "client_reference_id"} & set(session)


async def test_what_a_session_is_given_stands_where_the_samples_have_it(wooshpay: Merchant) -> None:
    customer = await wooshpay.made("customers")

    session = await wooshpay.session(
        customer=customer["id"],
        metadata={"k": "v"},
        client_reference_id="order-1",
        customer_email="buyer@shop.example",
        billing_address_collection="required",
    )

    names = list(session)
    assert names[names.index("customer") + 1] == "metadata"
    assert names[names.index("cancel_url") + 1 :][:3] == ["client_reference_id", "customer_email", "line_items"]
    assert (session["customer"], session["billing_address_collection"]) == (customer["id"], "required")


@pytest.mark.parametrize(
    "sent",
    [
        {"client_ip": "10.0.0.1", "os_type": "ANDROID", "terminal_type": "APP"},
        {"os_type": "IOS"},
        {"client_ip": "10.0.0.1", "terminal_type": "WEB"},
        {},
    ],
)
async def test_options_are_echoed_in_the_providers_order_and_only_as_sent(
    wooshpay: Merchant, sent: dict[str, Any]
) -> None:
    intent = await wooshpay.pay_link(payment_method_options={"alipay": sent})

    echoed = intent["payment_method_options"]["alipay"]
    assert echoed == sent
    assert list(echoed) == [name for name in ("terminal_type", "os_type", "client_ip") if name in sent]


@pytest.mark.parametrize("terminal_type", ["APP", "WAP"])
async def test_the_app_link_is_the_documented_deep_link(wooshpay: Merchant, terminal_type: str) -> None:
    options = {"alipay": {"terminal_type": terminal_type}}

    intent = await wooshpay.made("payment_intents", SEED_APP | {"payment_method_options": options})

    url = urlsplit(intent["next_action"]["alipay_handle_redirect"]["url"])
    assert url.path == "/p/s/i/"
    raw = url.query.removeprefix("scheme=")
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", raw)
    assert raw.endswith("%26externalThrough%3D%257B%2522acTerminalType%2522%253A%2522WAP%2522%257D")
    scheme = unquote(raw)
    assert scheme.startswith("alipays://platformapi/startApp?appId=10000007&actionType=route&qrcode=28166604009")
    inner = parse_qs(urlsplit(scheme).query)
    assert len(inner["qrcode"][0]) == 36
    assert inner["externalThrough"] == ['{"acTerminalType":"WAP"}']


async def test_a_missing_terminal_type_means_web(wooshpay: Merchant) -> None:
    intent = await wooshpay.made(
        "payment_intents",
        {
            "amount": 500,
            "currency": "USD",
            "confirm": "true",
            "payment_method_data": {"type": "alipay"},
            "return_url": "https://shop.example/back",
        },
    )

    assert "/checkout.htm?codeValue=" in intent["next_action"]["alipay_handle_redirect"]["url"]
    assert "payment_method_options" not in intent
    assert intent["payment_method_types"] == ["alipay"]


async def test_other_wallets_answer_under_their_own_name(wooshpay: Merchant) -> None:
    gcash = {"payment_method_data": {"type": "gcash"}, "payment_method_types": ["gcash"], "currency": "PHP"}

    intent = await wooshpay.pay_link(**gcash, payment_method_options=None)

    assert list(intent["next_action"]) == ["type", "gcash_handle_redirect"]


async def test_a_card_is_sent_to_its_challenge(sim: Sim, wooshpay: Merchant) -> None:
    card = {"payment_method_data": {"type": "card"}, "payment_method_types": ["card"], "currency": "USD"}

    intent = await wooshpay.pay_link(**card, payment_method_options=None)

    action = intent["next_action"]
    assert action["type"] == "challenge_redirect"
    assert list(action["challenge_redirect"]) == ["url", "return_url"]
    page = await sim.http.get(action["challenge_redirect"]["url"])
    assert (page.status_code, 'data-testid="wallet-cashier"' in page.text) == (200, True)


async def test_the_shape_of_2024_is_a_setting(sim: Sim, wooshpay: Merchant) -> None:
    await sim.settings("wooshpay", next_action_type="alipay_handle_redirect")

    intent = await wooshpay.pay_link()

    assert intent["next_action"]["type"] == "alipay_handle_redirect"
    assert list(intent["next_action"]["alipay_handle_redirect"]) == ["url"]


async def test_the_billing_scheme_is_always_per_unit_and_a_price_inactive_unless_told(wooshpay: Merchant) -> None:
    data = {"currency": "CNY", "unit_amount": 250, "product_data": {"name": "tea"}, "billing_scheme": "tiered"}

    session = await wooshpay.session(line_items=[{"price_data": data, "quantity": 3}])

    [item] = session["line_items"]["data"]
    assert item["price"]["billing_scheme"] == "per_unit"
    assert (item["price"]["active"], item["price"]["product"]["active"]) == (False, False)
    assert (item["amount_subtotal"], item["amount_total"], session["amount_total"]) == (750, 750, 750)
    assert item["description"] == "tea"


async def test_a_price_made_before_can_be_sold_again(wooshpay: Merchant) -> None:
    product = await wooshpay.made("products", {"name": "tea"})
    price = await wooshpay.made("prices", {"currency": "CNY", "unit_amount": 300, "product": product["id"]})

    session = await wooshpay.session(line_items=[{"price": price["id"], "quantity": 2}])

    [item] = session["line_items"]["data"]
    assert (item["price"]["id"], item["price"]["product"], item["amount_total"]) == (price["id"], product, 600)
    assert await wooshpay.read(f"prices/{price['id']}") == price
    assert await wooshpay.read(f"products/{product['id']}") == product


async def test_success_is_200_for_everything_and_says_so_in_utf8_json(wooshpay: Merchant) -> None:
    answer = await wooshpay.post("customers", {"name": "李娜"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert "李娜".encode() in answer.content
    assert re.fullmatch(r"req_[0-9A-Za-z]{14,24}", answer.headers["request-id"])


async def test_the_live_key_answers_live_and_finds_nothing_of_the_test_side(wooshpay: Merchant, live: Merchant) -> None:
    mine, theirs = await wooshpay.pay_link(), await live.pay_link()

    assert (mine["livemode"], theirs["livemode"]) == (False, True)
    assert (await live.get(f"payment_intents/{mine['id']}")).status_code == 404
    assert [i["id"] for i in (await wooshpay.read("payment_intents"))["data"]] == [mine["id"]]
    assert [i["id"] for i in (await live.read("payment_intents"))["data"]] == [theirs["id"]]
    assert len((await wooshpay.read("webhook_endpoints"))["data"]) == 1


async def test_a_generated_key_has_the_documented_format(sim: Sim) -> None:
    import base64

    keys = sim.credentials("wooshpay")

    for name, prefix in [("secret_key", "sk_test_"), ("live_publishable_key", "pk_live_")]:
        assert keys[name].startswith(prefix)
        payload = keys[name].removeprefix(prefix)
        assert "=" not in payload
        decoded = base64.b64decode(payload + "=" * (-len(payload) % 4)).decode()
        assert re.fullmatch(r"\d{21}:[0-9A-Za-z]{24}\d{13}", decoded)


async def test_the_default_workspace_has_constant_keys(sim: Sim) -> None:
    default = (await sim.http.get("/_sim/workspaces/default")).json()["credentials"]["wooshpay"]

    names = ("secret_key", "publishable_key", "live_secret_key", "live_publishable_key")
    assert [default[name] for name in names] == [
        "sk_test_default",
        "pk_test_default",
        "sk_live_default",
        "pk_live_default",
    ]
