"""What a page is told while it stands: the stream, and polling where there is none."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from support import Sim

from wallet.conftest import Wallet
from wallet.test_pages import Visit
from wallet.visitor import PHONE


class Stream:
    """The raw events of one connection, without a network: `await next()` is the next one."""

    def __init__(self, sim: Sim, path: str) -> None:
        import asyncio

        self._queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(b"host", b"sim.test")], "scheme": "http",
        }  # fmt: skip
        self._task = asyncio.create_task(sim.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        body = message.get("body", b"").decode()
        if message["type"] == "http.response.body" and body:
            name, data = body.strip().split("\n")
            self._queue.put_nowait((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._queue.put_nowait(None)

    async def next(self) -> tuple[str, Any] | None:
        return await self._queue.get()

    async def until(self, name: str) -> Any:
        while (event := await self.next()) is not None:
            if event[0] == name:
                return event[1]
        return None

    async def close(self) -> None:
        self._gone.set()
        await self._task


@pytest.mark.uncounted
async def test_the_state_is_sent_on_connect_and_at_each_change(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code, phone = await wallet.order(), visit(PHONE)
    page = await visit().open(f"/w/{code}")
    [live] = [values for _, values in page.elements if values.get("id") == "live"]
    stream = Stream(sim, live["data-events"])

    first, clock = await stream.next(), await stream.next()
    await phone.open(f"/w/{code}")
    await phone.press("confirm")
    paid = await stream.until("state")

    assert first is not None and (first[0], first[1]["state"]) == ("state", "open")
    assert str(first[1]["version"]) == live["data-version"]
    assert clock == (
        "clock",
        {"now": "2026-03-04T05:00:00.000Z", "rate": 1, "frozen": True, "expires_at": "2026-03-04T05:15:00.000Z"},
    )
    assert (paid["state"], paid["announce"]) == ("paid", "Paid.")
    assert paid["version"] > first[1]["version"]
    assert 'data-outcome="paid"' in paid["html"]
    assert "return" in paid["html"] and "done" not in paid["html"].split("data-testid=")[1]
    assert await stream.until("end") is None
    await stream.close()


async def test_a_change_of_the_clock_is_told(wallet: Wallet, sim: Sim) -> None:
    stream = Stream(sim, f"/w/{await wallet.order()}/events")
    await stream.until("clock")

    await sim.advance(minutes=1)
    advanced = await stream.until("clock")
    await sim.http.post(f"{sim.path}/clock/resume")
    running = await stream.until("clock")
    await stream.close()

    assert (advanced["now"], advanced["frozen"]) == ("2026-03-04T05:01:00.000Z", True)
    assert running["frozen"] is False


async def test_a_reset_ends_the_stream(wallet: Wallet, sim: Sim) -> None:
    stream = Stream(sim, f"/w/{await wallet.order()}/events")
    await stream.until("clock")

    await sim.http.post(f"{sim.path}/reset")

    assert await stream.until("gone") == {}
    assert await stream.next() is None
    await stream.close()


async def test_a_stopping_server_ends_the_stream(wallet: Wallet, sim: Sim) -> None:
    stream = Stream(sim, f"/w/{await wallet.order()}/events")
    await stream.until("clock")

    sim.app.runtime.hang_up()

    assert await stream.next() is None
    await stream.close()


async def test_a_closed_connection_leaves_nothing_behind(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()
    streams = [Stream(sim, f"/w/{code}/events") for _ in range(3)]
    for stream in streams:
        await stream.until("clock")

    for stream in streams:
        await stream.close()

    assert len(sim.app.runtime.watchers) == 0


async def test_polling_tells_the_same_as_the_stream(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code = await wallet.order()
    page = await visit().open(f"/w/{code}")
    [live] = [values for _, values in page.elements if values.get("id") == "live"]
    stream = Stream(sim, live["data-events"])
    [state, clock] = [await stream.until("state"), await stream.until("clock")]
    await stream.close()

    polled = (await sim.http.get(live["data-state-url"])).json()

    tokens = replace_tokens(polled["html"]), replace_tokens(state["html"])
    assert tokens[0] == tokens[1]
    assert {**polled, "html": ""} == {**state, "html": "", "clock": clock}


def replace_tokens(html: str) -> str:
    """Tokens carry the second at which they were made."""
    import re

    return re.sub(r'(name="token" value=|data-token=)"[^"]*"', r"\1", html)


async def test_the_live_panel_links_to_pages_not_to_the_stream(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    state = (await sim.http.get(f"/w/{code}/state.json?view=phone&lang=en&buyer=li-na")).json()

    assert f'href="/w/{code}?view=phone&amp;lang=zh"' in state["html"]


async def test_only_a_get_follows_the_stream(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    answers: list[httpx.Response] = [
        await sim.http.request(method, f"/w/{code}/events") for method in ("HEAD", "POST", "DELETE")
    ]

    assert [answer.status_code for answer in answers] == [405, 405, 405]
    assert [answer.headers["allow"] for answer in answers] == ["GET", "GET", "GET"]


async def test_a_payment_has_a_number_of_its_own(wallet: Wallet, visit: Visit) -> None:
    numbers = []
    for _ in range(2):
        phone = visit(PHONE)
        await phone.open(f"/w/{await wallet.order()}")
        page = await phone.press("confirm")
        numbers += [line for line in page.text.splitlines() if "Payment no." in line]

    assert numbers[0] != numbers[1]
    assert all('<dd class="mono">2026 0304 ' in line for line in numbers)
