"""Stripe's official Node client, with the line that the README gives, takes a payment and checks every webhook."""

from __future__ import annotations

from typing import Any

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node

ORDER: dict[str, Any] = {
    "amount": 1999,
    "currency": "CNY",
    "confirm": True,
    "payment_method_data": {"type": "alipay"},
    "payment_method_types": ["alipay"],
    "payment_method_options": {"alipay": {"terminal_type": "WEB", "client_ip": "192.168.0.1"}},
    "return_url": "https://shop.example/back",
    "metadata": {"cart": "77", "note": "茶 & tea"},
}


@pytest.fixture
def shop(world: World, node: Node) -> Any:
    """Runs a program with the client in it."""
    lines = readme.lines("WooshPay", "Node stripe", world.url)
    key = world.credentials("wooshpay")["secret_key"]

    def run(program: str, **given: Any) -> Any:
        return node.run(f'const Stripe = require("stripe"); {lines} {program}', key=key, **given)

    return run


def test_a_purchase_from_the_intent_to_the_refund(world: World, shop: Any) -> None:
    created = shop("return await client.paymentIntents.create(order)", order=ORDER)
    world.act("wooshpay", created["id"], "pay")

    paid, refund, refunds, refused = shop(
        """
        const paid = await client.paymentIntents.retrieve(id);
        const refund = await client.refunds.create({payment_intent: id, amount: 999, reason: "requested_by_customer"});
        const refunds = await client.refunds.list({payment_intent: id});
        const refused = await client.refunds.create({payment_intent: id}).catch(e => [e.type, e.code, e.statusCode]);
        return [paid, refund, refunds.data, refused];
        """,
        id=created["id"],
    )

    assert (created["status"], created["metadata"]) == ("requires_action", ORDER["metadata"])
    assert (paid["status"], paid["amount_received"]) == ("succeeded", 1999)
    assert (refund["amount"], refund["status"]) == (999, "succeeded")
    assert [found["id"] for found in refunds] == [refund["id"]]
    assert refused == ["StripeInvalidRequestError", "charge_already_refunded", 400]


def test_lists_are_paged_and_a_session_is_made_and_expired(shop: Any) -> None:
    made, listed, session, expired = shop(
        """
        const made = [];
        for (let n = 0; n < 5; n++) made.push((await client.paymentIntents.create({...order, amount: 1000 + n})).id);
        const listed = [];
        for await (const one of client.paymentIntents.list({limit: 2})) listed.push(one.id);
        const session = await client.checkout.sessions.create({
            mode: "payment", success_url: "https://shop.example/thanks", cancel_url: "https://shop.example/basket",
            line_items: [{quantity: 2, price_data: {currency: "CNY", unit_amount: 500, product_data: {name: "tea"}}}],
            payment_method_types: ["alipay"],
        });
        return [made, listed, session, await client.checkout.sessions.expire(session.id)];
        """,
        order=ORDER,
    )

    assert listed == made[::-1]
    assert (session["amount_total"], session["status"], expired["status"]) == (1000, "open", "expired")


def test_every_delivery_passes_construct_event_and_a_forged_one_does_not(world: World, shop: Any) -> None:
    inbox = f"{world.url}/_sim/inbox/{world.workspace['id']}/node"
    secret = shop(
        'return (await client.webhookEndpoints.create({url: inbox, enabled_events: ["*"]})).secret', inbox=inbox
    )
    created = shop("return await client.paymentIntents.create(order)", order=ORDER)
    world.act("wooshpay", created["id"], "pay")
    world.control("POST", f"{world.path}/settle")
    received = world.control("GET", f"{world.path}/inbox/node")["data"]
    sent = world.control("GET", f"{world.path}/webhooks?limit=500")["data"]
    for one in received:  # the inbox masks client secrets: the exact bytes stand in the ledger
        signature = one["headers"]["signature"]
        one["body"] = next(delivery["body"] for delivery in sent if signature in delivery["headers"].values())

    names, forged = shop(
        """
        const names = received.map(r => client.webhooks.constructEvent(r.body, r.headers["signature"], secret).type);
        let forged = null;
        try { client.webhooks.constructEvent(received[0].body + " ", received[0].headers["signature"], secret) }
        catch (error) { forged = error.type }
        return [names, forged];
        """,
        received=received,
        secret=secret,
    )

    assert names == ["payment_intent.created", "payment_intent.requires_action", "payment_intent.succeeded"]
    assert forged == "StripeSignatureVerificationError"
