"""Pages behind an opaque `pagination_token`, which fits the query that it was given for and no other.

Source: docs/providers/checkoutcom.md, sources 15.2 and 15.4. Inferred: checkoutcom.report-errors.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel

from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.crypto import equals, hmac_sha256
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.checkoutcom.wire import values

T = TypeVar("T")
_PLACE, _LENGTH = 8, 45
"""Bytes of a token that say where it goes on, and all of them: sixty characters."""


def page(call: Call, uow: UnitOfWork, query: Any, found: Sequence[T]) -> tuple[list[T], dict[str, Any]]:
    """What is shown, and the members around it. Raises `Invalid` for a token that we did not issue for this query."""
    given = _given(query)
    begin = _place(uow, query.pagination_token, given) if query.pagination_token is not None else 0
    shown = list(found[begin : begin + query.limit])
    here = f"{call.base_url}{call.target.partition('?')[0]}?"
    own = given | {"limit": query.limit}
    last = {"pagination_token": query.pagination_token} if query.pagination_token is not None else {}
    links = {"self": values.link(here + urlencode(own | last))}
    if begin + query.limit < len(found):
        token = _token(uow, begin + query.limit, given)
        links["next"] = values.link(here + urlencode(own | {"pagination_token": token}))
    return shown, {"count": len(shown), "limit": query.limit, "data": [], "_links": links}


def _given(query: BaseModel) -> dict[str, Any]:
    return query.model_dump(exclude_none=True, exclude={"limit", "pagination_token"})


def _token(uow: UnitOfWork, place: int, given: dict[str, Any]) -> str:
    head = place.to_bytes(_PLACE)
    text = f"{uow.workspace.public_id}/{place}/{urlencode(given)}".encode()
    proof = hmac_sha256(uow.runtime.secret, text) + hmac_sha256(uow.runtime.secret, text + b"/2")
    return base64.urlsafe_b64encode((head + proof)[:_LENGTH]).decode()


def _place(uow: UnitOfWork, token: str, given: dict[str, Any]) -> int:
    try:
        place = int.from_bytes(base64.urlsafe_b64decode(token)[:_PLACE])
    except (ValueError, binascii.Error):
        place = 0
    if not equals(_token(uow, place, given), token):
        raise Invalid([Violation("pagination_token", "format", "is no token of this query")])
    return place
