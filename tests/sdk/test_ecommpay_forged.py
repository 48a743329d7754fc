"""The official clients, in Python and Node, refuse each forged callback and take each true one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from sdk.conftest import World
from sdk.forged import attacked, misjudged, misjudged_in_node
from sdk.languages import Node

IN_NODE = """
    const { Callback } = require("ecommpay");
    return given.map(({body}) => {
        try { new Callback(own.secret_key, body).getPaymentId(); return true }
        catch (error) { if (error.message === "Invalid signature") return false; throw error }
    });
"""


def takes(world: World, body: str, headers: Mapping[str, str]) -> bool:
    pytest.importorskip("payment_page_sdk", reason="ecommpay-sdk is not installed")
    from payment_page_sdk.gate import Gate
    from payment_page_sdk.process_exception import ProcessException

    try:
        Gate(world.credentials("ecommpay")["secret_key"]).handle_callback(body)
    except ProcessException:
        return False
    return True


def test_each_forged_webhook_is_refused_and_each_true_one_taken(world: World) -> None:
    assert misjudged(attacked(world, "ecommpay"), partial(takes, world)) == []


def test_the_same_by_the_client_for_node(world: World, node: Node) -> None:
    assert misjudged_in_node(node, IN_NODE, attacked(world, "ecommpay"), world.credentials("ecommpay")) == []
