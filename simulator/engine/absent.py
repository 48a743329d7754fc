"""Providers that a store knows but that are not installed. Their rows stay as they are, and their timers and webhooks wait."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.engine.provider import Party
from simulator.engine.registry import Registry
from simulator.engine.resource import load
from simulator.engine.store import EVERY, Store, TimerRow


class Absent:
    def __init__(self, store: Store, registry: Registry, parties: Mapping[str, Party]) -> None:
        self._store = store
        self._registry = registry
        self._parties = parties
        self._waiting = frozenset(store.waiting_providers())
        """Providers for whom something waits in the store, even if no workspace knows them: somebody has changed the store."""
        self.names: list[str] = []

    def set_aside(self) -> None:
        """Tells the store what to pass over. To be called when a store is opened, and when a workspace is cleared."""
        self.names = sorted(self._store.with_rows(self._known() - self._parties.keys()))
        self._store.set_aside((), ())
        if self.names:
            self._store.set_aside(self.names, [row.seq for row in self._timers() if self._waits(row)])

    def _known(self) -> set[str]:
        """Every provider that was ever installed has credentials in the workspaces of its time; they outlive its rows."""
        return {name for workspace in self._registry.all() for name in workspace.credentials} | self._waiting

    def _timers(self) -> list[TimerRow]:
        return [row for workspace in self._registry.all() for row in self._store.timers(workspace.id, limit=EVERY)]

    def _waits(self, row: TimerRow) -> bool:
        """Whether a timer has to wait: its resource serves a provider that is not installed, and that could be told nothing."""
        party = self._parties.get(row.provider)
        if party is None or party.serves is None:
            return False
        raw = self._store.resource(row.workspace, row.provider, row.kind, row.id)
        return raw is not None and party.serves(load(party.kinds[row.kind], raw)) not in (None, *self._parties)
