"""What the nouns of the API share: values that are checked as they are read, addresses, and the omission of unset members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from simulator.engine.known import NoEffect
from simulator.engine.validation import FLAG, OBJECT, TEXT, WHOLE, Unfit
from simulator.kernel.money import CURRENCIES
from simulator.providers.wooshpay.model import rounded_ms

AMOUNT_LIMIT = 10**15
"""The simulator's own ceiling; the provider documents none."""

METHOD_TYPES = (
    "card", "alipayplus", "alipay", "wechat_pay", "sepa_debit", "alipay_hk", "boost", "truemoney", "gcash", "kakaopay",
    "touchngo", "rabbit_line_pay", "dana", "klarna", "ideal", "giropay", "sofort", "eps", "trustly", "bancontact",
    "p24", "unionpay", "fpx", "mcash", "grabpay", "bank_transfer_id", "qris", "promptpay", "ovo", "shopeepay", "upi",
    "boleto", "paynow", "pix", "9pay", "stitch", "bpi", "mobile_money", "momo", "vietcombank", "zalo", "atome", "gopay",
)  # fmt: skip


def _integer(value: Any) -> Any:
    """Reads an integer, its ASCII digits as text (a form sends nothing else), or a whole number with a point (20.0)."""
    if isinstance(value, str) and value.isascii() and value.strip().lstrip("-").isdecimal() and len(value) <= 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("must be a whole number", "type", WHOLE)
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Unfit("must be true or false", "type", FLAG)
    return value


def _currency(value: Any) -> Any:
    """Lower case is accepted, upper case is answered. Inferred: wooshpay.currency-case."""
    if not isinstance(value, str):
        raise Unfit("must be a text", "type", TEXT)
    if value.upper() not in CURRENCIES:
        raise Unfit(f"Invalid currency: {value[:20]}", "enum")
    return value.upper()


def _metadata(value: Any) -> Any:
    """Reads names and texts; numbers and booleans become text. An empty string clears everything.

    Inferred: wooshpay.metadata-values.
    """
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise Unfit("must be an object", "type", OBJECT)
    found: dict[str, str] = {}
    for name, item in value.items():
        if isinstance(item, dict | list):
            raise Unfit(f"the value of {name[:50]} must be a text", "type", TEXT)
        found[name] = item if isinstance(item, str) else str(item).lower() if isinstance(item, bool) else str(item)
    return found


def _one_or_more(value: Any) -> Any:
    """Reads a list; a form may send a list of one as a plain text."""
    return [value] if isinstance(value, str) and value else value


def _method_type(value: Any) -> Any:
    if value not in METHOD_TYPES:
        raise Unfit(f"must be one of {', '.join(METHOD_TYPES)}", "enum")
    return value


Text = Annotated[str, StringConstraints(max_length=5000, strict=True)]
Filled = Annotated[str, StringConstraints(min_length=1, max_length=5000, strict=True)]
Integer = Annotated[int, BeforeValidator(_integer)]
Amount = Annotated[int, BeforeValidator(_integer), Field(ge=1, le=AMOUNT_LIMIT)]
Limit = Annotated[int, BeforeValidator(_integer), Field(ge=1, le=100)]
Quantity = Annotated[int, BeforeValidator(_integer), Field(ge=1, le=10**6)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Currency = Annotated[str, BeforeValidator(_currency)]
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=200)], Annotated[str, StringConstraints(max_length=5000)]],
    BeforeValidator(_metadata),
]
MethodType = Annotated[str, BeforeValidator(_method_type)]
MethodTypes = Annotated[list[MethodType], BeforeValidator(_one_or_more), Field(min_length=1)]
Id = Filled
FutureUsage = Annotated[
    Literal["on_session", "off_session"],
    NoEffect("is echoed: the simulator keeps a method only for off_session", unless=("off_session",)),
]
EventNames = Annotated[list[Filled], BeforeValidator(_one_or_more), Field(min_length=1, max_length=200)]


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)


class Empty(Model):
    pass


class Address(Model):
    city: Text | None = None
    country: Text | None = None
    line1: Text | None = None
    line2: Text | None = None
    postal_code: Text | None = None
    state: Text | None = None


class BillingDetails(Model):
    address: Address | None = None
    email: Text | None = None
    name: Text | None = None
    phone: Text | None = None


class Shipping(Model):
    address: Address | None = None
    name: Filled
    phone: Text | None = None


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def rounded(at: Any) -> int | None:
    return None if at is None else rounded_ms(at)


def as_list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def deleted(kind: str, id_: str) -> dict[str, Any]:
    return {"id": id_, "object": kind, "deleted": True}
