"""What every operation needs: finding things of the right account, echoing and merging what was sent, paging lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from simulator.engine.pages import is_safe_return
from simulator.engine.provider import Call
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
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
    """Ill-formed ids are 400 `id is invalid`, unknown ones and those of the other mode 404.

    Source: reference/wooshpay.md, section 5.3 (the text is observed in an integration).
    """
    prefix = PREFIXES[kind]
    if not re.fullmatch(rf"{prefix}_(test_)?[0-9]{{1,25}}", id_):
        raise refused("id_invalid", param)
    found = uow.find(kind, id_.replace("_test_", "_", 1))
    if found is None or found.livemode != call.credential["livemode"]:
        raise NotFound(kind.KIND, id_, param)
    return found


def session_of(uow: UnitOfWork, intent: PaymentIntent) -> CheckoutSession | None:
    return uow.find(CheckoutSession, intent.session) if intent.session else None


def owned(call: Call, uow: UnitOfWork) -> dict[str, Any]:
    return {"livemode": call.credential["livemode"], "created_at": uow.now, "updated_at": uow.now}


def raw(call: Call, name: str) -> Any:
    """A member as it was sent (after form decoding), for echoing."""
    return call.scratch["body"].get(name)


def merged(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> dict[str, str] | None:
    """Metadata merges key by key; an empty text deletes a key, an empty object everything (inferred, Stripe)."""
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
    return given * 1000 if abs(given) < 10**12 else given


# Lists ---------------------------------------------------------------------------------------------------------


def query_of(call: Call) -> Any:
    """The query of a list: validated by the gateway's caller in `endpoints.read_query`."""
    return call.scratch["query"]


def newest_first(uow: UnitOfWork, kind: type[O], key: tuple[str, str], before: str | None) -> Iterator[O]:
    while True:
        found, more = uow.listing(kind, limit=100, before=before, key=key)
        yield from found
        if not more:
            return
        before = found[-1].id


def listed(call: Call, uow: UnitOfWork, kind: type[O], **filters: str | None) -> tuple[list[O], bool]:
    """A page of what belongs to this side of the account, newest first. Source: reference/wooshpay.md, section 3.7."""
    query = query_of(call)
    for name in ("starting_after", "ending_before"):
        if getattr(query, name) is not None:
            find(call, uow, kind, getattr(query, name), name)
    side = "live" if call.credential["livemode"] else "test"
    wanted = {name: value for name, value in filters.items() if value is not None}
    name, value = next(iter(wanted.items()), ("side", None))
    key = ("side", side) if value is None else (name, f"{side}:{value}")
    if query.ending_before is None and len(wanted) < 2 and query.created is None:
        return uow.listing(kind, limit=query.limit, before=query.starting_after, key=key)
    found: list[O] = []
    for resource in newest_first(uow, kind, key, query.starting_after):
        if resource.id == query.ending_before:
            break
        facets = resource.facets()
        if all(facets.get(n) == v for n, v in wanted.items()) and _is_within(resource, query.created):
            found.append(resource)
            if query.ending_before is None and len(found) > query.limit:
                break
    if query.ending_before is not None:
        return found[-query.limit :], len(found) > query.limit
    return found[: query.limit], len(found) > query.limit


def _is_within(resource: Resource, created: Any) -> bool:
    if created is None:
        return True
    at = rounded_ms(resource.created_at)
    if isinstance(created, int):
        return at == as_millis(created)
    bounds = {name: as_millis(v) for name in ("gt", "gte", "lt", "lte") if (v := getattr(created, name)) is not None}
    return (
        at > bounds.get("gt", at - 1)
        and at >= bounds.get("gte", at)
        and at < bounds.get("lt", at + 1)
        and at <= bounds.get("lte", at)
    )
