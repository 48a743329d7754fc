"""Looks whether the file of the store is still where it was opened, every second and also where nobody asks anything."""

from __future__ import annotations

from simulator.engine.chores import Chore


class Lookout(Chore):
    what = "whether the store is where it was cannot be said now"

    def steps(self) -> None:
        self._store.look()

    def after_look_s(self) -> float | None:
        return self._store.LOOK_S
