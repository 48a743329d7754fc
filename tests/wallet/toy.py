"""A provider of nothing but bills, so that the wallet can be tested without a real one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from simulator.engine.pages import with_query
from simulator.engine.provider import Call, Provider, Reply, Webhooks
from simulator.engine.resource import Resource, Summary
from simulator.engine.uow import UnitOfWork
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.refusals import Refusal
from simulator.kernel.retry import RetryPolicy
from simulator.wallet import alipay
from simulator.wallet.order import Order

# fmt: off
BILL = Machine(
    "acme.bill",
    initial="open",
    table=[
        # trigger             from    to           webhook
        ("wallet.paid",       "open", "paid",      None),
        ("wallet.declined",   "open", "declined",  None),
        ("wallet.cancelled",  "open", "cancelled", None),
        ("wallet.expired",    "open", "expired",   None),
        ("timer.expire",      "open", "expired",   None),
    ],
    timeouts=[("open", "expires_at", "timer.expire")],
)
# fmt: on


@dataclass(frozen=True, kw_only=True)
class Bill(Resource):
    PROVIDER: ClassVar[str] = "acme"
    KIND: ClassVar[str] = "bill"
    MACHINE: ClassVar[Machine | None] = BILL

    amount: Money
    return_url: str | None
    order_code: str | None = None
    expires_at: datetime | None = None
    heard: tuple[str, ...] = ()


def _hear(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    assert isinstance(resource, Bill)
    heard = (*resource.heard, news)
    if news in ("wallet.scanned", "wallet.paying"):
        uow.amend(resource, heard=heard)
    else:
        uow.fire(resource, news, heard=heard)


def _on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Any) -> None:
    assert isinstance(resource, Bill)
    uow.fire(resource, trigger)
    alipay.close(uow, resource.order_code, "expired", decided_by="timer")


def _return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    assert isinstance(payment, Bill)
    if payment.return_url is None or not payment.return_url.startswith("http"):
        return payment.return_url
    return with_query(payment.return_url, bill=payment.id, result=payment.state)


def _summarise(resource: Resource) -> Summary | None:
    if not isinstance(resource, Bill):
        return None
    phase = {"open": "waiting"}.get(resource.state, resource.state)
    nothing = Money(0, resource.amount.currency)
    return Summary("bill", resource.id, resource.amount, nothing, phase, resource.state, resource.order_code)


def _refuse(refusal: Refusal, call: Call) -> Reply:
    return Reply(400, {"error": type(refusal).__name__})


def _credentials(ids: Ids, default: bool) -> dict[str, Any]:
    return {"key": ids.hex(16)}


ACME = Provider(
    name="acme",
    resources=(Bill,),
    hear=_hear,
    on_timer=_on_timer,
    title="Acme",
    monogram="AC",
    endpoints=(),
    authenticate=lambda call, directory: None,
    refuse=_refuse,
    claims=lambda call: False,
    webhooks=Webhooks((), RetryPolicy(()), lambda uow, event: (), lambda sending: {}),
    credentials=_credentials,
    lookups=lambda credentials: [credentials["key"]],
    summarise=_summarise,
    return_to=_return_to,
    return_field="bill.back",
)


def new_bill(
    uow: UnitOfWork, *, return_url: str | None, amount: Money, expires_at: datetime | None, **more: Any
) -> str:
    """A bill with its order; returns the order's code. `more` goes to `alipay.open_order`."""
    bill = uow.add(
        Bill(
            id="bill_" + uow.ids.hex(8),
            state="open",
            created_at=uow.now,
            updated_at=uow.now,
            amount=amount,
            return_url=return_url,
            expires_at=expires_at,
        )
    )
    order: Order = alipay.open_order(
        uow, bill, title="Acme", amount=amount, expires_at=expires_at, operation="bill", **more
    )
    uow.amend(bill, order_code=order.id)
    return order.id
