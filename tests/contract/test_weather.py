"""Weather at every provider, for calls that create, read and refund: what is done stays done, whatever the client hears."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from merchant import Merchant

from contract.calls import OPERATIONS as OPERATIONS_OF_ALL
from simulator.engine.shop import Answer
from simulator.kernel.money import Money

LONG = "1h"
"""Real time that no test waits for: what is held is let go when the scenario is disarmed."""

OPERATIONS = ("create", "read", "refund")


class Client:
    """A merchant who makes one kind of call, and sees what it did."""

    def __init__(self, merchant: Merchant, kind: str) -> None:
        self.merchant, self.kind, self.sim = merchant, kind, merchant.sim
        self.id = ""
        self.headers: dict[str, str] = {}

    async def prepare(self) -> None:
        """A payment to read or to refund."""
        if self.kind != "create":
            await self.merchant.answer()
            await self.merchant.settle()
            self.id = (await self.sim.http.get(f"{self.sim.path}/payments/latest")).json()["id"]
            await self.sim.act(self.merchant.name, self.id, "pay")
            await self.merchant.until_refundable()

    async def call(self) -> Answer:
        if self.kind == "create":
            return await self.merchant.send(self.merchant.creation("order-2"), self.headers)
        if self.kind == "read":
            return await self.merchant.read(self.id)
        return await self.merchant.refund(self.id, 400)

    @property
    def operation(self) -> str:
        """The provider's name of the call."""
        shop, account = self.merchant.shop, self.merchant.account
        request = self.merchant.creation() if self.kind == "create" else None
        if self.kind == "read":
            assert shop.read is not None
            request = shop.read(account, self.id)
        if self.kind == "refund":
            request = shop.refund(account, self.id, Money(400, "CNY"))
        assert request is not None
        path = request.path.partition("?")[0]
        for endpoint in self.merchant.provider.endpoints:
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", endpoint.path)
            if endpoint.method == request.method and re.fullmatch(pattern, path):
                return endpoint.operation
        raise AssertionError(path)

    async def arm(self, **effect: Any) -> None:
        scope = {"provider": self.merchant.name}
        await self.sim.arm([{"when": {"operation": self.operation}, "api": effect}], **scope)

    async def disarm(self) -> None:
        (await self.sim.http.delete(f"{self.sim.path}/scenario")).raise_for_status()

    async def done(self) -> int:
        """How often the call was executed; what only reads does nothing that could be counted."""
        await self.merchant.until_refundable()
        if self.kind == "refund":
            await self.merchant.until_refunded()
        rows = (await self.sim.http.get(f"{self.sim.path}/payments")).json()["data"]
        if self.kind == "create":
            return sum(row["reference"] in ("order-2", "") or row["id"] == "order-2" for row in rows)
        return int(rows[0]["refunded"]["value"]) // 400

    @property
    def once(self) -> int:
        return 0 if self.kind == "read" else 1


@pytest.fixture(params=OPERATIONS)
async def client(request: pytest.FixtureRequest, merchant: Merchant) -> Client:
    client = Client(merchant, request.param)
    if client.kind == "read" and merchant.shop.read is None:
        pytest.skip(f"{merchant.provider.title} has no call that reads a payment")
    await client.prepare()
    return client


@pytest.mark.uncounted
async def test_a_failure_comes_instead_of_the_call(client: Client) -> None:
    await client.arm(status=503, times=1)

    failed = await client.call()

    assert (failed.status, await client.done()) == (503, 0)
    assert client.merchant.shop.is_error(failed)
    assert (await client.call()).status < 300


async def test_a_failure_may_come_after_the_call_was_executed(client: Client) -> None:
    await client.arm(status=500, when="after", times=1)

    failed = await client.call()

    assert (failed.status, await client.done()) == (500, client.once)
    assert client.merchant.shop.is_error(failed)


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("status", "said", "header"),
    [(503, {}, "1"), (429, {"retry_after": "2s"}, "2"), (429, {"retry_after": "PT0.2S"}, "1")],
)
async def test_too_many_says_when_to_come_again(client: Client, status: int, said: dict[str, str], header: str) -> None:
    await client.arm(status=status, **said)

    failed = await client.call()

    assert (failed.status, failed.headers["retry-after"]) == (status, header)


async def test_another_body_comes_with_the_true_status(client: Client) -> None:
    await client.arm(body="<html>Bad gateway</html>", times=1)

    strange = await client.call()

    assert (strange.status < 300, strange.text) == (True, "<html>Bad gateway</html>")
    assert strange.headers["content-type"] == "text/html; charset=utf-8"
    assert strange.headers["content-length"] == "24"
    assert await client.done() == client.once


async def test_another_body_may_come_with_a_failure_instead_of_the_call(client: Client) -> None:
    await client.arm(status=502, body={"away": True})

    strange = await client.call()

    assert (strange.status, strange.json, strange.headers["content-type"]) == (502, {"away": True}, "application/json")
    assert await client.done() == 0


async def test_half_an_answer_is_shorter_than_it_says(client: Client) -> None:
    await client.arm(truncate=True, times=1)

    half = await client.call()

    assert 0 < len(half.body) < int(half.headers["content-length"])
    assert half.json is None
    assert await client.done() == client.once


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_is_reset(client: Client, when: str) -> None:
    await client.arm(reset=True, when=when, times=1)

    with pytest.raises(ConnectionResetError, match="a scenario has reset the connection"):
        await client.call()

    assert await client.done() == (client.once if when == "after" else 0)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_nothing_is_answered_until_it_is_let_go(client: Client, when: str) -> None:
    await client.arm(hang=True, when=when)

    silent = asyncio.create_task(client.call())
    await asyncio.sleep(0)
    assert not silent.done()
    await client.disarm()

    with pytest.raises(ConnectionAbortedError, match="closed the connection without an answer"):
        await silent
    assert await client.done() == (client.once if when == "after" else 0)


@asynccontextmanager
async def held(client: Client, **effect: Any) -> AsyncIterator[asyncio.Task[Answer]]:
    """Within, one call is under way that is answered when the scenario is disarmed."""
    await client.arm(delay=LONG, **effect)
    task = asyncio.create_task(client.call())
    await asyncio.sleep(0)
    assert not task.done()
    yield task
    await client.disarm()
    await task


async def test_a_slow_answer_is_to_a_call_that_was_executed(client: Client) -> None:
    async with held(client) as slow:
        assert await client.done() == client.once

    assert slow.result().status < 300


async def test_a_call_may_be_slow_to_begin(client: Client) -> None:
    async with held(client, when="before") as slow:
        assert await client.done() == 0

    assert slow.result().status < 300
    assert await client.done() == client.once


async def test_a_call_that_was_slow_to_begin_counts_once_against_the_customers_limit(merchant: Merchant) -> None:
    client = Client(merchant, "create")
    at_once = await client.call()
    remaining = [name for name in at_once.headers if name.endswith("remaining")]
    if not remaining:
        pytest.skip(f"{merchant.provider.title} has no limit that its answers tell")

    async with held(client, when="before") as slow:
        pass

    left = int(at_once.headers[remaining[0]]) - int(slow.result().headers[remaining[0]])
    assert left == 1


async def test_a_failure_may_be_slow(client: Client) -> None:
    async with held(client, status=503) as slow:
        assert await client.done() == 0

    assert slow.result().status == 503


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_key_is_in_use_until_the_answer_has_left(merchant: Merchant, when: str) -> None:
    """Then the same answer is given again: one payment, however often it was asked for."""
    policy = merchant.provider.idempotency
    if policy is None:
        pytest.skip(f"{merchant.provider.title} has no idempotency keys")
    client = Client(merchant, "create")
    client.headers = {policy.header: "4a7c8c9e-6f5d-4c4b-8f39-0f1e2d3c4b5a"}

    async with held(client, when=when) as slow:
        meanwhile = await client.call()
    again = await client.call()

    assert (meanwhile.status, merchant.shop.is_error(meanwhile)) == (merchant.shop.in_use, True)
    assert slow.result().status < 300
    assert (again.status, again.body) == (slow.result().status, slow.result().body)
    assert await client.done() == 1


async def test_the_answer_of_a_call_that_was_cut_off_is_given_again_by_its_key(merchant: Merchant) -> None:
    policy = merchant.provider.idempotency
    if policy is None:
        pytest.skip(f"{merchant.provider.title} has no idempotency keys")
    client = Client(merchant, "create")
    client.headers = {policy.header: "4a7c8c9e-6f5d-4c4b-8f39-0f1e2d3c4b5a"}
    await client.arm(reset=True, times=1)
    with pytest.raises(ConnectionResetError):
        await client.call()

    again = await client.call()

    assert again.status < 300
    assert await client.done() == 1


@pytest.mark.parametrize("effect", [{"status": 503}, {"reset": True, "when": "before"}])
async def test_what_comes_instead_of_the_call_leaves_its_key_free(merchant: Merchant, effect: dict[str, Any]) -> None:
    """Also where the provider remembers its own failures under a key."""
    policy = merchant.provider.idempotency
    if policy is None:
        pytest.skip(f"{merchant.provider.title} has no idempotency keys")
    client = Client(merchant, "create")
    client.headers = {policy.header: "4a7c8c9e-6f5d-4c4b-8f39-0f1e2d3c4b5a"}
    await client.arm(**effect, times=1)
    with suppress(ConnectionResetError):
        assert (await client.call()).status == 503

    again = await client.call()

    assert again.status < 300
    assert await client.done() == 1


def test_every_call_has_a_name_by_which_a_scenario_strikes_it() -> None:
    assert [str(one) for one in OPERATIONS_OF_ALL if not one.endpoint.operation] == []


async def test_the_journal_says_what_became_of_the_answer(client: Client) -> None:
    """Its status is that of the call, which the merchant never saw."""
    await client.arm(status=500, when="after", message="Gone", times=2)

    await client.call()

    [entry, *_] = await client.sim.requests()
    assert entry["status"] < 300
    assert entry["weather"] == {"status": 500, "message": "Gone", "when": "after"}


# Webhooks before the answer ----------------------------------------------------------------------------------------


@pytest.fixture(params=["frozen", "running"])
async def clock(request: pytest.FixtureRequest, merchant: Merchant) -> AsyncIterator[str]:
    """While it runs, what a call brings about soon is told too before the call is answered."""
    app = merchant.sim.app
    if request.param == "running":
        await merchant.sim.http.post(f"{merchant.sim.path}/clock/resume")
        loop = asyncio.create_task(app.runtime.run())
    yield request.param
    if request.param == "running":
        loop.cancel()
        await asyncio.wait({loop})


async def test_what_a_call_causes_is_told_before_it_is_answered(merchant: Merchant, clock: str) -> None:
    """The receiver has the whole request, and while it thinks the call is not answered."""
    body = {"rules": [{"webhooks": {"before_answer": True}}], "scope": {"provider": merchant.name}}
    (await merchant.sim.http.put(f"{merchant.sim.path}/scenario", json=body)).raise_for_status()
    order: list[str] = []
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def thinks(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await may_answer.wait()
        order.append("webhook")
        return merchant.takes(request)

    async def creates() -> Answer:
        answer = await merchant.answer()
        order.append("answer")
        return answer

    merchant.sim.answer = thinks
    call, first = asyncio.create_task(creates()), asyncio.create_task(arrived.wait())
    await asyncio.wait({call, first}, return_when=asyncio.FIRST_COMPLETED)
    tells_of_it = arrived.is_set()
    assert not (tells_of_it and call.done())
    may_answer.set()
    answer = await call
    first.cancel()

    assert answer.status < 300
    assert order == ["webhook"] * (len(order) - 1) + ["answer"]
    assert tells_of_it == bool(merchant.sim.hooks)


async def test_every_provider_tells_of_a_new_payment_before_the_answer_while_time_runs(merchant: Merchant) -> None:
    """But those who tell of nothing that soon."""
    await merchant.answer("order-1")
    await merchant.sim.advance(seconds=2)
    if not merchant.sim.hooks:
        pytest.skip(f"{merchant.provider.title} tells of a payment once it is paid")
    merchant.sim.hooks.clear()
    await merchant.sim.http.post(f"{merchant.sim.path}/clock/resume")
    await merchant.sim.arm([{"webhooks": {"before_answer": True}}], provider=merchant.name)
    loop = asyncio.create_task(merchant.sim.app.runtime.run())

    await merchant.answer("order-2")

    assert merchant.sim.hooks
    loop.cancel()
    await asyncio.wait({loop})
