"""Takes messages from the outbox to merchants: signs, posts, records the attempt, and asks the retry policy when again.

Messages of one payment to one address leave one after the other, in the order in which they happened; a retry does not
hold back what comes later.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from simulator.engine.provider import Dropped, Sending
from simulator.engine.settings import SimulatorSettings
from simulator.engine.store import OutboxRow
from simulator.kernel.clock import from_micros, iso_millis, micros, stopwatch

if TYPE_CHECKING:
    import httpx

    from simulator.engine.runtime import Runtime

log = logging.getLogger("simulator")

ANSWER_LIMIT = 4096
"""Characters of a receiver's answer that are kept."""

PER_RECEIVER = 8
"""Deliveries that one workspace has under way to one host; the others wait, those to other hosts do not."""

AT_ONCE = 64
"""Deliveries of one workspace that are under way."""

LOOK_AHEAD = 1000
"""Due messages that are looked at in one go for who comes next."""

Group = tuple[str, str, str]
"""Provider, payment and address: what is delivered one after the other."""


class _Queue:
    """Who comes next in one workspace, and who is being served."""

    def __init__(self) -> None:
        self.waiting: dict[Group, str] = {}
        """In the order in which they fell due, with the receiving host."""
        self.active: dict[Group, asyncio.Task[None]] = {}
        self.busy: Counter[str] = Counter()
        """Deliveries under way by receiving host."""

    def next(self) -> Group | None:
        for group, host in self.waiting.items():
            if self.busy[host] < PER_RECEIVER:
                return group
        return None


class Dispatcher:
    """`client` makes the one HTTP client for the life of the process; tests hand in their own."""

    runtime: Runtime

    def __init__(self, client: Callable[[], httpx.AsyncClient] | None = None) -> None:
        self._make_client = client
        self._client: httpx.AsyncClient | None = None
        self._first_use = asyncio.Lock()
        self._queues: dict[int, _Queue] = {}
        self._abandoned: set[int] = set()

    def start(self, workspace_id: int, fired: list[dict[str, Any]] | None = None) -> None:
        """Sends what is due, a task for each payment and address. `fired` collects the attempts."""
        if workspace_id in self._abandoned:
            return
        queue = self._queues.setdefault(workspace_id, _Queue())
        if queue.next() is None and len(queue.active) < AT_ONCE:
            self._look(workspace_id, queue)
        while len(queue.active) < AT_ONCE and (group := queue.next()) is not None:
            host = queue.waiting.pop(group)
            queue.busy[host] += 1
            task = asyncio.create_task(self._send_all(workspace_id, group, fired))
            queue.active[group] = task
            task.add_done_callback(partial(self._sent, workspace_id, queue, group, host))
        if not queue.active:
            del self._queues[workspace_id]

    def _look(self, workspace_id: int, queue: _Queue) -> None:
        now = micros(self.runtime.workspace(workspace_id).clock.now())
        for group in self.runtime.store.due_groups(workspace_id, now, LOOK_AHEAD):
            if group not in queue.active and group not in queue.waiting:
                queue.waiting[group] = urlsplit(group[2]).netloc

    async def finished_one(self, workspace_id: int) -> bool:
        """Waits until one of the tasks of a workspace is done; False when there is none."""
        queue = self._queues.get(workspace_id)
        if queue is None or not queue.active:
            return False
        await asyncio.wait(queue.active.values(), return_when=asyncio.FIRST_COMPLETED)
        return True

    def _sent(self, workspace_id: int, queue: _Queue, group: Group, host: str, task: asyncio.Task[None]) -> None:
        queue.busy[host] -= 1
        del queue.active[group]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("a delivery failed", exc_info=error)
        elif self._queues.get(workspace_id) is queue:
            self.runtime.delivered(workspace_id)

    async def _send_all(self, workspace_id: int, group: Group, fired: list[dict[str, Any]] | None) -> None:
        runtime = self.runtime
        while True:
            now = micros(runtime.workspace(workspace_id).clock.now())
            row = runtime.store.next_message(workspace_id, *group, now)
            if row is None:
                return
            await self.attempt(workspace_id, row, fired)

    async def attempt(
        self, workspace_id: int, row: OutboxRow, fired: list[dict[str, Any]] | None = None, manual: bool = False
    ) -> None:
        """One try. A manual one does not touch the schedule unless it succeeds."""
        runtime = self.runtime
        current = runtime.store.message_at(row.seq)
        if current is None or (current.state != "pending" and not manual) or current.url is None:
            return
        workspace = runtime.workspace(workspace_id)
        at, n = workspace.clock.now(), current.attempts + 1
        policy = runtime.providers[current.provider].webhooks.retry
        headers: dict[str, str] = {}
        status, error, answer = None, None, None
        started = stopwatch()
        try:
            headers = self._headers(workspace_id, current, n)
            response = await self._post(current.url, current.body, headers, policy.timeout_s)
            status, answer = response.status_code, response.text[:ANSWER_LIMIT]
        except Dropped:
            with runtime.transaction():
                runtime.store.set_message_state(current.seq, "failed", None)
            return
        except Exception as problem:  # whatever it was, it is recorded as the attempt's outcome and tried again
            error = _describe(problem)
        duration_ms = (stopwatch() - started) * 1000
        if runtime.store.message_at(row.seq) is None:
            return
        if status is not None and policy.acknowledges(status):
            state, due = "delivered", None
        elif manual:
            state, due = current.state, current.due
        elif (pause := policy.pause_after(n)) is not None:
            factor = workspace.settings_of(SimulatorSettings).retry_factor
            state, due = "pending", micros(at + timedelta(seconds=pause.total_seconds() * factor))
        else:
            state, due = "failed", None
        with runtime.transaction(together=True):
            runtime.store.save_attempt(
                current,
                n=n,
                at=micros(at),
                status=status,
                duration_ms=round(duration_ms, 3),
                error=error,
                headers=orjson.dumps(headers),
                answer=answer,
                state=state,
                due=due,
            )
        if (committed := runtime.committed()) is not None:
            await committed
        if fired is not None:
            fired.append(
                {"at": iso_millis(at), "kind": "webhook", "provider": current.provider, "resource_id": current.subject}
            )

    def _headers(self, workspace_id: int, row: OutboxRow, n: int) -> dict[str, str]:
        workspace = self.runtime.workspace(workspace_id)
        uow = self.runtime.open(workspace)
        sending = Sending(
            workspace=workspace,
            event=row.event,
            body=bytes(row.body),
            context=orjson.loads(row.context),
            created_at=from_micros(row.created),
            at=uow.now,
            attempt=n,
            uow=uow,
        )
        return self.runtime.providers[row.provider].webhooks.sign(sending)

    async def _post(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> httpx.Response:
        client = self._client or await self._connect()
        return await client.post(url, content=bytes(body), headers=headers, timeout=timeout_s)

    async def fetch(self, url: str, headers: dict[str, str], timeout_s: float = 10.0) -> httpx.Response:
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

    async def abandon(self, workspace_id: int) -> None:
        """Stops what is on its way for a workspace that is reset or deleted, before the caller's next `await`."""
        queue = self._queues.pop(workspace_id, None)
        if queue is None:
            return
        self._abandoned.add(workspace_id)
        try:
            tasks = list(queue.active.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._abandoned.discard(workspace_id)

    async def close(self) -> None:
        for workspace_id in list(self._queues):
            await self.abandon(workspace_id)
        if self._client is not None:
            await self._client.aclose()


def _describe(problem: Exception) -> str:
    text = str(problem)
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


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
