"""The query of a list or a search, and the page that answers it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from simulator.providers.wooshpay.wire.values import Filled, Id, Integer, Model, Text, integer


class Created(Model):
    """Milliseconds; what is below 10^12 is taken for seconds (inferred)."""

    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class ListQuery(Model):
    limit: Annotated[int, BeforeValidator(integer), Field(ge=1, le=100)] = 10
    starting_after: Filled | None = None
    ending_before: Filled | None = None
    created: Created | Integer | None = None
    customer: Id | None = None
    payment_intent: Id | None = None
    charge: Id | None = None
    type: Text | None = None


class SearchQuery(Model):
    query: Filled
    limit: Annotated[int, BeforeValidator(integer), Field(ge=1, le=100)] = 10


def listing(url: str, data: list[Any], has_more: bool, kind: str = "list") -> dict[str, Any]:
    return {"object": kind, "url": url, "has_more": has_more, "data": data}
