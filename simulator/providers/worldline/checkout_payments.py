"""How a hosted checkout is paid: on its page, or without it through the control API; and where it leads back to."""

from __future__ import annotations

from simulator.engine.pages import with_query
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline.model import HostedCheckout, Payment
from simulator.providers.worldline.moves import start_payment
from simulator.providers.worldline.settings import CheckoutOptions
from simulator.providers.worldline.terms import Terms, expiry_of
from simulator.providers.worldline.wire.orders import Order


def is_client_eligible(uow: UnitOfWork, checkout: HostedCheckout) -> bool:
    """Whether the consumer's device can use the product: always, unless a scenario says `client_eligible: false`."""
    facts = {"amount": checkout.money.value, "currency": checkout.currency, "reference": checkout.reference}
    return uow.options("worldline", CheckoutOptions, operation="hostedcheckout", **facts).client_eligible


def pay_by_checkout(uow: UnitOfWork, checkout: HostedCheckout, product: int, origin: str, mobile: bool) -> Payment:
    """The consumer has chosen a product on the page: starts a new attempt to pay the checkout's order."""
    terms = Terms(
        order=Order.model_validate(checkout.order),
        product=product,
        returnmac=checkout.returnmac,
        return_url=checkout.return_url,
        expiry=expiry_of(checkout.expiration_period),
        mobile=mobile,
    )
    payment = start_payment(uow, checkout.merchant_id, origin, terms, checkout)
    uow.fire(
        checkout,
        "page.pay",
        attempts=checkout.attempts + 1,
        payment=payment.id,
        payment_phase=payment.phase,
        order_code=payment.order_code,
    )
    return payment


def payments_of(uow: UnitOfWork, resource: Resource) -> list[Payment]:
    """The attempts of a hosted checkout, newest first; nothing of a payment."""
    return uow.by_key(Payment, "hostedCheckoutId", resource.id) if isinstance(resource, HostedCheckout) else []


def open_order(uow: UnitOfWork, resource: Resource) -> str | None:
    """Lets a waiting hosted checkout be paid without its page: as if the consumer had chosen the first product."""
    if not isinstance(resource, HostedCheckout) or resource.state not in ("IN_PROGRESS", "PAYMENT_CREATED"):
        return None
    if resource.payment is not None and resource.payment_phase not in ("declined", "cancelled", "expired"):
        return None
    product = resource.product or next(iter(resource.products), None)
    if product is None:
        return None
    return pay_by_checkout(uow, resource, product, resource.origin, False).order_code


def checkout_return(checkout: HostedCheckout) -> str | None:
    """The merchant's address, which is the same for every outcome."""
    if checkout.return_url is None:
        return None
    return with_query(checkout.return_url, RETURNMAC=checkout.returnmac, hostedCheckoutId=checkout.id)
