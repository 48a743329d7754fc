"""Nothing that was answered is lost, nothing that was promised stays unsaid: the real server, killed in the middle of work.

Merchants create, pay and refund payments on several connections while the server is killed again and again without a
warning; afterwards every answer that they ever got must still be true, and every webhook must have arrived.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest
from buying import ANY, SHOP, account
from support import UNMEASURED

from simulator.engine.shop import Answer, Request

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MERCHANTS = 6
KILLS = 4
STEPS = ("create", "pay", "refund")
"""A whole purchase. Its payment is waiting, paid, refunded afterwards."""


@dataclass
class Receiver:
    """The merchants' endpoint: keeps what it was sent, in the order of arrival."""

    heard: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.heard.append((await reader.readexactly(length)).decode())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender was killed
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@dataclass
class Machine:
    """The real server on one database and one port, started as often as it is killed."""

    db: Path | str
    port: int
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> dict[str, Any]:
        """Returns the first line of `--json`: the server listens when it is written."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulator.surface.cli", "serve", "--port", str(self.port), "--db", str(self.db), "--json",
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, env={**UNMEASURED, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self.process.stdout is not None
        facts: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return facts

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@dataclass
class Ledger:
    """What the merchants were told: each payment with the last step that was answered."""

    told: dict[str, str] = field(default_factory=dict)
    wanted: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, id_: str, step: str) -> None:
        self.told[id_] = step
        if len(self.told) >= self.wanted:
            self.enough.set()

    async def grow_by(self, more: int) -> None:
        """Lets the merchants work until they were told of so many more payments."""
        self.wanted = len(self.told) + more
        self.enough.clear()
        await self.enough.wait()


class Merchant:
    """Takes one payment after the other as far as it gets, and remembers what it was told."""

    workspace = "default"

    def __init__(self, base_url: str, credentials: dict[str, Any], hooks: str, ledger: Ledger) -> None:
        self._account = account(credentials, base_url)
        self._purchase = replace(SHOP.sample, inbox=hooks)
        self._ledger = ledger
        self.api = httpx.AsyncClient(base_url=base_url, timeout=20)

    def is_away(self, answer: httpx.Response) -> bool:
        """Whether those who are left say so that another was killed."""
        return False

    async def ask(self, request: Request) -> Answer:
        sent = SHOP.sign(self._account, request)
        got = await self.api.request(sent.method, sent.path, headers=dict(sent.headers), content=sent.body)
        got.raise_for_status()
        return Answer(got.status_code, got.content)

    async def control(self, method: str, path: str, **more: Any) -> Any:
        got = await self.api.request(method, f"/_sim/workspaces/{self.workspace}/{path}", **more)
        return got.raise_for_status().json()

    async def buy(self) -> AsyncIterator[tuple[str, str]]:
        """The payment's id with each step that was answered."""
        purchase = replace(self._purchase, reference=f"order-{token_hex(8)}")
        id_ = SHOP.id_of(purchase, await self.ask(SHOP.create(self._account, purchase)))
        assert id_ is not None
        yield id_, "create"
        await self.control("POST", f"payments/{ANY.name}/{id_}/pay", json={})
        yield id_, "pay"
        refund = await self.ask(SHOP.refund(self._account, id_, purchase.amount))
        assert not SHOP.refused(refund, None, [])
        yield id_, "refund"

    async def work(self) -> None:
        """Until the server is gone."""
        async with self.api:
            try:
                while True:
                    async for id_, step in self.buy():
                        self._ledger.note(id_, step)
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                if isinstance(error, httpx.HTTPStatusError) and not self.is_away(error.response):
                    raise
                return  # killed

    async def status(self, id_: str) -> str:
        assert SHOP.read is not None and SHOP.status_of is not None
        return SHOP.status_of(await self.ask(SHOP.read(self._account, id_)))

    async def deliveries(self, **query: str) -> list[dict[str, Any]]:
        """All of them, oldest first."""
        found: list[dict[str, Any]] = []
        page = {"limit": "500", **query}
        while True:
            answer = await self.control("GET", "webhooks", params=page)
            found += answer["data"]
            if answer["next"] is None:
                return found
            page["cursor"] = answer["next"]


async def test_nothing_answered_is_lost_when_the_server_is_killed_again_and_again(tmp_path: Path) -> None:
    chance, ledger = random.Random("Hangzhou"), Ledger()
    machine = Machine(tmp_path / "killed.db", free_port())
    base_url = f"http://127.0.0.1:{machine.port}"

    async with receiving() as receiver:
        hooks = f"http://127.0.0.1:{receiver.port}/hooks"
        credentials = (await machine.start())["credentials"][ANY.name]
        step_of, promised = await undisturbed(Merchant(base_url, credentials, hooks, ledger))
        await machine.kill()
        for _ in range(KILLS):
            await machine.start()
            merchants = [
                asyncio.create_task(Merchant(base_url, credentials, hooks, ledger).work()) for _ in range(MERCHANTS)
            ]
            await ledger.grow_by(chance.randint(10, 60))
            await machine.kill()
            await asyncio.gather(*merchants)

        await machine.start()
        try:
            merchant = Merchant(base_url, credentials, hooks, ledger)
            await merchant.control("POST", "settle")
            found = {id_: step_of[await merchant.status(id_)] for id_ in ledger.told}
            sent = {delivery["body"]: delivery for delivery in await merchant.deliveries()}
            await merchant.api.aclose()
        finally:
            await machine.kill()

    heard: dict[str, list[str]] = {}
    for body in dict.fromkeys(receiver.heard):  # a killed server repeats what it could not tick off
        heard.setdefault(sent[body]["resource_id"], []).append(sent[body]["event"])
    assert len(ledger.told) > KILLS * 10
    for id_, answered in ledger.told.items():
        assert STEPS.index(found[id_]) >= STEPS.index(answered), f"{id_}: {answered} was answered"
        assert heard[id_] == promised[found[id_]], id_
    assert len(set(found.values())) > 1, "the kills came between the steps of a purchase"


async def undisturbed(merchant: Merchant) -> tuple[dict[str, str], dict[str, list[str]]]:
    """A purchase while nobody is killed: which status follows which step, and which webhooks it has promised by then."""
    step_of, promised = {}, {}
    async for id_, step in merchant.buy():
        await merchant.control("POST", "settle")
        step_of[await merchant.status(id_)] = step
        promised[step] = [delivery["event"] for delivery in await merchant.deliveries(resource_id=id_)]
    await merchant.api.aclose()
    assert len(promised) == len(step_of) == len(STEPS)
    return step_of, promised


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
