"""What answers and webhooks are made of: instants in three spellings, links, and objects without their absent members."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from simulator.kernel.clock import iso_millis


def instant(at: datetime) -> str:
    """`2022-09-02T07:15:58.894077Z`: the fraction without trailing zeros, none at all when it is zero."""
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def moment(text: str | None) -> datetime | None:
    """The instant that a validated `Moment` names. Without a zone it is in UTC: the Python client sends it so."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def instant7(at: datetime) -> str:
    """`2022-09-02T07:15:58.8940770+00:00`: the `processed_on` of every webhook.

    Source: docs/providers/checkoutcom.md, corrections.
    """
    return at.isoformat(timespec="microseconds")[:26] + "0+00:00"


def instant3(at: datetime) -> str:
    """`2021-06-11T11:40:34.011+00:00`: the `timestamp` of a webhook."""
    return iso_millis(at).replace("Z", "+00:00")


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def link(href: str) -> dict[str, str]:
    return {"href": href}


def plain(model: BaseModel | None) -> dict[str, Any] | None:
    """A validated model as an object without its absent members; None for none."""
    return None if model is None else model.model_dump(exclude_none=True)
