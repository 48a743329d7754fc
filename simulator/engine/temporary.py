"""Temporary workspaces go a day after their last use, in real time; no other workspace ever goes by itself.

Whoever asks for a workspace uses it: by its name, by a credential of its merchant, by the address of one of its pages. What
happens in it because its clock runs is no use. When it was last used is kept in memory and written now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from simulator.engine.chores import Chore
from simulator.engine.registry import Registry
from simulator.engine.store import Store
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day

LASTS = timedelta(days=1)

LOOK_S = 60.0
"""Between two looks."""

WRITTEN_AFTER = timedelta(minutes=10)
"""By so much the last use that is written may be behind."""


class Temporary(Chore):
    """`remove` lets a workspace go; `now` is the time of day."""

    what = "temporary workspaces cannot be removed now"

    def __init__(
        self,
        store: Store,
        registry: Registry,
        remove: Callable[[Workspace], None],
        now: Callable[[], datetime] = time_of_day,
    ) -> None:
        super().__init__(store)
        self.now = now
        self._registry = registry
        self._remove = remove
        self._used: dict[int, datetime] = {}

    def touch(self, workspace: Workspace | None) -> None:
        """Somebody uses it."""
        if workspace is not None and workspace.temporary:
            self._used[workspace.id] = self.now()

    def is_over(self, workspace: Workspace) -> bool:
        return workspace.temporary and self.left(workspace) <= timedelta(0)

    def left(self, workspace: Workspace) -> timedelta:
        """How long a temporary one stays if nobody uses it."""
        return LASTS - (self.now() - self._last_use(workspace))

    def _last_use(self, workspace: Workspace) -> datetime:
        written = workspace.used_at or workspace.created_at
        return max(written, self._used.get(workspace.id, written))

    def after_look_s(self) -> float | None:
        return LOOK_S

    def steps(self) -> Iterator[None]:
        self._used = {id_: at for id_, at in self._used.items() if id_ in self._registry}
        for workspace in self._registry.all():
            if workspace.temporary and self.is_over(workspace):
                self._remove(workspace)
                yield
            elif workspace.temporary and self._write(workspace, WRITTEN_AFTER):
                yield

    def write(self) -> None:
        """When each was last used, before the server ends."""
        for workspace in self._registry.all():
            if workspace.temporary:
                self._write(workspace, timedelta(0))

    def _write(self, workspace: Workspace, behind: timedelta) -> bool:
        used = self._last_use(workspace)
        if used - (workspace.used_at or workspace.created_at) <= behind:
            return False
        self._registry.change(workspace.id, used_at=used)
        return True
