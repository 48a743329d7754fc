"""How something reaches a merchant's server: an errand goes out, a receipt comes back. Webhooks and endpoint checks use it.

The HTTP client behind it (`http_client.py`) is imported by a thread, at the first errand and never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol

from simulator.engine.reach import Reach
from simulator.kernel.retry import Receipt
from simulator.kernel.values import dataclass, value_type


@value_type
class Errand:
    """One request. Its URL, the names and values of its headers and its body leave exactly as they stand here."""

    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"
    from_network: bool = False
    """Whether another machine named the URL."""


class NotReached(Exception):
    """There is no answer, and the text says why, as somebody reads it who looks after the receiver."""


class OutOfTime(NotReached):
    """The receiver did not answer, or not as a whole, within the time that it has."""


class Courier(Protocol):
    """Who carries errands. Tests have one of their own."""

    async def carry(self, errand: Errand) -> Receipt:
        """The answer, of which only the beginning is kept. Raises `NotReached`."""

    async def close(self) -> None: ...


async def carried(courier: Courier, errand: Errand, within_s: float) -> Receipt:
    """The answer, if all of it is here in time: from the name's look-up to the last byte.

    Raises `NotReached`, which is `OutOfTime` where it is not.
    """
    try:
        async with asyncio.timeout(within_s):
            return await courier.carry(errand)
    except TimeoutError as error:
        raise OutOfTime(f"no complete answer within {within_s:g} s") from error


@dataclass(frozen=True, slots=True)
class Trust:
    """Files of certificate authorities that count beside the public ones; those that do not exist are passed over."""

    files: Sequence[Path] = ()


class OwnCourier:
    """The real one: makes the client at its first errand, for the life of the process."""

    def __init__(self, reach: Reach | None = None, trust: Trust | None = None) -> None:
        self._reach = reach or Reach()
        self._trust = trust or Trust()
        self._client: Courier | None = None
        self._first_use = asyncio.Lock()

    async def carry(self, errand: Errand) -> Receipt:
        client = self._client or await self._made()
        return await client.carry(errand)

    async def _made(self) -> Courier:
        async with self._first_use:
            if self._client is None:
                module = await asyncio.to_thread(import_module, "simulator.engine.http_client")
                client: Courier = module.HttpClient(self._reach, self._trust)
                self._client = client
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
