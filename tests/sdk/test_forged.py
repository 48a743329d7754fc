"""Every way to forge a webhook, judged by the official clients, or by the manual's own words where a provider has no helper."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import pytest

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

Takes = Callable[[World, str, Mapping[str, str]], bool]
"""Whether a receiver takes these bytes with these headers, their names in lower case."""


# Receivers -------------------------------------------------------------------------------------------------------


def stripe(world: World, body: str, headers: Mapping[str, str]) -> bool:
    client = pytest.importorskip("stripe", reason="the official stripe client is not installed")
    secret = world.credentials("wooshpay")["webhook_secret"]
    try:
        client.Webhook.construct_event(body, headers.get("signature", ""), secret)
    except client.SignatureVerificationError:
        return False
    return True


def worldline(world: World, body: str, headers: Mapping[str, str]) -> bool:
    pytest.importorskip("worldline.connect.sdk", reason="connect-sdk-python3 is not installed")
    from worldline.connect.sdk.communication.request_header import RequestHeader
    from worldline.connect.sdk.v1.webhooks.v1_webhooks_factory import V1WebhooksFactory
    from worldline.connect.sdk.webhooks.in_memory_secret_key_store import InMemorySecretKeyStore
    from worldline.connect.sdk.webhooks.secret_key_not_available_exception import SecretKeyNotAvailableException
    from worldline.connect.sdk.webhooks.signature_validation_exception import SignatureValidationException

    own, keys = world.credentials("worldline"), InMemorySecretKeyStore()
    keys.store_secret_key(own["webhooks_key_id"], own["webhooks_secret"])
    given = [RequestHeader(name, value) for name, value in headers.items() if name.startswith("x-gcs")]
    try:
        V1WebhooksFactory().create_helper(keys).unmarshal(body.encode(), given)
    except (SecretKeyNotAvailableException, SignatureValidationException):
        return False
    return True


def ecommpay(world: World, body: str, headers: Mapping[str, str]) -> bool:
    pytest.importorskip("payment_page_sdk", reason="ecommpay-sdk is not installed")
    from payment_page_sdk.gate import Gate
    from payment_page_sdk.process_exception import ProcessException

    try:
        Gate(world.credentials("ecommpay")["secret_key"]).handle_callback(body)
    except ProcessException:
        return False
    return True


def checkoutcom(world: World, body: str, headers: Mapping[str, str]) -> bool:
    """As the manual tells it: the official clients have no helper."""
    key = world.credentials("checkoutcom")["secret_key"].encode()
    expected = hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers.get("cko-signature", ""))


def ppro(world: World, body: str, headers: Mapping[str, str]) -> bool:
    """As the manual tells it: there is no official client. The legacy header signs no time, so who reads that alone cannot see
    that a time has changed."""
    secret, raw = world.credentials("ppro")["webhook_secret"].encode(), body.encode()
    t, _, s = headers.get("ppro-signature", "t=,s=").partition(",")
    expected = hmac.new(secret, t[2:].encode() + b"." + raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, s[2:])


IN_PYTHON: dict[str, Takes] = {
    "wooshpay": stripe, "worldline": worldline, "ecommpay": ecommpay, "checkoutcom": checkoutcom, "ppro": ppro,
}  # fmt: skip

IN_NODE = {
    "wooshpay": (
        """
        const client = require("stripe")("sk_test_none");
        return given.map(({body, headers}) => {
            try { client.webhooks.constructEvent(body, headers["signature"], own.webhook_secret); return true }
            catch (error) { if (error.type === "StripeSignatureVerificationError") return false; throw error }
        });
        """
    ),
    "worldline": (
        """
        const connect = require("connect-sdk-nodejs"), store = connect.webhooks.inMemorySecretKeyStore;
        store.storeSecretKey(own.webhooks_key_id, own.webhooks_secret);
        const helper = connect.webhooks.v1.init(store);
        return Promise.all(given.map(({body, headers}) =>
            helper.unmarshal(Buffer.from(body), headers).then(() => true, () => false)));
        """
    ),
    "ecommpay": (
        """
        const { Callback } = require("ecommpay");
        return given.map(({body}) => {
            try { new Callback(own.secret_key, body).getPaymentId(); return true }
            catch (error) { if (error.message === "Invalid signature") return false; throw error }
        });
        """
    ),
}


# The merchant ----------------------------------------------------------------------------------------------------


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


def attacked(world: World, provider: Provider) -> list[dict[str, Any]]:
    """The deliveries of a world in which every way is tried that the provider's webhooks can show."""
    world.receive_webhooks(provider.name)
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


@pytest.mark.parametrize("name", IN_PYTHON)
def test_each_forged_webhook_is_refused_and_each_true_one_taken(world: World, name: str) -> None:
    sent = attacked(world, PROVIDERS[name])

    for one in sent:
        assert IN_PYTHON[name](world, one["body"], one["headers"]) == is_right(one), one


@pytest.mark.parametrize("name", IN_NODE)
def test_the_same_by_the_clients_for_node(world: World, node: Node, name: str) -> None:
    sent = attacked(world, PROVIDERS[name])
    given = [{"body": one["body"], "headers": one["headers"]} for one in sent]

    taken = node.run(IN_NODE[name], given=given, own=world.credentials(name))

    assert [
        (one["event"], one.get("forge")) for one, took in zip(sent, taken, strict=True) if took != is_right(one)
    ] == []


def test_stripes_helper_refuses_an_old_webhook_where_its_time_is_in_seconds(world: World) -> None:
    """It reads milliseconds as seconds, and then finds no time old."""
    provider = PROVIDERS["wooshpay"]
    world.settings("wooshpay", signature_t="seconds")
    world.receive_webhooks("wooshpay")
    world.arm({"when": {"provider": "wooshpay"}, "webhooks": {"stale": "10m"}})

    buy(world, provider)

    sent = deliveries(world)
    assert {one["stale"] for one in sent if one["adversarial"]} == {"10 min"}
    for one in sent:
        assert stripe(world, one["body"], one["headers"]) != one["adversarial"], json.dumps(one)
