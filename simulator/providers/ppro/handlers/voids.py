"""Voids. Source: docs/providers/ppro.md, sources 3.5 and 5.4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures, wire
from simulator.providers.ppro.handlers.bank import ask_bank, bank_failure
from simulator.providers.ppro.handlers.captures import capture_refusal
from simulator.providers.ppro.handlers.operations import find_charge, new_operation, refused_operation
from simulator.wallet import alipay


def void_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/voids: releases what is not captured yet."""
    charge, asked = find_charge(call, uow), call.body.amount
    more = {"reference": call.body.merchantVoidReference, "labels": call.body.labels}
    refused = capture_refusal(charge, asked)
    if refused is not None:
        return refused_operation(uow, charge, "voids", asked, failures.failure(refused), more)
    verdict = ask_bank(uow, charge, "void", asked)
    charge = uow.fire(charge, "api.void")
    if not verdict.approves:
        failure = bank_failure(verdict, "Payment Void Failed")
        void = new_operation(uow, "voids", "FAILED", asked, failure=failure, **more)
        changes: dict[str, Any] = {"failure": failure}
        trigger = "bank.void_failed"
    else:
        void, changes = new_operation(uow, "voids", "VOIDED", asked, **more), {}
        trigger = "bank.voided_rest" if charge.captured else "bank.voided"
        trigger = "bank.voided_part" if asked < charge.left_open else trigger
        alipay.refund(uow, charge.order_code, replace(charge.money, value=asked))
    charge = uow.fire(charge, trigger, about=void, voids=(*charge.voids, void), **changes)
    return Reply(200, wire.alone(charge, void))
