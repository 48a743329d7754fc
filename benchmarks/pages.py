"""Pages of the log that one create writes when it comes alone. A count: it is the same on every machine, however busy.

Made within this process and without the loop that serves deadlines, so that nothing but creates is written.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from benchmarks.requests import SHOPS, merchant
from simulator.surface.app import App
from simulator.surface.settings import Settings

TOGETHER = 50
BEFORE = 40
"""So many times `TOGETHER` payments are in the store already: in an empty one all indexes share a few pages."""

COUNTED = 200


def of_a_create(db: Path, provider: str) -> float:
    """The mean over a few creates, each with a commit of its own."""
    return asyncio.run(_count(App(Settings(db=str(db))), db, provider))


async def _count(app: App, db: Path, provider: str) -> float:
    own, shop = merchant(provider, app.runtime.default.credentials[provider]), SHOPS[provider]

    async def create(n: int) -> None:
        signed = shop.sign(own.account, shop.create(own.account, own.purchase(n)))
        answer = await app.gateway.ask(
            "http://127.0.0.1", signed.method, signed.path, signed.headers, signed.body, from_network=False
        )
        assert answer.status < 300, answer.body

    for first in range(BEFORE):
        await asyncio.gather(*(create(first * TOGETHER + n) for n in range(TOGETHER)))
    watcher = sqlite3.connect(db)
    watcher.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for n in range(COUNTED):
        await create(BEFORE * TOGETHER + n)
    _, pages, _ = watcher.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    watcher.close()
    await app.runtime.close()
    return float(pages) / COUNTED
