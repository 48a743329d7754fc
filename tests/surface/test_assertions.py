"""What a test of a shop asserts, and what it reads when that does not hold."""

from __future__ import annotations

import pytest
from buying import ANY, order

from simulator.surface.assertions import TestedWorkspace
from simulator.surface.client import Client, SaidNo, Workspace


@pytest.fixture
def shop(client: Client, world: Workspace) -> TestedWorkspace:
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    return TestedWorkspace(client, world.id)


def events_of(shop: TestedWorkspace, id_: str) -> list[str]:
    shop.settle()
    return [one["event"] for one in shop.deliveries(resource_id=id_)]


def test_the_webhooks_of_a_payment_are_asserted_in_their_order(shop: TestedWorkspace) -> None:
    id_ = order(shop, "order-7")
    shop.pay(ANY.name, id_)
    events = events_of(shop, id_)

    found = shop.assert_webhooks("order-7", *events)

    assert [one["event"] for one in found] == events
    assert shop.assert_webhooks(id_, *reversed(events), any_order=True) == found


def test_others_than_these_fail_with_the_story_of_the_payment(shop: TestedWorkspace) -> None:
    id_ = order(shop, "order-7")
    shop.pay(ANY.name, id_)
    events = events_of(shop, id_)

    with pytest.raises(AssertionError) as failure:
        shop.assert_webhooks(id_, "never.sent")

    told = str(failure.value)
    assert told.startswith(f"webhooks are {', '.join(events)}, not never.sent\n")
    assert f"{ANY.name} {id_} (order-7, " in told
    assert shop.story(id_) in told
    assert f"merchant > {ANY.name}" in shop.story(id_)


def test_one_that_the_shop_did_not_take_fails_with_what_it_answered(shop: TestedWorkspace) -> None:
    shop.set_webhook(ANY.name, "http://127.0.0.1:9/nobody")
    id_ = order(shop)
    shop.pay(ANY.name, id_)
    events = events_of(shop, id_)

    with pytest.raises(AssertionError, match=rf"{events[0]} is pending, not delivered \(try 1 failed: "):
        shop.assert_webhooks(id_, *events)

    assert len(shop.assert_webhooks(id_, *events, state="pending")) == len(events)


def test_what_does_not_come_in_time_fails_with_the_story(shop: TestedWorkspace) -> None:
    id_ = order(shop, "order-7")
    shop.settle()

    with pytest.raises(AssertionError) as late:
        shop.wait_for(resource_id=id_, phase="paid", timeout="0.1s")
    with pytest.raises(AssertionError) as unsaid:
        shop.wait_for_webhook(ANY.name, ANY.webhooks.events[-1], timeout="0.1s")
    with pytest.raises(SaidNo) as wrong:
        shop.wait_for(phase="eaten")

    assert str(late.value).startswith("not within 0.1 s: ")
    assert shop.story(id_) in str(late.value)
    assert shop.story(id_) in str(unsaid.value)
    assert wrong.value.status == 422


def test_a_payment_that_there_is_not_has_no_story(shop: TestedWorkspace) -> None:
    with pytest.raises(LookupError, match="has no payment 'order-8'"):
        shop.story("order-8")
