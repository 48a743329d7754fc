"""The official clients in bad weather: their own retries and idempotency keys make one payment, not two."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sdk.conftest import World
from sdk.languages import Node
from sdk.test_wooshpay_node import ORDER

STORMS: dict[str, dict[str, Any]] = {
    "reset after": {"reset": True, "times": 1},
    "reset before": {"reset": True, "when": "before", "times": 1},
    "silent": {"hang": True, "times": 1},
    "500 after": {"status": 500, "when": "after", "times": 1},
    "503 before": {"status": 503, "times": 1},
}
"""What happens to the first try."""

GIVES_UP_S = 1


def payments(world: World) -> int:
    return len(world.control("GET", f"{world.path}/payments")["data"])


def storm(world: World, operation: str, **effect: Any) -> None:
    world.arm({"when": {"operation": operation}, "api": effect})


@pytest.fixture
def told(world: World) -> Iterator[Callable[[str], threading.Event]]:
    """Sets an event when the first webhook of a provider arrives: what caused it was executed."""
    arrived = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            arrived.set()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def listen(provider: str) -> threading.Event:
        url = f"http://127.0.0.1:{server.server_port}"
        world.control("PUT", f"{world.path}/webhooks/{provider}", {"url": url})
        return arrived

    yield listen
    server.shutdown()
    thread.join()
    server.server_close()


# Clients that try again by themselves ------------------------------------------------------------------------------


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


def python_stripe(world: World, **options: Any) -> Any:
    stripe = pytest.importorskip("stripe", reason="the official stripe client is not installed")
    key = world.credentials("wooshpay")["secret_key"]
    requests = stripe.RequestsClient(timeout=options.pop("timeout", 80))
    return stripe.StripeClient(key, base_addresses={"api": world.url}, http_client=requests, **options)


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


# Clients that leave it to the merchant -----------------------------------------------------------------------------


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


def test_worldlines_python_client_meets_a_busy_key(world: World, told: Callable[[str], threading.Event]) -> None:
    pytest.importorskip("worldline.connect.sdk", reason="connect-sdk-python3 is not installed")
    from worldline.connect.sdk.call_context import CallContext
    from worldline.connect.sdk.v1.idempotence_exception import IdempotenceException

    from sdk.test_worldline_sdk import client_of, payment_request

    executed = told("worldline")
    storm(world, "payments.create", delay="1h", times=1)
    with client_of(world) as client, ThreadPoolExecutor() as threads:
        merchant = client.v1().merchant(world.credentials("worldline")["merchant_id"])
        slow = threads.submit(merchant.payments().create, payment_request(), CallContext("order-1"))
        assert executed.wait(timeout=20)

        with pytest.raises(IdempotenceException) as busy:
            merchant.payments().create(payment_request(), CallContext("order-1"))
        world.disarm()

        assert slow.result().payment.status == "REDIRECTED"
    assert busy.value.errors[0].message == "DUPLICATE REQUEST IN PROGRESS"
    assert payments(world) == 1


@pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning")
def test_checkouts_python_client_meets_a_busy_key(world: World, told: Callable[[str], threading.Event]) -> None:
    pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")
    from checkout_sdk.exception import CheckoutApiException

    from sdk.test_checkoutcom_sdk import order, with_keys

    executed, api = told("checkoutcom"), with_keys(world)
    storm(world, "pay", delay="1h", times=1)
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(api.payments.request_payment, order(world), "once")
        assert executed.wait(timeout=20)

        with pytest.raises(CheckoutApiException) as busy:
            with_keys(world).payments.request_payment(order(world), "once")
        world.disarm()

        first = slow.result()
    again = api.payments.request_payment(order(world), "once")
    assert busy.value.http_metadata.status_code == 409
    assert again.id == first.id
    assert payments(world) == 1


def test_checkouts_node_client_pays_once_by_the_merchants_key(world: World, node: Node) -> None:
    from sdk import readme
    from sdk.test_checkoutcom_node import IMPORT, ORDER

    own = world.credentials("checkoutcom")
    storm(world, "pay", reset=True, times=1)

    failed, created, again = node.run(
        f"""
        {IMPORT} {readme.lines("Checkout.com", "Node checkout-sdk-node", world.url)}
        const failed = await client.payments.request(order, "once").then(() => "answered", error => error.name);
        const created = await client.payments.request(order, "once");
        return [failed, created.id, (await client.payments.request(order, "once")).id];
        """,
        key=own["secret_key"],
        order={**ORDER, "processing_channel_id": own["processing_channel_id"]},
    )

    assert failed != "answered"
    assert again == created
    assert payments(world) == 1


def test_worldlines_node_client_pays_once_by_the_merchants_key(world: World, node: Node) -> None:
    from sdk import readme
    from sdk.test_worldline_node import ORDER

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
