"""What becomes of an answer on its way to the merchant: it is slow, lost, cut off, or waits for a webhook.

Whether it does is a scenario's business (`faults`); here it happens to the connection. A server that shows its transport, as
uvicorn does with both of its parsers, has it closed or reset; any other, and a client within this process, gets an exception.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from simulator.engine.call import Weather
from simulator.engine.http import HttpReply, Receive, Send
from simulator.engine.messages import Plan
from simulator.engine.runtime import Runtime
from simulator.engine.store import OutboxRow
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import micros

HANG_S = 60.0
"""How long nothing is answered to a client that does not give up."""

BEFORE_ANSWER_S = 2.0
"""How long an answer waits for a receiver, in real time."""

_RESET = struct.pack("ii", 1, 0)
"""`SO_LINGER` with no time to linger: what closes the connection is a reset."""


# Leaving ---------------------------------------------------------------------------------------------------------


async def leave(answer: HttpReply, weather: Weather | None, receive: Receive, send: Send, *, bodiless: bool) -> None:
    """Sends an answer, or what the weather leaves of it."""
    body = b"" if bodiless else answer.body
    if weather is not None and (weather.hang or weather.reset):
        await _cut(receive, is_reset=weather.reset)
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if weather is None or not weather.truncate or not body:
        await send({"type": "http.response.body", "body": body})
    elif _transport(receive) is None:
        await send({"type": "http.response.body", "body": body[: len(body) // 2]})
    else:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await _cut(receive, is_reset=False)


def _transport(receive: Receive) -> asyncio.Transport | None:
    """The connection of a request, where the server shows it."""
    found = getattr(getattr(receive, "__self__", None), "transport", None)
    return found if hasattr(found, "abort") else None


async def _cut(receive: Receive, *, is_reset: bool) -> None:
    """Ends the connection. Raises `ConnectionError` where there is none, or none that we see."""
    transport = _transport(receive)
    if transport is None:
        raise (
            ConnectionResetError("a scenario has reset the connection")
            if is_reset
            else ConnectionAbortedError("a scenario has closed the connection without an answer")
        )
    if is_reset:
        with suppress(OSError, AttributeError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    else:
        transport.close()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Until the client is."""
    while (await receive())["type"] != "http.disconnect":
        pass


# Holding ---------------------------------------------------------------------------------------------------------


async def hold(runtime: Runtime, workspace: Workspace, weather: Weather, receive: Receive) -> None:
    """Waits as long as the weather says, in real time: until its scenario is disarmed, or the server stops. Who hears nothing
    may give up earlier; an answer that is only slow is made whoever waits for it."""
    if weather.delay_s:
        await _until_released(runtime, workspace, weather, weather.delay_s)
    if weather.hang:
        released = asyncio.ensure_future(_until_released(runtime, workspace, weather, HANG_S))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({released, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            released.cancel()
            gone.cancel()


async def _until_released(runtime: Runtime, workspace: Workspace, weather: Weather, within_s: float) -> None:
    with _told(lambda news: runtime.watch_workspace(workspace, news)) as news, suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not runtime.closing and _is_armed(runtime, workspace, weather):
                await news()


def _is_armed(runtime: Runtime, workspace: Workspace, weather: Weather) -> bool:
    found = runtime.find_workspace(workspace.public_id)
    return found is not None and any(entry["scenario"] == weather.scenario for entry in found.scenarios)


@contextmanager
def _told(watch: Callable[[Callable[[], None]], Callable[[], None]]) -> Iterator[Callable[[], Awaitable[None]]]:
    """What waits for the next news of what is watched."""
    happened = asyncio.Event()
    stop = watch(happened.set)

    async def news() -> None:
        await happened.wait()
        happened.clear()

    try:
        yield news
    finally:
        stop()


async def webhooks_first(
    runtime: Runtime, workspace: Workspace, provider: str, subjects: Sequence[str], since: datetime
) -> None:
    """Waits until the webhooks that a call has caused were received, and answered, if a scenario wants those before the answer.

    They are those of these payments since the call has begun. They are sent now; what a clock that runs brings within the time
    is waited for too.
    """
    with _told(lambda news: runtime.news.watch(workspace.id, news)) as news, suppress(TimeoutError):
        async with asyncio.timeout(BEFORE_ANSWER_S):
            while not runtime.closing and workspace.id in runtime.registry:
                current = runtime.workspace(workspace.id)
                if provider in current.paused:
                    return
                runtime.deliver(current)
                now = micros(current.clock.now())
                promised = _promised(runtime, workspace, provider, subjects, micros(since))
                if any(row.state == "pending" and not row.attempts and (row.due or 0) <= now for row in promised):
                    await news()
                elif promised or not _is_due_soon(runtime, workspace, now):
                    return
                else:
                    await news()


def _promised(
    runtime: Runtime, workspace: Workspace, provider: str, subjects: Sequence[str], since: int
) -> list[OutboxRow]:
    rows = [row for one in subjects for row in runtime.store.messages(workspace.id, provider=provider, subject=one)]
    return [row for row in rows if row.created >= since and Plan.load(row.plan).before_answer]


def _is_due_soon(runtime: Runtime, workspace: Workspace, now: int) -> bool:
    """Whether a timer of the workspace will fire within the time, which may bring a webhook."""
    clock = runtime.workspace(workspace.id).clock
    soon = 0 if clock.standing_at is not None else int(BEFORE_ANSWER_S * clock.rate * 1_000_000)
    return bool(runtime.store.timers(workspace.id, now + soon, limit=1))
