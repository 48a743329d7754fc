"""A purchase at every provider is committed by its statements, and is the same when somebody else executes them again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.provider import Provider
from simulator.engine.store import Store
from simulator.engine.store.schema import OF_A_WORKSPACE
from simulator.engine.store.sqlite import SqliteStore
from simulator.providers import built_in


@pytest.fixture
async def world(provider: Provider, tmp_path: Path) -> AsyncIterator[Sim]:
    toy = provider if provider.name == ACME.name else ACME
    async with Sim(providers=[*built_in(), toy], db=str(tmp_path / "store.db")) as sim:
        yield sim


def rows(store: Store) -> dict[str, list[str]]:
    return {table.name: sorted(map(repr, store.rows(f"SELECT * FROM {table.name}"))) for table in OF_A_WORKSPACE}


def copied(folder: Path) -> Path:
    """The files as somebody finds them whose server is killed now."""
    (killed := folder / "killed").mkdir()
    for file in folder.glob("store.db*"):
        shutil.copy(file, killed)
    return killed


async def test_a_purchase_is_logged(
    world: Sim, merchant: Merchant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await merchant.paid("before")  # what is made once, for all purchases
    await merchant.until_refundable()
    store = world.app.runtime.store
    store.checkpoint()
    in_the_file = rows(store)
    at_once: list[str] = []
    monkeypatch.setattr(SqliteStore, "checkpoint", lambda store: None)
    monkeypatch.setattr(SqliteStore, "commit", lambda store: at_once.append("a commit of its own"))

    id_ = await merchant.paid("logged")
    await merchant.until_refundable()
    await merchant.refund(id_, 400)
    await merchant.settle()
    killed = copied(tmp_path)
    found = rows(store)
    monkeypatch.undo()

    assert at_once == []
    assert found["resources"] != in_the_file["resources"]
    assert found["attempts"] != in_the_file["attempts"]
    with closing(SqliteStore(str(killed / "store.db"), address="http://second.test")) as again:
        assert rows(again) == found
