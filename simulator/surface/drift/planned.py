"""The calls of a drift check as they would be made, without making them at a sandbox: our own world answers instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.engine.provider import Provider
from simulator.surface.drift.leaves import Names, is_drawn_name, shown_pattern
from simulator.surface.drift.running import Ours, names_of

WITHOUT = {"right": "signed", "wrong": "with wrong credentials", "none": "without credentials"}


def planned(provider: Provider, ours: Ours, base_url: str) -> Iterator[tuple[str, str]]:
    """Each call as a line, and its body; what only an answer tells stands between angle brackets."""
    assert provider.sandbox is not None
    one, other = ours.played(interactive=True)
    names = names_of(one)
    for probe in provider.sandbox.probes:
        played = one.played[probe.name]
        request = played.request
        target = shown_pattern(names.pattern(request.path))
        body = shown_pattern(names.pattern(request.body.decode("utf-8", "replace")))
        buyer = ", once a buyer has paid (--interactive)" if probe.pays else ""
        sent = {name: shown_pattern(names.pattern(value)) for name, value in request.headers.items()}
        more = "".join(f"  {name}: {value}" for name, value in sent.items() if name.lower() != "content-type")
        line = f"{probe.name}: {probe.says} ({WITHOUT[probe.credential]}{buyer})"
        yield line, f"{request.method} {base_url}{target}{more}" + (f"\n{body}" if body else "")
        _name_ids(names, played.answer.json, other.played[probe.name].answer.json, probe.name, "")


def _name_ids(names: Names, a: Any, b: Any, call: str, place: str) -> None:
    """The ids that an answer has drawn get names."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in a.keys() & b.keys():
            _name_ids(names, a[name], b[name], call, f"{place}.{name}" if place else name)
    elif a != b and is_drawn_name(a, b) and names.knows(a) is None:
        names.bind(f"{call}: {place}", a)
