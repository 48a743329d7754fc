"""What the engine keeps and tells for providers whose own API configures webhooks and lists resources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from support import Sim

from simulator.engine.provider import Party
from simulator.engine.reader import PAGE
from simulator.engine.resource import Resource
from simulator.engine.rules import Scenario
from simulator.engine.runtime import Runtime
from simulator.engine.scenarios import Known, Scenarios
from simulator.engine.store import open_store
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import NotFound
from simulator.wallet.order import Order


@dataclass(frozen=True, kw_only=True)
class Thing(Resource):
    PROVIDER: ClassVar[str] = "things"
    KIND: ClassVar[str] = "thing"
    LISTED: ClassVar[bool] = True

    colour: str

    def keys(self) -> dict[str, str]:
        return {"colour": self.colour}


THINGS = Party(name="things", resources=(Thing,))


def opened(folder: Path) -> Runtime:
    return Runtime(open_store(str(folder / "world.db")), [THINGS])


def test_a_list_can_be_narrowed_to_a_key(tmp_path: Path) -> None:
    """Pages follow one another in both directions as they do without a key."""
    runtime = opened(tmp_path)
    with runtime.unit(runtime.default, provider="things", topic="test") as uow:
        for number in range(6):
            colour = "red" if number % 2 else "blue"
            at = uow.now + timedelta(seconds=number)
            uow.add(Thing(id=f"t{number}", colour=colour, created_at=at, updated_at=at))

    uow = runtime.open(runtime.default)
    first, more = uow.listing(Thing, limit=2, key=("colour", "red"))
    rest, no_more = uow.listing(Thing, limit=2, before="t3", key=("colour", "red"))
    back, _ = uow.listing(Thing, limit=2, after="t1", key=("colour", "red"))
    runtime.store.close()

    assert ([thing.id for thing in first], more) == (["t5", "t3"], True)
    assert ([thing.id for thing in rest], no_more) == (["t1"], False)
    assert [thing.id for thing in back] == ["t5", "t3"]


def test_a_list_may_begin_with_a_resource_that_is_named(tmp_path: Path) -> None:
    """Each page says with which ones the next and the one before begin; also of a list that is narrowed to a key."""
    runtime = opened(tmp_path)
    with runtime.unit(runtime.default, provider="things", topic="test") as uow:
        for number in range(7):
            colour = "blue" if number == 3 else "red"
            uow.add(Thing(id=f"t{number}", colour=colour))

    uow = runtime.open(runtime.default)
    pages = [uow.listing_from(Thing, first, limit=3) for first in (None, "t6", "t5", "t3", "t0")]
    red = uow.listing_from(Thing, "t4", limit=2, key=("colour", "red"))
    for first, key in (("t9", None), ("t3", ("colour", "red"))):
        with pytest.raises(NotFound):
            uow.listing_from(Thing, first, limit=3, key=key)
    runtime.store.close()

    assert [("".join(one.id[1] for one in page.items), page.next, page.previous) for page in pages] == [
        ("654", "t3", None),
        ("654", "t3", None),
        ("543", "t2", "t6"),
        ("321", "t0", "t6"),
        ("0", None, "t3"),
    ]
    assert ([one.id for one in red.items], red.next, red.previous) == (["t4", "t2"], "t1", "t6")


def test_a_list_of_everything_or_of_a_key_ends_where_nothing_is_left(tmp_path: Path) -> None:
    """However many there are, and also after one of them."""
    runtime, many = opened(tmp_path), 2 * PAGE + 1
    with runtime.unit(runtime.default, provider="things", topic="test") as uow:
        for number in range(many):
            uow.add(Thing(id=f"t{number}", colour="red", created_at=uow.now, updated_at=uow.now))
    ids = [f"t{number}" for number in reversed(range(many))]

    uow = runtime.open(runtime.default)
    every = [thing.id for thing in uow.every(Thing)]
    older = [thing.id for thing in uow.every(Thing, before=ids[0])]
    red = [thing.id for thing in uow.by_key(Thing, "colour", "red")]
    runtime.store.close()

    assert (every, older, red) == (ids, ids[1:], ids)


def test_endpoints_of_a_providers_own_api_outlive_a_restart(tmp_path: Path) -> None:
    runtime = opened(tmp_path)
    kept = {"things": [{"id": "we_1", "url": "https://shop.example/hooks"}]}
    runtime.change_workspace(runtime.default, webhook_endpoints=kept)
    runtime.store.close()

    again = opened(tmp_path)
    found = again.default.webhook_endpoints
    again.store.close()

    assert found == kept


async def test_endpoints_of_a_providers_own_api_outlive_a_reset(sim: Sim) -> None:
    kept = {"acme": [{"id": "we_1"}]}
    sim.app.runtime.change_workspace(sim.workspace, webhook_endpoints=kept)

    await sim.http.post(f"{sim.path}/reset")

    assert sim.workspace.webhook_endpoints == kept


def test_a_workspace_of_an_older_store_has_no_such_endpoints() -> None:
    older = Workspace(id=1, public_id="ws_1", name="old", created_at=Sim.started_at).dump()

    assert b'"webhook_endpoints":{}' in older
    assert Workspace.load(1, older.replace(b',"webhook_endpoints":{}', b"")).webhook_endpoints == {}


def test_scenarios_know_what_a_provider_documents() -> None:
    rule = {"when": {"event": "paid"}, "webhooks": {"copies": 2}}
    documented = {"things": Scenario.model_validate({"name": "things", "rules": [rule]})}
    known = Scenarios(lambda: Known(documented=documented))

    assert known.documents("webhooks", "things")
    assert not known.documents("wallet", "things")
    assert not known.documents("webhooks", "others")


def test_pages_of_providers_know_when_they_return_to_the_merchant() -> None:
    from simulator.surface.app import App
    from simulator.surface.settings import Settings

    app = App(Settings(db=":memory:", auto_return=0))

    returns = app.runtime.auto_return_s
    app.runtime.store.close()

    assert returns == 0


async def test_a_kind_over_which_a_list_goes_says_so(sim: Sim) -> None:
    """Else it has no entry in the index of lists, and the list would be empty."""
    uow = sim.app.runtime.open(sim.workspace)

    with pytest.raises(RuntimeError, match="Order is listed and does not say so"):
        uow.listing(Order, limit=1)
