"""Payloads with their own members in their own order, envelopes, headers, the signature, the retry schedule."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim

from providers.checkoutcom.driver import KEY, ONE_TIME, RECURRING, Merchant
from simulator.providers.checkoutcom import PROVIDER, receiver, signing

OTHER = "http://merchant.test/other"
V1 = (
    b'{"id":"evt_kkjm7n2vyubezkq3wzd5hl4aoi","source":"gateway","type":"payment_captured",'
    b'"timestamp":"2026-03-04T05:06:07.089+00:00","version":"1.0.29","data":{"id":"pay_kkgq4pyqpv2ehhizq5cigz37si",'
    b'"action_id":"act_6yqrwmq5dyjuhn4pd2lkfwpcxa","reference":"SIM-1001","amount":1100,'
    b'"processed_on":"2026-03-04T05:06:06.1234567Z","response_code":"10000","response_summary":"Approved",'
    b'"balances":{"total_authorized":1100,"total_voided":0,"available_to_void":0,"total_captured":1100,'
    b'"available_to_capture":0,"total_refunded":0,"available_to_refund":1100},"metadata":{"order":"77"},'
    b'"currency":"EUR"},"_links":{"self":{"href":"http://127.0.0.1:8080/workflows/events/evt_kkjm7n2vyubezkq3wzd5hl4aoi"},'
    b'"subject":{"href":"http://127.0.0.1:8080/workflows/events/subject/pay_kkgq4pyqpv2ehhizq5cigz37si"}}}'
)
CHINESE = '{"type":"payment_pending","data":{"reference":"茶-©-1"}}'
ESCAPED = rb'{"type":"payment_pending","data":{"reference":"\u8336-\u00a9-1"}}'

VECTORS = [
    (V1, "8V8x0dLK%AyD*DNS8JJr", "d6e4a50c7314e125e027484cb47082436be5357260a2074fbcef0c76eda98ba0"),
    (
        V1,
        "Bearer sk_sbox_aaaaaaaaaaaaaaaaaaaaaaaaaab",
        "1d595a9cc93e677dd5a9f2de1eedaba9c06559aaad840b10a85820d226a4ae1c",
    ),
    (
        V1,
        "sk_test_fde517a8-3f01-41ef-b4bd-4282384b0a64",
        "5c16547407922e93eb4afa7b224c47abdcf9270dc7ad5476fe538d233b3c081b",
    ),
    (CHINESE.encode(), "signing-key-1", "b2aae9500fa3543391f260f891af7e8c9810a59a5f39a4420e01368e3f6e973b"),
    (ESCAPED, "signing-key-1", "19a4bcc7900290665cbfd89a11ff89f4ecd64a41e4a56dad24510e8f902732de"),
    (b"{}", "secret", "77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13"),
]


@pytest.mark.parametrize(("body", "key", "signature"), VECTORS)
def test_the_signature_matches_the_known_answers(body: bytes, key: str, signature: str) -> None:
    assert signing.cko_signature(key, body) == signature
    assert hmac.new(key.encode(), body, hashlib.sha256).hexdigest() == signature


def test_the_long_vector_is_the_published_one() -> None:
    digest = hashlib.sha256(V1).hexdigest()
    assert (len(V1), digest[:8], digest[-6:]) == (786, "5e72f991", "33f869")


async def one_of_each(sim: Sim, cko: Merchant) -> dict[str, Any]:
    """The body of the first of each of the nine events by name."""
    metadata = {"coupon_code": "NY2018", "partner_id": 123989, "gift": True}
    created = await cko.request(metadata=metadata, amount=1100)
    await cko.pay(created["id"])
    await cko.refund(created["id"], {"amount": 20, "reference": "RF-1"})
    await cko.refund(created["id"], {"amount": 151})
    for act in ("decline", "cancel", "expire"):
        other = await cko.request(ONE_TIME | {"reference": act}, metadata=metadata)
        await sim.act("checkoutcom", other["id"], act)
    await sim.settle()
    await sim.advance(seconds=5)
    return {hook.body["type"]: hook.body for hook in sim.hooks[::-1]}


CURRENT = {
    "payment_pending": "id reference amount currency processed_on metadata",
    "payment_capture_pending": "id action_id amount processed_on reference metadata currency",
    "payment_captured": "id action_id reference amount processed_on response_code response_summary balances metadata "
    "currency processing event_links trigger",
    "payment_declined": "id action_id reference amount currency customer metadata payment_type processed_on processing "
    "response_code response_summary risk source balances",
    "payment_refund_pending": "id action_id amount processed_on currency",
    "payment_refunded": "id action_id reference amount processed_on response_code response_summary balances metadata "
    "currency processing event_links",
    "payment_refund_declined": "id action_id reference amount processed_on response_code response_summary balances metadata "
    "currency processing event_links",
    "payment_canceled": "action_id id reference amount currency processed_on",
    "payment_expired": "action_id id reference amount currency processed_on metadata",
}
OF_2022 = CURRENT | {
    "payment_captured": CURRENT["payment_captured"].removesuffix(" trigger"),
    "payment_declined": "id action_id reference amount currency payment_type processed_on response_code "
    "response_summary source customer balances risk processing metadata",
    "payment_refunded": "action_id response_code response_summary reference amount balances processing id currency "
    "processed_on metadata",
    "payment_refund_declined": "id action_id amount currency response_code response_summary reference metadata "
    "processed_on",
}
REFUNDS = ("payment_refunded", "payment_refund_declined")


@pytest.mark.parametrize(("shape", "members"), [("current", CURRENT), ("2022", OF_2022)])
async def test_each_event_has_its_own_members_in_its_own_order(
    sim: Sim, cko: Merchant, shape: str, members: dict[str, str]
) -> None:
    await sim.settings("checkoutcom", webhooks_shape=shape)

    bodies = await one_of_each(sim, cko)

    assert {name: " ".join(body["data"]) for name, body in bodies.items()} == members
    for name, body in bodies.items():
        assert list(body) == ["id", "source", "type", "timestamp", "version", "data", "_links"], name
        assert (body["source"], body["version"]) == ("gateway", "1.0.29")
        own, payment = body["id"], body["data"]["id"]
        links = {
            "self": {"href": f"http://sim.test/workflows/events/{own}"},
            "subject": {"href": f"http://sim.test/workflows/events/subject/{payment}"},
        }
        if shape == "current" and name in REFUNDS:
            links["payment"] = {"href": f"http://sim.test/payments/{payment}"}
            links["payment_actions"] = {"href": f"http://sim.test/payments/{payment}/actions"}
        assert body["_links"] == links


async def test_the_card_samples_envelope_is_a_setting(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", webhooks_envelope="as_documented")

    bodies = await one_of_each(sim, cko)

    framed = {name for name, body in bodies.items() if "source" not in body}
    assert framed == {"payment_declined", *REFUNDS}
    for name in framed:
        assert list(bodies[name]) == ["id", "type", "version", "created_on", "data", "_links"]
        kept = (await cko.get(f"/workflows/events/{bodies[name]['id']}")).json()
        assert kept == bodies[name] | {name: kept[name] for name in ("action_invocations", "_links")}
    assert bodies["payment_declined"]["created_on"].startswith("2026-03-04T05:00:0")
    assert all(hook.verdict("checkoutcom").valid for hook in sim.hooks)


async def test_a_method_that_becomes_ready_is_announced_in_a_flat_envelope(sim: Sim, cko: Merchant) -> None:
    """Only under its setting, since Alipay's methods never become ready by themselves."""
    await sim.settings("checkoutcom", setups_announce_ready=True)
    await cko.listens(OTHER, ["payment_method_ready"])
    setup = {"amount": 1000, "currency": "CNY", "reference": "SETUP-1"}
    id_ = (await cko.post("/payments/setups", setup)).json()["id"]

    urls = {"success_url": "https://example.com/ok", "failure_url": "https://example.com/ko"}
    await cko.send("PUT", f"/payments/setups/{id_}", setup | {"settings": urls})
    await sim.settle()

    told = [hook.body for hook in sim.hooks if hook.url == OTHER]
    assert [body["payment_method"] for body in told] == ["alipay_cn", "alipay_hk"]
    assert list(told[0]) == [
        "id", "reference", "payment_method", "client_id", "entity_id", "processing_channel_id", "event_type",
        "event_version", "event_timestamp", "event_subject_id", "event_data", "correlation_id", "idempotency_key",
        "event_links",
    ]  # fmt: skip
    own = f"http://sim.test/payments/setups/{id_}"
    assert told[0]["event_links"] == {"payment": own, "confirm": f"{own}/confirm/alipay_cn"}
    assert (told[0]["id"], told[0]["event_type"]) == (id_, "payment_method_ready")
    sample = await sim.http.post(f"{sim.path}/webhooks/checkoutcom/test-event", json={"event": "payment_method_ready"})
    assert list(json.loads(sample.json()["body"])) == list(told[0])
    assert told[0]["idempotency_key"] == f"{id_}:payment_method_ready:{told[0]['correlation_id']}"


async def test_the_values_of_the_events_are_the_documented_ones(sim: Sim, cko: Merchant) -> None:
    bodies = await one_of_each(sim, cko)
    data = {name: body["data"] for name, body in bodies.items()}

    assert bodies["payment_pending"]["timestamp"] == "2026-03-04T05:00:00.000+00:00"
    assert data["payment_captured"]["processed_on"] == "2026-03-04T05:00:02.0000000+00:00"
    for name in ("payment_pending", "payment_captured", "payment_declined", "payment_refunded", "payment_expired"):
        assert data[name]["metadata"] == {"coupon_code": "NY2018", "partner_id": "123989", "gift": "true"}
    captured = data["payment_captured"]
    assert (captured["response_code"], captured["response_summary"]) == ("10000", "Approved")
    assert captured["balances"]["available_to_refund"] == 1100
    assert captured["event_links"]["refund"] == f"http://sim.test/payments/{captured['id']}/refunds"
    assert list(captured["processing"]) == ["acquirer_transaction_id", "acquirer_reference_number"]
    refunded = data["payment_refunded"]
    assert (refunded["amount"], refunded["reference"], refunded["balances"]["total_refunded"]) == (20, "RF-1", 20)
    declined = data["payment_refund_declined"]
    assert (declined["amount"], declined["reference"], declined["response_code"]) == (151, "ORD-5023-4E89", "20051")
    assert data["payment_declined"]["source"] == {"type": "alipay_cn"}
    assert data["payment_declined"]["risk"] == {"flagged": False, "score": 0}


async def test_processed_on_ends_in_an_offset_in_every_webhook(sim: Sim, cko: Merchant, previous: Merchant) -> None:
    bodies = await one_of_each(sim, cko)
    await previous.made("/webhooks", {"url": OTHER, "event_types": ["payment_pending", "payment_captured"]})
    old = await previous.made("/payments", {"source": {"type": "alipay"}, "amount": 2000, "currency": "USD"})
    await previous.pay(old["id"])

    told = [body["data"] for body in bodies.values()] + [hook.body["data"] for hook in sim.hooks if hook.url == OTHER]

    assert len(told) == 9 + 2
    for data in told:
        assert re.fullmatch(r"2026-03-04T05:\d\d:\d\d\.\d{7}\+00:00", data["processed_on"]), data


async def test_headers_and_signature_are_those_of_the_workflow_action(sim: Sim, cko: Merchant) -> None:
    await cko.request(reference="茶-©-1")
    await sim.settle()

    [hook] = sim.hooks
    assert hook.headers["content-type"] == "application/json; charset=utf-8"
    assert hook.headers["authorization"] == "hook-token-1"
    assert hook.headers["cko-signature"] == hmac.new(KEY.encode(), hook.raw, hashlib.sha256).hexdigest()
    assert "茶-©-1".encode() in hook.raw
    changed = receiver.verify(sim.workspace, hook.headers, hook.raw + b" ")
    assert (changed.valid, changed.received) == (False, hook.headers["cko-signature"])


async def test_an_action_without_a_key_is_not_signed(sim: Sim) -> None:
    merchant = Merchant(sim)
    headers = {"X-Shop": "1", "Content-Type": "application/vnd.shop+json"}
    await merchant.listens(actions=[{"type": "webhook", "url": HOOKS, "headers": headers}])

    await merchant.request()
    await sim.settle()

    [hook] = sim.hooks
    assert "cko-signature" not in hook.headers
    assert (hook.headers["x-shop"], hook.headers["content-type"]) == ("1", "application/vnd.shop+json")


async def test_what_was_signed_for_a_workflow_that_has_changed_or_gone_is_still_explained(
    sim: Sim, cko: Merchant
) -> None:
    await cko.request()
    await sim.settle()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]
    [listed] = (await cko.get("/workflows")).json()["data"]
    path = f"/workflows/{listed['id']}"
    action = (await cko.get(path)).json()["actions"][0]
    wish = {"signature": sim.hooks[-1].headers["cko-signature"]}
    other = {"type": "webhook", "url": HOOKS, "signature": {"method": "HMACSHA256", "key": "another-key"}}

    put = await cko.send("PUT", f"{path}/actions/{action['id']}", other)
    changed = await sim.http.post(f"{sim.path}/webhooks/{id_}/compare", json=wish)
    await cko.send("DELETE", path)
    deleted = await sim.http.post(f"{sim.path}/webhooks/{id_}/compare", json=wish)

    assert put.status_code == 200
    assert [(one.status_code, one.json()["equal"]) for one in (changed, deleted)] == [(200, True)] * 2


async def test_a_failed_webhook_is_retried_eight_times_on_the_documented_schedule(sim: Sim, cko: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500)
    created = await cko.request(RECURRING)
    await sim.act("checkoutcom", created["id"], "pay")
    sim.hooks.clear()

    await sim.advance(hours=40)

    assert sim.hooks[-1].body["type"] == "payment_captured"
    times = [hook.at - sim.started_at for hook in sim.hooks if hook.body["type"] == "payment_pending"]
    minutes = [5, 15, 30, 60, 120, 360, 1080, 1800]
    assert times == [timedelta(minutes=m) for m in minutes]
    pending = [hook for hook in sim.hooks if hook.body["type"] == "payment_pending"]
    assert len({hook.raw for hook in pending}) == 1
    assert len({hook.headers["cko-signature"] for hook in pending}) == 1


@pytest.mark.parametrize(("status", "again"), [(200, False), (201, False), (204, False), (301, True), (404, True)])
async def test_only_a_2xx_acknowledges(sim: Sim, cko: Merchant, status: int, again: bool) -> None:
    sim.answer = lambda request: httpx.Response(status, headers={"location": "http://merchant.test/other"})
    await cko.request()

    await sim.advance(minutes=6)

    assert len(sim.hooks) == (2 if again else 1)


@pytest.mark.parametrize("problem", [httpx.ConnectError("refused"), httpx.ReadTimeout("ten seconds are over")])
async def test_no_answer_within_ten_seconds_is_a_failure(sim: Sim, cko: Merchant, problem: httpx.HTTPError) -> None:
    problems = iter([problem])

    def answer(request: httpx.Request) -> httpx.Response:
        for raised in problems:
            raise raised
        return httpx.Response(200)

    sim.answer = answer
    await cko.request()

    await sim.advance(minutes=6)

    assert [hook.at - sim.started_at for hook in sim.hooks] == [timedelta(0), timedelta(minutes=5)]
    assert PROVIDER.webhooks.retry.timeout_s == 10


async def test_without_any_endpoint_the_events_are_kept(sim: Sim) -> None:
    created = await Merchant(sim).paid()

    found = (await sim.http.get(f"{sim.path}/webhooks?resource_id={created['id']}")).json()["data"]

    assert [(d["event"], d["state"]) for d in found] == [
        ("payment_pending", "kept"),
        ("payment_capture_pending", "kept"),
        ("payment_captured", "kept"),
    ]


async def test_the_workspaces_own_endpoint_hears_everything(sim: Sim) -> None:
    """For tools that configure all providers alike; it is signed with its secret, or with the secret key."""
    await sim.receive_webhooks("checkoutcom", secret="own-secret")
    merchant = Merchant(sim)

    await merchant.paid()

    assert merchant.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]
    for hook in sim.hooks:
        assert hook.headers["cko-signature"] == hmac.new(b"own-secret", hook.raw, hashlib.sha256).hexdigest()
        assert hook.verdict("checkoutcom").valid


async def test_a_scenario_may_send_twice_and_late(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"when": {"event": "payment_captured"}, "webhooks": {"copies": 2, "delay": "PT30S"}}])

    await cko.paid()
    await sim.advance(minutes=1)

    captured = [hook for hook in sim.hooks if hook.body["type"] == "payment_captured"]
    assert [hook.at - sim.started_at for hook in captured] == [timedelta(seconds=32)] * 2
    assert len({hook.body["id"] for hook in captured}) == 1
