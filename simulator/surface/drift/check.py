"""A whole drift check, from the first call to the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from simulator.engine.provider import Provider
from simulator.engine.shop import Answer
from simulator.surface.drift import applying
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.playing import Game, Place, play, purchase_of
from simulator.surface.drift.report import Report
from simulator.surface.drift.running import MORE, Ours, Visited
from simulator.surface.drift.settling import settle

AFTERWARDS = timedelta(seconds=5)
"""How long webhooks are waited for after the last call."""


class Refused(Exception):
    """The sandbox does not let the user in."""


def check(
    provider: Provider,
    place: Place,
    ours: Ours,
    *,
    interactive: bool = False,
    inbox: str = "",
    heard: list[Answer] | None = None,
    finds_settings: bool = False,
) -> Report:
    """Visits the sandbox, then asks our worlds the same. `inbox` is where webhooks are to go, and `heard` fills with them.

    Raises `Unreachable` or `Refused` before anything is asked of ours.
    """
    assert provider.shop is not None
    visitor = Game(place, purchase_of(provider.shop, MORE[2], inbox), heard=[] if heard is None else heard)
    play(provider, visitor, interactive=interactive)
    statuses = {one.answer.status for one in visitor.played.values() if one.probe.credential == "right"}
    if statuses & {401, 403} and not any(200 <= status < 300 for status in statuses):
        raise Refused(
            f"{provider.title} refuses your credentials: no call succeeded, and some are answered with 401 or 403"
        )
    if inbox:
        place.wait(AFTERWARDS)
    one, other = ours.played(interactive=interactive)
    hiding = Hiding(place.credentials, provider.masking)
    return report_of(Visited(provider, one, other, visitor, hiding), ours, finds_settings=finds_settings)


def report_of(visited: Visited, ours: Ours, *, finds_settings: bool = False) -> Report:
    verdicts, differences = settle(visited.provider, visited.seen(), visited.differences())
    settings: Mapping[str, Any] = {}
    left = differences
    if finds_settings and differences:
        settings, left = applying.find(visited, ours, differences)
    host = urlsplit(visited.real.place.base_url).hostname or ""
    calls = tuple(visited.calls())
    return Report(
        visited.provider,
        host,
        calls,
        tuple(verdicts),
        tuple(differences),
        visited.hiding,
        settings,
        len(differences) - len(left),
    )
