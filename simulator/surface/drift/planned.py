"""The calls of a drift check as they would be made, without making them at a sandbox: our own worlds answer instead.

Nothing of a workspace of ours is shown. Two worlds make the same calls: what they agree in is what the sandbox would be sent, and
what they differ in is shown by its name, between angle brackets.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from simulator.engine.provider import Provider
from simulator.engine.sandbox import Probe, with_wrong_secrets
from simulator.engine.shop import Account, Answer, Request
from simulator.kernel.clock import time_of_day
from simulator.kernel.values import dataclass
from simulator.surface.drift.leaves import Names, form_of, inputs, is_drawn_name, shown_pattern
from simulator.surface.drift.playing import HEADERS, Game, account_of, signed
from simulator.surface.drift.running import MORE, Ours

CREDENTIALS = {"right": "with your credentials", "wrong": "with wrong credentials", "none": "without credentials"}
SIGNATURE, MADE, NOW = "⟦signature⟧", "⟦made for this visit⟧", "⟦now⟧"
_SEPARATORS = re.compile(r"([=/?&])"), re.compile(r"([: ,])")
"""Of addresses and the like, and of what signs a request, which may be Base64."""


@dataclass(frozen=True)
class Call:
    """One call, whole: what only an answer tells, and what is the user's, stands between angle brackets."""

    line: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str


def planned(provider: Provider, ours: Ours, base_url: str) -> Iterator[Call]:
    assert provider.sandbox is not None
    games = ours.played(interactive=True, more=(MORE[2], MORE[2]))
    sides = [Names(game.place.base_url, _told(game, game.place.credentials)) for game in games]
    for probe in provider.sandbox.probes:
        yield _planned(provider, probe, games, sides, base_url)
        answers = [game.played[probe.name].answer for game in games]
        _name_ids(sides, [answer.json for answer in answers], probe.name, "")


def _planned(provider: Provider, probe: Probe, games: tuple[Game, Game], sides: list[Names], base_url: str) -> Call:
    assert provider.shop is not None
    bare = [game.played[probe.name].request for game in games]
    sent = [signed(provider.shop, game.place, probe, one) for game, one in zip(games, bare, strict=True)]
    names = [
        _of_wrong(game, side) if probe.credential == "wrong" else side for game, side in zip(games, sides, strict=True)
    ]
    buyer = ", once a buyer has paid (--interactive)" if probe.pays else ""
    headers = {
        name: _shown(names, [one.headers[name] for one in sent], of_ours=name in bare[0].headers)
        for name in sent[0].headers
    }
    return Call(
        f"{probe.name}: {probe.says} ({CREDENTIALS[probe.credential]}{buyer})",
        sent[0].method,
        base_url + _shown(names, [one.path for one in sent], of_ours=bare[0].path == sent[0].path),
        {**HEADERS, **headers},
        _body_shown(names, sent, bare),
    )


def _told(game: Game, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """What a side begins with that is the user's or drawn for this visit."""
    return inputs(credentials, **{"reference": game.purchase.reference, "return url": game.purchase.return_url})


def _of_wrong(game: Game, names: Names) -> Names:
    """With the credentials that are sent where wrong ones are tried."""
    own = account_of(game.place).credentials
    wrong = with_wrong_secrets(Account(own, game.place.base_url, time_of_day())).credentials
    changed = {f"wrong {name}": value for name, value in wrong.items() if value != own[name]}
    return replace(names, values={**changed, **names.values})


def _shown(names: list[Names], values: list[Any], *, of_ours: bool) -> str:
    """A value of both sides. `of_ours` says that it stands in the unsigned request, too."""
    return shown_pattern(_pattern(names, values, of_ours=of_ours))


def _pattern(names: list[Names], values: list[Any], *, of_ours: bool) -> Any:
    one, other = (side.pattern(value) for side, value in zip(names, values, strict=True))
    if form_of(values[0]).startswith("a time") and (one != other or not of_ours):
        return NOW
    unknown, separators = (MADE, _SEPARATORS[0]) if of_ours else (SIGNATURE, _SEPARATORS[1])
    if not isinstance(one, str) or not isinstance(other, str):
        return one if one == other else unknown
    parts = [separators.split(text) for text in (one, other)]
    if len(parts[0]) != len(parts[1]):
        return unknown
    return "".join(
        _decoded(names, part, again) or (part if part == again else unknown) for part, again in zip(*parts, strict=True)
    )


def _decoded(names: list[Names], *parts: str) -> str | None:
    """Credentials that are written as Base64, named; None where there are none."""
    try:
        texts = [base64.b64decode(part, validate=True).decode("ascii") for part in parts]
    except ValueError:
        return None
    one, other = (side.pattern(text) for side, text in zip(names, texts, strict=True))
    if one != other or "⟦" not in one:
        return None
    return f"⟦Base64 of {one.replace('⟦', '').replace('⟧', '')}⟧"


def _body_shown(names: list[Names], sent: list[Request], bare: list[Request]) -> str:
    bodies = [Answer(0, one.body).json for one in sent]
    if bodies[0] is None:
        return _shown(names, [one.body.decode("utf-8", "replace") for one in sent], of_ours=True)
    return shown_pattern(json.dumps(_filled(names, bodies, Answer(0, bare[0].body).json), ensure_ascii=False))


def _filled(names: list[Names], values: list[Any], bare: Any) -> Any:
    """A body's values with names instead of what is not to be shown."""
    first = values[0]
    if isinstance(first, dict):
        within = bare if isinstance(bare, dict) else {}
        return {name: _filled(names, [value[name] for value in values], within.get(name)) for name in first}
    if isinstance(first, list):
        known = bare if isinstance(bare, list) else []
        return [_filled(names, list(items), inner) for *items, inner in zip_longest(*values, known)]
    return _pattern(names, values, of_ours=first == bare)


def _name_ids(sides: list[Names], answers: list[Any], call: str, place: str) -> None:
    """The ids that an answer has drawn get names."""
    one, other = answers
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() & other.keys():
            _name_ids(sides, [one[name], other[name]], call, f"{place}.{name}" if place else name)
    elif one != other and is_drawn_name(one, other) and "⟦reference⟧" not in str(sides[0].pattern(one)):
        for side, value in zip(sides, answers, strict=True):
            side.bind(f"{call}: {place}", value)
