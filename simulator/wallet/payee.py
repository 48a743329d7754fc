"""What most providers do when the wallet or the clock has news of a payment; a provider with words of its own writes its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.wallet import alipay


def hear(uow: UnitOfWork, payment: Resource, news: str, order: Resource, **changes: Any) -> None:
    """For `Provider.hear`: fires the trigger of the same name, where the payment's machine has it in this state. `changes` are
    fields that change with the move (`failed_at=uow.now`).

    An expired order fires `timer.expired` if the machine has no `wallet.expired`. Other news changes nothing.
    """
    machine = payment.MACHINE
    if machine is None:
        return
    names = ("wallet.expired", "timer.expired") if news == "wallet.expired" else (news,)
    if trigger := next((name for name in names if machine.allows(name, payment.state)), None):
        uow.fire(payment, trigger, **changes)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any], **changes: Any) -> None:
    """For `Provider.on_timer`: fires the trigger; what has expired closes its wallet order, if one is open. `changes` are fields
    that change with the move."""
    fired = uow.fire(resource, trigger, **changes)
    summary = uow.runtime.summary_of(fired)
    if trigger == "timer.expired" and summary is not None:
        alipay.close(uow, summary.order, "expired", decided_by="timer")
