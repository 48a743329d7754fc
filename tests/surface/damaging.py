"""Stores to be damaged: filled, served, looked through."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from engine.merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.store.sqlite import SqliteStore
from simulator.providers import built_in
from simulator.surface import installed
from simulator.surface.cli import main
from simulator.surface.launch import Launched, launched


def examined(file: Path, *options: str) -> tuple[int, str]:
    """What doctor says where acme is installed too."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(installed, "installed", lambda: (*built_in(), ACME))
        result = CliRunner().invoke(main, ["doctor", "--db", str(file), *options])
    return result.exit_code, result.output


def changed(file: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(sql, values)


def damage(file: Path) -> None:
    """Overwrites every page but the first ones, which say where the tables are."""
    with file.open("r+b") as raw:
        for page in range(12, file.stat().st_size // 4096):
            raw.seek(page * 4096)
            raw.write(b"\xff" * 4096)


def forget(store: SqliteStore) -> None:
    """SQLite keeps no page in memory."""
    store._execute("PRAGMA cache_size = 0")
    store._execute("PRAGMA shrink_memory")


async def filled(file: Path, payments: int = 20) -> None:
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant = Merchant(sim)
        for n in range(payments):
            await merchant.charge(f"order-{n}")


@contextmanager
def served(file: Path, payments: int = 2) -> Iterator[tuple[Launched, httpx.Client]]:
    with launched(db=str(file)) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        for _ in range(payments):
            pay(server, client).raise_for_status()
        yield server, client


def replace(file: Path, other: bytes) -> None:
    file.rename(file.with_name("away.db"))
    file.write_bytes(other)


def content(file: Path) -> bytes:
    return file.read_bytes()


def pay(server: Launched, client: httpx.Client) -> httpx.Response:
    return client.post("/_sim/workspaces/default/payments", json={"provider": next(iter(server.credentials))})


def eventually(client: httpx.Client, status: int) -> httpx.Response:
    """What health says, as soon as it answers so; within seconds."""
    until = time.monotonic() + 10
    while (answer := client.get("/_sim/health")).status_code != status and time.monotonic() < until:
        time.sleep(0.1)
    assert answer.status_code == status, answer.text
    return answer


def beside(file: Path) -> dict[str, int]:
    return {one.name: one.stat().st_size for one in file.parent.iterdir()}
