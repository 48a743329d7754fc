"""A test event is the provider's own: for each event that it sends, of the shape of the real one, signed, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import takewhile
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import HOOKS, Sim, said_in
from toy.told import TOLD

from contract.calls import EVERYBODY, PROVIDERS
from contract.player import Player
from simulator.engine.provider import Provider
from simulator.engine.settings import describe
from simulator.surface.stage import Cast, sample

NEVER_TOLD = "charge.refund_failed"
"""Stands in the catalogue of a toy that tells of a refused refund in another way."""

EVENTS = [
    pytest.param(title, event, id=f"{title} {event}")
    for title, provider in EVERYBODY.items()
    for event in provider.webhooks.events
    if (title, event) != (TOLD.title, NEVER_TOLD)
]


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Provider:
    """In this module the providers come with their events."""
    named = request.node.callspec.params.get("title") or request.param
    return EVERYBODY[named] if named in EVERYBODY else PROVIDERS[named]


async def send(sim: Sim, provider: Provider, event: Any) -> httpx.Response:
    return await sim.http.post(f"{sim.path}/webhooks/{provider.name}/test-event", json={"event": event})


def shape(value: Any) -> Any:
    """Members and kinds of values; what an id or an instant says does not matter."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


@pytest.mark.uncounted
@pytest.mark.parametrize(("title", "event"), EVENTS)
async def test_a_test_event_has_the_members_of_the_real_one_in_their_order(
    merchant: Merchant, title: str, event: str
) -> None:
    await merchant.sim.receive_webhooks(merchant.name, events=list(merchant.provider.webhooks.events))
    real = await Player(merchant).real(event)
    assert real is not None

    test = (await send(merchant.sim, merchant.provider, event)).raise_for_status().json()

    assert (test["event"], test["state"]) == (event, "delivered")
    assert json.dumps(shape(said_in(test["body"].encode()))) == json.dumps(shape(said_in(real["body"].encode())))


def told_by(provider: Provider) -> list[str]:
    return [event for event in provider.webhooks.events if (provider.title, event) != (TOLD.title, NEVER_TOLD)]


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
async def test_a_test_event_is_sent_to_the_account_rightly_signed_and_leaves_nothing_else(merchant: Merchant) -> None:
    sim, events = merchant.sim, told_by(merchant.provider)

    answers = [await send(sim, merchant.provider, event) for event in events]

    assert [answer.status_code for answer in answers] == [200] * len(events)
    assert [(hook.url, hook.raw.decode()) for hook in sim.hooks] == [(HOOKS, a.json()["body"]) for a in answers]
    assert all(hook.verdict(merchant.name).valid for hook in sim.hooks)
    assert len({answer.json()["body"] for answer in answers}) == len(events)
    assert [(await sim.http.get(f"{sim.path}/{what}")).json()["data"] for what in ("payments", "timers")] == [[], []]
    assert await sim.requests() == []


@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
async def test_without_an_address_a_test_event_is_kept(world: Sim, provider: Provider) -> None:
    delivery = (await send(world, provider, provider.webhooks.events[0])).raise_for_status().json()

    assert (delivery["state"], delivery["url"], delivery["attempts"]) == ("kept", None, [])
    assert said_in(delivery["body"].encode())


@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
@pytest.mark.parametrize("event", ["", "nothing.of_the_kind", "*"])
async def test_an_event_that_is_never_sent_is_refused_with_those_that_are(
    world: Sim, provider: Provider, event: str
) -> None:
    answer = await send(world, provider, event)

    error = answer.json()["error"]
    assert (answer.status_code, error["field"], error["allowed"]) == (422, "event", list(provider.webhooks.events))
    assert (await world.http.get(f"{world.path}/webhooks")).json()["data"] == []


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
async def test_an_event_that_the_endpoint_did_not_ask_for_is_sent_all_the_same(merchant: Merchant) -> None:
    first, *_, last = told_by(merchant.provider)
    await merchant.sim.receive_webhooks(merchant.name, events=[first])

    delivery = (await send(merchant.sim, merchant.provider, last)).raise_for_status().json()

    assert (delivery["event"], delivery["state"]) == (last, "delivered")


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
async def test_the_receivers_refusal_is_an_attempt_and_the_schedule_goes_on(world: Sim, provider: Provider) -> None:
    world.answer = lambda request: httpx.Response(503 if request.method == "POST" else 200)
    await world.http.put(f"{world.path}/webhooks/{provider.name}", json={"url": HOOKS})

    at_once = len(list(takewhile(lambda delay: not delay, provider.webhooks.retry.delays)))
    is_last = at_once + 1 == provider.webhooks.retry.attempts

    delivery = (await send(world, provider, provider.webhooks.events[0])).raise_for_status().json()

    assert delivery["state"] == ("failed" if is_last else "pending")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503] * (1 + at_once)
    assert (delivery["next_attempt_at"] is None) is is_last


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
async def test_nothing_in_a_sample_happens_after_now(merchant: Merchant) -> None:
    workspace = merchant.sim.workspace
    cast = Cast(merchant.provider, workspace, "http://sim.test", "seed")

    samples = [await sample(cast, event) for event in told_by(merchant.provider)]

    assert max(told.told_at for told in samples) <= workspace.clock.now()


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", PROVIDERS, indirect=True)
async def test_the_same_seed_gives_the_same_sample(merchant: Merchant) -> None:
    def played(seed: str) -> Cast:
        return Cast(merchant.provider, merchant.sim.workspace, "http://sim.test", seed)

    event = merchant.provider.webhooks.events[-1]
    first, again, other = [(await sample(played(seed), event)).message.body for seed in ("same", "same", "other")]

    assert first == again
    assert first != other


FEW = 5
"""A list with more values than that is one of the same kind: its first and its last stand for all."""


def choices_of(provider: Provider) -> dict[str, list[Any]]:
    """What else than the usual each setting that chooses can be."""
    allowed = {
        field["name"]: [True, False] if field["kind"] == "boolean" else field.get("allowed") or []
        for field in describe(provider.settings)
        if field["kind"] != "array"
    }
    usual = {field["name"]: field["default"] for field in describe(provider.settings)}
    others = {name: [value for value in values if value != usual[name]] for name, values in allowed.items()}
    return {name: v if len(v) <= FEW else [v[0], v[-1]] for name, v in others.items() if v}


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", PROVIDERS, indirect=True)
async def test_every_event_has_a_sample_whatever_the_settings(merchant: Merchant) -> None:
    """Each setting that chooses, at each of its values: all together for every event, and alone for each third one."""
    provider, workspace = merchant.provider, merchant.sim.workspace
    choices, events = choices_of(provider), told_by(provider)
    together = [
        {name: values[turn % len(values)] for name, values in choices.items()}
        for turn in range(max(map(len, choices.values()), default=1))
    ]
    alone = [{name: value} for name, values in choices.items() for value in values]

    plays = [(settings, event) for settings in together for event in events]
    plays += [(settings, event) for turn, settings in enumerate(alone) for event in events[turn % 3 :: 3]]

    for settings, event in plays:
        cast = Cast(provider, replace(workspace, settings={provider.name: settings}), "http://sim.test", "seed")
        assert isinstance(said_in((await sample(cast, event)).message.body), dict | list), (settings, event)


async def test_an_event_of_which_no_story_tells_is_refused_and_nothing_is_sent() -> None:
    async with Sim(providers=[TOLD]) as sim:
        await sim.receive_webhooks(TOLD.name)

        answer = await send(sim, TOLD, NEVER_TOLD)

        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_told")
        assert sim.hooks == []


@pytest.mark.uncounted
@pytest.mark.parametrize("provider", EVERYBODY, indirect=True)
async def test_a_sample_speaks_of_no_payment_that_the_merchant_has(merchant: Merchant) -> None:
    """Neither by an id nor by a reference: a receiver would take it for the real one."""
    shop = merchant.shop
    await merchant.send(shop.create(merchant.account, shop.sample))
    [real] = (await merchant.sim.http.get(f"{merchant.sim.path}/payments")).json()["data"]

    for event in told_by(merchant.provider):
        told = (await send(merchant.sim, merchant.provider, event)).raise_for_status().json()

        assert told["resource_id"] != real["id"], event
        assert real["id"] not in told["body"], event
        assert not real["reference"] or f'"{real["reference"]}"' not in told["body"], event
