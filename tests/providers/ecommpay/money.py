"""The reference's ten payments, in the store and in the ledger of a project, and the registry as a merchant reads it."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from support import Sim

from providers.ecommpay.driver import Merchant
from simulator.engine import settling
from simulator.engine.ledger import BUYER, EXCHANGE, FEES, MERCHANT, SIGNS, Booking, Moved, times, transfer, units
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ecommpay.model import Payment, Refund, Sale, Sequence

# fmt: off
STORY = (
    # number, reference, begun (UTC), completed, cause, amount, currency, rate
    (1,  "shop-2001", "08:11:00", "08:11:05", "capture",  2500, "EUR", "1"),
    (2,  "shop-2002", "08:40:00", "08:40:31", "capture",  1990, "EUR", "1"),
    (3,  "shop-2003", "09:02:00", "09:02:44", "capture", 10000, "EUR", "1"),
    (4,  "shop-2004", "09:30:00", "09:30:00", "capture",   750, "EUR", "1"),
    (5,  "shop-2005", "10:15:00", "10:15:12", "capture",  6000, "EUR", "1"),
    (6,  "shop-2006", "11:47:00", "11:47:59", "capture",  4235, "EUR", "1"),
    (7,  "shop-2007", "12:05:00", "12:05:20", "capture", 20000, "CNY", "0.1275"),
    (8,  "shop-2008", "13:00:00", "13:00:00", "capture",  1200, "EUR", "1"),
    (9,  "shop-1999", "14:20:00", "14:20:10", "refund",    900, "EUR", "1"),
    (10, "shop-2004", "15:00:00", "15:00:45", "refund",    750, "EUR", "1"),
)
# fmt: on


def tell(sim: Sim, copies: int = 1) -> None:
    """Makes the story on 2 March: payments, operations, bookings, as often as is said. The purchase of `shop-1999` was in
    February."""
    with sim.app.runtime.unit(sim.workspace, provider="ecommpay", topic="test") as uow:
        own = {**sim.workspace.credentials["ecommpay"], "project_id": 201}
        uow.change_workspace(credentials={**sim.workspace.credentials, "ecommpay": own})
        begun = datetime.fromisoformat("2026-02-01T00:00:00+00:00")
        uow.add(Sequence(id="operations", created_at=begun, updated_at=begun, last=0))
        _purchase(uow, "shop-1999", 4500, "EUR", begun)
        for n, (number, reference, since, until, cause, amount, currency, rate) in enumerate(STORY * copies):
            created, ended = (datetime.fromisoformat(f"2026-03-02T{at}+00:00") for at in (since, until))
            payment = f"201:{reference}"
            if cause == "capture":
                _purchase(uow, reference, amount, currency, created)
            kind = Sale if cause == "capture" else Refund
            id_ = str(3050000000000 + number + n // len(STORY) * 100)
            uow._changes.put(
                kind(
                    id=id_, state="success", created_at=created, updated_at=ended, provider_at=ended, payment=payment,
                    request_id=f"request-{number}", amount=amount, currency=currency, code="0", message="Success",
                )
            )  # fmt: skip
            one = _booking(reference, payment, id_, created, ended, cause, Money(amount * SIGNS[cause], currency), rate)
            uow.post("ecommpay", one)
            settling._arm(uow, "ecommpay", one)


def _purchase(uow: UnitOfWork, reference: str, amount: int, currency: str, at: datetime) -> None:
    payment = Payment(
        id=f"201:{reference}", state="success", created_at=at, updated_at=at, changed_at=at, project_id=201,
        payment_id=reference, transaction_id=1, amount=amount, currency=currency,
    )  # fmt: skip
    uow._changes.put(payment)


def _booking(
    reference: str, payment: str, id_: str, created: datetime, at: datetime, cause: str, gross: Money, rate: str
) -> Booking:
    settled = times(units(gross), Decimal(rate))
    fees = (
        {"fee_variable": times(settled, Decimal("0.012")), "fee_fixed": 20_000_000}
        if cause == "capture"
        else {"fee_refund": 10_000_000}
    )
    own = [transfer(kind, fee, "EUR", of=MERCHANT, to=FEES) for kind, fee in fees.items()]  # type: ignore[arg-type]
    other = transfer(cause, units(gross), gross.currency, of=BUYER, to=EXCHANGE) if rate != "1" else ()  # type: ignore[arg-type]
    main = transfer(cause, settled, "EUR", of=EXCHANGE if other else BUYER, to=MERCHANT)  # type: ignore[arg-type]
    return Booking(
        at=at, available=at + timedelta(days=2), cause=cause, payment=payment, operation=id_, gross=gross,
        rate=Decimal(rate), told={"project_id": 201, "payment_id": reference, "created_at": created.isoformat()},
        postings=(*main, *other, *(one for pair in own for one in pair)),
    )  # fmt: skip


def post(sim: Sim, cause: str, value: int, currency: str = "EUR", number: int = 1) -> None:
    """In the workspace's own project, now and at its terms."""
    project = sim.workspace.credentials["ecommpay"]["project_id"]
    told = {"project_id": project, "payment_id": f"shop-{number}", "created_at": sim.workspace.clock.now().isoformat()}
    moved = Moved(amount=Money(value, currency), operation=str(number), told=told)
    with sim.app.runtime.unit(sim.workspace, provider="ecommpay", topic="test") as uow:
        settling.post(uow, "ecommpay", cause, moved, f"{project}:shop-{number}")


# Reading --------------------------------------------------------------------------------------------------------------


async def got(sim: Sim, path: str) -> httpx.Response:
    return await sim.http.get(f"{sim.path}/reports/ecommpay/{path}")


async def registry(sim: Sim, day: str) -> list[dict[str, str]]:
    """The rows of a day's registry."""
    return read((await got(sim, day)).raise_for_status().content)


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


def net(rows: list[dict[str, str]]) -> int:
    """What a merchant is owed for them, in minor units: the type says the sign."""
    gives = ("sale", "chargeback reversal")
    return sum(
        int(row["channel_amount"]) * (1 if row["operation_type"] in gives else -1) - int(row["fee_amount"])
        for row in rows
    )


async def listed(sim: Sim, **query: str) -> list[dict[str, Any]]:
    answer = await sim.http.get(f"{sim.path}/reports", params={"provider": "ecommpay", **query})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return found


async def sold(merchant: Merchant, payment_id: str, amount: int, currency: str = "EUR") -> None:
    await merchant.paid(payment_id, payment={"amount": amount, "currency": currency})
