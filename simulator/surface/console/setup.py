"""Setting things up: the options of a workspace, and the workspaces themselves."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from simulator.engine.rates import RATES
from simulator.engine.runtime import Runtime
from simulator.engine.sections import Sections
from simulator.engine.settings import SimulatorSettings, describe
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import COUNTED, PAGE, ClockChip, Console, Counted
from simulator.surface.control.snapshots import snapshot_view


@dataclass(frozen=True)
class Setting:
    """An option as a form shows it. `field` is its name in the form; `value` what is set, empty where the default holds."""

    about: Mapping[str, Any]
    field: str
    value: str
    choices: tuple[tuple[str, str], ...]
    """As they are sent, and as they are shown."""

    @property
    def default(self) -> str:
        return _plain(self.about["default"])


def _settings(model: Any, given: Mapping[str, Any]) -> list[Setting]:
    found = []
    for about in describe(model):
        name, is_text = about["name"], about["kind"] in ("string", "duration")
        value = given.get(name)
        shown = "" if name not in given else value if is_text and isinstance(value, str) else json.dumps(value)
        choices = tuple((json.dumps(choice), _plain(choice)) for choice in about.get("allowed", ()))
        if choices and about["kind"] != "array":
            found.append(Setting(about, f"{name}:json", json.dumps(value) if name in given else "", choices))
        else:
            found.append(Setting(about, name if is_text else f"{name}:json", shown, ()))
    return found


def _plain(choice: Any) -> str:
    return choice if isinstance(choice, str) else json.dumps(choice)


async def settings_page(console: Console) -> Response:
    """The options of the simulator and of each provider; what is left empty has its default."""
    runtime, workspace = console.runtime, console.workspace
    known = Sections(runtime.providers)
    titles = {name: provider.title for name, provider in runtime.providers.items()}
    order = [SimulatorSettings.SECTION, *(name for name in known if name != SimulatorSettings.SECTION)]
    section = console.chosen("section", order) or order[0]
    return console.render(
        "console/settings.html",
        "console_settings",
        place="settings",
        section=section,
        order=[(name, titles.get(name, console.texts()("console_simulator"))) for name in order],
        keep=workspace.kept,
        dropped=runtime.store.dropped().get(workspace.id),
        settings=_settings(known[section], workspace.settings.get(section, {})),
        public_url=runtime.public_url,
        auto_return_s=runtime.auto_return_s,
        rates=[(currency, rate) for currency, rate in RATES.items() if currency != "CNY"],
        snapshots=[snapshot_view(row) for row in runtime.store.snapshots(workspace.id, 0, PAGE)],
    )


@dataclass(frozen=True)
class World:
    """A workspace as the list shows it."""

    name: str
    public_id: str
    payments: Counted
    clock: ClockChip
    age: timedelta
    made_by: tuple[str, str]
    """`test` or `import` and the file; nothing where a person has made it."""
    goes_in: timedelta | None
    """Of a temporary one, if nobody uses it."""


async def workspaces_page(console: Console) -> Response:
    """All workspaces, the newest first. `reset` and `delete` name the one that is asked about in place."""
    runtime, store, after = console.runtime, console.runtime.store, console.before
    looked_at = runtime.find_workspace(console.request.cookies.get("workspace", ""))
    if looked_at is not None:
        console.request.scope["path_params"] = {"ws": looked_at.name}
    newest = heapq.nlargest(
        PAGE + 1, (one for one in runtime.workspaces() if after is None or one.id < after), key=lambda one: one.id
    )
    rows = [_world(runtime, one, Counted(store.count_payments(one.id, COUNTED))) for one in newest[:PAGE]]
    asked = next((what for what in ("delete", "reset") if console.query.get(what)), "")
    return console.render(
        "console/workspaces.html",
        "workspaces_title",
        place="settings",
        rows=rows,
        asked=(asked, console.query.get(asked, "")),
        opened=console.workspace.name,
        pager=console.pager({}, newest, lambda one: int(one.id)),
    )


def _world(runtime: Runtime, workspace: Workspace, payments: Counted) -> World:
    now, real = workspace.clock.now(), time_of_day()
    kind, _, file = workspace.made_by.partition(":")
    days = (real - workspace.created_at).days
    return World(
        workspace.name,
        workspace.public_id,
        payments,
        ClockChip(now, workspace.clock.mode, workspace.clock.rate, now - real),
        timedelta(days=days) if days > 0 else max(real - workspace.created_at, timedelta(0)),
        (kind, file),
        max(runtime.temporary.left(workspace), timedelta(0)) if workspace.temporary else None,
    )
