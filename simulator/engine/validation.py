"""Checks what a merchant sent against a request model, and says in neutral words which rules it breaks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.kernel.refusals import Invalid, Violation

_RULES = {
    "missing": "required",
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
    "value_error": "format",
    "assertion_error": "format",
}
_LIMITS = ("pattern", "min_length", "max_length", "gt", "ge", "lt", "le", "expected")


def validate(model: type[BaseModel], data: Any) -> BaseModel:
    """Checks a body against a request model. Raises `Invalid` with neutral violations in document order."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid([_violation(e) for e in error.errors(include_url=False)]) from error


def _violation(error: Any) -> Violation:
    context = error.get("ctx", {})
    limit = next((context[name] for name in _LIMITS if name in context), None)
    rule = _RULES.get(error["type"], "type")
    if error["type"] in (
        "date_from_datetime_parsing",
        "datetime_from_date_parsing",
        "date_parsing",
        "datetime_parsing",
    ):
        rule = "format"
    path = ".".join(str(part) for part in error["loc"] if not _is_union_tag(part))
    return Violation(path, rule, limit, error.get("input"), error["msg"].removeprefix("Value error, "))


def _is_union_tag(part: Any) -> bool:
    return isinstance(part, str) and ("[" in part or part in ("function-before", "function-after", "lax-or-strict"))
