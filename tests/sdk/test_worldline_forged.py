"""The official helpers, in Python and Node, refuse each forged webhook and take each true one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from sdk.conftest import World
from sdk.forged import attacked, misjudged, misjudged_in_node
from sdk.languages import Node

IN_NODE = """
    const connect = require("connect-sdk-nodejs"), store = connect.webhooks.inMemorySecretKeyStore;
    store.storeSecretKey(own.webhooks_key_id, own.webhooks_secret);
    const helper = connect.webhooks.v1.init(store);
    return Promise.all(given.map(({body, headers}) =>
        helper.unmarshal(Buffer.from(body), headers).then(() => true, () => false)));
"""


def takes(world: World, body: str, headers: Mapping[str, str]) -> bool:
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


def test_each_forged_webhook_is_refused_and_each_true_one_taken(world: World) -> None:
    assert misjudged(attacked(world, "worldline"), partial(takes, world)) == []


def test_the_same_by_the_client_for_node(world: World, node: Node) -> None:
    assert misjudged_in_node(node, IN_NODE, attacked(world, "worldline"), world.credentials("worldline")) == []
