"""Checks what a merchant sent against a request model, and says in neutral words which rules it breaks.

No word of the library that checks gets out of here: neither its messages nor the names that it gives to the alternatives of a
union. A validator of ours that has words for a merchant raises `Unfit`; what any other exception says is nobody's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from simulator.engine.known import Place, names_at
from simulator.kernel.refusals import Invalid, Violation

if TYPE_CHECKING:
    from pydantic import BaseModel


class Unfit(ValueError):
    """Raised by a request model's own validator. The text is for the merchant, and follows the name of the member; a whole
    sentence has the rule `custom`, of which `errors.py` shows the message alone."""

    def __init__(self, text: str, rule: str = "format", limit: Any = None) -> None:
        super().__init__(text)
        self.rule, self.limit = rule, limit


def is_web_url(text: str) -> bool:
    """Whether it is an absolute URL of http or https that names a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:  # brackets or a port that make no sense
        return False


def web_url(text: str) -> str:
    """A request model's validator: `Annotated[str, AfterValidator(web_url)]`. Raises `Unfit`."""
    if not is_web_url(text):
        raise Unfit("must be a URL of http or https")
    return text


# Rules -----------------------------------------------------------------------------------------------------------

TEXT, WHOLE, NUMBER, FLAG, OBJECT, LIST = "a text", "a whole number", "a number", "true or false", "an object", "a list"
"""What a member of a wrong type should have been: the `limit` of the rule `type`."""

_RULES = {
    "missing": "required",
    "union_tag_not_found": "required",
    "extra_forbidden": "unknown",
    "string_pattern_mismatch": "pattern",
    "string_too_short": "min_length",
    "string_too_long": "max_length",
    "too_short": "min_length",
    "too_long": "max_length",
    "greater_than": "min",
    "greater_than_equal": "min",
    "less_than": "max",
    "less_than_equal": "max",
    "literal_error": "enum",
    "enum": "enum",
    "union_tag_invalid": "enum",
}
_TYPES = (
    ("string_", TEXT),
    ("int_", WHOLE),
    ("float_", NUMBER),
    ("decimal_", NUMBER),
    ("finite_number", NUMBER),
    ("bool_", FLAG),
    ("dict_", OBJECT),
    ("mapping_", OBJECT),
    ("model_", OBJECT),
    ("list_", LIST),
    ("tuple_", LIST),
    ("set_", LIST),
    ("frozen_set_", LIST),
    ("iterable_", LIST),
)
"""How the library's names of a wrong type begin."""

_LIMITS = ("pattern", "min_length", "max_length", "gt", "ge", "lt", "le", "expected", "expected_tags")
_QUOTED = re.compile(r"'([^']*)'")

MALFORMED = "is not well-formed"


def words(rule: str, limit: Any, given: Any) -> str:
    """What a merchant reads after the name of the member."""
    match rule:
        case "required":
            return "must not be missing"
        case "unknown":
            return "is not known"
        case "type" if limit is not None:
            return f"must be {limit}"
        case "type":
            return "has the wrong type"
        case "pattern":
            return f"must be {plainly}" if (plainly := in_words(str(limit))) is not None else f"must match {limit}"
        case "min_length" | "max_length":
            bound = "least" if rule == "min_length" else "most"
            one, more = ("character", "characters") if isinstance(given, str) else ("entry", "entries")
            return f"must have at {bound} {limit} {one if limit == 1 else more}"
        case "min" | "max":
            edge = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
            return f"must be at {'least' if rule == 'min' else 'most'} {edge}"
        case "enum":
            return f"must be one of {limit}" if limit else "is none of the possible values"
        case _:
            return MALFORMED


_PART = re.compile(
    r"\[(?P<of>(?:[^\]\[\\^]|\\[\]\[.])(?:[^\]\[\\]|\\[\]\[.])*)\](?:\{(?P<least>\d+)(?:,(?P<most>\d+))?\}|(?P<many>[+*]))?|(?P<literal>[\w:-]+)"
)
"""A set of characters and how many of them, or characters that stand for themselves."""


@cache
def in_words(pattern: str) -> str | None:
    """What a regular expression demands, for people: `^[A-Z]{3}$` is `3 characters of A-Z`; None of what needs more words."""
    inner, said, at = pattern.removeprefix("^").removesuffix("$"), list[str](), 0
    while (part := _PART.match(inner, at)) is not None:
        at = part.end()
        said.append(part["literal"] or _of_set(part))
    return ", then ".join(said) if said and at == len(inner) else None


def _of_set(part: re.Match[str]) -> str:
    least, most = (part["least"] or "1", part["most"]) if part["many"] is None else ("", None)
    count = "any number of" if part["many"] == "*" else f"{least} to {most}" if most else least
    characters = " ".join(re.findall(r".-.|.", part["of"].replace("\\", "")))
    of = "digit" if characters == "0-9" else "character"
    named = of if count == "1" else f"{of}s"
    return f"{count} {named}{'' if of == 'digit' else f' of {characters}'}".strip()


# Checking --------------------------------------------------------------------------------------------------------

TOLD = 500
"""Faults of one body that are looked at; what is wrong in more places than that is told of no better by more of them."""


def validate(model: type[BaseModel], data: Any, where: Literal["body", "query"] = "body") -> BaseModel:
    """Checks a body or a query against a request model. Raises `Invalid` with neutral violations in document order."""
    from pydantic import ValidationError

    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = _violations(model, data, error.errors(include_url=False)[:TOLD])
        raise Invalid([replace(one, where=where) for one in found]) from error


def allowed(model: type[BaseModel], data: Any, violation: Violation) -> tuple[str, ...] | None:
    """What could stand there instead: the names that are known, or the possible values; None where they cannot be counted."""
    if violation.rule == "unknown":
        return tuple(sorted(names_at(model, data, violation.path.rpartition(".")[0])))
    return tuple(str(violation.limit).split(", ")) if violation.rule == "enum" else None


class _Fault(NamedTuple):
    """One error of the library. `choice` is where it chose between alternatives, and `alternative` the one that it speaks of."""

    violation: Violation
    choice: str | None
    alternative: str


def _violations(model: type[BaseModel], data: Any, errors: Sequence[Any]) -> Iterator[Violation]:
    """Where a member may be one of several things, the library complains about each of them: here only the likeliest counts."""
    faults = [_fault(Place.of(model), data, error) for error in errors]
    by_choice: dict[str | None, list[_Fault]] = {}
    for fault in faults:
        by_choice.setdefault(fault.choice, []).append(fault)
    for fault in faults:
        if fault.choice is None:
            yield fault.violation
        elif (alternatives := by_choice.pop(fault.choice, None)) is not None:
            yield from _likeliest(fault.choice, alternatives)


def _likeliest(choice: str, faults: Sequence[_Fault]) -> Iterator[Violation]:
    """What is wrong by the first alternative whose type fits; if none does, all that it may be."""
    wrong_type = {
        fault.alternative for fault in faults if fault.violation.path == choice and fault.violation.rule == "type"
    }
    fitting = next((fault.alternative for fault in faults if fault.alternative not in wrong_type), None)
    if fitting is not None:
        yield from (fault.violation for fault in faults if fault.alternative == fitting)
        return
    given, kinds = faults[0].violation.given, [str(fault.violation.limit) for fault in faults if fault.violation.limit]
    limit = " or ".join(dict.fromkeys(kinds)) or None
    yield Violation(choice, "type", limit, given, words("type", limit, given))


def _fault(place: Place, data: Any, error: Mapping[str, Any]) -> _Fault:
    path: list[str] = []
    choice, alternative = None, ""
    for part in error["loc"]:
        inner = place.at(part, data)
        if inner is None:  # the name of an alternative in the model, which does not stand in the request
            choice, alternative = choice or ".".join(path), alternative or str(part)
            continue
        place, data = inner
        path.append(str(part))
    error_type, context, given = error["type"], error.get("ctx", {}), error.get("input")
    if error_type == "union_tag_not_found":
        path.append(str(context["discriminator"]).strip("'"))
    path_, raised = ".".join(path), context.get("error")
    if isinstance(raised, Unfit):
        return _Fault(Violation(path_, raised.rule, raised.limit, given, str(raised)), choice, alternative)
    rule, limit = _rule(error_type, context)
    return _Fault(Violation(path_, rule, limit, given, words(rule, limit, given)), choice, alternative)


def _rule(error_type: str, context: Mapping[str, Any]) -> tuple[str, Any]:
    """The neutral rule behind an error of the library's, and what it demanded."""
    rule = _RULES.get(error_type)
    if rule is not None:
        limit = next((context[name] for name in _LIMITS if name in context), None)
        return rule, _plainly(limit) if rule == "enum" else limit
    wanted = next((wanted for begin, wanted in _TYPES if error_type.startswith(begin)), None)
    return ("type", wanted) if wanted is not None else ("format", None)


def _plainly(choices: Any) -> str:
    """`'a', 'b' or 'c'` as `a, b, c`."""
    return ", ".join(_QUOTED.findall(str(choices))) or str(choices)
