"""Charge, operations, lists, instrument, webhooks, page, the wallet's order and the buyer's account never contradict each other.

Random sequences of API calls, buttons and time; after each step every two things that name the same amount, currency, state or
owner are compared.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.ppro.driver import RETURN_URL, SEED, Merchant

KINDS = ("authorizations", "captures", "refunds", "discards", "voids")
REFERENCES = ("a", "b")
REDIRECT = [{"type": "REDIRECT", "settings": {"returnUrl": RETURN_URL}}]

BODIES: dict[str, dict[str, Any]] = {
    "alipay": SEED | {"authenticationSettings": REDIRECT},
    "alipay_declines": SEED | {"amount": {"value": 300_002, "currency": "CNY"}},
    "alipay_refused": SEED | {"consumer": {"country": "US"}},
    "alipay_jpy": SEED | {"amount": {"value": 1000, "currency": "JPY"}},
    **{
        f"mock_{name}": {
            "paymentMethod": "MOCK", "amount": {"value": value, "currency": "CNY"}, "consumer": {"country": "DE"},
            "paymentDescriptor": descriptor, "authenticationSettings": REDIRECT,
        }
        for name, value, descriptor in (
            ("at_once", 1000, ""),
            ("declines", 300_001, ""),
            ("waits", 1000, "requiresAuthentication=true;authenticationType=REDIRECT,MULTI_FACTOR;requiresCapture=true"),
            ("confirms", 1000, "requiresAuthentication=true;providerConfirmation=true;requiresCapture=true"),
            ("confirms_alone", 1000, "providerConfirmation=true"),
            ("two_step", 1000, "requiresCapture=true"),
        )
    },
}  # fmt: skip

WALLET = {
    # The order's state, and the statuses that its charge may have then.
    "open": ("AUTHENTICATION_PENDING",),
    "scanned": ("AUTHENTICATION_PENDING",),
    "paying": ("AUTHENTICATION_PENDING",),
    "paid": ("AUTHORIZATION_ASYNC", "CAPTURE_PENDING", "CAPTURED", "REFUNDED", "VOIDED", "FAILED", "DISCARDED"),
    "declined": ("FAILED",),
    "cancelled": ("FAILED", "DISCARDED"),
    "expired": ("DISCARDED",),
}
OPERATION_EVENTS = re.compile(r"PAYMENT_CHARGE_(CAPTURE|REFUND|VOID)_(SUCCEEDED|FAILED|PENDING)")
RESULT = {
    "SUCCEEDED": ("CAPTURED", "REFUNDED", "VOIDED"),
    "FAILED": ("FAILED",),
    "PENDING": ("PENDING", "REFUNDED", "FAILED"),
}

Step = Callable[["World"], Awaitable[None]]


class World:
    """A merchant, and the charges that they made, by reference."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant, self.sim = merchant, merchant.sim
        self.asked: dict[str, dict[str, Any]] = {}
        self.ids: dict[str, str] = {}


# Steps -------------------------------------------------------------------------------------------------------------


def create(reference: str, kind: str) -> Step:
    async def step(world: World) -> None:
        if reference not in world.ids:
            body = BODIES[kind] | {"merchantPaymentChargeReference": reference}
            world.ids[reference] = (await world.merchant.create(**body))["id"]
            world.asked[reference] = body

    return step


def operate(reference: str, kind: str, amount: int) -> Step:
    """Whether it is legal at the moment does not matter: what is not is a FAILED operation."""

    async def step(world: World) -> None:
        if reference in world.ids:
            body = {} if kind == "discards" else {"amount": amount}
            await world.merchant.operate(world.ids[reference], kind, body)

    return step


def confirm(reference: str, code: str) -> Step:
    async def step(world: World) -> None:
        if reference in world.ids:
            answer = await world.merchant.confirm(world.ids[reference], code)
            assert answer.status_code in (200, 400), answer.text

    return step


def press(reference: str, outcome: str) -> Step:
    async def step(world: World) -> None:
        if reference in world.ids:
            answer = await world.merchant.press(world.ids[reference], outcome)
            assert answer.status_code in (303, 400), answer.text

    return step


def act(reference: str, what: str) -> Step:
    async def step(world: World) -> None:
        if reference in world.ids:
            path = f"{world.sim.path}/payments/ppro/{world.ids[reference]}/{what}"
            answer = await world.sim.http.post(path, json={})
            assert answer.status_code in (200, 409), answer.text
            await world.sim.settle()

    return step


def wait(seconds: float) -> Step:
    async def step(world: World) -> None:
        await world.sim.advance(seconds=seconds)

    return step


def arm(*rules: dict[str, Any]) -> Step:
    async def step(world: World) -> None:
        await world.sim.arm(list(rules))

    return step


references = st.sampled_from(REFERENCES)
STEPS = st.one_of(
    st.builds(create, references, st.sampled_from(sorted(BODIES))),
    st.builds(
        operate, references, st.sampled_from(("captures", "refunds", "refunds", "voids", "discards")),
        st.sampled_from((1, 300, 700, 1000, 10**9)),
    ),
    st.builds(confirm, references, st.sampled_from(("777123", "1"))),
    st.builds(press, references, st.sampled_from(("success", "success", "fail", "cancel", "expire"))),
    st.builds(act, references, st.sampled_from(("pay", "pay", "decline", "cancel", "expire"))),
    st.builds(wait, st.sampled_from((1, 11, 60, 50_000, 32_000_000))),
    st.sampled_from(
        (
            arm({"when": {"operation": "refund"}, "bank": {"outcome": "pending", "delay": "1m", "then": "declined"}}),
            arm({"when": {"operation": "refund"}, "bank": {"outcome": "pending", "delay": "1m"}}),
            arm({"when": {"operation": "capture"}, "bank": {"decline": "declined"}}),
            arm({"wallet": {"decline": "limit"}}),
            arm({"wallet": {"delay": "2m"}}),
        )
    ),
)  # fmt: skip


# Comparing ---------------------------------------------------------------------------------------------------------


async def agree(world: World) -> None:
    for reference, id_ in world.ids.items():
        charge = await world.merchant.charge(id_)
        asked = world.asked[reference]
        sums_agree(charge, asked)
        failures_agree(charge)
        await lists_agree(world, charge, reference)
        await views_agree(world, charge)
        webhooks_agree(world, charge, asked)


def total(charge: dict[str, Any], kind: str, status: str) -> int:
    return sum(one["amount"] for one in charge[kind] if one["status"] == status)


def sums_agree(charge: dict[str, Any], asked: dict[str, Any]) -> None:
    [authorization] = charge["authorizations"]
    assert authorization["amount"] == asked["amount"]["value"]
    assert charge["currency"] == asked["amount"]["currency"]
    assert charge["country"] == charge["consumer"]["country"] == asked["consumer"]["country"]
    authorized = total(charge, "authorizations", "AUTHORIZED")
    captured, voided = total(charge, "captures", "CAPTURED"), total(charge, "voids", "VOIDED")
    refunded, pending = total(charge, "refunds", "REFUNDED"), total(charge, "refunds", "PENDING")
    left = authorized - captured - voided
    assert left >= 0 and captured - refunded - pending >= 0
    discarded = [one for one in charge["discards"] if one["status"] == "DISCARDED"]
    match charge["status"]:
        case "AUTHENTICATION_PENDING":
            assert authorization["status"] == "AUTHENTICATION_PENDING"
        case "AUTHORIZATION_ASYNC":
            assert authorization["status"] == "PROVIDER_CONFIRMATION_PENDING"
        case "CAPTURE_PENDING":
            assert authorization["status"] == "AUTHORIZED" and left > 0
        case "CAPTURED":
            assert left == 0 and captured > refunded
        case "REFUNDED":
            assert left == 0 and captured == refunded > 0
        case "VOIDED":
            assert voided == authorized > 0
        case "FAILED":
            assert authorization["status"] == "FAILED"
        case "DISCARDED":
            assert authorization["status"] != "AUTHORIZED"
        case other:
            raise AssertionError(f"{other} is visible")
    assert len(discarded) == (charge["status"] == "DISCARDED")
    if authorization["status"] != "AUTHORIZED":
        assert captured == voided == refunded == pending == 0


def failures_agree(charge: dict[str, Any]) -> None:
    """An operation has a failure when it has failed, and the charge has one of theirs."""
    found = []
    for kind in KINDS:
        for one in charge[kind]:
            assert ("failure" in one) == (one["status"] == "FAILED")
            found += [one["failure"]] if "failure" in one else []
    if "failure" in charge:
        assert charge["failure"] in found
    else:
        assert all(failure["failureCode"] == "PAYMENT_METHOD_TIMEOUT" for failure in found)


async def lists_agree(world: World, charge: dict[str, Any], reference: str) -> None:
    merchant, path = world.merchant, f"payment-charges/{charge['id']}"
    link = {"_links": {"payment_charge": {"href": f"/v1/{path}"}}}
    for kind in KINDS:
        listed = (await merchant.get(f"{path}/{kind}")).json()["data"]
        assert listed == [one | link for one in charge[kind]]
        for one in charge[kind]:
            assert (await merchant.get(f"{path}/{kind}/{one['id']}")).json() == one | link
    search = await merchant.get(f"payment-charges?merchantPaymentChargeReference={reference}")
    assert search.json()["data"] == [charge]
    funds = (await merchant.get(f"{path}/funds-statuses")).json()
    assert [one["operationId"] for one in funds] == [one["id"] for one in (*charge["captures"], *charge["refunds"])]
    instrument = (await merchant.get(f"payment-instruments/{charge['instrumentId']}")).json()
    kind = "PASSTHROUGH_WALLET" if charge["paymentMethod"] == "ALIPAY" else "MOCK"
    assert instrument == {"id": charge["instrumentId"], "type": kind}
    times = [one[name] for kind in KINDS for one in charge[kind] for name in ("createdAt", "updatedAt")]
    assert max(times) <= charge["updatedAt"]


async def views_agree(world: World, charge: dict[str, Any]) -> None:
    amount = charge["authorizations"][0]["amount"]
    view = await world.sim.payment("ppro", charge["id"])
    assert view["status"] == charge["status"]
    assert view["amount"] == {"value": amount, "currency": charge["currency"]}
    assert view["refunded"] == {"value": total(charge, "refunds", "REFUNDED"), "currency": charge["currency"]}
    if view["wallet"]:
        assert charge["status"] in WALLET[view["wallet"]["state"]]
        page = await world.merchant.open_page(charge["id"])
        assert f'data-testid="own-status">{charge["status"]}<' in page.text
        assert f'data-minor="{amount}" data-currency="{charge["currency"]}"' in page.text
        await the_buyers_account_agrees(world, charge, view["wallet"])


async def the_buyers_account_agrees(world: World, charge: dict[str, Any], wallet: dict[str, Any]) -> None:
    """Who has paid is without the money as long as the merchant has it, or may still get it."""
    buyers = (await world.sim.http.get(f"{world.sim.path}/buyers")).json()["data"]
    moved = [one["amount"]["value"] for buyer in buyers for one in buyer["ledger"] if one["order"] == wallet["code"]]
    kept = 0
    if charge["status"] == "AUTHORIZATION_ASYNC":
        kept = charge["authorizations"][0]["amount"]
    elif charge["authorizations"][0]["status"] == "AUTHORIZED":
        kept = (
            charge["authorizations"][0]["amount"]
            - total(charge, "voids", "VOIDED")
            - total(charge, "refunds", "REFUNDED")
        )
    if charge["currency"] == "CNY" and moved:
        assert -sum(moved) == kept
    elif not moved:
        assert kept == 0 or wallet["state"] == "paid"


def webhooks_agree(world: World, charge: dict[str, Any], asked: dict[str, Any]) -> None:
    told = [hook.body for hook in world.sim.hooks if hook.body["subject"] == charge["id"]]
    by_id = {one["id"]: one for kind in KINDS for one in charge[kind]}
    for body in told:
        data = body["data"]
        assert data["merchantId"] == world.merchant.headers["Merchant-Id"]
        assert data["paymentMethod"] == charge["paymentMethod"]
        assert data["merchantPaymentChargeReference"] == asked["merchantPaymentChargeReference"]
        assert data["amount"]["currency"] == charge["currency"]
        match = OPERATION_EVENTS.fullmatch(body["type"])
        if match is not None:
            one = by_id[data[f"{match[1].lower()}Id"]]
            assert data["amount"]["value"] == one["amount"]
            assert one["status"] in RESULT[match[2]]
            if match[2] == "FAILED":
                assert data["failure"] == one["failure"]
        elif "authorizationId" in data:
            assert data["amount"]["value"] == by_id[data["authorizationId"]]["amount"]
    assert told[0]["type"] == "PAYMENT_CHARGE_CREATED"
    assert told[-1]["data"]["paymentChargeStatus"] == charge["status"]
    ended = [
        body["type"]
        for body in told
        if OPERATION_EVENTS.fullmatch(body["type"]) and not body["type"].endswith("PENDING")
    ]
    assert len(ended) == sum(
        one["status"] != "PENDING" for kind in ("captures", "refunds", "voids") for one in charge[kind]
    )


async def story(merchant: Merchant, steps: list[Step]) -> World:
    world = World(merchant)
    (await merchant.sim.http.post(f"{merchant.sim.path}/reset")).raise_for_status()
    await merchant.sim.receive_webhooks("ppro")
    merchant.sim.hooks.clear()
    for step in steps:
        await step(world)
        await merchant.sim.settle()
        await agree(world)
    return world


@pytest.mark.uncounted
def test_whatever_happens_all_objects_agree() -> None:
    with asyncio.Runner() as runner:
        sim = runner.run(Sim().__aenter__())

        @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(st.lists(STEPS, min_size=4, max_size=12))
        def every(steps: list[Step]) -> None:
            runner.run(story(Merchant(sim, settles=True), steps))

        try:
            every()
        finally:
            runner.run(sim.__aexit__())


@pytest.mark.uncounted
async def test_the_comparison_sees_a_whole_story(sim: Sim, ppro: Merchant) -> None:
    """One story by hand, in which everything that is compared occurs."""
    steps = [
        create("a", "mock_confirms"), press("a", "success"), operate("a", "captures", 1), wait(11), operate("a", "voids", 300),
        operate("a", "captures", 300), operate("a", "captures", 10**9), operate("a", "captures", 400), operate("a", "refunds", 1),
        arm({"when": {"operation": "refund"}, "bank": {"outcome": "pending", "delay": "1m"}}), operate("a", "refunds", 699),
        operate("a", "refunds", 1), wait(60), create("b", "alipay"), press("b", "success"), operate("b", "refunds", 300),
        operate("b", "discards", 0),
    ]  # fmt: skip

    world = await story(ppro, steps)

    assert [await ppro.status(id_) for id_ in world.ids.values()] == ["REFUNDED", "CAPTURED"]


async def test_whoever_paid_has_the_money_back_when_the_confirmation_never_comes(sim: Sim, ppro: Merchant) -> None:
    """The consumer has paid in the wallet, PPRO still waits for its provider, and the merchant discards the charge."""
    world = await story(ppro, [create("a", "mock_confirms"), act("a", "pay"), operate("a", "discards", 0)])

    assert await ppro.status(world.ids["a"]) == "DISCARDED"


async def test_whoever_paid_has_the_money_back_when_the_provider_declines(sim: Sim, ppro: Merchant) -> None:
    declines = arm({"wallet": {"decline": "limit"}})

    world = await story(ppro, [create("a", "mock_confirms"), act("a", "pay"), declines, wait(11)])

    assert await ppro.status(world.ids["a"]) == "FAILED"
