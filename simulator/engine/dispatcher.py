"""Takes messages from the outbox to merchants: signs, has them carried, records the attempt, asks the retry policy when again.

Messages of one payment to one address leave one after the other, in the order in which they happened; a retry does not
hold back what comes later. A retry policy may demand one queue for the whole endpoint instead, in which it does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import field, replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from simulator.engine import journal
from simulator.engine.courier import Courier, Errand, NotReached, OutOfTime, carried
from simulator.engine.explain import Explained
from simulator.engine.messages import Plan
from simulator.engine.provider import Dropped, Provider, Sending, Signed
from simulator.engine.queues import Endpoint, Group, Queue, endpoint_of
from simulator.engine.reach import Reach
from simulator.engine.records import ANSWER_LOOKED_AT, Records
from simulator.engine.registry import Registry
from simulator.engine.store import EVERY, AttemptRow, OutboxRow, Store
from simulator.engine.timers import Fired
from simulator.engine.transactions import Transactions
from simulator.engine.tries import Other, Tried
from simulator.engine.webhook_bodies import CannotForge
from simulator.kernel.clock import from_micros, iso_millis, micros, stopwatch, time_of_day
from simulator.kernel.values import dataclass

log = logging.getLogger("simulator")

LOOK_AHEAD = 500
"""Due messages that are looked at in one go for who comes next."""

WORTH_TELLING_S = 1.0
"""A walk tells of the tries that it waited for at least so long, and of all that ran out of time."""


@dataclass(eq=False)
class Watch:
    """What somebody who walks through a workspace's deadlines learns of the deliveries meanwhile."""

    fired: list[Fired] = field(default_factory=list)
    waited_for: list[dict[str, Any]] = field(default_factory=list)
    """As the control API tells it: `delivery`, `url`, `seconds`."""
    arrived_at: datetime | None = None
    """The instant at which the advance of the clock has ended."""
    given_up: set[Endpoint] = field(default_factory=set)
    """Those that have run out of time once. They are sent what is due for them, but nobody waits for that any more."""


class Dispatcher:
    """`ended` is called when a slot of a workspace is free, so that another delivery may begin, or a message is due again: with
    False when something could not be recorded, so that it is still due. `recorded` hears of each attempt that is written."""

    def __init__(
        self,
        courier: Courier,
        reach: Reach,
        store: Store,
        registry: Registry,
        transactions: Transactions,
        providers: Mapping[str, Provider],
        ended: Callable[[int, bool], None],
        recorded: Callable[[int], None],
    ) -> None:
        self._courier = courier
        self._reach = reach
        self._store = store
        self._registry = registry
        self._transactions = transactions
        self._providers = providers
        self._ended = ended
        self._recorded = recorded
        self._queues: dict[int, Queue] = {}
        self._watches: dict[int, Watch] = {}
        self._halted: set[int] = set()
        self._records = Records(store, transactions, providers)

    # Who comes next --------------------------------------------------------------------------------------------

    def start(self, workspace_id: int) -> bool:
        """Begins to send what is due. True where more is due than was looked at: others have their turn before."""
        if workspace_id in self._halted:
            return False
        queue = self._queues.setdefault(workspace_id, Queue())
        is_more = self._look(workspace_id, queue)
        while (group := queue.take()) is not None:
            task = asyncio.create_task(self._serve(workspace_id, queue, group))
            queue.active[group] = task
            task.add_done_callback(partial(self._served, workspace_id, queue))
        if not queue.active and not is_more and not self._store.passes_over(workspace_id):
            del self._queues[workspace_id]
        return is_more

    def _look(self, workspace_id: int, queue: Queue) -> bool:
        """Reads on in the list of what is due: True where it has not come to its end."""
        now = micros(self._registry[workspace_id].clock.now())
        rows = self._store.due_groups(workspace_id, now, LOOK_AHEAD, queue.place)
        if rows:
            queue.place = rows[-1][3:]
        queue.add((row[0], "" if self._one_queue(row[0]) else row[1], row[2]) for row in rows)
        if len(rows) == LOOK_AHEAD:
            return True
        queue.place = (now, EVERY)
        return False

    def seen(self, workspace_id: int) -> int:
        """The instant (microseconds) up to which nothing waits but what is held back, so that nobody reads that over and over; 0
        where that is not known."""
        queue = self._queues.get(workspace_id)
        return 0 if queue is None or not self._store.passes_over(workspace_id) else queue.seen

    def due_from(self, workspace_id: int, due: int) -> None:
        """Messages have been promised for this instant and later ones."""
        if (queue := self._queues.get(workspace_id)) is not None:
            queue.due_from(due)

    def look_again(self, workspace_id: int | None = None) -> None:
        """The store does not hold what it seemed to hold: the lists of what is due, all of them or a workspace's, are read from
        their beginning."""
        for id_, queue in self._queues.items():
            if workspace_id in (None, id_):
                queue.place = None

    async def _serve(self, workspace_id: int, queue: Queue, group: Group) -> None:
        """Serves a group, and after it whose turn it is then."""
        task = queue.active[group]
        turn: Group | None = group
        while turn is not None:
            is_sent = await self._serve_group(workspace_id, queue, turn)
            if (turn := queue.take()) is not None:
                queue.active[turn] = task
                if not is_sent:
                    await asyncio.sleep(0)  # thousands may have nothing any more, and others want to be served

    async def _serve_group(self, workspace_id: int, queue: Queue, group: Group) -> bool:
        """Sends what is due for a group, or its first message only, if others wait for the slot: False when nothing is."""
        is_sent = False
        try:
            while (row := await self._transactions.patiently(partial(self._next, workspace_id, group))) is not None:
                is_sent = True
                await self._try(workspace_id, queue, group, row)
                if queue.gives_way(group):
                    queue.end(group)
                    queue.add([group])
                    break
            return is_sent
        except BaseException as error:
            queue.place = None
            queue.problem = error if isinstance(error, Exception) else None
            raise
        finally:
            if group in queue.active:
                queue.end(group)
            queue.news.set()

    async def _try(self, workspace_id: int, queue: Queue, group: Group, row: OutboxRow) -> None:
        started = stopwatch()
        is_late = await self._attempts(workspace_id, row)
        seconds = stopwatch() - started
        queue.ran_out_of_time(group, is_late)
        watch, endpoint = self._watches.get(workspace_id), endpoint_of(group)
        if watch is not None and endpoint not in watch.given_up and (is_late or seconds >= WORTH_TELLING_S):
            url = self._providers[row.provider].masking.address(row.url or "")
            watch.waited_for.append({"delivery": row.id, "url": url, "seconds": round(seconds, 3)})
        if watch is not None and is_late:
            watch.given_up.add(endpoint)
        queue.news.set()

    async def _attempts(self, workspace_id: int, row: OutboxRow) -> bool:
        """One try of a message, and at the same moment of those that leave with it: True when the receiver ran out of time."""
        if not Plan.load(row.plan).together:
            return await self._send(workspace_id, row)
        now = micros(self._registry[workspace_id].clock.now())
        rows = [row, *self._store.together_with(row, now)]
        ended = await asyncio.gather(*(self.attempt(workspace_id, one) for one in rows), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        return any(ended)

    def _served(self, workspace_id: int, queue: Queue, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if (outage := self._store.outage(error)) is not None:
            log.error("a delivery failed: %s", outage)
        elif error is not None:
            log.error("a delivery failed", exc_info=error)
        if self._queues.get(workspace_id) is queue:
            self._ended(workspace_id, error is None)

    def is_busy(self, workspace_id: int) -> bool:
        """Whether a delivery of the workspace is under way."""
        return workspace_id in self._queues and bool(self._queues[workspace_id].active)

    def _one_queue(self, provider: str) -> bool:
        return self._providers[provider].webhooks.retry.queue == "endpoint"

    def _next(self, workspace_id: int, group: Group) -> OutboxRow | None:
        """The group's next message; None when there is none, or when the first of an endpoint's queue has to wait.

        Then all behind it get its instant, so that nobody looks at them before.
        """
        provider, _, url = group
        workspace = self._registry[workspace_id]
        if provider in workspace.paused:
            return None
        now = micros(workspace.clock.now())
        if not self._one_queue(provider):
            return self._store.next_message(workspace_id, *group, now)
        first = self._store.next_in_queue(workspace_id, provider, url, now)
        if first is not None and first.due is not None and first.due > now:
            with self._transactions.writing() as store:
                store.hold_back(workspace_id, provider, url, first.due)
            return None
        return first

    # For who walks through the deadlines -------------------------------------------------------------------------

    def watch(self, workspace_id: int) -> Watch:
        """What the workspace's deliveries come to is told to the watch from now on, until `unwatch`."""
        watch = self._watches[workspace_id] = Watch()
        return watch

    def unwatch(self, workspace_id: int) -> None:
        del self._watches[workspace_id]

    async def news(self, workspace_id: int) -> bool:
        """Waits until there is something to do or to see; False when there is nothing to wait for. Raises what went wrong.

        Only the first try that runs out of time at an endpoint is waited for.
        """
        queue, watch = self._queues.get(workspace_id), self._watches[workspace_id]
        if queue is None:
            return False
        queue.problem = None
        queue.news.clear()
        if queue.concerns_others_than(watch.given_up):
            await queue.news.wait()
        else:
            await asyncio.sleep(0)  # so that what nobody waits for begins at the instant at which it is due
        if queue.problem is not None:
            raise queue.problem
        return queue.news.is_set()

    def nudge(self, workspace_id: int) -> None:
        """Something is due for who walks here and waits for news."""
        if (queue := self._queues.get(workspace_id)) is not None:
            queue.news.set()

    # One try -----------------------------------------------------------------------------------------------------

    async def attempt(
        self, workspace_id: int, row: OutboxRow, manual: bool = False, other: Other | None = None
    ) -> bool:
        """One try: True when the receiver ran out of time. A manual one does not touch the schedule unless it succeeds, and
        an `other` not even then."""
        current = self._store.as_it_stands(row)
        if current is None or (current.state != "pending" and not manual):
            return False
        return await self._send(workspace_id, current, manual, other)

    async def _send(
        self, workspace_id: int, current: OutboxRow, manual: bool = False, other: Other | None = None
    ) -> bool:
        """One try of a message that has just been read: True when the receiver ran out of time."""
        if current.url is None:
            return False
        workspace = self._registry[workspace_id]
        at, n, halts = workspace.clock.now(), current.attempts + 1, self._records.halts[workspace_id]
        policy = self._providers[current.provider].webhooks.retry
        signed = Signed({}, bytes(current.body))
        status, error, answer, is_received, is_late = None, None, None, False, False
        started, sent = stopwatch(), time_of_day()
        try:
            signed = self._leaving(workspace_id, current, n, sent, other)
            errand = Errand(current.url, signed.headers, signed.body, from_network=bool(current.from_network))
            if (why := self._reach.objection(errand.url, errand.from_network)) is not None:
                raise NotReached(why)
            receipt = await carried(self._courier, errand, policy.timeout_s)
            status, answer = receipt.status, receipt.text[:ANSWER_LOOKED_AT]
            is_received = policy.acknowledges(receipt)
        except Dropped:
            with self._transactions.writing() as store:
                store.set_message_state(current.seq, "failed", None)
            return False
        except self._store.OUTAGES:
            raise
        except Exception as problem:  # whatever it was, it is recorded as the attempt's outcome and tried again
            error, is_late = _describe(problem), isinstance(problem, OutOfTime)
        seconds = stopwatch() - started
        tried = Tried(current, at, sent, signed, status, error, answer, is_received, seconds, halts, manual, other)
        written = await self._records.write(workspace, tried)
        if written is None:
            return False
        lets_go = tried.lets_go(policy)
        if (queue := self._queues.get(workspace_id)) is not None and (lets_go or written.due is not None):
            queue.due_from(micros(at) if lets_go else written.due or 0, 0 if lets_go else current.seq)
        self._recorded(workspace_id)
        if lets_go or written.due is not None:
            self._ended(workspace_id, True)
        if (watch := self._watches.get(workspace_id)) is not None and not manual:
            watch.fired.append(
                {
                    "at": iso_millis(at),
                    "kind": "webhook",
                    "provider": current.provider,
                    "resource_id": current.subject,
                    "summary": journal.attempted(current.event, written.n, status, error),
                }
            )
        return is_late

    def conclude(self, store: Store, row: OutboxRow, state: str) -> None:
        """Ends a message as somebody says: it is `delivered`, or tried no more (`failed`). Those behind it in an endpoint's
        queue move up."""
        store.set_message_state(row.seq, state, None)
        if self._one_queue(row.provider) and row.due is not None and row.url is not None:
            now = micros(self._registry[row.workspace].clock.now())
            store.let_go(row.workspace, row.provider, row.url, row.due, now)
            if (queue := self._queues.get(row.workspace)) is not None:
                queue.due_from(now, 0)

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

    def explained(self, row: OutboxRow, attempt: AttemptRow | None) -> Explained | None:
        """How the signature of an attempt came about, or of that which would leave now: with the secret that made it, also where
        that has changed since or its endpoint is gone (`Workspace.former`). None where there is none, or nobody can say
        any more."""
        if row.provider not in self._providers:
            return None
        n, sent = (row.attempts + 1, None) if attempt is None else (attempt.n, attempt.sent)
        at = time_of_day() if sent is None else from_micros(sent)
        explain, sending = self._providers[row.provider].webhooks.explain, self._sending(row.workspace, row, n, at)
        if attempt is None:
            try:
                return explain(sending, self._signed(row.workspace, row, n, at))
            except Dropped:
                return None
        left = _left(row, attempt)
        now = _explained(explain, sending, left)
        if now is None or not (now.is_right or Plan.load(row.plan).is_adversarial):
            for workspace in sending.workspace.formerly(row.provider):
                then = _explained(explain, replace(sending, workspace=workspace), left)
                if then is not None and then.is_right:
                    return replace(then, is_former=True)
        return now

    def bears_signature(self, row: OutboxRow, attempt: AttemptRow) -> bool:
        """Whether an attempt was signed, also where nobody can say any more with what."""
        provider = self._providers.get(row.provider)
        left = _left(row, attempt)
        try:
            return provider is not None and provider.webhooks.forging.is_borne(left.headers, left.body)
        except CannotForge:
            return False

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
        sending = self._sending(workspace_id, row, n, sent)
        return self._providers[row.provider].webhooks.played(sending, Plan.load(row.plan))

    def _sending(self, workspace_id: int, row: OutboxRow, n: int, sent: datetime) -> Sending:
        self._transactions.make_sure()
        workspace = self._registry[workspace_id]
        first = self._store.first_sent(row.seq) if n > 1 else None
        return Sending(
            workspace=workspace,
            event=row.event,
            body=bytes(row.body),
            context=orjson.loads(row.context),
            created_at=from_micros(row.created),
            at=workspace.clock.now(),
            attempt=n,
            sent_at=sent,
            first_sent_at=sent if first is None else from_micros(first),
        )

    @asynccontextmanager
    async def halted(self, workspace_id: int) -> AsyncIterator[None]:
        """Within the block nothing is delivered for this workspace. Deliveries that are under way are stopped first, and are not
        recorded."""
        self._halted.add(workspace_id)
        self._records.halts[workspace_id] += 1
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
            queue.news.set()

    async def close(self) -> None:
        for workspace_id in list(self._queues):
            await self._stop(workspace_id)


def _left(row: OutboxRow, attempt: AttemptRow) -> Signed:
    return Signed(orjson.loads(attempt.headers), bytes(row.body if attempt.body is None else attempt.body))


def _explained(
    explain: Callable[[Sending, Signed], Explained | None], sending: Sending, left: Signed
) -> Explained | None:
    """None also where the endpoint is gone."""
    try:
        return explain(sending, left)
    except Dropped:
        return None


def _describe(problem: Exception) -> str:
    text = str(problem)
    if isinstance(problem, NotReached | CannotForge):
        return text
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
