"""What holds for every provider, the toy one included."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx
import pytest
from merchant import Merchant, purchase
from support import Sim
from toy.acme import ACME

from simulator.engine.shop import Request
from simulator.providers import BUILT_IN, built_in


def test_every_provider_has_a_shop() -> None:
    assert [provider.name for provider in built_in() if provider.shop is None] == []


async def test_a_toy_provider_lives_from_its_own_folder() -> None:
    """Registered by handing it in: nothing of the engine, the wallet or the surface knows its name."""
    async with Sim(providers=[*built_in(), ACME]) as world:
        health = (await world.http.get("/_sim/health")).json()

    assert health["providers"] == [*BUILT_IN, "acme"]


@pytest.mark.uncounted
async def test_an_order_is_paid_on_the_wallets_page(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.waiting()
    assert merchant.course.waits(await merchant.status(id_))
    code = (await world.payment(merchant.name, id_))["wallet"]["code"]

    answer = await world.http.post(f"/w/{code}/confirm", data={"buyer": "li-na", "method": "balance"})
    await merchant.settle()
    await merchant.until_refundable()

    assert answer.status_code == 303
    assert await merchant.status(id_) == merchant.course.paid
    assert (await world.payment(merchant.name, id_))["decided_by"] == "buyer:li-na"
    assert (await world.http.get(f"/w/{code}")).status_code == 200


async def test_every_webhook_verifies_with_the_merchants_own_code(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()
    await merchant.refund(id_, 400)
    await world.advance(hours=1)

    assert world.hooks
    assert [hook.verdict(merchant.name).valid for hook in world.hooks] == [True] * len(world.hooks)


async def test_a_retry_is_signed_with_the_secret_of_its_own_hour(world: Sim, merchant: Merchant) -> None:
    """Wherever the provider puts its signature: in the headers or inside the body."""
    if not merchant.provider.webhooks.retry.delays:
        pytest.skip("this provider tries no webhook again")
    world.answer = lambda request: httpx.Response(500)
    await merchant.paid()
    so_far = len(world.hooks)
    world.answer = merchant.takes
    await world.receive_webhooks(merchant.name, secret=merchant.shop.secrets[0])

    await world.advance(days=1)

    later = world.hooks[so_far:]
    assert later
    assert [hook.verdict(merchant.name).valid for hook in later] == [True] * len(later)


def with_another_end(body: bytes) -> bytes:
    """Of a body that tells no amount: its last letter or digit is another one."""
    return re.sub(rb"[0-9A-Za-z](?=[^0-9A-Za-z]*\Z)", lambda found: b"1" if found[0] == b"0" else b"0", body)


async def test_a_changed_webhook_does_not_verify(world: Sim, merchant: Merchant) -> None:
    if merchant.provider.verify is None:
        pytest.skip("this provider's webhooks are not signed")
    await merchant.paid()
    hook = world.hooks[-1]

    tells_amount = bool(merchant.provider.webhooks.forging.amounts)
    changed = re.sub(rb"10(\.?)00", rb"10\g<1>01", hook.raw) if tells_amount else with_another_end(hook.raw)
    assert changed != hook.raw
    hook.raw = changed

    assert not hook.verdict(merchant.name).valid


async def test_an_unpaid_payment_expires_at_its_instant(world: Sim, merchant: Merchant) -> None:
    if merchant.course.expires_after is None:
        pytest.skip("this provider's payments do not expire by themselves")
    id_ = await merchant.create()
    await world.settle()

    await world.advance(seconds=merchant.course.expires_after.total_seconds() + 3600)

    assert await merchant.status(id_) == merchant.course.expired
    assert (await world.payment(merchant.name, id_))["wallet"]["state"] == "expired"


async def test_more_than_was_paid_cannot_be_refunded(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()
    before = (await world.payment(merchant.name, id_))["refunded"]

    answer = await merchant.refund(id_, 100_000)
    await world.advance(minutes=1)

    assert await merchant.was_refused(id_, answer)
    assert (await world.payment(merchant.name, id_))["refunded"] == before
    assert await merchant.status(id_) == merchant.course.paid


async def test_what_was_not_paid_cannot_be_refunded(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.waiting()

    answer = await merchant.refund(id_, 100)
    await world.advance(minutes=1)

    assert await merchant.was_refused(id_, answer)
    assert merchant.course.waits(await merchant.status(id_))


@pytest.mark.uncounted
async def test_a_part_can_be_refunded(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()

    answer = await merchant.refund(id_, 400)
    await merchant.until_refunded(days=3)

    assert not await merchant.was_refused(id_, answer)
    view = await world.payment(merchant.name, id_)
    assert (view["phase"], view["refunded"]["value"]) == ("partly_refunded", 400)


async def test_a_repeated_request_is_executed_once(world: Sim, merchant: Merchant) -> None:
    if merchant.provider.idempotency is None:
        pytest.skip("this provider has no idempotency key")
    key = {merchant.provider.idempotency.header: "key-1"}

    first = await merchant.send(merchant.creation(), key)
    second = await merchant.send(merchant.creation(), key)

    assert (second.status, second.body) == (first.status, first.body)
    listed = (await world.http.get(f"{world.path}/payments")).json()["data"]
    assert len(listed) == 1


async def test_no_key_and_a_wrong_key_are_refused(world: Sim, merchant: Merchant) -> None:
    """Nothing at all, a key that nobody has, and where the signature stands in the body, another body under it."""
    await merchant.create("order-1")
    unsigned = merchant.creation("order-2")
    shop, signed = merchant.shop, merchant.shop.sign(merchant.account, unsigned)
    strangers = shop.sign(merchant.strangers, shop.create(merchant.strangers, purchase("order-2")))
    wrong = [(unsigned, shop.unauthenticated), (strangers, shop.stranger)]
    if signed.body != unsigned.body:
        wrong.append((replace(signed, body=signed.body.replace(b"order-2", b"order-3")), shop.unauthenticated))

    for request, status in wrong:
        answer = await merchant.ask(request)
        assert answer.status == status
        assert shop.is_error(answer)
    assert len((await world.http.get(f"{world.path}/payments")).json()["data"]) == 1


async def test_an_unknown_route_is_refused_in_the_providers_words(merchant: Merchant) -> None:
    answer = await merchant.send(Request("GET", merchant.shop.unknown_path(merchant.account)))

    assert answer.status == 404
    assert merchant.shop.is_error(answer)


async def test_a_wrong_method_is_refused_in_the_providers_words(merchant: Merchant) -> None:
    answer = await merchant.send(Request("DELETE", merchant.creation().path))

    assert answer.status in (404, 405)
    assert merchant.shop.is_error(answer)


@pytest.mark.uncounted
@pytest.mark.parametrize("body", [b"{", b"[1, 2", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
async def test_what_is_not_json_is_refused_in_the_providers_words(world: Sim, merchant: Merchant, body: bytes) -> None:
    answer = await merchant.send(replace(merchant.creation(), body=body))

    assert 400 <= answer.status < 500
    assert merchant.shop.is_error(answer)
    assert (await world.http.get(f"{world.path}/payments")).json()["data"] == []


async def test_a_body_over_one_megabyte_is_refused(merchant: Merchant) -> None:
    answer = await merchant.send(replace(merchant.creation(), body=b'{"a": "' + b"x" * 10_000_000 + b'"}'))

    assert 400 <= answer.status < 500
    assert merchant.shop.is_error(answer)


async def test_the_journal_shows_every_request(world: Sim, merchant: Merchant) -> None:
    creation = merchant.creation()
    await merchant.send(creation)
    await merchant.send(replace(creation, body=b"{"))

    requests = await world.requests()

    assert [entry["path"] for entry in requests if entry["method"] == "POST"][:1] == [creation.path]
    assert all(entry["provider"] == merchant.name for entry in requests)


@pytest.mark.uncounted
async def test_two_workspaces_never_see_one_another(merchant: Merchant, world: Sim) -> None:
    """The same references, other clocks and other scenarios: nothing crosses."""
    other = Sim.beside(world)
    await other.__aenter__()
    stranger = Merchant(other, merchant.provider)
    await other.receive_webhooks(merchant.name, "http://stranger.test/hooks")
    mine = await merchant.waiting()
    await other.arm([{"wallet": {"decline": "balance"}}])

    theirs = await stranger.waiting()
    await other.act(merchant.name, theirs, "pay")
    await other.advance(days=2)
    await world.act(merchant.name, mine, "pay")
    await merchant.until_refundable()

    assert await merchant.status(mine) == merchant.course.paid
    assert await stranger.status(theirs) != merchant.course.paid
    assert {view["id"] for view in (await world.http.get(f"{world.path}/payments")).json()["data"]} == {mine}


async def test_a_scenarios_outage_is_told_in_the_providers_words(world: Sim, merchant: Merchant) -> None:
    await world.arm([{"api": {"status": 503, "times": 1}}])

    refused = await merchant.answer("order-1")
    accepted = await merchant.answer("order-1")

    assert refused.status == 503
    assert accepted.status < 300
    assert await merchant.id_of(accepted)


async def test_a_return_address_that_is_a_script_is_never_followed(world: Sim, merchant: Merchant) -> None:
    """Either the provider refuses it, or no page makes a link of it."""
    answer = await merchant.answer("order-9", return_url="javascript:alert(1)")

    if answer.status >= 300:
        assert merchant.shop.is_error(answer)
        return
    await merchant.settle()
    [view] = (await world.http.get(f"{world.path}/payments")).json()["data"]
    if view["wallet"] is None:
        assert view["phase"] == "error", "it was accepted first, and refused by webhook"
    else:
        wallet = view["wallet"]
        await world.http.post(f"/w/{wallet['code']}/confirm", data={"buyer": "li-na"})
        assert 'href="javascript:' not in (await world.http.get(f"/w/{wallet['code']}")).text


# The shop ------------------------------------------------------------------------------------------------------


async def test_the_sample_is_taken(world: Sim, merchant: Merchant) -> None:
    """Whoever makes a test payment without saying more makes this one."""
    sample = merchant.shop.sample

    answer = await merchant.send(merchant.shop.create(merchant.account, sample))
    await merchant.settle()

    view = await world.payment(merchant.name, await merchant.id_of(answer, sample))
    assert view["phase"] == "waiting"
    assert view["amount"] == {"value": sample.amount.value, "currency": sample.amount.currency}


@pytest.mark.uncounted
async def test_every_way_of_paying_makes_a_payment_that_can_be_paid(world: Sim, merchant: Merchant) -> None:
    phases = {}
    for number, variant in enumerate(merchant.shop.variants):
        id_ = await merchant.create(f"order-{number}", variant=variant)
        await merchant.settle()
        await world.act(merchant.name, id_, "pay")
        await merchant.settle()
        phases[variant] = (await world.payment(merchant.name, id_))["phase"]

    assert phases == dict.fromkeys(merchant.shop.variants, "paid")


@pytest.mark.uncounted
async def test_every_currency_of_the_shop_is_taken(world: Sim, merchant: Merchant) -> None:
    phases = {}
    for currency in merchant.shop.currencies:
        id_ = await merchant.create(f"order-{currency}", 500_000, currency=currency)
        await merchant.settle()
        phases[currency] = (await world.payment(merchant.name, id_))["phase"]

    assert phases == dict.fromkeys(merchant.shop.currencies, "waiting")


async def test_the_address_for_the_buyer_leads_the_buyer_to_a_page(world: Sim, merchant: Merchant) -> None:
    """Where the answer only says `accepted`, a webhook says where to go."""
    answer = await merchant.answer()
    await merchant.settle()

    documents = [document for one in (answer, *merchant.heard()) if (document := one.json) is not None]
    told = [merchant.shop.pay_url(document) for document in documents]
    url = next(found for found in told if found is not None)
    page = await world.http.get(url, follow_redirects=True)
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")


@pytest.mark.uncounted
async def test_a_browser_comes_back_while_the_wallet_has_not_decided(world: Sim, merchant: Merchant) -> None:
    """The shop's branch for "status unknown": it is led to its own address, asks, and is told that nothing is decided."""
    id_ = await merchant.waiting()
    code = (await world.payment(merchant.name, id_))["wallet"]["code"]
    await world.http.post(f"/w/{code}/force", data={"outcome": "late"})

    page = (await world.http.get(f"/w/{code}")).text

    found = re.search(r'href="([^"]*)"[^>]* data-testid="return-early"', page)
    assert found is not None
    assert unescape(found[1]).startswith("https://shop.example")
    assert merchant.course.waits(await merchant.status(id_))
    assert (await world.payment(merchant.name, id_))["wallet"]["state"] == "paying"


async def test_the_merchant_can_give_up_a_payment_that_waits(world: Sim, merchant: Merchant) -> None:
    if merchant.shop.cancel is None:
        pytest.skip("this provider has no call for it")
    id_ = await merchant.waiting()

    answer = await merchant.send(merchant.shop.cancel(merchant.account, id_))
    await merchant.settle()

    assert answer.status < 300
    view = await world.payment(merchant.name, id_)
    assert (view["phase"], view["wallet"]["state"]) == ("cancelled", "cancelled")


@pytest.mark.uncounted
async def test_all_that_is_left_can_be_refunded(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()

    answer = await merchant.refund(id_, 1000)
    await merchant.until_refunded(days=3)

    assert not await merchant.was_refused(id_, answer)
    view = await world.payment(merchant.name, id_)
    assert (view["phase"], view["refunded"]["value"]) == ("refunded", 1000)


# Who decides ---------------------------------------------------------------------------------------------------

OUTCOMES = {
    # slug: phase after Confirm. Amount: 10.00 CNY.
    "li-na": "paid",
    "wang-wei": "declined",
    "zhang-min": "paid",
    "chen-jie": "declined",
    "zhao-lei": "paid",
    "liu-yang": "paid",
    "sun-li": "paid",
    "zhou-ting": "waiting",
}


@pytest.mark.uncounted
@pytest.mark.parametrize("buyer", OUTCOMES)
async def test_each_buyer_produces_their_outcome(world: Sim, merchant: Merchant, buyer: str) -> None:
    """Wang Wei has 5 yuan, Chen Jie is blocked, Sun Li's bank takes its time, Zhou Ting closes the app."""
    id_ = await merchant.waiting()
    await world.act(merchant.name, id_, "pay", buyer=buyer)

    await world.advance(seconds=60 + merchant.course.settles_after.total_seconds())

    view = await world.payment(merchant.name, id_)
    assert view["phase"] == OUTCOMES[buyer]
    assert view["decided_by"] == (None if buyer == "zhou-ting" else f"buyer:{buyer}")


@pytest.mark.uncounted
async def test_a_refund_returns_the_money_to_the_buyer(world: Sim, merchant: Merchant) -> None:
    async def balance() -> int:
        buyers = (await world.http.get(f"{world.path}/buyers")).json()["data"]
        return int(next(b["balance"]["value"] for b in buyers if b["slug"] == "li-na"))

    before = await balance()
    id_ = await merchant.paid()
    after_payment = await balance()
    await merchant.refund(id_, 400)
    await merchant.until_refunded(days=1)

    assert (before, after_payment, await balance()) == (800_000, 799_000, 799_400)


@pytest.mark.uncounted
@pytest.mark.parametrize(("act", "phase"), [("decline", "declined"), ("cancel", "cancelled"), ("expire", "expired")])
async def test_the_console_decides(world: Sim, merchant: Merchant, act: str, phase: str) -> None:
    id_ = await merchant.waiting()

    view = await world.act(merchant.name, id_, act)

    assert view["decided_by"] == "console"
    assert view["phase"] in merchant.course.ends.get(act, (phase,))


@pytest.mark.uncounted
async def test_the_first_act_wins(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.waiting()
    await world.act(merchant.name, id_, "cancel")
    code = (await world.payment(merchant.name, id_))["wallet"]["code"]
    sent = len(world.hooks)

    late = await world.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})
    await world.settle()

    assert late.status_code == 303
    assert (await world.payment(merchant.name, id_))["wallet"]["state"] == "cancelled"
    assert len(world.hooks) == sent


@pytest.mark.uncounted
async def test_a_get_changes_nothing(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.waiting()
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
        assert world.workspace.stored_endpoints["acme"] is None


@pytest.mark.uncounted
async def test_an_endpoint_hears_only_the_events_that_it_asked_for(world: Sim, merchant: Merchant) -> None:
    """Which event it is does not matter: the last one of a purchase, of those that come once it is paid."""

    async def paid(id_: str) -> list[str]:
        """The events of this payment from now on."""
        so_far = len((await world.http.get(f"{world.path}/webhooks")).json()["data"])
        await world.act(merchant.name, id_, "pay")
        await merchant.until_refundable()
        data = (await world.http.get(f"{world.path}/webhooks")).json()["data"]
        return [delivery["event"] for delivery in data[so_far:]]

    told = await paid(await merchant.waiting())
    second, wanted = await merchant.waiting("order-2"), told[-1]
    world.hooks.clear()

    await world.receive_webhooks(merchant.name, events=[wanted])
    heard = await paid(second)

    assert heard == [event for event in told if event == wanted]
    assert len(world.hooks) == len(heard)


async def test_a_secret_of_the_endpoint_signs_what_is_sent_there(world: Sim, merchant: Merchant) -> None:
    if merchant.provider.verify is None:
        pytest.skip("this provider's webhooks are not signed")
    await world.receive_webhooks(merchant.name, secret=merchant.shop.secrets[1])

    await merchant.paid()

    verify = merchant.provider.verify
    await world.http.delete(f"{world.path}/webhooks/{merchant.name}")
    own = [verify(world.workspace, hook.headers, hook.raw).valid for hook in world.hooks]
    await world.receive_webhooks(merchant.name, secret=merchant.shop.secrets[1])
    agreed = [verify(world.workspace, hook.headers, hook.raw).valid for hook in world.hooks]
    assert world.hooks and not any(own) and all(agreed)
