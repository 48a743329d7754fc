"""Takes messages from the outbox to merchants: signs, posts, records the attempt, and asks the retry policy when again.

Messages of one payment to one address leave one after the other, in the order in which they happened; a retry does not
hold back what comes later. A retry policy may demand one queue for the whole endpoint instead, in which it does.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import orjson

from simulator.engine.courier import Courier, Errand, NotReached, carried
from simulator.engine.provider import Dropped, Provider, Sending, Signed
from simulator.engine.registry import Registry
from simulator.engine.settings import SimulatorSettings
from simulator.engine.store import OutboxRow, Store
from simulator.engine.timers import Fired
from simulator.engine.transactions import Transactions
from simulator.engine.units import Units
from simulator.kernel.clock import from_micros, iso_millis, micros, stopwatch, time_of_day

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
"""Provider, payment and address: what is delivered one after the other. The payment is empty for an endpoint's one queue."""


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


@dataclass(frozen=True)
class Other:
    """What leaves in an attempt that somebody asked for, where it is not the message signed anew: a recorded attempt as it
    was, other bytes under a right signature, other headers beside it or in the place of ours."""

    recorded: Signed | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_edited(self) -> bool:
        """Whether the message itself is still not delivered when this was received."""
        return self.body is not None or bool(self.headers)

    @property
    def lower(self) -> set[str]:
        return {name.lower() for name in self.headers}


class Dispatcher:
    """`ended` is called whenever a delivery of a workspace has ended, so that another may begin: with False when it could
    not be recorded, so that its message is still due."""

    def __init__(
        self,
        courier: Courier,
        store: Store,
        registry: Registry,
        transactions: Transactions,
        units: Units,
        providers: Mapping[str, Provider],
        ended: Callable[[int, bool], None],
    ) -> None:
        self._courier = courier
        self._store = store
        self._registry = registry
        self._transactions = transactions
        self._units = units
        self._providers = providers
        self._ended = ended
        self._queues: dict[int, _Queue] = {}
        self._halted: set[int] = set()

    def start(self, workspace_id: int, fired: list[Fired] | None = None) -> None:
        """Sends what is due, a task for each payment and address. `fired` collects the attempts."""
        if workspace_id in self._halted:
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
        now = micros(self._registry[workspace_id].clock.now())
        for provider, payment, url in self._store.due_groups(workspace_id, now, LOOK_AHEAD):
            group = (provider, "" if self._one_queue(provider) else payment, url)
            if group not in queue.active and group not in queue.waiting:
                queue.waiting[group] = urlsplit(group[2]).netloc

    async def finished_one(self, workspace_id: int) -> bool:
        """Waits until one of the tasks of a workspace is done; False when there is none. Raises what a task has raised."""
        queue = self._queues.get(workspace_id)
        if queue is None or not queue.active:
            return False
        done, _ = await asyncio.wait(queue.active.values(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        return True

    def is_busy(self, workspace_id: int) -> bool:
        """Whether a delivery of the workspace is under way."""
        return workspace_id in self._queues and bool(self._queues[workspace_id].active)

    def _sent(self, workspace_id: int, queue: _Queue, group: Group, host: str, task: asyncio.Task[None]) -> None:
        queue.busy[host] -= 1
        del queue.active[group]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("a delivery failed", exc_info=error)
        if self._queues.get(workspace_id) is queue:
            self._ended(workspace_id, error is None)

    async def _send_all(self, workspace_id: int, group: Group, fired: list[Fired] | None) -> None:
        while True:
            now = micros(self._registry[workspace_id].clock.now())
            row = self._next(workspace_id, group, now)
            if row is None:
                return
            await self.attempt(workspace_id, row, fired)

    def _one_queue(self, provider: str) -> bool:
        return self._providers[provider].webhooks.retry.queue == "endpoint"

    def _next(self, workspace_id: int, group: Group, now: int) -> OutboxRow | None:
        """The group's next message; None when there is none, or when the first of an endpoint's queue has to wait.

        Then all behind it get its instant, so that nobody looks at them before.
        """
        provider, _, url = group
        if not self._one_queue(provider):
            return self._store.next_message(workspace_id, *group, now)
        first = self._store.next_in_queue(workspace_id, provider, url, now)
        if first is not None and first.due is not None and first.due > now:
            with self._transactions.writing() as store:
                store.hold_back(workspace_id, provider, url, first.due)
            return None
        return first

    async def attempt(
        self,
        workspace_id: int,
        row: OutboxRow,
        fired: list[Fired] | None = None,
        manual: bool = False,
        other: Other | None = None,
    ) -> None:
        """One try. A manual one does not touch the schedule unless it succeeds, and an `other` not even then."""
        current = self._store.message_at(row.seq)
        if current is None or (current.state != "pending" and not manual) or current.url is None:
            return
        workspace = self._registry[workspace_id]
        at, n = workspace.clock.now(), current.attempts + 1
        policy = self._providers[current.provider].webhooks.retry
        signed = Signed({}, bytes(current.body))
        status, error, answer, is_received = None, None, None, False
        started, sent = stopwatch(), time_of_day()
        try:
            signed = self._leaving(workspace_id, current, n, sent, other)
            receipt = await carried(self._courier, Errand(current.url, signed.headers, signed.body), policy.timeout_s)
            status, answer = receipt.status, receipt.text[:ANSWER_LIMIT]
            is_received = policy.acknowledges(receipt)
        except Dropped:
            with self._transactions.writing() as store:
                store.set_message_state(current.seq, "failed", None)
            return
        except Exception as problem:  # whatever it was, it is recorded as the attempt's outcome and tried again
            error = _describe(problem)
        duration_ms = (stopwatch() - started) * 1000
        latest = self._store.message_at(row.seq)
        if latest is None:
            return
        if is_received and not (other is not None and other.is_edited):
            state, due = "delivered", None
        elif manual or latest.state != "pending":  # somebody has ended it meanwhile
            state, due = latest.state, latest.due
        elif (pause := policy.pause_after(n)) is not None:
            factor = workspace.settings_of(SimulatorSettings).retry_factor
            state, due = "pending", micros(at + timedelta(seconds=pause.total_seconds() * factor))
        else:
            state, due = "failed", None
        lets_go = manual and is_received and policy.queue == "endpoint"
        with self._transactions.writing(together=True) as store:
            store.save_attempt(
                current,
                n=n,
                at=micros(at),
                sent=micros(sent),
                status=status,
                duration_ms=round(duration_ms, 3),
                error=error,
                headers=orjson.dumps(dict(signed.headers)),
                answer=answer,
                body=signed.body,
                state=state,
                due=due,
            )
            if lets_go and current.due is not None:
                store.let_go(workspace_id, current.provider, current.url, current.due, micros(at))
        if (committed := self._transactions.committed()) is not None:
            await committed
        if lets_go:
            self._ended(workspace_id, True)
        if fired is not None:
            fired.append(
                {"at": iso_millis(at), "kind": "webhook", "provider": current.provider, "resource_id": current.subject}
            )

    def conclude(self, store: Store, row: OutboxRow, state: str) -> None:
        """Ends a message as somebody says: it is `delivered`, or tried no more (`failed`). Those behind it in an endpoint's
        queue move up."""
        store.set_message_state(row.seq, state, None)
        if self._one_queue(row.provider) and row.due is not None and row.url is not None:
            now = micros(self._registry[row.workspace].clock.now())
            store.let_go(row.workspace, row.provider, row.url, row.due, now)

    def edited(self, row: OutboxRow, body: bytes) -> Signed:
        """What would leave if the message had this body. Raises whatever the provider's signing raises of it."""
        return self._signed(row.workspace, row._replace(body=body), row.attempts + 1, time_of_day())

    def would_send(self, row: OutboxRow) -> bytes:
        """The body that would leave now, or as it was rendered where it cannot be signed: the attempt will say why."""
        if row.provider not in self._providers:
            return bytes(row.body)
        try:
            return self._signed(row.workspace, row, row.attempts + 1, time_of_day()).body
        except Exception as problem:  # Dropped, or a fault of the provider's, which each attempt records
            log.debug("%s cannot be signed: %s", row.id, _describe(problem))
            return bytes(row.body)

    def _leaving(self, workspace_id: int, row: OutboxRow, n: int, sent: datetime, other: Other | None) -> Signed:
        if other is None:
            return self._signed(workspace_id, row, n, sent)
        signed = other.recorded
        if signed is None:
            own = bytes(row.body) if other.body is None else other.body
            signed = self._signed(workspace_id, row._replace(body=own), n, sent)
        kept = {name: value for name, value in signed.headers.items() if name.lower() not in other.lower}
        return Signed({**kept, **other.headers}, signed.body)

    def _signed(self, workspace_id: int, row: OutboxRow, n: int, sent: datetime) -> Signed:
        workspace = self._registry[workspace_id]
        first = self._store.first_sent(row.seq) if n > 1 else None
        uow = self._units.read(workspace)
        sending = Sending(
            workspace=workspace,
            event=row.event,
            body=bytes(row.body),
            context=orjson.loads(row.context),
            created_at=from_micros(row.created),
            at=uow.now,
            attempt=n,
            sent_at=sent,
            first_sent_at=sent if first is None else from_micros(first),
        )
        return self._providers[row.provider].webhooks.signed(sending)

    @asynccontextmanager
    async def halted(self, workspace_id: int) -> AsyncIterator[None]:
        """Nothing is delivered for this workspace within; what is on its way is stopped first."""
        self._halted.add(workspace_id)
        try:
            await self._stop(workspace_id)
            yield
        finally:
            self._halted.discard(workspace_id)

    async def _stop(self, workspace_id: int) -> None:
        queue = self._queues.pop(workspace_id, None)
        if queue is not None:
            tasks = list(queue.active.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        for workspace_id in list(self._queues):
            await self._stop(workspace_id)


def _describe(problem: Exception) -> str:
    text = str(problem)
    if isinstance(problem, NotReached):
        return text
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
