"""Payment, operations, requests, callbacks, the wallet's order and the buyer's account never contradict each other.

Random sequences of API calls, buttons and time; after each step every two things that name the same amount, currency, state or
owner are compared.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.ecommpay.driver import Merchant
from providers.ecommpay.test_properties import one_simulator

IDS = ("a", "b", "page")
AMOUNTS = (1000, 2500, 40_000, 100_000)
CURRENCIES = ("CNY", "USD", "JPY")
PAID = ("success", "partially refunded", "refunded", "reversed")
WALLET = {
    # The order's state, and the statuses that its payment may have then.
    "open": ("processing", "awaiting redirect result", "awaiting customer action"),
    "scanned": ("processing", "awaiting redirect result", "awaiting customer action"),
    "paying": ("awaiting redirect result", "awaiting customer action"),
    "paid": PAID,
    "declined": ("decline",),
    "cancelled": ("decline",),
    "expired": ("decline",),
}
PHASES = {"success": "paid", "partially refunded": "partly_refunded", "refunded": "refunded", "reversed": "refunded"}

REFUNDS: tuple[dict[str, Any], ...] = (
    # What a refund asks for: everything, some of it, a test amount, too much, nonsense.
    {}, {"amount": 300}, {"amount": 1000}, {"amount": 300, "currency": "CNY"}, {"amount": 50_000}, {"amount": 10**9},
    {"amount": None}, {"amount": "1"},
)  # fmt: skip

Step = Callable[["World"], Awaitable[None]]


class World:
    """A merchant, and what they were told: the answers to their requests by their ids."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant, self.sim = merchant, merchant.sim
        self.accepted: dict[str, str] = {}
        self.known: set[str] = set()
        self.refunds = 0

    async def note(self, answer: Any) -> None:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        self.accepted[body["request_id"]] = body["payment_id"]


# Steps -------------------------------------------------------------------------------------------------------------


def sale(id_: str, amount: int, currency: str) -> Step:
    async def step(world: World) -> None:
        await world.note(await world.merchant.sale(id_, payment={"amount": amount, "currency": currency}))

    return step


def wait(seconds: float) -> Step:
    async def step(world: World) -> None:
        await world.sim.advance(seconds=seconds)

    return step


def act(id_: str, what: str) -> Step:
    """Through the control API; whether it is legal at the moment does not matter."""

    async def step(world: World) -> None:
        answer = await world.sim.http.post(f"{world.sim.path}/payments/ecommpay/{id_}/{what}", json={})
        assert answer.status_code in (200, 404, 409), answer.text
        await world.sim.settle()

    return step


def press(id_: str, kind: str, outcome: str) -> Step:
    """A button of the emulator, in the customer's browser or on the phone."""

    async def step(world: World) -> None:
        view = await world.sim.http.get(f"{world.sim.path}/payments/ecommpay/{id_}")
        if view.status_code == 200 and view.json()["wallet"]:
            path = f"/emulator/{kind}/{view.json()['wallet']['code']}"
            answer = await world.sim.http.post(path, data={"outcome": outcome})
            assert answer.status_code == 303, answer.text
            await world.sim.settle()

    return step


def refund(id_: str, payment: dict[str, Any], own: bool) -> Step:
    async def step(world: World) -> None:
        world.refunds += 1
        named = {**payment, "merchant_refund_id": f"r-{world.refunds if own else 0}"} if payment else {}
        await world.note(await world.merchant.ask_refund(id_, **named))

    return step


def clarify(id_: str, customer: dict[str, str]) -> Step:
    async def step(world: World) -> None:
        body = {"general": {"payment_id": id_}, "additional_data": {"customer": customer}}
        await world.note(await world.merchant.post("payment/clarification", body))

    return step


def pay_on_page(amount: int) -> Step:
    async def step(world: World) -> None:
        form = {**world.merchant.page(payment_id="page", payment_amount=amount), "_step": "pay"}
        answer = await world.sim.http.post("/payment", data=form)
        assert answer.status_code == 303, answer.text

    return step


def option(**values: Any) -> Step:
    async def step(world: World) -> None:
        await world.sim.settings("ecommpay", **values)

    return step


ids = st.sampled_from(IDS)
STEPS = st.one_of(
    st.builds(sale, st.sampled_from(IDS[:2]), st.sampled_from(AMOUNTS), st.sampled_from(CURRENCIES)),
    st.builds(pay_on_page, st.sampled_from(AMOUNTS)),
    st.builds(wait, st.sampled_from((0.5, 1, 60, 1900, 90_000))),
    st.builds(act, ids, st.sampled_from(("pay", "pay", "decline", "cancel", "expire"))),
    st.builds(press, ids, st.sampled_from(("aps", "qr")), st.sampled_from(("success", "decline"))),
    st.builds(
        refund,
        ids,
        st.sampled_from(REFUNDS),
        st.booleans(),
    ),
    st.builds(clarify, ids, st.sampled_from([{}, {"middle_name": "x"}])),
    st.builds(option, alipay_flow=st.sampled_from(("redirect", "qr"))),
    st.builds(option, same_day_refund=st.sampled_from(("refund", "reversal"))),
    st.builds(option, required_customer_fields=st.sampled_from(([], ["middle_name"]))),
)


# Comparing ---------------------------------------------------------------------------------------------------------


async def agree(world: World) -> None:
    paid_back = 0
    for id_ in IDS:
        status = await world.merchant.status(id_)
        if status["payment"]["status"] == "error":
            continue
        payment, operations = status["payment"], status["operations"]
        operations_agree(payment, operations)
        view = await world.sim.payment("ecommpay", id_)
        views_agree(payment, operations, view)
        callbacks_agree(world, id_, status)
        await requests_agree(world, id_, status)
        if payment["sum"]["currency"] == "CNY" and payment["status"] in PAID:
            paid_back += payment["sum"]["amount"]
    await the_buyers_account_agrees(world, paid_back)


def given_back(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in operations if one["type"] in ("refund", "reversal") and one["status"] == "success"]


def operations_agree(payment: dict[str, Any], operations: list[dict[str, Any]]) -> None:
    first, *later = operations
    total = first["sum_initial"]["amount"]
    left = total - sum(one["sum_initial"]["amount"] for one in given_back(operations))
    sums = [one[name] for one in operations for name in ("sum_initial", "sum_converted") if name in one]
    assert {one["currency"] for one in (*sums, payment["sum"])} == {first["sum_initial"]["currency"]}
    assert all(one.get("sum_initial") == one.get("sum_converted") for one in operations)
    assert payment["sum"]["amount"] == left >= 0
    assert (first["type"], {one["type"] for one in later} <= {"refund", "reversal"}) == ("sale", True)
    ids = [one["id"] for one in operations]
    assert sorted(set(ids)) == ids
    if not given_back(operations):
        assert payment["status"] == first["status"]
        assert payment["date"] == first["date"]
    else:
        assert first["status"] == "success"
        whole = "reversed" if given_back(operations)[-1]["type"] == "reversal" else "refunded"
        assert payment["status"] == ("partially refunded" if left else whole)
        assert payment["date"] == max(one["date"] for one in given_back(operations))


def views_agree(payment: dict[str, Any], operations: list[dict[str, Any]], view: dict[str, Any]) -> None:
    total, currency = operations[0]["sum_initial"]["amount"], payment["sum"]["currency"]
    assert view["status"] == payment["status"]
    assert view["amount"] == {"value": total, "currency": currency}
    assert view["refunded"] == {"value": total - payment["sum"]["amount"], "currency": currency}
    assert view["reference"] == payment["id"]
    if payment["status"] in PHASES:
        assert view["phase"] == PHASES[payment["status"]]
    if view["wallet"]:
        assert payment["status"] in WALLET[view["wallet"]["state"]]
    else:
        assert payment["status"] in ("processing", "awaiting clarification", "decline")


def callbacks_agree(world: World, id_: str, status: dict[str, Any]) -> None:
    """Each callback tells an operation as the status does now, or as it was before; the last of each tells it as it is."""
    told = [c for c in world.merchant.callbacks if c["payment"]["id"] == id_ and c["payment"]["status"] != "error"]
    of_status = {one["id"]: one for one in status["operations"]}
    last = {callback["operation"]["id"]: callback for callback in told}
    for callback in told:
        operation = of_status[callback["operation"]["id"]]
        assert callback["customer"] == status["customer"]
        assert callback["project_id"] == status["project_id"]
        for name in ("id", "type", "created_date", "request_id", "sum_initial", "sum_converted"):
            assert callback["operation"].get(name) == operation.get(name)
    for number, callback in last.items():
        if of_status[number]["status"] != "processing":
            assert {**callback["operation"]} == {**of_status[number]}
    if told and not any(one["status"] == "processing" for one in status["operations"]):
        assert {**told[-1]["payment"], "merchant_refund_id": ""} == {**status["payment"], "merchant_refund_id": ""}


async def requests_agree(world: World, id_: str, status: dict[str, Any]) -> None:
    payment, operations = status["payment"], status["operations"]
    total = operations[0]["sum_initial"]["amount"]
    for request_id in [request for request, payment_id in world.accepted.items() if payment_id == id_]:
        body = {"project_id": world.merchant.project, "request_id": request_id}
        told = (await world.merchant.post("payment/status/request", body)).json()
        assert told["general"]["payment_id"] == id_
        operation = next((one for one in operations if one["request_id"] == request_id), None)
        if told["status"] == "error":
            assert operation is None and told["errors"]
            continue
        assert told["customer"] == status["customer"]
        assert told["sum_request"] == told["sum_real"] == {"amount": total, "currency": payment["sum"]["currency"]}
        assert told.get("sum_refund", {"amount": 0})["amount"] == total - payment["sum"]["amount"]
        assert told["payment"]["date"] == told["transaction"]["date"] == payment["date"]
        for one, short in zip(operations, told["operations"], strict=True):
            assert short == {name: one[name] for name in ("id", "type", "status", "date")} | (
                {"sum": one["sum_initial"]} if "sum_initial" in one else {}
            )
        if operation is not None:
            assert (told["status"], told["payment"]["result_code"]) == (operation["status"], operation["code"])


async def the_buyers_account_agrees(world: World, paid: int) -> None:
    """Li Na pays everything here; what they have is what they had, less what the payments in CNY keep."""
    buyers = (await world.sim.http.get(f"{world.sim.path}/buyers")).json()["data"]
    ledger = next(buyer for buyer in buyers if buyer["slug"] == "li-na")["ledger"]
    orders = {}
    for id_ in IDS:
        answer = await world.sim.http.get(f"{world.sim.path}/payments/ecommpay/{id_}")
        if answer.status_code == 200 and answer.json()["amount"]["currency"] == "CNY" and answer.json()["wallet"]:
            orders[answer.json()["wallet"]["code"]] = id_
    moved = [entry["amount"]["value"] for entry in ledger if entry["order"] in orders]
    assert -sum(moved) == paid


async def story(merchant: Merchant, steps: list[Step]) -> None:
    world = World(merchant)
    (await merchant.sim.http.post(f"{merchant.sim.path}/reset")).raise_for_status()
    await merchant.sim.receive_webhooks("ecommpay")
    await merchant.sim.settings(
        "ecommpay", alipay_flow="redirect", same_day_refund="refund", required_customer_fields=[]
    )
    merchant.sim.hooks.clear()
    for step in steps:
        await step(world)
        await agree(world)


@pytest.mark.uncounted
def test_whatever_happens_all_objects_agree() -> None:
    with one_simulator() as run:

        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(STEPS, min_size=4, max_size=14))
        def every(steps: list[Step]) -> None:
            run(story, steps)

        every()


@pytest.mark.uncounted
async def test_the_comparison_sees_a_whole_story(sim: Sim, ecommpay: Merchant) -> None:
    """One story by hand, in which everything that is compared occurs."""
    steps = [
        option(required_customer_fields=["middle_name"]), sale("a", 2500, "CNY"), wait(0.5), clarify("a", {}),
        clarify("a", {"middle_name": "x"}), wait(1), act("a", "pay"), refund("a", {"amount": 300}, True), wait(1),
        refund("a", {"amount": None}, True), refund("a", {"amount": 10**9}, True), wait(1), refund("a", {}, True), wait(1),
        option(same_day_refund="reversal", required_customer_fields=[]), sale("b", 1000, "JPY"),
        press("b", "aps", "success"), refund("b", {}, True), wait(1), pay_on_page(40_000), press("page", "qr", "success"),
    ]  # fmt: skip

    await story(ecommpay, steps)

    statuses = [await ecommpay.status_of(id_) for id_ in IDS]
    assert statuses == ["refunded", "reversed", "decline"]
