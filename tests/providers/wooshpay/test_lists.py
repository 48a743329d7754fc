"""Lists, searches, and bodies that are forms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_SESSION, SEED_WEB, Merchant, error
from simulator.kernel.refusals import MalformedBody
from simulator.providers.wooshpay.forms import parse


def flattened(value: Any, name: str = "") -> list[tuple[str, str]]:
    """As Stripe's clients write a form: brackets, arrays by index, booleans in lower case."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in flattened(inner, f"{name}[{key}]" if name else key)]
    if isinstance(value, list):
        return [pair for index, inner in enumerate(value) for pair in flattened(inner, f"{name}[{index}]")]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


def drawn(value: Any) -> Any:
    """Without what is minted anew for each object."""
    names = ("id", "client_secret", "payment_method", "payment_intent", "url")
    if isinstance(value, dict):
        return {name: drawn(inner) for name, inner in value.items() if name not in names}
    return [drawn(inner) for inner in value] if isinstance(value, list) else value


async def posted(merchant: Merchant, path: str, content: bytes, content_type: str | None) -> Any:
    headers = dict(merchant.headers) | ({"content-type": content_type} if content_type else {})
    answer = await merchant.sim.http.post(f"/v1/{path}", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [SEED_WEB, SEED_SESSION], ids=["intent", "session"])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", None])
async def test_a_form_is_answered_like_the_same_json(
    wooshpay: Merchant, body: dict[str, Any], content_type: str | None
) -> None:
    path = "payment_intents" if body is SEED_WEB else "checkout/sessions"
    expected = await wooshpay.made(path, body)

    answer = await posted(wooshpay, path, urlencode(flattened(body)).encode(), content_type)

    assert drawn(answer) == drawn(expected)
    assert list(answer) == list(expected)


async def test_json_needs_no_content_type(wooshpay: Merchant) -> None:
    answer = await posted(wooshpay, "payment_intents", b' {"amount": 5, "currency": "CNY"}', None)

    assert answer["amount"] == 5


@pytest.mark.parametrize("events", ["enabled_events[]=b&enabled_events[]=a", "enabled_events[0]=b&enabled_events[1]=a"])
async def test_arrays_come_with_and_without_indexes(wooshpay: Merchant, events: str) -> None:
    form = f"url=http%3A%2F%2Fshop.example%2Fh&{events}".encode()

    made = await posted(wooshpay, "webhook_endpoints", form, "application/x-www-form-urlencoded; charset=utf-8")

    assert made["enabled_events"] == ["a", "b"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("a=1&b[c]=2&b[d][e]=3", {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
        ("l[0][q]=1&l[1][q]=2&l[10][q]=3", {"l": [{"q": "1"}, {"q": "2"}, {"q": "3"}]}),
        ("m[]=x&m[]=y", {"m": ["x", "y"]}),
        ("metadata[0]=x&metadata[1]=y", {"metadata": {"0": "x", "1": "y"}}),
        ("d[metadata][7]=x", {"d": {"metadata": {"7": "x"}}}),
        ("a=%E8%8C%B6", {"a": "茶"}),
        ("a=", {"a": ""}),
    ],
)
def test_bracket_notation(form: str, expected: Any) -> None:
    from urllib.parse import parse_qsl

    assert parse(parse_qsl(form, keep_blank_values=True)) == expected


@pytest.mark.parametrize("name", ["", "[a]", "a[", "a]b", "a[b]c", "a[[b]]"])
def test_what_is_no_parameter_name_is_refused(name: str) -> None:
    with pytest.raises(MalformedBody):
        parse([(name, "1")])


@pytest.mark.parametrize("form", ["a=1&a[b]=1", "a[b]=1&a=1", "a[1]=1&a[]=2", "a[2][b]=1&a[]=2&a[]=3&a[]=4"])
def test_names_that_contradict_each_other_are_refused_and_no_value_is_lost(form: str) -> None:
    from urllib.parse import parse_qsl

    with pytest.raises(MalformedBody, match="'a' is given both"):
        parse(parse_qsl(form))


async def test_unknown_parameters_are_ignored(wooshpay: Merchant) -> None:
    """The documented samples send several."""
    intent = await wooshpay.pay_link(quantity=1, nickname="x", **{"off-session": True})

    assert not {"quantity", "nickname", "off-session"} & set(intent)


# Lists ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def seven(sim: Sim, wooshpay: Merchant) -> list[str]:
    """Seven intents, one second apart, oldest first."""
    made = []
    for number in range(7):
        made.append((await wooshpay.pay_link(amount=1020 + number, merchant_order_id=f"order-{number % 2}"))["id"])
        await sim.advance(seconds=1)
    return made


async def ids(merchant: Merchant, path: str = "payment_intents", **query: Any) -> tuple[list[str], bool]:
    page = await merchant.read(path, **query)
    assert list(page) == ["object", "url", "has_more", "data"]
    assert (page["object"], page["url"]) == ("list", f"/v1/{path}")
    return [found["id"] for found in page["data"]], page["has_more"]


async def test_a_list_is_newest_first_and_pages_both_ways(wooshpay: Merchant, seven: list[str]) -> None:
    newest = seven[::-1]

    assert await ids(wooshpay) == (newest, False)
    assert await ids(wooshpay, limit=3) == (newest[:3], True)
    assert await ids(wooshpay, limit=3, starting_after=newest[2]) == (newest[3:6], True)
    assert await ids(wooshpay, limit=3, starting_after=newest[5]) == (newest[6:], False)
    assert await ids(wooshpay, limit=2, ending_before=newest[3]) == (newest[1:3], True)
    assert await ids(wooshpay, limit=3, ending_before=newest[3]) == (newest[:3], False)


async def test_the_default_limit_is_ten(wooshpay: Merchant) -> None:
    for _ in range(11):
        await wooshpay.made("customers")

    found, more = await ids(wooshpay, "customers")

    assert (len(found), more) == (10, True)


async def test_a_list_can_be_narrowed_in_time(sim: Sim, wooshpay: Merchant, seven: list[str]) -> None:
    """In milliseconds, or in seconds: what is below 10^12 is taken for seconds."""
    start = int(sim.started_at.timestamp())

    for unit in (1, 1000):
        after, before = (start + 2) * unit, (start + 4) * unit
        assert await ids(wooshpay, **{"created[gte]": after, "created[lt]": before}) == (seven[2:4][::-1], False)
        assert await ids(wooshpay, **{"created[gt]": after, "created[lte]": before}) == (seven[3:5][::-1], False)
        assert await ids(wooshpay, created=after) == ([seven[2]], False)
    assert await ids(wooshpay, **{"created[gte]": start, "limit": 2}) == (seven[:4:-1], True)


async def test_the_documented_body_of_a_get_is_read_and_the_query_goes_before_it(
    sim: Sim, wooshpay: Merchant, seven: list[str]
) -> None:
    async def with_body(path: str, body: bytes) -> Any:
        headers = wooshpay.headers | {"content-type": "application/json"}
        return (await sim.http.request("GET", path, content=body, headers=headers)).json()

    by_body = await with_body("/v1/payment_intents", b'{"limit": 2, "created": {"gte": 0}}')
    by_both = await with_body("/v1/payment_intents?limit=1", b'{"limit": 2}')
    broken = await with_body("/v1/payment_intents", b"{")

    assert [found["id"] for found in by_body["data"]] == seven[:4:-1]
    assert [found["id"] for found in by_both["data"]] == seven[-1:]
    assert broken["error"]["code"] == "invalid_json"


BROKEN: list[tuple[dict[str, Any], tuple[int, str, str]]] = [
    ({"limit": 0}, (400, "parameter_invalid_integer", "limit")),
    ({"limit": 101}, (400, "parameter_invalid_integer", "limit")),
    ({"limit": "many"}, (400, "parameter_invalid_integer", "limit")),
    ({"starting_after": "pi_1"}, (404, "resource_missing", "starting_after")),
    ({"ending_before": "x"}, (400, "id_invalid", "ending_before")),
    ({"created[gte]": "monday"}, (400, "parameter_invalid_integer", "created[gte]")),
]


async def test_a_query_that_breaks_a_rule_is_refused(wooshpay: Merchant) -> None:
    for query, expected in BROKEN:
        status, _, code, param = error(await wooshpay.get("payment_intents", **query))
        assert (status, code) == expected[:2], query
        assert param is not None and param.startswith(expected[2].partition("[")[0])


async def test_sessions_are_listed_under_both_paths(wooshpay: Merchant) -> None:
    made = [(await wooshpay.session())["id"] for _ in range(3)]

    documented = await wooshpay.read("checkout/sessions/list", limit=2)
    observed = await wooshpay.read("checkout/sessions", limit=2)

    assert documented == observed
    assert ([found["id"] for found in documented["data"]], documented["has_more"]) == (made[:0:-1], True)


async def test_line_items_are_listed_and_paged(wooshpay: Merchant) -> None:
    data = {"currency": "CNY", "unit_amount": 100, "product_data": {"name": "tea"}}
    session = await wooshpay.session(line_items=[{"price_data": data, "quantity": n} for n in (1, 2, 3)])
    path, items = f"checkout/sessions/{session['id']}/line_items", session["line_items"]["data"]

    first = await wooshpay.read(path, limit=2)
    rest = await wooshpay.read(path, starting_after=items[1]["id"])
    back = await wooshpay.read(path, ending_before=items[2]["id"], limit=1)

    assert first == {"object": "list", "url": f"/v1/{path}", "has_more": True, "data": items[:2]}
    assert (rest["data"], rest["has_more"]) == (items[2:], False)
    assert (back["data"], back["has_more"]) == (items[1:2], True)
    assert error(await wooshpay.get(path, starting_after="li_1"))[2] == "resource_missing"


async def test_webhook_endpoints_are_paged_like_everything_else(wooshpay: Merchant) -> None:
    for number in range(3):
        await wooshpay.listen(url=f"https://shop.example/{number}")
    newest, _ = await ids(wooshpay, "webhook_endpoints")

    assert await ids(wooshpay, "webhook_endpoints", limit=2) == (newest[:2], True)
    assert await ids(wooshpay, "webhook_endpoints", starting_after=newest[1]) == (newest[2:], False)
    assert await ids(wooshpay, "webhook_endpoints", ending_before=newest[2], limit=1) == (newest[1:2], True)
    assert error(await wooshpay.get("webhook_endpoints", starting_after="we_1"))[2] == "resource_missing"


async def test_lists_of_what_belongs_to_a_customer(wooshpay: Merchant) -> None:
    customer = (await wooshpay.made("customers"))["id"]
    mine = await wooshpay.paid(customer=customer)
    await wooshpay.paid()
    refund = await wooshpay.refund(mine["id"])
    session = await wooshpay.session(customer=customer)
    method = await wooshpay.made("payment_methods", {"type": "alipay", "metadata": {"a": 1, "b": True}})
    await wooshpay.made(f"payment_methods/{method['id']}/attach", {"customer": customer})
    changed = await wooshpay.made(
        f"payment_methods/{method['id']}", {"billing_details": {"name": "Li Na"}, "metadata": {"a": ""}}
    )

    found, _ = await ids(wooshpay, customer=customer)
    charges, _ = await ids(wooshpay, "charges", customer=customer)

    assert found == [session["payment_intent"], mine["id"]]
    assert await ids(wooshpay, "checkout/sessions", customer=customer) == ([session["id"]], False)
    assert await ids(wooshpay, "refunds", payment_intent=mine["id"], charge=charges[0]) == ([refund["id"]], False)
    assert await ids(wooshpay, "payment_methods", customer=customer, type="alipay") == ([method["id"]], False)
    assert await ids(wooshpay, "payment_methods", customer=customer, type="card") == ([], False)
    assert (changed["billing_details"], changed["metadata"]) == ({"name": "Li Na"}, {"b": "true"})
    assert list(changed)[-2:] == ["type", "alipay"]


async def test_a_customer_may_bring_a_method(wooshpay: Merchant) -> None:
    method = await wooshpay.made("payment_methods", {"type": "alipay"})

    customer = await wooshpay.made("customers", {"payment_method": method["id"], "address": {"city": "Xi'an"}})
    other = await wooshpay.made("customers")

    path = f"customers/{customer['id']}/payment_methods/{method['id']}"
    assert (await wooshpay.read(path))["customer"] == customer["id"]
    assert customer["address"] == {"city": "Xi'an"}
    stranger = await wooshpay.get(f"customers/{other['id']}/payment_methods/{method['id']}")
    assert error(stranger)[2:] == ("resource_missing", "payment_method")


# Search --------------------------------------------------------------------------------------------------------


async def test_a_search_finds_by_order_status_and_metadata(sim: Sim, wooshpay: Merchant, seven: list[str]) -> None:
    await sim.act("wooshpay", seven[3], "pay")
    await wooshpay.made(f"payment_intents/{seven[5]}", {"metadata": {"a key": "it's"}})

    async def search(query: str, **more: Any) -> tuple[list[str], bool]:
        page = await wooshpay.read("payment_intents/search", query=query, **more)
        assert (page["object"], page["url"]) == ("search_result", "/v1/payment_intents/search")
        return [found["id"] for found in page["data"]], page["has_more"]

    assert await search("merchant_order_id:'order-1'") == ([seven[5], seven[3], seven[1]], False)
    assert await search('merchant_order_id:"order-1"', limit=2) == ([seven[5], seven[3]], True)
    assert await search("merchant_order_id:'order-1' AND status:'succeeded'") == ([seven[3]], False)
    assert await search("metadata['a key']:'it's'") == ([seven[5]], False)
    assert await search("currency:'cny' AND status:'succeeded'") == ([seven[3]], False)
    assert await search("merchant_order_id:'nobody'") == ([], False)


UNREADABLE: list[tuple[str | None, str]] = [
    (None, "parameter_missing"),
    ("", "parameter_invalid_empty"),
    ("order-1", "parameter_invalid"),
    ("  ", "parameter_invalid"),
    ("amount:'many'", "parameter_invalid"),
    ("amount:1.5", "parameter_invalid"),
    ("amount:\u0661", "parameter_invalid"),
    ("status>'succeeded'", "parameter_invalid"),
    ("currency:'yuan'", "parameter_invalid"),
    ("status:'paid'", "parameter_invalid"),
    ("merchant_order_id~'order'", "parameter_invalid"),
    ("merchant_order_id:'a' and currency:'CNY'", "parameter_invalid"),
    ("merchant_order_id:'a' currency:'CNY'", "parameter_invalid"),
    ("merchant_order_id:'a'currency:'CNY'", "parameter_invalid"),
    ("merchant_order_id:'a' AND", "parameter_invalid"),
    ("merchant_order_id:'a' AND ", "parameter_invalid"),
    ("OR merchant_order_id:'a'", "parameter_invalid"),
    ("merchant_order_id:'a", "parameter_invalid"),
    ("merchant_order_id:'a\\'", "parameter_invalid"),
    ("merchant_order_id:order-1", "parameter_invalid"),
    ("merchant_order_id:'a' OR merchant_order_id:'b' AND currency:'CNY'", "parameter_invalid"),
    ("(merchant_order_id:'a')", "parameter_invalid"),
    ("metadata:'1'", "parameter_invalid"),
    ("status['a']:'1'", "parameter_invalid"),
    ("status:'a' OR status:'b'", "parameter_invalid"),
]


async def test_a_search_that_cannot_be_read_is_refused(wooshpay: Merchant) -> None:
    """What is not understood is never an empty 200."""
    for query, code in UNREADABLE:
        answer = await wooshpay.get("payment_intents/search", **({} if query is None else {"query": query}))
        assert (answer.status_code, *error(answer)[2:]) == (400, code, "query"), query
