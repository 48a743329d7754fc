"""The same assertions with `await`."""

from __future__ import annotations

import pytest
from buying import ANY, order

from simulator.surface.assertions import TestedWorkspace
from simulator.surface.async_assertions import AsyncTestedWorkspace
from simulator.surface.async_client import AsyncClient
from simulator.surface.client import SaidNo, Workspace


@pytest.fixture
def shop(world: Workspace) -> TestedWorkspace:
    """For what is made and read without `await`."""
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    return TestedWorkspace(world.client, world.id)


@pytest.fixture
def tested(shop: TestedWorkspace) -> AsyncTestedWorkspace:
    return AsyncTestedWorkspace(AsyncClient(shop.client.url), shop.id, shop.view)


async def test_webhooks_are_asserted_in_their_order_or_in_any(
    shop: TestedWorkspace, tested: AsyncTestedWorkspace
) -> None:
    id_ = order(shop, "order-7")
    await tested.pay(ANY.name, id_)
    await tested.settle()
    events = [one["event"] for one in await tested.deliveries(resource_id=id_)]

    found = await tested.assert_webhooks("order-7", *events)

    assert [one["event"] for one in found] == events
    assert await tested.assert_webhooks(id_, *reversed(events), any_order=True) == found
    await tested.client.close()


async def test_others_than_these_fail_with_the_story(shop: TestedWorkspace, tested: AsyncTestedWorkspace) -> None:
    id_ = order(shop, "order-7")
    shop.settle()

    with pytest.raises(AssertionError) as failure:
        await tested.assert_webhooks(id_, "never.sent")
    with pytest.raises(AssertionError, match="has no payment 'order-8'"):
        await tested.assert_webhooks("order-8")

    assert ", not never.sent\n" in str(failure.value)
    assert shop.story(id_) == await tested.story("order-7")
    assert shop.story(id_) in str(failure.value)
    await tested.client.close()


async def test_what_does_not_come_in_time_fails_with_the_story(
    shop: TestedWorkspace, tested: AsyncTestedWorkspace
) -> None:
    id_ = order(shop, "order-7")
    shop.settle()

    with pytest.raises(AssertionError) as late:
        await tested.wait_for(resource_id=id_, phase="paid", timeout="0.1s")
    with pytest.raises(AssertionError) as unsaid:
        await tested.wait_for_webhook(ANY.name, ANY.webhooks.events[-1], timeout="0.1s")
    with pytest.raises(SaidNo) as wrong:
        await tested.wait_for(phase="eaten")
    with pytest.raises(SaidNo):
        await tested.wait_for_webhook(ANY.name, "never.sent", timeout="for ever")
    with pytest.raises(LookupError, match="has no payment 'order-8'"):
        await tested.story("order-8")

    assert str(late.value).startswith("not within 0.1 s: ")
    assert shop.story(id_) in str(late.value)
    assert shop.story(id_) in str(unsaid.value)
    assert wrong.value.status == 422
    await tested.client.close()


async def test_what_comes_is_returned(shop: TestedWorkspace, tested: AsyncTestedWorkspace) -> None:
    id_ = order(shop)
    await tested.pay(ANY.name, id_)

    paid = await tested.wait_for(resource_id=id_, phase="paid")
    await tested.settle()
    event = (await tested.deliveries(resource_id=id_))[-1]["event"]
    heard = await tested.wait_for_webhook(ANY.name, event, resource_id=id_)

    assert (paid["id"], heard["resource_id"]) == (id_, id_)
    await tested.client.close()
