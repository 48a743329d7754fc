"""What may be wrong with a request that was accepted: its members, and the purchase itself.

Both Gate and Payment Page ask here. Every problem is an item of `errors`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from simulator.engine.uow import UnitOfWork
from simulator.engine.validation import validate
from simulator.kernel.money import CURRENCIES
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.model import find_payment
from simulator.providers.ecommpay.settings import EcommpaySettings

LIMITS = {"CNY": (1000, 500_000), "USD": (100, None)}
"""Lowest and highest amount in minor units; other currencies have neither.

Source: docs/providers/ecommpay.md, source 7. Inferred: ecommpay.no-minimum.
"""


M = TypeVar("M", bound=BaseModel)


def read(model: type[M], body: Any) -> tuple[M | None, list[dict[str, Any]]]:
    """The body as its request model, or None and what is wrong with it."""
    found, broken = _read(model, body)
    return found, [errors.of_violation(violation) for violation in broken]


def schema_problems(model: type[BaseModel], body: Any) -> list[dict[str, Any]]:
    return read(model, body)[1]


def violations(model: type[BaseModel], value: Any) -> Sequence[Violation]:
    """What a request model finds wrong with a value."""
    return _read(model, value)[1]


def _read(model: type[M], value: Any) -> tuple[M | None, Sequence[Violation]]:
    try:
        return cast(M, validate(model, value)), ()
    except Invalid as invalid:
        return None, invalid.violations


def purchase_problems(
    uow: UnitOfWork, project_id: int, payment_id: Any, amount: Any, currency: Any, prefix: str = "."
) -> list[dict[str, Any]]:
    """What is wrong with the purchase itself. A member of a wrong type is passed over: the request model reports it.

    `prefix` joins object and member in the name of a field: a dot at Gate, an underscore on Payment Page.
    """
    found = []
    id_field = "general.payment_id" if prefix == "." else "payment_id"
    if isinstance(payment_id, str) and is_malformed_id(payment_id):
        found.append(errors.item("3024", id_field))
    elif find_payment(uow, project_id, payment_id) is not None:
        found.append(errors.item("3041", id_field))
    if isinstance(currency, str) and is_currency_code(currency):
        field = f"payment{prefix}currency"
        if currency not in CURRENCIES:
            found.append(errors.item("3121", field))
        elif currency not in uow.settings(EcommpaySettings).currencies:
            found.append(errors.item("3023", field))
        elif (amount := whole_number(amount)) is not None and amount >= 1:
            minimum, maximum = LIMITS.get(currency, (1, None))
            if amount < minimum:
                found.append(errors.item("3358", f"payment{prefix}amount"))
            elif maximum is not None and amount > maximum:
                found.append(errors.item("2642", f"payment{prefix}amount"))
    return found


def whole_number(value: Any) -> int | None:
    """None unless it is a number from 0, perhaps as a float without a fraction, that JavaScript can read exactly."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 2**53 and value == int(value) else None


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_malformed_id(payment_id: str) -> bool:
    """White space at either end, or control characters. Source: docs/providers/ecommpay.md, source 2.8."""
    return payment_id != payment_id.strip() or _CONTROL.search(payment_id) is not None


def is_currency_code(text: str) -> bool:
    """Three capital letters, whether or not such a currency exists."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
