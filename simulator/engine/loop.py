"""The live loop: gives each workspace its turn when something of it is due in real time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from simulator.engine.agenda import Agenda
from simulator.engine.chores import Chore
from simulator.engine.dispatcher import Dispatcher
from simulator.engine.registry import Registry
from simulator.engine.store import Store
from simulator.engine.timers import Timers
from simulator.engine.transactions import Transactions
from simulator.kernel.clock import from_micros, micros, stopwatch, time_of_day

log = logging.getLogger("simulator")

LATE_WAIT_S = 0.25

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 60.0
"""The longest pause after turns of a workspace that have failed; each pause is twice the one before."""

LOOK_AT_CLOCK_S = 5.0
SET_BACK_S = 1.0
"""A machine's clock that goes back by less than this was only adjusted, not set."""


class Loop:
    """`walks` says whether somebody is advancing a workspace's clock. Then the loop only wakes them, and does nothing itself."""

    def __init__(
        self,
        agenda: Agenda,
        store: Store,
        registry: Registry,
        transactions: Transactions,
        timers: Timers,
        dispatcher: Dispatcher,
        walks: Callable[[int], bool],
        chores: Sequence[Chore],
    ) -> None:
        self._agenda = agenda
        self._store = store
        self._registry = registry
        self._transactions = transactions
        self._timers = timers
        self._dispatcher = dispatcher
        self._walks = walks
        self._chores = chores
        self._failures: Counter[int] = Counter()
        """By workspace: how many turns and deliveries in a row have failed."""
        self._drift = _drift()
        self._not_before: dict[int, float] = {}
        """By workspace whose last turn failed: when it is tried again."""

    def schedule(self, workspace_id: int, due: datetime | None = None) -> None:
        """Puts a deadline of a workspace on the agenda; without `due` the next one that the store knows."""
        if workspace_id not in self._registry:
            return
        if due is None:
            if self._agenda.is_due(workspace_id, _now()):  # its turn comes, and finds what there is
                return
            try:
                raw = self._store.next_due(workspace_id, seen=self._dispatcher.seen(workspace_id))
            except self._store.OUTAGES as error:
                log.warning(
                    "what is due in workspace %s is looked for later: %s", workspace_id, self._store.outage(error)
                )
                self.try_again(workspace_id)
                return
            if raw is None:
                return
            due = from_micros(raw)
        clock = self._registry[workspace_id].clock
        if clock.standing_at is None:
            at = clock.due(due).timestamp()
        elif due <= clock.standing_at:
            at = 0.0
        else:
            return
        self._agenda.put(workspace_id, max(at, self._not_before.get(workspace_id, 0.0)))

    def try_again(self, workspace_id: int) -> None:
        """Gives a workspace another turn after a pause: what was due could not be done, and is still due."""
        pause = min(FIRST_PAUSE_S * 2 ** min(self._failures[workspace_id], 20), LONGEST_PAUSE_S)
        self._failures[workspace_id] += 1
        self._not_before[workspace_id] = _now() + pause
        self._agenda.put(workspace_id, self._not_before[workspace_id])

    async def run(self) -> None:
        """Serves deadlines until cancelled."""
        while True:
            own = LATE_WAIT_S if self._transactions.late else LOOK_AT_CLOCK_S
            waits = [own, *(chore.wait_s() for chore in self._chores)]
            await self._agenda.wait(_now(), min(wait for wait in waits if wait is not None))
            self._do_chores()
            self.look_at_clock()
            self._transactions.write_late_or_tell()
            for workspace_id in self._agenda.take_due(_now()):
                await self._transactions.turn()
                if self._walks(workspace_id):
                    self._dispatcher.nudge(workspace_id)
                elif workspace_id in self._registry:
                    self._turn(workspace_id)
            await asyncio.sleep(0)

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                chore.step()
            except Exception as error:
                if (outage := self._store.outage(error)) is not None:
                    log.error("%s: %s", chore.what, outage)
                else:
                    log.exception(chore.what)

    def look_at_clock(self) -> None:
        """Notices that the machine's clock was set back. Webhooks that wait for an instant are then due earlier by as much."""
        drift, before = _drift(), self._drift
        self._drift = drift
        if drift < before - SET_BACK_S:
            by = round((before - drift) * 1_000_000)
            self._not_before.clear()
            self._bring_forward({workspace.id: by * workspace.clock.rate for workspace in self._registry.all()})

    def look_at_store(self) -> None:
        """Notices that the machine's clock was set back while the store was closed: then its latest webhooks lie in the future, and
        all are due earlier by as much."""
        latest = {id_: at for id_, at in self._store.latest_of_pending() if id_ in self._registry}
        ahead = {id_: at - micros(self._registry[id_].clock.now()) for id_, at in latest.items()}
        self._bring_forward({id_: by for id_, by in ahead.items() if by > SET_BACK_S * 1_000_000})

    def _bring_forward(self, by: dict[int, int]) -> None:
        running = {id_: us for id_, us in by.items() if self._registry[id_].clock.standing_at is None}
        if not running:
            return
        log.warning("the clock was set back by %.0f s: webhooks that wait do not wait for it", max(by.values()) / 1e6)
        try:
            with self._transactions.writing() as store:
                for id_, us in running.items():
                    store.bring_forward(id_, micros(self._registry[id_].clock.now()), us)
        except self._store.OUTAGES:
            log.exception("webhooks wait until the clock has caught up")
        self._dispatcher.look_again()
        for id_ in running:
            self.schedule(id_)

    def _turn(self, workspace_id: int) -> None:
        """One workspace's turn; a bug in one of them must not stop the clock of the others."""
        try:
            self._transactions.commit()
            began = self._registry[workspace_id].clock.now()
            is_more = self._timers.fire(workspace_id)
            is_more = self._dispatcher.start(workspace_id) or is_more
            if is_more:
                self.schedule(workspace_id)
            else:
                self._schedule_rest(workspace_id, began)
        except Exception as error:
            what = "the deadlines of workspace %s could not be served"
            if (outage := self._store.outage(error)) is not None:
                log.warning(f"{what} now: %s", workspace_id, outage)
            else:
                log.exception(what, workspace_id)
            self.try_again(workspace_id)
        else:
            if not self._dispatcher.is_busy(workspace_id):
                self._failures.pop(workspace_id, None)
                self._not_before.pop(workspace_id, None)

    def _schedule_rest(self, workspace_id: int, began: datetime) -> None:
        """Schedules what falls due after the turn began; it may not have been seen in the turn. What was due before is on its way,
        and wakes the loop when it is done."""
        raw = self._store.next_due(workspace_id, micros(began))
        if raw is not None:
            self.schedule(workspace_id, from_micros(raw))


def _drift() -> float:
    """By how much the clock is ahead of a stopwatch that nobody sets, in seconds."""
    return _now() - stopwatch()


def _now() -> float:
    return time_of_day().timestamp()
