"""What becomes of a timer: it fires, it comes too late, or it is a bug that everybody can see."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import orjson
import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis
from simulator.kernel.machine import MachineError

CHARGE = ACME.kinds["charge"]


def unit(sim: Sim) -> Any:
    return sim.app.runtime.unit(sim.workspace, provider="acme", topic="test")


async def timers(sim: Sim) -> list[str]:
    return [timer["kind"] for timer in (await sim.http.get(f"{sim.path}/timers")).json()["data"]]


def written_by_another_version(sim: Sim, id_: str, trigger: str, kind: str = "charge", **after: float) -> None:
    """A timer that no party would arm today, due in its turn."""
    due = (sim.workspace.clock.now() + timedelta(**after)).timestamp() * 1_000_000
    with sim.app.runtime.transactions.writing() as store:
        store.insert_timers([(sim.workspace.id, int(due), "acme", kind, id_, trigger, b"{}")])


async def test_a_timer_that_nobody_answers_cannot_be_armed(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()

    with pytest.raises(MachineError, match=r"acme answers no timer 'timer\.expierd'"), unit(sim) as uow:
        uow.arm(uow.get(CHARGE, id_), "timer.expierd", after=timedelta(hours=1))

    assert await timers(sim) == ["timer.expired"]


async def test_a_trigger_that_no_state_has_is_a_bug_and_no_refusal(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()

    with pytest.raises(MachineError, match=r"acme\.charge has no trigger 'api\.viod'"), unit(sim) as uow:
        uow.fire(uow.get(CHARGE, id_), "api.viod")

    assert await acme.status(id_) == "PENDING"


@pytest.mark.parametrize(("trigger", "kind"), [("timer.forgotten", "charge"), ("timer.expired", "bill")])
async def test_a_timer_that_nobody_knows_any_more_is_told_and_given_up(
    sim: Sim, acme: Merchant, caplog: pytest.LogCaptureFixture, trigger: str, kind: str
) -> None:
    id_ = await acme.charge()
    written_by_another_version(sim, id_, trigger, kind, hours=1)

    with caplog.at_level(logging.ERROR, "simulator"):
        fired = await sim.advance(hours=1)

    assert [event["kind"] for event in fired] == [trigger]
    assert await timers(sim) == ["timer.expired"]
    [record] = caplog.records
    assert f"timer {trigger} of acme/{id_}" in record.getMessage()
    [told] = [e for e in (await sim.payment("acme", id_))["timeline"] if "given up" in e["summary"]]
    assert told["summary"].startswith(f"{trigger} failed and is given up: ")
    assert (told["at"], told["kind"], told["ref"]) == (iso_millis(sim.started_at + timedelta(hours=1)), "timer", id_)


async def test_a_timer_that_raises_is_undone_told_and_holds_nobody_back(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both charges expire at the same instant; the first one's expiry has a bug."""
    broken, fine = await acme.charge("order-1"), await acme.charge("order-2")
    fire = UnitOfWork.fire

    def buggy(self: UnitOfWork, resource: Any, trigger: str, **more: Any) -> Any:
        moved = fire(self, resource, trigger, **more)
        if resource.id == broken:
            raise ValueError("a bug")
        return moved

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR, "simulator"):
        patched.setattr(UnitOfWork, "fire", buggy)
        fired = await sim.advance(hours=2)

    assert [event["resource_id"] for event in fired] == [broken, fine, fine]
    assert (await acme.status(broken), await acme.status(fine)) == ("PENDING", "EXPIRED")
    assert [hook.body["charge"]["id"] for hook in sim.hooks] == [fine]
    assert await timers(sim) == []
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [ValueError]
    told = (await sim.payment("acme", broken))["timeline"][-1]
    assert told["summary"].startswith("timer.expired failed and is given up: ValueError (error ")


async def test_a_timer_that_comes_too_late_is_nobodys_bug(
    sim: Sim, acme: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = await acme.charge()
    await acme.void(id_)
    with unit(sim) as uow:
        uow.arm(uow.get(CHARGE, id_), "timer.expired", after=timedelta(hours=1))

    with caplog.at_level(logging.WARNING, "simulator"):
        await sim.advance(hours=2)

    assert caplog.records == []
    assert await timers(sim) == []
    assert not any("given up" in event["summary"] for event in (await sim.payment("acme", id_))["timeline"])


async def test_a_timer_is_disarmed_in_the_unit_that_armed_it(sim: Sim, acme: Merchant) -> None:
    """The store does not know it yet; others of the same resource stay."""
    id_ = await acme.charge()
    with unit(sim) as uow:
        charge = uow.get(CHARGE, id_)
        uow.disarm(charge)
        uow.arm(charge, "timer.expired", after=timedelta(hours=1))
        uow.arm(charge, "wallet.paid", after=timedelta(hours=1))
        uow.disarm(charge, "timer.expired")

    assert await timers(sim) == ["wallet.paid"]


async def test_all_timers_of_a_resource_are_disarmed_in_the_unit_that_armed_one(sim: Sim, acme: Merchant) -> None:
    first, second = await acme.charge("order-1"), await acme.charge("order-2")
    with unit(sim) as uow:
        for id_ in (first, second):
            uow.arm(uow.get(CHARGE, id_), "wallet.paid", after=timedelta(hours=1))
        uow.disarm(uow.get(CHARGE, first))

    left = (await sim.http.get(f"{sim.path}/timers")).json()["data"]
    assert [(timer["kind"], timer["resource_id"]) for timer in left] == [
        ("wallet.paid", second),
        ("timer.expired", second),
    ]


async def test_a_resource_that_is_deleted_takes_its_timers_along(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()
    before = await timers(sim)
    with unit(sim) as uow:
        uow.delete(uow.get(CHARGE, id_))

    assert (before, await timers(sim)) == (["timer.expired"], [])
    assert sim.app.runtime.store.timers(sim.workspace.id) == []


async def test_the_journal_tells_what_was_deleted(sim: Sim, acme: Merchant) -> None:
    """As a move out of its state; who did it is what the trigger says."""
    id_ = await acme.charge()
    with unit(sim) as uow:
        uow.delete(uow.get(CHARGE, id_), trigger="ops.delete")

    rows = sim.app.runtime.store.journal_of(sim.workspace.id, id_)
    [move] = [move for row in rows for move in orjson.loads(row[-1])["moves"] if move.get("to") == "deleted"]
    assert (move["actor"], move["summary"], move["from"]) == ("ops", "charge PENDING > deleted", "PENDING")
    assert (move["ref"], move["subject"]) == (id_, id_)
