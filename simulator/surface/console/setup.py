"""Setting things up: the first call to each provider, the options of a workspace, and the workspaces themselves."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from simulator.engine.provider import Provider
from simulator.engine.sections import sections
from simulator.engine.settings import SimulatorSettings, describe
from simulator.engine.shop import Account
from simulator.kernel.clock import iso_millis, time_of_day
from simulator.surface.console.frame import COUNTED, PAGE, Console, Counted
from simulator.surface.control import payments
from simulator.surface.control.errors import ControlError


def _sample(console: Console, provider: Provider) -> str:
    """The first call as cURL, with this workspace's real credentials."""
    assert provider.shop is not None
    account = Account(console.workspace.credentials[provider.name], console.base_url, time_of_day())
    request = provider.shop.sign(account, provider.shop.create(account, provider.shop.sample))
    lines = [f"curl -X {request.method} {shlex.quote(console.base_url + request.path)}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body:
        lines.append(f"-d {shlex.quote(request.body.decode())}")
    return " \\\n  ".join(lines)


async def start_page(console: Console) -> Response:
    """Four steps at one provider; what was done already is ticked off."""
    shops = {name: provider for name, provider in console.runtime.providers.items() if provider.shop is not None}
    name = console.request.path_params.get("provider") or next(iter(shops))
    if name not in shops:
        raise ControlError(404, "not_found", console.texts()("start_missing", provider=name))
    provider = shops[name]
    console.runtime.write_notes()
    calls = console.runtime.store.requests(
        console.workspace.id, provider=name, status=None, path=None, before=None, limit=1
    )
    rows = console.runtime.store.payments(
        console.workspace.id, provider=name, phase=None, reference=None, q=None, before=None, limit=1
    )
    newest = payments.payment_views(console.runtime, console.workspace, rows, console.base_url)
    endpoint = console.workspace.account_endpoint(name)
    return console.render(
        "console/start.html",
        "console_start",
        place="start",
        provider=provider,
        providers=list(shops.values()),
        credentials=_lines(console.workspace.credentials[name]),
        sample=_sample(console, provider),
        refused=calls[0] if calls and calls[0][5] >= 400 else None,
        newest=newest[0] if newest else None,
        endpoint=endpoint.url,
        event=provider.webhooks.events[0] if provider.webhooks is not None else None,
    )


def _lines(credentials: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in credentials.items()]


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
