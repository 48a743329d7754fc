"""Checkout.com as one value: all that the engine, the wallet and the surface know of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from simulator.engine.facts import Facts
from simulator.engine.provider import Call, FirstSteps, Idempotency, Provider, Reply
from simulator.engine.resource import Resource, Summary
from simulator.engine.scenarios import Decisions
from simulator.kernel.money import Money
from simulator.providers.checkoutcom import OUTLINE, auth, demo, errors, notices, pages, receiver
from simulator.providers.checkoutcom.endpoints import ENDPOINTS, PREFLIGHTS
from simulator.providers.checkoutcom.handlers import attempts, outcomes
from simulator.providers.checkoutcom.left_out import LEFT_OUT
from simulator.providers.checkoutcom.model import RESOURCES, Payable, Payment
from simulator.providers.checkoutcom.money import SETTLEMENT
from simulator.providers.checkoutcom.sandbox import SANDBOX
from simulator.providers.checkoutcom.settings import CaptureOptions, CheckoutcomSettings, PayOptions
from simulator.providers.checkoutcom.shop import SHOP
from simulator.providers.checkoutcom.states import PHASES
from simulator.providers.checkoutcom.storage import STORAGE
from simulator.providers.checkoutcom.stories import STORIES
from simulator.providers.checkoutcom.web_components import SCRIPTS
from simulator.providers.checkoutcom.webhooks import WEBHOOKS
from simulator.providers.checkoutcom.wire.bodies import read_body

VERSION = "3.31.4"
"""Sent as `Cko-Version`: the version of the service that answers. Source: docs/providers/checkoutcom.md, source 2.5."""


def summarise(resource: Resource) -> Summary | None:
    """What the console and the control API show of a payment, and of what can be paid like one: page, link, session, setup."""
    if isinstance(resource, Payment):
        is_under_way = resource.state == "Pending" and (resource.approved or resource.capture_action_id is not None)
        return Summary(
            kind="payment",
            reference=resource.reference or "",
            amount=resource.money,
            refunded=Money(resource.refunded, resource.currency),
            phase="processing" if is_under_way else PHASES[resource.state],
            status=resource.state,
            order=resource.order_code,
            expires_at=resource.expires_at if resource.state == "Pending" else None,
        )
    if isinstance(resource, Payable):
        return Summary(
            kind=resource.KIND,
            reference=resource.reference or "",
            amount=resource.money,
            refunded=Money(0, resource.currency),
            phase=PHASES[resource.state] if resource.state != "Expired" else "expired",
            status=resource.state,
            order=resource.payment_order,
            expires_at=resource.expires_at,
            decided_by="timer" if resource.state == "Expired" else None,
            payment=resource.payment_id,
        )
    return None


def before(call: Call) -> None:
    """Refuses a body that is not JSON before the idempotency key is looked at. Raises `MalformedBody`.

    Inferred: checkoutcom.idempotency.
    """
    notices.check_idempotency(call)
    if call.endpoint is not None and call.endpoint.operation in (*auth.IN_BROWSERS, "sessions"):
        notices.check_browser(call)
    if call.endpoint is not None and call.endpoint.idempotent and call.raw_body.strip():
        _ = call.json


def finish(call: Call, reply: Reply) -> None:
    """Adds the two headers that every answer bears, failures included. Source: docs/providers/checkoutcom.md, source 2.5."""
    reply.headers.setdefault("Cko-Request-Id", errors.request_id(call))
    reply.headers.setdefault("Cko-Version", VERSION)
    if call.endpoint is not None and call.endpoint.operation in auth.IN_BROWSERS:
        reply.headers |= auth.OF_ANY_ORIGIN | {"Access-Control-Expose-Headers": "Cko-Request-Id, Simulator-Notice"}


def replayed(reply: Reply, first: datetime) -> None:
    """A repeated answer is the stored one, but for its `Cko-Request-Id`, which is new."""
    reply.headers.pop("Cko-Request-Id", None)


IDEMPOTENCY = Idempotency(
    header="Cko-Idempotency-Key",
    scope=lambda call: f"{call.method} {call.target} {call.credential.get('client', '')}",
    keeps=lambda status: 200 <= status < 300,
    on_mismatch="replay",
    replayed=replayed,
)

PROVIDER = Provider(
    **OUTLINE,
    facts=Facts(Path(__file__).parent / "facts.toml", "checkoutcom"),
    resources=RESOURCES,
    endpoints=ENDPOINTS,
    pages=(*pages.PAGES, *PREFLIGHTS, *SCRIPTS, *STORAGE),
    left_out=LEFT_OUT,
    unread_headers=notices.UNREAD_HEADERS,
    authenticate=auth.authenticate,
    proofs=("credential", "access"),
    before=before,
    read_body=read_body,
    refuse=errors.refuse,
    claims=auth.claims,
    webhooks=WEBHOOKS,
    summarise=summarise,
    phases=PHASES,
    payments_of=attempts.tries_of,
    hear=outcomes.hear_wallet,
    on_timer=outcomes.on_timer,
    timers=("timer.capture", "timer.dispute", "timer.follow_up", "timer.refund", "timer.verdict"),
    return_to=outcomes.return_to,
    return_field="success_url, failure_url",
    open_order=outcomes.open_order,
    finish=finish,
    idempotency=IDEMPOTENCY,
    verify=receiver.verify,
    recognises=receiver.recognises,
    demo=demo.story,
    demo_flow=demo.flow,
    shop=SHOP,
    sandbox=SANDBOX,
    first_steps=FirstSteps(
        folder=Path(__file__).parent,
        call="checkoutcom_first_call",
        link="_links.redirect.href",
        decline=(Money(1051, "EUR"), "20051"),
        differs=(
            ("checkoutcom_differs_links", "3.1"),
            ("checkoutcom_differs_channels", "3.1"),
            ("checkoutcom_differs_amounts", "8.1"),
        ),
    ),
    stories=STORIES,
    documents="Checkout.com's payments, workflows, customers, hosted pages and links, and the Previous platform's webhooks.",
    settings=CheckoutcomSettings,
    settlement=SETTLEMENT,
    decisions=Decisions(
        wallet=("pay", "recurring"),
        bank=("capture", "refund"),
        provider={"pay": PayOptions, "capture": CaptureOptions},
    ),
)
