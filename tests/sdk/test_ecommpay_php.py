"""What the README shows by hand: PHP's signature of a message with everything in it that JSON has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node, php
from sdk.test_ecommpay_sdk import SALE, post

MESSAGES: dict[str, dict[str, Any]] = {
    "lists": {"receipt_data": {"positions": [{"quantity": n, "amount": 10} for n in range(12)], "tags": ["b", "a"]}},
    "booleans": {"payment": {**SALE["payment"], "force_disable_redirect": True, "recurring": False}},
    "nested": {"a": {"b": {"c": {"d": "1"}}, "x": "2"}},
    "awkward names": {"a": {"b:c": "2", "b10": "3", "b9": "4", "": "5", "1": "6"}},
    "empty": {"a": [], "b": {}, "c": "", "d": None, "e": [None, [], ""]},
    "numbers": {"a": 0, "b": 1.5, "c": -7, "d": "007"},
}


def signed(world: World, **members: Any) -> tuple[dict[str, Any], str]:
    """A message and PHP's signature of it."""
    own = world.credentials("ecommpay")
    body = {"general": {"project_id": own["project_id"], "payment_id": "p-1"}, **SALE, **members}
    functions = readme.curl("ecommpay", world.url).partition("$call")[0]
    return body, php(f"{functions} return signature($order, $secret);", order=body, secret=own["secret_key"])


@pytest.mark.parametrize("what", MESSAGES)
def test_the_signature_by_hand_is_taken(world: World, what: str) -> None:
    body, signature = signed(world, **MESSAGES[what])
    body["general"]["signature"] = signature

    status, answer = post(f"{world.url}/v2/payment/wallet/alipay/sale", json.dumps(body).encode(), "application/json")

    assert (status, answer["status"]) == (200, "success")


@pytest.mark.parametrize("what", ["booleans", "nested"])
def test_the_signature_by_hand_is_the_official_clients(world: World, node: Node, what: str) -> None:
    """It sorts numbers as text and leaves a colon in a name single, so the rest is left to the other test."""
    body, signature = signed(world, **MESSAGES[what])

    official = node.run(
        'return require("ecommpay/src/signer")(body, secret)',
        body=body,
        secret=world.credentials("ecommpay")["secret_key"],
    )

    assert signature == official
