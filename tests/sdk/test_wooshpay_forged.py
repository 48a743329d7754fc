"""Stripe's helpers, in Python and Node, refuse each forged webhook of WooshPay and take each true one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from sdk.conftest import World
from sdk.forged import PROVIDERS, attacked, buy, deliveries, misjudged, misjudged_in_node
from sdk.languages import Node

IN_NODE = """
    const client = require("stripe")("sk_test_none");
    return given.map(({body, headers}) => {
        try { client.webhooks.constructEvent(body, headers["signature"], own.webhook_secret); return true }
        catch (error) { if (error.type === "StripeSignatureVerificationError") return false; throw error }
    });
"""


def takes(world: World, body: str, headers: Mapping[str, str]) -> bool:
    client = pytest.importorskip("stripe", reason="the official stripe client is not installed")
    secret = world.credentials("wooshpay")["webhook_secret"]
    try:
        client.Webhook.construct_event(body, headers.get("signature", ""), secret)
    except client.SignatureVerificationError:
        return False
    return True


def test_each_forged_webhook_is_refused_and_each_true_one_taken(world: World) -> None:
    assert misjudged(attacked(world, "wooshpay"), partial(takes, world)) == []


def test_the_same_by_the_client_for_node(world: World, node: Node) -> None:
    assert misjudged_in_node(node, IN_NODE, attacked(world, "wooshpay"), world.credentials("wooshpay")) == []


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
        assert takes(world, one["body"], one["headers"]) != one["adversarial"]
