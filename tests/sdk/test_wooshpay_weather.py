"""Stripe's clients, in Python and Node, in bad weather: their own retries and idempotency keys make one payment, not two."""

from __future__ import annotations

from typing import Any

import pytest

from sdk.conftest import World
from sdk.languages import Node
from sdk.storms import GIVES_UP_S, STORMS, payments, storm
from sdk.test_wooshpay_node import ORDER


def python_stripe(world: World, **options: Any) -> Any:
    stripe = pytest.importorskip("stripe", reason="the official stripe client is not installed")
    key = world.credentials("wooshpay")["secret_key"]
    requests = stripe.RequestsClient(timeout=options.pop("timeout", 80))
    return stripe.StripeClient(key, base_addresses={"api": world.url}, http_client=requests, **options)


@pytest.mark.parametrize("name", STORMS)
def test_stripes_python_client_pays_once(world: World, name: str) -> None:
    client = python_stripe(world, max_network_retries=2, timeout=GIVES_UP_S if name == "silent" else 80)
    storm(world, "create", **STORMS[name])

    created = client.v1.payment_intents.create(ORDER)

    assert [found.id for found in client.v1.payment_intents.list().data] == [created.id]
    assert payments(world) == 1


@pytest.mark.parametrize("name", STORMS)
def test_stripes_node_client_pays_once(world: World, node: Node, name: str) -> None:
    storm(world, "create", **STORMS[name])

    created, listed = node.run(
        """
        const { hostname, port } = new URL(url);
        const options = { host: hostname, port, protocol: "http", maxNetworkRetries: 2, timeout };
        const client = require("stripe")(key, options);
        const created = await client.paymentIntents.create(order);
        return [created.id, (await client.paymentIntents.list()).data.map(one => one.id)];
        """,
        url=world.url,
        key=world.credentials("wooshpay")["secret_key"],
        order=ORDER,
        timeout=GIVES_UP_S * 1000 if name == "silent" else 80_000,
    )

    assert listed == [created]
    assert payments(world) == 1


def test_stripes_python_client_refunds_once(world: World) -> None:
    client = python_stripe(world, max_network_retries=2)
    intent = client.v1.payment_intents.create(ORDER)
    world.act("wooshpay", intent.id, "pay")
    storm(world, "refund", reset=True, times=1)

    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 400})

    assert [found.id for found in client.v1.refunds.list().data] == [refund.id]


def test_stripes_python_client_reads_again(world: World) -> None:
    client = python_stripe(world, max_network_retries=1)
    intent = client.v1.payment_intents.create(ORDER)
    storm(world, "get_payment_intent", reset=True, times=1)

    assert client.v1.payment_intents.retrieve(intent.id).id == intent.id


def test_half_an_answer_is_left_to_the_merchant_by_stripes_python_client(world: World) -> None:
    """It does not try again by itself; with the same key the merchant pays once."""
    client = python_stripe(world, max_network_retries=2)
    storm(world, "create", truncate=True, times=1)

    with pytest.raises(Exception, match=r"Unexpected error communicating|Network error") as cut:
        client.v1.payment_intents.create(ORDER, {"idempotency_key": "order-1"})
    created = client.v1.payment_intents.create(ORDER, {"idempotency_key": "order-1"})

    assert type(cut.value).__name__ == "APIConnectionError"
    assert [found.id for found in client.v1.payment_intents.list().data] == [created.id]


def test_stripes_python_client_meets_a_busy_key(world: World) -> None:
    """It has given up the slow answer and asks again with the same key while that is in use."""
    client = python_stripe(world, max_network_retries=1, timeout=GIVES_UP_S)
    storm(world, "create", delay="1h", times=1)

    with pytest.raises(Exception, match="Key order-1 is in use by another request") as busy:
        client.v1.payment_intents.create(ORDER, {"idempotency_key": "order-1"})
    world.disarm()
    created = client.v1.payment_intents.create(ORDER, {"idempotency_key": "order-1"})

    assert busy.value.http_status == 409
    assert [found.id for found in client.v1.payment_intents.list().data] == [created.id]


def test_stripes_node_client_meets_a_busy_key(world: World, node: Node) -> None:
    storm(world, "create", delay="1h", times=1)
    program = """
        const { hostname, port } = new URL(url);
        const client = require("stripe")(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 1, timeout });
        const made = client.paymentIntents.create(order, { idempotencyKey: "order-1" });
        return await made.then(one => one.id, error => [error.statusCode, error.code]);
    """
    given = {"url": world.url, "key": world.credentials("wooshpay")["secret_key"], "order": ORDER}

    busy = node.run(program, timeout=GIVES_UP_S * 1000, **given)
    world.disarm()
    created = node.run(program, timeout=80_000, **given)

    assert busy == [409, "idempotency_key_in_use"]
    assert world.control("GET", f"{world.path}/payments")["data"][0]["id"] == created
    assert payments(world) == 1
