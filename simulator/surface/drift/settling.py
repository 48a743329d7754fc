"""What a visit says of each inferred fact: it agrees, it differs, or nothing of it was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from simulator.engine.facts import Exchange, Fact, Place
from simulator.engine.provider import Provider
from simulator.kernel.values import dataclass
from simulator.surface.drift.comparing import Difference

Result = Literal["agrees", "differs", "not settled"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one fact: what was found, in which calls it could be seen, and how they differ."""

    fact: Fact
    result: Result
    calls: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that both sides have answered, as the simulator answered it. An event's name is that of a webhook."""

    call: str
    exchange: Exchange
    event: str = ""


def settle(
    provider: Provider, seen: Sequence[Seen], differences: Sequence[Difference]
) -> tuple[list[Verdict], list[Difference]]:
    """A verdict for each fact, in the order of the register; and the differences, each with the facts that it speaks of."""
    by_call = {one.call: [found for found in differences if found.call == one.call] for one in seen}
    verdicts = [_verdict(fact, seen, by_call) for fact in provider.facts]
    named: dict[Difference, list[str]] = {}
    for verdict in verdicts:
        for found in verdict.differences:
            named.setdefault(found, []).append(verdict.fact.id)
    return (
        [replace(one, differences=tuple(_named(found, named) for found in one.differences)) for one in verdicts],
        [_named(found, named) for found in differences],
    )


def _named(found: Difference, named: dict[Difference, list[str]]) -> Difference:
    return replace(found, facts=tuple(named.get(found, ())))


def _verdict(fact: Fact, seen: Iterable[Seen], by_call: dict[str, list[Difference]]) -> Verdict:
    calls: list[str] = []
    differing: list[Difference] = []
    for one in seen:
        places = [place for place in fact.shows if _shows(place, one)]
        found = [each for each in by_call[one.call] if any(_speaks_of(place, each) for place in places)]
        differing += found
        is_another = any(each.place == "status" for each in by_call[one.call])
        if places and (found or not is_another):  # an answer of another status shows nothing of its members
            calls.append(one.call)
    result: Result = "differs" if differing else "agrees" if calls else "not settled"
    return Verdict(fact, result, tuple(calls), tuple(differing))


def _shows(place: Place, seen: Seen) -> bool:
    if seen.event:
        return place.event in (seen.event, "*")
    return place.fits(seen.exchange)


def _speaks_of(place: Place, found: Difference) -> bool:
    """Whether a difference in a call in which a fact shows is one of that fact."""
    members = [member for member in (place.member, *place.answered) if member]
    if found.place == "time":
        return False
    if found.place == "status":
        return bool(place.status) or not (members or place.header)
    if found.place.startswith("header "):
        return found.place == f"header {place.header}"
    if members:
        return any(_is_within(found.place, member) for member in members)
    return not place.status and not place.header


def _is_within(place: str, member: str) -> bool:
    """Whether one of the two stands within the other."""
    one, other = (re.sub(r"\[\d*\]", "", path) for path in (place, member))
    if place == "body":
        return True
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
