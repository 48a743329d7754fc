"""Setting things up: the options of a workspace, and the workspaces themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from simulator.engine.sections import sections
from simulator.engine.settings import SimulatorSettings, describe
from simulator.kernel.clock import iso_millis
from simulator.surface.console.frame import COUNTED, PAGE, Console, Counted


@dataclass(frozen=True)
class Setting:
    """An option as a form shows it. `field` is its name in the form; `value` what is set, empty where the default holds."""

    about: Mapping[str, Any]
    field: str
    value: str
    choices: tuple[str, ...]


def _settings(model: Any, given: Mapping[str, Any]) -> list[Setting]:
    found = []
    for about in describe(model):
        name, is_text = about["name"], about["kind"] in ("string", "duration")
        value = given.get(name)
        shown = "" if name not in given else value if is_text and isinstance(value, str) else json.dumps(value)
        choices = tuple(str(choice) for choice in about.get("allowed", ()))
        if about["kind"] == "boolean":
            choices = ("true", "false")
        found.append(Setting(about, name if is_text else f"{name}:json", shown, choices))
    return found


async def settings_page(console: Console) -> Response:
    """The options of the simulator and of each provider; what is left empty has its default."""
    known = sections(console.runtime.providers)
    titles = {name: provider.title for name, provider in console.runtime.providers.items()}
    order = [SimulatorSettings.SECTION, *(name for name in known if name != SimulatorSettings.SECTION)]
    section = console.chosen("section", order) or order[0]
    return console.render(
        "console/settings.html",
        "console_settings",
        place="settings",
        section=section,
        order=[(name, titles.get(name, console.texts()("simulator"))) for name in order],
        settings=_settings(known[section], console.workspace.settings.get(section, {})),
        keep=console.workspace.settings_of(SimulatorSettings).keep,
        dropped=console.runtime.store.dropped().get(console.workspace.id),
    )


async def workspaces_page(console: Console) -> Response:
    """All workspaces, the newest first."""
    after = console.before
    found = [one for one in reversed(console.runtime.workspaces()) if after is None or one.id < after]
    store = console.runtime.store
    rows = [(one, Counted(store.count_payments(one.id, COUNTED)), iso_millis(one.created_at)) for one in found[:PAGE]]
    return console.render(
        "console/workspaces.html",
        "workspaces_title",
        place="settings",
        rows=rows,
        pager=console.pager({}, found, lambda one: int(one.id)),
    )
