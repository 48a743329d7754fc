"""Payment setups (beta). Source: docs/providers/checkoutcom.md, source 13."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, StrictStr

from simulator.engine.known import NoEffect
from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.model import Payment, PaymentSetup
from simulator.providers.checkoutcom.wire.addresses import Address, Country, Phone
from simulator.providers.checkoutcom.wire.fields import (
    MAX_AMOUNT,
    ChannelId,
    Currency,
    CustomerId,
    Email,
    Flag,
    Ignored,
    IgnoredCapture,
    Metadata,
    Model,
    PaymentType,
    Risk,
    ShortUrl,
    Text13,
    Text80,
    Text100,
    Whole,
)
from simulator.providers.checkoutcom.wire.payments import Item, payment_accepted, redirect_of
from simulator.providers.checkoutcom.wire.sessions import WALLETS
from simulator.providers.checkoutcom.wire.values import link, present

METHODS = (*WALLETS, "alipay_plus")
"""What a setup can be confirmed with. The live API has no `alipay_plus` here: source 13.2."""
TERMINALS = ("web", "wap", "app")
SYSTEMS = ("android", "ios")


def _terminal(value: str) -> str:
    """In any case, echoed in small letters. Inferred: checkoutcom.setup-flags."""
    if value.lower() not in TERMINALS:
        raise Unfit("terminal_type_invalid", limit=", ".join(TERMINALS))
    return value.lower()


def _system(value: str) -> str:
    if value.lower() not in SYSTEMS:
        raise Unfit("os_type_invalid", limit=", ".join(SYSTEMS))
    return value.lower()


class Free(Model):
    """An object of which the simulator reads some members and gives back all."""

    KEEPS_OTHERS: ClassVar[bool] = True
    model_config = ConfigDict(extra="allow")


class Wallet(Model):
    terminal_type: Annotated[StrictStr, AfterValidator(_terminal)] | None = None
    os_type: Annotated[StrictStr, AfterValidator(_system)] | None = None
    initialization: Annotated[Any, NoEffect(unless=("disabled",))] = None
    status: Annotated[Any, NoEffect("is read-only")] = None
    flags: Annotated[Any, NoEffect("is read-only")] = None


class SetupMethods(Model):
    """The wallets; every other method is taken and not offered."""

    alipay_cn: Wallet | None = None
    alipay_hk: Wallet | None = None
    gcash: Wallet | None = None
    dana: Wallet | None = None
    kakaopay: Wallet | None = None
    truemoney: Wallet | None = None
    tng: Wallet | None = None
    alipay_plus: Wallet | None = None
    card: Ignored = None
    klarna: Ignored = None
    paypal: Ignored = None
    stcpay: Ignored = None
    tabby: Ignored = None


class SetupSettings(Model):
    success_url: ShortUrl | None = None
    failure_url: ShortUrl | None = None
    capture: IgnoredCapture | None = None
    excluded_payment_methods: list[StrictStr] | None = None


class SetupEmail(Model):
    address: Email | None = None
    verified: Flag | None = None


class SetupCustomer(Model):
    id: CustomerId | None = None
    email: SetupEmail | None = None
    name: Text100 | None = None
    phone: Phone | None = None
    country: Country | None = None
    tax_number: Text13 | None = None
    device: Free | None = None
    merchant_account: Free | None = None


class Order(Free):
    items: Annotated[list[Item], Field(max_length=1000)] | None = None


class SetupBilling(Model):
    address: Address | None = None
    phone: Phone | None = None


class SetupUpdate(Model):
    """PUT /payments/setups/{id}. What it leaves out stays. Inferred: checkoutcom.setup-update."""

    processing_channel_id: ChannelId | None = None
    amount: Annotated[Whole, Field(ge=1, le=MAX_AMOUNT)] | None = None
    currency: Currency | None = None
    payment_type: PaymentType | None = None
    reference: Text80 | None = None
    description: Text100 | None = None
    payment_methods: SetupMethods | None = None
    settings: SetupSettings | None = None
    customer: SetupCustomer | None = None
    order: Order | None = None
    billing: SetupBilling | None = None
    metadata: Metadata | None = None
    risk: Risk | None = None
    billing_descriptor: Ignored = None
    presentment_details: Ignored = None
    terminal: Ignored = None
    industry: Ignored = None
    account_funding_transaction: Ignored = None


class SetupRequest(SetupUpdate):
    """POST /payments/setups"""

    amount: Annotated[Whole, Field(ge=1, le=MAX_AMOUNT)]
    currency: Currency


ECHOED = ("customer", "order", "billing", "metadata")
"""Of a request, what the answer repeats as it came."""

# What a setup lacks ----------------------------------------------------------------------------------------------


def flags(setup: PaymentSetup, name: str) -> list[str]:
    """What is missing before a wallet can pay. Source: source 13.3. Inferred: checkoutcom.setup-flags."""
    given, found = setup.methods.get(name, {}), []
    if given.get("terminal_type", "web") != "web" and "os_type" not in given:
        found.append("os_type_required")
    return found + [f"{url}_required" for url in ("success_url", "failure_url") if url not in setup.settings]


def status(setup: PaymentSetup, name: str, *, is_activated: bool) -> str:
    """`ready`, `action_required` or `unavailable`. Source: source 13.3."""
    if not is_activated or name in setup.settings.get("excluded_payment_methods", ()):
        return "unavailable"
    return "action_required" if flags(setup, name) else "ready"


# Answers ---------------------------------------------------------------------------------------------------------


def setup(
    setup: PaymentSetup, names: Mapping[str, str], latest: Payment | None, base: str, *, redirect: bool = False
) -> dict[str, Any]:
    """The answer to create, update and get, and in one reading to confirm. `names` are methods and their status.

    Source: source 13.3.
    """
    own = f"{base}/payments/setups/{setup.id}"
    methods = {
        name: {
            "status": state,
            "flags": [] if state == "unavailable" else flags(setup, name),
            **setup.methods.get(name, {}),
        }
        for name, state in names.items()
    }
    leads_to = redirect_of(latest, base) if redirect and latest is not None and latest.is_untouched else None
    return present(
        {
            "id": setup.id,
            "processing_channel_id": setup.processing_channel_id,
            "amount": setup.amount,
            "currency": setup.currency,
            "payment_type": setup.payment_type,
            "reference": setup.reference,
            "description": setup.description,
            "payment_methods": methods,
            "available_payment_methods": [name for name, state in names.items() if state == "ready"],
            "settings": {"capture": True, **setup.settings},
            "customer": setup.customer,
            "order": setup.order,
            "billing": setup.billing,
            "metadata": setup.metadata,
            "latest_payment": confirmed(latest, base) if latest is not None else None,
            "_links": present({"self": link(own), "redirect": link(leads_to) if leads_to else None}),
        }
    )


def confirmed(payment: Payment, base: str) -> dict[str, Any]:
    """The payment of a confirmed setup; a redirect only while it leads to something. The customer's e-mail is left out: in a setup
    it is an object, in a payment a text, and a client that expects one of them fails at the other. Source: source 13.4.
    Inferred: checkoutcom.setup-confirm.
    """
    body = payment_accepted(payment, base) | {"customer": {"id": payment.customer_id}}
    if not payment.is_untouched:
        body["_links"].pop("redirect", None)
    return body
