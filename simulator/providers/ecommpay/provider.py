"""ecommpay as one value: all that the engine, the wallet and the surface know of it."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

from simulator.engine.facts import Facts
from simulator.engine.provider import Call, FirstSteps, Provider, Reply
from simulator.engine.resource import Resource, Summary
from simulator.engine.scenarios import Decisions
from simulator.kernel.money import Money
from simulator.kernel.refusals import Refusal
from simulator.providers.ecommpay import OUTLINE, auth, data_access, demo, errors, receiver, signing
from simulator.providers.ecommpay.endpoints import DATA_ENDPOINTS, ENDPOINTS, LEFT_OUT, OBSERVED_HEADERS, preflights
from simulator.providers.ecommpay.explained import explain_request
from simulator.providers.ecommpay.handlers import outcomes
from simulator.providers.ecommpay.model import Payment, Refund, Request, Sale, Sequence
from simulator.providers.ecommpay.money import SETTLEMENT
from simulator.providers.ecommpay.pages import refusals, returns, routes
from simulator.providers.ecommpay.sandbox import SANDBOX
from simulator.providers.ecommpay.settings import EcommpaySettings, SaleOptions
from simulator.providers.ecommpay.shop import SHOP, verify_request
from simulator.providers.ecommpay.states import PHASES
from simulator.providers.ecommpay.stories import STORIES
from simulator.providers.ecommpay.webhooks import WEBHOOKS


def summarise(resource: Resource) -> Summary | None:
    if isinstance(resource, Payment):
        has_order = resource.order_code is not None
        is_early = resource.state == "processing" and not has_order
        return Summary(
            kind="payment",
            reference=resource.payment_id,
            amount=resource.money,
            refunded=Money(resource.refunded, resource.currency),
            phase="processing" if is_early else PHASES[resource.state],
            status=resource.state,
            order=resource.order_code,
            expires_at=resource.clarify_by if resource.state == "awaiting clarification" else None,
        )
    if isinstance(resource, Request) and resource.is_payment:
        currency = resource.currency or "CNY"
        return Summary(
            kind="request",
            reference=resource.payment_id.replace("\x00", ""),
            amount=Money(resource.amount or 0, currency),
            refunded=Money(0, currency),
            phase=PHASES[resource.state],
            status=resource.state,
        )
    return None


def refuse(refusal: Refusal, call: Call) -> Reply:
    """Payment Page refuses with a page, everything else with JSON."""
    if isinstance(refusal, signing.TooMuchToSign):
        call.differs_live(
            f"the simulator signs messages of up to {signing.MAX_MEMBERS} members, {signing.MAX_DEPTH} deep, whose paths have "
            f"{signing.MAX_PATHS} characters together; the live API's own bounds are not known"
        )
    return refusals.refuse(refusal, call) if call.target == returns.PATH else errors.refuse(refusal, call)


def finish(call: Call, reply: Reply) -> None:
    """Adds the headers that live answers have. Pages, which can be told by their policy, have their own."""
    if "content-security-policy" in reply.headers:
        return
    for name, value in OBSERVED_HEADERS.items():
        reply.headers.setdefault(name, value)
    reply.headers.setdefault("expires", format_datetime(call.now - timedelta(seconds=1), usegmt=True))


PROVIDER = Provider(
    **OUTLINE,
    facts=Facts(Path(__file__).parent / "facts.toml", "ecommpay"),
    resources=(Payment, Sale, Refund, Request, Sequence),
    endpoints=(*ENDPOINTS, *routes.ENDPOINTS, *DATA_ENDPOINTS),
    pages=(*routes.PAGES, *preflights((*ENDPOINTS, *routes.ENDPOINTS, *DATA_ENDPOINTS))),
    left_out=LEFT_OUT,
    authenticate=data_access.authenticate_either,
    proofs=auth.PROOFS,
    refuse=refuse,
    limit=data_access.limit,
    claims=data_access.claims,
    webhooks=WEBHOOKS,
    summarise=summarise,
    phases=PHASES,
    hear=outcomes.hear_wallet,
    on_timer=outcomes.on_timer,
    timers=("timer.checked", "timer.clarified", "timer.process", "timer.refund"),
    return_to=returns.return_to,
    return_field="return_url.success, return_url.decline",
    finish=finish,
    content_type="application/json; charset=UTF-8",
    verify=receiver.verify,
    recognises=receiver.recognises,
    demo=demo.story,
    shop=SHOP,
    sandbox=SANDBOX,
    first_steps=FirstSteps(
        folder=Path(__file__).parent,
        call="ecommpay_first_call",
        link="redirect_data.url",
        link_by_webhook=True,
        decline=(Money(40000, "CNY"), "20105"),
        differs=(
            ("ecommpay_differs_page", "2.1"),
            ("ecommpay_differs_emulator", "8.4"),
            ("ecommpay_differs_refunds", "4.4"),
        ),
    ),
    stories=STORIES,
    verify_request=verify_request,
    explain_request=explain_request,
    documents="Gate: requests are signed in the body (`general.signature`, or `signature` where there is no `general`). An answer "
    "with status success only says that the request was accepted; results and most errors arrive by callback. "
    "Data API: `token` and `signature` stand in the body, by credentials of their own; answers are signed too.",
    settings=EcommpaySettings,
    settlement=SETTLEMENT,
    decisions=Decisions(wallet=("sale",), bank=("refund",), provider={"sale": SaleOptions}),
)
