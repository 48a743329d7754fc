"""The types of request members, and what each of them accepts. Source: docs/providers/checkoutcom.md, source 3."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
)

from simulator.engine.known import NoEffect
from simulator.engine.pages import is_safe_return
from simulator.engine.validation import Unfit
from simulator.kernel.money import CURRENCIES

BY_ITSELF = "has no effect: an Alipay payment is captured by itself"
MAX_AMOUNT = 9_999_999_999
"""Minor units. Documented for voids. Inferred: checkoutcom.amount-bound. Observed: checkoutcom.amounts-as-text."""
LONGEST_NUMBER = 20
"""Digits; a text with more of them is no number of ours."""
PAYMENT_TYPES = ("Regular", "Recurring", "MOTO", "Installment", "Unscheduled", "PayLater")
_SPACE = re.compile(r"\s")
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")


def _flag(value: Any) -> Any:
    """Takes "true" and "false" for booleans, since the seed sends `"capture": "true"`."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def _query_flag(value: Any) -> Any:
    """Takes 1 and 0 too: PHP writes a boolean so in a query."""
    return {"1": True, "0": False}.get(value, _flag(value)) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    """Takes a number as text, and a fraction without a fraction: shop plugins send both, in production.

    Digits are ASCII digits. `"12.50"`, `"-1"` and 10.5 stay what they are, and are refused. Source:
    docs/providers/checkoutcom.md, corrections (ActiveMerchant's gateway and a shop cartridge of Checkout.com's own).
    """
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _url(value: str) -> str:
    scheme, colon, rest = value.partition(":")
    if not is_safe_return(value) or _SPACE.search(value):
        raise Unfit("must be a URI")
    if scheme.lower() in ("http", "https") and not (colon and rest.startswith("//") and rest[2:3] not in ("", "/")):
        raise Unfit("must be a URI")
    return value


def _hook_url(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")):
        raise Unfit("must be an http or https URL")
    return _url(value)


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise Unfit("must be an e-mail address")
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise Unfit("must be an ISO 4217 code")
    return value


def _ip(value: str) -> str:
    ipaddress.ip_address(value)
    return value


def _payment_type(value: str) -> str:
    """Takes any case and echoes the documented one. Inferred: checkoutcom.payment-type-case."""
    for known in PAYMENT_TYPES:
        if known.lower() == value.lower():
            return known
    raise Unfit("must be a payment type", limit=", ".join(PAYMENT_TYPES))


def _moment(value: str) -> str:
    datetime.fromisoformat(value)
    return value


def _metadata(value: Any) -> Any:
    """A flat object of at most 20 members, whose values are at most 255 characters long. Raises `Unfit` otherwise."""
    if not isinstance(value, dict) or len(value) > 20:
        raise Unfit("must be an object of at most 20 members")
    for name, inner in value.items():
        if len(name) > 100 or not isinstance(inner, str | int | float | bool) or len(str(inner)) > 255:
            raise Unfit("values must be short strings, numbers or booleans")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise Unfit("must be header names and values in one line")
    return value


Text13 = Annotated[str, StringConstraints(max_length=13, strict=True)]
Text20 = Annotated[str, StringConstraints(max_length=20, strict=True)]
Text45 = Annotated[str, StringConstraints(max_length=45, strict=True)]
Text50 = Annotated[str, StringConstraints(max_length=50, strict=True)]
Text80 = Annotated[str, StringConstraints(max_length=80, strict=True)]
Text100 = Annotated[str, StringConstraints(max_length=100, strict=True)]
Text200 = Annotated[str, StringConstraints(max_length=200, strict=True)]
Text255 = Annotated[str, StringConstraints(max_length=255, strict=True)]
Text1024 = Annotated[str, StringConstraints(max_length=1024, strict=True)]
SignatureKey = Annotated[str, StringConstraints(min_length=1, max_length=1024, strict=True)]
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00]*$", strict=True)]
Flag = Annotated[StrictBool, BeforeValidator(_flag)]
QueryFlag = Annotated[StrictBool, BeforeValidator(_query_flag)]
Whole = Annotated[StrictInt, BeforeValidator(_whole)]
Amount = Annotated[Whole, Field(ge=1, le=MAX_AMOUNT)]
AmountOrAll = Annotated[Whole, Field(ge=0, le=MAX_AMOUNT)]
Quantity = Annotated[Whole, Field(ge=1, le=MAX_AMOUNT)]
Currency = Annotated[StrictStr, AfterValidator(_currency)]
Url = Annotated[Text1024, AfterValidator(_url)]
ShortUrl = Annotated[Text255, AfterValidator(_url)]
HookUrl = Annotated[Text1024, AfterValidator(_hook_url)]
Email = Annotated[Text255, AfterValidator(_email)]
Metadata = Annotated[dict[str, Any], BeforeValidator(_metadata)]
PaymentType = Annotated[StrictStr, AfterValidator(_payment_type)]
Moment = Annotated[StrictStr, AfterValidator(_moment)]
Ip = Annotated[Text45, AfterValidator(_ip)]
Headers = Annotated[dict[StrictStr, StrictStr], AfterValidator(_headers)]

PaymentId = Annotated[str, StringConstraints(pattern=r"^pay_[0-9A-Za-z_]{26}$", strict=True)]
CustomerId = Annotated[str, StringConstraints(pattern=r"^cus_[0-9A-Za-z_]{26}$", strict=True)]
ChannelId = Annotated[str, StringConstraints(pattern=r"^pc_[0-9A-Za-z_]{26}$", strict=True)]

PageLimit = Annotated[Whole, Field(ge=1, le=100)]
LongPageLimit = Annotated[Whole, Field(ge=1, le=250)]
SearchLimit = Annotated[Whole, Field(ge=1, le=1000)]
Skip = Annotated[Whole, Field(ge=0, le=MAX_AMOUNT)]


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True, populate_by_name=True)


# Documented members that do nothing for Alipay: taken as they come, and said in a notice when they ask for something.
Ignored = Annotated[Any, NoEffect()]
IgnoredFlag = Annotated[Flag, NoEffect(unless=(False, "false", "False", "FALSE"))]
IgnoredCapture = Annotated[Flag, NoEffect(BY_ITSELF, unless=(True, "true", "True", "TRUE"))]
IgnoredMoment = Annotated[Moment, NoEffect(BY_ITSELF)]


class Risk(Model):
    enabled: IgnoredFlag
    device_session_id: Annotated[StrictStr, NoEffect()] | None = None


class ThreeDs(Model):
    enabled: IgnoredFlag | None = None
    attempt_n3d: IgnoredFlag | None = None
    allow_upgrade: Ignored = None
    challenge_indicator: Ignored = None
    exemption: Ignored = None
    authentication_id: Ignored = None
    eci: Ignored = None
    cryptogram: Ignored = None
    xid: Ignored = None
    version: Ignored = None
