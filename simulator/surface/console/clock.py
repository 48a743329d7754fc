"""The clock: what time it is in the workspace, moving it, what falls due, and how it was moved before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from starlette.responses import Response

from simulator.engine import journal
from simulator.engine.provider import Provider
from simulator.kernel.clock import from_micros, iso_millis, micros, parse_duration
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import PAGE, Console, day
from simulator.surface.control import clock

STEPS = ("1m", "1h", "12h", "1d")
RATES = (1, 60, 3600)
TRAVELS = 8
"""So many moves of the clock are told."""


@dataclass(frozen=True)
class Step:
    """A button that advances the clock by so much."""

    name: str
    text: str
    to: datetime
    """Where the clock would stand."""
    shown: str

    @property
    def instant(self) -> str:
        return iso_millis(self.to)


@dataclass(frozen=True)
class Due:
    """A timer as the list shows it."""

    at: datetime
    shown: str
    due_in: str
    view: Mapping[str, Any]
    """As the control API gives it, in the page's language."""
    provider: Provider | None
    paid_at: str | None
    """The provider of the payment that it is about; None where it is about none."""
    named: str
    """The payment's reference, or its id."""
    marked: bool
    """Whether the chosen step would fire it."""

    @property
    def instant(self) -> str:
        return iso_millis(self.at)


@dataclass(frozen=True)
class Travel:
    """What was done to the clock: a key of the catalogue, with its values."""

    what: str
    values: Mapping[str, Any]
    shown: str
    title: str
    is_arrival: bool
    by_page: bool
    sent: int | None
    """Deliveries that were tried on the way; None where nothing was advanced."""
    timers: int


async def clock_page(console: Console) -> Response:
    """`?step=` says which step is looked at, `?after=` where the list of timers goes on."""
    now, place = console.workspace.clock.now(), _place(console.query.get("after", ""))
    rows = clock.pending(console.runtime.store, console.workspace, PAGE + 1, place)
    steps = [_step(console, name, now) for name in STEPS]
    chosen = next((step for step in steps if step.name == console.query.get("step")), None)
    stride = console.runtime.advancing(console.workspace)
    return console.render(
        "console/clock.html",
        "console_clock",
        place="clock",
        timers=_due(console, rows[:PAGE], now, chosen.to if chosen is not None else None),
        later=".".join(map(str, rows[PAGE - 1][0])) if len(rows) > PAGE else None,
        is_later=place is not None,
        steps=steps,
        chosen=chosen,
        rates=RATES,
        walking=console.texts().duration(stride.by) if stride is not None else None,
        travels=_travels(console, now),
    )


def _place(given: str) -> tuple[int, ...] | None:
    """Where a list of timers goes on, from an address; None at its beginning, and for what is none."""
    parts = given.split(".")
    fits = len(parts) == 3 and all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts)
    return tuple(map(int, parts)) if fits else None


def _step(console: Console, name: str, now: datetime) -> Step:
    to = now + parse_duration(name)
    return Step(name, console.texts()(f"clock_step_{name}"), to, _shown(to, now, console.texts().language))


def _shown(at: datetime, now: datetime, language: str) -> str:
    """The hour; with the date where that is another day."""
    if at.date() == now.date():
        return f"{at:%H:%M:%S}"
    return f"{day(at, language)} {at:%H:%M:%S}" if at.year == now.year else f"{day(at, language, '%Y')} {at:%H:%M}"


def _due(
    console: Console, rows: Sequence[tuple[Sequence[int], Mapping[str, Any]]], now: datetime, to: datetime | None
) -> list[Due]:
    found = []
    views = clock.told(console.runtime, console.workspace, rows, console.texts())
    known = console.payments_among(view["payment"] for view in views)
    for (place, _), view in zip(rows, views, strict=True):
        at = from_micros(place[0])
        due_in = console.texts().short(max(at - now, timedelta(0)))
        provider = console.runtime.providers.get(view["provider"])
        marked = to is not None and at <= to
        paid_at, shown = _paid_at(view, known), _shown(at, now, console.texts().language)
        named = view.get("reference") or known.get((paid_at or "", view["payment"])) or view["payment"]
        found.append(Due(at, shown, due_in, view, provider, paid_at, named, marked))
    return found


def _paid_at(view: Mapping[str, Any], known: Collection[tuple[str, str]]) -> str | None:
    """A wallet's timer is about the payment of whichever provider has one with that id."""
    providers = sorted(name for name, id_ in known if id_ == view["payment"])
    return view["provider"] if view["provider"] in providers else next(iter(providers), None)


def _travels(console: Console, now: datetime) -> list[Travel]:
    console.runtime.write_late()
    rows = console.runtime.store.newest_clock_lines(console.workspace.id, TRAVELS)
    return [_travel(console, from_micros(at), orjson.loads(raw), now) for at, raw in rows]


def _travel(console: Console, at: datetime, body: Mapping[str, Any], now: datetime) -> Travel:
    shown, by_page = _shown(at, now, console.texts().language), body.get("by") == "page"
    title = console.both_times(iso_millis(at), journal.real_time(micros(at), body))
    if "since" in body:
        by = console.texts().duration(at - from_micros(body["since"]))
        return Travel("advanced", {"time": by}, shown, title, True, by_page, body.get("sent"), body.get("timers", 0))
    if body["summary"] == "clock frozen":
        return Travel("was_frozen", {}, shown, title, False, by_page, None, 0)
    rate = body["summary"].partition("×")[2]
    what = "was_running_at" if rate else "was_running"
    return Travel(what, {"rate": rate} if rate else {}, shown, title, False, by_page, None, 0)
