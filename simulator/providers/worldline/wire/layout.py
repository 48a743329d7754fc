"""How every answer is written: spaces, times, absent members, errors and pages of a list."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any
from zoneinfo import ZoneInfo

import orjson

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def encode(value: Any) -> bytes:
    """Pretty-printed as recorded: three spaces, a blank on both sides of the colon, `[ {` and `} ]`."""
    return _pretty(value, "").encode()


def _pretty(value: Any, indent: str) -> str:
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = indent + "   "
        members = [
            f"{_quoted(name)} : {_quoted(member) if type(member) is str else _pretty(member, inner)}"
            for name, member in value.items()
        ]
        return f"{{\n{inner}" + f",\n{inner}".join(members) + f"\n{indent}}}"
    if isinstance(value, list | tuple):
        return "[ " + ", ".join([_pretty(element, indent) for element in value]) + " ]" if value else "[ ]"
    return orjson.dumps(value).decode()


def local_time(at: datetime) -> str:
    """`statusCodeChangeDateTime`: YYYYMMDDHH24MISS in Amsterdam's local time, without a zone."""
    return _local_time(at)


@lru_cache(64)
def _local_time(at: datetime) -> str:
    """What one call makes bears the same instant everywhere."""
    return at.astimezone(AMSTERDAM).strftime("%Y%m%d%H%M%S")


def event_time(at: datetime) -> str:
    """`created` of a webhook: `2025-10-14T11:27:31.482+0200`."""
    return _event_time(at)


@lru_cache(64)
def _event_time(at: datetime) -> str:
    text = at.astimezone(AMSTERDAM).isoformat(timespec="milliseconds")
    return text[:-3] + text[-2:]  # the zone without its colon


def present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def amount_of_money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currencyCode": currency}


def error_response(error_id: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"errorId": error_id, "errors": errors}


def page_of(name: str, found: list[dict[str, Any]], limit: int, offset: int, total: int) -> dict[str, Any]:
    return {"limit": limit, "offset": offset, name: found, "totalCount": total}
