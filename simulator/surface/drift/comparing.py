"""Holds the sandbox's answer to one call against those of two worlds of the simulator, and names each difference once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from simulator.engine.shop import Answer
from simulator.kernel.values import dataclass
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.leaves import (
    Names,
    fits,
    form_of,
    form_of_both,
    form_shown,
    is_address,
    is_drawn_name,
    moment_of,
    shown_pattern,
    type_of,
)

IGNORED_HEADERS = frozenset({
    "date", "server", "content-length", "connection", "keep-alive", "transfer-encoding", "content-encoding", "via", "age",
    "alt-svc", "simulator-notice", "set-cookie",
    "host", "user-agent", "accept", "accept-encoding", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
})  # fmt: skip
"""Of answers and of webhooks: they are the network's, a tunnel's, or ours."""

MATTERING = {
    "allow": "which methods an address has",
    "content-disposition": "under which name a file is kept",
    "deprecation": "that a version ends",
    "link": "where the next page is",
    "location": "where what was made is found",
    "retry-after": "when to try again",
    "sunset": "when a version ends",
    "warning": "that something was understood otherwise",
    "www-authenticate": "which credentials are wanted",
}
"""Headers that a client acts upon, and what they tell it: a finding also where only the sandbox sends one. Others that only it
sends are those of its network; a provider's own stand in its `Sandbox.headers`."""

FAR = timedelta(days=366)
"""How far a time may be from the others of its side, if ours is near."""

CLASSES = ((2.0, "at once"), (10.0, "within seconds"))
"""Seconds to what an answer's time is called; beyond that it is slow. A sandbox's network counts, so the classes are wide."""
SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the sandbox's answer is another than ours."""

    call: str
    operation: str
    place: str
    """`status`, `time`, `body`, `header NAME`, or a path of members (`data[].id`)."""
    kind: str
    ours: str
    theirs: str
    facts: tuple[str, ...] = ()
    """Ids of the inferred facts that it speaks of."""
    consequences: tuple[str, ...] = ()
    """Where else it shows: places of the same answer, and of later ones behind their calls (`list: data[].id`)."""

    @property
    def what(self) -> tuple[str, str, str]:
        return self.call, self.place, self.kind


@dataclass
class Side:
    """One answer, and the names of the values that its side knows."""

    answer: Answer
    took_s: float
    names: Names
    now: datetime | None = None
    """About when all this was, by the times that the side tells."""


@dataclass
class Causes:
    """Findings that explain others, over all calls of a visit."""

    of_names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the name of an id: call and place of the answer that has told it in another form."""
    consequences: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """By call and place of the cause."""


@dataclass
class Comparison:
    """The comparison of one call: `one` and `other` are the simulator's answers, `real` is the sandbox's."""

    call: str
    operation: str
    one: Side
    other: Side
    real: Side
    hiding: Hiding
    varies: Sequence[str] = ()
    headers: Sequence[str] = ()
    causes: Causes = field(default_factory=Causes)
    found: list[Difference] = field(default_factory=list)
    changed: dict[Any, tuple[Any, str]] = field(default_factory=dict)
    """Ids that this answer says instead of known ones: the known one, and where that was found."""

    def run(self) -> list[Difference]:
        a, c = self.one.answer, self.real.answer
        if a.status != c.status:
            self._add("status", "status", _told(a, self.one, self.hiding), _told(c, self.real, self.hiding))
            if a.status // 100 != c.status // 100:
                return self.found
        self._compare_time()
        self._compare_bodies()  # before the headers, which repeat its ids
        self._compare_headers()
        return self.found

    def _add(self, place: str, kind: str, ours: str, theirs: str) -> None:
        self.found.append(Difference(self.call, self.operation, place, kind, ours, theirs))

    def _varies(self, place: str) -> bool:
        if "*" in self.varies and not place.startswith("header "):
            return True
        return any(place == one or place.startswith((f"{one}.", f"{one}[")) for one in self.varies)

    def _compare_time(self) -> None:
        ours, theirs = time_class(self.one.took_s), time_class(self.real.took_s)
        if ours != theirs:
            self._add("time", "time", ours, theirs)

    # Headers

    def _compare_headers(self) -> None:
        a, b, c = (side.answer.headers for side in (self.one, self.other, self.real))
        for name in dict.fromkeys((*a, *(name for name in (*MATTERING, *self.headers) if name in c))):
            place = f"header {name}"
            if name in IGNORED_HEADERS:
                continue
            if name not in c:
                self._add(place, "missing", "sent", "not sent")
            elif name not in a:
                self._add(place, "added", "not sent", "sent")
            elif name == "content-type":
                if (ours := _plain(a[name])) != (theirs := _plain(c[name])):
                    self._add(place, "value", ours, self.hiding.shown(theirs))
            elif not self._varies(place):
                self._compare_values(place, a[name], b.get(name, a[name]), c[name])

    # Bodies

    def _compare_bodies(self) -> None:
        a, b, c = (side.answer for side in (self.one, self.other, self.real))
        ours, theirs = _body_kind(a), _body_kind(c)
        if ours != theirs:
            self._add("body", "body", ours, theirs)
        elif ours == "JSON":
            self._bind(a.json, b.json, c.json, "")
            self._compare("", a.json, b.json, c.json)
        elif ours == "text":
            self._compare_values("body", a.text, b.text, c.text)

    def _bind(self, a: Any, b: Any, c: Any, place: str) -> None:
        """Names the ids that this answer has drawn, so that they are known when they come again."""
        if isinstance(a, dict) and isinstance(b, dict) and isinstance(c, dict):
            for name in [name for name in a if name in b and name in c]:
                self._bind(a[name], b[name], c[name], _inner(place, name))
        elif isinstance(a, list) and isinstance(b, list) and isinstance(c, list):
            if len(a) == len(b) == len(c):
                for n, items in enumerate(zip(a, b, c, strict=True)):
                    self._bind(*items, f"{place}[{n}]")
        elif a != b and type(a) is type(c) and is_drawn_name(a, b) and is_drawn_name(a, c):
            sides = (self.one.names, a), (self.other.names, b), (self.real.names, c)
            if not any(names.knows(value) for names, value in sides):
                for names, value in sides:
                    names.bind(f"{self.call}: {place}", value)

    def _compare(self, place: str, a: Any, b: Any, c: Any) -> None:
        if type_of(c) not in (type_of(a), type_of(b)):
            self._add(place or "body", "type", type_of(a), type_of(c))
        elif isinstance(a, dict) and isinstance(b, dict) and isinstance(c, dict):
            self._compare_objects(place, a, b, c)
        elif isinstance(a, list) and isinstance(b, list) and isinstance(c, list):
            self._compare_lists(place, a, b, c)
        elif not self._varies(place) and not isinstance(c, dict | list):
            self._compare_values(place, a, b, c)

    def _compare_objects(self, place: str, a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
        missing = [name for name in a if name not in c and name in b]
        added = [name for name in c if name not in a and name not in b]
        order = [name for name in a if name in c], [name for name in c if name in a]
        if not self._varies(place):
            renamed = [
                (old, new)
                for old, new in zip(missing, added, strict=False)
                if len(missing) == len(added) and type_of(a[old]) == type_of(c[new])
            ]
            for old, new in renamed:
                missing.remove(old)
                added.remove(new)
                self._add(_inner(place, old), "renamed", f"`{old}`", f"`{self._name(new)}`")
        for name in missing:
            if not self._varies(_inner(place, name)):
                self._add(_inner(place, name), "missing", type_of(a[name]), "nothing")
        for name in added:
            if not self._varies(_inner(place, name)):
                self._add(_inner(place, self._name(name)), "added", "nothing", type_of(c[name]))
        if order[0] != order[1]:
            self._add(place or "body", "order", *(_listed(names) for names in order))
        for name in order[0]:
            self._compare(_inner(place, name), a[name], b.get(name, a[name]), c[name])

    def _name(self, name: str) -> str:
        """The name of a member that we do not know, with what may be a secret in it hidden."""
        return self.hiding.shown(name)[:60]

    def _compare_lists(self, place: str, a: list[Any], b: list[Any], c: list[Any]) -> None:
        items = f"{place}[]"
        if len(a) != len(c):
            own = [self._own(one, side) for one, side in ((a, self.one), (b, self.other), (c, self.real))]
            if own[0] and len(own[0]) == len(own[2]):  # the account has others, too
                a, b, c = own
            elif self._varies(place) or self._varies(items):
                if a and b and c:
                    self._compare(items, a[0], b[0], c[0])
                return
            else:
                self._add(items, "length", _count(a), _count(c))
        for one, other, real in self._aligned(items, a, b, c):
            self._compare(items, one, other, real)

    def _aligned(self, place: str, a: list[Any], b: list[Any], c: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
        """Items that speak of the same; where they do not say of what, those at the same place."""
        ours, theirs = _keys(a, self.one.names), _keys(c, self.real.names)
        if len(set(ours)) == len(ours) and set(theirs) <= set(ours) and any(theirs):
            order = [key for key in ours if key in theirs]
            if order != theirs:
                self._add(place, "order", *(_listed([key or "another" for key in keys]) for keys in (order, theirs)))
            found = [(ours.index(key), c[theirs.index(key)]) for key in order]
            yield from ((a[n], b[n] if n < len(b) else a[n], real) for n, real in found)
        else:
            yield from zip(a, b, c, strict=False)

    def _own(self, items: list[Any], side: Side) -> list[Any]:
        """The items of a list that speak of what this visit has made."""
        return [item for item in items if isinstance(item, dict) and _made_in(item, side.names)]

    # Values

    def _compare_values(self, place: str, a: Any, b: Any, c: Any) -> None:
        if type(a) is type(b) and a == b:
            if (form := form_of(a)).startswith("a time"):  # the same instant by chance
                self._compare_times(place, form, a, b, c)
            elif c != a or type(c) is not type(a):
                self._add_value(place, a, c)
            return
        pattern = self.one.names.pattern(a)
        if pattern == self.other.names.pattern(b):
            own = re.fullmatch(rf"⟦({re.escape(self.call)}: [^⟦⟧]+)⟧", str(pattern))
            if own and not fits(c, form := form_of_both(a, b)):
                if own[1] in self.causes.of_names:
                    self._follows(self.causes.of_names[own[1]], place)
                    return
                self.causes.of_names[own[1]] = self.call, place
                self._add(place, "form", form, self._shown(place, c, replace(self.real.names, values={})))
            else:
                self._compare_with_pattern(place, pattern, a, c)
        elif is_address(a) and is_address(c):
            return
        elif (known := self._comes_again(c)) is not None:
            self._add(place, "repeated", "another each time", f"<{known}>")
        else:
            self._compare_times(place, form_of_both(a, b), a, b, c)

    def _compare_times(self, place: str, form: str, a: Any, b: Any, c: Any) -> None:
        """Something that is drawn anew: its form, and of a time the year, unless ours is far off, too."""
        if not fits(c, form):
            self._add(place, "form", form, self._shown(place, c))
        elif _is_near(a, self.one) and _is_near(b, self.other) and _is_near(c, self.real) is False:
            self._add(place, "far off", "near the others", f"more than a year from the others: {moment_of(c):%Y}")

    def _compare_with_pattern(self, place: str, pattern: Any, a: Any, c: Any) -> None:
        names = self.real.names
        if _is_same(names.filled(pattern), c) or _is_same(pattern, names.pattern(c)):
            return
        if is_address(a) and is_address(c) and not ("⟦base⟧" in str(pattern) and names.base_url in c):
            return
        if (cause := self._cause_of(pattern, c)) is not None:
            self._follows(cause, place)
            return
        name = re.fullmatch(r"⟦([^⟦⟧]+: [^⟦⟧]+)⟧", str(pattern))
        if name is not None and is_drawn_name(c, c):
            self.changed[c] = names.values.get(name[1]), place
            self._add(place, "value", shown_pattern(pattern), "another one")
            return
        self._add(place, "value", shown_pattern(pattern), self._shown(place, c, names))

    def _cause_of(self, pattern: Any, c: Any) -> tuple[str, str] | None:
        """Call and place of the finding that explains why a value is another: an id that was told wrongly before, or here."""
        for name in re.findall(r"⟦([^⟦⟧]+: [^⟦⟧]+)⟧", str(pattern)):
            if name in self.causes.of_names:
                return self.causes.of_names[name]
        for told, (known, place) in self.changed.items():
            again = known if c == told else c.replace(told, known) if _are_texts(c, told, known) else c
            if not _is_same(again, c) and _is_same(pattern, self.real.names.pattern(again)):
                return self.call, place
        return None

    def _follows(self, cause: tuple[str, str], place: str) -> None:
        told = place if cause[0] == self.call else f"{self.call}: {place}"
        places = self.causes.consequences.setdefault(cause, [])
        if told not in places:
            places.append(told)

    def _comes_again(self, c: Any) -> str | None:
        name = self.real.names.knows(c)
        return name if name is not None and ": " in name and not name.startswith(f"{self.call}: ") else None

    def _add_value(self, place: str, a: Any, c: Any) -> None:
        if is_address(a) and is_address(c):
            return
        ours = f'"{a}"' if isinstance(a, str) else json.dumps(a)
        self._add(place, "value", ours, self._shown(place, c))

    def _shown(self, place: str, c: Any, names: Names | None = None) -> str:
        """Something of the sandbox's, unless its name says that it opens a door."""
        leaf = place.removeprefix("header ").rpartition(".")[2].removesuffix("[]")
        is_secret = self.hiding.is_secret(leaf) or (
            place.startswith("header ") and self.hiding.masking.is_secret_header(leaf)
        )
        return "***" if is_secret and isinstance(c, str) else form_shown(c, names or self.real.names, self.hiding)


def time_class(seconds: float) -> str:
    return next((words for below, words in CLASSES if seconds < below), SLOW)


def _inner(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other and type(one) is type(other))


def _plain(content_type: str) -> str:
    return content_type.lower().replace(" ", "")


def _are_texts(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_near(value: Any, side: Side) -> bool | None:
    """Whether a time is of about the side's own; None where that cannot be said."""
    moment = moment_of(value)
    return None if moment is None or side.now is None else abs(moment - side.now) < FAR


def about_when(answers: Iterable[Answer]) -> datetime | None:
    """The instant in the middle of all that answers tell."""
    told = (moment_of(value) for answer in answers for value in _scalars(answer.json))
    moments = sorted(moment for moment in told if moment is not None)
    return moments[len(moments) // 2] if moments else None


def _body_kind(answer: Answer) -> str:
    if not answer.body.strip():
        return "nothing"
    if "html" in answer.headers.get("content-type", ""):
        return "HTML"
    return "text" if answer.json is None else "JSON"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _count(items: Sequence[Any]) -> str:
    return f"{len(items)} item{'' if len(items) == 1 else 's'}"


def _made_in(item: Any, names: Names) -> list[str]:
    """What this visit has made that something speaks of, by its names."""
    texts = list(_scalars(item))
    return [name for name, value in names.values.items() if (": " in name or name == "reference") and value in texts]


def _keys(items: Sequence[Any], names: Names) -> list[str]:
    """For each item what it speaks of and no other does; empty where there is nothing of the kind."""
    made = [_made_in(item, names) if isinstance(item, dict) else [] for item in items]
    times = Counter(name for found in made for name in found)
    return [next((name for name in found if times[name] == 1), "") for found in made]


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    else:
        yield value


def _told(answer: Answer, side: Side, hiding: Hiding) -> str:
    """A status, and what its body says, as far as it fits into a line."""
    body = answer.json
    if not isinstance(body, dict):
        return f"{answer.status} ({_body_kind(answer)})"
    return f"{answer.status} {{{', '.join(hiding.shown(name)[:40] for name in body)}}}"[:300]
