"""What a provider needs not write: an expired order, news with a trigger of the same name, and what every new resource has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME, CHARGE, Charge

from simulator.engine.resource import Resource
from simulator.kernel.machine import Machine, MachineError
from simulator.wallet import payee
from simulator.wallet.order import Order

EARLIER = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    async with Sim(providers=[ACME]) as sim:
        await sim.receive_webhooks("acme")
        yield Merchant(sim, ACME)


def charge(**more: Any) -> Charge:
    return Charge(**{"id": "ch_new", "amount": 1000, "currency": "CNY", "reference": "order-9", **more})


def look(merchant: Merchant, id_: str) -> tuple[Charge, Order]:
    uow = merchant.sim.app.runtime.open(merchant.sim.workspace)
    found = uow.get(Charge, id_)
    assert found.order_code is not None
    return found, uow.get(Order, found.order_code)


# What every new resource has -----------------------------------------------------------------------------------


async def test_a_new_resource_has_a_state_its_times_and_a_version_that_nobody_said(merchant: Merchant) -> None:
    runtime, workspace = merchant.sim.app.runtime, merchant.sim.workspace

    with runtime.unit(workspace, provider="acme", topic="control") as uow:
        now, made = uow.now, uow.add(charge())

    kept = runtime.open(workspace).get(Charge, "ch_new")
    assert (made.state, made.created_at, made.updated_at) == (CHARGE.initial[0], now, now)
    assert (kept.state, kept.created_at, kept.updated_at, kept.version) == ("PENDING", now, now, 1)


async def test_what_a_new_resource_says_stays(merchant: Merchant) -> None:
    runtime, workspace = merchant.sim.app.runtime, merchant.sim.workspace

    with runtime.unit(workspace, provider="acme", topic="control") as uow:
        made = uow.add(charge(created_at=EARLIER, updated_at=EARLIER))
        with pytest.raises(MachineError, match="does not begin in 'CAPTURED'"):
            uow.add(charge(id="ch_other", state="CAPTURED"))

    assert (made.created_at, made.updated_at) == (EARLIER, EARLIER)


# News ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "state"), [("pay", "CAPTURED"), ("decline", "FAILED"), ("cancel", "FAILED"), ("expire", "EXPIRED")]
)
async def test_news_of_the_wallet_fires_the_trigger_of_the_same_name(merchant: Merchant, act: str, state: str) -> None:
    """An expired order that of the timer, where the machine has no other."""
    id_ = await merchant.waiting()

    await merchant.sim.act("acme", id_, act)

    assert look(merchant, id_)[0].state == state


async def test_news_that_the_machine_does_not_have_in_this_state_changes_nothing(merchant: Merchant) -> None:
    id_ = await merchant.paid()
    before, order = look(merchant, id_)

    with merchant.sim.app.runtime.unit(merchant.sim.workspace, provider="acme", topic="control") as uow:
        for news in ("wallet.paid", "wallet.declined", "wallet.expired", "wallet.waved"):
            payee.hear(uow, before, news, order)

    assert look(merchant, id_)[0] == before


async def test_fields_change_with_the_move_and_without_one_do_not(merchant: Merchant) -> None:
    """What webhooks and answers say of a payment that is over: when it failed, when it expired."""
    runtime, workspace = merchant.sim.app.runtime, merchant.sim.workspace
    ids = [await merchant.waiting(f"order-{number}") for number in range(2)]
    order = look(merchant, ids[0])[1]

    with runtime.unit(workspace, provider="acme", topic="control") as uow:
        for news, reference in (("wallet.waved", "not heard"), ("wallet.declined", "failed"), ("wallet.paid", "late")):
            payee.hear(uow, uow.get(Charge, ids[0]), news, order, reference=reference)
        payee.on_timer(uow, uow.get(Charge, ids[1]), "timer.expired", {}, reference="expired")

    kept = [look(merchant, id_)[0] for id_ in ids]
    assert [(one.state, one.reference) for one in kept] == [("FAILED", "failed"), ("EXPIRED", "expired")]


def test_an_expired_order_fires_what_the_machine_has_of_its_own_for_it() -> None:
    fired: list[str] = []

    class Ledger:
        def fire(self, payment: Resource, trigger: str) -> None:
            fired.append(trigger)

    class Bill(Resource):
        MACHINE: ClassVar[Machine | None] = Machine(
            "toy.bill",
            initial="open",
            table=[("wallet.expired", "open", "stale", None), ("timer.expired", "open", "over", None)],
        )

    uow: Any = Ledger()
    payee.hear(uow, Bill(id="b", state="open"), "wallet.expired", Bill(id="order"))
    payee.hear(uow, replace(Bill(id="b"), state="stale"), "wallet.expired", Bill(id="order"))
    payee.hear(uow, Resource(id="without a machine"), "wallet.expired", Bill(id="order"))

    assert fired == ["wallet.expired"]


# What expires --------------------------------------------------------------------------------------------------


async def test_a_payment_that_expires_takes_its_order_with_it_and_is_told_once(merchant: Merchant) -> None:
    id_ = await merchant.waiting()

    await merchant.sim.advance(hours=3)

    payment, order = look(merchant, id_)
    assert (payment.state, order.state, order.decided_by) == ("EXPIRED", "expired", "timer")
    assert [hook.body["type"] for hook in merchant.sim.hooks] == ["charge.expired"]


async def test_an_order_that_is_decided_already_stays_when_its_payment_expires(merchant: Merchant) -> None:
    id_ = await merchant.waiting()
    payment, order = look(merchant, id_)
    runtime, workspace = merchant.sim.app.runtime, merchant.sim.workspace
    with runtime.unit(workspace, provider="acme", topic="control") as uow:
        uow.fire(uow.get(Order, order.id), "wallet.decline")

    with runtime.unit(workspace, provider="acme", topic="control", now=payment.created_at + timedelta(hours=2)) as uow:
        payee.on_timer(uow, uow.get(Charge, id_), "timer.expired", {})

    assert [one.state for one in look(merchant, id_)] == ["EXPIRED", "declined"]
