"""The query of a list or a search, and the page that answers it."""

from __future__ import annotations

from typing import Any, Literal

from simulator.providers.wooshpay.wire.values import Boolean, Filled, Id, Integer, Limit, Model, Text, present


class Created(Model):
    """Milliseconds; what is below 10^12 is taken for seconds. Inferred: wooshpay.lists."""

    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class ListQuery(Model):
    """What every list takes. Each noun's own filters stand below: any other is not understood, and noticed."""

    limit: Limit = 10
    starting_after: Filled | None = None
    ending_before: Filled | None = None
    created: Created | Integer | None = None


class PageQuery(Model):
    """The query of a list within another object. It cannot be filtered by time."""

    limit: Limit = 10
    starting_after: Filled | None = None
    ending_before: Filled | None = None


class IntentList(ListQuery):
    customer: Id | None = None


class SessionList(ListQuery):
    customer: Id | None = None
    payment_intent: Id | None = None


class RefundList(ListQuery):
    payment_intent: Id | None = None
    charge: Id | None = None


class ChargeList(ListQuery):
    payment_intent: Id | None = None
    customer: Id | None = None


class EventList(ListQuery):
    type: Text | None = None


class CustomerMethodList(ListQuery):
    type: Text | None = None


class MethodList(CustomerMethodList):
    customer: Id | None = None


class ProductList(ListQuery):
    active: Boolean | None = None


class PriceList(ProductList):
    product: Id | None = None
    type: Literal["one_time", "recurring"] | None = None


class PayoutList(ListQuery):
    """Stripe's, of which the schedule has these. Inferred: wooshpay.payouts."""

    status: Literal["pending", "in_transit", "paid", "failed", "canceled"] | None = None


class BalanceTransactionList(ListQuery):
    """Stripe's. Inferred: wooshpay.balance-transactions."""

    currency: Text | None = None
    payout: Id | None = None
    source: Id | None = None
    type: Text | None = None


class SearchQuery(Model):
    query: Filled
    limit: Limit = 10
    page: Filled | None = None


def listing(url: str, data: list[Any], has_more: bool) -> dict[str, Any]:
    return {"object": "list", "url": url, "has_more": has_more, "data": data}


def search_result(url: str, data: list[Any], next_page: str | None) -> dict[str, Any]:
    """`next_page`, which Stripe's clients send back as `page`, is left out at the end as every unset member is.

    Inferred: wooshpay.search.
    """
    found = {"object": "search_result", "url": url, "has_more": next_page is not None, "data": data}
    return present({**found, "next_page": next_page})
