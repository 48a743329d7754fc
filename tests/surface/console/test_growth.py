"""No page and no list costs more in a fuller store. Counted in steps of SQLite's machine, which are the same on every computer.

The windows, up to which a filtered list looks, are made small, so that a small store is larger than all of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from merchant import Merchant
from pressing import console
from support import Sim
from toy.acme import ACME
from toy.settling import SETTLING, P, post

from benchmarks import fill
from simulator.engine.settings import WorkspaceSettings
from simulator.engine.store import outbox
from simulator.engine.store.sqlite import SqliteStore
from simulator.surface.console import frame, payments, webhooks
from simulator.surface.console import requests as calls
from simulator.surface.control import finding, requests

SMALL, LARGE = 300, 3000
STEP = 100
"""Instructions between two looks at how many there were."""
ROOM = 1.35
"""A deeper index costs a little more, and ids of another length."""

PAGES = (
    "payments", "payments?failing=1", "payments?phase=error", "payments?phase=waiting", "payments?q=nobody", "payments?q=77.77",
    "payments?since=15m", "payments?provider=acme", "payments/{payment}", "webhooks", "webhooks?state=failing",
    "webhooks?state=held",
    "webhooks?event=nothing", "webhooks?provider=acme&state=kept", "webhooks/{delivery}", "requests", "requests?status=5xx",
    "requests?path=/nothing", "requests?refused=1", "requests/{request}", "clock", "scenarios", "buyers", "buyers/li-na", "start",
    "settings",
)  # fmt: skip
LISTS = (
    "payments", "payments?phase=error", "payments?q=nobody", "payments?reference=nobody", "timers", "webhooks",
    "webhooks?state=failed", "webhooks?event=nothing", "webhooks?event=nothing&newest=true", "webhooks?state=failed&newest=true",
    "webhooks?state=failing&event=nothing&newest=true", "webhooks?adversarial=true", "webhooks?provider=other",
    "webhooks?resource_id=nobody", "payments?provider=other", "payments?failing=1", "payments?reference={reference}&phase=error",
    "requests", "requests?status=5xx", "requests?path=/nothing", "buyers", "why/{payment}",
    "payments/acme/{payment}", "payments/acme/{payment}/diagram", "payments/latest",
    "webhooks/latest",
)  # fmt: skip

OTHER = replace(ACME, name="other", resources=(), endpoints=(), pages=(), left_out=(), settings=WorkspaceSettings)
"""Nobody has used it."""
NOT_THERE = (
    "payments/latest?reference=nobody",
    "payments/latest?provider=other", "payments/latest?provider=other&reference={reference}", "webhooks/latest?event=nothing",
    "webhooks/latest?provider=other",
)  # fmt: skip
"""Answered with 404."""


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WINDOW", 100)
    monkeypatch.setattr(finding, "READ", 100)
    monkeypatch.setattr(requests, "WINDOW", 100)
    monkeypatch.setattr(outbox, "LOOKED_AT", 100)
    for module in (calls, frame, payments, webhooks):
        monkeypatch.setattr(module, "COUNTED", 100)


def counted(sim: Sim, steps: list[int]) -> None:
    """From now on the list's one entry grows with every step of the store's connection."""
    store = sim.app.runtime.store
    assert isinstance(store, SqliteStore)

    def step() -> int:
        steps[0] += STEP
        return 0

    store._connection.set_progress_handler(step, STEP)


async def costs(file: Path, count: int) -> dict[str, int]:
    """What each address costs in a store with so many payments, one as the other."""
    steps, found = [0], {}
    async with Sim(providers=[ACME, OTHER], db=str(file)) as sim:
        names = {"payment": await Merchant(sim, ACME).paid()}
        for name, path in (("delivery", "webhooks"), ("request", "requests")):
            names[name] = (await sim.http.get(f"{sim.path}/{path}")).json()["data"][0]["id"]
        addresses = [f"{console(sim)}/{path.format(**names)}" for path in PAGES]
        names["reference"] = (await sim.payment(ACME.name, names["payment"]))["reference"]
        addresses += [f"{sim.path}/{path.format(**names)}" for path in (*LISTS, *NOT_THERE)]
        sim.app.runtime.store.checkpoint()  # what waits in the log would keep others from writing
        fill.multiply(file, ACME.name, names["payment"], count)
        counted(sim, steps)
        for address in (addresses[0], *addresses):
            before = steps[0]
            answer = await sim.http.get(address)
            assert answer.status_code == (404 if "latest?" in address else 200), address
            found[address.replace(sim.workspace.public_id, "{ws}")] = steps[0] - before
        before = steps[0]
        (await sim.http.post(f"{sim.path}/settle")).raise_for_status()
        found["settle"] = steps[0] - before
    return found


async def test_no_page_and_no_list_costs_more_in_a_store_ten_times_as_full(tmp_path: Path) -> None:
    few, many = await costs(tmp_path / "few.db", SMALL), await costs(tmp_path / "many.db", LARGE)

    grown = [f"{path}: {few[path]} and {many[path]}" for path in few if many[path] > few[path] * ROOM + 10 * STEP]
    assert grown == []


MONEY = ("money", "money?day={day}", "money?sides=both", "money?all=reports", "money?all=payouts")
MONEY_LISTS = ("balances", "payouts", "reports", "ledger", "ledger?payment_id=p1")


async def costs_of_money(count: int) -> dict[str, int]:
    """What each address costs after a week with payouts, and on a day with so many bookings."""
    steps, found = [0], {}
    async with Sim(providers=[SETTLING]) as sim:
        for _ in range(3):
            post(sim, "capture", 2000)
            await sim.advance(days=2)
        post(sim, "capture", 2000)
        store, workspace = sim.app.runtime.store, sim.workspace.id
        number, at, payment, body = store.bookings(workspace, P)[-1]
        rows = [(workspace, P, number + more, at, payment, body) for more in range(1, count)]
        store.insert_bookings(rows)
        day = sim.workspace.clock.now().date().isoformat()
        addresses = [f"{console(sim)}/{path.format(day=day)}" for path in MONEY]
        addresses += [f"{sim.path}/{path}" for path in MONEY_LISTS]
        counted(sim, steps)
        for address in (addresses[0], *addresses):
            before = steps[0]
            (await sim.http.get(address)).raise_for_status()
            found[address.replace(sim.workspace.public_id, "{ws}")] = steps[0] - before
    return found


async def test_no_view_of_the_money_costs_more_on_a_day_ten_times_as_busy() -> None:
    few, many = await costs_of_money(SMALL), await costs_of_money(LARGE)

    grown = [f"{path}: {few[path]} and {many[path]}" for path in few if many[path] > few[path] * ROOM + 10 * STEP]
    assert grown == []


async def test_a_filter_that_nearly_all_fit_does_not_measure_its_whole_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one lose what is further away."""
    monkeypatch.setattr(finding, "WINDOW", 5000)
    found = dict[int, int]()
    for count in (SMALL, LARGE):
        file, steps = tmp_path / f"{count}.db", [0]
        async with Sim(providers=[ACME, OTHER], db=str(file)) as sim:
            oldest = await Merchant(sim, ACME).waiting()
            sim.app.runtime.store.checkpoint()
            fill.multiply(file, ACME.name, oldest, count)
            await sim.act(ACME.name, oldest, "pay")
            counted(sim, steps)
            page = (await sim.http.get(f"{sim.path}/payments?provider=acme&limit=20")).json()
            found[count] = steps[0]
            paid = (await sim.http.get(f"{sim.path}/payments?phase=paid&limit=20")).json()["data"]
        assert len(page["data"]) == 20
        assert [one["id"] for one in paid] == [oldest]

    assert found[LARGE] <= found[SMALL] * ROOM + 10 * STEP


async def costs_while_held(count: int) -> dict[str, int]:
    """What a create and a turn of the loop cost while so many purchases' webhooks are held back."""
    steps, found = [0], {}
    async with Sim(providers=[ACME, OTHER]) as sim:
        merchant, runtime, id_ = Merchant(sim, ACME), sim.app.runtime, sim.workspace.id
        await sim.receive_webhooks(ACME.name)
        (await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": True})).raise_for_status()
        for _ in range(count):
            await merchant.paid()
        runtime.deliver(sim.workspace)
        counted(sim, steps)
        for name in ("create", "turn"):
            before = steps[0]
            if name == "create":
                await merchant.create()
            for _ in range(20):
                runtime.deliver(sim.workspace)
                runtime._loop.schedule(id_)
            found[name] = steps[0] - before
        (await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": False})).raise_for_status()
        await sim.settle()
        assert len(sim.hooks) == count
    return found


async def test_nobody_reads_over_and_over_what_is_held_back() -> None:
    few, many = await costs_while_held(10), await costs_while_held(100)

    grown = [f"{what}: {few[what]} and {many[what]}" for what in few if many[what] > few[what] * ROOM + 10 * STEP]
    assert grown == []
