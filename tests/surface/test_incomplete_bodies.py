"""A client that goes away before its body is complete has asked for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from support import Sim
from toy.acme import TALKATIVE


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


async def send_and_hang_up(sim: Sim, method: str, path: str, *chunks: bytes) -> list[dict[str, Any]]:
    """A request whose client disappears after these chunks of its body. Returns what was sent to nobody."""
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks] + [{"type": "http.disconnect"}]
    )
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"sim.test"), (b"content-type", b"application/json"), (b"content-length", b"1000")],
        "client": ("127.0.0.1", 50000),
        "server": ("sim.test", 80),
    }
    await sim.app(scope, receive, send)
    return answered


@pytest.mark.parametrize(
    ("method", "path", "start"),
    [
        ("POST", "/clock/advance", b'{"by": "1h"}'),
        ("POST", "/clock/resume", b""),
        ("POST", "/reset", b"{}"),
        ("PUT", "/webhooks/acme", b'{"url": "http://other.test/hooks"}'),
        ("PUT", "/settings/simulator", b'{"retry_factor": 0.5}'),
        ("PUT", "/scenario", b'{"rules": []}'),
        ("PUT", "/buyers/li-na", b'{"balance": 1}'),
    ],
)
async def test_a_call_whose_body_is_cut_off_is_not_executed_even_if_what_came_makes_sense(
    sim: Sim, method: str, path: str, start: bytes
) -> None:
    """`reset` and `resume` take no body and count as much: what they were going to say is not known."""
    await sim.receive_webhooks("acme")
    await sim.arm([{"wallet": {"decline": "balance"}}])
    before = await everything(sim)

    answered = await send_and_hang_up(sim, method, sim.path + path, start)

    assert await everything(sim) == before
    assert answered[0]["status"] == 400, "nobody reads it, and nothing crashed"


async def test_half_a_webhook_is_not_kept_in_the_inbox(sim: Sim) -> None:
    answered = await send_and_hang_up(sim, "POST", f"/_sim/inbox/{sim.workspace.public_id}/orders", b'{"amount": 5')

    assert (await sim.http.get(f"{sim.path}/inbox/orders")).json()["data"] == []
    assert answered[0]["status"] == 400


async def test_a_workspace_is_not_made_from_half_a_body(sim: Sim) -> None:
    async def names() -> list[str]:
        return [workspace["name"] for workspace in (await sim.http.get("/_sim/workspaces")).json()["data"]]

    before = await names()

    await send_and_hang_up(sim, "POST", "/_sim/workspaces", b'{"name": "half"}')

    assert await names() == before


async def everything(sim: Sim) -> list[Any]:
    """What these calls could have changed."""
    return [(await sim.http.get(sim.path + what)).json() for what in ("", "/clock", "/scenario", "/buyers")]
