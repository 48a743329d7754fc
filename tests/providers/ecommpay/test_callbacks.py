"""Callbacks: to which URL, when again, in which bytes; and the documented examples, key by key in their order."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim

from providers.ecommpay.driver import SALE, Merchant
from simulator.providers.ecommpay.webhooks import RETRY, pause_before

ID = SALE["general"]["payment_id"]
VECTORS = {
    vector["name"]: vector["params"]
    for vector in json.loads((Path(__file__).parent / "signature_vectors.json").read_text("utf-8"))["vectors"]
}


# Golden files ------------------------------------------------------------------------------------------------------

MASKS = (
    (re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$"), "<date>"),
    (re.compile(r"^https?://[^/]+/.*"), "<url>"),
    (re.compile(r"^weixin://.*"), "<url>"),
    (re.compile(r"^[0-9a-f]{40}-[0-9a-f]{40}-\d{8}$"), "<request>"),
    (re.compile(r"^[0-9a-f]{38,43}$"), "<request>"),
    (re.compile(r"^[A-Za-z0-9]{32}$"), "<provider payment>"),
)


def masked(value: Any) -> Any:
    """Ordered pairs instead of objects, so that the order counts; ids, times and URLs replaced."""
    if isinstance(value, dict):
        return [(name, masked(inner)) for name, inner in value.items() if name != "signature"]
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    if isinstance(value, int) and value > 20_000_000_000_000:
        return "<operation>"
    if isinstance(value, str):
        return next((mask for pattern, mask in MASKS if pattern.match(value)), value)
    return value


SEED_SALE: dict[str, Any] = {"payment": {"description": "ECT_TEST_1551255142006"}, "customer": {"id": "125"}}
SEED_REFUND: dict[str, Any] = {
    "payment": {"amount": 25000, "description": "order 02"},
    "customer": {"id": "125"},
}


async def story(sim: Sim, ecommpay: Merchant, name: str) -> dict[str, Any]:
    """What leads to the callback of one documented example."""
    match name:
        case "C1 success":
            await ecommpay.paid("ECT_TEST_155125514200636", **SEED_SALE)
        case "C2 redirect":
            await ecommpay.begin(**SEED_SALE)
        case "C4 display":
            await sim.settings("ecommpay", alipay_flow="qr")
            await ecommpay.begin(**SEED_SALE)
        case "C5 clarif":
            await sim.settings("ecommpay", required_customer_fields=["first_name", "last_name", "city"])
            missing = {"first_name": None, "last_name": None, "city": None}
            await ecommpay.begin(payment=SEED_SALE["payment"], customer={"id": "125", **missing})
        case "C6 decline":
            await ecommpay.begin(
                "ECT_TEST_1551103453746538344",
                payment={"amount": 10000, "description": None},
                customer={"id": "125"},
            )
            await sim.act("ecommpay", "ECT_TEST_1551103453746538344", "decline", reason="balance")
        case "C7 partial":
            await ecommpay.paid("refund_02", **SEED_REFUND)
            await ecommpay.refund("refund_02", amount=10000)
        case "C8 full":
            await ecommpay.paid("refund_02", **SEED_REFUND)
            await ecommpay.refund("refund_02")
        case "C9 refund decline":
            await ecommpay.paid(
                "refund_02", payment={**SEED_REFUND["payment"], "amount": 60_000}, customer={"id": "125"}
            )
            await ecommpay.refund("refund_02", amount=50000)
        case "C10 error":
            await ecommpay.begin()
            await ecommpay.begin()
    return ecommpay.last


GOLDEN = [
    "C1 success", "C2 redirect", "C4 display", "C5 clarif", "C6 decline", "C7 partial", "C8 full", "C9 refund decline",
    "C10 error",
]  # fmt: skip


@pytest.mark.uncounted
@pytest.mark.parametrize("name", GOLDEN)
async def test_a_documented_callback_is_sent_member_by_member_in_its_order(
    sim: Sim, ecommpay: Merchant, name: str
) -> None:
    told = await story(sim, ecommpay, name)

    assert masked(told) == masked({**VECTORS[name], "project_id": ecommpay.project})
    assert list(told)[-1] == "signature"


async def test_the_status_answer_is_as_documented(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin(customer={"id": "123"})
    ecommpay_status = await ecommpay.status()
    unknown = await ecommpay.status("no-such")

    expected = {**VECTORS["S1 status resp"], "project_id": ecommpay.project}
    assert masked(ecommpay_status) == masked(expected)
    assert masked(unknown) == masked({**VECTORS["S2 not found"], "project_id": ecommpay.project})


async def test_a_project_may_learn_of_a_new_payment_late(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", status_delay_s=10)
    await ecommpay.begin()

    early = await ecommpay.status()
    await sim.advance(seconds=10)

    assert early["errors"][0]["code"] == 3061
    assert await ecommpay.status_of() == "awaiting redirect result"


async def test_the_status_of_a_request_is_as_documented(sim: Sim, ecommpay: Merchant) -> None:
    sale = await ecommpay.paid()
    refund = await ecommpay.refund(amount=400)
    body = {"project_id": ecommpay.project}

    of_sale = (await ecommpay.post("payment/status/request", {**body, "request_id": sale["request_id"]})).json()
    of_refund = (await ecommpay.post("payment/status/request", {**body, "request_id": refund["request_id"]})).json()
    unknown = await ecommpay.post("payment/status/request", {**body, "request_id": "no-such"})

    assert list(of_sale) == [
        "general", "request_id", "status", "transaction", "payment", "customer", "sum_request", "sum_real",
        "sum_refund", "description", "operations",
    ]  # fmt: skip
    assert list(of_sale["general"]) == ["project_id", "payment_id", "signature"]
    assert (of_sale["status"], of_sale["payment"]["result_code"]) == ("success", "0")
    assert of_sale["sum_refund"] == {"amount": 400, "currency": "CNY"}
    assert [operation["type"] for operation in of_sale["operations"]] == ["sale", "refund"]
    assert of_refund["request_id"] == refund["request_id"]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "3061")


async def test_the_status_of_a_rejected_request_tells_why(sim: Sim, ecommpay: Merchant) -> None:
    answer = await ecommpay.begin(payment={"amount": 1})
    body = {"project_id": ecommpay.project, "request_id": answer["request_id"]}

    told = (await ecommpay.post("payment/status/request", body)).json()

    assert list(told) == ["general", "request_id", "status", "errors"]
    assert (told["status"], told["errors"][0]["code"]) == ("error", 3358)


async def test_the_methods_are_listed_by_currency(sim: Sim, ecommpay: Merchant) -> None:
    body: dict[str, Any] = {"project_id": ecommpay.project, "directions": ["payin", "payout"]}
    path = "info/available_methods_for_merchant/list"

    every = (await ecommpay.post(path, body)).json()
    one = (await ecommpay.post(path, {**body, "currency": "CNY", "amount": 1000})).json()
    none = (await ecommpay.post(path, {**body, "currency": "CNY", "amount": 999})).json()
    payout = (await ecommpay.post(path, {**body, "directions": ["payout"]})).json()
    wrong = await ecommpay.post(path, {**body, "directions": ["sideways"]})

    entry = {"title": "alipay", "direction": "payin", "limits": {"min amount": 1000, "max amount": 500_000}}
    assert sorted(every) == ["AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "SGD", "USD"]
    assert one == {"CNY": [entry]}
    assert (none, payout) == ({}, {})
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["code"] == 2003


# Shape ---------------------------------------------------------------------------------------------------------------


def faults(value: Any, path: str = "") -> list[str]:
    """What some official SDK could not verify. Source: docs/providers/ecommpay.md, source 2.5."""
    if value is None or isinstance(value, float):
        return [f"{path}: {value!r}"]
    if isinstance(value, bool):
        return [f"{path}: boolean"]
    if isinstance(value, int):
        return [f"{path}: too large"] if value >= 2**53 else []
    if isinstance(value, list):
        long = [f"{path}: {len(value)} items"] if len(value) > 10 else []
        return long + [fault for n, inner in enumerate(value) for fault in faults(inner, f"{path}.{n}")]
    if isinstance(value, dict):
        odd = [f"{path}.{name}" for name in value if ":" in name or ";" in name]
        return odd + [fault for name, inner in value.items() for fault in faults(inner, f"{path}.{name}")]
    return []


async def test_every_callback_can_be_verified_by_every_sdk(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid(payment={"description": None})
    await ecommpay.refund(amount=400, merchant_refund_id="r")
    await ecommpay.refund(amount=5000)
    await ecommpay.begin()
    await ecommpay.sale("b", customer={"email": "x", "phone": "y"}, payment={"amount": 10.5})
    await sim.advance(seconds=1)

    assert len(sim.hooks) == 6
    assert [fault for hook in sim.hooks for fault in faults(hook.body)] == []
    for hook in sim.hooks:
        assert hook.headers["content-type"] == "application/json"
        for member in (
            hook.body["payment"]["id"],
            *(hook.body["operation"][n] for n in ("status", "type", "request_id")),
        ):
            assert member
        assert hook.verdict("ecommpay").valid


async def test_a_foreign_signature_is_noticed_by_the_receiver(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()
    hook = sim.hooks[0]
    good = hook.raw

    hook.raw = good.replace(b'"amount":1000', b'"amount":1', 1)
    changed = hook.verdict("ecommpay")
    hook.raw = b"{}"
    empty = hook.verdict("ecommpay")

    assert (changed.valid, changed.reason) == (False, "the signature is wrong")
    assert (empty.valid, empty.reason) == (False, "there is no signature")


# Delivery ------------------------------------------------------------------------------------------------------------


def test_the_schedule_is_the_documented_formula() -> None:
    """120 attempts within 11 days. Source: docs/providers/ecommpay.md, source 6.2."""
    pauses = {n: round(pause_before(n).total_seconds()) for n in (2, 6, 7, 10, 20, 40, 60, 68, 69, 120)}

    assert pauses == {2: 10, 6: 10, 7: 84, 10: 90, 20: 131, 40: 661, 60: 5774, 68: 14194, 69: 14400, 120: 14400}
    assert RETRY.attempts == 120
    assert sum(RETRY.delays, timedelta(0)) < timedelta(days=11)


@pytest.mark.uncounted
async def test_a_callback_is_tried_120_times_with_the_same_bytes(sim: Sim, ecommpay: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500)
    await ecommpay.begin()

    await sim.advance(days=12)

    first = [hook for hook in sim.hooks if b"redirect_data" in hook.raw]
    assert len(first) == 120
    assert {hook.raw for hook in first} == {first[0].raw}
    gaps = [second.at - one.at for one, second in pairwise(first)]
    assert gaps[:6] == [timedelta(seconds=10)] * 5 + [pause_before(7)]
    states = {d["event"]: d["state"] for d in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]}
    assert states["sale awaiting redirect result"] == "failed"


@pytest.mark.parametrize("status", [201, 202, 204, 301, 400, 404, 500])
async def test_only_200_is_an_acknowledgement(sim: Sim, ecommpay: Merchant, status: int) -> None:
    answers = iter([status])
    sim.answer = lambda request: httpx.Response(next(answers, 200))
    await ecommpay.begin()

    await sim.advance(minutes=5)

    assert [hook.at - sim.started_at for hook in sim.hooks] == [timedelta(seconds=0.5), timedelta(seconds=10.5)]


async def test_a_callback_that_is_tried_again_does_not_hold_back_the_next(sim: Sim, ecommpay: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500 if b"redirect_data" in request.content else 200)
    await ecommpay.begin()

    await sim.act("ecommpay", ID, "pay")

    assert ecommpay.told[-1] == ("success", "sale", "success")


async def test_the_url_of_the_request_goes_before_the_projects(sim: Sim, ecommpay: Merchant) -> None:
    """A URL for the final result goes above both."""
    general = {
        "merchant_callback_url": "http://merchant.test/own",
        "merchant_success_callback_url": "http://merchant.test/success",
        "merchant_decline_callback_url": "http://merchant.test/decline",
    }
    await ecommpay.paid("a", general=general)
    await ecommpay.begin("b", general=general)
    await sim.act("ecommpay", "b", "decline")
    await ecommpay.refund("a", amount=100)
    await ecommpay.paid("c")

    assert [hook.url.rpartition("/")[2] for hook in sim.hooks] == [
        "own",
        "success",
        "own",
        "decline",
        "own",
        "hooks",
        "hooks",
    ]
    assert HOOKS.endswith("/hooks")


async def test_a_refunds_own_url_goes_before_the_purchases(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid(general={"merchant_callback_url": "http://merchant.test/sale"})
    body = {"general": {"payment_id": ID, "merchant_callback_url": "http://merchant.test/refund"}}

    await ecommpay.post("payment/refund", body)
    await sim.advance(seconds=1)

    assert sim.hooks[-1].url == "http://merchant.test/refund"


async def test_who_named_the_purchases_url_named_that_of_its_refunds_too(sim: Sim, ecommpay: Merchant) -> None:
    """Unless a refund names its own."""
    async with sim.moved():
        for id_ in (ID, "other"):
            await ecommpay.sale(id_, general={"merchant_callback_url": "http://merchant.test/sale"})
    await sim.advance(seconds=5)
    for payment in (await sim.http.get(f"{sim.path}/payments")).json()["data"]:
        await sim.act("ecommpay", payment["id"], "pay")

    await ecommpay.post("payment/refund", {"general": {"payment_id": ID}})
    await sim.advance(seconds=5)
    own = {"payment_id": "other", "merchant_callback_url": "http://merchant.test/refund"}
    await ecommpay.post("payment/refund", {"general": own})
    await sim.advance(seconds=5)

    *earlier, last = sim.hooks
    assert {(hook.url, hook.from_network) for hook in earlier} == {("http://merchant.test/sale", True)}
    assert earlier[-1].body["operation"]["type"] == "refund"
    assert (last.url, last.from_network) == ("http://merchant.test/refund", False)


async def test_callbacks_can_be_postponed_and_forbidden(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.sale("late", callback={"delay": 60})
    await ecommpay.sale("never", callback={"force_disable": True})
    await ecommpay.sale("never-2", callback={"force_disable": 1})

    await sim.advance(minutes=10)

    assert [(hook.body["payment"]["id"], hook.at - sim.started_at) for hook in sim.hooks] == [
        ("late", timedelta(seconds=60.5))
    ]


async def test_without_a_url_the_callback_is_kept(sim: Sim) -> None:
    merchant = Merchant(sim)

    await merchant.begin()

    [kept] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    assert (kept["state"], kept["event"]) == ("kept", "sale awaiting redirect result")
    assert kept["resource_id"] == ID


async def test_a_project_hears_only_what_it_subscribed_to(sim: Sim) -> None:
    await sim.receive_webhooks("ecommpay", events=["sale success"])
    merchant = Merchant(sim)

    await merchant.paid()

    assert merchant.told == [("success", "sale", "success")]


async def test_a_scenario_doubles_and_reverses(sim: Sim, ecommpay: Merchant) -> None:
    await sim.arm([{"when": {"event": "sale success"}, "webhooks": {"copies": 2}}])

    await ecommpay.paid()

    assert [status for status, _, _ in ecommpay.told] == ["awaiting redirect result", "success", "success"]


async def test_alipay_has_no_banks(sim: Sim, ecommpay: Merchant) -> None:
    body = {"general": {"payment_id": ID}, "payment": {"amount": 1000, "currency": "CNY"}}

    answer = await ecommpay.post("info/banks/alipay/sale/list", body)

    assert (answer.status_code, answer.json()) == (200, [])
