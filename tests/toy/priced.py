"""The toy as a provider that writes amounts in major units, as texts (`"10.00"`), and names the order as nobody else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulator.engine.provider import Call, Endpoint, Reply
from simulator.engine.shop import Account, Purchase, Request, json_request
from simulator.engine.uow import UnitOfWork
from simulator.engine.validation import Unfit
from simulator.kernel.money import Money
from toy import acme
from toy.acme import ACME


def minor(value: Any) -> Any:
    try:
        return Money.from_major(value, "CNY").value
    except ValueError as error:
        raise Unfit(str(error)) from error


Price = Annotated[int, BeforeValidator(minor), Field(ge=1)]


class PricedRequest(BaseModel):
    model_config = ConfigDict(defer_build=True)

    amount: Price
    currency: str = Field(pattern="^[A-Z]{3}$")
    order: str = Field(min_length=1, max_length=64)
    return_url: str | None = None

    @property
    def reference(self) -> str:
        return self.order


class PricedRefund(BaseModel):
    model_config = ConfigDict(defer_build=True)

    amount: Price


def create_charge(call: Call, uow: UnitOfWork) -> Reply:
    return acme.create_charge(call, uow)


def compares(call: Call) -> dict[str, Any]:
    body = call.json
    return {"amount": Money.from_major(body["amount"], "CNY").value, "reference": body.get("order")}


def create(account: Account, purchase: Purchase) -> Request:
    body = {
        "amount": purchase.amount.major(),
        "currency": purchase.amount.currency,
        "order": purchase.reference,
        "return_url": purchase.return_url,
    }
    return json_request("POST", "/acme/charges", body)


def refund(account: Account, id_: str, amount: Money) -> Request:
    return json_request("POST", f"/acme/charges/{id_}/refunds", {"amount": amount.major()})


assert ACME.shop is not None
UNREAD = replace(
    ACME,
    title="Acme, priced",
    endpoints=(
        Endpoint("POST", "/acme/charges", create_charge, "create", PricedRequest, idempotent=True),
        *ACME.endpoints[1:3],
        Endpoint("POST", "/acme/charges/{id}/refunds", acme.refund_charge, "refund", PricedRefund, idempotent=True),
    ),
    shop=replace(ACME.shop, create=create, refund=refund),
)
"""It does not say how its calls write an amount."""

PRICED = replace(UNREAD, compares=compares)
