"""Payment sessions, Flow's side on the server. Source: docs/providers/checkoutcom.md, source 12."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field, StrictStr

from simulator.engine.known import NoEffect
from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.model import Payment, PaymentSession
from simulator.providers.checkoutcom.wire.addresses import Phone, Shipping
from simulator.providers.checkoutcom.wire.customers import CustomerInput
from simulator.providers.checkoutcom.wire.fields import (
    AmountOrAll,
    ChannelId,
    Currency,
    Ignored,
    IgnoredCapture,
    IgnoredMoment,
    Metadata,
    Model,
    Moment,
    PaymentType,
    Risk,
    Text80,
    Text100,
    Text1024,
    ThreeDs,
    Url,
)
from simulator.providers.checkoutcom.wire.hosted import LOCALES as HOSTED_LOCALES
from simulator.providers.checkoutcom.wire.hosted import Billing
from simulator.providers.checkoutcom.wire.payments import Item, Processing, payment, redirect_of
from simulator.providers.checkoutcom.wire.values import link, present

COMPONENTS = frozenset([
    "ach", "alipay_cn", "alipay_hk", "alma", "applepay", "bacs", "bancontact", "benefit", "bizum", "blik", "card",
    "dana", "eps", "gcash", "googlepay", "ideal", "kakaopay", "klarna", "knet", "mbway", "mobilepay", "multibanco",
    "octopus", "p24", "paynow", "paypal", "plaid", "qpay", "remember_me", "sepa", "stcpay", "stored_card", "swish",
    "tabby", "tamara", "tng", "truemoney", "twint", "vipps", "wechatpay",
])  # fmt: skip
"""The names of all methods that Flow knows. Source: source 12.2."""
WALLETS = ("alipay_cn", "alipay_hk", "gcash", "dana", "kakaopay", "truemoney", "tng")
"""Those that the simulator can pay with."""
LOCALES = HOSTED_LOCALES | {"ko-KR"}
ACTIVATED = ("alipay_cn", "alipay_hk")
"""Those that a session offers when it names none. Inferred: checkoutcom.session-methods."""
CHALLENGES = ("no_preference", "no_challenge_requested", "challenge_requested", "challenge_requested_mandate")
_BILLING_NUMBER = re.compile(r"[0-9 ()+./-]{6,25}")


def _component(value: str) -> str:
    if value not in COMPONENTS:
        raise Unfit("must be a payment method of Flow")
    return value


def _locale(value: str) -> str:
    if value not in LOCALES:
        raise Unfit("must be a documented locale", limit=", ".join(sorted(LOCALES)))
    return value


def _billing_number(value: str) -> str:
    """Source: source 12.8 names the code. Inferred: checkoutcom.session-codes."""
    if not _BILLING_NUMBER.fullmatch(value):
        raise Unfit("billing_phone_number_invalid")
    return value


def _challenge(value: Any) -> Any:
    if value not in CHALLENGES:
        raise Unfit("three_ds_invalid")
    return value


Component = Annotated[StrictStr, AfterValidator(_component)]
SessionData = Annotated[Text1024, Field(min_length=1)]


class BillingPhone(Phone):
    number: Annotated[StrictStr, AfterValidator(_billing_number)] | None = None


class SessionBilling(Billing):
    phone: BillingPhone | None = None


class SessionCustomer(CustomerInput):
    summary: Ignored = None


class SessionThreeDs(ThreeDs):
    challenge_indicator: Annotated[Any, AfterValidator(_challenge), NoEffect(unless=("no_preference",))] = None


class SessionMembers(Model):
    """What may be said when a session is made, and said otherwise when it is submitted."""

    amount: AmountOrAll | None = None
    currency: Currency | None = None
    payment_type: PaymentType | None = None
    billing: SessionBilling | None = None
    reference: Text80 | None = None
    description: Text100 | None = None
    customer: SessionCustomer | None = None
    shipping: Shipping | None = None
    items: Annotated[list[Item], Field(max_length=1000)] | None = None
    success_url: Url | None = None
    failure_url: Url | None = None
    processing: Processing | None = None
    processing_channel_id: ChannelId | None = None
    metadata: Metadata | None = None
    capture: IgnoredCapture | None = None
    capture_on: IgnoredMoment | None = None
    three_ds: SessionThreeDs | None = Field(None, alias="3ds")
    payment_method_configuration: Ignored = None
    billing_descriptor: Ignored = None
    sender: Ignored = None
    recipient: Ignored = None
    instruction: Ignored = None
    amount_allocations: Ignored = None
    ip_address: Ignored = None


class NewSession(SessionMembers):
    """What a session is made of, with or without a payment at once."""

    amount: AmountOrAll
    currency: Currency
    billing: SessionBilling
    success_url: Url
    failure_url: Url
    locale: Annotated[StrictStr, AfterValidator(_locale)] | None = None
    authorization_type: Annotated[Literal["Final", "Estimated"], NoEffect()] | None = None
    risk: Risk | None = None
    payment_plan: Ignored = None
    display_name: Ignored = None


class SessionRequest(NewSession):
    """POST /payment-sessions"""

    enabled_payment_methods: list[Component] | None = None
    disabled_payment_methods: list[Component] | None = None
    expires_on: Moment | None = None
    customer_retry: Ignored = None


class SubmitRequest(SessionMembers):
    """POST /payment-sessions/{id}/submit"""

    session_data: SessionData


class Method(Model):
    type: Component


class CompleteRequest(NewSession):
    """POST /payment-sessions/complete. `payment_method` is what fixtures of the Node client send instead of `session_data`."""

    session_data: SessionData | None = None
    payment_method: Method | None = None


class BrowserPayment(Model):
    """POST /payment-sessions/{id}/pay: the component's own call. Source: source 12.6. Inferred: checkoutcom.browser-calls."""

    session_data: SessionData
    payment_session_secret: StrictStr


# What the component says -----------------------------------------------------------------------------------------


def session_data(method: str) -> str:
    """The opaque text that the component makes, a constant of each wallet: `sd_eyJ0eXBlIjoiYWxpcGF5X2NuIn0` for AlipayCN.

    Source: source 12.5. Inferred: checkoutcom.session-data.
    """
    return "sd_" + base64.urlsafe_b64encode(orjson.dumps({"type": method})).decode().rstrip("=")


PICKED = {session_data(name): name for name in WALLETS}
"""What the component says to the wallet that it means."""


# Answers ---------------------------------------------------------------------------------------------------------

TOKEN_PREFIX = "YmFzZTY0:"  # noqa: S105 - the word `base64` in base64


def token(session: PaymentSession, merchant: str, entity: str, base: str) -> str:
    """`payment_session_token`: all that the component needs, in the order of published tokens.

    Source: source 12.4. An entry for Alipay has only its type, and no feature is switched on. Inferred: checkoutcom.session-token.
    """
    members = {
        "id": session.id,
        "entity_id": entity,
        "experiments": {},
        "processing_channel_id": session.processing_channel_id,
        "amount": session.amount,
        "locale": session.locale or "en-GB",
        "currency": session.currency,
        "payment_methods": [{"type": name} for name in session.payment_methods],
        "feature_flags": [],
        "risk": {"enabled": False},
        "merchant_name": merchant,
        "payment_session_secret": session.secret,
        "payment_type": session.payment_type,
        "integration_domain": base.partition("://")[2],
    }
    return TOKEN_PREFIX + base64.b64encode(orjson.dumps(members)).decode()


def session_created(session: PaymentSession, token: str, base: str) -> dict[str, Any]:
    return {
        "id": session.id,
        "payment_session_token": token,
        "payment_session_secret": session.secret,
        "_links": {"self": link(f"{base}/payment-sessions/{session.id}")},
    }


def session(session: PaymentSession, latest: Payment | None, base: str, *, whole: bool) -> dict[str, Any]:
    """GET /payment-sessions/{id}, which a shop plugin calls and no document describes. `whole` shows the payment's every member.

    Source: source 12.6. Inferred: checkoutcom.browser-calls.
    """
    paid: dict[str, Any] | None = None
    if latest is not None:
        paid = {"id": latest.id, "status": latest.state, "source": {"type": latest.source_type}}
        paid = payment(latest, base) if whole else paid
    return present(
        {
            "id": session.id,
            "status": session.state,
            "amount": session.amount,
            "currency": session.currency,
            "locale": session.locale or "en-GB",
            "payment_methods": [{"type": name} for name in session.payment_methods],
            "payment": paid,
            "_links": {"self": link(f"{base}/payment-sessions/{session.id}")},
        }
    )


def declined(payment: Payment, reason: str) -> dict[str, Any]:
    """The 201 of what is declined at once. Source: source 12.5. Inferred: checkoutcom.declined-at-once."""
    return {"id": payment.id, "status": "Declined", "type": payment.source_type, "decline_reason": reason}


def action_required(payment: Payment, base: str) -> dict[str, Any]:
    """The 202: where the browser is to go. Source: source 12.5."""
    return {
        "id": payment.id,
        "status": "Action Required",
        "type": payment.source_type,
        "action": {"type": "redirect", "url": redirect_of(payment, base)},
    }
