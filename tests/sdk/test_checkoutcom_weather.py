"""The official clients, in Python and Node, in bad weather: with the same key the merchant pays once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node
from sdk.storms import payments, storm, told
from sdk.test_checkoutcom_node import IMPORT, ORDER


@pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning")
def test_checkouts_python_client_meets_a_busy_key(world: World) -> None:
    pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")
    from checkout_sdk.exception import CheckoutApiException

    from sdk.test_checkoutcom_sdk import order, with_keys

    api = with_keys(world)
    storm(world, "pay", delay="1h", times=1)
    with told(world, "checkoutcom") as executed, ThreadPoolExecutor() as threads:
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
