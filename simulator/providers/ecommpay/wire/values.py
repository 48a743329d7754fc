"""What a member of a request may be: the kinds of texts and numbers that the documentation names, and how some are read.

Source: docs/providers/ecommpay.md, sources 3.1 and 9.
"""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from simulator.engine.pages import is_safe_return
from simulator.engine.validation import Unfit, is_web_url

MAX_AMOUNT = 10_000_000_000_000

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
)


def _web_address(value: str) -> str:
    if not is_web_url(value):
        raise Unfit("Invalid URL format")
    return value


def _return_address(value: str) -> str:
    if not is_safe_return(value):
        raise Unfit("Invalid URL format")
    return value


def _address(value: str) -> str:
    try:
        ip_address(value)
    except ValueError as error:
        raise Unfit("Invalid IP address") from error
    return value


def _instant(value: str) -> str:
    if best_before(value) is None:
        raise Unfit("Invalid date-time")
    return value


def best_before(value: str) -> datetime | None:
    """Reads `YYYY-MM-DDThh:mm:ss` followed by `±hh`, `±hh:mm`, `±hhmm` or `Z`; None for anything else. Source: source 9.1."""
    if _INSTANT.fullmatch(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # there is no such day or time
        return None


def _whole(value: Any) -> Any:
    """A float without a fraction is an integer in JSON schema; PHP's `round` makes such floats, and plugins send them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digits(value: Any) -> Any:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10
    return int(value) if is_number else value


def _flag(value: Any) -> Any:
    """0 and 1 stand for booleans."""
    return bool(value) if value in (0, 1) and isinstance(value, int) else value


Text = Annotated[str, StringConstraints(max_length=255, strict=True)]
Long = Annotated[str, StringConstraints(max_length=256, strict=True)]
Callback = Annotated[str, StringConstraints(max_length=255, strict=True), AfterValidator(_web_address)]
Return = Annotated[str, StringConstraints(strict=True), AfterValidator(_return_address)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", strict=True)]
Whole = Annotated[StrictInt, BeforeValidator(_whole)]
Amount = Annotated[StrictInt, Field(ge=1, le=MAX_AMOUNT), BeforeValidator(_whole)]
Delay = Annotated[StrictInt, Field(ge=0, le=600), BeforeValidator(_whole)]
ProjectId = Annotated[StrictInt, BeforeValidator(_digits)]
Flag = Annotated[StrictBool, BeforeValidator(_flag)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,24}$", strict=True)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", strict=True)]
RegionCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{1,3}$", strict=True)]
BillingAddress = Annotated[str, StringConstraints(max_length=512, strict=True)]
Postal = Annotated[str, StringConstraints(max_length=16, strict=True)]
IpAddress = Annotated[str, StringConstraints(max_length=255, strict=True), AfterValidator(_address)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=255, strict=True)]
BirthDay = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9]{2}-[0-9]{4}$", strict=True)]
Instant = Annotated[str, StringConstraints(strict=True), AfterValidator(_instant)]

ABSENT: Any = None
"""A member that may be left out. To send null instead is an error of its type: no schema of this API allows null."""
