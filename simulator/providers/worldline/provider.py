"""Worldline as one value: all that the engine, the wallet and the surface know of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from simulator.engine.facts import Facts
from simulator.engine.provider import Call, FirstSteps, Idempotency, Provider, Reply
from simulator.engine.resource import Resource, Summary
from simulator.engine.scenarios import Decisions
from simulator.kernel.clock import millis
from simulator.kernel.money import Money
from simulator.providers.worldline import OUTLINE, assets, auth, demo, errors, receiver
from simulator.providers.worldline.checkout_payments import open_order, payments_of
from simulator.providers.worldline.client_sessions import OF_ANY_ORIGIN
from simulator.providers.worldline.endpoints import ENDPOINTS, PREFLIGHTS
from simulator.providers.worldline.explained import explain_request
from simulator.providers.worldline.handlers.outcomes import hear_wallet, on_timer, return_to
from simulator.providers.worldline.handlers.requests import read_body
from simulator.providers.worldline.left_out import LEFT_OUT
from simulator.providers.worldline.model import HostedCheckout, OrderCounter, Payment, Refund, to_money
from simulator.providers.worldline.money import SETTLEMENT
from simulator.providers.worldline.pages import PAGES
from simulator.providers.worldline.sandbox import SANDBOX
from simulator.providers.worldline.settings import CheckoutOptions, WorldlineSettings
from simulator.providers.worldline.shop import SHOP, verify_request
from simulator.providers.worldline.states import PHASES
from simulator.providers.worldline.stories import STORIES
from simulator.providers.worldline.webhooks import WEBHOOKS
from simulator.providers.worldline.wire.layout import encode


def summarise(resource: Resource) -> Summary | None:
    """Payments, and hosted checkouts that follow their latest payment."""
    if isinstance(resource, Payment):
        return Summary(
            kind="payment",
            reference=resource.merchant_reference or "",
            amount=resource.money,
            refunded=to_money(resource.amount_refunded, resource.currency),
            phase=resource.phase,
            status=resource.state,
            order=resource.order_code,
        )
    if isinstance(resource, HostedCheckout):
        return Summary(
            kind="hostedcheckout",
            reference=resource.reference or "",
            amount=resource.money,
            refunded=to_money(resource.refunded, resource.currency),
            phase=resource.phase,
            status=resource.state,
            order=resource.order_code,
            expires_at=resource.expires_at if resource.state == "IN_PROGRESS" else None,
            decided_by=resource.ended_by,
            payment=resource.payment,
        )
    return None


def finish(call: Call, reply: Reply) -> None:
    # Source: docs/providers/worldline.md, source 2.7 (recorded). There is no request id header.
    reply.headers.setdefault("X-Powered-By", "Servlet/3.0 JSP/2.2")
    if call.target.startswith("/client/"):
        reply.headers.update(OF_ANY_ORIGIN)


def replayed(reply: Reply, first: datetime) -> None:
    """A repeated answer, and only that, bears the instant of the first request, in milliseconds."""
    reply.headers["X-GCS-Idempotence-Request-Timestamp"] = str(millis(first))


# Source: docs/providers/worldline.md, source 2.6. Inferred: worldline.idempotence.
IDEMPOTENCY = Idempotency(
    header="X-GCS-Idempotence-Key",
    scope=lambda call: str(call.credential["merchant_id"]),
    keeps=lambda status: 200 <= status < 300 or status == 402,
    on_mismatch="replay",
    replayed=replayed,
)

PROVIDER = Provider(
    **OUTLINE,
    facts=Facts(Path(__file__).parent / "facts.toml", "worldline"),
    resources=(Payment, Refund, HostedCheckout, OrderCounter),
    endpoints=ENDPOINTS,
    pages=(*PAGES, *PREFLIGHTS, *assets.PAGES),
    left_out=LEFT_OUT,
    authenticate=auth.authenticate,
    proofs=auth.PROOFS,
    before=auth.check_idempotence_key,
    read_body=read_body,
    refuse=errors.refuse,
    claims=auth.claims,
    webhooks=WEBHOOKS,
    summarise=summarise,
    phases=PHASES,
    payments_of=payments_of,
    hear=hear_wallet,
    on_timer=on_timer,
    return_to=return_to,
    return_field="redirectPaymentMethodSpecificInput.redirectionData.returnUrl",
    open_order=open_order,
    finish=finish,
    encode=encode,
    idempotency=IDEMPOTENCY,
    verify=receiver.verify,
    recognises=receiver.recognises,
    demo=demo.story,
    shop=SHOP,
    sandbox=SANDBOX,
    first_steps=FirstSteps(
        folder=Path(__file__).parent,
        call="worldline_first_call",
        link="merchantAction.redirectData.redirectURL",
        decline=(Money(120120, "CNY"), "REJECTED"),
        differs=(
            ("worldline_differs_http", "3.2"),
            ("worldline_differs_wallet", "7"),
            ("worldline_differs_paid", "4.1"),
            ("worldline_differs_amounts", "8"),
        ),
    ),
    stories=STORIES,
    verify_request=verify_request,
    explain_request=explain_request,
    settings=WorldlineSettings,
    settlement=SETTLEMENT,
    decisions=Decisions(
        wallet=("authorize",),
        bank=("authorize", "refund", "remit", "settle"),
        provider={"hostedcheckout": CheckoutOptions},
    ),
    documents="Worldline Connect v1: payments, hosted checkouts, refunds, products, services.",
)
