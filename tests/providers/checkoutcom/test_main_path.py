"""The seed's three requests, from the 202 to the refund."""

from __future__ import annotations

import re
from datetime import timedelta

from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, ONE_TIME, RECURRING, TOKEN, Merchant

ID = r"[a-z2-7]{25}[aeimquy4]"


async def test_the_one_time_request_is_answered_as_the_seed_shows(sim: Sim, cko: Merchant) -> None:
    """The stored name of a known customer comes back although the request gave only the e-mail; no source, no amount."""
    await cko.made("/customers", {"email": "john.smith@example.com", "name": "John Smith"})

    answer = await cko.post("/payments", ONE_TIME)

    body = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (202, "application/json")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.headers["cko-request-id"])
    assert list(body) == ["id", "status", "reference", "customer", "_links"]
    assert re.fullmatch(f"pay_{ID}", body["id"])
    assert (body["status"], body["reference"]) == ("Pending", "ORD-5023-4E89")
    assert list(body["customer"]) == ["id", "email", "name"]
    assert body["customer"]["name"] == "John Smith"
    assert list(body["_links"]) == ["self", "redirect"]
    assert body["_links"]["self"]["href"] == f"http://sim.test/payments/{body['id']}"
    page = r"http://sim\.test/page/simulation-wallet/acwallet/alipayconnectcode\.html"
    assert re.fullmatch(
        page + r"\?code=28[0-9]{10}[0-9A-Za-z]{24}&pspName=ALIPAY_CN&loadMode=2", body["_links"]["redirect"]["href"]
    )


async def test_a_recurring_request_shows_its_source_before_anybody_has_agreed(cko: Merchant) -> None:
    body = await cko.made("/payments", RECURRING)

    assert list(body) == ["id", "status", "reference", "customer", "source", "_links"]
    assert list(body["source"]) == ["id", "type"]
    assert re.fullmatch(f"src_{ID}", body["source"]["id"])
    href = body["_links"]["redirect"]["href"]
    assert href.startswith("http://sim.test/page/aplus-linker/acwallet/qrcode.html?url=alipayconnect%3A%2F%2F")


async def test_a_follow_up_is_captured_by_itself_without_a_redirect(sim: Sim, cko: Merchant) -> None:
    source = await cko.agreement()
    sim.hooks.clear()

    body = await cko.made("/payments", FOLLOW_UP | {"source": {"type": "id", "id": source}})

    assert list(body) == ["id", "status", "reference", "customer", "source", "_links"]
    assert (body["status"], body["source"]) == ("Pending", {"id": source, "type": "alipay_cn"})
    assert list(body["_links"]) == ["self"]
    await sim.advance(seconds=5)
    assert await cko.status(body["id"]) == "Captured"
    assert cko.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]


async def test_a_paid_payment_is_captured_two_seconds_later(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"amount": 1100})

    paid = await sim.act("checkoutcom", created["id"], "pay")

    assert (paid["phase"], paid["status"], paid["decided_by"]) == ("processing", "Pending", "buyer:li-na")
    await sim.advance(seconds=5)
    assert await cko.status(created["id"]) == "Captured"
    assert cko.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]
    assert [hook.at - sim.started_at for hook in sim.hooks] == [
        timedelta(0),
        timedelta(0),
        timedelta(seconds=2),
    ]
    assert all(hook.verdict("checkoutcom").valid for hook in sim.hooks)
    assert {hook.headers["authorization"] for hook in sim.hooks} == {TOKEN}


async def test_the_seeds_refund_is_accepted_then_settled(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(amount=1100)
    sim.hooks.clear()

    answer = await cko.refund(created["id"], {"amount": 20})
    await sim.advance(seconds=5)

    assert answer.status_code == 202
    assert list(answer.json()) == ["action_id", "_links"]
    assert answer.json()["_links"] == {"payment": {"href": f"http://sim.test/payments/{created['id']}"}}
    body = await cko.payment(created["id"])
    assert (body["status"], body["balances"]["total_refunded"]) == ("Partially Refunded", 20)
    assert cko.heard() == ["payment_refund_pending", "payment_refunded"]
    assert sim.hooks[1].body["data"]["action_id"] == answer.json()["action_id"]


async def test_an_unpaid_payment_expires_after_fifteen_minutes(sim: Sim, cko: Merchant) -> None:
    created = await cko.request()

    await sim.advance(hours=1)

    assert await cko.status(created["id"]) == "Expired"
    assert sim.hooks[-1].body["type"] == "payment_expired"
    assert sim.hooks[-1].at == sim.started_at + timedelta(minutes=15)
    assert sim.hooks[-1].body["timestamp"] == "2026-03-04T05:15:00.000+00:00"
