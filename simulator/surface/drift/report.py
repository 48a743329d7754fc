"""The result of a drift check: for the terminal, for programs, and as Markdown for an issue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from simulator import __version__
from simulator.engine.provider import Provider
from simulator.kernel.values import dataclass
from simulator.surface import terminal
from simulator.surface.drift.comparing import Difference
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.settling import Verdict

COLOURS = {"not settled": "yellow", "agrees": "green", "differs": "red"}
"""The results, as a terminal shows them: what is to be looked at comes last."""
MOST_CALLS = 3
"""Calls that are named of those in which something differs in the same way."""
PLURALS = {"not settled": "not settled", "agrees": "agree", "differs": "differ"}


@dataclass(frozen=True)
class Report:
    provider: Provider
    host: str
    calls: tuple[Mapping[str, Any], ...]
    """Each that could be made, with both statuses; each that could not, and why."""
    verdicts: tuple[Verdict, ...]
    differences: tuple[Difference, ...]
    hiding: Hiding
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those that turn the simulator's answers into the sandbox's."""
    covered: int = 0
    """How many differences they take away."""

    @property
    def agrees(self) -> bool:
        return not self.differences

    @property
    def uncovered(self) -> list[Difference]:
        """What no fact speaks of."""
        return [one for one in self.differences if not one.facts]

    @property
    def summary(self) -> str:
        made = sum("why_not" not in one for one in self.calls)
        counts = ", ".join(f"{self._count(result)} {PLURALS[result]}" for result in reversed(COLOURS))
        facts = f"{len(self.verdicts)} facts: {counts}. " if self.verdicts else ""
        n = len(self.differences)
        return f"{self.provider.title}, {made} calls. {facts}{n} difference{'' if n == 1 else 's'}."

    def _count(self, result: str) -> int:
        return sum(one.result == result for one in self.verdicts)

    # JSON

    def json(self) -> str:
        return json.dumps(self.hiding.sealed_in(self._view()), ensure_ascii=False, indent=2) + "\n"

    def _view(self) -> dict[str, Any]:
        return {
            "provider": self.provider.name,
            "host": self.host,
            "simulator": __version__,
            "agrees": self.agrees,
            "calls": list(self.calls),
            "facts": [
                {
                    "id": one.fact.id,
                    "statement": one.fact.statement,
                    "standing": one.fact.standing,
                    "result": one.result,
                    "calls": list(one.calls),
                    "differences": [_view(found) for found in one.differences],
                    "settled_by": one.fact.settled_by,
                }
                for one in self.verdicts
            ],
            "differences": [_view(found) for found in self.differences],
            "settings": dict(self.settings),
        }

    # Terminal

    def terminal(self) -> str:
        lines = list(self._terminal())
        return self.hiding.sealed("\n".join(lines))

    def _terminal(self) -> Iterator[str]:
        width = max((len(one.fact.id) for one in self.verdicts), default=0)
        for one in sorted(self.verdicts, key=lambda verdict: list(COLOURS).index(verdict.result)):
            mark = terminal.paint(f"{one.result:<11}", COLOURS[one.result])
            yield f"{mark}  {one.fact.id:<{width}}  {one.fact.statement}"
            yield from _rows(one.differences)
        if self.uncovered:
            yield from ("", "Differences of which no fact speaks:")
            yield from _rows(self.uncovered)
        left_out = [one for one in self.calls if "why_not" in one]
        if left_out:
            yield ""
            yield from (f"not made: {one['name']} ({one['why_not']})" for one in left_out)
        yield from ("", terminal.paint(self.summary, "green" if self.agrees else "red"))

    # Markdown

    def markdown(self) -> str:
        return self.hiding.sealed("\n".join(self._markdown())) + "\n"

    def _markdown(self) -> Iterator[str]:
        yield f"## Drift check: {self.provider.title}"
        yield ""
        yield f"psp-simulator {__version__} against `{self.host}`. {self.summary}"
        for result in ("differs", "agrees", "not settled"):
            chosen = [one for one in self.verdicts if one.result == result]
            if chosen:
                yield from ("", f"### {result.capitalize()}", "")
                yield from self._differing(chosen) if result == "differs" else self._listed(chosen)
        if self.uncovered:
            yield from ("", "### Differences of which no fact speaks", "")
            yield from _table(self.uncovered)
        if self.settings:
            told = json.dumps(self.settings, ensure_ascii=False)
            yield from ("", "### Settings", "", f"These take {self.covered} of the differences away: `{told}`.")
        left_out = [f"`{one['name']}` ({one['why_not']})" for one in self.calls if "why_not" in one]
        if left_out:
            yield from ("", "### Not made", "", ", ".join(left_out) + ".")

    def _differing(self, chosen: Iterable[Verdict]) -> Iterator[str]:
        for one in chosen:
            yield from (f"**`{one.fact.id}`** {_cell(one.fact.statement)}", "")
            yield from _table(one.differences)
            yield ""

    def _listed(self, chosen: Iterable[Verdict]) -> Iterator[str]:
        for one in chosen:
            seen = f"(in {', '.join(f'`{call}`' for call in one.calls)})" if one.calls else one.fact.settled_by
            yield f"- `{one.fact.id}` {_cell(one.fact.statement)} {_cell(seen)}"


def _together(found: Iterable[Difference]) -> dict[Difference, tuple[list[str], list[str]]]:
    """What differs in the same way in several calls, once, with the calls and with what follows from it."""
    together: dict[Difference, tuple[list[str], list[str]]] = {}
    for one in found:
        alike = replace(one, call="", operation="", facts=(), consequences=())
        calls, consequences = together.setdefault(alike, ([], []))
        calls.append(one.call)
        consequences += [place for place in one.consequences if place not in consequences]
    return together


def _called(calls: Sequence[str], quote: str = "") -> str:
    more = len(calls) - MOST_CALLS
    shown = ", ".join(f"{quote}{call}{quote}" for call in calls[:MOST_CALLS])
    return f"{shown} and {more} more" if more > 0 else shown


def _rows(found: Iterable[Difference]) -> Iterator[str]:
    for one, (calls, consequences) in _together(found).items():
        yield f"             {one.place}: {one.kind}, in {_called(calls)}"
        yield f"               simulator  {one.ours}"
        yield f"               sandbox    {one.theirs}"
        if consequences:
            yield f"               hence also {', '.join(consequences)}"


def _table(found: Iterable[Difference]) -> Iterator[str]:
    yield from ("| Calls | Where | What | Simulator | Sandbox |", "| --- | --- | --- | --- | --- |")
    for one, (calls, consequences) in _together(found).items():
        hence = f", hence also {', '.join(map(_code, consequences))}" if consequences else ""
        shown = _called(calls, "`")
        yield f"| {shown} | {_code(one.place)}{hence} | {one.kind} | {_code(one.ours)} | {_code(one.theirs)} |"


def _code(text: str) -> str:
    """As code, so that nothing of it is Markdown or HTML."""
    plain = text.replace("`", "'")
    return f"`{_cell(plain)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _view(found: Difference) -> dict[str, Any]:
    return {
        "call": found.call,
        "operation": found.operation,
        "place": found.place,
        "kind": found.kind,
        "simulator": found.ours,
        "sandbox": found.theirs,
        "facts": list(found.facts),
        "consequences": list(found.consequences),
    }
