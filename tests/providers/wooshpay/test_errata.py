"""The corrections to what was built from WooshPay's manual, one by one: what clients and newer manuals have shown."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_SESSION, SEED_WEB, Merchant, error
from simulator.engine.provider import LeftOut
from simulator.providers.wooshpay import PROVIDER

ALIPAYPLUS = ("CNY", "HKD", "GBP", "IDR", "MYR", "PHP", "THB")
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def strict() -> AsyncIterator[Merchant]:
    async with Sim(strict=True) as sim:
        yield await Merchant(sim).listening()


def plus(currency: str) -> dict[str, Any]:
    types = {"payment_method_data": {"type": "alipayplus"}, "payment_method_types": ["alipayplus"]}
    return SEED_WEB | types | {"currency": currency, "payment_method_options": None}


def sold(**changes: Any) -> dict[str, Any]:
    """A session that sells one thing: `changes` go into its price."""
    return {"line_items": [{"quantity": 1, "price_data": SEED_SESSION["line_items"][0]["price_data"] | changes}]}


# A session and its intent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("member", "value"), [("amount", 5), ("currency", "USD")])
async def test_a_sessions_own_intent_takes_no_new_amount_or_currency(
    wooshpay: Merchant, member: str, value: Any
) -> None:
    session = await wooshpay.session()

    refusal = await wooshpay.refused(f"payment_intents/{session['payment_intent']}", {member: value})

    intent = await wooshpay.intent(session["payment_intent"])
    assert refusal == (400, "invalid_request_error", "parameter_invalid", member)
    assert (intent["amount"], intent["currency"]) == (session["amount_total"], session["currency"])


async def test_a_sessions_own_intent_may_be_told_what_it_has(wooshpay: Merchant) -> None:
    session = await wooshpay.session()
    same = {"amount": session["amount_total"], "currency": session["currency"].lower(), "description": "Tea"}

    intent = await wooshpay.made(f"payment_intents/{session['payment_intent']}", same)

    assert (intent["amount"], intent["description"]) == (session["amount_total"], "Tea")


# Search --------------------------------------------------------------------------------------------------------


async def found_by(wooshpay: Merchant, query: str, **more: Any) -> list[str]:
    page = await wooshpay.read("payment_intents/search", query=query, **more)
    return [intent["description"] for intent in page["data"]]


@pytest.fixture
async def teas(wooshpay: Merchant) -> Merchant:
    orders = {"a": "this AND that", "b": "it's", "c": 'say "tea"', "d": "plain", "e": "back\\slash"}
    for amount, (name, order) in enumerate(orders.items(), 10):
        metadata = {"it's": name}
        await wooshpay.pay_link(description=name, merchant_order_id=order, amount=amount, metadata=metadata)
    return wooshpay


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("merchant_order_id:'plain' OR merchant_order_id:'it\\'s'", "db"),
        ("merchant_order_id:'this AND that'", "a"),
        ("merchant_order_id:'this AND that' AND status:'requires_action'", "a"),
        ("merchant_order_id:'it\\'s'", "b"),
        ("merchant_order_id:'it's'", "b"),
        ('merchant_order_id:"it\'s"', "b"),
        ('merchant_order_id:"say \\"tea\\""', "c"),
        ("merchant_order_id:'back\\\\slash'", "e"),
        ("metadata['it\\'s']:'d'", "d"),
        ("-merchant_order_id:'plain' AND amount>11", "ec"),
        ("amount>=11 AND amount<13", "cb"),
        ("amount:10 OR amount:'14'", "ea"),
        ("created>0 AND amount<=10", "a"),
        ("currency:'cny' AND merchant_order_id:'plain'", "d"),
    ],
)
async def test_a_search_reads_stripes_grammar(teas: Merchant, query: str, found: str) -> None:
    assert await found_by(teas, query) == list(found)


async def test_a_search_is_paged_as_stripes_clients_do_it(teas: Merchant) -> None:
    query, page, seen = "currency:'CNY'", {}, []
    while True:
        answer = await teas.read("payment_intents/search", query=query, limit=2, **page)
        seen.append([intent["description"] for intent in answer["data"]])
        assert answer["has_more"] == ("next_page" in answer)
        if not answer["has_more"]:
            break
        page = {"page": answer["next_page"]}

    assert seen == [["e", "d"], ["c", "b"], ["a"]]


@pytest.mark.parametrize("page", ["2", "é", "cGlfMQ", "====", "x" * 300])
async def test_a_page_that_no_answer_gave_is_refused(teas: Merchant, page: str) -> None:
    answer = await teas.get("payment_intents/search", query="currency:'CNY'", page=page)

    assert (answer.status_code, *error(answer)[2:]) == (400, "parameter_invalid", "page")


async def test_a_page_of_the_other_side_is_refused(teas: Merchant, live: Merchant) -> None:
    first = await teas.read("payment_intents/search", query="currency:'CNY'", limit=1)

    answer = await live.get("payment_intents/search", query="currency:'CNY'", page=first["next_page"])

    assert error(answer)[2:] == ("parameter_invalid", "page")


# Alipay+ -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ALIPAYPLUS)
async def test_alipayplus_takes_its_own_currencies(wooshpay: Merchant, currency: str) -> None:
    intent = await wooshpay.made("payment_intents", plus(currency))
    session = await wooshpay.session(payment_method_types=["alipayplus"], **sold(currency=currency))

    assert (intent["status"], session["currency"]) == ("requires_action", currency)


@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY"])
async def test_alipayplus_takes_no_other_currency(wooshpay: Merchant, currency: str) -> None:
    refused = await wooshpay.refused("payment_intents", plus(currency))
    of_session = await wooshpay.refused(
        "checkout/sessions", SEED_SESSION | {"payment_method_types": ["alipayplus"]} | sold(currency=currency)
    )

    assert refused[2:] == ("currency_not_supported", "currency")
    assert of_session[2] == "currency_not_supported"


async def test_the_page_chooses_the_type_that_takes_the_currency(sim: Sim, wooshpay: Merchant) -> None:
    session = await wooshpay.session(payment_method_types=["alipay", "alipayplus"], **sold(currency="THB"))

    await sim.act("wooshpay", session["payment_intent"], "pay")

    intent = await wooshpay.intent(session["payment_intent"])
    method = await wooshpay.read(f"payment_methods/{intent['payment_method']}")
    assert (intent["status"], method["type"]) == ("succeeded", "alipayplus")


# Products, prices, balance -------------------------------------------------------------------------------------


async def test_a_price_embeds_its_product(wooshpay: Merchant) -> None:
    product = await wooshpay.made("products", {"name": "Tea"})
    price = await wooshpay.made("prices", {"currency": "CNY", "unit_amount": 5, "product": product["id"]})

    listed = (await wooshpay.read("prices"))["data"]

    assert price["product"] == product
    assert await wooshpay.read(f"prices/{price['id']}") == price
    assert listed == [price]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"interval": "month"}, {"usage_type": "licensed", "interval": "month"}),
        ({"interval": "month", "type": "x"}, {"type": "x", "usage_type": "licensed", "interval": "month"}),
    ],
)
async def test_a_recurring_price_is_licensed(wooshpay: Merchant, sent: Any, shown: Any) -> None:
    body = {"currency": "CNY", "unit_amount": 5, "product_data": {"name": "Tea"}, "recurring": sent}

    price = await wooshpay.made("prices", body)

    assert (price["type"], list(price["recurring"].items())) == ("recurring", list(shown.items()))


async def test_products_and_prices_are_listed_and_narrowed(wooshpay: Merchant) -> None:
    products = [
        (await wooshpay.made("products", {"name": name, "active": name != "Old"}))["id"] for name in ("Tea", "Old")
    ]
    body = {"currency": "CNY", "unit_amount": 5}
    prices = [(await wooshpay.made("prices", body | {"product": product}))["id"] for product in products]

    async def ids(path: str, **query: Any) -> list[str]:
        page = await wooshpay.read(path, **query)
        assert (page["object"], page["url"]) == ("list", f"/v1/{path}")
        return [found["id"] for found in page["data"]]

    assert await ids("products") == products[::-1]
    assert await ids("products", active="true") == products[:1]
    assert await ids("products", limit=1, starting_after=products[1]) == products[:1]
    assert await ids("prices") == prices[::-1]
    assert await ids("prices", product=products[1]) == prices[1:]
    assert await ids("prices", type="recurring") == []
    assert await ids("prices", active="true", product=products[0]) == prices[:1]


async def test_a_product_is_updated(wooshpay: Merchant) -> None:
    product = await wooshpay.made("products", {"name": "Tea", "url": "https://shop.example", "metadata": {"a": "1"}})

    updated = await wooshpay.made(f"products/{product['id']}", {"active": False, "metadata": {"b": "2"}})

    assert updated == product | {"active": False, "metadata": {"a": "1", "b": "2"}, "updated": updated["updated"]}
    assert await wooshpay.read(f"products/{product['id']}") == updated
    assert (await wooshpay.read("products", active="true"))["data"] == []


async def test_the_balance_is_what_was_paid_less_what_was_given_back(
    sim: Sim, wooshpay: Merchant, live: Merchant
) -> None:
    """Without fees and conversion: it is pending until it is available, and a refund leaves at once."""
    await sim.settings("wooshpay", settlement_currency="same", fee_variable="0", fee_fixed="0", fee_refund="0")
    empty = {"object": "balance", "available": [], "pending": [], "livemode": False}
    assert await wooshpay.read("balance") == empty
    paid = await wooshpay.paid(amount=70)
    await wooshpay.paid(amount=30, currency="USD")
    await wooshpay.pay_link(amount=40)
    await wooshpay.refund(paid["id"], amount=25)

    balance = await wooshpay.read("balance")

    pending = [{"amount": 70, "currency": "cny"}, {"amount": 30, "currency": "usd"}]
    available = [{"amount": -25, "currency": "cny"}, {"amount": 0, "currency": "usd"}]
    assert balance == {"object": "balance", "available": available, "pending": pending, "livemode": False}
    assert await live.read("balance") == empty | {"livemode": True}


# Input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [b"", b" \r\n"])
async def test_json_under_curls_content_type_is_read_as_json(wooshpay: Merchant, before: bytes) -> None:
    content, headers = before + json.dumps(SEED_WEB).encode(), wooshpay.headers | FORM

    answer = await wooshpay.sim.http.post("/v1/payment_intents", content=content, headers=headers)

    assert (answer.status_code, answer.json()["amount"]) == (200, 20)


@pytest.mark.parametrize("amount", ["２０", "²", "٢٠", "2²"])
async def test_digits_are_ascii_digits(wooshpay: Merchant, amount: str) -> None:
    refused = await wooshpay.refused("payment_intents", SEED_WEB | {"amount": amount})
    listed = await wooshpay.get("payment_intents", limit=amount)

    assert refused[2:] == ("parameter_invalid_integer", "amount")
    assert error(listed)[2:] == ("parameter_invalid_integer", "limit")


@pytest.mark.parametrize("amount", [20.0, "20"])
async def test_a_whole_number_is_taken_however_it_is_written(wooshpay: Merchant, amount: Any) -> None:
    intent = await wooshpay.pay_link(amount=amount)

    assert (intent["amount"], type(intent["amount"])) == (20, int)


@pytest.mark.parametrize("id_", ["test", "pi_test", "1", "cs_1666733999608823808"])
async def test_an_intent_that_is_no_id_is_not_found(wooshpay: Merchant, id_: str) -> None:
    answer = await wooshpay.get(f"payment_intents/{id_}")

    assert (answer.status_code, *error(answer)[2:]) == (404, "resource_missing", "id")


# Notices -------------------------------------------------------------------------------------------------------

NOT_UNDERSTOOD = [
    ("payment_intents", "expand[]=data.customer", "expand"),
    ("checkout/sessions", "status=open", "status"),
    ("events", "types[]=payment_intent.succeeded", "types"),
    ("customers", "email=a%40shop.example", "email"),
    ("payment_intents", "payment_intent=pi_1", "payment_intent"),
    ("refunds", "customer=cus_1", "customer"),
    ("webhook_endpoints", "created=1", "created"),
]


@pytest.mark.parametrize(("path", "query", "name"), NOT_UNDERSTOOD)
async def test_a_filter_that_is_not_understood_is_noticed(
    wooshpay: Merchant, strict: Merchant, path: str, query: str, name: str
) -> None:
    answer, refused = [
        await merchant.sim.http.get(f"/v1/{path}?{query}", headers=merchant.headers) for merchant in (wooshpay, strict)
    ]

    assert answer.status_code == 200
    assert f"query parameters that the simulator does not read: {name}" in answer.headers["simulator-notice"]
    assert (refused.status_code, error(refused)[2]) == (400, "parameter_unknown")


async def test_expand_in_a_body_is_noticed(wooshpay: Merchant, strict: Merchant) -> None:
    body = SEED_WEB | {"expand": ["customer"]}

    answer, refused = [await merchant.post("payment_intents", body) for merchant in (wooshpay, strict)]

    assert answer.status_code == 200
    assert answer.headers["simulator-notice"] == "members that the simulator does not read: expand"
    assert (refused.status_code, *error(refused)[2:]) == (400, "parameter_unknown", "expand")
    assert (await strict.read("payment_intents"))["data"] == []


# Test amounts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [101, 104, 107, 190])
async def test_a_price_that_is_a_test_amount_is_noticed(wooshpay: Merchant, amount: int) -> None:
    answer = await wooshpay.post("payment_intents", SEED_WEB | {"amount": amount})

    assert f"amount {amount} is a test amount of the simulator" in answer.headers["simulator-notice"]


async def test_a_refund_and_a_session_of_a_test_amount_are_noticed(wooshpay: Merchant) -> None:
    paid = await wooshpay.paid(amount=200)

    refund = await wooshpay.post("refunds", {"payment_intent": paid["id"], "amount": 111})
    session = await wooshpay.post("checkout/sessions", SEED_SESSION | sold(unit_amount=101))

    assert "this refund will not go the usual way" in refund.headers["simulator-notice"]
    assert "amount 101 is a test amount" in session.headers["simulator-notice"]


async def test_test_amounts_can_be_switched_off(sim: Sim, wooshpay: Merchant, strict: Merchant) -> None:
    await sim.settings("wooshpay", test_amounts=False)

    answers = [await merchant.post("payment_intents", SEED_WEB | {"amount": 190}) for merchant in (wooshpay, strict)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any("test amount" in answer.headers.get("simulator-notice", "") for answer in answers)


# Left out ------------------------------------------------------------------------------------------------------

OBJECTS = (
    "setup_intents", "payment_links", "disputes", "payouts", "beneficiaries", "files", "subscriptions", "invoices",
    "coupons", "issuing", "accounts", "products", "prices", "balance",
)  # fmt: skip
"""The objects of the provider's menu that are not of a purchase itself."""


@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_of_the_menu_is_there_or_left_out(name: str) -> None:
    paths = [route.path for route in (*PROVIDER.endpoints, *PROVIDER.left_out)]

    assert any(path.split("/")[2] == name for path in paths)


@pytest.mark.uncounted
@pytest.mark.parametrize("left_out", PROVIDER.left_out, ids=lambda left_out: left_out.operation)
async def test_what_is_left_out_says_so_in_wooshpays_format(sim: Sim, wooshpay: Merchant, left_out: LeftOut) -> None:
    path = re.sub(r"{\w+}", "x_1", left_out.path)

    answer = await sim.http.request(left_out.method, path, headers=wooshpay.headers)
    nobody = await sim.http.request(left_out.method, path)

    assert (answer.status_code, error(answer)[2]) == (404, "url_not_found")
    assert answer.headers["simulator-notice"] == f"{left_out.operation} is left out of the simulator"
    assert (nobody.status_code, error(nobody)[2]) == (401, "api_key_missing")


@pytest.mark.parametrize("left_out", PROVIDER.left_out[::9], ids=lambda left_out: left_out.operation)
async def test_what_is_left_out_is_in_the_callers_own_journal(sim: Sim, wooshpay: Merchant, left_out: LeftOut) -> None:
    """With the operation's name for help. A neighbour's journal has nothing of it."""
    neighbour = await Sim.beside(sim).__aenter__()
    path = re.sub(r"{\w+}", "x_1", left_out.path)

    await sim.http.request(left_out.method, path, headers=wooshpay.headers)

    entry = (await sim.requests())[0]
    assert (entry["provider"], entry["method"], entry["path"]) == ("wooshpay", left_out.method, path)
    assert (entry["status"], entry["help"]) == (404, {"left_out": left_out.operation})
    assert entry["notices"] == [f"{left_out.operation} is left out of the simulator"]
    assert await neighbour.requests() == []


async def test_a_typing_error_is_told_apart_from_what_is_left_out(sim: Sim, wooshpay: Merchant) -> None:
    answer = await wooshpay.post("payout_links")

    assert (answer.status_code, error(answer)[2]) == (404, "url_not_found")
    assert "simulator-notice" not in answer.headers
    assert (await sim.requests())[0]["help"]["reason"] == "there is no POST /v1/payout_links"
