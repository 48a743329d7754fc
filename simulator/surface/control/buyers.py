"""The test buyers: reading and editing them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from simulator.engine.settings import IN_ONE_LINE
from simulator.engine.uow import UnitOfWork
from simulator.engine.validation import Unfit
from simulator.kernel.clock import iso_millis, parse_instant
from simulator.kernel.refusals import NotFound
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page, place_of, unknown_cursor
from simulator.wallet import buyers


def _fen(value: Any) -> Any:
    """An amount as buyers are read, `{"value", "currency": "CNY"}`, or its fen alone."""
    if not isinstance(value, dict):
        return value
    if set(value) != {"value", "currency"} or value["currency"] != "CNY":
        raise Unfit('an amount is {"value": fen, "currency": "CNY"}')
    return value["value"]


Fen = Annotated[int, BeforeValidator(_fen), Field(ge=0, le=10**15)]


class CardBody(Body):
    last4: str = Field(pattern=r"^[0-9]{4}$")
    limit: Fen


class SignInBody(Body):
    password: str = Field(min_length=1, max_length=64)


BuyerName = Annotated[str, Field(min_length=1, max_length=64, pattern=IN_ONE_LINE)]
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""It stands in addresses, cookies and `decided_by`."""


class BuyerBody(Body):
    """Members of a buyer; amounts in fen, alone or as money in CNY. Unknown slugs make a new buyer."""

    name_en: BuyerName | None = None
    name_zh: BuyerName | None = None
    balance: Fen | None = None
    card: CardBody | None = None
    daily_limit: Fen | None = None
    daily_used: Fen | None = None
    per_payment_limit: Fen | None = None
    blocked: bool | None = None
    sign_in: SignInBody | None = None
    payment_code: str | None = Field(None, pattern=r"^[0-9]{6}$")
    delay_s: int | None = Field(None, ge=0, le=366 * 24 * 3600)
    walks_away: bool | None = None
    refusal: Literal["final", "retry"] | None = None
    language: Literal["en", "zh"] | None = None

    @field_validator(
        "name_en",
        "name_zh",
        "balance",
        "daily_used",
        "blocked",
        "delay_s",
        "walks_away",
        "refusal",
        "language",
        mode="before",
    )
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        """What every buyer has cannot be taken away; a member that is left out stays as it is."""
        if value is None:
            raise Unfit("must not be null")
        return value


class CopyBody(Body):
    slug: str | None = None


def buyer_view(uow: UnitOfWork, buyer: buyers.Buyer) -> dict[str, Any]:
    return {
        "slug": buyer.id,
        "name_en": buyer.name_en,
        "name_zh": buyer.name_zh,
        "balance": {"value": buyer.balance, "currency": "CNY"},
        "card": {"last4": buyer.card.last4, "limit": buyer.card.limit} if buyer.card else None,
        "daily_limit": buyer.daily_limit,
        "daily_used": buyers.used_today(uow, buyer),
        "per_payment_limit": buyer.per_payment_limit,
        "blocked": buyer.blocked,
        "sign_in": {"password": buyer.password} if buyer.password else None,
        "payment_code": buyer.payment_code,
        "delay_s": buyer.delay_s,
        "walks_away": buyer.walks_away,
        "refusal": buyer.refusal,
        "language": buyer.language,
        "ledger": [
            {
                "at": iso_millis(parse_instant(at)),
                "what": what,
                "order": order,
                "amount": {"value": fen, "currency": "CNY"},
            }
            for at, what, order, fen in buyer.ledger
        ],
    }


async def list_buyers(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """The eight in their order, then those that were added."""
    uow = call.runtime.open(call.workspace)
    try:
        found = buyers.page(uow, place_of(call), call.query.limit + 1)
    except NotFound as error:
        raise unknown_cursor() from error
    return page(
        call,
        found,
        place=lambda buyer: buyer.id,
        views=lambda shown: [buyer_view(uow, buyer) for buyer in shown],
    )


async def put_buyer(call: ControlCall[BuyerBody]) -> dict[str, Any]:
    """Changes the members that are given, or makes a new buyer; 409 where there are too many."""
    slug = call.path["slug"]
    _must_be_slug(slug)
    return _changed(call, lambda uow: buyers.edit(uow, slug, call.body.model_dump(exclude_unset=True)))


def _must_be_slug(slug: str) -> None:
    if SLUG.fullmatch(slug) is None:
        raise invalid("a buyer's slug has 1 to 64 letters, digits, dots, hyphens and underscores", "slug")


async def copy_buyer(call: ControlCall[CopyBody]) -> dict[str, Any]:
    """Another buyer with the same members and an empty ledger; 409 where the slug is somebody's."""
    slug = call.body.slug
    if slug is not None:
        _must_be_slug(slug)
    try:
        return _changed(call, lambda uow: buyers.copy(uow, call.path["slug"], slug))
    except buyers.Taken as error:
        raise ControlError(409, "taken", f"there is a buyer {slug!r} already", field="slug") from error


async def reset_buyer(call: ControlCall) -> dict[str, Any]:
    """Makes a buyer as they were in the beginning, with an empty ledger: one of the eight, a copy, or one that was added."""
    return _changed(call, lambda uow: buyers.reset(uow, call.path["slug"]))


async def make_default(call: ControlCall) -> dict[str, Any]:
    """Who pays where nobody is named, and whom a browser is shown that remembers nobody."""
    return _changed(call, lambda uow: buyers.make_default(uow, call.path["slug"]))


def _changed(call: ControlCall[Any], change: Callable[[UnitOfWork], buyers.Buyer]) -> dict[str, Any]:
    try:
        with call.runtime.unit(call.workspace, provider="wallet", topic="control") as uow:
            buyer = change(uow)
    except buyers.TooMany as error:
        raise ControlError(409, "too_much", f"at most {buyers.ADDED:,} buyers are added to the eight") from error
    except NotFound as error:
        known = [buyer.id for buyer in buyers.offered(call.runtime.open(call.workspace))]
        message = f"there is no buyer {call.path['slug']!r}"
        raise ControlError(404, "not_found", message, field="slug", allowed=known) from error
    return buyer_view(uow, buyer)
