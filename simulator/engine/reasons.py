"""Why a request was refused, for the journal and the pages that explain it: the rules that it broke, the provider's checks in
their order, and what may have been meant. The answer to the merchant is the provider's business (`Provider.refuse`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from simulator.engine import idempotency
from simulator.engine.call import Call
from simulator.engine.known import names_at
from simulator.engine.provider import Endpoint, Provider
from simulator.engine.unread import UNREADABLE, beyond, body_of, query_of
from simulator.engine.validation import validate, words
from simulator.kernel import refusals as r

if TYPE_CHECKING:
    from pydantic import BaseModel

NEAR = 0.75
"""How alike two names must be, from 0 to 1, for one to be a slip of the other."""

SHORT = 3
"""In a name of fewer letters, another letter makes another name: it is no slip."""

NAMED = 10
"""So many rules and slips are told at most."""

LOOKED_AT = 100
"""So many unknown names and wrong values are looked at: a body may have ten thousand, and each is held against every known one."""

LONG = 300
"""Characters of a sentence or a value that are shown at most."""


def help_of(call: Call, refusal: r.Refusal) -> dict[str, Any]:
    """What the journal keeps for who looks after the call, beside what the answer says."""
    if isinstance(refusal, r.Unauthenticated):
        return {"reason": refusal.reason, **refusal.help}
    if isinstance(refusal, r.Crashed):
        return {"error_id": refusal.error_id}
    if isinstance(refusal, r.OperationLeftOut):
        return {"left_out": refusal.operation}
    if isinstance(refusal, r.UnknownRoute):
        return {"reason": f"there is no {call.method} {call.target}", "did_you_mean": refusal.nearest}
    if isinstance(refusal, r.MethodNotAllowed):
        return {"reason": f"{call.target} does not take {call.method}", "allowed": refusal.allowed}
    if isinstance(refusal, r.Invalid):
        return {"violations": [f"{v.path}: {v.rule} {v.limit or ''}".strip() for v in refusal.violations]}
    return {}


# The rules -------------------------------------------------------------------------------------------------------


def rules(refusal: r.Refusal, answer: Any) -> list[dict[str, Any]]:
    """One entry for each rule that was broken, in the provider's order: `{"code", "field"?, "limit"?, "text"?}`.

    `answer` is the JSON of the provider's answer, for rules that only the provider has words for.
    """
    return [rule for rule, _ in zip(_rules(refusal, answer), range(NAMED), strict=False)]


def _rules(refusal: r.Refusal, answer: Any) -> Iterator[dict[str, Any]]:
    match refusal:
        case r.Invalid(violations=violations):
            for violation in violations:
                yield _of_violation(violation)
        case r.Refused(broken=broken) if broken:
            for violation in broken:
                yield _of_violation(violation)
        case r.Refused(code=code):
            yield _rule("own", limit=code, text=said(answer))
        case r.Unauthenticated(reason=reason, help=help_):
            code = "signature" if "expected" in help_ else "credential"
            yield _rule(code, help_.get("field", ""), text=reason)
        case r.Forbidden(reason=reason):
            yield _rule("access", text=reason)
        case r.OperationLeftOut(operation=operation):
            yield _rule("left_out", limit=operation)
        case r.UnknownRoute():
            yield _rule("path")
        case r.MethodNotAllowed(allowed=allowed):
            yield _rule("method", limit=", ".join(allowed))
        case r.UnsupportedMediaType(given=given, allowed=allowed):
            yield _rule("media_type", "Content-Type", ", ".join(allowed), given)
        case r.BodyTooLarge(limit=limit):
            yield _rule("body_size", limit=limit)
        case r.HeadersTooLarge(limit=limit):
            yield _rule("headers_size", limit=limit)
        case r.MalformedBody(detail=detail):
            yield _rule("json", text=detail)
        case r.NotFound(kind=kind, id=id_, path=path):
            yield _rule("not_found", path, kind, id_)
        case r.IllegalTransition(state=state, allowed=allowed):
            yield _rule("state", limit=state, text=", ".join(allowed))
        case r.LimitExceeded(requested=requested, available=available, what=what):
            yield _rule("exceeded", what, available, str(requested))
        case r.IdempotencyConflict(because=because):
            yield _rule("key_in_use" if because == "in_progress" else "key_mismatch")
        case r.Throttled(what=what, limit=limit) if what:
            yield _rule("full", limit=limit, text=what)
        case r.Throttled(retry_after_s=seconds):
            yield _rule("rate", limit=seconds)
        case r.Faulted():
            yield _rule("scenario")
        case r.Crashed(error_id=error_id):
            yield _rule("crash", limit=error_id)
        case _:
            yield _rule("own", text=said(answer))


def _rule(code: str, field: str = "", limit: Any = None, text: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"code": code}
    if field:
        made["field"] = field[:LONG]
    if limit not in (None, ""):
        made["limit"] = limit if isinstance(limit, int) else str(limit)[:LONG]
    if text:
        made["text"] = text[:LONG]
    return made


def _of_violation(violation: r.Violation) -> dict[str, Any]:
    """Without the words that the rule itself has. Possible values make a rule of the form one of the value, and the reverse."""
    code, limit, message = violation.rule, violation.limit, violation.message
    if code in ("enum", "format"):
        code = "enum" if limit else "format"
    return _rule(
        code, violation.path, limit, "" if message == words(violation.rule, limit, violation.given) else message
    )


_WORDS = ("message", "failureMessage", "error_codes", "error", "text")


def said(answer: Any) -> str:
    """What an answer says in words, wherever it says so."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list):
        return "; ".join(filter(None, (said(one) for one in answer[:3])))
    if isinstance(answer, Mapping):
        for name in _WORDS:
            if found := said(answer.get(name)):
                return found
        return next(filter(None, (said(inner) for inner in answer.values() if isinstance(inner, dict | list))), "")
    return ""


def later(provider: Provider, call: Call, endpoint: Endpoint) -> dict[str, Any]:
    """What is wrong with a request that was accepted; nothing where nothing is."""
    told = call.answering.told_later
    if not told:
        return {}
    refusal = r.Invalid(told)
    return {"rules": rules(refusal, None), "slips": slips(provider, call, endpoint, refusal)}


# The checks ------------------------------------------------------------------------------------------------------

BEFORE_ALL = frozenset({"path", "method", "size"})
"""Our own checks, which come before a provider's. They are listed only where they failed."""


def checks(provider: Provider, call: Call, refusal: r.Refusal) -> list[dict[str, str]]:
    """Each of the provider's checks of a refused request, in their order: those before the one that failed have `passed`, those
    after it are `unknown`."""
    names = list(_names(provider, call))
    failed = _failed(call, refusal)
    if failed == "operation" and isinstance(refusal, r.Invalid):
        failed = "members"
    if failed not in names:
        names.insert(0 if failed in BEFORE_ALL else names.index("operation"), failed)
    at = names.index(failed)
    results = ["passed"] * at + ["failed"] + ["unknown"] * (len(names) - at - 1)
    return [{"name": name, "result": result} for name, result in zip(names, results, strict=True)]


def _failed(call: Call, refusal: r.Refusal) -> str:
    match refusal:
        case r.UnknownRoute():
            return "path"
        case r.MethodNotAllowed():
            return "method"
        case r.Faulted():
            return "scenario"
        case r.BodyTooLarge() | r.HeadersTooLarge():
            return "size"
    return call.answering.step or "operation"


def _names(provider: Provider, call: Call) -> Iterator[str]:
    endpoint, policy = call.endpoint, provider.idempotency
    yield from (
        provider.proofs if not isinstance(endpoint, Endpoint) or endpoint.authenticate is None else ("credential",)
    )
    if provider.limit is not None:
        yield "rate"
    if provider.before is not None:
        yield "headers"
    key = "idempotency" if endpoint is not None and idempotency.key_of(policy, call) is not None else None
    if key is not None and policy is not None and not policy.after_validation:
        yield key
    if endpoint is not None and endpoint.body is not None and isinstance(endpoint, Endpoint) and endpoint.checks_body:
        if "json" not in provider.proofs:
            yield "json"
        yield "members"
    elif endpoint is not None and endpoint.query is not None:
        yield "members"
    if key is not None and policy is not None and policy.after_validation:
        yield key
    yield "operation"


# What may have been meant ----------------------------------------------------------------------------------------


def slips(provider: Provider, call: Call, endpoint: Endpoint, refusal: r.Refusal | None = None) -> list[dict[str, str]]:
    """Members and values of the request that are one slip away from a known one: `{"kind", "given", "meant"}`, and for a value
    its `field`. What the `refusal` names is looked at too."""
    found: list[dict[str, str]] = []
    try:
        query, body = query_of(provider, call, endpoint), body_of(provider, call, endpoint)
    except r.Refusal:
        query, body = {}, None
    for model, given in ((endpoint.query, query), (endpoint.body, body)):
        if given is not UNREADABLE and isinstance(given, Mapping):
            found += _slips_of_names(endpoint, model, given)
            found += _slips_of_values(provider, _violations(model, given))
    match refusal:
        case r.Invalid(violations=named) | r.Refused(broken=named):
            found += _slips_of_values(provider, named)
    return [slip for n, slip in enumerate(found) if slip not in found[:n]][:NAMED]


def is_sound(provider: Provider, call: Call, endpoint: Endpoint) -> bool:
    """Whether body and query are right, as far as that can be told without running the call."""
    try:
        query, body = query_of(provider, call, endpoint), body_of(provider, call, endpoint)
        if endpoint.query is not None:
            validate(endpoint.query, query)
        if endpoint.body is not None and endpoint.checks_body:
            validate(endpoint.body, body)
    except r.Refusal:
        return False
    return True


def _violations(model: type[BaseModel] | None, given: Any) -> Sequence[r.Violation]:
    try:
        if model is not None:
            validate(model, given)
    except r.Invalid as refused:
        return refused.violations
    return ()


def _slips_of_names(endpoint: Endpoint, model: type[BaseModel] | None, given: Any) -> Iterator[dict[str, str]]:
    paths = [unread.path for unread in beyond(endpoint, model, given) if unread.why is None]
    paths += [violation.path for violation in _violations(model, given) if violation.rule == "unknown"]
    for path in paths[:LOOKED_AT]:
        yield from _slip_of_name(model, given, path, endpoint.parameters)


def _slip_of_name(model: Any, given: Any, path: str, parameters: Collection[str]) -> Iterator[dict[str, str]]:
    parent, _, name = path.rpartition(".")
    known = names_at(model, given, parent) if model is not None else [one.rstrip("*") for one in parameters]
    here = _at(given, parent)
    free = [one for one in known if not (isinstance(here, Mapping) and one in here)]
    if meant := nearest(name, free):
        before = f"{parent}." if parent else ""
        yield {"kind": "member", "given": path, "meant": f"{before}{meant}"}


def _slips_of_values(provider: Provider, violations: Iterable[r.Violation]) -> Iterator[dict[str, str]]:
    for violation in islice(violations, LOOKED_AT):
        if violation.rule not in ("enum", "format") or not isinstance(violation.given, str):
            continue
        known: Collection[str] = str(violation.limit or "").split(", ")
        if violation.limit is None and "currency" in violation.path.lower() and provider.shop is not None:
            known = provider.shop.currencies
        if meant := nearest(violation.given, known):
            yield {"kind": "value", "field": violation.path, "given": violation.given, "meant": meant}


def _at(given: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(given, Mapping):
            given = given.get(step)
        elif isinstance(given, list) and step.isdecimal() and int(step) < len(given):
            given = given[int(step)]
        else:
            return None
    return given


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name of which this one is a slip: of case, of a separator, or of a letter or two."""
    from difflib import get_close_matches  # a start needs it not

    if not name or len(name) > LONG:
        return None
    plain = _plain(name)
    same = next((one for one in known if one != name and _plain(one) == plain), None)
    same = same or next((one for one in known if _is_one_letter_off(name, one)), None)
    return same or next(iter(get_close_matches(name, [*known], n=1, cutoff=NEAR)), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _is_one_letter_off(name: str, other: str) -> bool:
    """Whether a letter is wrong, missing or too many, or two have changed places. Of two letters nothing can be said."""
    if min(len(name), len(other)) < SHORT or abs(len(name) - len(other)) > 1 or name == other:
        return False
    start = next((n for n, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))
    ones, others = name[start:], other[start:]
    return (
        ones[1:] in (others[1:], others) or ones == others[1:] or (ones[:2] == others[1::-1] and ones[2:] == others[2:])
    )


def strangers(providers: Sequence[Provider], own: Provider, call: Call, directory: Any) -> list[dict[str, str]]:
    """The other provider whose credential came with the request, if there is one."""
    if "authorization" not in call.headers:
        return []
    for provider in providers:
        if provider is own:
            continue
        probe = replace(call, provider=provider.name, endpoint=None, answering=type(call.answering)())
        try:
            provider.authenticate(probe, directory)
        except r.Refusal:
            continue
        return [{"kind": "provider", "given": own.title, "meant": provider.title}]
    return []
