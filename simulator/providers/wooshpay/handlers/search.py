"""The search for payment intents: `field:'value'` and its like, joined by AND or by OR, page by page.

Source: docs/providers/wooshpay.md, source 3.8 and corrections. Inferred: wooshpay.search.
"""

from __future__ import annotations

import base64
import binascii
import operator
import re

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import CURRENCIES
from simulator.kernel.values import dataclass
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.lookup import as_millis, first, newest_first, query_of
from simulator.providers.wooshpay.model import PaymentIntent, rounded_ms, side_of
from simulator.providers.wooshpay.states import PAYMENT_INTENT
from simulator.providers.wooshpay.wire import payment_intents as wire
from simulator.providers.wooshpay.wire.lists import search_result

URL = "/v1/payment_intents/search"
TEXTS = ("merchant_order_id", "status", "currency", "customer", "metadata")
NUMBERS = ("amount", "created")
COMPARISONS = {":": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}

_CLAUSE = re.compile(
    r"""
    \s* (?P<negated> -?) (?P<field> [a-z_]+)
    (?: \[ (?P<q> ['"]) (?P<key> (?: \\. | (?! (?P=q)\] ) [^\\] ){1,200} ) (?P=q) \] )?
    \s* (?P<compares> : | >= | <= | > | < ) \s*
    (?: (?P<quote> ['"])
        # A quote between two letters is one of the value, so that 'it's' is read too; \' is one anywhere.
        (?P<text> (?: \\. | (?<=\w) (?P=quote) (?=\w) | (?! (?P=quote) ) [^\\] )* )
        (?P=quote)
      | (?P<number> -?[0-9]{1,18}) )
    (?: \s*\Z | \s+ (?P<joined> AND|OR) (?=\s) )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clause:
    """`key` is a name in the metadata. `value` is a number for the fields that are compared as numbers."""

    field: str
    key: str
    compares: str
    value: str | int
    negated: bool

    def holds(self, intent: PaymentIntent) -> bool:
        return self._is_met(intent) != self.negated

    def _is_met(self, intent: PaymentIntent) -> bool:
        if self.field == "metadata":
            return (intent.metadata or {}).get(self.key) == self.value
        if self.field == "created":
            return bool(COMPARISONS[self.compares](rounded_ms(intent.created_at), self.value))
        found = getattr(intent, "state" if self.field == "status" else self.field)
        return bool(COMPARISONS[self.compares](found, self.value))


def search_payment_intents(call: Call, uow: UnitOfWork) -> Reply:
    """GET /v1/payment_intents/search. A query that is not understood is refused, for an empty list would say that nothing was
    found."""
    query = query_of(call)
    clauses, joined = read(query.query)
    side = side_of(call.credential["livemode"])
    combine = any if joined == "OR" else all
    intents = newest_first(uow, PaymentIntent, _key(side, clauses, joined), _before(uow, side, query.page))
    found, more = first((i for i in intents if combine(clause.holds(i) for clause in clauses)), query.limit)
    next_page = base64.urlsafe_b64encode(found[-1].id.encode()).decode().rstrip("=") if more else None
    return Reply(200, search_result(URL, [wire.payment_intent(intent) for intent in found], next_page))


def _key(side: str, clauses: list[Clause], joined: str) -> tuple[str, str]:
    """Where to look: under the merchant's order, if one must match."""
    for clause in clauses if joined == "AND" else ():
        if clause.field == "merchant_order_id" and clause.value and not clause.negated:
            return "merchant_order_id", f"{side}:{clause.value}"
    return "side", side


def _before(uow: UnitOfWork, side: str, page: str | None) -> str | None:
    """The intent after which a page begins. Only what an answer gave as `next_page` is one."""
    if page is None:
        return None
    try:
        id_ = base64.urlsafe_b64decode(page + "=" * (-len(page) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        id_ = ""
    intent = uow.find(PaymentIntent, id_) if id_.startswith("pi_") else None
    if intent is None or intent.side != side:
        raise refused("parameter_invalid", "page", message="give the next_page of an earlier answer")
    return intent.id


def read(text: str) -> tuple[list[Clause], str]:
    """The clauses of a query and what joins them, AND or OR. Both in one query is refused, as Stripe does."""
    clauses: list[Clause] = []
    joiners: set[str] = set()
    position = 0
    while True:
        match = _CLAUSE.match(text, position)
        if match is None:
            raise _not_understood()
        clauses.append(_clause(match))
        if match["joined"] is None:
            break
        joiners.add(match["joined"])
        position = match.end()
    if len(joiners) > 1:
        raise refused("parameter_invalid", "query", message="AND and OR cannot be combined in one query")
    return clauses, joiners.pop() if joiners else "AND"


def _not_understood() -> Exception:
    names = ", ".join((*TEXTS[:-1], "metadata['key']"))
    message = f"write field:'value' with one of {names}, or amount or created with a number, joined by AND or by OR"
    return refused("parameter_invalid", "query", message=message)


def _clause(match: re.Match[str]) -> Clause:
    field, key, number = match["field"], match["key"], match["number"]
    if field not in (*TEXTS, *NUMBERS) or (field == "metadata") != (key is not None):
        raise _not_understood()
    value: str | int
    if field in NUMBERS:
        given = match["text"] if number is None else number
        if not re.fullmatch("-?[0-9]{1,18}", given):
            raise refused("parameter_invalid", "query", message=f"{field} is compared with a number")
        value = as_millis(int(given)) if field == "created" else int(given)
    elif number is not None or match["compares"] != ":":
        raise _not_understood()
    else:
        value = _ESCAPED.sub(r"\1", match["text"])
        value = value.upper() if field == "currency" else value
        if field == "status" and value not in PAYMENT_INTENT.states:
            message = f"status is one of {', '.join(PAYMENT_INTENT.states)}"
            raise refused("parameter_invalid", "query", message=message)
        if field == "currency" and value not in CURRENCIES:
            raise refused("parameter_invalid", "query", message="currency is a code of three letters, such as CNY")
    return Clause(field, _ESCAPED.sub(r"\1", key or ""), match["compares"], value, bool(match["negated"]))
