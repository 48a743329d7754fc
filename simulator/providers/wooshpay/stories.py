"""How those of WooshPay's events come about that no intent for Alipay raises: by a session, a card, a bank that takes its time."""

from __future__ import annotations

from simulator.engine.shop import Account, Purchase, Request, json_request
from simulator.engine.stories import Cancel, Create, Decide, Rule, Set, Stories, saying_more
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.wooshpay import shop
from simulator.providers.wooshpay.model import Snowflake


def create(account: Account, purchase: Purchase) -> Request:
    """With the members that the published examples of payloads show. Source: docs/providers/wooshpay.md, source 6.6."""
    more = {"merchant_order_id": purchase.reference or "order-1001", "metadata": {"cart": "77"}}
    return saying_more(shop.create(account, purchase), more)


def refund(account: Account, id_: str, amount: Money) -> Request:
    return saying_more(shop.refund(account, id_, amount), {"metadata": {"cart": "77"}})


def _session(account: Account, purchase: Purchase) -> Request:
    """Source: docs/providers/wooshpay.md, source 3.9 (seed)."""
    price = {
        "currency": purchase.amount.currency,
        "unit_amount": purchase.amount.value,
        "product_data": {"name": "Paper lantern"},
    }
    body = {
        "mode": "payment",
        "success_url": purchase.return_url,
        "cancel_url": purchase.return_url,
        "payment_method_types": ["alipay"],
        "client_reference_id": purchase.reference or "order-1001",
        "line_items": [{"price_data": price, "quantity": 1}],
        "metadata": {"cart": "77"},
    }
    return json_request("POST", "/v1/checkout/sessions", body)


def _card(account: Account, purchase: Purchase) -> Request:
    """Only a card's amount can be authorized first and captured later."""
    body = {
        "amount": purchase.amount.value,
        "currency": purchase.amount.currency,
        "confirm": True,
        "payment_method_data": {"type": "card"},
        "payment_method_types": ["card"],
        "capture_method": "manual",
        "return_url": purchase.return_url,
        "merchant_order_id": purchase.reference or "order-1001",
        "metadata": {"cart": "77"},
    }
    return json_request("POST", shop.INTENTS, body)


def _count_apart(uow: UnitOfWork) -> None:
    """The upper half of what can be counted within a millisecond; no merchant comes so far."""
    apart = (1 << 21) + int(uow.ids.digits(6))
    uow.add(Snowflake(id="last", last=0, apart=apart, created_at=uow.now, updated_at=uow.now))


SLOW_BANK = Rule({"when": {"operation": "confirm"}, "bank": {"delay": "PT1M"}})

FREE = Set({"settlement_currency": "same", "fee_variable": "0", "fee_fixed": "0"})
"""The manual's own purchase is so small that nothing of it would be left to be paid out."""
REFUSES = Rule({"settlement": {"payout": "failed"}})

# fmt: off
STORIES = Stories(
    create=create,
    refund=refund,
    prepare=_count_apart,
    of={
        "payment_intent.processing":                (SLOW_BANK, Create(), Decide("paid")),
        "payment_intent.amount_capturable_updated": (Create(_card), Decide("paid")),
        "payment_intent.canceled":                  (Create(), Cancel()),
        "checkout.session.completed":               (Create(_session), Decide("paid")),
        "checkout.session.expired":                 (Create(_session),),
        "payout.created":                           (FREE, Create(), Decide("paid")),
        "payout.paid":                              (FREE, Create(), Decide("paid")),
        "payout.failed":                            (FREE, REFUSES, Create(), Decide("paid")),
    },
)
# fmt: on
