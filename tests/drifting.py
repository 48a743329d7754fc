"""A second simulator as somebody's sandbox, with differences planted in its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

import httpx
import pytest

from simulator.engine.provider import Provider
from simulator.engine.sandbox import Probe, Visit
from simulator.engine.shop import Answer, Request
from simulator.providers import built_in
from simulator.surface.client import Workspace
from simulator.surface.drift.playing import Game, RealPlace, play, purchase_of
from simulator.surface.drift.running import MORE, Ours
from simulator.surface.in_process import Simulator

ELSEWHERE = "2026-07-19T21:22:23Z"
_SEEDS = count()
"""Two workspaces with one seed would draw the same ids."""


@dataclass
class Altered:
    """An answer on its way, to be altered in place."""

    status: int
    headers: dict[str, str]
    content: bytes
    took_s: float = 0.1

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @json.setter
    def json(self, body: Any) -> None:
        self.content = json.dumps(body).encode()


@dataclass(frozen=True)
class Planted:
    """One difference: in the answer to which call, how, and as what it has to be found.

    All of a provider's are planted in one visit, in their order. So no two alter one member, none alters what stands in a
    member that another drops, renames or replaces, and nothing else does in an answer whose body or class of status is
    replaced. An answer that later calls read keeps what they take from it.
    """

    call: str
    """The name of a `Probe`."""
    alter: Callable[[Altered], None]
    place: str
    """Where it is found: a member's path (`data[].id`), `header date`, `status`, `body`, `time`."""
    kind: str
    """As what: `status`, `missing`, `added`, `renamed`, `order`, `type`, `value`, `form`, `far off`, `length`, `time`, `body`."""
    hence: tuple[str, ...] = ()
    """Where else it shows."""

    @property
    def what(self) -> tuple[str, str, str]:
        return self.call, self.place, self.kind


# Ways to alter an answer -----------------------------------------------------------------------------------------


def status(code: int) -> Callable[[Altered], None]:
    def alter(answer: Altered) -> None:
        answer.status = code

    return alter


def refusal(code: int, body: Any) -> Callable[[Altered], None]:
    def alter(answer: Altered) -> None:
        answer.status, answer.json = code, body

    return alter


def slow(seconds: float) -> Callable[[Altered], None]:
    def alter(answer: Altered) -> None:
        answer.took_s = seconds

    return alter


def header(name: str, value: str | None) -> Callable[[Altered], None]:
    """With another value; None leaves it out."""

    def alter(answer: Altered) -> None:
        assert name in answer.headers, f"{name} is not sent: {answer.headers}"
        if value is None:
            del answer.headers[name]
        else:
            answer.headers[name] = value

    return alter


def new_header(name: str, value: str) -> Callable[[Altered], None]:
    def alter(answer: Altered) -> None:
        assert name not in answer.headers
        answer.headers[name] = value

    return alter


def body(raw: bytes, content_type: str | None = None) -> Callable[[Altered], None]:
    """Other bytes. A `content_type` that is another is found as well, at `header content-type`."""

    def alter(answer: Altered) -> None:
        answer.content = raw
        if content_type is not None:
            answer.headers["content-type"] = content_type

    return alter


def at(path: str, change: Callable[[Any, Any], None]) -> Callable[[Altered], None]:
    """Changes what holds the last part of a dotted path: `change(around, name)`. Numbers count items."""

    def alter(answer: Altered) -> None:
        whole = {"": answer.json}
        *steps, last = ["", *path.split(".")] if path else [""]
        around: Any = whole
        for step in steps:
            around = around[int(step) if isinstance(around, list) else step]
        change(around, int(last) if isinstance(around, list) else last)
        answer.json = whole[""]

    return alter


def put(path: str, value: Any) -> Callable[[Altered], None]:
    """Another value; a function makes it of the old one."""

    def change(around: Any, name: Any) -> None:
        around[name] = value(around[name]) if callable(value) else value

    return at(path, change)


def five_years_on(path: str) -> Callable[[Altered], None]:
    """A time in the same form, with another year: a text, seconds or milliseconds."""

    def later(at: Any) -> Any:
        if isinstance(at, str):
            return f"{int(at[:4]) + 5}{at[4:]}"
        return at + 5 * 365 * 86_400 * (1000 if len(str(at)) == 13 else 1)

    return put(path, later)


def add(path: str, value: Any = "new") -> Callable[[Altered], None]:
    def change(around: Any, name: Any) -> None:
        assert name not in around
        around[name] = value

    return at(path, change)


def drop(path: str) -> Callable[[Altered], None]:
    def change(around: Any, name: Any) -> None:
        del around[name]

    return at(path, change)


def rename(path: str, new: str) -> Callable[[Altered], None]:
    def change(around: Any, name: Any) -> None:
        members = [(new if key == name else key, value) for key, value in around.items()]
        around.clear()
        around.update(members)

    return at(path, change)


def turn(path: str) -> Callable[[Altered], None]:
    """The last first: members of an object, or items of a list."""

    def turned(value: Any) -> Any:
        return value[::-1] if isinstance(value, list) else dict(reversed(value.items()))

    return put(path, turned)


def text(old: str, new: str) -> Callable[[Altered], None]:
    """Every place where it stands."""

    def alter(answer: Altered) -> None:
        assert old in answer.content.decode()
        answer.content = answer.content.decode().replace(old, new).encode()

    return alter


def another_id(path: str) -> Callable[[Altered], None]:
    """An id is replaced by one that was never given, wherever this answer says it."""

    def alter(answer: Altered) -> None:
        value: Any = answer.json
        for step in path.split("."):
            value = value[step]
        other = str(value)[:-4] + ("7777" if str(value)[-4:] != "7777" else "8888")
        answer.content = answer.content.replace(str(value).encode(), other.encode())
        answer.headers = {name: one.replace(str(value), other) for name, one in answer.headers.items()}

    return alter


# The stand-in -----------------------------------------------------------------------------------------------------


@dataclass
class StandIn:
    """A workspace of another simulator. Its clock moves when somebody waits; `planted` alters its answers, call by call."""

    provider: Provider
    simulator: Simulator
    workspace: Workspace
    planted: Sequence[Planted] = ()
    asked: list[httpx.Request] = field(default_factory=list)
    clock: float = 0.0
    waited: list[float] = field(default_factory=list)
    _call: str = ""

    def play(self, first: int | None = None, **more: Any) -> Game:
        """All calls made here, or the first so many, with a buyer who pays; and the webhooks that came of them."""
        assert self.provider.shop is not None
        provider = self.noticed
        assert provider.sandbox is not None
        game, name = Game(self.place(**more), purchase_of(self.provider.shop, MORE[2])), self.provider.name
        self.workspace.set_webhook(name, self.workspace.inbox_url(name))
        play(provider, game, interactive=True, probes=provider.sandbox.probes[:first])
        self.workspace.settle()
        game.heard += [Answer(200, one["body"].encode(), one["headers"]) for one in self.workspace.inbox(name)]
        return game

    def place(self, **more: Any) -> RealPlace:
        place = RealPlace(
            self.simulator.base_url,
            self.workspace.credentials[self.provider.name],
            **{
                "pause": timedelta(0),
                "sleep": self.sleep,
                "clock": lambda: self.clock,
                "transport": httpx.MockTransport(self.answer),
                **more,
            },
        )
        place.pay = self.pay  # type: ignore[method-assign]
        return place

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        if seconds:
            self.workspace.advance(f"PT{seconds:g}S")

    def pay(self, payment_id: str, link: str | None) -> bool:
        self.workspace.settle()
        self.workspace.pay(self.provider.name, payment_id)
        self.workspace.settle()
        return True

    @property
    def noticed(self) -> Provider:
        """The provider whose calls say their names as they are made."""
        sandbox = self.provider.sandbox
        assert sandbox is not None

        def noting(probe: Probe) -> Probe:
            def request(visit: Visit) -> Request:
                self._call = probe.name
                return probe.request(visit)

            return replace(probe, request=request)

        return replace(self.provider, sandbox=replace(sandbox, probes=tuple(map(noting, sandbox.probes))))

    def answer(self, request: httpx.Request) -> httpx.Response:
        call = self._call
        self.asked.append(request)
        got = self.simulator.sync_transport.handle_request(request)
        answer = Altered(got.status_code, dict(got.headers), got.read())
        for one in self.planted:
            if one.call == call:
                one.alter(answer)
        self.clock += answer.took_s
        answer.headers.pop("content-length", None)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.content)


def standing_in(provider: Provider, simulator: Simulator, planted: Sequence[Planted] = ()) -> StandIn:
    """A fresh one: another seed, another time, other credentials."""
    world = simulator.sync_client.create_workspace(seed=f"elsewhere-{next(_SEEDS)}", frozen=True, now=ELSEWHERE)
    return StandIn(provider, simulator, world, planted)


# Fixtures, for the conftest of whoever wants them --------------------------------------------------------------------

PROVIDERS = {provider.name: provider for provider in built_in() if provider.sandbox is not None}

Worlds = Callable[[str], tuple[Game, Game]]


@pytest.fixture(scope="session")
def ours() -> Iterator[Simulator]:
    with Simulator.in_process() as simulator:
        yield simulator


@pytest.fixture(scope="session")
def theirs() -> Iterator[Simulator]:
    """Stands in for every provider's sandbox."""
    with Simulator.in_process() as simulator:
        yield simulator


@pytest.fixture(scope="session")
def worlds(ours: Simulator) -> Worlds:
    """Our two worlds after the calls of a provider: played once, for they are only read."""

    @cache
    def played(name: str) -> tuple[Game, Game]:
        return Ours(PROVIDERS[name], ours).played(interactive=True)

    return played
