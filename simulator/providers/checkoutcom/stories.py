"""How those of Checkout.com's events come about that an ordinary payment never raises: by a chargeback, and what is said to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.shop import Account, Purchase, Request, json_request
from simulator.engine.stories import PAID, Ask, Create, Decide, Rule, Set, SoFar, Stories, Wait, saying_more
from simulator.kernel.money import Money
from simulator.providers.checkoutcom import shop


def create(account: Account, purchase: Purchase) -> Request:
    """With the members that the published payloads show. Source: docs/providers/checkoutcom.md, source 6.3."""
    more = {"metadata": {"order": "77"}, "customer": {"name": "John Smith"}}
    return saying_more(shop.create(account, purchase), more)


def refund(account: Account, id_: str, amount: Money) -> Request:
    return saying_more(shop.refund(account, id_, amount), {"reference": "RF-1"})


def _chargeback(verdict: str) -> Rule:
    return Rule({"when": {"operation": "capture"}, "provider": {"dispute": "PT1H", "verdict": verdict}})


LOOK = Ask(lambda so_far: Request("GET", f"/disputes?payment_id={so_far.payment}"))


def _say(method: str, what: str, body: Any = None) -> Ask:
    """To the dispute that was looked at last."""

    def request(so_far: SoFar) -> Request:
        path = f"/disputes/{so_far.answer.json['data'][0]['id']}{what}"
        return Request(method, path) if body is None else json_request(method, path, body)

    return Ask(request)


RECEIVED = (_chargeback("won"), *PAID, Wait(timedelta(hours=2)), LOOK)
EVIDENCE = {"proof_of_delivery_or_service_text": "Delivered on 4 March, signed for by the customer."}
SUBMITTED = (_say("PUT", "/evidence", EVIDENCE), LOOK, _say("POST", "/evidence"))
SETUP = {
    "amount": 1100,
    "currency": "EUR",
    "reference": "SETUP-1",
    "payment_methods": {"alipay_cn": {"terminal_type": "app"}},
    "settings": {
        "success_url": "https://example.com/payments/success",
        "failure_url": "https://example.com/payments/failure",
    },
}
COMPLETE = {**SETUP, "payment_methods": {"alipay_cn": {"terminal_type": "app", "os_type": "ios"}}}
MADE_READY = (
    Set({"setups_announce_ready": True}),
    Ask(lambda so_far: json_request("POST", "/payments/setups", SETUP)),
    Ask(lambda so_far: json_request("PUT", f"/payments/setups/{so_far.answer.json['id']}", COMPLETE)),
)
ALL_EVENTS = Set({"strict_events": False})
"""With the strict reading these two end as `payment_declined`."""

# fmt: off
STORIES = Stories(
    create=create,
    refund=refund,
    of={
        "payment_canceled":           (ALL_EVENTS, Create(), Decide("cancelled")),
        "payment_expired":            (ALL_EVENTS, Create()),
        "payment_method_ready":       MADE_READY,
        "report_generated":           (*PAID, Wait(timedelta(days=6))),
        "dispute_received":           RECEIVED,
        "dispute_accepted":           (*RECEIVED, _say("POST", "/accept")),
        "dispute_evidence_submitted": (*RECEIVED, *SUBMITTED),
        "dispute_expired":            RECEIVED,
        "dispute_won":                (*RECEIVED, *SUBMITTED),
        "dispute_lost":               (_chargeback("lost"), *RECEIVED[1:], *SUBMITTED),
    },
)
# fmt: on
