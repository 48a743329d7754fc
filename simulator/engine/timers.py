"""Fires the timers that are due, each in a unit of work of its own and at its own instant."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from simulator.engine.provider import Party
from simulator.engine.registry import Registry
from simulator.engine.store import Store
from simulator.engine.transactions import Transactions
from simulator.engine.units import Units
from simulator.kernel.clock import from_micros, iso_millis, micros
from simulator.kernel.refusals import IllegalTransition, NotFound

log = logging.getLogger("simulator")

Fired = dict[str, Any]
"""What fell due, as the control API tells it: `at`, `kind`, `provider`, `resource_id`."""


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

    def fire(self, workspace_id: int, at_most: int | None = None) -> list[Fired]:
        """Fires what is due at the workspace's present instant, and commits it."""
        fired: list[Fired] = []
        while workspace_id in self._registry and len(fired) != at_most:
            workspace = self._registry[workspace_id]
            rows = self._store.timers(workspace_id, micros(workspace.clock.now()), limit=1)
            if not rows:
                break
            row = rows[0]
            due = from_micros(row.due)
            fired.append({"at": iso_millis(due), "kind": row.trigger, "provider": row.provider, "resource_id": row.id})
            try:
                unit = self._units.unit(workspace, provider=row.provider, kind="timer", now=due, together=True)
                with unit as uow:
                    uow.begin().delete_timer(row.seq)
                    party = self._parties[row.provider]
                    resource = uow.find(party.kinds[row.kind], row.id)
                    if resource is None:
                        continue
                    if party.on_timer is not None:
                        party.on_timer(uow, resource, row.trigger, orjson.loads(row.data))
                    else:
                        uow.fire(resource, row.trigger)
            except (IllegalTransition, NotFound) as refusal:
                log.debug("a timer came too late: %s", refusal)
                self._forget(row.seq)
            except Exception:
                log.exception("timer %s of %s/%s failed", row.trigger, row.provider, row.id)
                self._forget(row.seq)
        self._transactions.commit()
        return fired

    def _forget(self, seq: int) -> None:
        with self._transactions.writing() as store:
            store.delete_timer(seq)
