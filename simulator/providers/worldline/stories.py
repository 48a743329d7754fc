"""How those of Connect's events come about that an ordinary payment never raises: refunds that are approved by hand, or cancelled,
Alipay+, and money that is taken back."""

from __future__ import annotations

from simulator.engine.shop import Account, Purchase, Request
from simulator.engine.stories import PAID, Ask, Create, Decide, Refund, Set, SoFar, Stories, bank_declines, saying_more
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.worldline import products, shop
from simulator.providers.worldline.model import OrderCounter


def create(account: Account, purchase: Purchase) -> Request:
    """With the members that the examples of webhooks show. Source: docs/providers/worldline.md, source 6."""
    references = {"merchantReference": purchase.reference or "LS-7781"}
    return saying_more(shop.create(account, purchase), {"order": {"references": references}})


def refund(account: Account, id_: str, amount: Money) -> Request:
    references = {"refundReferences": {"merchantReference": "LS-7781-R1"}}
    return saying_more(shop.refund(account, id_, amount), references)


def _cancel_refund(so_far: SoFar) -> Request:
    return Request("POST", shop.path(so_far.account, f"/refunds/{so_far.answer.json['id']}/cancel"))


def _number_orders_far_away(uow: UnitOfWork) -> None:
    """Ids of payments count the merchant's orders. Those of a story begin so high that a merchant's own never get there."""
    last = 9_000_000_000 + int(uow.ids.digits(8))
    uow.add(OrderCounter(id="orders", created_at=uow.now, updated_at=uow.now, last=last))


BY_HAND = Set({"refund_approval": "manual"})
AUTOMATIC = Set({"refund_approval": "auto"})
AS_CANCELLED = Set({"consumer_cancel": "CANCELLED"})

# fmt: off
STORIES = Stories(
    create=create,
    refund=refund,
    prepare=_number_orders_far_away,
    of={
        "payment.cancelled":       (AS_CANCELLED, Create(), Decide("cancelled")),
        "payment.refunded":        (AUTOMATIC, Create(variant=str(products.ALIPAY_PLUS)), Decide("paid"), Refund()),
        "payment.reversed":        (bank_declines("remit"), *PAID),
        "refund.refund_requested": (AUTOMATIC, *PAID, Refund()),
        "refund.pending_approval": (BY_HAND, *PAID, Refund()),
        "refund.cancelled":        (BY_HAND, *PAID, Refund(), Ask(_cancel_refund)),
        "refund.refunded":         (AUTOMATIC, *PAID, Refund()),
    },
)
# fmt: on
