"""Payment setups: made, completed step by step, and confirmed with a wallet. Source: docs/providers/checkoutcom.md, source 13."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom import errors, notices
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers import outcomes
from simulator.providers.checkoutcom.handlers.attempts import check_account, confirm_with, is_confirmed, tries_of
from simulator.providers.checkoutcom.model import Payment, PaymentSetup, new_id
from simulator.providers.checkoutcom.rules import check_activated, own_channel
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import setups as wire
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire.sessions import ACTIVATED


def create_setup(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/setups. Raises `Refused` for what the account does not know."""
    request: wire.SetupRequest = call.body
    check_account(uow, request)
    given: dict[str, Any] = {"processing_channel_id": own_channel(uow), **_said(request)}
    setup = uow.add(PaymentSetup(id=new_id(uow.ids, "set"), origin=call.base_url, **given))
    notices.check_setup(call, uow, request)
    notices.test_amount(call, uow, "pay", setup.amount, setup.currency, setup.reference)
    return _shown(call, uow, setup)


def update_setup(call: Call, uow: UnitOfWork) -> Reply:
    """PUT /payments/setups/{id}. Raises `Refused` for a setup that is paid."""
    request: wire.SetupUpdate = call.body
    setup = find_setup(call, uow)
    check_account(uow, request)
    tries = _tries(uow, setup)
    notices.check_setup(call, uow, request)
    notices.check_update(call, request)
    updated = _announced(uow, setup, uow.amend(setup, **_said(request)))
    notices.open_tries(call, [payment for payment in tries if payment.money != updated.money])
    return _shown(call, uow, updated)


def _announced(uow: UnitOfWork, before: PaymentSetup, setup: PaymentSetup) -> PaymentSetup:
    """Tells of each method that this update has made ready, where the workspace asks for it. Source: source 13.5."""
    if uow.settings(CheckoutcomSettings).setups_announce_ready:
        was, names = _statuses(uow, before), _statuses(uow, setup)
        for name in [name for name in names if names[name] == "ready" and was.get(name) != "ready"]:
            setup = uow.fire(setup, "api.ready", extra={"method": name})
    return setup


def get_setup(call: Call, uow: UnitOfWork) -> Reply:
    return _shown(call, uow, find_setup(call, uow))


def confirm_setup(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/setups/{id}/confirm/{payment_method_name}: an ordinary payment begins.

    What comes back is contested, so setting `setups_confirm_response` says it; both forms have `_links.redirect`. While a payment
    by the method over the amount is pending, another confirmation gives the same one. Source: source 13.4.
    Inferred: checkoutcom.setup-again.

    Raises `Refused` for a method that cannot pay, or not yet, and for a setup that is paid.
    """
    setup, name = find_setup(call, uow), call.path["payment_method_name"]
    if name not in wire.METHODS:
        raise refused("payment_method_not_supported", given=name, allowed=wire.METHODS)
    tries = _tries(uow, setup)
    notices.check_method(call, name)
    same = [payment for payment in tries if payment.is_untouched and _is_of(payment, setup, name)]
    notices.open_tries(call, [payment for payment in tries if payment not in same])
    if same:
        return _confirmed(call, uow, uow.amend(setup, payment_id=same[0].id, payment_order=same[0].order_code), same[0])
    reason = check_activated(uow, setup.amount, setup.currency, setup.reference)
    if _statuses(uow, setup, name)[name] != "ready":
        raise refused("payment_method_not_ready")
    payment = confirm_with(uow, setup, name, is_declined=reason is not None)
    if reason is not None:
        payment = outcomes.decline(uow, payment, "bank.declined", *errors.response(errors.SESSION_REASONS[reason]))
    notices.test_amount(call, uow, "pay", payment.amount, payment.currency, payment.reference)
    return _confirmed(call, uow, uow.get(PaymentSetup, setup.id), payment, reason)


def find_setup(call: Call, uow: UnitOfWork) -> PaymentSetup:
    return uow.get(PaymentSetup, call.path["id"], "id")


def _tries(uow: UnitOfWork, setup: PaymentSetup) -> list[Payment]:
    """The setup's payments so far, newest first. Raises `Refused` for a setup that is paid."""
    tries = tries_of(uow, setup)
    if setup.state == "Paid" or is_confirmed(tries):
        raise refused("payment_setup_already_paid")
    return tries


def _is_of(payment: Payment, setup: PaymentSetup, method: str) -> bool:
    return payment.source_type == method and payment.money == setup.money


def _said(request: wire.SetupUpdate) -> dict[str, Any]:
    """The members that a request has."""
    plain = request.model_dump(exclude_none=True)
    methods = plain.get("payment_methods")
    read = ("terminal_type", "os_type")
    if methods is not None:
        methods = {
            name: {member: methods[name][member] for member in read if member in methods[name]}
            for name in wire.METHODS
            if name in methods
        }
    simple = ("amount", "currency", "payment_type", "reference", "description", "processing_channel_id", "settings")
    members = {name: plain.get(name) for name in (*simple, *wire.ECHOED)}
    return values.present(members | {"methods": methods})


def _statuses(uow: UnitOfWork, setup: PaymentSetup, *more: str) -> dict[str, str]:
    """The methods of the account and those that the setup names, with their status."""
    is_activated = uow.settings(CheckoutcomSettings).alipay_refusal is None
    shown = [name for name in wire.METHODS if name in ACTIVATED or name in setup.methods or name in more]
    return {name: wire.status(setup, name, is_activated=is_activated) for name in shown}


def _shown(call: Call, uow: UnitOfWork, setup: PaymentSetup) -> Reply:
    latest = uow.find(Payment, setup.payment_id or "")
    body = wire.setup(setup, _statuses(uow, setup), latest, call.base_url)
    return Reply(200, body, subject=setup.id)


def _confirmed(call: Call, uow: UnitOfWork, setup: PaymentSetup, payment: Payment, reason: str | None = None) -> Reply:
    """`reason` is why it was declined at once."""
    status = 202 if reason is None else 201
    if uow.settings(CheckoutcomSettings).setups_confirm_response == "setup":
        body = wire.setup(setup, _statuses(uow, setup), payment, call.base_url, redirect=True)
        return Reply(status, body)
    body = wire.confirmed(payment, call.base_url)
    if reason is not None:
        body |= zip(("response_code", "response_summary"), errors.response(errors.SESSION_REASONS[reason]), strict=True)
    return Reply(status, body, subject=payment.id)
