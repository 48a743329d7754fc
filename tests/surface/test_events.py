"""The live feed of a workspace, at a real server: every change, in order, and on from where a client was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.surface.client import Client, Workspace
from simulator.surface.control import events
from simulator.surface.launch import launched


@dataclass
class Event:
    name: str
    id: int
    data: dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    with launched() as running, Client(running.url) as client:
        yield client


@pytest.fixture
def workspace(server: Client) -> Workspace:
    return server.create_workspace()


def _path(workspace: Workspace) -> str:
    return f"{workspace.client.url}/_sim/workspaces/{workspace.name}/events"


def _listen(workspace: Workspace, until: str, after: int = 0, **headers: str) -> list[Event]:
    """Everything up to the first entry whose summary begins so."""
    found: list[Event] = []
    fields: dict[str, str] = {}
    query = {} if headers else {"after": after}
    with httpx.stream("GET", _path(workspace), params=query, headers=headers, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                found.append(Event(fields["event"], int(fields["id"]), json.loads(fields["data"])))
                fields = {}
                if found[-1].data["summary"].startswith(until):
                    return found
    raise AssertionError(f"the feed ended without {until}")


def _make(workspace: Workspace) -> dict[str, Any]:
    provider = next(iter(workspace.credentials))
    made: dict[str, Any] = workspace.client.call(
        "POST", f"/_sim/workspaces/{workspace.name}/payments", {"provider": provider}
    )
    return made


def test_each_change_is_told_once_with_the_payment_as_it_is(workspace: Workspace) -> None:
    payment = _make(workspace)
    workspace.set_webhook(payment["provider"], workspace.inbox_url("mine"))
    workspace.pay(payment["provider"], payment["id"])
    workspace.settle()
    workspace.freeze()

    told = _listen(workspace, "clock frozen")

    kinds = [event.name for event in told]
    assert kinds[0] == "request"
    assert {"request", "state", "wallet", "webhook", "workspace", "clock"} <= set(kinds)
    assert [event.id for event in told] == sorted(event.id for event in told)
    about = [event.data for event in told if event.data["resource_id"] == payment["id"]]
    now = workspace.payment(payment["provider"], payment["id"])
    assert {(entry["provider"], entry["phase"], entry["status"]) for entry in about} == {
        (payment["provider"], now["phase"], now["status"])
    }
    assert all(event.name == event.data["kind"] for event in told)


def test_a_client_goes_on_where_it_was(workspace: Workspace) -> None:
    _make(workspace)
    workspace.freeze()
    whole = _listen(workspace, "clock frozen")
    seen = whole[len(whole) // 2].id
    workspace.resume()

    rest = _listen(workspace, "clock running", **{"Last-Event-ID": str(seen)})

    assert [event.id for event in rest[:-1]] == [event.id for event in whole if event.id > seen]


def test_a_new_listener_hears_only_what_comes(workspace: Workspace) -> None:
    """Once the first bytes have come, nothing that is committed later is missed."""
    _make(workspace)
    with httpx.stream("GET", _path(workspace), timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        workspace.freeze()
        heard = next(line for line in lines if line.startswith("data: "))

    assert json.loads(heard[6:])["summary"] == "clock frozen"


def test_another_workspace_is_not_heard(server: Client, workspace: Workspace) -> None:
    other = server.create_workspace()
    _make(other)
    workspace.freeze()

    assert [event.name for event in _listen(workspace, "clock frozen")] == ["clock"]


def test_a_reset_is_told_and_numbers_go_on(workspace: Workspace) -> None:
    _make(workspace)
    workspace.freeze()
    before = _listen(workspace, "clock frozen")[-1].id
    workspace.reset()

    (told,) = _listen(workspace, "reset", **{"Last-Event-ID": str(before)})

    assert (told.name, told.id > before) == ("workspace", True)


async def test_who_follows_a_quiet_workspace_walks_through_nobody_elses_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others have written is passed over once."""
    monkeypatch.setattr(events, "LOOK_S", 0)
    async with Sim(providers=[ACME]) as sim:
        runtime = sim.app.runtime
        quiet, looked, again = runtime.create_workspace(), list[int](), asyncio.Event()
        after = runtime.store.journal_after

        def counted(workspace: int, seq: int, limit: int) -> Any:
            looked.append(seq)
            if len(looked) > 1:
                again.set()
            return after(workspace, seq, limit)

        monkeypatch.setattr(runtime.store, "journal_after", counted)
        await Merchant(sim, ACME).create()
        feed = events._feed(runtime, quiet.id, 0, follow=True)
        await anext(feed)
        listening = asyncio.ensure_future(anext(feed))
        await again.wait()
        written = runtime.store.last_seq()
        runtime.change_workspace(quiet, clock=quiet.clock.frozen())
        told = await listening

    assert b"clock frozen" in told
    assert looked[:2] == [-1, written]


@pytest.mark.parametrize("last", ["²", "-1", "x", "9" * 30])
def test_a_number_that_was_never_sent_is_refused(workspace: Workspace, last: str) -> None:
    answer = httpx.get(_path(workspace), headers={"Last-Event-ID": last.encode()})  # type: ignore[arg-type]

    assert answer.status_code == 422


def test_the_console_has_the_same_feed(workspace: Workspace) -> None:
    workspace.freeze()
    url = f"{workspace.client.url}/console/{workspace.name}/events"

    with httpx.stream("GET", url, params={"after": 0}, timeout=20) as stream:
        heard = next(line for line in stream.iter_lines() if line.startswith("event: "))

    assert heard == "event: clock"


def test_a_cut_between_events_of_one_commit_loses_none_and_tells_none_twice(workspace: Workspace) -> None:
    payment = _make(workspace)
    workspace.pay(payment["provider"], payment["id"])
    workspace.freeze()
    whole = _listen(workspace, "clock frozen")

    for n, event in enumerate(whole[:-1], 1):
        rest = _listen(workspace, "clock frozen", **{"Last-Event-ID": str(event.id)})

        assert [(one.name, one.data["summary"]) for one in rest] == [
            (one.name, one.data["summary"]) for one in whole[n:]
        ]
    assert len({event.id for event in whole}) == len(whole)
