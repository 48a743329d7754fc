"""Values that are checked as they are read, in requests of every kind."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StringConstraints

from simulator.engine.validation import Unfit
from simulator.kernel.money import CURRENCIES
from simulator.providers.worldline.products import COUNTRIES

_DIGITS = re.compile(r"-?[0-9]{1,18}")
_WHOLE = 2**53
"""Up to here a float says a whole number exactly."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def as_number(value: Any) -> Any:
    """Reads a number: `"100"` counts as 100, and so does `100.0`, which is how some languages write it.

    Inferred: worldline.whole-floats.
    """
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else value
    is_whole = isinstance(value, float) and abs(value) <= _WHOLE and value.is_integer()
    return int(value) if is_whole else value


def _digits_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _printable(value: str) -> str:
    if _CONTROL.search(value):
        raise Unfit("control characters")
    return value


Number = Annotated[StrictInt, BeforeValidator(as_number)]
Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_printable)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", strict=True)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", strict=True)]
Locale = Annotated[Text, Field(max_length=6)]
"""`zh_CN`, wherever it stands. Source: docs/providers/worldline.md, source 3.11. Inferred: worldline.customer-locale."""
CustomerId = Annotated[Text, Field(max_length=15), BeforeValidator(_digits_as_text)]


class Model(BaseModel):
    """Its `ALSO_KNOWN` are the members of the official schema that only inform: neither Alipay nor the simulator acts on them."""

    model_config = ConfigDict(extra="allow", defer_build=True)


class AmountOfMoney(Model):
    amount: Annotated[Number, Field(ge=0, le=999_999_999_999)]
    currencyCode: Currency


def is_currency(code: str) -> bool:
    return code in CURRENCIES


def is_country(code: str) -> bool:
    return code in COUNTRIES
