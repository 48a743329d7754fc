"""What every operation needs: finding things of the right account, echoing and merging what was sent, paging lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Any, TypeVar

from simulator.engine.pages import is_safe_return
from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import NotFound
from simulator.providers.wooshpay import links
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.model import (
    Charge,
    CheckoutSession,
    Customer,
    Owned,
    PaymentIntent,
    PaymentMethod,
    Price,
    Product,
    Refund,
    StoredEvent,
    rounded_ms,
    side_of,
)

PREFIXES = {
    PaymentIntent: "pi",
    CheckoutSession: "cs",
    Refund: "re",
    Charge: "ch",
    PaymentMethod: "pm",
    Customer: "cus",
    Product: "prod",
    Price: "price",
    StoredEvent: "evt",
}

O = TypeVar("O", bound=Owned)  # noqa: E741  # one letter like every type variable here


def find(call: Call, uow: UnitOfWork, kind: type[O], id_: str, param: str = "id") -> O:
    """The resource with this id, on the caller's side of the account.

    An unknown one, or one of the other side, is refused with 404. What is no id at all is 400 `id is invalid` for a session
    and in a member of a request, and 404 in the path of anything else. Inferred: wooshpay.no-id.

    Source: docs/providers/wooshpay.md, source 5.3, and docs/providers/wooshpay.md, corrections.
    """
    prefix = PREFIXES[kind]
    if not re.fullmatch(rf"{prefix}_(test_)?[0-9]{{1,25}}", id_):
        if param == "id" and kind is not CheckoutSession:
            raise NotFound(kind.KIND, id_, param)
        raise refused("id_invalid", param)
    found = uow.find(kind, id_.replace("_test_", "_", 1))
    if found is None or found.livemode != call.credential["livemode"]:
        raise NotFound(kind.KIND, id_, param)
    return found


def session_of(uow: UnitOfWork, intent: PaymentIntent) -> CheckoutSession | None:
    return uow.find(CheckoutSession, intent.session) if intent.session else None


def method_of(uow: UnitOfWork, intent: PaymentIntent) -> PaymentMethod | None:
    return uow.find(PaymentMethod, intent.payment_method) if intent.payment_method else None


def owned(call: Call, uow: UnitOfWork) -> dict[str, Any]:
    """The fields that all new resources get: the side of the account, and when they were made and changed."""
    return {"livemode": call.credential["livemode"], "created_at": uow.now, "updated_at": uow.now}


def raw(call: Call, name: str) -> Any:
    """A member as it was sent (after form decoding), for echoing."""
    return call.parsed["body"].get(name)


def merged(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> dict[str, str] | None:
    """Metadata merges key by key; an empty text deletes a key, an empty object everything.

    Inferred: wooshpay.update.
    """
    if new is None:
        return dict(old) if old else None
    if not new:
        return None
    return {name: value for name, value in {**(old or {}), **new}.items() if value != ""} or None


def check_url(url: str | None, param: str) -> None:
    """What no browser may follow is refused; `www.shop.example` is not (seed)."""
    if url is not None and not is_safe_return(links.with_scheme(url)):
        raise refused("url_invalid", param)


def as_millis(given: int) -> int:
    """Milliseconds since 1970. What is below 10^12 is taken for seconds. Inferred: wooshpay.lists."""
    return given * 1000 if abs(given) < 10**12 else given


def request_id(call: Call, ids: Ids) -> str:
    """The request's id in `Request-Id` and in the events that it causes. The first that is drawn stays; one is drawn each time,
    because with a seed the ids of what comes after depend on how many were."""
    drawn = "req_" + ids.text(14)
    if call.answering.request_id is None:
        call.answering.request_id = drawn
    return call.answering.request_id


# Lists ---------------------------------------------------------------------------------------------------------


def query_of(call: Call) -> Any:
    """The query of a list or a search, as it was validated."""
    return call.body


def newest_first(uow: UnitOfWork, kind: type[O], key: tuple[str, str], before: str | None) -> Iterator[O]:
    """The resources under a look-up key, newest first, only those older than `before`. Reads them by the hundred, as needed."""
    while True:
        found, more = uow.listing(kind, limit=100, before=before, key=key)
        yield from found
        if not more:
            return
        before = found[-1].id


def listed(call: Call, uow: UnitOfWork, kind: type[O], **filters: str | None) -> tuple[list[O], bool]:
    """A page of what belongs to this side of the account, newest first, and whether there is more.

    Source: docs/providers/wooshpay.md, source 3.7.
    """
    query = query_of(call)
    for name in ("starting_after", "ending_before"):
        if getattr(query, name) is not None:
            find(call, uow, kind, getattr(query, name), name)
    side = side_of(call.credential["livemode"])
    wanted = {name: value for name, value in filters.items() if value is not None}
    name, value = next(iter(wanted.items()), ("side", None))
    key = ("side", side) if value is None else (name, f"{side}:{value}")
    if query.ending_before is None and len(wanted) < 2 and query.created is None:
        return uow.listing(kind, limit=query.limit, before=query.starting_after, key=key)
    candidates = newest_first(uow, kind, key, query.starting_after)
    matching = (
        resource
        for resource in takewhile(lambda candidate: candidate.id != query.ending_before, candidates)
        if wanted.items() <= resource.facets().items() and is_within(resource.created_at, query.created)
    )
    if query.ending_before is None:
        return first(matching, query.limit)
    found = list(matching)
    return found[-query.limit :], len(found) > query.limit


def first(found: Iterable[O], limit: int) -> tuple[list[O], bool]:
    """The first `limit` of them, and whether there are more. Reads no further than it must."""
    taken = list(islice(found, limit + 1))
    return taken[:limit], len(taken) > limit


def page_of(items: Sequence[dict[str, Any]], query: Any, kind: str) -> tuple[list[dict[str, Any]], bool]:
    """A page of a list that another resource holds, and whether there are more. Raises `NotFound` for an unknown cursor."""
    ids = [item["id"] for item in items]
    for name in ("starting_after", "ending_before"):
        given = getattr(query, name)
        if given is not None and given not in ids:
            raise NotFound(kind, given, name)
    start = ids.index(query.starting_after) + 1 if query.starting_after else 0
    stop = ids.index(query.ending_before) if query.ending_before else len(ids)
    left = list(items[start:stop])
    page = left[-query.limit :] if query.ending_before else left[: query.limit]
    return page, len(left) > len(page)


def is_within(instant: datetime, created: Any) -> bool:
    """Whether something that was made then is what the filter `created` asks for."""
    if created is None:
        return True
    at = rounded_ms(instant)
    if isinstance(created, int):
        return at == as_millis(created)
    bounds = {name: as_millis(v) for name in ("gt", "gte", "lt", "lte") if (v := getattr(created, name)) is not None}
    return (
        at > bounds.get("gt", at - 1)
        and at >= bounds.get("gte", at)
        and at < bounds.get("lt", at + 1)
        and at <= bounds.get("lte", at)
    )
