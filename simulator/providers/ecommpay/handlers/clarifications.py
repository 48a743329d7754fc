"""Clarifications: the customer's data that the project requires and that the sale request did not contain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.checks import schema_problems
from simulator.providers.ecommpay.flow import accept, ask, move, proceed
from simulator.providers.ecommpay.handlers.acceptance import accepted, rejected
from simulator.providers.ecommpay.model import Payment, find_payment, new_request_id, text_members
from simulator.providers.ecommpay.settings import EcommpaySettings
from simulator.providers.ecommpay.wire import requests
from simulator.providers.ecommpay.wire.answers import MAX_ERRORS


def clarification(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/clarification: brings the data that was asked for. Every request gives the merchant the full time again.

    Source: docs/providers/ecommpay.md, source 3.6.
    """
    body, request_id = call.json, new_request_id(uow)
    payment = find_payment(uow, call.credential["project_id"], body["general"]["payment_id"])
    if payment is None:
        return rejected(call, uow, request_id, "sale", [errors.item("3061", "general.payment_id")])
    problems = schema_problems(requests.ClarificationRequest, body)
    if payment.state != "awaiting clarification":
        problems = [errors.item("3060")]
    if not problems:
        problems = _unasked(call, payment, body["additional_data"])
    if problems:
        return rejected(call, uow, request_id, "sale", problems, payment)
    accept(uow, request_id, payment, payment.sale_id)
    customer, missing = _completed(payment, body["additional_data"])
    clarify_by = uow.now + timedelta(seconds=payment.options["clarification_s"])
    payment = uow.amend(payment, customer=customer, missing=missing, clarify_by=clarify_by)
    uow.disarm(payment, "timer.clarification")
    uow.arm(payment, "timer.clarification", at=clarify_by)
    uow.arm(payment, "timer.clarified", after=timedelta(seconds=uow.settings(EcommpaySettings).processing_delay_s))
    return accepted(call, request_id)


def _unasked(call: Call, payment: Payment, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Leaves a notice for each member that was not asked for, unless it repeats what the payment has. In strict mode they are also
    returned as problems; otherwise there are none."""
    wanted = payment.missing.get("customer", [])
    told = text_members(given.get("customer"))
    fields = [f"customer.{name}" for name in told if name not in wanted and payment.customer.get(name) != told[name]]
    fields += [name for name in given if name != "customer"]
    shown = [f"additional_data.{field[:80]}" for field in fields[:MAX_ERRORS]]
    for field in shown:
        call.differs_live(f"{field}: nobody has asked for it")
    return [errors.item("2003", field) for field in shown] if call.strict else []


def _completed(payment: Payment, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The customer with the data that was sent, and what is still missing. A malformed value counts as missing.

    Inferred: ecommpay.clarification.
    """
    told = text_members(given.get("customer"))
    wanted = payment.missing.get("customer", [])
    good = {
        name: told[name]
        for name in wanted
        if told.get(name) and not schema_problems(requests.Customer, {name: told[name]})
    }
    left = [name for name in wanted if name not in good]
    return {**payment.customer, **good}, {"customer": left} if left else {}


def clarified(uow: UnitOfWork, payment: Payment) -> None:
    """Some time after the request: asks again for what is still missing, or goes on with the purchase."""
    if payment.missing:
        ask(uow, payment, "bank.clarify_again")
    else:
        proceed(uow, move(uow, payment, "bank.clarified"))
