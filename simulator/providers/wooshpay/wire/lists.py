"""The query of a list or a search, and the page that answers it."""

from __future__ import annotations

from typing import Any

from simulator.providers.wooshpay.wire.values import Filled, Id, Integer, Limit, Model, Text


class Created(Model):
    """Milliseconds; what is below 10^12 is taken for seconds (inferred)."""

    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class ListQuery(Model):
    limit: Limit = 10
    starting_after: Filled | None = None
    ending_before: Filled | None = None
    created: Created | Integer | None = None
    customer: Id | None = None
    payment_intent: Id | None = None
    charge: Id | None = None
    type: Text | None = None


class SearchQuery(Model):
    query: Filled
    limit: Limit = 10


def listing(url: str, data: list[Any], has_more: bool, kind: str = "list") -> dict[str, Any]:
    return {"object": kind, "url": url, "has_more": has_more, "data": data}
