"""How a purchase goes on, whether it came by Gate or by Payment Page: registered, asked for data, handed to the wallet, decided.

Every move of a payment and its sale is made here; who made it happen is a matter of `handlers` and `pages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay import errors, wire
from simulator.providers.ecommpay.invitation import invitation
from simulator.providers.ecommpay.model import Payment, Request, Sale, new_number
from simulator.providers.ecommpay.settings import options, setting
from simulator.wallet import alipay


def reject(uow: UnitOfWork, request: Request) -> Request:
    """Keeps a request that failed its checks; its callback leaves after the answer."""
    request = uow.add(request)
    uow.arm(request, "timer.checked", after=timedelta(seconds=setting(uow, "processing_delay_s")))
    return request


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """A purchase that has passed its checks, from Gate or from Payment Page (`page`)."""

    request_id: str
    project_id: int
    payment_id: str
    amount: int
    currency: str
    description: str
    customer: dict[str, Any]
    origin: str
    best_before: str | None = None
    return_url: Mapping[str, str]
    callback_url: str | None = None
    success_callback_url: str | None = None
    decline_callback_url: str | None = None
    callback_delay_s: int = 0
    callback_disabled: bool = False
    page: dict[str, str] | None = None


def register(uow: UnitOfWork, purchase: Purchase) -> Payment:
    """The payment and its sale in `processing`; the wallet's order unless customer data is missing.

    At Gate a timer goes on from here; Payment Page goes on at once.
    """
    chosen = options(uow, purchase.amount, purchase.currency, purchase.payment_id)
    transaction = new_number(uow)
    best_before = wire.best_before(purchase.best_before) if purchase.best_before and purchase.page is None else None
    wanted = [name for name in chosen["required_customer_fields"] if not purchase.customer.get(name)]
    payment = Payment(
        id=_resource_id(uow, purchase.payment_id, transaction),
        state="processing",
        created_at=uow.now,
        updated_at=uow.now,
        changed_at=uow.now,
        project_id=purchase.project_id,
        payment_id=purchase.payment_id,
        transaction_id=transaction,
        amount=purchase.amount,
        currency=purchase.currency,
        description=purchase.description,
        customer=purchase.customer,
        return_url=dict(purchase.return_url),
        callback_url=purchase.callback_url,
        success_callback_url=purchase.success_callback_url,
        decline_callback_url=purchase.decline_callback_url,
        callback_delay_s=purchase.callback_delay_s,
        callback_disabled=purchase.callback_disabled,
        origin=purchase.origin,
        page=purchase.page,
        options={name: chosen[name] for name in ("alipay_flow", "redirect_method", "qr_type", "qr_timeout_s")}
        | {name: chosen[name] for name in ("threshold_s", "clarification_s", "amount_alone_decides")}
        | ({"best_before": best_before.isoformat()} if best_before is not None else {}),
        missing={"customer": wanted} if wanted and purchase.page is None else {},
        sale_id=str(new_number(uow)),
    )
    operation = Sale(
        id=payment.sale_id,
        state="processing",
        created_at=uow.now,
        updated_at=uow.now,
        payment=payment.id,
        request_id=purchase.request_id,
        amount=purchase.amount,
        currency=purchase.currency,
    )
    payment = uow.add(payment)
    uow.add(operation)
    uow.add(
        Request(
            id=purchase.request_id,
            state="accepted",
            created_at=uow.now,
            updated_at=uow.now,
            project_id=purchase.project_id,
            payment_id=purchase.payment_id,
            payment=payment.id,
            operation=operation.id,
        )
    )
    if not payment.missing:
        payment = _open_order(uow, payment)
    if payment.page is None:
        uow.arm(payment, "timer.process", after=timedelta(seconds=chosen["processing_delay_s"]))
    return payment


def _resource_id(uow: UnitOfWork, payment_id: str, transaction: int) -> str:
    """The merchant's own id finds the payment in the control API, unless it cannot stand in a path or is taken."""
    is_plain = len(payment_id) <= 100 and all(c.isascii() and (c.isalnum() or c in "._-~") for c in payment_id)
    is_plain = is_plain and payment_id.strip(".") != ""
    return payment_id if is_plain and uow.find(Payment, payment_id) is None else str(transaction)


def _open_order(uow: UnitOfWork, payment: Payment) -> Payment:
    """The wallet's order, payable until the payment's time is over."""
    seconds = payment.options["threshold_s"]
    if payment.options["alipay_flow"] == "qr":
        seconds = min(seconds, payment.options["qr_timeout_s"])
    expires_at = uow.now + timedelta(seconds=seconds)
    best_before = wire.best_before(payment.options.get("best_before", ""))
    if best_before is not None and best_before < expires_at:
        expires_at = max(best_before, uow.now)
    language = (payment.page or payment.customer).get("language_code" if payment.page else "language")
    order = alipay.open_order(
        uow,
        payment,
        title="ecommpay",
        amount=payment.money,
        merchant=setting(uow, "merchant_name"),
        reference=payment.payment_id,
        description=payment.description,
        operation="sale",
        language=(language or "")[:2].lower() or None,
        expires_at=expires_at,
    )
    return uow.amend(payment, order_code=order.id, expires_at=expires_at)


def move(
    uow: UnitOfWork,
    payment: Payment,
    trigger: str,
    *,
    code: str = "9999",
    message: str | None = None,
    extra: Mapping[str, Any] | None = None,
    decided: bool = False,
    **changes: Any,
) -> Payment:
    """Moves a payment and its sale together. `decided`: the provider has spoken, so its id and date are known."""
    operation = uow.get(Sale, payment.sale_id)
    more: dict[str, Any] = {"code": code, "message": message or errors.message(code)}
    if decided:
        more |= {"provider_payment_id": uow.ids.text(32), "provider_at": uow.now - timedelta(seconds=1)}
    operation = uow.fire(operation, trigger, **more)
    return uow.fire(payment, trigger, about=operation, extra=extra, changed_at=uow.now, **changes)


def proceed(uow: UnitOfWork, payment: Payment) -> Payment:
    """The platform goes on with a payment in `processing`: ask for data, or hand out the URL or the QR code."""
    if payment.missing:
        clarify_by = uow.now + timedelta(seconds=payment.options["clarification_s"])
        extra = {"clarification_fields": payment.missing}
        return move(uow, payment, "bank.clarify", code="3191", extra=extra, clarify_by=clarify_by)
    if payment.order_code is None:
        payment = _open_order(uow, payment)
    trigger = "bank.display" if payment.options["alipay_flow"] == "qr" else "bank.redirect"
    return move(uow, payment, trigger, extra=invitation(uow, payment))


def decline(uow: UnitOfWork, payment: Payment, trigger: str, code: str, message: str | None = None) -> Payment:
    return move(uow, payment, trigger, code=code, message=message, decided=True)
