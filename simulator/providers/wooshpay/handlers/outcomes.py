"""What becomes of an intent when the wallet, the bank or the clock speaks, and where the shopper returns to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.pages import with_query
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay import links
from simulator.providers.wooshpay.bank import await_decision
from simulator.providers.wooshpay.handlers.refunds import settle_refund
from simulator.providers.wooshpay.lookup import session_of
from simulator.providers.wooshpay.method_types import ALIPAY
from simulator.providers.wooshpay.model import Charge, CheckoutSession, PaymentIntent, PaymentMethod, Refund, mint
from simulator.wallet import alipay
from simulator.wallet.order import Order

ATTEMPT_FAILED = "payment_intent_payment_attempt_failed"
AUTHENTICATION_FAILED = "payment_intent_authentication_failure"
ATTEMPT_EXPIRED = "payment_intent_payment_attempt_expired"

FAILURE_MESSAGES = {
    # Source: docs/providers/wooshpay.md, source 5.4. Inferred: wooshpay.failure-shape, wooshpay.failed-method.
    ATTEMPT_FAILED: "The customer did not complete the payment in the wallet.",
    AUTHENTICATION_FAILED: "The wallet could not authenticate the customer.",
    ATTEMPT_EXPIRED: "The wallet code expired before the customer paid.",
}


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved. News of an order that a newer link has replaced is ignored."""
    assert isinstance(resource, PaymentIntent) and isinstance(teller, Order)
    if resource.order_code != teller.id or resource.state != "requires_action":
        return
    match news:
        case "wallet.paid":
            _approved(uow, resource, teller)
        case "wallet.declined" | "wallet.cancelled":
            code = teller.code or (AUTHENTICATION_FAILED if teller.reason == "authentication" else ATTEMPT_FAILED)
            fail(uow, resource, news, code, teller.message, news.removeprefix("wallet."))
        case "wallet.expired":
            fail(uow, resource, "timer.code_expired", teller.code or ATTEMPT_EXPIRED, teller.message, "expired")


def _approved(uow: UnitOfWork, intent: PaymentIntent, order: Order) -> None:
    """The shopper has confirmed. The bank may still decline, or take its time."""
    intent = uow.amend(intent, next_action=None)
    if intent.setup_future_usage == "off_session" and intent.customer is not None and intent.payment_method is not None:
        method = uow.get(PaymentMethod, intent.payment_method)
        uow.amend(method, customer=intent.customer, buyer=order.buyer)
    if intent.capture_method == "manual" and intent.method_type not in ALIPAY:
        charge = _charge(uow, intent, captured=0)
        intent = uow.fire(intent, "wallet.authorized", charge=charge.id)
        _complete(uow, intent, "wallet.paid", "unpaid")
        return
    verdict = uow.ask_bank(intent, "confirm", intent.money)
    if verdict.declines_now:
        alipay.refund(uow, intent.order_code, intent.money)
        fail(uow, intent, "wallet.declined", verdict.code or ATTEMPT_FAILED, verdict.message, "declined")
    elif verdict.is_pending:
        await_decision(uow, uow.fire(intent, "wallet.accepted"), verdict)
    else:
        _succeed(uow, intent, "wallet.paid")


def _charge(uow: UnitOfWork, intent: PaymentIntent, *, captured: int) -> Charge:
    charge = Charge(
        id=mint(uow, "ch"),
        livemode=intent.livemode,
        amount=intent.amount,
        amount_captured=captured,
        currency=intent.currency,
        customer=intent.customer,
        description=intent.description,
        metadata=intent.metadata,
        payment_intent=intent.id,
        payment_method=intent.payment_method or "",
        method_type=intent.method_type or "",
    )
    return uow.add(charge)


def _succeed(uow: UnitOfWork, intent: PaymentIntent, trigger: str) -> None:
    charge = _charge(uow, intent, captured=intent.amount)
    intent = uow.fire(intent, trigger, amount_received=intent.amount, charge=charge.id, next_action=None)
    uow.emit("charge.succeeded", charge)
    _complete(uow, intent, trigger, "paid")


def _complete(uow: UnitOfWork, intent: PaymentIntent, trigger: str, payment_status: str) -> None:
    """The session follows its intent: first `payment_intent.succeeded`, then `checkout.session.completed`.

    Inferred: wooshpay.session-paid.
    """
    session = session_of(uow, intent)
    if session is not None and session.state == "open":
        uow.fire(session, trigger, payment_status=payment_status)


def fail(
    uow: UnitOfWork, intent: PaymentIntent, trigger: str, code: str, message: str | None, failed_as: str
) -> PaymentIntent:
    """The attempt has failed: the intent waits for another method, and a session for another try unless its time is over.

    Source: docs/providers/wooshpay.md, sources 4.1 and 5.4.
    """
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": message or FAILURE_MESSAGES.get(code, FAILURE_MESSAGES[ATTEMPT_FAILED]),
        "payment_method_type": intent.method_type or "alipay",
    }
    intent = uow.fire(
        intent, trigger, last_payment_error=error, failed_as=failed_as, next_action=None, payment_method=None
    )
    session = session_of(uow, intent)
    if session is not None and session.state == "open" and uow.now >= session.expires_at:
        expire(uow, session, "timer.expired")
    return intent


def end(uow: UnitOfWork, intent: PaymentIntent, trigger: str, **changes: Any) -> PaymentIntent:
    """Cancels an intent and closes its wallet order; an authorized amount goes back to the shopper."""
    by_clock = trigger.startswith("timer.")
    if intent.state == "requires_capture":
        alipay.refund(uow, intent.order_code, intent.money)
    alipay.close(
        uow, intent.order_code, "expired" if by_clock else "cancelled", decided_by="timer" if by_clock else "api"
    )
    return uow.fire(intent, trigger, canceled_at=uow.now, next_action=None, ended_by_clock=by_clock, **changes)


def expire(uow: UnitOfWork, session: CheckoutSession, trigger: str) -> CheckoutSession:
    """Ends a session and its intent: first `checkout.session.expired`, then `payment_intent.canceled`.

    Inferred: wooshpay.session-expiry.
    """
    session = uow.fire(session, trigger)
    intent = uow.get(PaymentIntent, session.payment_intent)
    actor = trigger.partition(".")[0]
    if intent.MACHINE is not None and intent.MACHINE.allows(f"{actor}.session_expired", intent.state):
        end(uow, intent, f"{actor}.session_expired")
    return session


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource, trigger:
        case PaymentIntent(state="requires_action"), "timer.code_expired":
            alipay.close(uow, resource.order_code, "expired", decided_by="timer")
            fail(uow, resource, trigger, ATTEMPT_EXPIRED, None, "expired")
        case PaymentIntent(state="processing"), "timer.settled":
            if data["succeeds"]:
                _succeed(uow, resource, "bank.settled")
            else:
                alipay.refund(uow, resource.order_code, resource.money)
                fail(uow, resource, "bank.failed", data["code"] or ATTEMPT_FAILED, None, "declined")
        case PaymentIntent(state="requires_capture"), "timer.authorization_lapsed":
            end(uow, resource, trigger)
        case CheckoutSession(state="open"), "timer.expired":
            intent = uow.get(PaymentIntent, resource.payment_intent)
            if intent.state != "processing":  # the money is on its way; if it does not come, `fail` expires the session
                expire(uow, resource, trigger)
        case Refund(state="pending"), "timer.settled":
            settle_refund(uow, resource, data["succeeds"])


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Where the shopper goes when they leave the wallet. Source: docs/providers/wooshpay.md, source 7.6. Inferred: wooshpay.return.

    Without a session that is `return_url` with Stripe's three parameters. With one it is `success_url` or `cancel_url`,
    unchanged; after a decline it is the checkout page, which offers another try. Before anything is decided the status
    is `pending`, and the address `success_url`: the shop has to ask.
    """
    assert isinstance(payment, PaymentIntent) and isinstance(order, Order)
    session = session_of(uow, payment)
    if session is None:
        if not payment.return_url:
            return None
        status = {"succeeded": "succeeded", "requires_capture": "succeeded", "processing": "pending"}
        parameters = {
            "payment_intent": payment.id,
            "payment_intent_client_secret": payment.client_secret,
            "redirect_status": status.get(payment.state, "failed") if order.is_final else "pending",
        }
        return with_query(links.with_scheme(payment.return_url), **parameters)
    if payment.state in ("succeeded", "processing", "requires_capture") or not order.is_final:
        return links.with_scheme(session.success_url)
    if order.state == "cancelled" and session.cancel_url:
        return links.with_scheme(session.cancel_url)
    return session.origin + links.session_path(session)
