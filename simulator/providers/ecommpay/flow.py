"""The course of a purchase, from Gate or from Payment Page: registered, asked for data, handed to the wallet, decided.

`handlers` and `pages` know what makes a purchase go on; what it does then is written here, once for both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.invitation import invitation
from simulator.providers.ecommpay.model import Payment, Request, Sale, new_number
from simulator.providers.ecommpay.settings import EcommpaySettings, options
from simulator.providers.ecommpay.wire import answers, values
from simulator.wallet import alipay
from simulator.wallet.order import billing_details

KEPT = {
    "alipay_flow", "redirect_method", "qr_type", "qr_timeout_s", "threshold_s", "clarification_s", "amount_alone_decides",
}  # fmt: skip
"""The settings that a payment keeps as they were when it was made."""


def accept(uow: UnitOfWork, request_id: str, payment: Payment, operation: str, type_: str = "sale") -> Request:
    """Keeps a request that belongs to an operation, so that the merchant can ask for its status."""
    return uow.add(
        Request(
            id=request_id,
            state="accepted",
            project_id=payment.project_id,
            payment_id=payment.payment_id,
            type=type_,
            payment=payment.id,
            operation=operation,
        )
    )


def reject(uow: UnitOfWork, request: Request) -> Request:
    """Keeps a request that failed its checks. A timer sends its callback, so that the answer leaves first."""
    request = uow.add(request)
    uow.arm(request, "timer.checked", after=timedelta(seconds=uow.settings(EcommpaySettings).processing_delay_s))
    return request


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """A purchase that has passed its checks."""

    request_id: str
    project_id: int
    payment_id: str
    amount: int
    currency: str
    description: str
    customer: dict[str, Any]
    origin: str
    best_before: str | None = None
    return_url: Mapping[str, str] = field(default_factory=dict)
    callback_url: str | None = None
    success_callback_url: str | None = None
    decline_callback_url: str | None = None
    callback_from_network: bool = False
    callback_delay_s: int = 0
    callback_disabled: bool = False
    page: dict[str, str] | None = None
    """The parameters of Payment Page; None when the purchase was made at Gate."""


def register(uow: UnitOfWork, purchase: Purchase) -> Payment:
    """Makes the payment, its sale and, unless the customer's data is incomplete, the wallet's order.

    At Gate a timer then calls `proceed`, so that the answer leaves before the callback. Payment Page calls it at once; there
    the customer has already been asked for their data.
    """
    chosen = options(uow, purchase.amount, purchase.currency, purchase.payment_id)
    transaction = new_number(uow)
    best_before = values.best_before(purchase.best_before or "")
    wanted = [name for name in chosen.required_customer_fields if not purchase.customer.get(name)]
    payment = Payment(
        id=_resource_id(uow, purchase.payment_id, transaction),
        state="processing",
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
        callback_from_network=purchase.callback_from_network,
        callback_delay_s=purchase.callback_delay_s,
        callback_disabled=purchase.callback_disabled,
        origin=purchase.origin,
        page=purchase.page,
        options=chosen.model_dump(mode="json", include=KEPT)
        | ({"best_before": best_before.isoformat()} if best_before is not None else {}),
        missing={"customer": wanted} if wanted and purchase.page is None else {},
        sale_id=str(new_number(uow)),
    )
    operation = Sale(
        id=payment.sale_id,
        state="processing",
        payment=payment.id,
        request_id=purchase.request_id,
        amount=purchase.amount,
        currency=purchase.currency,
    )
    payment = uow.add(payment)
    uow.add(operation)
    accept(uow, purchase.request_id, payment, operation.id)
    if not payment.missing:
        payment = _open_order(uow, payment)
    if payment.page is None:
        uow.arm(payment, "timer.process", after=timedelta(seconds=chosen.processing_delay_s))
    return payment


_PLAIN_ID = re.compile(r"[A-Za-z0-9._~-]{0,100}")


def _resource_id(uow: UnitOfWork, payment_id: str, transaction: int) -> str:
    """The id in the control API: the merchant's own, unless it cannot stand in an address or another payment has it."""
    is_plain = _PLAIN_ID.fullmatch(payment_id) is not None and payment_id.strip(".") != ""
    return payment_id if is_plain and uow.find(Payment, payment_id) is None else str(transaction)


def _billing(customer: Mapping[str, Any]) -> tuple[str, ...]:
    name = " ".join(str(customer[part]) for part in ("first_name", "last_name") if customer.get(part))
    own = customer.get("billing") or customer
    parts = [own.get(part) for part in ("address", "street", "postal", "zip", "city", "country")]
    return billing_details(name, parts, customer.get("email"))


def _open_order(uow: UnitOfWork, payment: Payment) -> Payment:
    """Opens the wallet's order. It expires after the project's threshold, the life of the QR code or `best_before`."""
    seconds = payment.options["threshold_s"]
    if payment.options["alipay_flow"] == "qr":
        seconds = min(seconds, payment.options["qr_timeout_s"])
    expires_at = uow.now + timedelta(seconds=seconds)
    best_before = values.best_before(payment.options.get("best_before", ""))
    if best_before is not None and best_before < expires_at:
        expires_at = max(best_before, uow.now)
    language = payment.page.get("language_code") if payment.page else payment.customer.get("language")
    order = alipay.open_order(
        uow,
        payment,
        title="ecommpay",
        amount=payment.money,
        merchant=uow.settings(EcommpaySettings).merchant_name,
        reference=payment.payment_id,
        description=payment.description,
        billing=_billing(payment.customer),
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
    """Moves a payment and its sale together. `decided`: the provider has decided, so its id and date are known."""
    operation = uow.get(Sale, payment.sale_id)
    more: dict[str, Any] = {"code": code, "message": message or errors.message(code)}
    if decided:
        more |= provider_decision(uow)
    operation = uow.fire(operation, trigger, **more)
    return uow.fire(payment, trigger, about=operation, extra=extra, changed_at=uow.now, **changes)


def provider_decision(uow: UnitOfWork) -> dict[str, Any]:
    """What an operation keeps when the provider has decided: an id of the provider's, and a date a second ago."""
    return {"provider_payment_id": uow.ids.text(32), "provider_at": uow.now - timedelta(seconds=1)}


def proceed(uow: UnitOfWork, payment: Payment) -> Payment:
    """Takes a payment out of `processing`: asks for the missing data, or hands out the URL or the QR code of the wallet."""
    if payment.missing:
        clarify_by = uow.now + timedelta(seconds=payment.options["clarification_s"])
        return ask(uow, payment, "bank.clarify", clarify_by=clarify_by)
    if payment.order_code is None:
        payment = _open_order(uow, payment)
    trigger = "bank.display" if payment.options["alipay_flow"] == "qr" else "bank.redirect"
    return move(uow, payment, trigger, extra=invitation(uow, payment))


def ask(uow: UnitOfWork, payment: Payment, trigger: str, **changes: Any) -> Payment:
    """Asks for the customer's data that is missing."""
    return move(uow, payment, trigger, code="3191", extra=answers.clarification_fields(payment), **changes)


def decline(uow: UnitOfWork, payment: Payment, trigger: str, code: str, message: str | None = None) -> Payment:
    return move(uow, payment, trigger, code=code, message=message, decided=True)
