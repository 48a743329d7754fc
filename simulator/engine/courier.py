"""The one HTTP client with which we call merchants: their webhook endpoints, and the check that one is there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class Courier:
    """`client` makes the HTTP client, for the life of the process; tests hand in their own."""

    def __init__(self, client: Callable[[], httpx.AsyncClient] | None = None) -> None:
        self._make_client = client
        self._client: httpx.AsyncClient | None = None
        self._first_use = asyncio.Lock()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> httpx.Response:
        """Raises httpx's errors."""
        client = self._client or await self._connect()
        return await client.post(url, content=body, headers=headers, timeout=timeout_s)

    async def fetch(self, url: str, headers: Mapping[str, str], timeout_s: float = 10.0) -> httpx.Response:
        """A GET to a merchant's endpoint (endpoint verification). Raises httpx's errors."""
        client = self._client or await self._connect()
        return await client.get(url, headers=headers, timeout=timeout_s)

    async def _connect(self) -> httpx.AsyncClient:
        """Makes the client at its first use. Importing httpx takes a tenth of a second, so a thread does it."""
        async with self._first_use:
            if self._client is None:
                make = self._make_client
                self._client = make() if make is not None else await asyncio.to_thread(_plain_client)
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def _plain_client() -> httpx.AsyncClient:
    import httpx

    if find_spec("sniffio") is None:
        # httpcore looks for it seven times in each request; Python remembers modules that it found, not those it missed
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # the documented way to say that there is none
    return httpx.AsyncClient(
        headers={"user-agent": "psp-simulator"},
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
    )
