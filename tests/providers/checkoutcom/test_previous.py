"""The Previous platform: raw keys, `source.type: alipay`, /webhooks, /events and retry."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

import httpx
from support import HOOKS, Sim

from providers.checkoutcom.driver import Merchant

ORDER: dict[str, Any] = {"source": {"type": "alipay"}, "amount": 2000, "currency": "USD"}
HOOK: dict[str, Any] = {
    "url": HOOKS,
    "active": True,
    "headers": {"authorization": "1234"},
    "content_type": "json",
    "event_types": ["payment_pending", "payment_capture_pending", "payment_captured", "payment_refunded"],
}


async def test_a_payment_needs_no_reference_and_redirects_to_a_number(sim: Sim, previous: Merchant) -> None:
    body = await previous.made("/payments", ORDER)

    assert list(body) == ["id", "status", "customer", "_links"]
    assert list(body["customer"]) == ["id"]
    assert re.fullmatch(r"http://sim\.test/LP\.Core/api/payment/[1-9][0-9]*", body["_links"]["redirect"]["href"])
    page = await sim.http.get(body["_links"]["redirect"]["href"])
    assert 'data-testid="wallet-cashier"' in page.text
    await previous.pay(body["id"])
    assert await previous.status(body["id"]) == "Captured"


async def test_only_dollars_and_only_alipay(previous: Merchant) -> None:
    assert await previous.refused(ORDER | {"currency": "EUR"}) == ("request_invalid", ["currency_invalid"])
    other = ORDER | {"source": {"type": "alipay_cn"}, "reference": "R"}
    assert await previous.refused(other) == ("request_invalid", ["payment_method_not_supported"])


async def test_the_platforms_do_not_share_their_webhook_models(sim: Sim, previous: Merchant) -> None:
    default = Merchant(sim)

    assert (await previous.get("/workflows")).status_code == 403
    assert (await default.get("/webhooks")).status_code == 403
    assert (await default.get("/events")).status_code == 403


async def test_a_webhook_is_registered_read_changed_and_removed(previous: Merchant) -> None:
    none = await previous.get("/webhooks")
    made = await previous.post("/webhooks", HOOK)
    body = made.json()
    path = f"/webhooks/{body['id']}"

    again = await previous.post("/webhooks", HOOK)
    patched = await previous.send("PATCH", path, {"active": False})
    replaced = await previous.send("PUT", path, HOOK | {"headers": {}, "event_types": ["payment_captured"]})
    incomplete = await previous.send("PUT", path, {"url": HOOKS, "event_types": ["payment_captured"]})
    listed = (await previous.get("/webhooks")).json()
    removed = await previous.send("DELETE", path)

    assert (none.status_code, none.content) == (204, b"")
    assert made.status_code == 201
    assert list(body) == ["id", "url", "active", "headers", "content_type", "event_types", "_links"]
    assert (again.status_code, again.content) == (409, b"")
    assert patched.json() == body | {"active": False}
    assert replaced.json() == body | {"headers": {}, "event_types": ["payment_captured"]}
    assert incomplete.json()["error_codes"] == ["active_required", "headers_required", "content_type_required"]
    assert listed == [replaced.json()]
    assert (removed.status_code, removed.content) == (200, b"")
    assert (await previous.get(path)).status_code == 404


async def test_a_webhook_without_url_or_events_is_refused(previous: Merchant) -> None:
    for body, codes in (
        ({"event_types": ["payment_captured"]}, ["url_required"]),
        ({"url": HOOKS}, ["event_types_required"]),
        ({"url": HOOKS, "event_types": []}, ["event_types_required"]),
        ({"url": "x", "event_types": ["payment_captured"]}, ["url_invalid"]),
    ):
        answer = await previous.post("/webhooks", body)
        assert (answer.status_code, answer.json()["error_codes"]) == (422, codes)
    assert (await previous.get("/webhooks")).status_code == 204


async def test_webhooks_have_the_old_envelope_and_are_signed_with_the_secret_key(sim: Sim, previous: Merchant) -> None:
    await previous.made("/webhooks", HOOK)
    created = await previous.paid(ORDER)

    assert previous.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]
    key = sim.credentials("checkoutcom")["previous_secret_key"].encode()
    for hook in sim.hooks:
        assert list(hook.body) == ["id", "type", "created_on", "data", "_links"]
        assert hook.body["_links"] == {
            "self": {"href": f"http://sim.test/events/{hook.body['id']}"},
            "payment": {"href": f"http://sim.test/payments/{created['id']}"},
        }
        assert hook.headers["cko-signature"] == hmac.new(key, hook.raw, hashlib.sha256).hexdigest()
        assert hook.headers["authorization"] == "1234"
        assert hook.verdict("checkoutcom").valid


async def test_events_are_listed_read_and_retried(sim: Sim, previous: Merchant) -> None:
    hook = await previous.made("/webhooks", HOOK)
    nothing = await previous.get("/events")
    answers = iter([500])
    sim.answer = lambda request: httpx.Response(next(answers, 200), text="thanks")
    created = await previous.made("/payments", ORDER | {"reference": "OLD-1"})
    await sim.settle()

    listed = (await previous.get(f"/events?payment_id={created['id']}")).json()
    [short] = listed["data"]
    path = f"/events/{short['id']}"
    all_of_them = await previous.post(f"{path}/webhooks/retry")
    one = await previous.post(f"{path}/webhooks/{hook['id']}/retry")
    await sim.settle()
    event = (await previous.get(path)).json()
    [notification] = event["notifications"]
    attempts = (await previous.get(f"{path}/notifications/{notification['id']}")).json()

    assert (nothing.status_code, nothing.content) == (204, b"")
    assert (listed["total_count"], listed["limit"], listed["skip"]) == (1, 10, 0)
    assert list(short) == ["id", "type", "created_on", "_links"]
    assert list(short["_links"]) == ["self", "webhooks-retry"]
    assert [(a.status_code, a.content) for a in (all_of_them, one)] == [(202, b"")] * 2
    assert len({hook.raw for hook in sim.hooks}) == 1
    assert (event["type"], event["version"], event["data"]["reference"]) == ("payment_pending", "2.0", "OLD-1")
    assert (notification["url"], notification["success"]) == (HOOKS, True)
    assert [(a["status_code"], a["response_body"], a["send_mode"]) for a in attempts["attempts"]] == [
        (200, "thanks", "Manual"),
        (200, "thanks", "Manual"),
        (500, "thanks", "Automatic"),
    ]
    assert (await previous.get("/events?reference=nobody")).status_code == 204
    assert (await previous.get("/events?payment_id=x")).json()["error_codes"] == ["payment_id_invalid"]
    assert (await previous.post(f"{path}/webhooks/wh_unknown/retry")).status_code == 404


async def test_event_types_come_by_version(previous: Merchant) -> None:
    both = (await previous.get("/event-types")).json()
    [new] = (await previous.get("/event-types?version=2.0")).json()

    assert [entry["version"] for entry in both] == ["1.0", "2.0"]
    assert new["version"] == "2.0"
    assert {"payment_pending", "payment_captured", "payment_refunded"} <= set(new["event_types"])
