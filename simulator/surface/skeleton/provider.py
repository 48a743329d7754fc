"""The whole provider: what the engine runs once somebody has spoken to it."""

from __future__ import annotations

from pathlib import Path

from simulator.engine.facts import Facts
from simulator.engine.provider import Idempotency, Provider, Webhooks
from simulator.engine.scenarios import Decisions
from simulator.kernel.retry import RetryPolicy
from simulator.surface.skeleton import OUTLINE
from simulator.surface.skeleton.auth import authenticate, claims
from simulator.surface.skeleton.demo import story
from simulator.surface.skeleton.endpoints import ENDPOINTS
from simulator.surface.skeleton.errors import refuse
from simulator.surface.skeleton.handlers import hear, on_timer, return_to
from simulator.surface.skeleton.model import Payment, summarise
from simulator.surface.skeleton.receiver import recognises, verify
from simulator.surface.skeleton.settings import NewpaySettings
from simulator.surface.skeleton.shop import SHOP
from simulator.surface.skeleton.signing import FORGING
from simulator.surface.skeleton.states import PAYMENT, PHASES
from simulator.surface.skeleton.webhooks import RETRIES, TOLERANCE, explain, render, sign

PROVIDER = Provider(
    **OUTLINE,
    documents="Newpay's payments: create, read, cancel, refund.",
    resources=(Payment,),
    endpoints=ENDPOINTS,
    settings=NewpaySettings,
    decisions=Decisions(wallet=("create",), bank=("refund",)),
    authenticate=authenticate,
    claims=claims,
    refuse=refuse,
    webhooks=Webhooks(
        PAYMENT.events, RetryPolicy(RETRIES), render, sign, explain=explain, forging=FORGING, tolerance=TOLERANCE
    ),
    summarise=summarise,
    phases=PHASES,
    hear=hear,
    on_timer=on_timer,
    timers=("timer.refunded",),
    return_to=return_to,
    return_field="return_url",
    idempotency=Idempotency("Idempotency-Key", lambda call: call.target, lambda status: status < 300),
    verify=verify,
    recognises=recognises,
    shop=SHOP,
    demo=story,
    facts=Facts(Path(__file__).parent / "facts.toml", "newpay"),
)
