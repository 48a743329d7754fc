"""A purchase at a provider over a real server, for tests that do not care at which provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.shop import Account, Answer, Purchase, Request, Shop
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money
from simulator.providers import built_in
from simulator.surface.client import Workspace

ANY = next(p for p in built_in() if p.shop is not None and p.shop.read and not p.shop.course.settles_after)
"""One whose answers tell at once what is the case."""
assert ANY.shop is not None
SHOP: Shop = ANY.shop

FILING = next(p for p in built_in() if p.settlement is not None and p.settlement.reports is not None)
"""One that writes files about the money."""

AMOUNT = Money(1000, "CNY")
BACK = "https://shop.example/back"


def signed(credentials: Mapping[str, Any], request: Request, url: str = "") -> Request:
    return SHOP.sign(account(credentials, url), request)


def account(credentials: Mapping[str, Any], url: str = "") -> Account:
    return Account(credentials, url, time_of_day())


def ask(world: Workspace, request: Request) -> Answer:
    """One signed call of the provider's API."""
    sent = signed(world.credentials[ANY.name], request, world.client.url)
    got = world.client.send(sent.method, sent.path, headers=sent.headers, content=sent.body or None)
    return Answer(got.status, got.content, got.headers)


def order(world: Workspace, reference: str = "", amount: Money = AMOUNT, back: str = BACK, inbox: str = "") -> str:
    """A new payment that waits for its buyer, by its id."""
    purchase = Purchase(amount, back, reference, inbox=inbox)
    answer = ask(world, creation(world, purchase))
    assert answer.status < 300, answer.text
    id_ = SHOP.id_of(purchase, answer)
    assert id_ is not None, "it tells the id by webhook alone"
    return id_


def creation(world: Workspace, purchase: Purchase = SHOP.sample) -> Request:
    return SHOP.create(account(world.credentials[ANY.name]), purchase)


def reading(world: Workspace, id_: str) -> Request:
    assert SHOP.read is not None
    return SHOP.read(account(world.credentials[ANY.name]), id_)


KEY = next(iter(ANY.credentials(Ids(), True)))
"""The name of its first credential."""
