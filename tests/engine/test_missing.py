"""A store that holds rows of a provider that is not installed opens and says so. They wait until it comes back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from merchant import Merchant as AnyMerchant
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.provider import Provider
from simulator.engine.store import SqliteStore
from simulator.providers import built_in
from simulator.surface.cli import main

OTHER = built_in()[0]
TABLES = ("resources", "lookup_keys", "timers", "outbox", "attempts", "journal", "credentials")


@pytest.fixture
def db(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@asynccontextmanager
async def again(db: str, workspace: int, *providers: Provider) -> AsyncIterator[Sim]:
    """The same store and workspace, with these providers installed."""
    sim = Sim(providers=list(providers), db=db)
    sim._id = workspace
    try:
        yield sim
    finally:
        await sim.http.aclose()
        await sim.app.runtime.close()


@pytest.fixture
async def left(db: str) -> tuple[int, str, str, str]:
    """A store in which acme left a waiting charge, a paid one whose webhook is to be tried again, and one kept message.

    Gives the workspace's number, the ids of both charges, and the waiting one's wallet code.
    """
    async with Sim(providers=[ACME, OTHER], db=db) as sim:
        acme = Merchant(sim)
        await acme.paid("kept")
        await sim.receive_webhooks("acme")
        sim.answer = lambda request: httpx.Response(503)
        paid = await acme.paid("paid")
        waiting = await acme.charge("waiting")
        code = (await sim.payment("acme", waiting))["wallet"]["code"]
        return sim.workspace.id, waiting, paid, code


def rows(db: str) -> dict[str, list[tuple[Any, ...]]]:
    store = SqliteStore(db)
    try:
        return {table: sorted(tuple(row) for row in store.rows(f"SELECT * FROM {table}")) for table in TABLES}
    finally:
        store.close()


async def test_the_store_opens_and_the_log_and_health_say_what_is_missing(
    db: str, left: tuple[int, str, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with again(db, left[0], OTHER) as sim:
        health = (await sim.http.get("/_sim/health")).json()

    assert health["missing"] == ["acme"]
    assert health["providers"] == [OTHER.name]
    assert [r.message for r in caplog.records if "acme" in r.message] == [
        "the store holds rows of acme, which is not installed: they are kept, its timers and webhooks wait"
    ]


async def test_health_says_nothing_of_the_kind_where_nothing_is_missing(
    db: str, left: tuple[int, str, str, str]
) -> None:
    async with again(db, left[0], ACME, OTHER) as sim:
        assert "missing" not in (await sim.http.get("/_sim/health")).json()


async def test_its_timers_and_webhooks_wait_and_its_rows_are_untouched(
    db: str, left: tuple[int, str, str, str]
) -> None:
    """Of the wallet's timers those of its orders too: the end of an order would have nobody to be told."""
    before = rows(db)
    async with again(db, left[0], OTHER) as sim:
        fired = await sim.advance(days=2)
        await sim.settle()
        heard = len(sim.hooks)

    assert (fired, heard) == ([], 0)
    assert rows(db) == before | {"journal": rows(db)["journal"]}


async def test_when_it_is_back_everything_goes_on(db: str, left: tuple[int, str, str, str]) -> None:
    workspace, waiting, paid, _ = left
    async with again(db, workspace, OTHER) as sim:
        await sim.advance(days=2)

    async with again(db, workspace, ACME, OTHER) as sim:
        await sim.settle()
        payments = {p["id"]: p["phase"] for p in (await sim.http.get(f"{sim.path}/payments")).json()["data"]}

        assert (payments[waiting], payments[paid]) == ("expired", "paid")
        assert {hook.body["type"] for hook in sim.hooks} == {"charge.captured", "charge.expired"}


@pytest.mark.uncounted
async def test_lists_leave_it_out_or_show_what_is_known(db: str, left: tuple[int, str, str, str]) -> None:
    async with again(db, left[0], OTHER) as sim:
        lists = {
            name: await sim.http.get(f"{sim.path}/{name}")
            for name in ("payments", "webhooks", "requests", "timers", "buyers")
        }
        world = (await sim.http.get(sim.path)).json()
        console = await sim.http.get(f"/console/{world['name']}/payments")

    assert {name: answer.status_code for name, answer in lists.items()} == dict.fromkeys(lists, 200)
    assert lists["payments"].json()["data"] == []
    assert [d["event"] for d in lists["webhooks"].json()["data"]] == ["charge.captured", "charge.captured"]
    assert lists["timers"].json()["data"] == []
    assert "acme" in world["credentials"]
    assert console.status_code == 200


async def test_who_asks_for_it_by_name_is_told_that_it_is_not_there(db: str, left: tuple[int, str, str, str]) -> None:
    async with again(db, left[0], OTHER) as sim:
        [_, pending] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
        payment = await sim.http.get(f"{sim.path}/payments/acme/{left[1]}")
        resent = await sim.http.post(f"{sim.path}/webhooks/{pending['id']}/resend")
        page = await sim.http.get(f"/w/{left[3]}")
        pressed = await sim.http.post(f"/w/{left[3]}/confirm", data={"buyer": "li-na", "method": "balance"})

    assert payment.status_code == 404
    assert (resent.status_code, resent.json()["error"]["code"]) == (409, "not_installed")
    assert (page.status_code, pressed.status_code) == (404, 404)


async def why(sim: Sim, id_: str) -> httpx.Response:
    return await sim.http.get(f"{sim.path}/why/{id_}")


async def test_why_says_whose_payment_it_is(db: str, left: tuple[int, str, str, str]) -> None:
    """By its id, its reference, or the code of its order."""
    _, waiting, _, code = left
    async with again(db, left[0], OTHER) as sim:
        told = [await why(sim, id_) for id_ in (waiting, "waiting", code)]
        unknown = await why(sim, "nothing")

    assert [answer.status_code for answer in told] == [200, 200, 200]
    for answer in told:
        assert answer.json() == {
            "summary": f"{waiting} is a payment of acme, which is not installed here.",
            "because": ["What is known of it is kept as it is; its timers and webhooks wait."],
            "next": ["Start the simulator with acme installed: everything goes on then."],
        }
    assert unknown.status_code == 404


async def test_doctor_notes_what_waits_for_whom_and_finds_no_fault(db: str, left: tuple[int, str, str, str]) -> None:
    noted = (
        "It holds rows of acme, which is not installed (payments: 3, webhooks to be delivered: 1): "
        "they are kept, and wait until it is."
    )

    plain = CliRunner().invoke(main, ["doctor", "--db", db])
    as_json = CliRunner().invoke(main, ["doctor", "--db", db, "--json"])

    assert (plain.exit_code, plain.output) == (0, f"{noted}\nNothing is wrong with it.\n")
    assert (as_json.exit_code, json.loads(as_json.output)) == (0, {"ok": True, "faults": [], "notes": [noted]})


async def test_in_real_time_the_loop_does_not_turn_for_what_waits(
    db: str, left: tuple[int, str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with again(db, left[0], OTHER) as sim:
        await sim.http.post(f"{sim.path}/clock/resume")
        await sim.advance(days=2)
        asked = []
        next_due = sim.app.runtime.store.next_due
        monkeypatch.setattr(sim.app.runtime.store, "next_due", lambda *a, **k: asked.append(a) or next_due(*a, **k))
        await sim.app.start()
        for _ in range(200):
            await asyncio.sleep(0)

    assert len(asked) <= 3


async def test_a_reset_forgets_what_waited_too(db: str, left: tuple[int, str, str, str]) -> None:
    """What is made afterwards is served, whatever number its timer gets."""
    async with again(db, left[0], OTHER) as sim:
        await sim.http.post(f"{sim.path}/reset")
        merchant = AnyMerchant(sim, OTHER)
        id_ = await merchant.create()
        await sim.advance(days=2)
        phase = (await sim.payment(OTHER.name, id_))["phase"]

    assert phase == "expired"
    async with again(db, left[0], ACME, OTHER) as sim:
        await sim.settle()

        assert (await sim.http.get(f"{sim.path}/payments?provider=acme")).json()["data"] == []
        assert sim.hooks == []


async def test_after_a_reset_nobody_is_missed_any_more(
    db: str, left: tuple[int, str, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Its credentials stay, for they are kept by a reset: that is no reason to say that there are rows of it."""
    async with again(db, left[0], OTHER) as sim:
        await sim.http.post(f"{sim.path}/snapshots", json={"name": "before"})
        await sim.http.post(f"{sim.path}/reset")
        at_once = (await sim.http.get("/_sim/health")).json()
    said = CliRunner().invoke(main, ["doctor", "--db", db]).output
    caplog.clear()
    async with again(db, left[0], OTHER) as sim:
        at_a_start = (await sim.http.get("/_sim/health")).json()
        logged = [record.message for record in caplog.records if "acme" in record.message]
        credentials = (await sim.http.get(sim.path)).json()["credentials"]
        await sim.http.post(f"{sim.path}/snapshots/before/restore")
        restored = (await sim.http.get("/_sim/health")).json()

    assert "missing" not in at_once
    assert "missing" not in at_a_start
    assert logged == []
    assert "acme" in credentials
    assert restored["missing"] == ["acme"]
    assert said == "Nothing is wrong with it.\n"
