"""A merchant's base string, signature or body beside the right one, for what was sent to them and for what they sent."""

from __future__ import annotations

from typing import Any

from simulator.engine import explain
from simulator.engine.explain import CAUSES, Comparison, Explained
from simulator.engine.texts import Texts
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body

ENGLISH = Texts("en")


class CompareBody(Body):
    base_string: str | None = None
    signature: str | None = None
    body: str | None = None


def compared(explained: Explained | None, given: CompareBody) -> Comparison:
    """Raises 409 where nothing is signed, and 422 where nothing is given or the body is none that can be signed."""
    if explained is None:
        raise ControlError(409, "not_signed", "it bears no signature: there is nothing to compare with")
    if given.base_string is None and given.signature is None and given.body is None:
        raise invalid("body: give a base_string, a signature or a body", "body", ["base_string", "signature", "body"])
    try:
        return explain.compare(explained, base_string=given.base_string, signature=given.signature, body=given.body)
    except ValueError as problem:
        raise invalid(f"body: it cannot be signed ({problem})", "body") from problem


def comparison_view(explained: Explained, comparison: Comparison, texts: Texts = ENGLISH) -> dict[str, Any]:
    """As the control API gives it."""
    cause = None if comparison.cause is None else CAUSES[comparison.cause]
    return {
        "equal": comparison.equal,
        "at": comparison.at,
        "expected": comparison.expected,
        "got": comparison.got,
        "cause": cause and {"code": comparison.cause, "text": f"{texts(cause[0])} {texts(cause[1])}"},
        "steps": [{"name": texts(step.text, **step.values), "value": step.value} for step in explained.steps],
        "code": dict(explained.code),
    }
