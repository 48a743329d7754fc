"""One look at Payment Page: what the merchant's parameters and the customer's form mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from simulator.engine.gateway import validate
from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.refusals import Invalid
from simulator.providers.ecommpay import errors, wire
from simulator.providers.ecommpay.checks import purchase_problems
from simulator.providers.ecommpay.pages.parameters import given_in
from simulator.providers.ecommpay.pages.returns import PATH, is_framed
from simulator.providers.ecommpay.settings import options

BEST_BEFORE_LIMIT = timedelta(days=30)


@dataclass(frozen=True)
class Visit:
    """One look at Payment Page: the merchant's parameters and what they mean."""

    call: Call
    uow: UnitOfWork
    parameters: dict[str, str]

    @property
    def money(self) -> Money:
        return Money(int(self.parameters["payment_amount"]), self.parameters["payment_currency"])

    @property
    def step(self) -> str:
        return given_in(self.call).get("_step", "")

    @property
    def framed(self) -> bool:
        return is_framed(self.parameters)

    @property
    def typed(self) -> dict[str, str]:
        """What the customer has typed into the form of clarification: nobody signs it."""
        return {name: value for name, value in given_in(self.call).items() if name.startswith("_customer_")}

    def url(self, **more: str) -> str:
        return f"{PATH}?{urlencode({**self.parameters, **more})}"


def best_before_of(visit: Visit) -> datetime | None:
    """Ignored when it is no instant or more than 30 days ahead. Source: reference/ecommpay.md, section 3.9.1."""
    at = wire.best_before(visit.parameters.get("best_before", ""))
    return None if at is None or at > visit.uow.now + BEST_BEFORE_LIMIT else at


def asked_of(visit: Visit) -> list[str]:
    """The customer's data that the project requires and the merchant has not sent."""
    money, parameters = visit.money, visit.parameters
    chosen = options(visit.uow, money.value, money.currency, parameters["payment_id"])
    return [name for name in chosen["required_customer_fields"] if not parameters.get(f"customer_{name}")]


def problems_of(visit: Visit) -> list[dict[str, Any]]:
    """Why the platform would not accept the purchase."""
    project_id, money = visit.call.credential["project_id"], visit.money
    found = purchase_problems(
        visit.uow, project_id, visit.parameters["payment_id"], money.value, money.currency, prefix="_"
    )
    return found + _malformed(customer_of(visit))


def customer_of(visit: Visit) -> dict[str, str]:
    """`customer_*` of the merchant, completed by what the customer typed (`_customer_*`, which nobody signs)."""
    given = given_in(visit.call)
    found = {}
    for name in wire.CUSTOMER_FIELDS:
        value = visit.parameters.get(f"customer_{name}") or given.get(f"_customer_{name}", "").strip()
        if value:
            found[name] = value
    return found


def _malformed(customer: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        validate(wire.Customer, customer)
    except Invalid as invalid:
        return [errors.of_violation(replace(v, path=f"customer.{v.path}")) for v in invalid.violations]
    return []


def is_amount_alone(visit: Visit) -> bool:
    money = visit.money
    chosen = options(visit.uow, money.value, money.currency, visit.parameters["payment_id"])
    return bool(chosen["amount_alone_decides"])
