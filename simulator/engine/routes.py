"""Which row of a provider's table answers a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Generic, TypeVar

from simulator.engine.provider import Endpoint, LeftOut, Page, Provider

T = TypeVar("T")

LONGEST = 200
"""Characters of an address that are compared: what is longer resembles none of ours."""
NEAR = 3
"""Addresses that may have been meant."""


@dataclass
class Node:
    """A place in the tree of path segments: where it leads on to, and what is routed here, by method."""

    literal: dict[str, Node] = field(default_factory=dict)
    digits: tuple[str, Node] | None = None
    any: tuple[str, Node] | None = None
    routes: dict[str, tuple[Provider | None, Endpoint | Page]] = field(default_factory=dict)
    left_out: dict[str, tuple[Provider, LeftOut]] = field(default_factory=dict)
    """What a provider really has here and the simulator has not."""


class Routes:
    """Dispatch on path segments: a literal goes before a parameter of digits, that before any parameter."""

    def __init__(self) -> None:
        self._root = Node()
        self.paths: list[tuple[str, str, Provider | None]] = []

    def add(self, provider: Provider | None, route: Endpoint | Page) -> None:
        node = self._node(route.path)
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is routed twice")
        node.routes[route.method] = (provider, route)
        self.paths.append((route.method, route.path, provider))

    def leave_out(self, provider: Provider, route: LeftOut) -> None:
        """To be called after all that is there has been added."""
        node = self._node(route.path, same_names=False)
        if route.method in node.routes or route.method in node.left_out:
            raise ValueError(f"{route.method} {route.path} is left out, and is there")
        node.left_out[route.method] = (provider, route)

    def _node(self, path: str, *, same_names: bool = True) -> Node:
        node = self._root
        for segment in segments_of(path):
            if segment.startswith("{"):
                name, _, only = segment[1:-1].partition(":")
                slot = "digits" if only == "digits" else "any"
                if getattr(node, slot) is None:
                    setattr(node, slot, (name, Node()))
                known, node = getattr(node, slot)
                if same_names and known != name:
                    raise ValueError(f"{path}: the parameter is called {known!r} elsewhere")
            else:
                node = node.literal.setdefault(segment, Node())
        return node

    def match(self, method: str, segments: Sequence[str]) -> tuple[Node, dict[str, str]] | None:
        """The place that a path leads to. One where nothing is routed but something is left out counts for its methods only."""
        return self._match(self._root, method, segments, 0, {})

    def _match(
        self, node: Node, method: str, segments: Sequence[str], index: int, path: dict[str, str]
    ) -> tuple[Node, dict[str, str]] | None:
        if index == len(segments):
            return (node, path) if node.routes or method in node.left_out else None
        segment = segments[index]
        if (child := node.literal.get(segment)) is not None:
            found = self._match(child, method, segments, index + 1, path)
            if found is not None:
                return found
        if node.digits is not None and segment.isascii() and segment.isdigit():
            found = self._match(node.digits[1], method, segments, index + 1, {**path, node.digits[0]: segment})
            if found is not None:
                return found
        if node.any is not None and segment:
            return self._match(node.any[1], method, segments, index + 1, {**path, node.any[0]: segment})
        return None

    def nearest(self, method: str, path: str, of: Provider | None = None) -> list[str]:
        """What may have been meant of this provider, or of all, the likeliest first: what is one segment away, and of that what
        ends alike; then what is spelt alike. What only browsers ask (`OPTIONS`) nobody has meant."""
        from difflib import SequenceMatcher, get_close_matches  # a start needs it not

        sought = f"{method} {path[:LONGEST]}"
        given = segments_of(path[:LONGEST])
        paths = [(m, p) for m, p, party in self.paths if of is None or (party is not None and party.name == of.name)]
        known = [f"{m} {p}" for m, p in paths if m != "OPTIONS"]
        away = [f"{m} {p}" for m, p in paths if m == method and _is_one_away(given, segments_of(p))]
        ends = given[-1:]
        away.sort(
            key=lambda one: (segments_of(one)[-1:] == ends, SequenceMatcher(None, sought, one).ratio()), reverse=True
        )
        return list(dict.fromkeys([*away, *get_close_matches(sought, known, n=NEAR, cutoff=0.5)]))[:NEAR]


def _is_one_away(given: Sequence[str], known: Sequence[str]) -> bool:
    """Whether one segment is too many, is missing, or is another; of the rest, one at least must be a literal that fits."""
    if abs(len(given) - len(known)) > 1:
        return False
    start = _alike(given, known)
    rest_given, rest_known = given[start:], known[start:]
    end = _alike(rest_given[::-1], rest_known[::-1])
    if max(len(rest_given), len(rest_known)) - end > 1:
        return False
    fitting = [*known[:start], *rest_known[len(rest_known) - end :]]
    return any(not segment.startswith("{") for segment in fitting)


def _alike(given: Sequence[str], known: Sequence[str]) -> int:
    """How many segments fit from the beginning."""
    pairs = zip(given, known, strict=False)
    return sum(1 for _ in takewhile(lambda pair: _fits(*pair), pairs))


def _fits(given: str, known: str) -> bool:
    if not known.startswith("{"):
        return given == known
    return not known.endswith(":digits}") or (given.isascii() and given.isdigit())


class _Same(Generic[T]):
    """Stands for an object in a key: equal to what stands for the very same one."""

    __slots__ = ("it",)

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it


def routes_of(providers: Sequence[Provider], pages: Sequence[Page]) -> Routes:
    """All that is routed: providers' tables and pages, and the `pages` that are nobody's. Nobody may add to them.

    They are the same for the same providers: a suite that starts a simulator for each test builds them once.
    """
    return _routes(tuple(map(_Same, providers)), tuple(map(_Same, pages)))


@lru_cache(maxsize=16)
def _routes(providers: tuple[_Same[Provider], ...], pages: tuple[_Same[Page], ...]) -> Routes:
    routes = Routes()
    for provider in (same.it for same in providers):
        for endpoint in provider.endpoints:
            routes.add(provider, endpoint)
        for page in provider.pages:
            routes.add(provider, page)
    for own in pages:
        routes.add(None, own.it)
    for provider in (same.it for same in providers):
        for operation in provider.left_out:
            routes.leave_out(provider, operation)
    return routes


def segments_of(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
