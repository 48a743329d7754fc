"""What becomes of a payment when the wallet, the acquirer or the clock speaks, and where the shopper returns to.

Source: docs/providers/checkoutcom.md, sources 3.4, 4, 6.3 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.bank import BankVerdict
from simulator.engine.pages import with_query
from simulator.engine.resource import Resource, changed
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.checkoutcom import errors
from simulator.providers.checkoutcom.handlers import disputes
from simulator.providers.checkoutcom.handlers.actions import new_action
from simulator.providers.checkoutcom.handlers.attempts import confirm_with, start_attempt
from simulator.providers.checkoutcom.handlers.hosted import start_try
from simulator.providers.checkoutcom.handlers.payments import wallet_order
from simulator.providers.checkoutcom.model import (
    Action,
    Dispute,
    Hosted,
    HostedPayment,
    Instrument,
    Payable,
    Payment,
    PaymentLink,
    PaymentSession,
    PaymentSetup,
)
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order


def open_order(uow: UnitOfWork, resource: Resource) -> str | None:
    """Opens a wallet order, so that the control API has something to decide.

    For a follow-up it is the order that its timer would open; on a hosted page or link it belongs to a new try. None when
    there is an order already, or nothing is left to decide.
    """
    if isinstance(resource, Payment):
        if resource.state != "Pending" or resource.order_code is not None:
            return None
        payment = uow.amend(resource, order_code=wallet_order(uow, resource).id)
        return payment.order_code
    if isinstance(resource, Payable) and resource.can_be_paid:
        latest = uow.find(Payment, resource.payment_id or "")
        if latest is None or latest.state in ("Declined", "Canceled", "Expired"):
            return _new_try(uow, resource)
    return None


def _new_try(uow: UnitOfWork, resource: Payable) -> str | None:
    if isinstance(resource, PaymentSession) and resource.payment_methods:
        return start_attempt(uow, resource, resource, resource.payment_methods[0]).order_code
    if isinstance(resource, PaymentSetup):
        return confirm_with(uow, resource, next(iter(resource.methods), "alipay_cn")).order_code
    return start_try(uow, resource).order_code if isinstance(resource, Hosted) else None


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Payment) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            approve(uow, resource)
        case "wallet.declined":
            decline(uow, resource, news, *errors.response(teller.code, teller.reason))
        case "wallet.cancelled":
            cancel(uow, resource)
        case "wallet.expired":
            expire(uow, resource)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource, trigger:
        case Payment(), "timer.follow_up":
            _charge_agreement(uow, resource)
        case Payment(), "timer.capture":
            _confirm(uow, resource, data)
        case Payment(), "timer.refund":
            _settle_refund(uow, resource, uow.get(Action, data["action"]), data)
        case Payment(), "timer.dispute":
            disputes.begin(uow, resource, data["verdict"])
        case Dispute(), "timer.verdict":
            disputes.decide(uow, resource)
        case Payment(), "timer.expired":
            alipay.close(uow, resource.order_code, "expired", decided_by="timer")
            expire(uow, resource)
        case Payable(), "timer.expired":
            _expire_page(uow, resource)
        case _:
            uow.fire(resource, trigger)


def _charge_agreement(uow: UnitOfWork, payment: Payment) -> None:
    """A follow-up is paid by the wallet account that signed the agreement; nobody opens a page. Source: source 7.4."""
    if payment.order_code is not None or payment.state != "Pending":
        return
    agreement = uow.find(Instrument, payment.source_id or "")
    if agreement is None or agreement.state != "Usable":
        decline(uow, payment, "bank.declined", *errors.response(errors.REFUND_DECLINED))
        return
    order = wallet_order(uow, payment)
    uow.amend(payment, order_code=order.id)
    alipay.confirm(uow, order, agreement.buyer or buyers.default(uow.workspace))


def approve(uow: UnitOfWork, payment: Payment) -> Payment:
    """The shopper has said yes: announces `payment_capture_pending` and lets the acquirer confirm a moment later.

    Source: source 4.1.
    """
    capture = uow.add(new_action(uow, payment, "Capture", payment.amount, reference=payment.reference))
    payment = uow.fire(
        payment,
        "wallet.paid",
        about=capture,
        capture_action_id=capture.id,
        partner_customer_id=f"2102{uow.ids.digits(17)}",
    )
    uow.disarm(payment, "timer.expired")
    uow.arm(payment, "timer.capture", after=timedelta(seconds=uow.settings(CheckoutcomSettings).capture_delay_s))
    return payment


def _confirm(uow: UnitOfWork, payment: Payment, data: Mapping[str, Any]) -> None:
    """The acquirer captures or declines. `data` bears its postponed answer, if a scenario has postponed it."""
    if payment.state != "Pending" or payment.capture_action_id is None:
        return
    verdict = _bank_verdict(uow, payment, "capture", payment.amount, "timer.capture", data)
    if verdict is None:
        return
    if not verdict.approves:
        decline(uow, payment, "bank.declined", *errors.response(verdict.code, verdict.reason))
        return
    capture = uow.get(Action, payment.capture_action_id)
    code, summary = errors.response("10000")
    capture = uow.fire(
        capture,
        "bank.approved",
        processed_on=uow.now,
        response_code=code,
        response_summary=summary,
        acquirer_transaction_id=uow.ids.digits(10),
        acquirer_reference_number=uow.ids.digits(12),
    )
    payment = uow.fire(payment, "bank.captured", about=capture, approved=True)
    _tell_agreement(uow, payment, "bank.captured")
    _tell_hosted(uow, payment)
    disputes.foresee(uow, payment)


def _settle_refund(uow: UnitOfWork, payment: Payment, refund: Action, data: Mapping[str, Any]) -> None:
    """The acquirer approves or declines a refund. `data` bears its postponed answer, if a scenario has postponed it."""
    if refund.state != "In Progress":
        return
    verdict = _bank_verdict(uow, payment, "refund", refund.amount, "timer.refund", data)
    if verdict is None:
        return
    refunding = payment.refunding - refund.amount
    if not verdict.approves:
        code, summary = errors.response(verdict.code, default=errors.REFUND_DECLINED)
        refund = uow.fire(refund, "bank.declined", processed_on=uow.now, response_code=code, response_summary=summary)
        uow.fire(payment, "bank.refund_declined", about=refund, refunding=refunding)
        return
    code, summary = errors.response("10000")
    refund = uow.fire(refund, "bank.approved", processed_on=uow.now, response_code=code, response_summary=summary)
    refunded = payment.refunded + refund.amount
    alipay.refund(uow, payment.order_code, Money(refund.amount, payment.currency))
    trigger = "bank.refunded_rest" if refunded == payment.captured else "bank.refunded_part"
    uow.fire(payment, trigger, about=refund, refunded=refunded, refunding=refunding)


def _bank_verdict(
    uow: UnitOfWork, payment: Payment, operation: str, amount: int, trigger: str, data: Mapping[str, Any]
) -> BankVerdict | None:
    """What the acquirer says, now or as it was postponed.

    None when a scenario postpones it: `trigger` is then armed to come back with the verdict, unless the scenario leaves the
    operation pending for ever.
    """
    if "approves" in data:
        return BankVerdict(approves=data["approves"], code=data["code"], reason=data["reason"])
    verdict = uow.ask_bank(payment, operation, Money(amount, payment.currency))
    if not verdict.is_pending:
        return verdict
    if not verdict.is_open_ended:
        decided: dict[str, Any] = {"approves": verdict.approves, "code": verdict.code, "reason": verdict.reason}
        uow.arm(payment, trigger, after=verdict.wait(timedelta(0)), **data, **decided)
    return None


def decline(uow: UnitOfWork, payment: Payment, trigger: str, code: str, summary: str) -> Payment:
    """Ends a payment with `payment_declined`; the response code stands in an action. Source: sources 3.4 and 6.3."""
    uow.disarm(payment, "timer.capture")
    told: dict[str, Any] = {"processed_on": uow.now, "response_code": code, "response_summary": summary}
    if payment.capture_action_id is not None:
        alipay.refund(uow, payment.order_code, payment.money)  # the wallet had paid. Inferred: checkoutcom.lost-race
        refused = uow.fire(uow.get(Action, payment.capture_action_id), "bank.declined", **told)
    else:
        draft = new_action(uow, payment, "Authorization", payment.amount, state="Declined", reference=payment.reference)
        refused = uow.add(changed(draft, response_code=code, response_summary=summary))
    payment = uow.fire(payment, trigger, about=refused)
    _tell_agreement(uow, payment, "bank.declined")
    _tell_hosted(uow, payment)
    return payment


def cancel(uow: UnitOfWork, payment: Payment) -> Payment:
    if uow.settings(CheckoutcomSettings).strict_events:
        return decline(uow, payment, "wallet.cancelled_as_declined", *errors.response(None, "cancelled"))
    return _end(uow, payment, "wallet.cancelled")


def expire(uow: UnitOfWork, payment: Payment) -> Payment:
    if uow.settings(CheckoutcomSettings).strict_events:
        return decline(uow, payment, "timer.expired_as_declined", *errors.response(None, "expired"))
    return _end(uow, payment, "timer.expired")


def _end(uow: UnitOfWork, payment: Payment, trigger: str) -> Payment:
    """Ends a payment with `payment_canceled` or `payment_expired`. Both name an action, although nothing was captured.

    Source: source 6.3.
    """
    refused = uow.add(new_action(uow, payment, "Authorization", payment.amount, state="Declined"))
    payment = uow.fire(payment, trigger, about=refused)
    _tell_agreement(uow, payment, "bank.declined")
    _tell_hosted(uow, payment)
    return payment


def _tell_agreement(uow: UnitOfWork, payment: Payment, trigger: str) -> None:
    """The payment that was to sign an agreement has ended: the agreement becomes usable, or dead."""
    agreement = uow.find(Instrument, payment.source_id or "")
    if agreement is None or agreement.payment_id != payment.id or agreement.state != "Issued":
        return
    order = uow.find(Order, payment.order_code or "")
    uow.fire(agreement, trigger, buyer=order.buyer if order is not None else None)


def _tell_hosted(uow: UnitOfWork, payment: Payment) -> None:
    """A payment of a hosted page, link, session or setup has ended: that is paid, or has expired meanwhile, or stays open."""
    if payment.hosted_id is None:
        return
    kinds: tuple[type[Payable], ...] = (HostedPayment, PaymentLink, PaymentSession, PaymentSetup)
    hosted = next((found for kind in kinds if (found := uow.find(kind, payment.hosted_id)) is not None), None)
    if hosted is None or not hosted.is_open:
        return
    if payment.state == "Captured":
        uow.fire(hosted, "bank.captured", payment_id=payment.id, payment_order=payment.order_code)
    elif hosted.expires_at is not None and hosted.expires_at <= uow.now:
        uow.fire(hosted, "timer.expired")


def _expire_page(uow: UnitOfWork, hosted: Payable) -> None:
    """The page's time is over. A try that nobody has confirmed ends with it; for one that is confirmed it waits.

    Never `Expired` over a captured payment. Source: docs/providers/checkoutcom.md, corrections.
    """
    latest = uow.find(Payment, hosted.payment_id or "")
    if latest is None or latest.state != "Pending":
        uow.fire(hosted, "timer.expired")
    elif latest.capture_action_id is None:
        alipay.close(uow, latest.order_code, "expired", decided_by="timer")
        expire(uow, latest)  # which tells the page


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """`success_url` or `failure_url`, with the ids of the session and the payment added, and of the payment session if there is
    one. Source: sources 7.3 and 12.7.

    A browser that goes back before anything is decided goes to `success_url`, with a payment still Pending.
    Inferred: checkoutcom.return.
    """
    assert isinstance(payment, Payment) and isinstance(order, Order)
    has_failed = (order.is_final and order.state != "paid") or payment.state == "Declined"
    target = payment.failure_url if has_failed else payment.success_url
    if target is None:
        return None
    told = {"cko-session-id": payment.session_id, "cko-payment-id": payment.id}
    if payment.payment_session_id is not None and uow.settings(CheckoutcomSettings).flow_return_params == "all":
        told["cko-payment-session-id"] = payment.payment_session_id
    return with_query(target, **told)
