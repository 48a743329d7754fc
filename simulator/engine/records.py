"""Writes what came of tries to deliver messages. Those that end in the same turn of the event loop are written together.

Nearly always a message is still in the store as it was read before the try. So it is not read again; the write itself checks
that. Where one of the messages has changed meanwhile, or they cannot be written together, each is read and written alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

import orjson

from simulator.engine import again
from simulator.engine.messages import Plan
from simulator.engine.provider import Provider
from simulator.engine.store import AttemptRow, OutboxRow, Store
from simulator.engine.transactions import Transactions
from simulator.engine.tries import Tried
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import micros
from simulator.kernel.values import value_type

ANSWER_LIMIT = 4096
"""Characters of a receiver's answer that are kept."""

ANSWER_LOOKED_AT = 2 * ANSWER_LIMIT
"""Characters of it that are searched for secrets: more than are kept, so that no secret is cut in two before it is found."""


class _NotTogether(Exception):
    """Tries that ended together could not be written together."""


@value_type
class Record:
    message: OutboxRow
    """The message as it was read before the try."""
    row: AttemptRow
    state: str
    due: int | None
    """When it is due again; like `state`, this is what the message gets by the try."""

    @property
    def n(self) -> int:
        return self.row.n


class Records:
    def __init__(self, store: Store, transactions: Transactions, providers: Mapping[str, Provider]) -> None:
        self._store = store
        self._transactions = transactions
        self._providers = providers
        self._ended: list[tuple[Record, asyncio.Future[None]]] = []
        """The tries that have ended in this turn of the event loop."""
        self.halts: Counter[int] = Counter()
        """How often each workspace was halted. A halt may have reset it, so a try that began before one does not count."""

    async def write(self, workspace: Workspace, tried: Tried) -> Record | None:
        """Writes what came of a try and returns it once it is committed; None where the try does not count any more."""
        if not tried.is_manual and self.halts[workspace.id] == tried.halts:
            with suppress(_NotTogether):
                return await self._written(self._record(workspace, tried, tried.message))
        # It may have arrived: a lock is no reason to send it twice.
        found = await self._transactions.patiently(partial(self._write_alone, workspace, tried))
        if found is not None and (committed := self._transactions.committed()) is not None:
            await committed
        return found

    async def _written(self, record: Record) -> Record:
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        if not self._ended:
            loop.call_soon(self._write_ended)
        self._ended.append((record, waiter))
        await waiter
        again.written()
        return record

    def _write_ended(self) -> None:
        ended, self._ended = [each for each in self._ended if not each[1].done()], []
        if not ended:  # they were broken off meanwhile
            return
        waiters = [waiter for _, waiter in ended]
        try:
            with self._transactions.writing(together=True) as store:
                store.save_attempts([(one.message, one.row, one.state, one.due) for one, _ in ended])
        except Exception:  # whatever was wrong: each waiter writes alone and meets it again, if it is its own
            for waiter in waiters:
                waiter.set_exception(_NotTogether())
        else:
            self._transactions.tell(waiters)

    def _write_alone(self, workspace: Workspace, tried: Tried) -> Record | None:
        latest = self._store.as_it_stands(tried.message)
        if latest is None or self.halts[workspace.id] != tried.halts:
            return None
        record, message = self._record(workspace, tried, latest), tried.message
        with self._transactions.writing(together=True) as store:
            store.save_attempts([(record.message, record.row, record.state, record.due)])
            if (
                tried.lets_go(self._providers[message.provider].webhooks.retry)
                and message.due is not None
                and message.url is not None
            ):
                store.let_go(workspace.id, message.provider, message.url, message.due, micros(tried.at))
        return record

    def _record(self, workspace: Workspace, tried: Tried, latest: OutboxRow) -> Record:
        """What is to be written of a try, given the message as the store has it now."""
        at, other, provider = tried.at, tried.other, self._providers[latest.provider]
        n = latest.attempts + 1
        if tried.is_received and not (other is not None and other.is_edited):
            state, due = "delivered", None
        elif tried.is_manual or latest.state != "pending":  # somebody has ended it meanwhile
            state, due = latest.state, latest.due
        elif (
            not Plan.load(latest.plan).is_adversarial and (pause := provider.webhooks.retry.pause_after(n)) is not None
        ):
            factor = workspace.own_settings.retry_factor
            state, due = "pending", micros(at + timedelta(seconds=pause.total_seconds() * factor))
        else:
            state, due = "failed", None
        masking, body = provider.masking, tried.signed.body
        known = workspace.secrets_of(latest.provider, masking)
        if body == latest.body:
            kept = None
        else:  # it is kept byte by byte, as the message itself is
            kept = body if other is None else masking.body(body, known)
        row = AttemptRow(
            message=latest.seq,
            n=n,
            at=micros(at),
            status=tried.status,
            duration_ms=round(tried.seconds * 1000, 3),
            error=tried.error and masking.text(tried.error, known),
            headers=orjson.dumps(masking.headers_of(tried.signed.headers, known)),
            answer=tried.answer and masking.text(tried.answer, known)[:ANSWER_LIMIT],
            body=kept,
            sent=micros(tried.sent),
        )
        return Record(latest, row, state, due)
