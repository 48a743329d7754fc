"""A PostgreSQL that takes connections and says nothing: a start ends with a sentence, a running server refuses and recovers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from engine import postgres
from engine.merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.store import StoreUnavailable, open_store

pytest.importorskip("psycopg", reason="psycopg is not installed")

from simulator.engine.store import postgres as ours  # needs psycopg


@dataclass
class Wire:
    """Stands before a server, and takes everything without passing it on while it `is_silent`."""

    target: str | None
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    is_silent: bool = False
    silent_after: int | None = None
    """So many more pieces go to the server, and then nothing goes either way."""
    loses: str = "both"
    """Or only what the server says (`answers`): it does what it is told, and nobody hears of it."""
    cuts: bool = False
    """What it was silent on once stays so, and its end is not heard of either."""
    open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self.listening.accept()
                self.open.append(taken)
                if self.target is not None:
                    there = socket.socket(socket.AF_UNIX)
                    there.connect(self.target)
                    self.open.append(there)
                    for one, other in ((taken, there), (there, taken)):
                        threading.Thread(target=self._pass_on, args=(one, other, one is taken), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, is_asking: bool) -> None:
        with suppress(OSError):
            while said := one.recv(65_536):
                if is_asking and self.silent_after is not None:
                    self.is_silent, self.silent_after = self.silent_after <= 0, self.silent_after - 1
                if self.cuts and self.is_silent:
                    return
                if not self.is_silent or (is_asking and self.loses == "answers"):
                    other.sendall(said)
            other.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in (self.listening, *self.open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def wire(target: str | None = None) -> Iterator[Wire]:
    made = Wire(target)
    serving = threading.Thread(target=made.serve, daemon=True)
    serving.start()
    try:
        yield made
    finally:
        made.close()
        serving.join()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long as it takes to see that something is bounded."""
    monkeypatch.setattr(ours._Impatient, "limit_s", 0.2)
    monkeypatch.setattr(ours, "SILENCE_S", 0.2)
    monkeypatch.setattr(ours, "NEVER_HANGS", ours.NEVER_HANGS | {"connect_timeout": 2})


def test_a_start_at_a_server_that_says_nothing_ends_with_a_sentence() -> None:
    with wire() as silent, pytest.raises(StoreUnavailable) as said:
        open_store(f"postgresql://sim:not-to-be-said@127.0.0.1:{silent.port}/postgres")

    assert str(said.value) == "cannot open the PostgreSQL store: 127.0.0.1 did not answer within 2 s"


@pytest.fixture(scope="module")
def own() -> Iterator[postgres.Cluster]:
    if (why := postgres.missing()) is not None:
        pytest.skip(why)
    with postgres.own_cluster() as cluster:
        yield cluster


async def heard_again(sim: Sim) -> None:
    """It is asked at once, and not when the pause is over; nobody waits for its answer, so the first ones are refused."""
    store: Any = sim.app.runtime.store
    store._not_before = 0.0
    for _ in range(200):
        if (await sim.http.get("/_sim/health")).status_code == 200:
            return
        store._not_before = 0.0
        await asyncio.sleep(0.01)
    raise AssertionError("it was not heard again")


async def test_nobody_waits_for_who_asks_whether_a_silent_server_is_back(own: postgres.Cluster) -> None:
    """Everybody is refused while the question is open, however long it stays so."""
    folder = own.address.partition("host=")[2].partition("&")[0]
    with wire(f"{folder}/.s.PGSQL.5432") as between:
        address = f"postgresql://sim@127.0.0.1:{between.port}/postgres?sslmode=disable&gssencmode=disable"
        async with Sim(providers=[ACME], db=address) as sim:
            merchant, store = Merchant(sim), cast("Any", sim.app.runtime.store)
            between.is_silent = True
            await merchant.create("first")
            store._not_before = 0.0
            answers = [await merchant.create("away"), await sim.http.get("/_sim/health")]
            search = store._search
            answers += [await merchant.create("away") for _ in range(10)]
            is_open = not search.done()
            between.is_silent = False
            await heard_again(sim)

    assert is_open
    assert {answer.status_code for answer in answers} == {500, 503}


async def test_a_question_that_is_open_at_the_end_leaves_no_connection(own: postgres.Cluster) -> None:
    folder = own.address.partition("host=")[2].partition("&")[0]
    with wire(f"{folder}/.s.PGSQL.5432") as between:
        address = f"postgresql://sim@127.0.0.1:{between.port}/postgres?sslmode=disable&gssencmode=disable"
        store: Any = open_store(address)
        between.is_silent = True
        for _ in range(2):
            store._not_before = 0.0
            with pytest.raises(store.OUTAGES):
                store.meta("page_secret")
        between.is_silent = False
        search = store._search
        store.close()
        found = search.exception(10) or search.result()

    assert isinstance(found, Exception) or found.closed


def test_the_session_that_the_network_has_cut_off_is_succeeded_with_its_locks(own: postgres.Cluster) -> None:
    """The server has it still, and would have it for hours."""
    folder = own.address.partition("host=")[2].partition("&")[0]
    with wire(f"{folder}/.s.PGSQL.5432") as between, postgres.own_schema(own.address) as schema:
        between.cuts = True
        path = schema.partition("options=")[2]
        address = (
            f"postgresql://sim@127.0.0.1:{between.port}/postgres?sslmode=disable&gssencmode=disable&options={path}"
        )
        store: Any = open_store(address)
        store.called("http://one.test")
        assert store.hold_lock(7)
        between.is_silent = True
        with pytest.raises(store.OUTAGES):
            store.held()
        between.is_silent = False
        held = list[bool]()
        for _ in range(200):
            store._not_before = 0.0
            with suppress(*store.OUTAGES):
                held.append(store.hold_lock(7))
            if held and held[-1]:
                break
            time.sleep(0.01)
        holder = store.holder(7)
        store.close()

    assert held[-1]
    assert holder == "http://one.test"


async def test_a_running_server_refuses_while_it_is_silent_asks_no_more_for_a_while_and_recovers(
    own: postgres.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own.address.partition("host=")[2].partition("&")[0]
    with wire(f"{folder}/.s.PGSQL.5432") as between:
        address = f"postgresql://sim@127.0.0.1:{between.port}/postgres?sslmode=disable&gssencmode=disable"
        async with Sim(providers=[ACME], db=address) as sim:
            merchant = Merchant(sim)
            before = await merchant.charge("before")
            between.is_silent = True

            away: list[Any] = [await merchant.create("away"), await sim.http.get("/_sim/health")]
            control = await sim.http.get(f"{sim.path}/payments")
            asked = len(between.open)
            between.is_silent = False
            await heard_again(sim)
            after = await merchant.create("after")
            read = await sim.http.get(f"/acme/charges/{before}", headers=merchant.headers)
            health = await sim.http.get("/_sim/health")

    assert [answer.status_code for answer in away] == [500, 503]
    assert (control.status_code, control.json()["error"]["code"]) == (503, "store_unavailable")
    assert (
        asked <= 4
    )  # the first connection, and that of the one who asks, with their counterparts, if it has come so far
    assert [answer.status_code for answer in (after, read, health)] == [201, 200, 200]


@pytest.mark.parametrize("loses", ["both", "answers"])
async def test_whichever_statement_meets_the_silence_the_call_ends_and_what_was_promised_is_there_once(
    own: postgres.Cluster, monkeypatch: pytest.MonkeyPatch, loses: str
) -> None:
    """In the middle of a transaction, at its end, and where the server has committed and nobody heard of it."""
    monkeypatch.setattr(ours, "PAUSE_S", 0.0)
    folder = own.address.partition("host=")[2].partition("&")[0]
    answered: list[int] = []
    with wire(f"{folder}/.s.PGSQL.5432") as between:
        between.loses = loses
        address = f"postgresql://sim@127.0.0.1:{between.port}/postgres?sslmode=disable&gssencmode=disable"
        async with Sim(providers=[ACME], db=address) as sim:
            merchant = Merchant(sim)
            for number in range(60):
                reference = f"order-{number}"
                between.silent_after = number
                answered.append((await merchant.create(reference)).status_code)
                is_over = not between.is_silent
                between.silent_after, between.is_silent = None, False
                await heard_again(sim)
                found = (await sim.http.get(f"{sim.path}/payments?reference={reference}")).json()["data"]
                assert len(found) <= 1, (number, answered)
                assert answered[-1] != 201 or found, (number, answered)
                if is_over:
                    break
            health = await sim.http.get("/_sim/health")
            between.is_silent = True  # and a server that is ended now ends

    assert answered[-1] == 201 and set(answered) <= {201, 500, 503}
    assert answered.count(500) + answered.count(503) > 3
    assert health.status_code == 200
