"""A request of which only a part has arrived is not executed, whoever it was for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from support import Sim

from engine.merchant import Merchant


async def cut_off(sim: Sim, method: str, path: str, headers: dict[str, str], *parts: bytes) -> list[Any]:
    """Sends these parts of a longer body and hangs up; what the server tried to answer."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"})
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await sim.app(scope, receive, send)
    return sent


def statuses(sent: Sequence[Any]) -> list[int]:
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


async def test_a_refund_whose_body_was_cut_off_is_not_made(sim: Sim, acme: Merchant) -> None:
    """What has arrived is JSON as it stands, for another amount than the merchant wanted."""
    id_ = await acme.paid()
    before = len(sim.hooks), len(await sim.requests())
    body = orjson.dumps({"amount": 5})
    headers = {**acme.headers, "content-type": "application/json", "content-length": str(len(body) + 20)}

    sent = await cut_off(sim, "POST", f"/acme/charges/{id_}/refunds", headers, body)

    assert sent == []
    assert (await sim.http.get(f"/acme/charges/{id_}", headers=acme.headers)).json()["refunded"] == 0
    await sim.settle()
    assert (len(sim.hooks), len(await sim.requests()) - 1) == before


async def test_a_call_of_the_control_api_whose_body_was_cut_off_is_not_made(sim: Sim) -> None:
    """No body at all would have frozen the clock; an answer, if any, is a refusal."""
    await sim.http.post(f"{sim.path}/clock/resume")

    sent = await cut_off(sim, "POST", f"{sim.path}/clock/freeze", {"content-length": "20"})

    assert statuses(sent) in ([], [400])
    assert sim.workspace.clock.mode == "real"


async def test_a_webhook_to_the_inbox_whose_body_was_cut_off_is_not_kept(sim: Sim) -> None:
    path = f"/_sim/inbox/{sim.workspace.public_id}/shop"
    await sim.http.post(path, content=b"whole")

    sent = await cut_off(sim, "POST", path, {"content-length": "20"}, b"half of")

    assert statuses(sent) in ([], [400])
    kept = (await sim.http.get(f"{sim.path}/inbox/shop")).json()["data"]
    assert [received["body"] for received in kept] == ["whole"]
