"""Stripe's official Python client runs against the simulator by changing its base address, webhooks included."""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

stripe = pytest.importorskip("stripe", reason="the official stripe client is not installed")

from sdk import readme  # noqa: E402  # after the check for the client
from sdk.conftest import World  # noqa: E402

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
ITEM: dict[str, Any] = {
    "quantity": 2,
    "price_data": {"currency": "CNY", "unit_amount": 500, "product_data": {"name": "tea"}},
}


def client_of(world: World, key: str = "secret_key", **options: Any) -> Any:
    return stripe.StripeClient(
        world.credentials("wooshpay")[key],
        base_addresses={"api": world.url},
        http_client=stripe.UrllibClient(),
        **options,
    )


@pytest.fixture
def client(world: World) -> Any:
    return client_of(world)


def intent(client: Any, **changes: Any) -> Any:
    return client.v1.payment_intents.create({**ORDER, **changes})


@pytest.fixture
def hooks(world: World, client: Any) -> Iterator[Any]:
    """An endpoint that the client registers itself, at the built-in inbox; the value reads what came and its secret."""
    inbox = f"/_sim/inbox/{world.workspace['id']}/stripe"
    endpoint = client.v1.webhook_endpoints.create({"url": world.url + inbox, "enabled_events": ["*"]})

    def read() -> list[dict[str, Any]]:
        world.control("POST", f"{world.path}/settle")
        data: list[dict[str, Any]] = world.control("GET", f"{world.path}/inbox/stripe?limit=500")["data"]
        for one in data:  # the inbox masks client secrets: the exact bytes stand in the ledger
            one["body"] = exact_body(world, one["headers"]["signature"])
        return data

    read.secret = endpoint.secret  # type: ignore[attr-defined]
    yield read


def test_the_line_of_the_readme_makes_a_client(world: World) -> None:
    key = world.credentials("wooshpay")["secret_key"]
    client = readme.python("WooshPay", "Python stripe", world.url, stripe=stripe, key=key)

    assert client.v1.payment_intents.create(ORDER).status == "requires_action"


def test_an_intent_is_paid_and_read_back(world: World, client: Any) -> None:
    created = intent(client, merchant_order_id="order-1001")

    world.act("wooshpay", created.id, "pay")

    assert created.status == "requires_action"
    assert created.next_action["alipay_handle_redirect"]["url"].startswith(world.url)
    assert created.metadata.to_dict() == ORDER["metadata"]
    paid = client.v1.payment_intents.retrieve(created.id)
    assert (paid.status, paid.amount_received, paid["merchant_order_id"]) == ("succeeded", 1999, "order-1001")


def test_an_intent_is_updated_confirmed_and_cancelled(client: Any) -> None:
    created = client.v1.payment_intents.create({"amount": 500, "currency": "cny"})

    updated = client.v1.payment_intents.update(created.id, {"amount": 700, "metadata": {"a": "1"}})
    confirmed = client.v1.payment_intents.confirm(created.id, {"payment_method_data": {"type": "alipay"}})
    canceled = client.v1.payment_intents.cancel(created.id, {"cancellation_reason": "abandoned"})

    assert (updated.amount, updated.status) == (700, "requires_payment_method")
    assert confirmed.status == "requires_action"
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")


def test_a_card_is_captured_in_part(world: World, client: Any) -> None:
    card = {"payment_method_data": {"type": "card"}, "payment_method_types": ["card"], "capture_method": "manual"}
    created = intent(client, **card)
    world.act("wooshpay", created.id, "pay")

    captured = client.v1.payment_intents.capture(created.id, {"amount_to_capture": 1000})

    assert (captured.status, captured.amount_received) == ("succeeded", 1000)


def test_a_session_is_made_expired_and_its_items_listed(world: World, client: Any) -> None:
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://shop.example/thanks",
            "cancel_url": "https://shop.example/basket",
            "line_items": [ITEM],
            "payment_method_types": ["alipay"],
            "client_reference_id": "order-7",
        }
    )

    items = client.v1.checkout.sessions.line_items.list(session.id)
    expired = client.v1.checkout.sessions.expire(session.id)

    assert (session.amount_total, session.customer, session.status) == (1000, "", "open")
    assert [(item.description, item.quantity, item.amount_total) for item in items.data] == [("tea", 2, 1000)]
    assert expired.status == "expired"
    assert client.v1.payment_intents.retrieve(session.payment_intent).status == "canceled"
    assert [found.id for found in client.v1.checkout.sessions.list().data] == [session.id]


def test_a_refund_is_made_read_and_refused_the_second_time(world: World, client: Any) -> None:
    paid = intent(client)
    world.act("wooshpay", paid.id, "pay")

    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 999, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})

    assert (refund.amount, refund.status) == (999, "succeeded")
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()
    assert [found.id for found in client.v1.refunds.list({"payment_intent": paid.id}).data] == [refund.id]
    assert (refused.value.http_status, refused.value.code) == (400, "charge_already_refunded")
    [charge] = client.v1.charges.list({"payment_intent": paid.id}).data
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 999


def test_customers_and_their_methods(client: Any) -> None:
    customer = client.v1.customers.create({"email": "a@shop.example", "name": "Li Na", "address": {"city": "Xi'an"}})
    method = client.v1.payment_methods.create({"type": "alipay", "billing_details": {"email": "a@shop.example"}})

    client.v1.customers.update(customer.id, {"metadata": {"vip": "yes"}, "phone": "+86 1"})
    attached = client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    listed = client.v1.customers.payment_methods.list(customer.id)
    one = client.v1.customers.payment_methods.retrieve(customer.id, method.id)
    detached = client.v1.payment_methods.detach(method.id)
    deleted = client.v1.customers.delete(customer.id)

    assert (attached.customer, "customer" in detached) == (customer.id, False)
    assert [found.id for found in listed.data] == [one.id] == [method.id]
    assert deleted.deleted is True
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.retrieve(customer.id)
    assert missing.value.http_status == 404


def test_webhook_endpoints_are_managed(client: Any) -> None:
    made = client.v1.webhook_endpoints.create(
        {"url": "https://shop.example/h", "enabled_events": ["payment_intent.succeeded", "charge.refund.updated"]}
    )

    changed = client.v1.webhook_endpoints.update(made.id, {"disabled": True, "description": "off"})
    listed = client.v1.webhook_endpoints.list()
    deleted = client.v1.webhook_endpoints.delete(made.id)

    assert made.enabled_events == ["charge.refund.updated", "payment_intent.succeeded"]
    assert (changed.status, changed.description) == ("disabled", "off")
    assert [found.id for found in listed.data] == [made.id]
    assert (deleted.id, deleted.deleted) == (made.id, True)


def test_lists_are_paged_by_the_client_itself(client: Any) -> None:
    made = [intent(client, amount=1000 + number).id for number in range(7)]

    forward = [found.id for found in client.v1.payment_intents.list({"limit": 3}).auto_paging_iter()]
    page = client.v1.payment_intents.list({"limit": 2, "ending_before": made[0]})
    backward = [found.id for found in page.auto_paging_iter()]

    assert forward == made[::-1]
    assert backward == made[1:]


def test_intents_are_searched(client: Any) -> None:
    wanted = intent(client, merchant_order_id="order-9")
    intent(client, merchant_order_id="order-10")

    found = client.v1.payment_intents.search({"query": "merchant_order_id:'order-9' AND metadata['cart']:'77'"})

    assert [each.id for each in found.data] == [wanted.id]


def exact_body(world: World, signature: str) -> str:
    """Of the delivery that left with this signature."""
    listed = world.control("GET", f"{world.path}/webhooks?limit=500")["data"]
    return next(str(one["body"]) for one in listed if signature in one["headers"].values())


def test_every_delivery_passes_construct_event(world: World, client: Any, hooks: Any) -> None:
    paid = intent(client)
    world.act("wooshpay", paid.id, "pay")
    client.v1.refunds.create({"payment_intent": paid.id})

    received = hooks()

    names = []
    for one in received:
        for header in ("wooshpay-signature", "signature"):
            event = stripe.Webhook.construct_event(one["body"], one["headers"][header], hooks.secret)
        names.append(event.type)
        assert client.v1.events.retrieve(event.id).type == event.type
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(one["body"] + " ", one["headers"]["signature"], hooks.secret)
    assert names == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "charge.refund.updated",
    ]
    assert {one["signature"]["valid"] for one in received} == {True}


def test_a_retry_with_the_same_key_creates_once(world: World) -> None:
    """The client retries on 503 by itself, with the key of its first try."""
    client = client_of(world, max_network_retries=2)
    world.arm({"api": {"status": 503, "times": 2}})

    created = intent(client)

    world.disarm()
    assert [found.id for found in client.v1.payment_intents.list().data] == [created.id]


def test_a_repeated_key_gives_the_first_answer(client: Any) -> None:
    first = client.v1.payment_intents.create(ORDER, {"idempotency_key": "order-1"})
    second = client.v1.payment_intents.create(ORDER, {"idempotency_key": "order-1"})

    assert first.id == second.id
    assert second.last_response.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (402, "CardError"),
        (429, "RateLimitError"),
        (500, "APIError"),
    ],
)
def test_failures_become_the_clients_own_exceptions(world: World, status: int, error: str) -> None:
    client = client_of(world, max_network_retries=0)
    world.arm({"api": {"status": status}})

    with pytest.raises(getattr(stripe, error)) as raised:
        intent(client)

    world.disarm()
    assert raised.value.http_status == status


def test_refusals_become_the_clients_own_exceptions(world: World, client: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.payment_intents.create({"currency": "CNY"})
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.payment_intents.retrieve("pi_1666729870215872512")
    with pytest.raises(stripe.PermissionError):
        client_of(world, "publishable_key").v1.payment_intents.list()
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        stripe.StripeClient("sk_test_nobody", base_addresses={"api": world.url}).v1.customers.list()

    assert (missing.value.param, missing.value.code) == ("amount", "parameter_missing")
    assert (unknown.value.http_status, unknown.value.code) == (404, "resource_missing")


def test_the_live_key_is_live(world: World) -> None:
    created = intent(client_of(world, "live_secret_key"))

    assert created.livemode is True


def test_the_providers_own_way_of_asking_works_beside_it(world: World) -> None:
    """HTTP Basic and plain JSON, as its command-line client sends them."""
    key = base64.b64encode(f"{world.credentials('wooshpay')['secret_key']}:".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{world.url}/v1/payment_intents", b'{"amount": 20, "currency": "CNY"}', headers, method="POST"
    )

    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
