"""WooshPay as one value: all that the engine, the wallet and the surface know of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from simulator.engine.facts import Facts
from simulator.engine.provider import Call, FirstSteps, Idempotency, Provider, Reply
from simulator.engine.resource import Resource, Summary
from simulator.engine.scenarios import Decisions
from simulator.kernel.money import Money
from simulator.providers.wooshpay import OUTLINE, auth, demo, errors, pages, receiver
from simulator.providers.wooshpay.confirmation import open_order
from simulator.providers.wooshpay.endpoints import ENDPOINTS, before, read_body, read_query
from simulator.providers.wooshpay.handlers.outcomes import hear_wallet, on_timer, return_to
from simulator.providers.wooshpay.left_out import LEFT_OUT
from simulator.providers.wooshpay.lookup import request_id
from simulator.providers.wooshpay.model import RESOURCES, PaymentIntent, side_of
from simulator.providers.wooshpay.money import SETTLEMENT
from simulator.providers.wooshpay.sandbox import SANDBOX
from simulator.providers.wooshpay.settings import ConfirmOptions, WooshpaySettings
from simulator.providers.wooshpay.shop import SHOP
from simulator.providers.wooshpay.stories import STORIES
from simulator.providers.wooshpay.webhooks import WEBHOOKS

PHASES = {
    "requires_payment_method": "waiting",
    "requires_confirmation": "waiting",
    "requires_action": "waiting",
    "processing": "processing",
    "requires_capture": "processing",
    "succeeded": "paid",
    "canceled": "cancelled",
}


def summarise(resource: Resource) -> Summary | None:
    """An intent is the payment, whether it was created directly or by a session."""
    if not isinstance(resource, PaymentIntent):
        return None
    phase = PHASES[resource.state]
    if resource.state == "requires_payment_method" and resource.failed_as is not None:
        phase = resource.failed_as
    elif resource.state == "canceled" and resource.ended_by_clock:
        phase = "expired"
    elif resource.state == "succeeded" and resource.amount_refunded:
        full = resource.amount_refunded >= (resource.amount_received or 0)
        phase = "refunded" if full else "partly_refunded"
    return Summary(
        kind="payment_intent",
        reference=resource.merchant_order_id or "",
        amount=resource.money,
        refunded=Money(resource.amount_refunded, resource.currency),
        phase=phase,
        status=resource.state,
        order=resource.order_code,
        expires_at=_expires_at(resource),
        decided_by=resource.ended_by,
    )


def _expires_at(intent: PaymentIntent) -> datetime | None:
    """When it stops waiting for the shopper: when its wallet code expires, or its session does."""
    if intent.state == "requires_action":
        return intent.code_expires_at
    waits = intent.state in ("requires_payment_method", "requires_confirmation")
    return intent.session_expires_at if waits else None


def finish(call: Call, reply: Reply) -> None:
    """Names the request, and gives back the idempotency key of a POST.

    Source: docs/providers/wooshpay.md, source 2.5. Inferred: wooshpay.answer-headers.
    """
    reply.headers.setdefault("Request-Id", request_id(call, call.ids))
    key = call.headers.get("idempotency-key")
    if key and call.method == "POST":
        reply.headers.setdefault("Idempotency-Key", key)


def replayed(reply: Reply, first: datetime) -> None:
    """Marks an answer that has been given before."""
    reply.headers["Idempotent-Replayed"] = "true"


# Source: docs/providers/wooshpay.md, source 2.4. Inferred: wooshpay.idempotency.
IDEMPOTENCY = Idempotency(
    header="Idempotency-Key",
    scope=lambda call: side_of(call.credential["livemode"]),
    keeps=lambda status: status not in (401, 409, 429),
    replayed=replayed,
)

PROVIDER = Provider(
    **OUTLINE,
    facts=Facts(Path(__file__).parent / "facts.toml", "wooshpay"),
    resources=RESOURCES,
    endpoints=ENDPOINTS,
    left_out=LEFT_OUT,
    pages=pages.PAGES,
    authenticate=auth.authenticate,
    proofs=("credential", "access"),
    before=before,
    read_body=read_body,
    read_query=read_query,
    spelled=errors.bracketed,
    refuse=errors.refuse,
    claims=auth.claims,
    webhooks=WEBHOOKS,
    summarise=summarise,
    phases=PHASES,
    hear=hear_wallet,
    on_timer=on_timer,
    timers=("timer.settled",),
    return_to=return_to,
    return_field="return_url",
    open_order=open_order,
    finish=finish,
    content_type="application/json;charset=UTF-8",
    idempotency=IDEMPOTENCY,
    verify=receiver.verify,
    recognises=receiver.recognises,
    demo=demo.story,
    shop=SHOP,
    sandbox=SANDBOX,
    first_steps=FirstSteps(
        folder=Path(__file__).parent,
        call="wooshpay_first_call",
        link="next_action.*.url",
        decline=(Money(101, "CNY"), "payment_intent_payment_attempt_failed"),
        differs=(
            ("wooshpay_differs_keys", "2.2"),
            ("wooshpay_differs_amounts", "8.2"),
            ("wooshpay_differs_links", "7.3"),
            ("wooshpay_differs_http", "1"),
        ),
    ),
    stories=STORIES,
    documents=(
        "Payment intents and checkout sessions, shaped like Stripe's API: JSON or form-encoded requests, HTTP Basic or Bearer with "
        "the secret key. The live key answers with `livemode: true`."
    ),
    settings=WooshpaySettings,
    settlement=SETTLEMENT,
    decisions=Decisions(wallet=("confirm",), bank=("confirm", "refund"), provider={"confirm": ConfirmOptions}),
)
