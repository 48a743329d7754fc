"""A store that version 0.1.0 has written opens, and everything is found in it."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from simulator.engine.store import schema
from simulator.surface.app import App
from simulator.surface.cli import main
from simulator.surface.settings import Settings

WRITTEN = Path(__file__).parent / "store-0.1.0.db.gz"
"""By `psp-simulator demo --pay` at each provider in workspace `default`, with the code of that version."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "store.db"
    file.write_bytes(gzip.decompress(WRITTEN.read_bytes()))
    return file


def rows(file: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


async def test_a_store_of_version_0_1_0_opens_with_everything_in_it(file: Path) -> None:
    payments = rows(file, "SELECT provider, id FROM resources WHERE phase IS NOT NULL ORDER BY seq DESC")
    messages = rows(file, "SELECT id FROM outbox ORDER BY seq")
    requests = rows(file, "SELECT COUNT(*) FROM journal WHERE kind = 'request'")[0][0]
    keys = rows(file, "SELECT COUNT(*) FROM keys")[0][0]

    app = App(Settings(db=str(file)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        here = "/_sim/workspaces/default"
        found = (await http.get(f"{here}/payments", params={"limit": 100})).json()["data"]
        stories = [(await http.get(f"{here}/payments/{one['provider']}/{one['id']}")).json() for one in found]
        journal = (await http.get(f"{here}/requests", params={"limit": 100})).json()["data"]
        hooks = [(await http.get(f"{here}/webhooks/{id_}")).status_code for (id_,) in messages]
    await app.runtime.close()

    assert {provider for provider, _ in payments} <= set(app.runtime.providers)
    assert [(one["provider"], one["id"]) for one in found] == payments
    assert all(story["timeline"] for story in stories)
    assert len(messages) > 20
    assert hooks == [200] * len(messages)
    assert len(journal) == requests
    assert rows(file, "SELECT COUNT(*) FROM lookup_keys")[0][0] == keys


def test_it_is_kept_beside_the_new_one_as_it_was(file: Path) -> None:
    before = (
        rows(file, "SELECT * FROM resources"),
        rows(file, "SELECT * FROM outbox"),
        rows(file, "SELECT * FROM journal"),
    )

    App(Settings(db=str(file))).runtime.store.close()

    copy = file.with_name("store.db.schema-1")
    assert rows(copy, "PRAGMA user_version") == [(1,)]
    assert (
        rows(copy, "SELECT * FROM resources"),
        rows(copy, "SELECT * FROM outbox"),
        rows(copy, "SELECT * FROM journal"),
    ) == before
    assert rows(file, "PRAGMA user_version") == [(schema.VERSION,)]
    assert CliRunner().invoke(main, ["doctor", "--db", str(file)]).exit_code == 0
    assert CliRunner().invoke(main, ["doctor", "--db", str(copy)]).exit_code == 0


async def test_a_workspace_whose_provider_has_got_another_credential_can_be_carried_elsewhere(file: Path) -> None:
    """It is given what it lacks as the store is opened, and nothing that signed before is gone by that."""
    app = App(Settings(db=str(file)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        document = (await http.get("/_sim/workspaces/default/export")).raise_for_status()

        answer = await http.post("/_sim/workspaces/import", content=document.content, params={"name": "copy"})
    former = app.runtime.registry.named("default").former
    await app.runtime.close()

    assert answer.status_code == 201, answer.text
    assert former == {}
