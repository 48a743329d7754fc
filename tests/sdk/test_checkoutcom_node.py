"""The official Node client, with the lines that the README gives; and where its secret would go without them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node

ORDER: dict[str, Any] = {
    "amount": 1100,
    "currency": "EUR",
    "reference": "ORD-5023-4E89",
    "source": {"type": "alipay_cn"},
    "processing": {"terminal_type": "APP", "os_type": "IOS"},
    "success_url": "https://example.com/success",
    "failure_url": "https://example.com/failure",
    "payment_type": "Regular",
    "capture": True,
    "customer": {"email": "john.smith@example.com", "name": "John Smith"},
    "shipping": {"address": {"country": "GB"}},
}
IMPORT = 'const { Checkout } = await import("checkout-sdk-node");'


@pytest.fixture
def shop(world: World, node: Node) -> Any:
    """Runs a program with a client that has the secret key."""
    own = world.credentials("checkoutcom")
    lines = readme.lines("Checkout.com", "Node checkout-sdk-node", world.url)
    order = {**ORDER, "processing_channel_id": own["processing_channel_id"]}

    def run(program: str, **given: Any) -> Any:
        return node.run(f"{IMPORT} {lines} {program}", key=own["secret_key"], order=order, **given)

    return run


@pytest.fixture
def with_oauth(world: World, node: Node) -> Any:
    """Runs a program with a client that has an id and a secret; `given` may replace the README's lines."""
    own = world.credentials("checkoutcom")

    def run(program: str, lines: str | None = None, **given: Any) -> Any:
        lines = lines or readme.lines("Checkout.com", "Node checkout-sdk-node with OAuth", world.url)
        client = {"id": own["client_id"], "secret": own["client_secret"]}
        return node.run(f"{IMPORT} {lines} {program}", **client, **given)

    return run


def test_a_purchase_from_the_payment_to_the_refund(world: World, shop: Any) -> None:
    created, again = shop(
        "return [await client.payments.request(order, 'once'), await client.payments.request(order, 'once')]"
    )
    world.act("checkoutcom", created["id"], "pay")
    world.advance("PT5S")
    details, refund, actions = shop(
        """
        const details = await client.payments.get(id);
        const refund = await client.payments.refund(id, {amount: 20, reference: "RF-1"});
        return [details, refund, await client.payments.getActions(id)];
        """,
        id=created["id"],
    )

    assert (created["status"], created["requiresRedirect"], again["id"]) == ("Pending", True, created["id"])
    assert created["redirectLink"].startswith(world.url.replace("127.0.0.1", "localhost"))
    assert (details["status"], details["balances"]["available_to_refund"]) == ("Captured", 1100)
    assert actions[0]["id"] == refund["action_id"]


def test_a_customer_is_changed_by_a_patch_in_small_letters(shop: Any) -> None:
    """The client writes the method as `patch`, on the wire."""
    told = shop(
        """
        const made = await client.customers.create({email: "a@example.com", name: "A"});
        await client.customers.update(made.id, {name: "B"});
        return await client.customers.get(made.id);
        """
    )

    assert told["name"] == "B"


def test_refusals_become_the_clients_own_errors(shop: Any) -> None:
    told = shop(
        """
        const failed = async call => { try { await call() } catch (error) { return [error.name, error.http_code, error.body] } };
        return [
            await failed(() => client.payments.request({...order, processing: {terminal_type: "APP"}})),
            await failed(() => client.payments.get("pay_aaaaaaaaaaaaaaaaaaaaaaaaaa")),
            await failed(() => new Checkout("sk_sbox_" + "b".repeat(27), {host: client.config.host}).payments.get("pay_x")),
        ];
        """
    )

    assert [(name, status) for name, status, _ in told] == [
        ("ValidationError", 422),
        ("NotFoundError", 404),
        ("AuthenticationError", 401),
    ]
    assert told[0][2]["error_codes"] == ["os_type_required"]


def test_a_workflow_that_the_client_makes_delivers_signed_webhooks(world: World, shop: Any) -> None:
    """The client brings no check of its own: the manual's, in its language."""
    inbox = f"{world.url}/_sim/inbox/{world.workspace['id']}/node"
    action = {"type": "webhook", "url": inbox, "signature": {"method": "HMACSHA256", "key": "8V8x0dLK%AyD*DNS8JJr"}}
    events = {"type": "event", "events": {"gateway": ["payment_pending", "payment_captured"]}}
    workflow = {"name": "Node", "active": True, "conditions": [events], "actions": [action]}
    shop("return await client.workflows.add(workflow)", workflow=workflow)
    created = shop("return await client.payments.request(order)")
    world.act("checkoutcom", created["id"], "pay")
    world.advance("PT5S")
    world.control("POST", f"{world.path}/settle")
    received = [got for got in world.control("GET", f"{world.path}/inbox/node")["data"] if got["method"] == "POST"]

    signed = shop(
        'return received.map(got => createHmac("sha256", shared).update(got.body).digest("hex"))',
        received=received,
        shared=action["signature"]["key"],
    )

    assert [json.loads(got["body"])["type"] for got in received] == ["payment_pending", "payment_captured"]
    assert signed == [got["headers"]["cko-signature"] for got in received]


def test_oauth_and_balances_come_here_with_the_lines_of_the_readme(world: World, with_oauth: Any) -> None:
    channel = world.credentials("checkoutcom")["processing_channel_id"]

    order = {**ORDER, "processing_channel_id": channel}

    token, payment = with_oauth(
        "const made = await client.payments.request(order); return [client.config.access, made]",
        order=order,
    )
    world.act("checkoutcom", payment["id"], "pay")
    world.advance("PT5S")
    balances = with_oauth('return await client.balances.retrieve(entity, "EUR")', entity=channel.replace("pc_", "ent_"))

    assert token["type"] == "Bearer"
    assert [(found["holding_currency"], found["balances"]["pending"]) for found in balances["data"]] == [("EUR", 1067)]


@pytest.mark.parametrize("environment", ["sandbox", "live"])
def test_without_them_the_secret_would_go_to_the_live_host(world: World, with_oauth: Any, environment: str) -> None:
    """Nothing leaves this machine: `fetch` is replaced, and tells where it was to go. This is what the README warns of."""
    host = world.url
    lines = "const client = new Checkout(secret, {client: id, scope: ['gateway', 'balances'], host, environment});"

    token, secret, balances = with_oauth(
        """
        const asked = [];
        globalThis.fetch = async (url, options) => {
            asked.push([url, String(options.body)]);
            return new Response(JSON.stringify({access_token: "x", token_type: "Bearer", expires_in: 3600}));
        };
        await client.balances.retrieve("ent_x", "EUR");
        return [asked[0][0], asked[0][1].includes("client_secret=" + secret), asked[1][0]];
        """,
        lines=lines,
        host=host,
        environment=environment,
    )

    assert (token, secret) == ("https://access.checkout.com/connect/token", True)
    assert balances.startswith("https://balances.checkout.com/")
