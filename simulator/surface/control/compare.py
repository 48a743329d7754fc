"""A merchant's base string, signature or body beside the right one, for what was sent to them and for what they sent."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from simulator.engine import explain
from simulator.engine.explain import CAUSES, Comparison, Explained
from simulator.engine.runtime import Runtime
from simulator.engine.store import AttemptRow, OutboxRow
from simulator.engine.texts import Texts
from simulator.engine.webhook_bodies import is_form
from simulator.kernel.values import dataclass
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall
from simulator.surface.control.webhooks import message_of

ENGLISH = Texts("en")


class CompareBody(Body):
    base_string: str | None = None
    signature: str | None = None
    body: str | None = None


class CompareDeliveryBody(CompareBody):
    n: int | None = Field(None, ge=1)
    """With which try; the last one unless given, or what would leave now where there was none."""


async def compare_delivery(call: ControlCall[CompareDeliveryBody]) -> dict[str, Any]:
    """Raises 404 for a try that was not made."""
    row = message_of(call, call.workspace)
    attempt = _attempt(call.runtime, row, call.body.n)
    explained = call.runtime.dispatcher.explained(row, attempt)
    if explained is None and attempt is not None and call.runtime.dispatcher.bears_signature(row, attempt):
        raise ControlError(
            409, "secret_changed", "its secret has changed since, or its endpoint is gone: nobody knows it any more"
        )
    return comparison_view(explained, compared(explained, call.body))


def _attempt(runtime: Runtime, row: OutboxRow, n: int | None) -> AttemptRow | None:
    attempts = runtime.store.attempts([row.seq])
    chosen = [attempt for attempt in attempts if n is None or attempt.n == n]
    if n is not None and not chosen:
        raise ControlError(404, "not_found", f"there was no try {n}", field="n", allowed=[one.n for one in attempts])
    return chosen[-1] if chosen else None


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


@dataclass(frozen=True)
class Pasted:
    """What somebody has pasted, read as what it explains best."""

    text: str
    kind: Literal["signature", "base_string", "body"]
    found: Comparison

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        return self.found.equal, self.found.is_certain, self.found.cause != "unknown"


def pasted(explained: Explained, text: str) -> Pasted:
    """It is a signature if it is as long as one and in one piece; else the string to sign, or the body if that explains more, or as
    much and it is JSON or a form like the true one. The console's own form gives line breaks as CRLF."""
    text = text.replace("\r\n", "\n")
    bare, is_like_it = explained.bare(text), _is_form_like_it(explained, text)
    if not is_like_it and len(bare) <= len(explained.signature) * 2 and not set(bare) & set(" :{"):
        return Pasted(text, "signature", explain.compare(explained, signature=text))
    as_base = Pasted(text, "base_string", explain.compare(explained, base_string=text))
    if explained.rebuilt is None:
        return as_base
    try:
        as_body = Pasted(text, "body", explain.compare(explained, body=text))
        if not is_like_it:
            json.loads(text)
    except ValueError:  # no body that anybody could sign, or neither JSON nor such a form
        return as_base
    is_same = explained.rebuilt(text.encode("utf-8", "surrogatepass")) == text.encode("utf-8", "surrogatepass")
    return as_base if is_same or as_base.rank > as_body.rank else as_body


def _is_form_like_it(explained: Explained, text: str) -> bool:
    """Whether it is a form whose first field what was signed has, too: `sha256=…` before a signature looks like a form."""
    name = text.partition("=")[0]
    return is_form(text.encode("utf-8", "surrogatepass")) and f"{name}=" in explained.base_string


def comparison_view(explained: Explained | None, comparison: Comparison, texts: Texts = ENGLISH) -> dict[str, Any]:
    """As the control API gives it."""
    assert explained is not None
    cause = None if comparison.cause is None else CAUSES[comparison.cause]
    return {
        "equal": comparison.equal,
        "base_string": explained.base_string,
        "at": comparison.at,
        "expected": comparison.expected,
        "got": comparison.got,
        "cause": cause and {"code": comparison.cause, "text": f"{texts(cause[0])} {texts(cause[1])}"},
        "steps": [{"name": texts(step.text, **step.values), "value": step.value} for step in explained.steps],
        "code": dict(explained.programs),
    }
