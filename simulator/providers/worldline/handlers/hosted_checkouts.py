"""Hosted checkouts: the MyCheckout page's resource, and the payments that are made on it."""

from __future__ import annotations

from datetime import timedelta

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.worldline import model, notices
from simulator.providers.worldline.handlers.products import eligible
from simulator.providers.worldline.handlers.requests import check_types, location
from simulator.providers.worldline.model import HostedCheckout, Payment
from simulator.providers.worldline.moves import next_order_number
from simulator.providers.worldline.terms import (
    check_acceptable,
    check_return_url,
    check_values,
    expiry_of,
)
from simulator.providers.worldline.wire import hosted_checkouts as wire
from simulator.providers.worldline.wire.orders import Order
from simulator.providers.worldline.wire.products import ProductFilters
from simulator.providers.worldline.wire.values import is_country

HOSTED_CHECKOUT_LIFETIME = timedelta(hours=2)


def create_hosted_checkout(call: Call, uow: UnitOfWork) -> Reply:
    """POST /hostedcheckouts: a MyCheckout page, open for two hours. Source: docs/providers/worldline.md, source 3.11."""
    check_types(call)
    request: wire.CreateHostedCheckoutRequest = call.body
    hosted = request.hostedCheckoutSpecificInput or wire.HostedCheckoutSpecificInput()
    preset = request.redirectPaymentMethodSpecificInput or wire.RedirectInputBase()
    merchant_id, order = call.credential["merchant_id"], request.order
    check_values(order)
    if hosted.returnUrl is not None:
        check_return_url(call, hosted.returnUrl, "hostedCheckoutSpecificInput.returnUrl")
    expiry_of(preset.expirationPeriod)
    if preset.paymentProductId is not None:
        check_acceptable(merchant_id, preset.paymentProductId, order)
    notices.test_amount(call, uow, order.amountOfMoney.amount, order.amountOfMoney.currencyCode)
    checkout_id = uow.own_id(HostedCheckout, lambda: model.hosted_checkout_id(uow.ids), is_long=True)
    checkout = HostedCheckout(
        id=checkout_id,
        state="IN_PROGRESS",
        merchant_id=merchant_id,
        origin=call.base_url,
        token=f"{merchant_id}-{uow.ids.hex(32)}:{checkout_id}:{uow.ids.hex(32)}",
        returnmac=uow.ids.guid(),
        order=call.parsed["body"]["order"],
        amount=order.amountOfMoney.amount,
        currency=order.amountOfMoney.currencyCode,
        reference=order.references.merchantReference if order.references else None,
        expires_at=uow.now + HOSTED_CHECKOUT_LIFETIME,
        return_url=hosted.returnUrl,
        locale=hosted.locale or "en_GB",  # Inferred: worldline.checkout-locale
        variant=hosted.variant,
        show_result_page=hosted.showResultPage is not False,
        return_cancel_state=hosted.returnCancelState is True,
        product=preset.paymentProductId,
        products=_offered(order, hosted.paymentProductFilters),
        expiration_period=preset.expirationPeriod,
        order_number=next_order_number(uow),
    )
    checkout = uow.add(checkout)
    body = wire.create_hosted_checkout_response(checkout)
    # Inferred: worldline.checkout-location
    return Reply(201, body, location(call, f"hostedcheckouts/{checkout.id}"))


def _offered(order: Order, filters: ProductFilters | None) -> tuple[int, ...]:
    found = eligible(order.amountOfMoney.currencyCode, order.amountOfMoney.amount)
    if not is_country(order.customer.billingAddress.countryCode):
        return ()
    if filters is not None and filters.restrictTo is not None and filters.restrictTo.products is not None:
        found = [id_ for id_ in found if id_ in filters.restrictTo.products]
    if filters is not None and filters.exclude is not None and filters.exclude.products is not None:
        found = [id_ for id_ in found if id_ not in filters.exclude.products]
    return tuple(found)


def _hosted_checkout(call: Call, uow: UnitOfWork) -> HostedCheckout:
    id_ = call.path["hostedCheckoutId"]
    checkout = uow.find(HostedCheckout, id_)
    if checkout is None or checkout.is_gone:
        raise NotFound("hostedcheckout", id_, "hostedCheckoutId")
    return checkout


def get_hosted_checkout(call: Call, uow: UnitOfWork) -> Reply:
    """GET /hostedcheckouts/{id}: always 200, also for a rejected payment. Source: docs/providers/worldline.md, source 3.12."""
    checkout = _hosted_checkout(call, uow)
    created = uow.get(Payment, checkout.payment) if checkout.payment is not None else None
    return Reply(200, wire.hosted_checkout(checkout, created), subject=checkout.id)


def delete_hosted_checkout(call: Call, uow: UnitOfWork) -> Reply:
    """DELETE /hostedcheckouts/{id}: 204, or 409 if it has a payment already. Source: source 3.13.

    Inferred: worldline.checkout-end.
    """
    checkout = _hosted_checkout(call, uow)
    if checkout.payment is not None:
        raise Refused("103000")
    uow.fire(checkout, "api.delete")
    return Reply(204)
