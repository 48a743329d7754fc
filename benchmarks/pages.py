"""Pages that one create writes to the logs when one follows the other: a count, the same on every machine, however busy.

There are two logs: of the statements (`store/redo.py`), in bytes that are counted as parts of pages, and SQLite's of pages, for
so many creates together. Made within this process and without the loop that serves deadlines, so that nothing but creates is
written.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from benchmarks.requests import SHOPS, merchant
from simulator.engine.store import redo
from simulator.surface.app import App
from simulator.surface.settings import Settings

TOGETHER = 50
BEFORE = 40
"""So many times `TOGETHER` payments are in the store already: in an empty one all indexes share a few pages."""

COUNTED = 4 * redo.TOGETHER

PAGE = 4096


def of_a_create(db: Path, provider: str) -> tuple[float, float]:
    """Those for its statements and its share of SQLite's, as the mean over a few creates, each with a commit of its own."""
    return asyncio.run(_count(App(Settings(db=str(db))), db, provider))


async def _count(app: App, db: Path, provider: str) -> tuple[float, float]:
    own, shop = merchant(provider, app.runtime.default.credentials[provider]), SHOPS[provider]

    async def create(n: int) -> None:
        signed = shop.sign(own.account, shop.create(own.account, own.purchase(n)))
        answer = await app.gateway.ask(
            "http://127.0.0.1", signed.method, signed.path, signed.headers, signed.body, from_network=False
        )
        assert answer.status < 300, answer.body

    for first in range(BEFORE):
        await asyncio.gather(*(create(first * TOGETHER + n) for n in range(TOGETHER)))
    app.runtime.store.checkpoint()
    watcher, logged, frame = sqlite3.connect(db), 0, 0
    watcher.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for n in range(COUNTED):
        before = _size(db)
        await create(BEFORE * TOGETHER + n)
        after = _size(db)
        frame = after - before if after > before else frame  # the last of so many empties the log
        logged += frame
    app.runtime.store.checkpoint()
    _, pages, _ = watcher.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    watcher.close()
    await app.runtime.close()
    return logged / COUNTED / PAGE, float(pages) / COUNTED


def _size(db: Path) -> int:
    log = redo.beside(db)
    return log.stat().st_size if log.exists() else 0
