"""A cut-off over more bookings than one unit of work should read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support import Sim
from toy.settling import SETTLING, P, post

from simulator.engine import balances, settling
from simulator.engine.settlement import Account, Settlement, kinds_of


async def test_a_payout_over_many_bookings_is_made_at_once_and_gone_through_in_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A day may have a hundred thousand: no unit of work reads more than a step of them, and each is told of once."""
    monkeypatch.setattr(settling, "STEP", 3)
    settled, read = list[int](), list[int]()
    settlement = Settlement(moves=(), on_settled=lambda uow, booking: settled.append(booking.number))
    async with Sim(providers=[replace(SETTLING, settlement=settlement)]) as sim:
        await sim.settings(P, fee_variable="0", fee_fixed="0", fee_refund="0")
        for number in range(10):
            post(sim, "capture", 1000, payment=f"p{number}")
        await sim.advance(days=1)
        post(sim, "capture", 500, payment="later")
        post(sim, "refund", 100, payment="later")
        bookings = sim.app.runtime.store.bookings

        def counted(*given: Any, **more: Any) -> Any:
            rows = bookings(*given, **more)
            read.append(len(rows))
            return rows

        monkeypatch.setattr(sim.app.runtime.store, "bookings", counted)
        await sim.advance(days=5)
        monkeypatch.undo()

        uow = sim.app.runtime.open(sim.workspace)
        made = [*uow.every(kinds_of(P).payout)][::-1]
        assert max(read) <= 3
        assert [one.money.value for one in made] == [9900, 500]
        assert [[one.number for one in balances.in_payout(uow, P, payout)][:-2] for payout in made] == [
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12],
            [11],
        ]
        assert settled == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 11]
        account = uow.find(kinds_of(P).account, Account.ID)
        assert account is not None
        assert account.summed > 12


async def test_a_payout_that_is_gone_through_in_steps_goes_on_after_a_restart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settling, "STEP", 1)
    settled = list[int]()
    settlement = Settlement(moves=(), on_settled=lambda uow, booking: settled.append(booking.number))
    provider = replace(SETTLING, settlement=settlement)
    async with Sim(providers=[provider], db=str(tmp_path / "sim.db")) as sim:
        for number in range(4):
            post(sim, "capture", 1000, payment=f"p{number}")
        with sim.app.runtime.unit(sim.workspace, provider=P, topic="control") as uow:
            settling.settle(uow, P, uow.now + timedelta(days=3), pays=True)
        name = sim.workspace.name
    assert settled == [1]

    async with Sim(providers=[provider], db=str(tmp_path / "sim.db")) as sim:
        await sim.http.post(f"/_sim/workspaces/{name}/clock/advance", json={"by": "1s"})

    assert settled == [1, 2, 3, 4]
