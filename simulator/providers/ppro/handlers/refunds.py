"""Refunds: full, partial, multiple, and the bank's later word on one. Source: docs/providers/ppro.md, sources 3.5 and 5.4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures, rules, wire
from simulator.providers.ppro.handlers.bank import ask_bank, bank_failure
from simulator.providers.ppro.handlers.funds_statuses import settle_later
from simulator.providers.ppro.handlers.operations import (
    find_charge,
    find_operation,
    new_operation,
    refused_operation,
    replace_operation,
)
from simulator.providers.ppro.model import Charge, Operation
from simulator.wallet import alipay

PENDING_REFUND_DELAY = timedelta(seconds=30)


def refund_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refunds: all or parts of what was captured, for 360 days. More than is left is a FAILED refund in a 200.

    Source: docs/providers/ppro.md, sources 3.5, 4.2 rows 18 to 21, 5.4.
    """
    charge, asked = find_charge(call, uow), call.body.amount
    more = {
        "reference": call.body.merchantRefundReference,
        "refund_reason": call.body.refundReason,
        "refund_descriptor": call.body.refundDescriptor,
        "labels": call.body.labels,
    }
    refused = _refund_refusal(uow, charge, asked)
    if refused is not None:
        return refused_operation(uow, charge, "refunds", asked, failures.failure(refused), more)
    verdict = ask_bank(uow, charge, "refund", asked)
    charge = uow.fire(charge, "api.refund")
    if verdict.is_pending:
        refund = new_operation(uow, "refunds", "PENDING", asked, **more)
        charge = uow.fire(charge, "bank.refund_pending", about=refund, refunds=(*charge.refunds, refund))
        code = None if verdict.approves else verdict.code or failures.of_reason(verdict.reason)
        after = verdict.wait(PENDING_REFUND_DELAY)
        uow.arm(charge, "timer.refund", after=after, refund=refund.id, code=code, message=verdict.message)
    elif not verdict.approves:
        failure = bank_failure(verdict, "Payment Refund Failed")
        refund = new_operation(uow, "refunds", "FAILED", asked, failure=failure, **more)
        refunds = (*charge.refunds, refund)
        charge = uow.fire(charge, "bank.refund_failed", about=refund, refunds=refunds, failure=failure)
    else:
        refund = new_operation(uow, "refunds", "REFUNDED", asked, **more)
        charge = _refunded(uow, uow.amend(charge, refunds=(*charge.refunds, refund)), refund)
    return Reply(200, wire.alone(charge, refund))


def _refund_refusal(uow: UnitOfWork, charge: Charge, asked: int) -> str | None:
    """The failureCode with which a refund is refused; None if it is not. Source: docs/providers/ppro.md, source 5.4.

    Inferred: ppro.pending-refund, ppro.refund-before-captured, ppro.refund-window.
    """
    if charge.total("refunds", "PENDING"):
        return "SIMULTANEOUS_OPERATION_IN_PROGRESS"
    left = charge.captured - charge.refunded
    if charge.state != "CAPTURED" or left <= 0:
        return "EXCEEDS_REFUNDABLE_AMOUNT"
    last = max(capture.created_at for capture in charge.captures if capture.status == "CAPTURED")
    if charge.payment_method == "ALIPAY" and uow.now - last > rules.ALIPAY_REFUND_WINDOW:
        return "REFUND_PERIOD_EXPIRED"
    return "EXCEEDS_CAPTURED_AMOUNT" if asked > left else None


def _refunded(uow: UnitOfWork, charge: Charge, refund: Operation) -> Charge:
    """Gives the money of a refund, which is on its charge already, back to the buyer."""
    assert refund.amount is not None
    alipay.refund(uow, charge.order_code, replace(charge.money, value=refund.amount))
    trigger = "bank.refunded" if charge.refunded == charge.captured else "bank.refunded_part"
    charge = uow.fire(charge, trigger, about=refund)
    return settle_later(uow, charge, refund)


def decide_refund(uow: UnitOfWork, charge: Charge, data: Mapping[str, Any]) -> None:
    """The bank decides a refund that was pending, as the scenario said when the refund began."""
    refund = find_operation(charge, "refunds", data["refund"])
    charge = uow.fire(charge, "bank.refund_decided")
    if data["code"] is None:
        settled = refund.moved("bank.refunded", uow.now)
        _refunded(uow, replace_operation(uow, charge, settled), settled)
        return
    failure = failures.failure(data["code"], data["message"] or "Payment Refund Failed")
    settled = refund.moved("bank.refund_failed", uow.now, failure=failure)
    uow.fire(replace_operation(uow, charge, settled), "bank.refund_failed", about=settled, failure=failure)
