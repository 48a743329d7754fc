"""How a payment starts and how it moves; the hosted checkout that it came from follows."""

from __future__ import annotations

from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline import errors, model
from simulator.providers.worldline.model import HostedCheckout, OrderCounter, Payment
from simulator.providers.worldline.settings import WorldlineSettings
from simulator.providers.worldline.states import PAYMENT_CODES
from simulator.providers.worldline.terms import Terms
from simulator.providers.worldline.wire.orders import Customer, OrderReferences
from simulator.wallet import alipay
from simulator.wallet.order import billing_details


def next_order_number(uow: UnitOfWork) -> int:
    """Numbers the orders of a workspace, from 1."""
    counter = uow.find(OrderCounter, "orders")
    if counter is None:
        uow.add(OrderCounter(id="orders", created_at=uow.now, updated_at=uow.now, last=1))
        return 1
    return uow.amend(counter, last=counter.last + 1).last


def start_payment(
    uow: UnitOfWork, merchant_id: str, origin: str, terms: Terms, checkout: HostedCheckout | None = None
) -> Payment:
    """Creates a payment, asks the bank (a scenario may refuse) and opens the wallet's order."""
    order, references = terms.order, terms.order.references or OrderReferences()
    number = checkout.order_number if checkout else next_order_number(uow)
    payment = Payment(
        id=model.payment_id(merchant_id, number, checkout.attempts + 1 if checkout else 1),
        state="CREATED",
        changed_at=uow.now,
        merchant_id=merchant_id,
        origin=origin,
        order_number=number,
        product=terms.product,
        amount=order.amountOfMoney.amount,
        currency=order.amountOfMoney.currencyCode,
        country=order.customer.billingAddress.countryCode,
        returnmac=terms.returnmac,
        return_url=terms.return_url,
        merchant_reference=references.merchantReference,
        merchant_order_id=references.merchantOrderId,
        provider_id=references.providerId,
        provider_merchant_id=references.providerMerchantId,
        descriptor=references.descriptor,
        locale=order.customer.locale,
        mobile=terms.mobile,
        expires_at=uow.now + terms.expiry,
        hosted_checkout_id=checkout.id if checkout else None,
        variant=checkout.variant if checkout else None,
    )
    payment = uow.add(payment, events=["payment.created"])
    uow.claim_scenarios(payment, payment.money, payment.merchant_reference)
    verdict = uow.ask_bank(payment, "authorize", payment.money)
    if not verdict.approves:
        error = errors.api_error(verdict.code or errors.DECLINED, uow.ids, message=verdict.message)
        return move_payment(uow, payment, "bank.refused", errors=(error,))
    order_code = _open_order(uow, payment, order.customer)
    return move_payment(uow, payment, "api.redirect", order_code=order_code)


def _billing(customer: Customer) -> tuple[str, ...]:
    own, address = customer.personalInformation, customer.billingAddress
    name = " ".join(part for part in (own.name.firstName, own.name.surname) if part) if own and own.name else None
    street = " ".join(part for part in (address.street, address.houseNumber) if part)
    town = " ".join(part for part in (address.zip, address.city) if part)
    email = customer.contactDetails.emailAddress if customer.contactDetails else None
    return billing_details(name, (street, address.additionalInfo, town, address.state, address.countryCode), email)


def _open_order(uow: UnitOfWork, payment: Payment, customer: Customer) -> str:
    order = alipay.open_order(
        uow,
        payment,
        title="Worldline Connect",
        amount=payment.money,
        merchant=uow.settings(WorldlineSettings).merchant_name,
        reference=payment.merchant_reference or payment.id,
        description=payment.descriptor or f"{payment.merchant_id} {payment.merchant_order_id or payment.order_number}",
        billing=_billing(customer),
        operation="authorize",
        device="app" if payment.mobile else "web",
        language=(payment.locale or "")[:2] or None,
        expires_at=payment.expires_at,
    )
    return order.id


def move_payment(uow: UnitOfWork, payment: Payment, trigger: str, **changes: Any) -> Payment:
    """Fires a move of the payment and sets its statusCode; the hosted checkout that it came from follows."""
    changes.setdefault("code", PAYMENT_CODES[trigger])
    moved = uow.fire(payment, trigger, changed_at=uow.now, **changes)
    tell_checkout(uow, moved)
    return moved


def tell_checkout(uow: UnitOfWork, payment: Payment) -> None:
    """The hosted checkout of which this is the latest payment learns its phase and what was refunded."""
    checkout = uow.find(HostedCheckout, payment.hosted_checkout_id) if payment.hosted_checkout_id else None
    if checkout is not None and checkout.payment == payment.id:
        uow.amend(checkout, payment_phase=payment.phase, refunded=payment.amount_refunded)
