"""Ten shops, each with one of the mistakes of docs/testing.md: the shop of `shop.py` with one thing done wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

from shop import Order, Shop

from simulator.surface.assertions import TestedWorkspace

PAID = "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"
STATES = {
    "PAYMENT_CHARGE_CREATED": "waiting",
    "PAYMENT_CHARGE_AUTHENTICATION_PENDING": "waiting",
    PAID: "shipped",
}


class TrustsEverybody(Shop):
    def is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        return True


class CountsAgain(Shop):
    """It keeps no ids of events."""

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        event = json.loads(body)
        if event["type"] == PAID:
            self.orders[event["data"]["merchantPaymentChargeReference"]].parcels += 1
        return 200


class LooksThenWrites(Shop):
    """Between looking whether an event was heard and writing that it was, another copy of it gets through."""

    both: threading.Barrier

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        event = json.loads(body)
        is_new = event["id"] not in self.heard
        self.both.wait()
        if is_new and event["type"] == PAID:
            self.orders[event["data"]["merchantPaymentChargeReference"]].parcels += 1
        self.heard.add(event["id"])
        return 200


class BelievesTheAmount(Shop):
    def _heard(self, event: Any) -> None:
        order = self.orders[event["data"]["merchantPaymentChargeReference"]]
        if event["type"] == PAID and order.state == "waiting":
            order.state, order.fen = "shipped", event["data"]["amount"]["value"]


class BelievesTheOrder(Shop):
    """The last that it hears is how things stand."""

    def _heard(self, event: Any) -> None:
        order = self.orders[event["data"]["merchantPaymentChargeReference"]]
        order.state = STATES.get(event["type"], order.state)


class NeverAsks(Shop):
    def look(self, reference: str) -> Order:
        return self.orders[reference]


class HasNoKey(Shop):
    def _call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        return super()._call(method, path, body)


class SwallowsErrors(Shop):
    def _heard(self, event: Any) -> None:
        try:
            super()._heard(event)
        except URLError:
            """It will be all right."""


class TrustsTheReturn(Shop):
    def look(self, reference: str) -> Order:
        order = self.orders[reference]
        order.state, order.parcels = "shipped", order.parcels + 1
        return order


class RefundsAtOnce(Shop):
    def refund(self, order: Order, fen: int) -> str:
        status = super().refund(order, fen)
        order.state = "refunded"
        return status


@dataclass(frozen=True)
class Stage:
    world: TestedWorkspace
    shop: Shop
    scenario: str

    def bought(self) -> Order:
        """An order whose buyer has confirmed, in that scenario; what is due within ten minutes has happened."""
        self.world.arm(self.scenario)
        order, _ = self.shop.checkout()
        self.world.pay("ppro", order.charge)
        self.world.advance("10m")
        return order

    def phase(self, order: Order) -> str:
        assert order.charge is not None
        return self.world.payment("ppro", order.charge)["phase"]


def takes_what_nobody_signed(stage: Stage) -> bool:
    stage.bought()
    return any(one["state"] == "delivered" for one in stage.world.deliveries() if one.get("adversarial"))


def sends_two_parcels(stage: Stage) -> bool:
    return stage.bought().parcels > 1


def books_another_amount(stage: Stage) -> bool:
    order = stage.bought()
    assert order.state == "shipped"
    return order.fen != 1000


def ends_where_it_began(stage: Stage) -> bool:
    order = stage.bought()
    assert stage.phase(order) == "paid"
    return order.state != "shipped"


def never_ships_what_is_paid(stage: Stage) -> bool:
    """Not even when the buyer comes back."""
    order = stage.bought()
    assert stage.phase(order) == "paid"
    return stage.shop.look(order.reference).state != "shipped"


def takes_the_money_twice(stage: Stage) -> bool:
    stage.world.arm(stage.scenario)
    stage.shop.checkout()
    return len(stage.world.payments()) > 1


def forgets_what_came_in_the_outage(stage: Stage) -> bool:
    order, _ = stage.shop.checkout()
    stage.world.settle()
    stage.world.arm(stage.scenario)
    stage.world.pay("ppro", order.charge)
    stage.world.settle()
    stage.world.disarm()
    stage.world.advance("1h")
    assert stage.phase(order) == "paid"
    return order.state != "shipped"


def ships_what_nobody_paid(stage: Stage) -> bool:
    order = stage.bought()
    return stage.phase(order) != "paid" and stage.shop.look(order.reference).parcels > 0


def tells_of_a_refund_that_was_refused(stage: Stage) -> bool:
    order = stage.bought()
    stage.shop.refund(order, order.fen)
    stage.world.settle()
    return order.state == "refunded" and stage.phase(order) == "paid"


@dataclass(frozen=True)
class Mistake:
    scenario: str
    shop: type[Shop]
    loses: Callable[[Stage], bool]


MISTAKES = (
    Mistake("webhooks-unsigned", TrustsEverybody, takes_what_nobody_signed),
    Mistake("webhooks-twice", CountsAgain, sends_two_parcels),
    Mistake("webhooks-at-once", LooksThenWrites, sends_two_parcels),
    Mistake("webhooks-forged-amount", BelievesTheAmount, books_another_amount),
    Mistake("webhooks-reversed", BelievesTheOrder, ends_where_it_began),
    Mistake("webhooks-lost", NeverAsks, never_ships_what_is_paid),
    Mistake("buyer-cancels", TrustsTheReturn, ships_what_nobody_paid),
    Mistake("api-500-after", HasNoKey, takes_the_money_twice),
    Mistake("api-500", SwallowsErrors, forgets_what_came_in_the_outage),
    Mistake("refund-refused", RefundsAtOnce, tells_of_a_refund_that_was_refused),
)
"""In the order of the page."""
