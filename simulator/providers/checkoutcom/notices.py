"""What is taken here although Checkout.com may refuse it or treat it otherwise: said in a notice, refused under `--strict`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from simulator.engine.facets import Facet
from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.checkoutcom.errors import response
from simulator.providers.checkoutcom.event_types import SENT
from simulator.providers.checkoutcom.model import Payment, PaymentSession, Webhook, Workflow
from simulator.providers.checkoutcom.rules import PUBLISHED_CHANNEL, own_channel
from simulator.providers.checkoutcom.wire.hosted import LOCALES, OFFERED, HostedRequest
from simulator.providers.checkoutcom.wire.payments import PaymentRequest
from simulator.providers.checkoutcom.wire.sessions import COMPONENTS, NewSession, SessionMembers
from simulator.providers.checkoutcom.wire.setups import SetupUpdate

_SECURE = re.compile(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])(:|$)")
SHOWN = 8
"""How many names a notice names."""


def differs(call: Call, field: str, notice: str) -> None:
    """Remembers a difference from the live API as a notice. Raises `Invalid` with `field` where the server is strict."""
    call.differs_live(notice)
    if call.strict:
        raise Invalid([Violation(field, "live")])


UNREAD_HEADERS = {"idempotency-key": "has no effect; Checkout.com reads Cko-Idempotency-Key"}


def check_idempotency(call: Call) -> None:
    """Gives notice of an idempotency key at a call that does not heed it. Raises `Invalid` where the server is strict."""
    if "cko-idempotency-key" in call.headers and call.endpoint is not None and not call.endpoint.idempotent:
        differs(call, "cko_idempotency_key", "Cko-Idempotency-Key has no effect on this operation")


# Payments --------------------------------------------------------------------------------------------------------

NOT_OFFERED = "is not offered by AlipayCN, which knows Regular and Recurring; it has no effect"


def check_payment(call: Call, uow: UnitOfWork, request: PaymentRequest) -> None:
    """What of a good request has no effect for Alipay, or may be refused. Raises `Invalid` where the server is strict."""
    if not request.amount:
        # The Previous platform documents the amount as optional. Source: docs/providers/checkoutcom.md, corrections.
        differs(call, "amount", "amount is missing or 0, which verifies a card; the live API may refuse it for Alipay")
    _check_shared(call, uow, request)
    if request.previous_payment_id and uow.find(Payment, request.previous_payment_id) is None:
        differs(call, "previous_payment_id", "previous_payment_id names no payment of this workspace")


def check_hosted(call: Call, uow: UnitOfWork, request: HostedRequest) -> None:
    """What of a good request for a hosted page or a payment link has no effect for Alipay, the one method that its page offers.
    Raises `Invalid` where the server is strict."""
    _check_shared(call, uow, request)
    allowed, barred = request.allow_payment_methods, request.disabled_payment_methods or ()
    if allowed is not None and not set(allowed) & OFFERED:
        differs(
            call, "allow_payment_methods", "allow_payment_methods names no kind of Alipay; the page offers nothing else"
        )
    if set(barred) & OFFERED:
        differs(call, "disabled_payment_methods", "disabled_payment_methods names Alipay; the page offers nothing else")
    if request.locale is not None and request.locale not in LOCALES:
        differs(call, "locale", "locale is none of the documented ones; the page goes by the browser")


def check_session(call: Call, uow: UnitOfWork, request: NewSession, offered: Collection[str]) -> None:
    """What of a good request for a payment session has no effect for Alipay. Raises `Invalid` where the server is strict."""
    _check_shared(call, uow, request)
    if not request.amount:
        differs(call, "amount", "amount is 0, which verifies a card; with Alipay there is nothing to pay")
    if not offered:
        differs(call, "enabled_payment_methods", "the session offers no wallet, so the component shows nothing here")


def check_submission(call: Call, session: PaymentSession) -> None:
    """A session as it is to be paid. Raises `Invalid` where the server is strict."""
    if not session.reference:
        differs(call, "reference", "there is no reference, which POST /payments requires for Alipay")


def check_customer(call: Call, session: PaymentSession, request: SessionMembers) -> None:
    """Not refused by a strict server: the live one takes it too."""
    known, said = (session.customer or {}).get("email"), request.customer and request.customer.email
    if session.customer is not None and said and said != known:
        call.differs_live("customer.email has no effect here; who pays is settled when the session is made")


def open_tries(call: Call, tries: Iterable[Payment]) -> None:
    """Says which earlier payment can be paid as well, the newest. Not refused by a strict server: shoppers do pay again."""
    still_open = next((payment for payment in tries if payment.is_untouched), None)
    if still_open is not None:
        price = f"{still_open.amount} {still_open.currency}"
        call.differs_live(f"{still_open.id}, an earlier try over {price}, is still open and can be paid too")


def check_setup(call: Call, uow: UnitOfWork, request: SetupUpdate) -> None:
    """What of a good request for a payment setup has no effect for Alipay. Raises `Invalid` where the server is strict."""
    _check_shared(call, uow, request)
    if request.payment_methods is not None and request.payment_methods.alipay_plus is not None:
        check_method(call, "alipay_plus")
    excluded = request.settings.excluded_payment_methods if request.settings is not None else None
    for name in [name for name in excluded or () if name not in COMPONENTS][:SHOWN]:
        differs(
            call,
            "settings.excluded_payment_methods",
            f"no payment method is called {name[:100]!r}, so it excludes nothing",
        )


def check_update(call: Call, request: SetupUpdate) -> None:
    """Raises `Invalid` where the server is strict."""
    for name in ("amount", "currency"):
        if getattr(request, name) is None:
            differs(call, name, f"{name} is left out, and stays; the published updates send the whole setup")


def check_method(call: Call, name: str) -> None:
    """Raises `Invalid` where the server is strict."""
    if name == "alipay_plus":
        differs(call, "alipay_plus", "no client of Checkout.com knows alipay_plus in a payment setup")


def check_browser(call: Call) -> None:
    """Which page calls with which key. Nothing of it is refused: the page cannot tell."""
    origin = call.headers.get("origin")
    if call.credential.get("kind") == "public":
        if origin is None:
            call.differs_live("this is the component's own call, which no document describes; a shop's server submits")
        elif not _SECURE.match(origin):
            call.differs_live(
                f"{origin[:100]} is neither https nor this machine; a live shop's page is served by https"
            )
    elif origin is not None:
        call.differs_live(
            "a page has called with the secret key, which everybody can read there; its server is to call"
        )


def _check_shared(
    call: Call, uow: UnitOfWork, request: PaymentRequest | HostedRequest | SessionMembers | SetupUpdate
) -> None:
    if request.payment_type not in (None, "Regular", "Recurring"):
        differs(call, "payment_type", f"payment_type {request.payment_type} {NOT_OFFERED}")
    channel = request.processing_channel_id
    if channel not in (None, PUBLISHED_CHANNEL, own_channel(uow)):
        # A strict server has refused it before (`rules.check_channel`).
        call.differs_live(
            "processing_channel_id is not the workspace's own; the live API knows only the merchant's channels"
        )


# Workflows and webhooks ------------------------------------------------------------------------------------------

_CHANNEL, _ENTITY = re.compile(r"pc_\w{26}", re.ASCII), re.compile(r"ent_\w{26}", re.ASCII)


def check_workflow(call: Call, workflow: Workflow) -> None:
    """Says that a workflow never fires, or which of its events never come. Raises `Invalid` where the server is strict and
    nothing of it can come; a workflow that asks for card events too is a good one.
    """
    why = _silence(workflow)
    if why is not None:
        differs(call, "conditions", f"this workflow never fires: {why}")
    named = [name for condition in workflow.conditions for name in _names(condition)]
    _never_come(call, named)


def _silence(workflow: Workflow) -> str | None:
    """Why a workflow never fires; None for one that can."""
    events = [condition for condition in workflow.conditions if condition["type"] == "event"]
    if not events:
        return "it has no condition of the type event"
    if not any(name in SENT for condition in events for name in _names(condition)):
        return "it names no event that can happen to an Alipay payment"
    for condition in workflow.conditions:
        if condition["type"] == "processing_channel":
            if not any(_CHANNEL.fullmatch(id_) for id_ in condition["processing_channels"]):
                return "its condition names no processing channel"
        elif condition["type"] == "entity" and not any(_ENTITY.fullmatch(id_) for id_ in condition["entities"]):
            return "its condition names no entity"
    return None


def _names(condition: Mapping[str, Any]) -> list[str]:
    return [name for names in condition.get("events", {}).values() for name in names]


def _never_come(call: Call, names: Iterable[str]) -> None:
    never = [name for name in dict.fromkeys(names) if name not in SENT]
    if never:
        shown = ", ".join(never[:SHOWN]) + (f" and {len(never) - SHOWN} more" if len(never) > SHOWN else "")
        call.differs_live(f"these events never happen to an Alipay payment here: {shown}")


def check_webhook(call: Call, webhook: Webhook) -> None:
    """A webhook of the Previous platform: what it asks for and never gets. Raises `Invalid` where the server is strict."""
    if webhook.content_type != "json":
        differs(call, "content_type", "webhooks are sent as JSON, whatever content_type says")
    if not any(name in SENT for name in webhook.event_types):
        differs(call, "event_types", "this webhook is never sent: none of its events can happen to an Alipay payment")
    _never_come(call, webhook.event_types)


# Amounts ---------------------------------------------------------------------------------------------------------


def test_amount(call: Call, uow: UnitOfWork, operation: str, amount: int, currency: str, reference: str | None) -> None:
    """Says that an ordinary price is one of the card sandbox's test amounts, if it is one and no scenario speaks first.

    Not refused under `--strict`, which switches these amounts off. Source: docs/providers/checkoutcom.md, corrections.
    """
    facet: Facet = "bank" if operation == "refund" else "wallet"
    facts = {"operation": operation, "amount": amount, "currency": currency, "reference": reference}
    effect = next(uow.rules(facet, "checkoutcom", **facts), None)
    if effect is None or effect.armed or not effect.label.startswith("amount:"):
        return
    code, summary = response(effect.params.code, effect.params.decline)
    what = "refund" if operation == "refund" else "payment"
    call.differs_live(
        f"{amount} is a test amount of the card sandbox, so this {what} will be declined with {code} ({summary}); Checkout.com "
        "documents none for Alipay, and setting test_amounts=false switches them off"
    )
