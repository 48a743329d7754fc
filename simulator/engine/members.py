"""What the members of many APIs' requests are, as types and validators. They need the library that checks, as request models do."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, StrictInt

LONGEST = 18
"""Digits of a number that fits into 64 bits."""


def whole(value: object) -> object:
    """A text of digits as a number; everything else as it is."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST:
        return int(value)
    return value


Whole = Annotated[StrictInt, BeforeValidator(whole)]
"""A whole number, also as a text of digits: what a query or a form says are texts. `Annotated[Whole, Field(ge=1)]` has bounds."""
