"""The official clients, in Python and Node, in bad weather: with the same key the merchant pays once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node
from sdk.storms import payments, storm, told
from sdk.test_worldline_node import ORDER


def test_worldlines_python_client_says_what_happened_and_pays_once_by_the_merchants_key(world: World) -> None:
    pytest.importorskip("worldline.connect.sdk", reason="connect-sdk-python3 is not installed")
    from worldline.connect.sdk.call_context import CallContext
    from worldline.connect.sdk.communication.communication_exception import CommunicationException

    from sdk.test_worldline_sdk import client_of, payment_request

    storm(world, "payments.create", reset=True, times=1)
    with client_of(world) as client:
        merchant, context = client.v1().merchant(world.credentials("worldline")["merchant_id"]), CallContext("order-1")

        with pytest.raises(CommunicationException):
            merchant.payments().create(payment_request(), context)
        again = merchant.payments().create(payment_request(), context)

    assert again.payment.status == "REDIRECTED"
    assert payments(world) == 1


def test_worldlines_python_client_meets_a_busy_key(world: World) -> None:
    pytest.importorskip("worldline.connect.sdk", reason="connect-sdk-python3 is not installed")
    from worldline.connect.sdk.call_context import CallContext
    from worldline.connect.sdk.v1.idempotence_exception import IdempotenceException

    from sdk.test_worldline_sdk import client_of, payment_request

    storm(world, "payments.create", delay="1h", times=1)
    with client_of(world) as client, told(world, "worldline") as executed, ThreadPoolExecutor() as threads:
        merchant = client.v1().merchant(world.credentials("worldline")["merchant_id"])
        slow = threads.submit(merchant.payments().create, payment_request(), CallContext("order-1"))
        assert executed.wait(timeout=20)

        with pytest.raises(IdempotenceException) as busy:
            merchant.payments().create(payment_request(), CallContext("order-1"))
        world.disarm()

        assert slow.result().payment.status == "REDIRECTED"
    assert busy.value.errors[0].message == "DUPLICATE REQUEST IN PROGRESS"
    assert payments(world) == 1


def test_worldlines_node_client_pays_once_by_the_merchants_key(world: World, node: Node) -> None:
    own = world.credentials("worldline")
    storm(world, "payments.create", status=500, when="after", times=1)

    failed, created = node.run(
        f"""
        const connect = require("connect-sdk-nodejs");
        {readme.lines("Worldline", "Node connect-sdk-nodejs", world.url)}
        const context = () => ({{idempotence: {{key: "order-1"}}}});
        const failed = await client.v1.payments.create(merchant, order, context());
        const created = await client.v1.payments.create(merchant, order, context());
        return [failed.status, created.body.payment.id];
        """,
        id=own["api_key_id"],
        secret=own["secret_api_key"],
        merchant=own["merchant_id"],
        order=ORDER,
    )

    assert failed == 500
    assert payments(world) == 1
    assert world.control("GET", f"{world.path}/payments")["data"][0]["id"] == created
