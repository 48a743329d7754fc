"""What a scenario plans for webhooks, at every provider: forged and old ones that go before the true one, orders, numbers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim

from contract.calls import EVERYBODY
from simulator.engine.forging import FORGERIES, STRANGERS, Forgery
from simulator.engine.provider import Provider
from simulator.engine.store.outbox import OutboxRow
from simulator.engine.webhooks import Webhooks

TRUTH = ("amount", "currency")
"""What is wrong under a right signature: only who compares it with the order refuses it."""


async def arm(merchant: Merchant, **effect: Any) -> httpx.Response:
    """For this provider alone: the simulator serves all the others too."""
    body = {"rules": [{"webhooks": effect}], "scope": {"provider": merchant.name}}
    return await merchant.sim.http.put(f"{merchant.sim.path}/scenario", json=body)


async def deliveries(merchant: Merchant) -> list[dict[str, Any]]:
    """Oldest first."""
    found: list[dict[str, Any]] = (await merchant.sim.http.get(f"{merchant.sim.path}/webhooks")).json()["data"]
    return found


async def created(merchant: Merchant) -> str:
    """A new payment, by the id that the simulator knows: what its webhooks tell may be forged."""
    await merchant.answer()
    await merchant.settle()
    latest = (await merchant.sim.http.get(f"{merchant.sim.path}/payments/latest")).json()
    return str(latest["id"])


async def bought(merchant: Merchant) -> str:
    """A payment that was paid."""
    id_ = await created(merchant)
    await merchant.sim.act(merchant.name, id_, "pay")
    await merchant.until_refundable()
    return id_


def changed(forged: Any, true: Any, path: str = "") -> set[str]:
    """The paths at which two bodies differ."""
    if isinstance(forged, dict) and isinstance(true, dict):
        names = {*forged, *true}
        return {p for n in names for p in changed(forged.get(n), true.get(n), f"{path}.{n}" if path else n)}
    if isinstance(forged, list) and isinstance(true, list) and len(forged) == len(true):
        pairs = enumerate(zip(forged, true, strict=True))
        return {
            p for place, (one, other) in pairs for p in changed(one, other, f"{path}.{place}" if path else str(place))
        }
    return set() if forged == true else {path}


def shows(provider: Provider, way: Forgery) -> bool:
    return way in provider.webhooks.forging.ways


@pytest.mark.uncounted
@pytest.mark.parametrize("way", FORGERIES)
async def test_a_way_that_a_scheme_cannot_show_is_refused_with_those_that_it_can(
    merchant: Merchant, way: Forgery
) -> None:
    answer = await arm(merchant, forge=way)

    if shows(merchant.provider, way):
        assert answer.status_code == 200
        return
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, "rules")
    assert f"{way} cannot be shown: {merchant.provider.title}: its " in error["message"]
    assert error["allowed"] == list(merchant.provider.webhooks.forging.ways)
    assert (await merchant.sim.http.get(f"{merchant.sim.path}/scenario")).json()["data"] == []


@pytest.mark.uncounted
@pytest.mark.parametrize("way", FORGERIES)
async def test_a_forged_webhook_goes_before_each_true_one_and_a_careful_receiver_tells_them_apart(
    merchant: Merchant, way: Forgery
) -> None:
    """One whose amount or currency is wrong bears a right signature: that is for who compares it with the order."""
    if not shows(merchant.provider, way):
        pytest.skip(f"{merchant.provider.title} cannot show it")
    await arm(merchant, forge=way)

    await bought(merchant)

    rows = await deliveries(merchant)
    forged = [row for row in rows if row["adversarial"]]
    assert forged, [row["event"] for row in rows]
    assert {row["forge"] for row in forged} == {way}
    for place, row in enumerate(rows):
        if row["adversarial"]:
            assert rows[place + 1]["id"] == row["id"].removesuffix("_forged")
    pairs = zip(merchant.sim.hooks, merchant.sim.hooks[1:], rows, strict=False)
    for forgery, true, row in pairs:
        if row["adversarial"]:
            assert forgery.verdict(merchant.name).valid == (way in TRUTH)
            assert true.verdict(merchant.name).valid
    assert [hook.raw.decode() for hook in merchant.sim.hooks] == [row["body"] for row in rows]


@pytest.mark.uncounted
@pytest.mark.parametrize("way", FORGERIES)
async def test_a_forged_webhook_differs_in_nothing_but_what_is_forged(merchant: Merchant, way: Forgery) -> None:
    webhooks: Webhooks = merchant.provider.webhooks
    if not shows(merchant.provider, way):
        pytest.skip(f"{merchant.provider.title} cannot show it")
    await arm(merchant, forge=way)

    await bought(merchant)

    forged, true = next(
        (one, other)
        for one, other, row in zip(merchant.sim.hooks, merchant.sim.hooks[1:], await deliveries(merchant), strict=False)
        if row["adversarial"]
    )
    where, table = changed(forged.body, true.body), webhooks.forging
    signature = {table.member} if table.member else set()
    allowed = {
        "amount": signature | set(table.amounts),
        "currency": signature | set(table.currencies),
        "other_account": signature | set(table.accounts),
        "body": set(table.amounts or table.accounts) or where - signature,
    }.get(way, signature)
    assert where <= allowed
    assert way != "body" or len(where) == 1
    assert bool(where) == (bool(signature & allowed) or way in ("amount", "currency", "other_account", "body"))
    headers = {n for n in {*forged.headers, *true.headers} if forged.headers.get(n) != true.headers.get(n)}
    known = {name.lower() for name in (*table.headers, *table.account_headers)}
    assert headers <= known | {"content-length", "host"}
    if way == "unsigned":
        assert not {name.lower() for name in table.headers} & set(forged.headers)
    if way in STRANGERS and table.headers:
        assert headers & known


@pytest.mark.uncounted
async def test_a_forged_webhook_is_never_tried_again(merchant: Merchant) -> None:
    ways = merchant.provider.webhooks.forging.ways
    if not ways:
        pytest.skip(f"{merchant.provider.title} can show no forgery")
    await merchant.sim.settings("simulator", retry_factor=0.01)
    await arm(merchant, forge=ways[0])
    merchant.sim.answer = lambda request: httpx.Response(500)

    id_ = await created(merchant)
    await merchant.sim.act(merchant.name, id_, "pay")
    await merchant.sim.advance(minutes=30)

    tries = {row["id"]: (row["adversarial"], row["state"], len(row["attempts"])) for row in await deliveries(merchant)}
    forged = [row for row in tries.values() if row[0]]
    assert forged
    assert set(forged) == {(True, "failed", 1)}
    if merchant.provider.webhooks.retry.delays:
        assert all(count > 1 for is_forged, _, count in tries.values() if not is_forged)


async def test_a_forged_webhook_that_is_sent_again_by_hand_is_forged_again(merchant: Merchant) -> None:
    ways = merchant.provider.webhooks.forging.ways
    if "secret" not in ways:
        pytest.skip(f"{merchant.provider.title}'s webhooks are not signed")
    await arm(merchant, forge="secret")
    await bought(merchant)
    [forged, *_] = [row for row in await deliveries(merchant) if row["adversarial"]]

    await merchant.sim.http.post(f"{merchant.sim.path}/webhooks/{forged['id']}/resend", json={})

    assert not merchant.sim.hooks[-1].verdict(merchant.name).valid


async def test_an_old_webhook_goes_before_the_true_one_where_time_is_signed(merchant: Merchant) -> None:
    """Its signature is right."""
    answer = await arm(merchant, stale="10m")
    if not merchant.provider.webhooks.forging.signs_time:
        assert answer.status_code == 422
        assert "stale cannot be shown" in answer.json()["error"]["message"]
        assert answer.json()["error"]["allowed"]
        return

    await bought(merchant)

    rows = await deliveries(merchant)
    old = [hook for hook, row in zip(merchant.sim.hooks, rows, strict=True) if row["adversarial"]]
    assert {row["stale"] for row in rows if row["adversarial"]} == {"10 min"}
    assert len(old) * 2 == len(rows)
    for hook in old:
        verdict = hook.verdict(merchant.name)
        if merchant.provider.webhooks.tolerance is None:
            assert verdict.valid
            continue
        assert (verdict.valid, "the signature is right, but its time is 10 min" in verdict.reason) == (False, True)


async def test_what_is_lost_may_still_be_forged(merchant: Merchant) -> None:
    ways = merchant.provider.webhooks.forging.ways
    if not ways:
        pytest.skip(f"{merchant.provider.title} can show no forgery")
    await arm(merchant, forge=ways[0], drop=True)

    await bought(merchant)

    assert {row["adversarial"] for row in await deliveries(merchant)} == {True}


# Numbers and orders ------------------------------------------------------------------------------------------------


class Pair:
    """A receiver that answers a webhook only when it has two of them."""

    def __init__(self, merchant: Merchant) -> None:
        self._takes, self._both = merchant.takes, asyncio.Barrier(2)
        self.together: list[bytes] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await self._both.wait()
        self.together.append(request.content)
        return self._takes(request)


async def test_two_at_once_are_at_the_receiver_at_the_same_moment(merchant: Merchant) -> None:
    await arm(merchant, at_once=2)
    pair = Pair(merchant)
    merchant.sim.answer = pair

    await bought(merchant)

    rows = await deliveries(merchant)
    assert {row["state"] for row in rows} == {"delivered"}
    assert all(len(row["attempts"]) == 1 for row in rows)
    assert set(Counter(hook.raw for hook in merchant.sim.hooks).values()) == {2}
    assert len(pair.together) == len(rows)


@pytest.mark.uncounted
async def test_two_at_once_fail_and_are_tried_again_together(merchant: Merchant) -> None:
    await arm(merchant, at_once=2)
    merchant.sim.answer = lambda request: httpx.Response(503)
    id_ = await created(merchant)
    pair = Pair(merchant)
    merchant.sim.answer = pair

    await merchant.sim.act(merchant.name, id_, "pay")
    await merchant.sim.advance(hours=1)

    assert pair.together
    assert {row["state"] for row in await deliveries(merchant)} == {"delivered"}


def arrived(sim: Sim, subject: str | None = None) -> list[OutboxRow]:
    """The deliveries in the order in which they came: by the instants at which they left, for several may have the same bytes."""
    store = sim.app.runtime.store
    rows = {row.seq: row for row in store.messages(sim.workspace.id, subject=subject)}
    left = sorted(store.attempts(list(rows)), key=lambda attempt: attempt.sent or 0)
    bodies = [bytes(rows[one.message].body if one.body is None else one.body) for one in left]
    assert bodies == [hook.raw for hook in sim.hooks if hook.raw in bodies]
    return [rows[one.message] for one in left]


async def gathered(provider: Provider, order: str, seed: str = "tests") -> list[str]:
    """The webhooks of a payment that is paid and refunded within half a minute or some days, in the order in which they came:
    each by its event and the instant at which it happened. Payouts and reports are left aside."""
    async with Sim(providers=[provider], seed=seed) as sim:
        merchant = Merchant(sim, provider)
        sim.answer = merchant.takes
        await sim.receive_webhooks(provider.name)
        await sim.arm([{"webhooks": {"order": order, "delay": "P20D"}}])
        id_ = await bought(merchant)
        await merchant.refund(id_, 400)
        await merchant.settle()
        assert sim.hooks == []
        await sim.advance(days=41)
        return [f"{row.created} {row.event}" for row in arrived(sim, id_)]


@pytest.mark.uncounted
@pytest.mark.parametrize("title", EVERYBODY)
async def test_what_happens_to_a_payment_is_told_backwards(title: str) -> None:
    happened = await gathered(EVERYBODY[title], "as_happened")

    told = await gathered(EVERYBODY[title], "reversed")

    assert len(set(told)) > 1
    assert told == happened[::-1]


@pytest.mark.parametrize("title", EVERYBODY)
async def test_what_happens_to_a_payment_is_told_in_an_order_that_the_seed_mixes(title: str) -> None:
    """The same seed gives the same order, another one another."""
    happened = await gathered(EVERYBODY[title], "as_happened")
    told = {seed: await gathered(EVERYBODY[title], "shuffled", seed) for seed in "abcdef"}

    again = await gathered(EVERYBODY[title], "shuffled", "a")

    assert told["a"] == again
    assert all(sorted(one) == sorted(happened) for one in told.values())
    assert len({tuple(one) for one in told.values()}) > 1


async def told_of_a_purchase(provider: Provider, scenario: str | None = None) -> list[str]:
    """The webhooks of one, in the order in which they came."""
    async with Sim(providers=[provider], seed="tests") as sim:
        merchant = Merchant(sim, provider)
        sim.answer = merchant.takes
        await sim.receive_webhooks(provider.name)
        if scenario is not None:
            (await sim.http.put(f"{sim.path}/scenario", json={"name": scenario})).raise_for_status()
        await merchant.answer()
        await sim.advance(seconds=2)
        id_ = (await sim.http.get(f"{sim.path}/payments/latest")).json()["id"]
        await sim.act(provider.name, id_, "pay")
        await sim.advance(minutes=1)
        return [row.event for row in arrived(sim)]


@pytest.mark.uncounted
@pytest.mark.parametrize("title", EVERYBODY)
async def test_a_purchase_is_told_backwards_by_the_scenarios_that_say_so(title: str) -> None:
    happened = await told_of_a_purchase(EVERYBODY[title])

    out_of_order = await told_of_a_purchase(EVERYBODY[title], "webhooks-out-of-order")
    backwards = await told_of_a_purchase(EVERYBODY[title], "webhooks-reversed")

    if len(happened) == 1:
        pytest.skip("one event has no order")
    assert out_of_order == backwards == happened[::-1]
