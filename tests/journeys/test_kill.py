"""Nothing that was answered is lost, nothing that was promised stays unsaid: the real server, killed in the middle of work.

Merchants create, pay and refund charges on several connections while the server is killed again and again without a
warning; afterwards every answer that they ever got must still be true, and every webhook must have arrived.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MERCHANTS = 6
KILLS = 4
# What a killed process has covered is lost; measured, the server would only be slow.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
AFTER_CREATING = ["PAYMENT_CHARGE_CREATED", "PAYMENT_CHARGE_AUTHENTICATION_PENDING"]
AFTER_PAYING = [*AFTER_CREATING, "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED", "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"]
PROMISED = {
    "AUTHENTICATION_PENDING": AFTER_CREATING,
    "CAPTURED": AFTER_PAYING,
    "REFUNDED": [*AFTER_PAYING, "PAYMENT_CHARGE_REFUND_SUCCEEDED"],
}
"""What a charge's answered state has promised, in order."""


@dataclass
class Receiver:
    """The merchants' endpoint: keeps the types of each charge's events in the order of their arrival."""

    heard: dict[str, list[str]] = field(default_factory=dict)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                event = json.loads(await reader.readexactly(length))
                self.heard.setdefault(event["subject"], []).append(event["type"])
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

    db: Path
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
    """What the merchants were told: each charge with the last status that an answer bore."""

    told: dict[str, str] = field(default_factory=dict)
    wanted: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, id_: str, status: str) -> None:
        self.told[id_] = status
        if len(self.told) >= self.wanted:
            self.enough.set()

    async def grow_by(self, more: int) -> None:
        """Lets the merchants work until they were told of so many more charges."""
        self.wanted = len(self.told) + more
        self.enough.clear()
        await self.enough.wait()


@dataclass
class Merchant:
    """Takes one charge after the other as far as it gets, and remembers what it was told."""

    base_url: str
    credentials: dict[str, Any]
    hooks: str
    ledger: Ledger

    async def work(self) -> None:
        """Until the server is gone."""
        headers = {
            "Authorization": f"Bearer {self.credentials['api_key']}",
            "Merchant-Id": self.credentials["merchant_id"],
        }
        redirect = {"type": "REDIRECT", "settings": {"returnUrl": "https://shop.example/back"}}
        order = {
            "paymentMethod": "ALIPAY",
            "amount": {"value": 1000, "currency": "CNY"},
            "consumer": {"country": "CN"},
            "authenticationSettings": [redirect],
            "webhooksUrl": self.hooks,
        }
        async with httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=20) as api:
            try:
                while True:
                    created = (await api.post("/v1/payment-charges", json=order)).raise_for_status().json()
                    id_ = created["id"]
                    self.ledger.note(id_, created["status"])
                    pay = f"/_sim/workspaces/default/payments/ppro/{id_}/pay"
                    self.ledger.note(id_, (await api.post(pay, json={})).raise_for_status().json()["status"])
                    refund = {"amount": 1000}
                    answer = await api.post(f"/v1/payment-charges/{id_}/refunds", json=refund)
                    self.ledger.note(id_, answer.raise_for_status().json()["status"])
            except httpx.TransportError:
                return  # killed


async def test_nothing_answered_is_lost_when_the_server_is_killed_again_and_again(tmp_path: Path) -> None:
    chance, ledger = random.Random("Hangzhou"), Ledger()
    machine = Machine(tmp_path / "killed.db", free_port())

    async with receiving() as receiver:
        for _ in range(KILLS):
            facts = await machine.start()
            base_url = f"http://127.0.0.1:{machine.port}"
            hooks = f"http://127.0.0.1:{receiver.port}/hooks"
            merchants = [
                asyncio.create_task(Merchant(base_url, facts["credentials"]["ppro"], hooks, ledger).work())
                for _ in range(MERCHANTS)
            ]
            await ledger.grow_by(chance.randint(10, 60))
            await machine.kill()
            await asyncio.gather(*merchants)

        await machine.start()
        try:
            async with httpx.AsyncClient(base_url=base_url, timeout=20) as api:
                (await api.post("/_sim/workspaces/default/settle")).raise_for_status()
                credentials = facts["credentials"]["ppro"]
                api.headers["Authorization"] = f"Bearer {credentials['api_key']}"
                api.headers["Merchant-Id"] = credentials["merchant_id"]
                found = {id_: await status(api, id_) for id_ in ledger.told}
        finally:
            await machine.kill()

    assert len(ledger.told) > KILLS * 10
    for id_, answered in ledger.told.items():
        reached = PROMISED[found[id_]]
        assert reached[: len(PROMISED[answered])] == PROMISED[answered], f"{id_} was {answered} and is {found[id_]}"
        assert in_order(receiver.heard[id_]) == reached, f"{id_}: {receiver.heard[id_]}"
    assert len(set(found.values())) > 1, "the kills came between the steps of a purchase"


async def status(api: httpx.AsyncClient, id_: str) -> str:
    answer = await api.get(f"/v1/payment-charges/{id_}")
    return str(answer.raise_for_status().json()["status"])


def in_order(heard: list[str]) -> list[str]:
    """Each event at its first arrival: a killed server repeats what it could not tick off."""
    return list(dict.fromkeys(heard))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
