"""Every way to forge a webhook, played against one provider's merchant, for the official clients to judge.

Where a provider has no helper for it, the manual's own words do.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from sdk.conftest import World
from sdk.languages import Node
from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Purchase
from simulator.kernel.clock import time_of_day
from simulator.kernel.money import Money
from simulator.providers import built_in

PROVIDERS = {provider.name: provider for provider in built_in()}
TRUTH = ("amount", "currency")
"""Under a right signature."""

Takes = Callable[[str, Mapping[str, str]], bool]
"""Whether a receiver takes these bytes with these headers, their names in lower case."""


def buy(world: World, provider: Provider) -> None:
    """A payment that is made and paid, with its webhooks."""
    shop = provider.shop
    assert shop is not None
    account = Account(world.credentials(provider.name), world.url, time_of_day())
    request = shop.sign(account, shop.create(account, Purchase(Money(1000, "CNY"), "https://shop.example/", "order-1")))
    made = urllib.request.Request(world.url + request.path, request.body, dict(request.headers), method=request.method)
    with urllib.request.urlopen(made, timeout=10) as answer:
        assert answer.status < 300
    world.advance("PT10S")
    latest = world.control("GET", f"{world.path}/payments/latest")
    world.act(provider.name, latest["id"], "pay")
    world.advance("PT10S")


def deliveries(world: World) -> list[dict[str, Any]]:
    """The exact bytes stand in the ledger; header names are lower case."""
    world.control("POST", f"{world.path}/settle")
    found: list[dict[str, Any]] = world.control("GET", f"{world.path}/webhooks?limit=500")["data"]
    for one in found:
        one["headers"] = {name.lower(): value for name, value in one["headers"].items()}
    return sorted(found, key=lambda one: one["created_at"])


def attacked(world: World, name: str) -> list[dict[str, Any]]:
    """The deliveries of a world in which every way is tried that the provider's webhooks can show."""
    provider = PROVIDERS[name]
    world.receive_webhooks(name)
    ways = provider.webhooks.forging.ways
    found: list[dict[str, Any]] = []
    for way in ways:
        world.control("POST", f"{world.path}/reset")
        world.arm({"when": {"provider": provider.name}, "webhooks": {"forge": way}})
        buy(world, provider)
        sent = deliveries(world)
        assert {one["forge"] for one in sent if one["adversarial"]} == {way}
        found += sent
    return found


def is_right(delivery: Mapping[str, Any]) -> bool:
    return not delivery["adversarial"] or delivery["forge"] in TRUTH


def misjudged(sent: list[dict[str, Any]], takes: Takes) -> list[tuple[str, Any]]:
    """The deliveries about which a receiver is wrong."""
    wrong = [one for one in sent if takes(one["body"], one["headers"]) != is_right(one)]
    return [(one["event"], one.get("forge")) for one in wrong]


def misjudged_in_node(node: Node, program: str, sent: list[dict[str, Any]], own: Mapping[str, Any]) -> list[Any]:
    """The same of a program for Node that has all deliveries as `given`, and returns whether each is taken."""
    given = [{"body": one["body"], "headers": one["headers"]} for one in sent]
    taken = node.run(program, given=given, own=own)
    assert len(taken) == len(sent)
    return [(one["event"], one.get("forge")) for one, took in zip(sent, taken, strict=True) if took != is_right(one)]
