"""The official Node client, with the line that the README gives, takes a payment, refunds it and unmarshals every webhook."""

from __future__ import annotations

from typing import Any

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node

ORDER: dict[str, Any] = {
    "order": {
        "amountOfMoney": {"amount": 2500, "currencyCode": "CNY"},
        "customer": {"merchantCustomerId": "cust-19", "billingAddress": {"countryCode": "CN"}},
        "references": {"merchantReference": "AP order/77", "descriptor": "Paper lantern"},
    },
    "redirectPaymentMethodSpecificInput": {
        "paymentProductId": 861,
        "redirectionData": {"returnUrl": "https://shop.example.org/back?cart=7"},
    },
}


@pytest.fixture
def shop(world: World, node: Node) -> Any:
    """Runs a program with the client in it; every call answers with status and body, whatever they are."""
    own = world.credentials("worldline")
    lines = readme.lines("Worldline", "Node connect-sdk-nodejs", world.url)
    credentials = {"id": own["api_key_id"], "secret": own["secret_api_key"], "merchant": own["merchant_id"]}

    def run(program: str, **given: Any) -> Any:
        return node.run(f'const connect = require("connect-sdk-nodejs"); {lines} {program}', **credentials, **given)

    return run


def test_a_purchase_from_the_payment_to_the_refund(world: World, shop: Any) -> None:
    created = shop("return await client.v1.payments.create(merchant, order, null)", order=ORDER)
    payment = created["body"]["payment"]["id"]
    world.act("worldline", payment, "pay")
    world.advance("P2D")

    read, refund, found, missing = shop(
        """
        const half = {amountOfMoney: {amount: 1000, currencyCode: "CNY"}};
        return [
            await client.v1.payments.get(merchant, payment, {returnOperations: true}),
            await client.v1.payments.refund(merchant, payment, half, null),
            await client.v1.payments.refunds(merchant, payment, null),
            await client.v1.payments.get(merchant, payment.replace(/..$/, "99"), {}),
        ];
        """,
        payment=payment,
    )

    assert (created["status"], created["isSuccess"]) == (201, True)
    assert (read["status"], read["body"]["status"], read["body"]["paymentOutput"]["amountPaid"]) == (200, "PAID", 2500)
    assert (refund["status"], refund["body"]["refundOutput"]["amountOfMoney"]["amount"]) == (201, 1000)
    assert [one["id"] for one in found["body"]["refunds"]] == [refund["body"]["id"]]
    assert (missing["status"], missing["isSuccess"], missing["body"]["errors"][0]["httpStatusCode"]) == (
        404,
        False,
        404,
    )


def test_an_idempotence_key_gives_the_first_payment_and_its_instant(shop: Any) -> None:
    first, second, instant = shop(
        """
        const context = {idempotence: {key: "order-7781"}};
        const first = await client.v1.payments.create(merchant, order, context);
        const second = await client.v1.payments.create(merchant, order, context);
        return [first.body.payment.id, second.body.payment.id, context.idempotence.requestTimestamp];
        """,
        order=ORDER,
    )

    assert first == second
    assert instant.isdigit() and len(instant) == 13


def test_what_is_left_out_answers_in_json_so_that_the_client_lives(shop: Any) -> None:
    """The client dies with a SyntaxError of anything else."""
    answer = shop("return await client.v1.mandates.get(merchant, 'M-1', null)")

    assert (answer["status"], answer["isSuccess"]) == (404, False)
    assert answer["body"]["errors"]


def test_every_webhook_is_unmarshalled_and_a_forged_one_is_not(world: World, shop: Any) -> None:
    read = world.receive_webhooks("worldline")
    created = shop("return await client.v1.payments.create(merchant, order, null)", order=ORDER)
    world.act("worldline", created["body"]["payment"]["id"], "pay")
    received = read()
    own = world.credentials("worldline")

    types, forged = shop(
        """
        const store = connect.webhooks.inMemorySecretKeyStore;
        store.storeSecretKey(keyId, keySecret);
        const helper = connect.webhooks.v1.init(store);
        const types = [];
        for (const got of received) types.push((await helper.unmarshal(Buffer.from(got.body), got.headers)).type);
        const forged = await helper.unmarshal(Buffer.from(received[0].body + " "), received[0].headers).catch(e => e.message);
        return [types, forged];
        """,
        received=received,
        keyId=own["webhooks_key_id"],
        keySecret=own["webhooks_secret"],
    )

    assert types == ["payment.created", "payment.redirected", "payment.captured"]
    assert forged.startswith("failed to validate signature")
