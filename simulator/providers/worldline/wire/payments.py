"""The request that makes a payment, and the payment as answers and webhooks show it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, StrictBool

from simulator.engine.known import NoEffect
from simulator.providers.worldline import states
from simulator.providers.worldline.model import Payment
from simulator.providers.worldline.wire.layout import amount_of_money, local_time, present
from simulator.providers.worldline.wire.orders import FraudFields, Order
from simulator.providers.worldline.wire.values import Model, Number, Text


class RedirectionData(Model):
    returnUrl: Annotated[Text, Field(max_length=512)]
    variant: Text | None = None


class Product861Input(Model):
    mobileDevice: StrictBool | None = None


class RedirectInput(Model):
    """`redirectPaymentMethodSpecificInput` of a payment"""

    paymentProductId: Number
    redirectionData: RedirectionData | None = None
    returnUrl: Annotated[Text, Field(max_length=512)] | None = None
    expirationPeriod: Number | None = None
    recurringPaymentSequenceIndicator: Annotated[Text, NoEffect()] | None = None
    requiresApproval: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None
    isRecurring: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None
    token: Annotated[Text, NoEffect()] | None = None
    tokenize: Annotated[StrictBool, NoEffect(unless=(False,))] | None = None
    paymentProduct861SpecificInput: Product861Input | None = None


class CreatePaymentRequest(Model):
    """POST /v1/{merchantId}/payments"""

    ALSO_KNOWN: ClassVar[tuple[str, ...]] = ("merchant",)

    order: Order
    redirectPaymentMethodSpecificInput: RedirectInput
    fraudFields: FraudFields | None = None
    encryptedCustomerInput: Annotated[Text, NoEffect()] | None = None


def payment_output(payment: Payment) -> dict[str, Any]:
    return present(
        {
            "amountOfMoney": amount_of_money(payment.amount, payment.currency),
            "references": present(
                {
                    "merchantReference": payment.merchant_reference,
                    "merchantOrderId": payment.merchant_order_id,
                    "paymentReference": "0",
                    "providerId": payment.provider_id,
                    "providerMerchantId": payment.provider_merchant_id,
                }
            ),
            "amountPaid": payment.amount_paid or None,
            "amountReversed": payment.amount_reversed or None,
            "amountRefunded": payment.amount_refunded or None,
            "amountRefundRequested": payment.amount_refund_requested or None,  # Inferred: worldline.refund-amounts
            "paymentMethod": "redirect",
            "redirectPaymentMethodSpecificOutput": redirect_output(payment),
        }
    )


def redirect_output(payment: Payment) -> dict[str, Any]:
    output: dict[str, Any] = {"paymentProductId": payment.product}
    if payment.wallet_used is not None:
        output["paymentProduct866SpecificOutput"] = {"walletUsed": payment.wallet_used}
    return output


def payment_status(payment: Payment) -> dict[str, Any]:
    return present(
        {
            "errors": list(payment.errors) or None,
            "isCancellable": payment.is_cancellable,
            "statusCategory": states.CATEGORIES[payment.state],
            "statusCode": payment.code,
            "statusCodeChangeDateTime": local_time(payment.changed_at),
            "isAuthorized": payment.state
            in ("CAPTURED", "PAID", "REFUNDED", "REVERSED"),  # Inferred: worldline.authorized-flag
            "isRefundable": payment.is_refundable,
        }
    )


def payment(found: Payment, *, operations: bool = False) -> dict[str, Any]:
    """The payment itself: at the root of GET and of webhooks, under `payment` elsewhere."""
    output = payment_output(found)
    if operations:
        output["operations"] = []
    return present(
        {
            "id": found.id,
            "hostedCheckoutSpecificOutput": present(
                {"hostedCheckoutId": found.hosted_checkout_id, "variant": found.variant}
            )
            if found.hosted_checkout_id
            else None,
            "paymentOutput": output,
            "status": found.state,
            "statusOutput": payment_status(found),
        }
    )


def creation_references(found: Payment) -> dict[str, Any]:
    """Both are the merchant's reference; without one they are the order's 20 digits and the payment's 30."""
    return {
        "additionalReference": found.merchant_reference or found.id[:20],
        "externalReference": found.merchant_reference or found.id,
    }


def redirect_url(found: Payment) -> str:
    """The address of the simulated wallet, in place of the opaque one of the real wallet."""
    wallet = "alipay" if found.product == 861 else "alipayplus"
    return f"{found.origin}/mock/{wallet}/cashier?token={found.order_code}"


def create_payment_response(found: Payment) -> dict[str, Any]:
    return {
        "creationOutput": creation_references(found),
        "merchantAction": {
            "actionType": "REDIRECT",
            "redirectData": {"RETURNMAC": found.returnmac, "redirectURL": redirect_url(found)},
            "showData": [],
        },
        "payment": payment(found),
    }


def payment_error_response(error_id: str, errors: list[dict[str, Any]], found: Payment) -> dict[str, Any]:
    result = {"creationOutput": creation_references(found), "payment": payment(found)}
    return {"errorId": error_id, "errors": errors, "paymentResult": result}
