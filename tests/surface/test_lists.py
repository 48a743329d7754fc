"""Lists come in pages, each is read to its end whatever is added meanwhile, and a cursor counts where it was given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim
from toy.acme import TALKATIVE

from simulator.engine.store import outbox

MANY = 1_003
"""More than what a single look at the store used to give."""


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


@pytest.fixture
def acme(sim: Sim) -> Merchant:
    return Merchant(sim, TALKATIVE)


def key_of(entry: dict[str, Any]) -> tuple[Any, ...]:
    """What makes an entry of any list unique."""
    return tuple(entry.get(name) for name in ("id", "slug", "name", "provider", "kind", "resource_id", "event"))


async def read(
    sim: Sim, path: str, limit: int, *, between: Callable[[], Awaitable[object]] | None = None, **wanted: object
) -> list[dict[str, Any]]:
    """The whole list, page by page; `between` happens after each of the first three."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": limit, **wanted}
    for number in count(1):
        page = (await sim.http.get(path, params=query)).raise_for_status().json()
        assert len(page["data"]) <= limit
        found += page["data"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        if between is not None and number <= 3:
            await between()
    return found


@pytest.mark.uncounted
@pytest.mark.slow
async def test_a_thousand_payments_and_all_that_comes_of_them_are_listed_to_the_end(sim: Sim, acme: Merchant) -> None:
    """Each has a timer and two webhooks that nobody has sent yet."""
    await sim.receive_webhooks("acme")
    made = [await acme.create() for _ in range(MANY)]
    news = [id_ for id_ in made for _ in range(2)]

    payments = await read(sim, f"{sim.path}/payments", 500)
    deliveries = await read(sim, f"{sim.path}/webhooks", 500)
    requests = await read(sim, f"{sim.path}/requests", 500)
    timers = await read(sim, f"{sim.path}/timers", 500)

    assert [payment["id"] for payment in payments] == made[::-1]
    assert [delivery["resource_id"] for delivery in deliveries] == news
    assert [request["resource_id"] for request in requests] == made[::-1]
    retries = [timer["resource_id"] for timer in timers if timer["kind"] == "webhook"]
    assert (len(timers), retries) == (3 * MANY, news)
    assert sorted(timer["resource_id"] for timer in timers if timer["kind"] != "webhook") == sorted(made)


@pytest.mark.uncounted
@pytest.mark.slow
async def test_a_thousand_webhooks_are_read_from_the_inbox_while_more_arrive(sim: Sim) -> None:
    inbox = f"/_sim/inbox/{sim.workspace.public_id}/orders"
    numbers = iter(range(10 * MANY))

    async def arrive() -> None:
        await sim.http.post(inbox, content=str(next(numbers)))

    for _ in range(MANY):
        await arrive()

    kept = await read(sim, f"{sim.path}/inbox/orders", 200, between=arrive)

    assert [int(entry["body"]) for entry in kept] == list(range(next(numbers)))


@pytest.mark.uncounted
@pytest.mark.slow
async def test_a_shop_with_hundreds_of_buyers_of_its_own_loses_none(sim: Sim) -> None:
    made = [f"buyer-{number}" for number in range(510)]
    for slug in made:
        (await sim.http.put(f"{sim.path}/buyers/{slug}", json={})).raise_for_status()

    assert [buyer["slug"] for buyer in await read(sim, f"{sim.path}/buyers", 500)][8:] == made


async def test_the_latest_is_looked_for_among_so_many_of_the_newest(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older ones are in the list, page by page; an empty page may go on."""
    await sim.receive_webhooks("acme")
    old = await acme.paid()
    event = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["event"]
    for _ in range(3):
        await acme.create(amount=2000)
    newest = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["event"]
    monkeypatch.setattr(outbox, "LOOKED_AT", 2)

    answer = await sim.http.get(f"{sim.path}/webhooks/latest", params={"event": event})
    first = (await sim.http.get(f"{sim.path}/webhooks", params={"event": event, "newest": True})).json()
    every = await read(sim, f"{sim.path}/webhooks", 50, event=event, newest=True)

    assert event != newest
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "among the 2 newest; older ones are in the list" in answer.json()["error"]["message"]
    assert first["data"] == [] and first["next"] is not None
    assert [one["resource_id"] for one in every] == [old]


async def test_webhooks_are_listed_by_the_groups_of_the_console(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500)
    await sim.receive_webhooks("acme")
    await acme.paid()
    await sim.settle()

    async def listed(**wanted: object) -> set[str]:
        found = (await sim.http.get(f"{sim.path}/webhooks", params=wanted)).raise_for_status().json()["data"]
        return {one["id"] for one in found}

    every = await listed()
    before = await listed(state="held")
    await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": True})

    assert every and await listed(state="failing") == await listed(state="held") == every
    assert (before, await listed(adversarial=True), await listed(adversarial=False)) == (set(), set(), every)


def send_copies(sim: Sim, number: int) -> None:
    """Further webhooks of the first payment, as a provider that has gone mad would make them."""
    first, *_ = sim.app.runtime.store.messages(sim.workspace.id)
    with sim.app.runtime.transactions.writing() as store:
        store.insert_messages([(f"dlv_{n}", *first[2:7], "kept", None, *first[9:]) for n in range(number)])


@pytest.mark.slow
async def test_the_story_of_a_payment_tells_every_webhook(sim: Sim, acme: Merchant) -> None:
    charge = await acme.create()
    send_copies(sim, 600)

    timeline = (await sim.payment("acme", charge))["timeline"]

    assert len([entry for entry in timeline if entry["kind"] == "webhook"]) == 600 + 2


async def test_after_many_webhooks_the_buyer_is_still_told_that_the_merchant_knows(sim: Sim, acme: Merchant) -> None:
    """The one about the expiry is far down the list."""
    charge = await acme.create()
    send_copies(sim, 60)
    await sim.advance(seconds=1)

    payment = await sim.act("acme", charge, "expire")
    page = await sim.http.get(f"/w/{payment['wallet']['code']}")

    assert "The merchant has been told" in page.text


@pytest.mark.parametrize("what", ["payments", "requests", "webhooks", "timers", "inbox/orders"])
async def test_what_is_added_between_two_pages_repeats_nothing_and_hides_nothing(
    sim: Sim, acme: Merchant, what: str
) -> None:
    """Of a list that grows at its end the new entries are read too; of one that grows at its head they are not."""
    await sim.receive_webhooks("acme")

    async def grow() -> None:
        await acme.create()
        await sim.http.post(f"/_sim/inbox/{sim.workspace.public_id}/orders", content=b"{}")

    for _ in range(5):
        await grow()
    before = await read(sim, f"{sim.path}/{what}", 500)

    paged = [key_of(entry) for entry in await read(sim, f"{sim.path}/{what}", 2, between=grow)]

    assert len(set(paged)) == len(paged)
    assert {key_of(entry) for entry in before} <= set(paged)


@pytest.mark.parametrize("path", ["/_sim/workspaces", "/_sim/scenarios", "{ws}/buyers", "{ws}/timers"])
async def test_the_limit_holds_in_every_list(sim: Sim, acme: Merchant, path: str) -> None:
    await acme.create()
    await acme.create()
    await sim.http.put(f"{sim.path}/buyers/somebody-new", json={})
    path = path.replace("{ws}", sim.path)

    whole, paged = await read(sim, path, 500), await read(sim, path, 1)

    assert len(whole) > 1
    assert [key_of(entry) for entry in paged] == [key_of(entry) for entry in whole]


LISTS = ("payments", "requests", "webhooks", "timers", "inbox/orders", "inbox/refunds", "buyers")


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("cursor", ["", "nonsense", "MQ", "LTE", "ÿ", "MQ.AAAA"])
async def test_a_cursor_that_was_never_given_is_refused(sim: Sim, what: str, cursor: str) -> None:
    answer = await sim.http.get(f"{sim.path}/{what}", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "cursor")


async def test_a_cursor_counts_in_the_list_and_the_workspace_that_gave_it(sim: Sim) -> None:
    other = Sim.beside(sim)
    async with other:
        given: dict[str, str] = {}
        for world in (sim, other):
            await Merchant(world, TALKATIVE).create()
            await Merchant(world, TALKATIVE).create()
            for name in ("orders", "refunds"):
                for _ in range(2):
                    await sim.http.post(f"/_sim/inbox/{world.workspace.public_id}/{name}", content=b"{}")
            for what in LISTS:
                page = await sim.http.get(f"{world.path}/{what}", params={"limit": 1})
                given[f"{world.path}/{what}"] = page.json()["next"]

        answers = {
            (path, source): (await sim.http.get(path, params={"cursor": cursor})).status_code
            for path in given
            for source, cursor in given.items()
        }

    assert None not in given.values()
    assert answers == {(path, source): 200 if path == source else 422 for path in given for source in given}


async def test_a_cursor_still_counts_when_the_workspace_goes_by_its_name(sim: Sim) -> None:
    await Merchant(sim, TALKATIVE).create()
    await Merchant(sim, TALKATIVE).create()
    page = (await sim.http.get(f"{sim.path}/payments", params={"limit": 1})).json()

    by_name = f"/_sim/workspaces/{sim.workspace.name}/payments"
    rest = (await sim.http.get(by_name, params={"cursor": page["next"], "phase": "waiting"})).json()

    assert len(rest["data"]) == 1
