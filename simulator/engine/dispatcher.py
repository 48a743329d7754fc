"""Takes messages from the outbox to merchants: signs, posts, records the attempt, and asks the retry policy when again.

Messages of one payment to one address leave one after the other, in the order in which they happened; a retry does not
hold back what comes later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from simulator.engine.provider import Dropped, Sending
from simulator.engine.store import OutboxRow
from simulator.kernel.clock import from_micros, iso_millis, micros, stopwatch

if TYPE_CHECKING:
    import httpx

    from simulator.engine.runtime import Runtime

log = logging.getLogger("simulator")

ANSWER_LIMIT = 4096
"""Characters of a receiver's answer that are kept."""

Group = tuple[str, str, str]


class Dispatcher:
    """`client` makes the one HTTP client for the life of the process; tests hand in their own."""

    runtime: Runtime

    def __init__(self, client: Callable[[], httpx.AsyncClient] | None = None, concurrency: int = 16) -> None:
        self._make_client = client or _plain_client
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(concurrency)
        self._active: dict[int, dict[Group, asyncio.Task[None]]] = {}

    def start(self, workspace_id: int, fired: list[dict[str, Any]] | None = None) -> None:
        """Sends what is due, a task for each payment and address. `fired` collects the attempts."""
        workspace = self.runtime.workspace(workspace_id)
        rows = self.runtime.store.due_messages(workspace_id, micros(workspace.clock.now()))
        active = self._active.setdefault(workspace_id, {})
        rows.sort(key=lambda row: (_group(row), row.due, row.seq))
        for group, members in groupby(rows, key=_group):
            if group not in active:
                active[group] = asyncio.create_task(self._send_all(workspace_id, list(members), fired))

    async def finished_one(self, workspace_id: int) -> bool:
        """Waits until one of the tasks of a workspace is done; False when there is none."""
        active = self._active.get(workspace_id, {})
        if not active:
            return False
        await asyncio.wait(active.values(), return_when=asyncio.FIRST_COMPLETED)
        self._tidy(workspace_id)
        return True

    def _tidy(self, workspace_id: int) -> None:
        active = self._active.get(workspace_id, {})
        for group in [group for group, task in active.items() if task.done()]:
            task = active.pop(group)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("a delivery failed", exc_info=error)
        if not active:
            self._active.pop(workspace_id, None)

    async def _send_all(self, workspace_id: int, rows: list[OutboxRow], fired: list[dict[str, Any]] | None) -> None:
        try:
            for row in rows:
                async with self._slots:
                    await self.attempt(workspace_id, row, fired)
        finally:
            asyncio.get_running_loop().call_soon(self._after, workspace_id)

    def _after(self, workspace_id: int) -> None:
        self._tidy(workspace_id)
        self.runtime.wake(workspace_id)

    async def attempt(
        self, workspace_id: int, row: OutboxRow, fired: list[dict[str, Any]] | None = None, manual: bool = False
    ) -> None:
        """One try. A manual one does not touch the schedule unless it succeeds."""
        runtime = self.runtime
        current = runtime.store.message(workspace_id, row.id)
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
            with runtime._transaction():
                runtime.store.set_message_state(current.seq, "failed", None)
            return
        except Exception as problem:  # whatever it was, it is recorded as the attempt's outcome and tried again
            error = _describe(problem)
        duration_ms = (stopwatch() - started) * 1000
        if runtime.store.message(workspace_id, row.id) is None:
            return
        if status is not None and policy.acknowledges(status):
            state, due = "delivered", None
        elif manual:
            state, due = current.state, current.due
        elif (pause := policy.pause_after(n)) is not None:
            factor = float(workspace.setting("simulator", "retry_factor", 1.0))
            state, due = "pending", micros(at + timedelta(seconds=pause.total_seconds() * factor))
        else:
            state, due = "failed", None
        with runtime._transaction():
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
        if self._client is None:
            self._client = self._make_client()
        return await self._client.post(url, content=bytes(body), headers=headers, timeout=timeout_s)

    async def fetch(self, url: str, headers: dict[str, str], timeout_s: float = 10.0) -> httpx.Response:
        """A GET to a merchant's endpoint (endpoint verification). Raises httpx's errors."""
        if self._client is None:
            self._client = self._make_client()
        return await self._client.get(url, headers=headers, timeout=timeout_s)

    async def abandon(self, workspace_id: int) -> None:
        """Stops what is on its way for a workspace that is reset or deleted."""
        tasks = list(self._active.pop(workspace_id, {}).values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        for workspace_id in list(self._active):
            await self.abandon(workspace_id)
        if self._client is not None:
            await self._client.aclose()


def _group(row: OutboxRow) -> Group:
    return (row.provider, row.subject, row.url or "")


def _describe(problem: Exception) -> str:
    text = str(problem)
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _plain_client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=64))
