"""Which row of a provider's table answers a path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import takewhile
from threading import Lock
from typing import Generic, TypeVar

from simulator.engine.outlines import is_loaded
from simulator.engine.provider import Endpoint, LeftOut, Page, Provider
from simulator.kernel.values import dataclass

T = TypeVar("T")

LONGEST = 200
"""Characters of an address that are compared: what is longer resembles none of ours."""
NEAR = 3
"""Addresses that may have been meant."""


@dataclass
class Node:
    """A place in the tree of path segments: where it leads on to, and what is routed here, by method."""

    literal: dict[str, Node] = field(default_factory=dict)
    digits: Node | None = None
    any: Node | None = None
    parameter: str = ""
    """How the segment that leads here is called, where it is no literal."""
    is_called: bool = False
    """By what is routed; else by what is left out, which calls parameters as it likes."""
    routes: dict[str, tuple[Provider | None, Endpoint | Page]] = field(default_factory=dict)
    left_out: dict[str, tuple[Provider, LeftOut]] = field(default_factory=dict)
    """What a provider really has here and the simulator has not."""

    @property
    def is_for_buyers(self) -> bool:
        """Whether there are pages alone: an API has a page beside its calls where browsers ask first (`OPTIONS`)."""
        return all(isinstance(route, Page) for _, route in self.routes.values())


class Routes:
    """Dispatch on path segments: a literal goes before a parameter of digits, that before any parameter.

    What a provider has that is not loaded yet is added when a request comes to an address that begins like one of its own. But
    where one of them does not say how its addresses begin, all are added at once: they may be the same as another's.
    """

    def __init__(self, providers: Sequence[Provider] = ()) -> None:
        """Raises `ValueError` for what is routed twice; of what is added later, so does the request to it."""
        self._root = Node()
        self._paths: dict[str, list[tuple[str, str]]] = {provider.name: [] for provider in providers}
        """Methods and paths by provider; what is nobody's, under an empty name."""
        self._waiting: dict[str, Provider] = {}
        """The providers that are not loaded yet, by name."""
        self._begins: dict[tuple[str, ...], list[str]] = {}
        """Beginnings of their paths without parameters, to the names of those whose paths begin so."""
        self._patterns: list[tuple[list[str], str]] = []
        """Beginnings of their paths with parameters, each with the name of its provider."""
        self._lengths: set[int] = set()
        self.literal: dict[tuple[str, str], Node] = {}
        """By method and path the places to which paths without parameters have led."""
        self._loading = Lock()
        for provider in providers:
            if is_loaded(provider):
                self._add_all(provider)
            else:
                self._wait(provider)
        if not all(provider.paths for provider in providers):
            self._add_waiting([*self._waiting])

    def add(self, provider: Provider | None, route: Endpoint | Page) -> None:
        node = self._node(route.path)
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is routed twice")
        if route.method in node.left_out:
            raise ValueError(f"{route.method} {route.path} is left out, and is there")
        node.routes[route.method] = (provider, route)
        self._paths.setdefault("" if provider is None else provider.name, []).append((route.method, route.path))

    def _wait(self, provider: Provider) -> None:
        self._waiting[provider.name] = provider
        for begin in map(segments_of, provider.paths):
            if any(segment.startswith("{") for segment in begin):
                self._patterns.append((begin, provider.name))
            else:
                self._begins.setdefault(tuple(begin), []).append(provider.name)
        self._lengths = {len(begin) for begin in self._begins}

    def _add_all(self, provider: Provider) -> None:
        for endpoint in provider.endpoints:
            self.add(provider, endpoint)
        for page in provider.pages:
            self.add(provider, page)
        for operation in provider.left_out:
            self._leave_out(provider, operation)

    def _leave_out(self, provider: Provider, route: LeftOut) -> None:
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
                child: Node = getattr(node, slot) or Node(parameter=name)
                if same_names and child.is_called and child.parameter != name:
                    raise ValueError(f"{path}: the parameter is called {child.parameter!r} elsewhere")
                if same_names:
                    child.parameter, child.is_called = name, True
                setattr(node, slot, child)
                node = child
            else:
                node = node.literal.setdefault(segment, Node())
        return node

    def match(self, method: str, segments: Sequence[str]) -> tuple[Node, dict[str, str]] | None:
        """The place that a path leads to. One where nothing is routed but something is left out counts for its methods only."""
        if self._waiting:
            self._add_waiting(self._meant(segments))
        found = self._match(self._root, method, segments, 0, {})
        if found is not None and not found[1] and method in found[0].routes:
            self.literal[method, f"/{'/'.join(segments)}"] = found[0]
        return found

    def _meant(self, segments: Sequence[str]) -> list[str]:
        """The providers that are not loaded and have paths that begin so."""
        found: list[str] = []
        for length in self._lengths:
            found += self._begins.get(tuple(segments[:length]), ())
        found += [name for begin, name in self._patterns if _begins(segments, begin)]
        return [name for name in found if name in self._waiting] if found else found

    def _add_waiting(self, names: Iterable[str]) -> None:
        for name in names:
            with self._loading:
                if (provider := self._waiting.get(name)) is not None:
                    self._add_all(provider)
                    del self._waiting[name]

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
            found = self._match(node.digits, method, segments, index + 1, {**path, node.digits.parameter: segment})
            if found is not None:
                return found
        if node.any is not None and segment:
            return self._match(node.any, method, segments, index + 1, {**path, node.any.parameter: segment})
        return None

    def nearest(self, method: str, path: str, of: Provider | None = None) -> list[str]:
        """What may have been meant of this provider, or of all. What only browsers ask (`OPTIONS`) nobody has meant."""
        self._add_waiting([*self._waiting])
        paths = [one for name, paths in self._paths.items() if of is None or name == of.name for one in paths]
        return nearest(method, path, [(m, p) for m, p in paths if m != "OPTIONS"])


def nearest(method: str, path: str, known: Sequence[tuple[str, str]]) -> list[str]:
    """What of these methods and paths may have been meant, the likeliest first. First come paths that differ in one segment, with
    the same method or, if there are none, with another; among these first those with the same last segment. Then comes what is
    spelt alike."""
    from difflib import SequenceMatcher, get_close_matches  # a start needs it not

    sought = f"{method} {path[:LONGEST]}"
    given = segments_of(path[:LONGEST])
    around = [(m, p) for m, p in known if _is_one_away(given, segments_of(p))]
    away = [f"{m} {p}" for m, p in [one for one in around if one[0] == method] or around]
    ends = given[-1:]
    away.sort(key=lambda one: (segments_of(one)[-1:] == ends, SequenceMatcher(None, sought, one).ratio()), reverse=True)
    alike = get_close_matches(sought, [f"{m} {p}" for m, p in known], n=NEAR, cutoff=0.5)
    return list(dict.fromkeys([*away, *alike]))[:NEAR]


def _begins(segments: Sequence[str], begin: Sequence[str]) -> bool:
    return len(segments) >= len(begin) and all(map(_fits, segments, begin))


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
    routes = Routes([same.it for same in providers])
    for page in pages:
        routes.add(None, page.it)
    return routes


def segments_of(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
