"""What a payment is about, and the checks that it must pass before it starts."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from simulator.engine.pages import is_safe_return
from simulator.engine.provider import Call
from simulator.engine.reach import is_local, literal
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Refused, Violation
from simulator.kernel.values import dataclass
from simulator.providers.worldline import model, products
from simulator.providers.worldline.wire.orders import Order
from simulator.providers.worldline.wire.payments import CreatePaymentRequest
from simulator.providers.worldline.wire.values import is_country, is_currency


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payment is about, from a direct call or from a hosted checkout."""

    order: Order
    product: int
    returnmac: str
    return_url: str | None
    expiry: timedelta
    mobile: bool


def payment_terms(call: Call, uow: UnitOfWork, request: CreatePaymentRequest) -> Terms:
    """The terms of a direct call. Raises `Invalid`, or `Refused` for what the account cannot take."""
    given, order = request.redirectPaymentMethodSpecificInput, request.order
    path = "redirectPaymentMethodSpecificInput"
    if given.redirectionData is not None:
        return_url, where = given.redirectionData.returnUrl, f"{path}.redirectionData.returnUrl"
    else:
        return_url, where = given.returnUrl or "", f"{path}.{'returnUrl' if given.returnUrl else 'redirectionData'}"
    missing = [Violation(f"{path}.redirectionData.returnUrl", "required")] if not return_url else []
    if given.paymentProductId == products.ALIPAY_PLUS and order.customer.merchantCustomerId is None:
        missing.insert(0, Violation("order.customer.merchantCustomerId", "required"))
    if missing:
        raise Invalid(missing)
    check_values(order)
    check_return_url(call, return_url, where)
    check_acceptable(call.credential["merchant_id"], given.paymentProductId, order)
    own = given.paymentProduct861SpecificInput
    agent = (order.customer.device.userAgent if order.customer.device else None) or ""
    return Terms(
        order=order,
        product=given.paymentProductId,
        returnmac=uow.ids.guid(),
        return_url=return_url,
        expiry=expiry_of(given.expirationPeriod),
        mobile=bool(own and own.mobileDevice) or "Mobi" in agent,
    )


def check_values(order: Order) -> None:
    """Refuses what is well formed but impossible: hundredths of a yen, a currency that does not exist.

    Inferred: worldline.whole-yen.
    """
    wrong, amount, currency = [], order.amountOfMoney.amount, order.amountOfMoney.currencyCode
    if amount == 0 or (is_currency(currency) and not model.is_whole(amount, currency)):
        wrong.append(Violation("order.amountOfMoney.amount", "enum", given=amount))
    if not is_currency(currency):
        wrong.append(Violation("order.amountOfMoney.currencyCode", "enum", given=currency))
    if wrong:
        raise Invalid(wrong)


def check_return_url(call: Call, url: str, path: str) -> None:
    """Refuses what is not an absolute URL with https or an app's scheme.

    http and the names of this machine are noted as a live difference; a strict server refuses them.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise Invalid([Violation(path, "pattern", given=url)]) from error
    if not is_safe_return(url) or (parts.scheme.lower() in ("http", "https") and not host):
        raise Invalid([Violation(path, "pattern", given=url)])
    if parts.scheme.lower() == "http" or (parts.scheme.lower() == "https" and (is_local(host) or literal(host))):
        if call.strict:
            raise Invalid([Violation(path, "pattern", given=url)])
        call.differs_live(f"{path}: the live API accepts https and public host names only")


def check_acceptable(merchant_id: str, product: int, order: Order) -> None:
    """Refuses an unknown product, country or currency, then an amount outside of the limits.

    Source: docs/providers/worldline.md, source 5.4. Inferred: worldline.error-statuses.
    """
    amount, country = order.amountOfMoney, order.customer.billingAddress.countryCode
    known = product in products.PRODUCTS and amount.currencyCode in products.CURRENCIES and is_country(country)
    if not known:
        words = {"product": product, "country": country, "currency": amount.currencyCode}
        raise Refused("430900", {"merchant": merchant_id, **words})
    if not products.is_within_limits(amount.amount, amount.currencyCode):
        raise Refused("410120")


def expiry_of(minutes: int | None) -> timedelta:
    if minutes is None:
        return products.DEFAULT_EXPIRY
    if minutes not in products.EXPIRATION_MINUTES:
        path = "redirectPaymentMethodSpecificInput.expirationPeriod"
        raise Invalid([Violation(path, "enum", products.EXPIRATION_MINUTES, minutes)])
    return timedelta(minutes=minutes)
