"""Which payments a workspace keeps: the newest so many, and those of the last so many days. The rest is dropped and counted."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine import keeping


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    return Merchant(sim)


@asynccontextmanager
async def beside(sim: Sim) -> AsyncIterator[Sim]:
    yield await Sim.beside(sim).__aenter__()


async def ids(sim: Sim) -> list[str]:
    """Oldest first."""
    return [one["id"] for one in (await sim.http.get(f"{sim.path}/payments")).json()["data"]][::-1]


async def dropped(sim: Sim) -> dict[str, int]:
    found: dict[str, int] = (await sim.http.get("/_sim/health")).json()["keep"]["dropped"]
    return found


async def test_the_newest_are_kept(sim: Sim, acme: Merchant) -> None:
    made = [await acme.paid(f"order-{n}") for n in range(25)]
    await sim.settings("simulator", keep={"payments": 7})

    sim.app.runtime.keeper.run()

    assert await ids(sim) == made[-7:]
    assert (await dropped(sim))["payments"] == 18


async def test_what_comes_later_is_counted_from_where_the_last_look_ended(sim: Sim, acme: Merchant) -> None:
    await sim.settings("simulator", keep={"payments": 3})
    keeper, made = sim.app.runtime.keeper, []
    keeper.run()
    for n in range(10):
        made.append(await acme.paid(f"order-{n}"))
        keeper._next_look = keeper._not_before = (
            0.0  # the time has come: what was counted is not forgotten, as `run` does
        )
        while keeper.step():
            keeper._not_before = 0.0

    assert await ids(sim) == made[-3:]
    assert (await dropped(sim))["payments"] == 7


async def test_a_payment_is_kept_for_so_many_days_since_it_last_changed(sim: Sim, acme: Merchant) -> None:
    await sim.settings("simulator", keep={"days": 2, "payments": None})
    first, changed = await acme.paid("first"), await acme.paid("changed")
    await sim.advance(hours=30)
    await acme.refund(changed, 100)
    second = await acme.paid("second")
    sim.app.runtime.keeper.run()
    at_first = await ids(sim)

    await sim.advance(hours=20)
    sim.app.runtime.keeper.run()

    assert at_first == [first, changed, second]
    assert await ids(sim) == [changed, second]


async def test_unfinished_ones_stay_and_count(sim: Sim, acme: Merchant) -> None:
    waiting = [await acme.charge(f"waiting-{n}") for n in range(3)]
    paid = [await acme.paid(f"paid-{n}") for n in range(3)]
    await sim.settings("simulator", keep={"payments": 2})

    sim.app.runtime.keeper.run()

    assert await ids(sim) == [*waiting, *paid[1:]]


async def test_without_bounds_nothing_is_dropped(sim: Sim, acme: Merchant) -> None:
    made = [await acme.paid(f"order-{n}") for n in range(3)]
    await sim.settings("simulator", keep={"payments": None})
    await sim.advance(days=400)

    sim.app.runtime.keeper.run()

    assert await ids(sim) == made


async def test_another_workspace_keeps_what_it_has(sim: Sim, acme: Merchant) -> None:
    async with beside(sim) as other:
        theirs = [await Merchant(other).paid(f"order-{n}") for n in range(3)]
        await acme.paid("first")
        last = await acme.paid("last")
        await sim.settings("simulator", keep={"payments": 1})

        sim.app.runtime.keeper.run()

        assert (await ids(sim), await ids(other)) == ([last], theirs)


async def test_lines_that_belong_to_no_payment_are_kept_as_many_and_as_long(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FEWEST_LINES", 5)
    for _ in range(30):
        await sim.http.get("/acme/charges/none", headers=acme.headers)
    sim.app.runtime.write_late()
    before = len(await sim.requests())
    await sim.settings("simulator", keep={"payments": 5})

    sim.app.runtime.keeper.run()
    by_number = len(await sim.requests())
    await sim.settings("simulator", keep={"days": 1})
    await sim.advance(days=2)
    sim.app.runtime.keeper.run()

    assert (before, len(await sim.requests())) == (30, 0)
    assert by_number <= 5
    assert (await dropped(sim))["requests"] >= 30


async def test_an_answer_is_repeated_for_its_time_and_then_forgotten(sim: Sim, acme: Merchant) -> None:
    await acme.create(**{"Acme-Key": "once"})
    replies = "SELECT COUNT(*) FROM replies"
    sim.app.runtime.keeper.run()
    at_first = sim.app.runtime.store.rows(replies)[0][0]

    await sim.advance(days=2)
    sim.app.runtime.keeper.run()

    assert (at_first, sim.app.runtime.store.rows(replies)[0][0]) == (1, 0)


async def test_a_reset_begins_to_count_anew(sim: Sim, acme: Merchant) -> None:
    await sim.settings("simulator", keep={"payments": 2})
    for n in range(5):
        await acme.paid(f"order-{n}")
    sim.app.runtime.keeper.run()
    before = await dropped(sim)
    (await sim.http.post(f"{sim.path}/reset")).raise_for_status()
    made = [await Merchant(sim).paid(f"again-{n}") for n in range(2)]
    keeper = sim.app.runtime.keeper
    keeper._next_look = keeper._not_before = 0.0
    while keeper.step():
        keeper._not_before = 0.0

    assert before["payments"] == 3
    assert (await dropped(sim))["payments"] == 0
    assert await ids(sim) == made


async def test_the_numbers_of_the_journal_go_on_when_everything_was_dropped(sim: Sim, acme: Merchant) -> None:
    await acme.paid("order")
    sim.app.runtime.write_late()
    last = sim.app.runtime.store.last_seq()
    await sim.settings("simulator", keep={"days": 1})
    await sim.advance(days=3)

    sim.app.runtime.keeper.run()
    await acme.paid("order")

    assert sim.app.runtime.store.last_seq() > last


async def test_a_store_that_is_away_is_a_sentence_and_another_try(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = [await acme.paid(f"order-{n}") for n in range(3)]
    await sim.settings("simulator", keep={"payments": 1})
    keeper, store = sim.app.runtime.keeper, sim.app.runtime.store
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):

        def away(*_: object) -> None:
            raise store.OUTAGES[0]("no room")

        patch.setattr(store, "drop_payments", away)
        keeper.look()
        keeper._not_before = 0.0
        while keeper._steps is not None or keeper._not_before == 0.0:
            keeper.step()
    there = await ids(sim)

    keeper.run()

    assert "what is no longer kept cannot be dropped now" in caplog.text
    assert (there, await ids(sim)) == (made, made[-1:])


@pytest.mark.parametrize(
    "given",
    [
        *(None, 5, [], {}, {"weeks": 1}, {"days": 0}, {"days": 40_000}),
        *({"payments": given} for given in (0, -1, 1.5, "5", True, 10**10)),
    ],
)
async def test_what_cannot_be_kept_is_refused(sim: Sim, given: object) -> None:
    answer = await sim.http.put(f"{sim.path}/settings/simulator", json={"keep": given})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "settings.simulator.keep")


# However much there is ----------------------------------------------------------------------------------------------


async def test_what_is_counted_and_dropped_in_many_steps_is_the_same(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("COUNTED", 3), ("ROWS", 2), ("STEP", 2), ("FEWEST_LINES", 1), ("TOGETHER", 1), ("BEHIND", 4)):
        monkeypatch.setattr(keeping, name, size)
    made = [await acme.paid(f"order-{n}") for n in range(11)]
    for n in range(7):
        await sim.http.post(f"/_sim/inbox/{sim.workspace.name}/box", json={"n": n})
        await sim.http.get("/acme/charges/none", headers=acme.headers)
    await sim.settings("simulator", keep={"payments": 4})
    sim.app.runtime.write_late()

    sim.app.runtime.keeper.run()

    assert await ids(sim) == made[-4:]
    assert len(await sim.requests()) <= 4 * 3 + 4
    assert len((await sim.http.get(f"{sim.path}/inbox/box")).json()["data"]) == 7


async def test_of_a_kind_that_is_too_large_the_newest_stay(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("KIND_SIZE", 2_000), ("ROWS", 2), ("COUNTED", 2)):
        monkeypatch.setattr(keeping, name, size)
    for n in range(9):
        await sim.http.post(f"/_sim/inbox/{sim.workspace.name}/box", json={"n": n, "pad": "x" * 200})

    sim.app.runtime.keeper.run()

    left = (await sim.http.get(f"{sim.path}/inbox/box")).json()["data"]
    assert 0 < len(left) < 9
    assert '"n":8' in left[-1]["body"].replace(" ", "")
    assert (await dropped(sim))["requests"] == 9 - len(left)


async def test_a_workspace_that_goes_between_two_steps_is_left_alone(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STEP", 1)
    async with beside(sim) as other:
        theirs = Merchant(other)
        for n in range(4):
            await theirs.paid(f"order-{n}")
        await other.settings("simulator", keep={"payments": 1})
        keeper, gone = sim.app.runtime.keeper, other.workspace.id
        keeper.look()
        for _ in range(3):
            keeper._not_before = 0.0
            keeper.step()
        (await sim.http.delete(other.path)).raise_for_status()
        keeper._not_before = 0.0
        while keeper.step() and keeper._steps is not None:
            keeper._not_before = 0.0

    assert gone not in keeper._tallies


async def test_days_let_go_of_what_two_payments_that_are_dropped_together_have_each(sim: Sim, acme: Merchant) -> None:
    """Refunds hang on their own payment, and one that still waits for its receiver stays with all of it."""
    first, second, unheard = [await acme.paid(f"order-{n}") for n in range(3)]
    for id_ in (first, second):
        await acme.refund(id_, 100)
    await sim.settle()
    await sim.receive_webhooks("acme")
    (await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": True})).raise_for_status()
    await acme.refund(unheard, 100)
    await sim.settings("simulator", keep={"days": 1, "payments": None})
    await sim.advance(hours=36)

    sim.app.runtime.keeper.run()

    assert await ids(sim) == [unheard]


async def test_what_is_empty_is_given_back_whatever_was_dropped(tmp_path: Path) -> None:
    """The bookings of a payout, say: it used to wait until a payment was dropped."""
    async with Sim(providers=[ACME], db=str(tmp_path / "sim.db")) as sim:
        store = sim.app.runtime.store
        rows = [(sim.workspace.id, "acme", number, 0, "", b"x" * 1000) for number in range(1, 3001)]
        with sim.app.runtime.transactions.writing():
            store.run_many("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", rows)
        with sim.app.runtime.transactions.writing():
            store.drop_bookings(sim.workspace.id, "acme", 3001)
        before = store.db_pages()

        sim.app.runtime.keeper.run()

        assert before > 700
        assert store.db_pages() < before / 4
