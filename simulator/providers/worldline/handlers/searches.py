"""Searches for payments and refunds by the merchant's references."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from simulator.engine.provider import Call
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.worldline import errors
from simulator.providers.worldline.handlers.requests import count

FIND_WINDOW = timedelta(days=42)
"""Searches find nothing older than this."""

T = TypeVar("T", bound=Resource)


def find_by_reference(call: Call, uow: UnitOfWork, kind: type[T]) -> tuple[list[T], int, int, int]:
    """One page of those that bear all of the references asked for, newest first; its limit and offset; how many there are.

    Raises `Invalid` when no reference is given.
    """
    given = {n: v for n, v in call.query.items() if n in ("hostedCheckoutId", "merchantReference", "merchantOrderId")}
    if not any(given.values()):
        raise Invalid([Violation("merchantReference", "required", errors.PARAMETER_MISSING)])
    limit, offset = count(call, "limit", 10, 100), count(call, "offset", 0, 10**9)
    name, value = next((n, v) for n, v in given.items() if v)
    since = uow.now - FIND_WINDOW
    found = [resource for resource in uow.by_key(kind, name, value) if resource.created_at >= since]
    for other, wanted in given.items():
        found = [resource for resource in found if not wanted or resource.keys().get(other) == wanted]
    return found[offset : offset + limit], limit, offset, len(found)
