"""The world around the payments: its buyers, its scenarios, its clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from simulator.engine.provider import Provider
from simulator.engine.scenarios import Scenario
from simulator.kernel.clock import from_micros, iso_millis, parse_duration, short_duration
from simulator.surface.console.frame import PAGE, Console
from simulator.surface.control import buyers as neutral
from simulator.surface.control import clock
from simulator.surface.control.errors import ControlError
from simulator.surface.control.scenarios import armed_view
from simulator.wallet import buyers

SCOPES: Mapping[str, Mapping[str, int]] = {"next": {"next": 1}, "5": {"next": 5}, "all": {}}
STEPS = ("1m", "1h", "12h", "1d")


@dataclass(frozen=True)
class Due:
    """A timer as the list shows it."""

    at: datetime
    due_in: str
    what: str
    """In words, with the states where it moves something."""
    topic: str
    """The trigger, or `webhook`."""
    provider: Provider | None
    name: str
    """The provider's, or that of another party."""
    payment: str
    """The payment that it belongs to."""

    @property
    def instant(self) -> str:
        return iso_millis(self.at)


async def clock_page(console: Console) -> Response:
    """The time, moving it, and what would happen then."""
    now = console.workspace.clock.now()
    rows = clock.pending(console.runtime.store, console.workspace, PAGE)
    steps = [(step, iso_millis(now + parse_duration(step))) for step in STEPS]
    return console.render(
        "console/clock.html",
        "console_clock",
        place="clock",
        timers=[_due(console, place, view, now) for place, view in rows],
        steps=steps,
    )


def _due(console: Console, place: Sequence[int], view: Mapping[str, Any], now: datetime) -> Due:
    at = from_micros(place[0])
    provider, payment, what = console.runtime.providers.get(view["provider"]), view["resource_id"], view["kind"]
    if view["kind"] == "webhook":
        what = f"{view['event']}, {console.texts()('clock_try', n=view['attempt'])}"
    else:
        party = console.runtime.parties.get(view["provider"])
        kind = party.kinds.get(view["resource"]) if party is not None else None
        found = console.runtime.open(console.workspace).find(kind, view["resource_id"]) if kind is not None else None
        if found is not None:
            payment = found.subject or payment
            move = found.MACHINE.moves.get((view["kind"], found.state)) if found.MACHINE is not None else None
            what = f"{found.KIND} {move.source} > {move.target}" if move is not None else what
    due_in = short_duration(max(at - now, timedelta(0)))
    return Due(at, due_in, what, view["kind"], provider, view["provider"], payment)


async def scenarios_page(console: Console) -> Response:
    """What can be armed, what is, and what always holds. For how many payments, and whose, stands in the address."""
    chosen, provider = console.chosen("scope", SCOPES) or "next", console.chosen("provider", console.runtime.providers)
    scope: dict[str, Any] = dict(SCOPES[chosen]) | ({"provider": provider} if provider else {})
    known = console.runtime.scenarios.known
    armed = [armed_view(entry) for entry in console.workspace.scenarios]
    return console.render(
        "console/scenarios.html",
        "console_scenarios",
        place="scenarios",
        named=sorted(known.named.values(), key=lambda scenario: scenario.title),
        armed=armed,
        chosen=chosen,
        scope=scope,
        armed_names={entry["name"] for entry in armed},
        providers=[(p.name, p.title) for p in console.runtime.providers.values()],
        amounts=[row for name, scenario in known.documented.items() for row in _amounts(console, name, scenario)],
    )


def _amounts(console: Console, name: str, scenario: Scenario) -> list[tuple[Provider | None, str, str]]:
    """Of a provider's documented triggers: provider, when, what then."""
    rows = []
    for rule in scenario.model_dump(mode="json", by_alias=True, exclude_none=True)["rules"]:
        when = rule.pop("when", {})
        condition = ", ".join(f"{key} {_short(value)}" for key, value in when.items() if key != "currency")
        effect = "; ".join(f"{facet}: {_short(value)}" for facet, value in rule.items() if facet != "source")
        rows.append((console.runtime.providers.get(name), condition, effect))
    return rows


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(inner)}" for key, inner in value.items())
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


async def buyers_page(console: Console) -> Response:
    uow = console.runtime.open(console.workspace)
    return console.render(
        "console/buyers.html",
        "console_buyers",
        place="buyers",
        buyers=[neutral.buyer_view(uow, buyer) for buyer in buyers.every(uow)],
        money=_money,
    )


async def buyer_page(console: Console) -> Response:
    """One buyer: what can be changed, and what was paid and refunded."""
    uow, slug = console.runtime.open(console.workspace), console.request.path_params["slug"]
    found = next((buyer for buyer in buyers.every(uow) if buyer.id == slug), None)
    if found is None:
        text = console.texts()("buyers_missing", slug=slug, workspace=console.workspace.name)
        raise ControlError(404, "not_found", text)
    view = neutral.buyer_view(uow, found)
    return console.render("console/buyer.html", found.name_en, place="buyers", buyer=view, money=_money)


def _money(fen: int) -> str:
    return f"¥\u00a0{fen / 100:,.2f}"
