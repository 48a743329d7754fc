"""How an intent comes to the wallet: by a confirmation, by a choice on a page, or by the control API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay import links
from simulator.providers.wooshpay.lookup import method_of, session_of
from simulator.providers.wooshpay.method_types import ALIPAY, add_method, in_order, preferred
from simulator.providers.wooshpay.model import CashierCode, PaymentIntent, PaymentMethod
from simulator.providers.wooshpay.settings import WooshpaySettings
from simulator.providers.wooshpay.wire.values import present
from simulator.wallet import alipay, buyers
from simulator.wallet.order import billing_details


def _billing(details: Mapping[str, Any]) -> tuple[str, ...]:
    return billing_details(details.get("name"), (details.get("address") or {}).values(), details.get("email"))


def confirm(
    uow: UnitOfWork, intent: PaymentIntent, method: PaymentMethod, trigger: str = "api.confirm"
) -> PaymentIntent:
    """Opens a wallet order and hands out its link. A shopper who has agreed to later charges of this method is charged at
    once and asked nothing. Source: source 7.7. Inferred: wooshpay.saved-method."""
    if intent.order_code is not None:
        alipay.close(uow, intent.order_code, "cancelled")
    charges_at_once = method.buyer is not None and method.customer == intent.customer and method.customer is not None
    app = _is_app(intent, method.type)
    lifetime = _code_lifetime(uow)
    if method.made_for not in (None, intent.id):
        uow.amend(method, made_for=None)
    order = alipay.open_order(
        uow,
        intent,
        title="WooshPay",
        amount=intent.money,
        merchant=uow.settings(WooshpaySettings).merchant_name,
        reference=intent.merchant_order_id or intent.id,
        description=intent.description or "",
        billing=_billing(method.billing_details or {}),
        operation="confirm",
        device="app" if app else "web",
        expires_at=None if lifetime is None else uow.now + lifetime,
    )
    code = uow.own_id(CashierCode, lambda: links.cashier_code(uow.ids), is_long=True)
    link = CashierCode(id=code, created_at=uow.now, updated_at=uow.now, order_code=order.id, payment_intent=intent.id)
    uow.add(link)
    uow.disarm(intent, "timer.code_expired")
    was_waiting = intent.state == "requires_action"
    intent = uow.fire(
        intent,
        trigger,
        silent=charges_at_once,
        payment_method=method.id,
        method_type=method.type,
        order_code=order.id,
        code_expires_at=order.expires_at,
        last_payment_error=None,
        failed_as=None,
        next_action=_next_action(uow, intent, method.type, code, app),
    )
    if was_waiting and intent.code_expires_at is not None:
        uow.arm(intent, "timer.code_expired", at=intent.code_expires_at)
    if charges_at_once:
        alipay.confirm(uow, order, method.buyer or buyers.default(uow.workspace))
        intent = uow.get(PaymentIntent, intent.id)
    return intent


def _code_lifetime(uow: UnitOfWork) -> timedelta | None:
    """How long a wallet link lives; None for ever."""
    minutes = uow.settings(WooshpaySettings).wallet_code_minutes
    return timedelta(minutes=minutes) if minutes > 0 else None


def _is_app(intent: PaymentIntent, type_: str) -> bool:
    """Whether the link opens the app: when `terminal_type` is APP or WAP, otherwise not. Inferred: wooshpay.terminal-types."""
    options = (intent.payment_method_options or {}).get(type_) or {}
    return options.get("terminal_type") in ("APP", "WAP")


def _next_action(uow: UnitOfWork, intent: PaymentIntent, type_: str, cashier_code: str, app: bool) -> dict[str, Any]:
    """The link in a member that is named after the method's type; a card has a challenge instead.

    With the setting `next_action_type` = `alipay_handle_redirect`, `type` is that name too, as it was in 2024.
    Source: docs/providers/wooshpay.md, sources 3.1 and 7.4.
    """
    if type_ == "card":
        redirect = {"url": links.challenge_url(uow.workspace, intent), "return_url": intent.return_url}
        return {"type": "challenge_redirect", "challenge_redirect": present(redirect)}
    member = f"{type_}_handle_redirect"
    kind = uow.settings(WooshpaySettings).next_action_type
    url = links.wallet_url(uow.workspace, intent.origin, cashier_code, app=app)
    return {"type": "redirect_to_url" if kind == "redirect_to_url" else member, member: {"url": url}}


def open_order(uow: UnitOfWork, payment: Resource) -> str | None:
    """For the control API: the open wallet order, or a new one as if the shopper had pressed the page's button.

    None when the intent takes no payment at this moment.
    """
    assert isinstance(payment, PaymentIntent)
    session = session_of(uow, payment)
    if payment.state == "requires_action":
        return payment.order_code
    tried = payment.last_payment_error is not None
    if payment.state not in ("requires_payment_method", "requires_confirmation") or (tried and session is None):
        return None
    if session is not None and session.state != "open":
        return None
    return choose(uow, payment, app=False).order_code


def choose(uow: UnitOfWork, intent: PaymentIntent, *, app: bool, type_: str | None = None) -> PaymentIntent:
    """What the hosted page does when its button is pressed: confirms with the chosen type of method, or the proposed one.

    The intent's own method is used if it is of that type; otherwise there is a new one.
    """
    type_ = type_ or preferred(intent)
    method = method_of(uow, intent)
    if method is None or method.type != type_:
        method = add_method(uow, intent.livemode, type_, billing_details=intent.billing_details, made_for=intent.id)
    if intent.session is not None and method.type in ALIPAY:
        options = intent.payment_method_options or {}
        own = {**options.get(method.type, {}), "terminal_type": "APP" if app else "WEB"}
        intent = uow.amend(intent, payment_method_options={**options, method.type: in_order(own)})
    return confirm(uow, intent, method, "page.confirm")
