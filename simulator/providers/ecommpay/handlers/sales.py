"""Purchases at Gate, and the payout that Alipay does not have."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.checks import purchase_problems, read
from simulator.providers.ecommpay.flow import Purchase, register
from simulator.providers.ecommpay.handlers.acceptance import accepted, rejected
from simulator.providers.ecommpay.model import METHOD, new_request_id, text_members
from simulator.providers.ecommpay.wire import requests


def sale(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/wallet/{payment_method}/sale: begins a purchase. Amounts in minor units.

    Source: docs/providers/ecommpay.md, sources 3.1, 4.3 and 5.3.
    """
    body, request_id = call.json, new_request_id(uow)
    customer = body["customer"]
    request, problems = read(requests.SaleRequest, body)
    problems += _customer_id(customer) + _purchase(uow, call, body["general"], body["payment"])
    if request is None or problems:
        return rejected(call, uow, request_id, "sale", problems)
    general, payment, callback = request.general, request.payment, request.callback or requests.CallbackInfo()
    register(
        uow,
        Purchase(
            request_id=request_id,
            project_id=call.credential["project_id"],
            payment_id=general.payment_id,
            amount=payment.amount,
            currency=payment.currency,
            description=payment.description or "",
            customer={name: customer[name] for name in requests.CUSTOMER_FIELDS if isinstance(customer.get(name), str)},
            origin=call.base_url,
            best_before=payment.best_before,
            return_url=text_members(body.get("return_url")),
            callback_url=general.merchant_callback_url,
            success_callback_url=general.merchant_success_callback_url,
            decline_callback_url=general.merchant_decline_callback_url,
            callback_from_network=uow.may_go_to(
                "general.merchant_callback_url",
                general.merchant_callback_url,
                general.merchant_success_callback_url,
                general.merchant_decline_callback_url,
            ),
            callback_delay_s=callback.delay or 0,
            callback_disabled=bool(callback.force_disable),
        ),
    )
    return accepted(call, request_id)


def _customer_id(customer: Any) -> list[dict[str, Any]]:
    given = customer.get("id") if isinstance(customer, dict) else None
    return [errors.item("2154", "customer.id")] if given in (None, "") else []


def _purchase(uow: UnitOfWork, call: Call, general: Any, payment: Any) -> list[dict[str, Any]]:
    if call.path.get("payment_method", METHOD) != METHOD:
        return [errors.item("2541")]  # Inferred: ecommpay.unknown-method
    return purchase_problems(
        uow, call.credential["project_id"], general["payment_id"], payment.get("amount"), payment.get("currency")
    )


def payout(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/payout: accepted, then refused by callback, because Alipay has no payouts. Source: source 3.8.

    Inferred: ecommpay.payout.
    """
    return rejected(call, uow, new_request_id(uow), "sale", [errors.item("20706")])
