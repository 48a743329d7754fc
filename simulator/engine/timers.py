"""Fires the timers that are due, each in a unit of work of its own and at its own instant.

A timer may come too late: its resource has left the state for which it was armed, or is gone. That is normal; it is
forgotten. A timer that raises anything else is a bug of ours. What it did is undone, and it is forgotten too: the same
code would fail again, and what falls due later must not wait for it. It is logged, and the payment's story says so. Only
what the store itself could not do is not the timer's fault: it stays, and the workspace is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from simulator.engine import journal
from simulator.engine.provider import Party
from simulator.engine.registry import Registry
from simulator.engine.store import Store, StoreConflict, TimerRow
from simulator.engine.transactions import Transactions
from simulator.engine.units import Units
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis, micros, stopwatch
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import IllegalTransition, NotFound

log = logging.getLogger("simulator")

A_TURN_S = 0.005
"""How long timers are fired at one go; at least one is. Requests that arrived meanwhile are served before the next go."""

Fired = dict[str, Any]
"""What fell due, as the control API tells it: `at`, `kind`, `provider`, `resource_id`, `summary`."""


class Timers:
    def __init__(
        self,
        store: Store,
        registry: Registry,
        transactions: Transactions,
        units: Units,
        parties: Mapping[str, Party],
    ) -> None:
        self._store = store
        self._registry = registry
        self._transactions = transactions
        self._units = units
        self._parties = parties

    def fire(self, workspace_id: int, told: list[Fired] | None = None) -> bool:
        """Fires what is due at the workspace's present instant, until a turn is over, and commits it. True where more may be
        due. Raises the store's errors; what was fired before is `told` all the same."""
        until, is_more = stopwatch() + A_TURN_S, True
        while is_more:
            is_more = self._fire_next(workspace_id, told) and workspace_id in self._registry
            if stopwatch() >= until:
                break
        self._transactions.commit()
        return is_more

    def _fire_next(self, workspace_id: int, told: list[Fired] | None) -> bool:
        """False where nothing is due."""
        workspace = self._registry[workspace_id]
        rows = self._store.timers(workspace_id, micros(workspace.clock.now()), limit=1)
        if not rows:
            return False
        row = rows[0]
        summary = self._fire(workspace, row)
        if told is not None:
            what = {"kind": row.trigger, "provider": row.provider, "resource_id": row.id, "summary": summary}
            told.append({"at": iso_millis(from_micros(row.due)), **what})
        return True

    def _fire(self, workspace: Workspace, row: TimerRow) -> str:
        """What came of it, in words."""
        now = from_micros(row.due)
        subject = [row.id]
        try:
            with self._units.unit(workspace, provider=row.provider, topic="timer", now=now, together=True) as uow:
                self.act(uow, row, subject)
        except (IllegalTransition, NotFound) as refusal:
            log.debug("a timer came too late: %s", refusal)
            with self._transactions.writing(together=True) as store:
                store.delete_timer(row.seq)
            return "came too late"
        except Exception as error:
            if isinstance(error, (StoreConflict, *self._store.OUTAGES)):
                raise
            self._give_up(row, subject[0], error)
            return "failed and is given up"
        return ", ".join(move["summary"] for move in uow.moves) or "changed nothing"

    def act(self, uow: UnitOfWork, row: TimerRow, subject: list[str]) -> None:
        """Does what the timer is for, because it is due or somebody wants it now, and removes it. The id of the payment that it
        is about is put into `subject`."""
        uow.begin().delete_timer(row.seq)
        party = self._parties[row.provider]
        resource = uow.find(party.kinds[row.kind], row.id)
        if resource is None:
            return
        subject[0] = resource.subject
        party.fire_timer(uow, resource, row.trigger, orjson.loads(row.data))

    def _give_up(self, row: TimerRow, subject: str, error: Exception) -> None:
        error_id = Ids().hex(16)
        where = f"error {error_id} in timer {row.trigger} of {row.provider}/{row.id}"
        if (unreadable := self._store.outage(error)) is not None:
            log.error("%s: %s", where, unreadable)
        else:
            log.error("%s", where, exc_info=error)
        summary = f"{row.trigger} failed and is given up: {type(error).__name__} (error {error_id} in the log)"
        move = {"kind": "timer", "actor": "timer", "summary": summary, "ref": row.id, "subject": subject}
        told = journal.rows_for(row.workspace, row.due, "timer", row.provider, [move], [subject])
        with self._transactions.writing(together=True) as store:
            store.delete_timer(row.seq)
            store.insert_journal(told)
