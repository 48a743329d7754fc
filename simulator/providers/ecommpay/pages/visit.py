"""One look at Payment Page: what the merchant's parameters and the customer's form mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.checks import purchase_problems, violations
from simulator.providers.ecommpay.pages.parameters import given_in
from simulator.providers.ecommpay.pages.returns import PATH, is_framed
from simulator.providers.ecommpay.settings import EcommpaySettings, options
from simulator.providers.ecommpay.wire import requests, values

BEST_BEFORE_LIMIT = timedelta(days=30)


@dataclass(frozen=True)
class Visit:
    """A request for Payment Page whose parameters are in order."""

    call: Call
    uow: UnitOfWork
    parameters: dict[str, str]
    """The merchant's, as they were signed."""

    @property
    def payment_id(self) -> str:
        return self.parameters["payment_id"]

    @property
    def project_id(self) -> int:
        project_id: int = self.call.credential["project_id"]
        return project_id

    @property
    def money(self) -> Money:
        return Money(int(self.parameters["payment_amount"]), self.parameters["payment_currency"])

    @property
    def description(self) -> str:
        return self.parameters.get("payment_description", "")

    @property
    def best_before(self) -> datetime | None:
        """None also for what is no instant or more than 30 days ahead. Source: docs/providers/ecommpay.md, source 3.9.1."""
        at = values.best_before(self.parameters.get("best_before", ""))
        return None if at is None or at > self.uow.now + BEST_BEFORE_LIMIT else at

    @property
    def framed(self) -> bool:
        return is_framed(self.parameters)

    @property
    def step(self) -> str:
        return given_in(self.call).get("_step", "")

    @property
    def typed(self) -> dict[str, str]:
        """What the customer has typed when they were asked for missing data. It carries no signature."""
        return {name: value for name, value in given_in(self.call).items() if name.startswith("_customer_")}

    @property
    def customer(self) -> dict[str, str]:
        """The merchant's `customer_*`; where one is missing, what the customer typed (`_customer_*`)."""
        typed, found = self.typed, {}
        for name in requests.CUSTOMER_FIELDS:
            value = self.parameters.get(f"customer_{name}") or typed.get(f"_customer_{name}", "").strip()
            if value:
                found[name] = value
        return found

    @property
    def options(self) -> EcommpaySettings:
        return options(self.uow, self.money.value, self.money.currency, self.payment_id)

    @property
    def asked(self) -> list[str]:
        """The customer's data that the project requires and the merchant has not sent."""
        required = self.options.required_customer_fields
        return [name for name in required if not self.parameters.get(f"customer_{name}")]

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Why the platform would not accept the purchase."""
        money = self.money
        found = purchase_problems(self.uow, self.project_id, self.payment_id, money.value, money.currency, prefix="_")
        malformed = violations(requests.Customer, self.customer)
        return found + [errors.of_violation(replace(each, path=f"customer.{each.path}")) for each in malformed]

    def url(self, **more: str) -> str:
        """Payment Page again: the merchant's parameters and ours, such as `_step`."""
        return f"{PATH}?{urlencode({**self.parameters, **more})}"
