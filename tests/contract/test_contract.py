"""What holds for every provider, the toy one included."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from support import Sim
from toy.acme import ACME

from contract.dialects import DIALECTS, Dialect
from simulator.providers import BUILT_IN, built_in

EVERYBODY = [name for name in (*BUILT_IN, "acme") if name in DIALECTS]


@pytest.fixture
async def world() -> AsyncIterator[Sim]:
    async with Sim(providers=[*built_in(), ACME]) as sim:
        yield sim


@pytest.fixture(params=EVERYBODY)
async def merchant(request: pytest.FixtureRequest, world: Sim) -> Dialect:
    await world.receive_webhooks(request.param)
    return DIALECTS[request.param](world)


async def settled(world: Sim, merchant: Dialect) -> None:
    """Everything that happens by itself after an act has happened."""
    await world.advance(seconds=merchant.settles_after.total_seconds() + 5)


async def paid(world: Sim, merchant: Dialect, reference: str = "order-1", amount: int = 1000) -> str:
    id_ = merchant.id_of(await merchant.create(reference, amount))
    await settled(world, merchant)
    await world.act(merchant.name, id_, "pay")
    await world.advance(seconds=merchant.settles_after.total_seconds() + merchant.refundable_after.total_seconds() + 5)
    return id_


def test_every_provider_has_a_dialect() -> None:
    assert set(BUILT_IN) <= set(DIALECTS)


async def test_a_toy_provider_lives_from_its_own_folder(world: Sim) -> None:
    """Registered by handing it in: nothing of the engine, the wallet or the surface knows its name."""
    health = (await world.http.get("/_sim/health")).json()

    assert health["providers"] == [*BUILT_IN, "acme"]


async def test_an_order_is_paid_on_the_wallets_page(world: Sim, merchant: Dialect) -> None:
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)
    assert await merchant.status(id_) == merchant.waiting
    code = (await world.payment(merchant.name, id_))["wallet"]["code"]

    answer = await world.http.post(f"/w/{code}/confirm", data={"buyer": "li-na", "method": "balance"})
    await settled(world, merchant)
    await world.advance(seconds=merchant.refundable_after.total_seconds())

    assert answer.status_code == 303
    assert await merchant.status(id_) == merchant.paid
    assert (await world.payment(merchant.name, id_))["decided_by"] == "buyer:li-na"
    assert (await world.http.get(f"/w/{code}")).status_code == 200


async def test_every_webhook_verifies_with_the_merchants_own_code(world: Sim, merchant: Dialect) -> None:
    id_ = await paid(world, merchant)
    await merchant.refund(id_, 400)
    await world.advance(hours=1)

    assert world.hooks
    assert [hook.verdict(merchant.name).valid for hook in world.hooks] == [True] * len(world.hooks)


async def test_a_changed_webhook_does_not_verify(world: Sim, merchant: Dialect) -> None:
    await paid(world, merchant)
    hook = world.hooks[-1]

    hook.raw = hook.raw.replace(b"1000", b"1001")

    assert not hook.verdict(merchant.name).valid


async def test_an_unpaid_payment_expires_at_its_instant(world: Sim, merchant: Dialect) -> None:
    if merchant.expiry is None:
        pytest.skip("this provider's payments do not expire by themselves")
    id_ = merchant.id_of(await merchant.create("order-1"))
    await world.settle()

    await world.advance(seconds=merchant.expiry.total_seconds() + 3600)

    assert await merchant.status(id_) == merchant.expired
    assert (await world.payment(merchant.name, id_))["wallet"]["state"] == "expired"


async def test_more_than_was_paid_cannot_be_refunded(world: Sim, merchant: Dialect) -> None:
    id_ = await paid(world, merchant)
    before = (await world.payment(merchant.name, id_))["refunded"]

    answer = await merchant.refund(id_, 100_000)
    await world.advance(minutes=1)

    assert await merchant.was_refused(id_, answer)
    assert (await world.payment(merchant.name, id_))["refunded"] == before
    assert await merchant.status(id_) == merchant.paid


async def test_what_was_not_paid_cannot_be_refunded(world: Sim, merchant: Dialect) -> None:
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)

    answer = await merchant.refund(id_, 100)
    await world.advance(minutes=1)

    assert await merchant.was_refused(id_, answer)
    assert await merchant.status(id_) == merchant.waiting


async def test_a_part_can_be_refunded(world: Sim, merchant: Dialect) -> None:
    id_ = await paid(world, merchant)

    answer = await merchant.refund(id_, 400)
    await world.advance(days=3)

    assert not await merchant.was_refused(id_, answer)
    view = await world.payment(merchant.name, id_)
    assert (view["phase"], view["refunded"]["value"]) == ("partly_refunded", 400)


async def test_a_repeated_request_is_executed_once(world: Sim, merchant: Dialect) -> None:
    if merchant.idempotency_header is None:
        pytest.skip("this provider has no idempotency key")
    key = {merchant.idempotency_header: "key-1"}

    first = await merchant.create("order-1", **key)
    second = await merchant.create("order-1", **key)

    assert (second.status_code, second.content) == (first.status_code, first.content)
    listed = (await world.http.get(f"{world.path}/payments")).json()["data"]
    assert len(listed) == 1


async def test_no_key_and_a_wrong_key_are_refused(world: Sim, merchant: Dialect) -> None:
    created = await merchant.create("order-1")
    body = created.request.content

    for headers in ({}, merchant.wrong_key()):
        answer = await world.http.post(
            merchant.create_path, content=_unsigned(body), headers={"content-type": "application/json", **headers}
        )
        assert answer.status_code == merchant.unauthenticated
        assert merchant.is_own_error(answer)
    assert len((await world.http.get(f"{world.path}/payments")).json()["data"]) == 1


def _unsigned(body: bytes) -> bytes:
    """Where the signature stands in the body, it is broken; elsewhere the body stays."""
    return body.replace(b'"signature": "', b'"signature": "x').replace(b"order-1", b"order-2")


async def test_an_unknown_route_is_refused_in_the_providers_words(world: Sim, merchant: Dialect) -> None:
    status, path = merchant.unknown_route

    answer = await merchant.send("GET", path)

    assert answer.status_code == status
    assert merchant.is_own_error(answer)


async def test_a_wrong_method_is_refused_in_the_providers_words(world: Sim, merchant: Dialect) -> None:
    answer = await merchant.send("DELETE", merchant.create_path)

    assert answer.status_code in (404, 405)
    assert merchant.is_own_error(answer)


@pytest.mark.parametrize("body", [b"{", b"[1, 2", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
async def test_what_is_not_json_is_refused_in_the_providers_words(world: Sim, merchant: Dialect, body: bytes) -> None:
    answer = await merchant.send("POST", merchant.create_path, body)

    assert 400 <= answer.status_code < 500
    assert merchant.is_own_error(answer)
    assert (await world.http.get(f"{world.path}/payments")).json()["data"] == []


async def test_a_body_over_one_megabyte_is_refused(world: Sim, merchant: Dialect) -> None:
    answer = await merchant.send("POST", merchant.create_path, b'{"a": "' + b"x" * 10_000_000 + b'"}')

    assert 400 <= answer.status_code < 500
    assert merchant.is_own_error(answer)


async def test_the_journal_shows_every_request(world: Sim, merchant: Dialect) -> None:
    await merchant.create("order-1")
    await merchant.send("POST", merchant.create_path, b"{")

    requests = await world.requests()

    assert [entry["path"] for entry in requests if entry["method"] == "POST"][:1] == [merchant.create_path]
    assert all(entry["provider"] == merchant.name for entry in requests)


async def test_two_workspaces_never_see_one_another(merchant: Dialect, world: Sim) -> None:
    """The same references, other clocks and other scenarios: nothing crosses."""
    other = Sim.beside(world)
    await other.__aenter__()
    stranger = DIALECTS[merchant.name](other)
    mine = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)
    await other.arm([{"wallet": {"decline": "balance"}}])

    theirs_answer = await stranger.create("order-1")
    await other.advance(seconds=merchant.settles_after.total_seconds() + 5)
    theirs = stranger.id_of(theirs_answer)
    await other.act(merchant.name, theirs, "pay")
    await other.advance(days=2)
    await world.act(merchant.name, mine, "pay")
    await world.advance(seconds=merchant.settles_after.total_seconds() + merchant.refundable_after.total_seconds())

    assert await merchant.status(mine) == merchant.paid
    assert await stranger.status(theirs) != merchant.paid
    assert {view["id"] for view in (await world.http.get(f"{world.path}/payments")).json()["data"]} == {mine}


async def test_a_scenarios_outage_is_told_in_the_providers_words(world: Sim, merchant: Dialect) -> None:
    await world.arm([{"api": {"status": 503, "times": 1}}])

    refused = await merchant.create("order-1")
    accepted = await merchant.create("order-1")

    assert refused.status_code == 503
    assert accepted.status_code < 300
    assert merchant.id_of(accepted)


async def test_a_merchant_that_is_down_hears_later(world: Sim, merchant: Dialect) -> None:
    """The outage is shorter than any provider's schedule of retries."""
    world.answer = lambda request: httpx.Response(503)
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)
    await world.act(merchant.name, id_, "pay")
    missed = len(world.hooks)
    world.hooks.clear()

    world.answer = lambda request: httpx.Response(200)
    await world.advance(days=12)

    states = {view["state"] for view in (await world.http.get(f"{world.path}/webhooks?limit=500")).json()["data"]}
    assert missed > 0
    assert world.hooks
    assert states == {"delivered"}


async def test_a_return_address_that_is_a_script_is_never_followed(world: Sim, merchant: Dialect) -> None:
    """Either the provider refuses it, or no page makes a link of it."""
    created = await merchant.create("order-1")
    body = created.request.content
    if b"https://shop.example/back" not in body:
        pytest.skip("this provider's request has no return address")

    hostile = body.replace(b"https://shop.example/back", b"javascript:alert(1)").replace(b"order-1", b"order-9")
    answer = await merchant.send("POST", merchant.create_path, hostile)

    if answer.status_code < 300:
        code = (await world.payment(merchant.name, merchant.id_of(answer)))["wallet"]["code"]
        await world.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})
        assert 'href="javascript:' not in (await world.http.get(f"/w/{code}")).text
    else:
        assert merchant.is_own_error(answer)


# Who decides ---------------------------------------------------------------------------------------------------

OUTCOMES = {
    # slug: phase after Confirm. Source: design, section 3. Amount: 10.00 CNY.
    "li-na": "paid",
    "wang-wei": "declined",
    "zhang-min": "paid",
    "chen-jie": "declined",
    "zhao-lei": "paid",
    "liu-yang": "paid",
    "sun-li": "paid",
    "zhou-ting": "waiting",
}


@pytest.mark.parametrize("buyer", OUTCOMES)
async def test_each_buyer_produces_his_outcome(world: Sim, merchant: Dialect, buyer: str) -> None:
    """Wang Wei has 5 yuan, Chen Jie is blocked, Sun Li's bank takes its time, Zhou Ting closes the app."""
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)
    await world.act(merchant.name, id_, "pay", buyer=buyer)

    await world.advance(seconds=60 + merchant.settles_after.total_seconds())

    view = await world.payment(merchant.name, id_)
    assert view["phase"] == OUTCOMES[buyer]
    assert view["decided_by"] == (None if buyer == "zhou-ting" else f"buyer:{buyer}")


async def test_a_refund_returns_the_money_to_the_buyer(world: Sim, merchant: Dialect) -> None:
    async def balance() -> int:
        buyers = (await world.http.get(f"{world.path}/buyers")).json()["data"]
        return int(next(b["balance"]["value"] for b in buyers if b["slug"] == "li-na"))

    before = await balance()
    id_ = await paid(world, merchant)
    after_payment = await balance()
    await merchant.refund(id_, 400)
    await world.advance(days=1)

    assert (before, after_payment, await balance()) == (800_000, 799_000, 799_400)


@pytest.mark.parametrize(("act", "phase"), [("decline", "declined"), ("cancel", "cancelled"), ("expire", "expired")])
async def test_the_console_decides(world: Sim, merchant: Dialect, act: str, phase: str) -> None:
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)

    view = await world.act(merchant.name, id_, act)

    assert view["decided_by"] == "console"
    assert view["phase"] in merchant.ends.get(act, (phase,))


async def test_the_first_act_wins(world: Sim, merchant: Dialect) -> None:
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)
    await world.act(merchant.name, id_, "cancel")
    code = (await world.payment(merchant.name, id_))["wallet"]["code"]
    sent = len(world.hooks)

    late = await world.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})
    await world.settle()

    assert late.status_code == 303
    assert (await world.payment(merchant.name, id_))["wallet"]["state"] == "cancelled"
    assert len(world.hooks) == sent


async def test_a_get_changes_nothing(world: Sim, merchant: Dialect) -> None:
    id_ = merchant.id_of(await merchant.create("order-1"))
    await settled(world, merchant)
    before = await world.payment(merchant.name, id_)
    code = before["wallet"]["code"]

    for path in (f"/w/{code}", f"/w/{code}?view=phone", f"/w/{code}/qr.png", f"/w/{code}/state.json"):
        assert (await world.http.get(path)).status_code == 200

    assert await world.payment(merchant.name, id_) == before


async def test_an_endpoint_that_does_not_verify_is_told_apart(world: Sim) -> None:
    """Relaxed by default, honest about it."""
    world.answer = lambda request: httpx.Response(200, text="something else")
    relaxed = await world.http.put(f"{world.path}/webhooks/acme", json={"url": "http://merchant.test/verified"})
    world.answer = lambda request: httpx.Response(200, text=request.headers["acme-challenge"])
    echoed = await world.http.put(f"{world.path}/webhooks/acme", json={"url": "http://merchant.test/verified"})

    assert "would refuse" in relaxed.headers["simulator-notice"]
    assert relaxed.json()["webhooks"]["acme"]["verified"] is False
    assert "simulator-notice" not in echoed.headers
    assert "verified" not in echoed.json()["webhooks"]["acme"]


async def test_a_strict_simulator_refuses_an_endpoint_that_does_not_verify() -> None:
    async with Sim(providers=[ACME], strict=True) as world:
        world.answer = lambda request: httpx.Response(404)

        answer = await world.http.put(f"{world.path}/webhooks/acme", json={"url": "http://merchant.test/verified"})

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "endpoint_not_verified")
        assert world.workspace.webhooks["acme"] is None
