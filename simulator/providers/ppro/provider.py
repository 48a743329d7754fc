"""PPRO as one value: all that the engine, the wallet and the surface know of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from simulator.engine.facts import Facts
from simulator.engine.provider import Call, FirstSteps, Idempotency, Provider, Reply
from simulator.engine.resource import Resource, Summary
from simulator.engine.scenarios import Decisions
from simulator.kernel.money import Money
from simulator.providers.ppro import OUTLINE, auth, demo, errors, pages, receiver, storage
from simulator.providers.ppro.endpoints import ENDPOINTS, LEFT_OUT, read_body
from simulator.providers.ppro.handlers import outcomes
from simulator.providers.ppro.model import Charge, Instrument, PaymentReport
from simulator.providers.ppro.money import SETTLEMENT
from simulator.providers.ppro.sandbox import SANDBOX
from simulator.providers.ppro.settings import PproSettings
from simulator.providers.ppro.shop import SHOP
from simulator.providers.ppro.states import PHASES
from simulator.providers.ppro.stories import STORIES
from simulator.providers.ppro.webhooks import WEBHOOKS

# Source: docs/providers/ppro.md, source 2.2. Observed: ppro.recorded-headers.
RECORDED_HEADERS = {
    "vary": "Access-Control-Request-Headers",
    "strict-transport-security": "max-age=63072000; includeSubDomains; preload",
    "x-xss-protection": "1; mode=block",
}


def summarise(resource: Resource) -> Summary | None:
    """What the console and the control API show of a charge."""
    if not isinstance(resource, Charge):
        return None
    phase = PHASES[resource.state]
    if resource.state == "CAPTURED" and resource.refunded:
        phase = "partly_refunded"
    if resource.is_cancelled:
        phase = "cancelled"
    return Summary(
        kind="charge",
        reference=resource.reference or "",
        amount=resource.money,
        refunded=Money(resource.refunded, resource.currency),
        phase=phase,
        status=resource.state,
        order=resource.order_code,
    )


def finish(call: Call, reply: Reply) -> None:
    """Adds what every answer bears: the recorded headers, what is left of the rate limit, and `Request-Reference` as it was sent.

    Inferred: ppro.request-reference.
    """
    reply.headers |= RECORDED_HEADERS
    left = call.answering.tokens_left
    if left is not None:
        _, limit = auth.limit(call)
        reply.headers |= {
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-requested-tokens": "1",
            "x-ratelimit-burst-capacity": str(limit.burst),
            "x-ratelimit-replenish-rate": f"{limit.rate:g}",
        }
    reply.headers.pop("request-reference", None)
    reference = call.headers.get("request-reference")
    if reference:
        reply.headers["request-reference"] = reference


def replayed(reply: Reply, first: datetime) -> None:
    """Marks a repeated answer."""
    reply.headers["request-idempotency"] = "true"


# Source: docs/providers/ppro.md, source 2.4. Inferred: ppro.idempotency-scope.
IDEMPOTENCY = Idempotency(
    header="Request-Idempotency-Key",
    scope=lambda call: f"{call.method} {call.target} {call.credential.get('merchant_id', '')}",
    keeps=lambda status: 200 <= status < 300,
    replayed=replayed,
    methods=frozenset({"POST", "PATCH"}),
)

PROVIDER = Provider(
    **OUTLINE,
    resources=(Charge, Instrument, PaymentReport),
    endpoints=ENDPOINTS,
    left_out=LEFT_OUT,
    facts=Facts(Path(__file__).parent / "facts.toml", "ppro"),
    pages=(*pages.PAGES, *storage.STORAGE),
    authenticate=auth.authenticate,
    limit=auth.limit,
    before=auth.check_headers,
    unread_headers=auth.UNREAD_HEADERS,
    read_body=read_body,
    refuse=errors.refuse,
    claims=auth.claims,
    webhooks=WEBHOOKS,
    summarise=summarise,
    phases=PHASES,
    hear=outcomes.hear_wallet,
    on_timer=outcomes.on_timer,
    timers=("timer.funds", "timer.provider_confirmation", "timer.refund"),
    return_to=outcomes.return_to,
    return_field="authenticationSettings[].settings.returnUrl",
    finish=finish,
    idempotency=IDEMPOTENCY,
    documents=(
        "PPRO's Global API for merchants who take Alipay: payment charges and their operations, payment instruments, payment "
        "reports, and the sandbox's mock authenticator. Amounts are minor units; declines are 200 answers with `status: FAILED`."
    ),
    settings=PproSettings,
    settlement=SETTLEMENT,
    decisions=Decisions(wallet=("authorize",), bank=("capture", "refund", "settle", "void")),
    verify=receiver.verify,
    recognises=receiver.recognises,
    demo=demo.story,
    shop=SHOP,
    sandbox=SANDBOX,
    first_steps=FirstSteps(
        folder=Path(__file__).parent,
        call="ppro_first_call",
        link="authenticationMethods[0].details.requestUrl",
        decline=(Money(300002, "CNY"), "INSUFFICIENT_FUNDS"),
        differs=(
            ("ppro_differs_http", "6.1"),
            ("ppro_differs_links", "3.2"),
            ("ppro_differs_methods", "7"),
            ("ppro_differs_limits", "2.3"),
        ),
    ),
    stories=STORIES,
)
