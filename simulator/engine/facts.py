"""The register of what is not documented: each fact about a provider that was inferred, observed or confirmed, as a value.

A provider keeps its own in `facts.toml` beside its code. Reading them costs a start and a call nothing: the file is read when
somebody asks, and which facts an answer hangs on is derived from the call as the journal has kept it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast, get_args

from simulator.kernel.lazy import cached_property
from simulator.kernel.values import dataclass

Standing = Literal["inferred", "observed", "confirmed"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)

OBSERVERS = {"recording": "a published recording", "client": "a client's code"}
"""Who has observed a fact: somebody's transcript of the real API, or a program that works against it."""


class FactError(ValueError):
    """A register contradicts itself; the message names the file, the fact and what would be right."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of a provider's API and its answer, as far as facts can show in them."""

    operation: str
    """The endpoint's name; empty where no endpoint has answered."""
    status: int
    asked: Any = None
    """The members of the request's body, and the parameters of its query."""
    answered: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those of the answer, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a fact shows: in the answers to an operation, in a webhook, or elsewhere. All that is given has to hold.

    Members are dotted paths; `[]` after a name stands for each item of a list (`data[].id`), `**` for all that is said. A
    condition is a value, a list of values of which one has to be there, or one of `{has = false}`, `{not = …}`,
    `{below = …}`, `{above = …}`, `{is = "text"}` (or `null`, `number`, `empty`).
    """

    operation: tuple[str, ...] = ()
    """Names of endpoints. Without one, the answers to all of them, and to what is no endpoint."""
    status: tuple[int, ...] = ()
    member: str = ""
    """A member of the answer or of the webhook; it has to be there. With `absent` it has to be missing."""
    absent: bool = False
    header: str = ""
    """A header of the answer or of the webhook, in lower case."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What the request says: path to condition."""
    answered: Mapping[str, Any] = field(default_factory=dict)
    """What the answer says."""
    event: str = ""
    """A webhook, by its name; `*` for any."""
    quiet: bool = False
    """It shows in so many answers that the journal does not name it."""
    elsewhere: str = ""
    """In words, what no single answer shows: a page, a time, what a receiver sees."""

    @property
    def is_of_api(self) -> bool:
        return not self.event and not self.elsewhere

    def fits(self, exchange: Exchange) -> bool:
        """Whether the fact shows in this answer."""
        return (
            self.is_of_api
            and (not self.operation or exchange.operation in self.operation)
            and (not self.status or exchange.status in self.status)
            and (not self.header or self.header in exchange.headers)
            and (not self.member or _has(exchange.answered, self.member) is not self.absent)
            and all(_holds(exchange.asked, path, wanted) for path, wanted in self.asked.items())
            and all(_holds(exchange.answered, path, wanted) for path, wanted in self.answered.items())
        )

    def fits_webhook(self, event: str, said: Any, headers: Collection[str]) -> bool:
        """Whether it shows in a webhook of that name, which says so much; `headers` are in lower case."""
        return (
            self.event in ("*", event)
            and bool(self.event)
            and (not self.header or self.header in headers)
            and (not self.member or _has(said, self.member) is not self.absent)
            and all(_holds(said, path, wanted) for path, wanted in self.answered.items())
        )

    @property
    def words(self) -> str:
        """In Markdown, for the documentation."""
        if self.elsewhere:
            return self.elsewhere
        what = " ".join(f"`{name}`" for name in (self.member, self.header) if name)
        if self.event:
            return f"webhook {'of any event' if self.event == '*' else f'`{self.event}`'} {what}".strip()
        parts = [
            ", ".join(f"`{name}`" for name in self.operation) or "any call",
            "/".join(map(str, self.status)),
            f"without {what}" if self.absent else what,
        ]
        given = [
            *(f"`{path}` {_condition(wanted)}" for path, wanted in self.asked.items()),
            *(f"answered `{path}` {_condition(wanted)}" for path, wanted in self.answered.items()),
        ]
        return " ".join(part for part in parts if part) + (f" ({', '.join(given)})" if given else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting of the provider that chooses another reading; `other` is its value, None where it is what is measured."""

    name: str
    other: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What the simulator does and no document of the provider says."""

    id: str
    """Stable: `acme.consumer-country`."""
    statement: str
    source: str
    """Why it is believed."""
    shows: tuple[Place, ...]
    settled_by: str
    """What would have to be seen at the real API."""
    setting: Choice | None = None
    standing: Standing = "inferred"
    by: str = ""
    """Of what was observed: one of `OBSERVERS`."""
    on: date | None = None
    """Of what was confirmed: when."""
    sandbox: str = ""
    """Of what was confirmed: where."""

    def __post_init__(self) -> None:
        """Raises `FactError` where the members do not belong together."""
        if self.standing not in STANDINGS:
            raise FactError(f"{self.id}: standing is one of {', '.join(STANDINGS)}, not {self.standing!r}")
        if (self.standing == "observed") != (self.by in OBSERVERS):
            raise FactError(f"{self.id}: what is observed, and nothing else, says by: one of {', '.join(OBSERVERS)}")
        if (self.standing == "confirmed") != (self.on is not None and bool(self.sandbox)):
            raise FactError(f"{self.id}: what is confirmed, and nothing else, says on (a date) and sandbox")
        if not self.shows:
            raise FactError(f"{self.id}: shows nowhere")

    def shows_in(self, exchange: Exchange) -> bool:
        return any(place.fits(exchange) for place in self.shows)


class Facts:
    """A provider's register, in the order of its file. Raises `FactError` when it is read and something is wrong with it."""

    def __init__(self, path: Path, provider: str) -> None:
        self.path, self.provider = path, provider

    @cached_property
    def all(self) -> tuple[Fact, ...]:
        import tomllib  # a start needs it not

        try:
            written = tomllib.loads(self.path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise FactError(f"{self.path.name} of {self.provider}: {error}") from error
        return tuple(_fact(f"{self.provider}.{name}", members) for name, members in written.items())

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def get(self, id_: str) -> Fact | None:
        return next((fact for fact in self.all if fact.id == id_), None)

    def inferred_in(self, exchange: Exchange) -> list[Fact]:
        """The facts behind this answer that are only inferred."""
        return self._inferred(lambda place: place.fits(exchange))

    def inferred_of(self, event: str, said: Any, headers: Collection[str]) -> list[Fact]:
        """The facts behind this webhook that are only inferred."""
        return self._inferred(lambda place: place.fits_webhook(event, said, headers))

    def _inferred(self, fits: Callable[[Place], bool]) -> list[Fact]:
        return [
            fact
            for fact in self.all
            if fact.standing == "inferred" and any(fits(place) for place in fact.shows if not place.quiet)
        ]

    def counted(self) -> dict[Standing, int]:
        return {standing: sum(fact.standing == standing for fact in self.all) for standing in STANDINGS}


class _None(Facts):
    """The register of a provider that keeps none."""

    def __init__(self) -> None:
        super().__init__(Path(), "")

    @cached_property
    def all(self) -> tuple[Fact, ...]:
        return ()


NO_FACTS: Facts = _None()


def table(facts: Facts) -> str:
    """The register as a Markdown table, for the provider's page."""
    rows = [
        f"| `{fact.id}` | {_cell(fact.statement)} | {_cell(_standing(fact))} | "
        f"{_cell('; '.join(place.words for place in fact.shows))} | {_cell(_settled(fact))} |"
        for fact in facts
    ]
    head = ["| Id | Here | Why it is believed | Where it shows | What settles it |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])


def _standing(fact: Fact) -> str:
    if fact.standing == "confirmed":
        return f"**confirmed** on {fact.on} at {fact.sandbox}. {fact.source}"
    if fact.standing == "observed":
        return f"**observed** by {OBSERVERS[fact.by]}. {fact.source}"
    return fact.source


def _settled(fact: Fact) -> str:
    if fact.setting is None:
        return fact.settled_by
    other = "" if fact.setting.other is None else f": {_toml(fact.setting.other)}"
    return f"{fact.settled_by} Setting `{fact.setting.name}{other}`."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


# Conditions ------------------------------------------------------------------------------------------------------


def values(said: Any, path: str) -> list[Any]:
    """All values at a dotted path, where `[]` stands for each item of a list; nothing where there is none."""
    if path == "**":
        return [*_everything(said)]
    found = [said]
    for name in path.replace("[]", ".[]").split("."):
        if name == "[]":
            found = [item for one in found if isinstance(one, list) for item in one]
        elif name:
            found = [one[name] for one in found if isinstance(one, Mapping) and name in one]
    return found


def _everything(said: Any) -> Iterator[Any]:
    for inner in said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ():
        yield inner
        yield from _everything(inner)


def _has(said: Any, path: str) -> bool:
    return bool(values(said, path))


def _holds(said: Any, path: str, wanted: Any) -> bool:
    found = values(said, path)
    if not isinstance(wanted, Mapping):
        return any(one in _listed(wanted) for one in found)
    ((word, value),) = wanted.items()
    match word:
        case "has":
            return bool(found) is value
        case "not":
            return any(one not in _listed(value) for one in found)
        case "is":
            return any(SHAPES[value](one) for one in found)
        case "below":
            return any(number < value for one in found if (number := _number(one)) is not None)
        case _:
            return any(number > value for one in found if (number := _number(one)) is not None)


SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "empty": lambda value: value in ("", [], {}),
}


def _number(value: Any) -> float | None:
    """The value as a number, also if it is a text, as forms and some providers write numbers; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _condition(wanted: Any) -> str:
    if not isinstance(wanted, Mapping):
        return f"is {' or '.join(_shown(one) for one in _listed(wanted))}"
    ((word, value),) = wanted.items()
    if word == "has":
        return "given" if value else "not given"
    listed = " or ".join(_shown(one) for one in _listed(value))
    return f"is not {listed}" if word == "not" else f"is {_SAID[value]}" if word == "is" else f"{word} {listed}"


_SAID = {"text": "a text", "number": "a number", "null": "null", "empty": "empty"}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if value != "" else "empty"


CONDITIONS = ("has", "not", "is", "below", "above")

# Reading ---------------------------------------------------------------------------------------------------------


def _fact(id_: str, written: Any) -> Fact:
    if not isinstance(written, Mapping):
        raise FactError(f"{id_}: a fact is a table")
    known = {one.name for one in fields(Fact)} - {"id"}
    if unknown := sorted(written.keys() - known):
        raise FactError(f"{id_}: {', '.join(unknown)}: a fact has {', '.join(sorted(known))}")
    if missing := [name for name in ("statement", "source", "shows", "settled_by") if not written.get(name)]:
        raise FactError(f"{id_}: {', '.join(missing)} is missing")
    members = {
        **written,
        "id": id_,
        "shows": tuple(_place(id_, one) for one in written["shows"]),
        "setting": Choice(**written["setting"]) if "setting" in written else None,
    }
    return Fact(**cast(dict[str, Any], members))


def _place(id_: str, written: Mapping[str, Any]) -> Place:
    known = {one.name for one in fields(Place)}
    if unknown := sorted(written.keys() - known):
        raise FactError(f"{id_}: shows: {', '.join(unknown)}: a place has {', '.join(sorted(known))}")
    for side in ("asked", "answered"):
        for path, wanted in written.get(side, {}).items():
            if isinstance(wanted, Mapping) and (len(wanted) != 1 or next(iter(wanted)) not in CONDITIONS):
                raise FactError(f"{id_}: {side}.{path}: a condition is a value, a list, or one of {CONDITIONS}")
    tuples = {name: tuple(_listed(written[name])) for name in ("operation", "status") if name in written}
    return Place(**{**written, **tuples})
