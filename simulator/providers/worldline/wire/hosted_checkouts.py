"""The request that makes a hosted checkout, and the answers about it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, StrictBool

from simulator.engine.known import NoEffect
from simulator.providers.worldline import states
from simulator.providers.worldline.model import HostedCheckout, Payment
from simulator.providers.worldline.wire.orders import FraudFields, Order
from simulator.providers.worldline.wire.payments import creation_references, payment
from simulator.providers.worldline.wire.products import ProductFilters
from simulator.providers.worldline.wire.values import Locale, Model, Number, Text


class CheckoutFilters(ProductFilters):
    tokensOnly: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None


class HostedCheckoutSpecificInput(Model):
    isRecurring: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None
    locale: Locale | None = None
    paymentProductFilters: CheckoutFilters | None = None
    recurringPaymentsData: Annotated[dict[str, Any], NoEffect()] | None = None
    returnCancelState: StrictBool | None = None
    returnUrl: Annotated[Text, Field(max_length=512)] | None = None
    showResultPage: StrictBool | None = None
    tokens: Annotated[Text, NoEffect()] | None = None
    validateShoppingCart: StrictBool | None = None
    variant: Text | None = None


class RedirectInputBase(Model):
    """`redirectPaymentMethodSpecificInput` of a hosted checkout"""

    paymentProductId: Number | None = None
    expirationPeriod: Number | None = None
    recurringPaymentSequenceIndicator: Annotated[Text, NoEffect()] | None = None
    requiresApproval: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None
    token: Annotated[Text, NoEffect()] | None = None
    tokenize: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None


class CreateHostedCheckoutRequest(Model):
    """POST /v1/{merchantId}/hostedcheckouts"""

    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("merchant",)

    order: Order
    hostedCheckoutSpecificInput: HostedCheckoutSpecificInput | None = None
    redirectPaymentMethodSpecificInput: RedirectInputBase | None = None
    fraudFields: FraudFields | None = None


def partial_redirect_url(found: HostedCheckout) -> str:
    """Without a scheme: the merchant puts `https://payment.` (here `http://`) before it."""
    return f"{found.origin.partition('://')[2]}{page_path(found)}"


def page_path(found: HostedCheckout) -> str:
    return f"/checkout/{found.token}"


def create_hosted_checkout_response(found: HostedCheckout) -> dict[str, Any]:
    return {
        "RETURNMAC": found.returnmac,
        "hostedCheckoutId": found.id,
        "partialRedirectUrl": partial_redirect_url(found),
    }


def hosted_checkout(found: HostedCheckout, created: Payment | None) -> dict[str, Any]:
    """`createdPaymentOutput` comes before `status`."""
    if created is None:
        return {"status": found.state}
    output = {
        "payment": payment(created),
        "paymentCreationReferences": creation_references(created),
        "paymentStatusCategory": states.PAYMENT_STATUS_CATEGORIES.get(created.state, "SUCCESSFUL"),
    }
    return {"createdPaymentOutput": output, "status": found.state}
