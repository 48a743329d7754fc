"""Finds the settings with which the simulator answers as the sandbox does: by trying them, or by reading a value there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.engine import settings as engine_settings
from simulator.engine.provider import Provider
from simulator.surface.drift.comparing import Difference
from simulator.surface.drift.running import Ours, Visited


def find(visited: Visited, ours: Ours, differences: list[Difference]) -> tuple[dict[str, Any], list[Difference]]:
    """Looks for settings under which we answer as the sandbox does: those found, and the differences that none of them explains.

    A value is kept if it takes differences away and brings no new ones.
    """
    chosen: dict[str, Any] = {}
    left = differences
    is_interactive = bool(visited.real.heard) or visited.has_paid
    for name, value in _candidates(visited, differences):
        if not left:
            break
        trial = {**ours.settings, **chosen, name: value}
        if engine_settings.faults(visited.provider.settings, trial):
            continue
        one, other = ours.played(settings=trial, interactive=is_interactive, until=_last(visited, left))
        found = Visited(visited.provider, one, other, visited.real, visited.hiding).differences()
        if len(found) < len(left) and {each.what for each in found} <= {each.what for each in left}:
            chosen[name], left = value, found
    return chosen, left


def _last(visited: Visited, left: list[Difference]) -> str | None:
    """The last call in which something differs: those after it need not be made again. None where all are needed."""
    assert visited.provider.sandbox is not None
    names = [probe.name for probe in visited.provider.sandbox.probes]
    calls = {one.call for one in left}
    return max(calls, key=names.index) if calls <= set(names) else None


def _candidates(visited: Visited, differences: list[Difference]) -> Iterator[tuple[str, Any]]:
    """Each setting with each value that it may have beside its default: those that the sandbox says, those that facts name, first
    of all facts that differ, and those that can be counted."""
    provider = visited.provider
    spoken_of = {id_ for one in differences for id_ in one.facts}
    seen = set()
    for name, value in (*_read(visited), *_named(provider, spoken_of), *_counted(provider)):
        if (name, repr(value)) not in seen:
            seen.add((name, repr(value)))
            yield name, value


def _read(visited: Visited) -> Iterator[tuple[str, Any]]:
    assert visited.provider.sandbox is not None
    for name, read in visited.provider.sandbox.readings.items():
        try:
            value = read(visited.real.answers)
        except (LookupError, TypeError, ValueError):
            continue
        if value is not None:
            yield name, value


def _named(provider: Provider, spoken_of: set[str]) -> Iterator[tuple[str, Any]]:
    for fact in sorted(provider.facts, key=lambda fact: fact.id not in spoken_of):
        if fact.setting is not None and fact.setting.other is not None:
            yield fact.setting.name, fact.setting.other


def _counted(provider: Provider) -> Iterator[tuple[str, Any]]:
    for setting in engine_settings.describe(provider.settings):
        if setting["kind"] in ("string", "boolean", "integer"):
            for value in setting.get("allowed", ()):
                if value != setting["default"]:
                    yield setting["name"], value


def settings_of(stored: Any) -> Mapping[str, Any]:
    """A settings file: an object of settings, as the control API takes it. Raises `ValueError`."""
    if not isinstance(stored, dict):
        raise ValueError("it is no object of settings")
    return stored
