"""ecommpay's callbacks: where they go, what they say, and when they are tried again. Source: docs/providers/ecommpay.md, source 6.

Callbacks have no names at ecommpay. Ours are made of the type and the status of the operation, such as `sale success`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from simulator.engine.provider import Event, Message, Sending, Signed, Webhooks
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.retry import RetryPolicy
from simulator.providers.ecommpay import auth, signing
from simulator.providers.ecommpay.explained import explain
from simulator.providers.ecommpay.model import Payment, Refund, Request, Sale
from simulator.providers.ecommpay.states import PAYMENT, REFUND, REQUEST
from simulator.providers.ecommpay.wire import answers

EVENTS = (*PAYMENT.events, *REFUND.events, *REQUEST.events)

INTERMEDIATE = frozenset(
    {"sale awaiting clarification", "sale awaiting redirect result", "sale awaiting customer action"}
)
"""Not sent for a purchase on Payment Page, where only the page needs to know. Source: source 6.3.

Inferred: ecommpay.page-callbacks.
"""

ATTEMPTS = 120


def pause_before(attempt: int) -> timedelta:
    """The pause before the n-th attempt (from 2). Source: docs/providers/ecommpay.md, source 6.2."""
    if attempt <= 6:
        return timedelta(seconds=10)
    return timedelta(seconds=min(70 + 10 * 1.12 ** (attempt - 4), 4 * 3600))


RETRY = RetryPolicy(
    delays=tuple(pause_before(n) for n in range(2, ATTEMPTS + 1)),
    timeout_s=30,
    acknowledges=lambda receipt: receipt.status == 200,
)


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """One message, or none when the request or the project wants none. Its signature is added when it leaves."""
    resource = event.resource
    url: str | None
    if isinstance(resource, Payment):
        if resource.callback_disabled or (resource.page is not None and event.name in INTERMEDIATE):
            return []
        assert isinstance(event.about, Sale)
        body = answers.callback(resource, event.about, dict(event.extra))
        url, delay_s = _purchase_url(resource, event.name), resource.callback_delay_s
        from_network = resource.callback_from_network
    elif isinstance(resource, Refund):
        payment = uow.get(Payment, resource.payment)
        if resource.callback_disabled or payment.callback_disabled:
            return []
        body = answers.callback(payment, resource, {})
        url, delay_s = (
            resource.callback_url or payment.callback_url,
            resource.callback_delay_s or payment.callback_delay_s,
        )
        from_network = (resource if resource.callback_url else payment).callback_from_network
    else:
        assert isinstance(resource, Request)
        if resource.callback_disabled:
            return []
        body, url, delay_s = answers.error_callback(resource), resource.callback_url, resource.callback_delay_s
        from_network = resource.callback_from_network
    return [Message(event.name, orjson.dumps(body), url, delay=timedelta(seconds=delay_s), from_network=from_network)]


def _secret(workspace: Workspace) -> str:
    """The project's. A secret given to the endpoint goes before it, though the live platform has but one.

    Inferred: ecommpay.one-secret.
    """
    return workspace.account_endpoint("ecommpay").secret or auth.secret_of(workspace)


def _purchase_url(payment: Payment, event: str) -> str | None:
    """The URL that the request gave for this result, else the one that it gave for everything. Source: source 6.1."""
    final = {"sale success": payment.success_callback_url, "sale decline": payment.decline_callback_url}
    return final.get(event) or payment.callback_url


def sign(sending: Sending) -> Signed:
    """The signature is the body's last member: while the secret stays the same, every attempt sends the same bytes.

    Inferred: ecommpay.retries.
    """
    body = signing.signed(sending.secret(_secret(sending.workspace)), orjson.loads(sending.body))
    return Signed({"content-type": "application/json"}, orjson.dumps(body))


WEBHOOKS = Webhooks(events=EVENTS, retry=RETRY, render=render, sign=sign, explain=explain, forging=signing.FORGING)
