"""Webhooks: envelope, signature, endpoint verification, retries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import Sim

from providers.worldline.driver import Merchant


async def test_the_envelope_has_the_documented_members_in_their_order(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.captured()

    hook = sim.hooks[-1]
    assert list(hook.body) == ["apiVersion", "id", "created", "merchantId", "type", "payment"]
    assert (hook.body["apiVersion"], hook.body["merchantId"]) == ("v1", worldline.own["merchant_id"])
    assert hook.body["payment"] == await worldline.payment(id_)
    assert len({h.body["id"] for h in sim.hooks}) == len(sim.hooks)
    assert hook.headers["content-type"] == "application/json"


async def test_only_the_bytes_of_the_body_are_signed(sim: Sim, worldline: Merchant) -> None:
    await worldline.created_id()
    await sim.settle()

    for hook in sim.hooks:
        digest = hmac.new(worldline.own["webhooks_secret"].encode(), hook.raw, hashlib.sha256).digest()
        assert hook.headers["x-gcs-signature"] == base64.b64encode(digest).decode()
        assert hook.headers["x-gcs-keyid"] == worldline.own["webhooks_key_id"]


async def test_an_endpoint_may_have_a_key_of_its_own(sim: Sim, worldline: Merchant) -> None:
    await sim.receive_webhooks("worldline", key_id="wh-key-4711", secret="rotated")

    await worldline.created_id()
    await sim.settle()

    digest = hmac.new(b"rotated", sim.hooks[0].raw, hashlib.sha256).digest()
    assert sim.hooks[0].headers["x-gcs-keyid"] == "wh-key-4711"
    assert sim.hooks[0].headers["x-gcs-signature"] == base64.b64encode(digest).decode()
    assert sim.hooks[0].verdict("worldline").valid


async def test_an_endpoint_hears_only_what_it_asked_for(sim: Sim, worldline: Merchant) -> None:
    await sim.receive_webhooks("worldline", events=["payment.captured", "refund.refunded"])

    await worldline.paid()

    assert worldline.events == ["payment.captured"]


async def test_without_an_endpoint_events_are_kept(sim: Sim) -> None:
    merchant = Merchant(sim)

    await merchant.created_id()
    await sim.settle()

    kept = (await sim.http.get(f"{sim.path}/webhooks?state=kept")).json()["data"]
    assert [view["event"] for view in kept] == ["payment.created", "payment.redirected"]
    assert sim.hooks == []


async def test_an_endpoint_that_is_down_is_tried_five_times_more(sim: Sim, worldline: Merchant) -> None:
    """After 10 minutes, then 1, 2, 8 and 24 hours; the same bytes with the same signature."""
    sim.answer = lambda request: httpx.Response(500)
    await worldline.created_id()

    await sim.advance(days=3)

    tries = [hook for hook in sim.hooks if hook.body["type"] == "payment.created"]
    pauses = [timedelta(minutes=10), *(timedelta(hours=h) for h in (1, 2, 8, 24))]
    assert [hook.at - sim.started_at for hook in tries] == [sum(pauses[:n], timedelta(0)) for n in range(6)]
    assert len({(hook.raw, hook.headers["x-gcs-signature"]) for hook in tries}) == 1
    [view] = (await sim.http.get(f"{sim.path}/webhooks?event=payment.created")).json()["data"]
    assert view["state"] == "failed"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_acknowledges(sim: Sim, worldline: Merchant, status: int) -> None:
    sim.answer = lambda request: httpx.Response(status)
    await worldline.created_id()

    await sim.advance(hours=1)

    assert worldline.events == ["payment.created", "payment.redirected"]


async def test_daylight_saving_moves_the_offset(sim: Sim, worldline: Merchant) -> None:
    """Amsterdam is at +0100 in March and at +0200 in July."""
    await worldline.created_id()
    await sim.advance(days=120)
    id_ = await worldline.created_id()
    await sim.settle()

    stamps = [hook.body["created"] for hook in sim.hooks if hook.body["type"] == "payment.created"]
    assert stamps == ["2026-03-04T06:00:00.000+0100", "2026-07-02T07:00:00.000+0200"]
    assert (await worldline.payment(id_))["statusOutput"]["statusCodeChangeDateTime"] == "20260702070000"


# Endpoint verification -------------------------------------------------------------------------------------------

HEADER = "X-GCS-Webhooks-Endpoint-Verification"


async def put(sim: Sim) -> httpx.Response:
    return await sim.http.put(f"{sim.path}/webhooks/worldline", json={"url": "http://merchant.test/hooks"})


async def test_an_endpoint_that_echoes_is_saved(sim: Sim) -> None:
    seen: list[httpx.Request] = []

    def echo(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, text=request.headers[HEADER])

    sim.answer = echo
    answer = await put(sim)

    assert (answer.status_code, "simulator-notice" in answer.headers) == (200, False)
    assert [str(request.url) for request in seen] == ["http://merchant.test/hooks"]
    assert re.fullmatch(r"[0-9a-f-]{36}", seen[0].headers[HEADER])


@pytest.mark.parametrize("status", [200, 204, 404])
async def test_an_endpoint_that_does_not_echo_is_saved_with_a_notice(sim: Sim, status: int) -> None:
    """The live platform refuses it; a laptop's receiver is rarely up when it is configured."""
    sim.answer = lambda request: httpx.Response(status)

    answer = await put(sim)

    assert answer.status_code == 200
    assert answer.headers["simulator-notice"].startswith("Worldline would refuse this endpoint")
    assert sim.workspace.stored_endpoints["worldline"]["verified"] is False


async def test_strict_refuses_an_endpoint_that_does_not_echo() -> None:
    async with Sim(strict=True) as sim:
        sim.answer = lambda request: httpx.Response(200, text="hello")

        answer = await put(sim)

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "endpoint_not_verified")
        assert sim.workspace.stored_endpoints["worldline"] is None


async def test_verification_can_be_switched_off(sim: Sim) -> None:
    await sim.settings("worldline", verify_endpoint=False)
    seen: list[httpx.Request] = []
    sim.answer = lambda request: seen.append(request) or httpx.Response(404)

    answer = await put(sim)

    assert (answer.status_code, seen) == (200, [])


async def test_the_built_in_inbox_passes_the_verification(sim: Sim) -> None:
    answer = await sim.http.get(f"/_sim/inbox/{sim.workspace.public_id}/shop", headers={HEADER: "echo-me"})

    assert (answer.status_code, answer.text) == (200, "echo-me")


async def test_a_webhook_is_one_line_of_json(sim: Sim, worldline: Merchant) -> None:
    await worldline.created_id()
    await sim.settle()

    raw = sim.hooks[0].raw
    assert b"\n" not in raw
    assert raw == json.dumps(sim.hooks[0].body, separators=(",", ":"), ensure_ascii=False).encode()


SHOP = {"url": "http://merchant.test/hooks?shop", "key_id": "shop-key", "secret": "shop-secret"}
BOOKS = {
    "url": "http://merchant.test/hooks?books",
    "key_id": "books-key",
    "secret": "books-secret",
    "events": ["payment.paid"],
}


async def set_endpoints(sim: Sim, body: dict[str, Any]) -> httpx.Response:
    return await sim.http.put(f"{sim.path}/webhooks/worldline", json=body)


async def test_each_of_several_endpoints_has_its_key_and_its_events(sim: Sim, worldline: Merchant) -> None:
    (await set_endpoints(sim, {"endpoints": [SHOP, BOOKS]})).raise_for_status()

    await worldline.paid()

    heard = {
        key: [hook.body["type"] for hook in sim.hooks if hook.headers["x-gcs-keyid"] == key]
        for key in ("shop-key", "books-key")
    }
    assert heard == {
        "shop-key": ["payment.created", "payment.redirected", "payment.captured", "payment.paid"],
        "books-key": ["payment.paid"],
    }
    assert len({hook.body["id"] for hook in sim.hooks}) == 4
    for hook in sim.hooks:
        secret = {"shop-key": b"shop-secret", "books-key": b"books-secret"}[hook.headers["x-gcs-keyid"]]
        mac = base64.b64encode(hmac.new(secret, hook.raw, hashlib.sha256).digest()).decode()
        assert (hook.headers["x-gcs-signature"], hook.verdict("worldline").valid) == (mac, True)


async def test_an_endpoint_that_is_taken_out_hears_no_more(sim: Sim, worldline: Merchant) -> None:
    (await set_endpoints(sim, {"endpoints": [SHOP, BOOKS]})).raise_for_status()
    await worldline.paid()
    (await set_endpoints(sim, {"endpoints": [SHOP]})).raise_for_status()
    before = len(sim.hooks)

    await worldline.paid(**{"order.references.merchantReference": "LS-2"})

    assert {hook.headers["x-gcs-keyid"] for hook in sim.hooks[before:]} == {"shop-key"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"endpoints": []}, "endpoints"),
        ({"endpoints": [SHOP] * 11}, "endpoints"),
        ({"endpoints": [SHOP], "url": SHOP["url"]}, "endpoints"),
        ({"endpoints": [SHOP, {"key_id": "a"}]}, "endpoints.1.url"),
        ({"endpoints": [SHOP | {"url": "nowhere"}]}, "endpoints.0.url"),
        ({"endpoints": [SHOP | {"events": ["payment.*"]}]}, "endpoints.0.events"),
        ({"endpoints": [SHOP | {"key_id": ""}]}, "endpoints.0.key_id"),
        ({"url": SHOP["url"], "events": ["payment.unheard"]}, "events"),
        ({"secret": "alone"}, "url"),
    ],
)
async def test_what_an_endpoint_cannot_be_is_refused_and_named(sim: Sim, body: dict[str, Any], field: str) -> None:
    answer = await set_endpoints(sim, body)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


async def test_a_workspace_may_begin_with_several_endpoints(sim: Sim) -> None:
    body = {"webhooks": {"worldline": {"endpoints": [SHOP, BOOKS]}}}

    made = await sim.http.post("/_sim/workspaces", json=body)
    wrong = await sim.http.post("/_sim/workspaces", json={"webhooks": {"worldline": {"endpoints": [{"url": "x"}]}}})

    assert made.json()["webhooks"]["worldline"] == {"endpoints": [SHOP, BOOKS]}
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "webhooks.worldline.endpoints.0.url")


async def test_names_of_events_that_never_come_here_may_be_asked_for(sim: Sim) -> None:
    assert (
        await set_endpoints(sim, {"url": SHOP["url"], "events": ["payment.pending_capture", "token.created"]})
    ).status_code == 200


async def test_a_test_events_id_begins_with_test(sim: Sim, worldline: Merchant) -> None:
    await worldline.captured()

    path = f"{sim.path}/webhooks/worldline/test-event"
    (await sim.http.post(path, json={"event": "payment.captured"})).raise_for_status()

    *before, test = sim.hooks
    assert test.body["id"].startswith("TEST-")
    assert test.body["payment"].keys() == before[-1].body["payment"].keys()
    assert not [hook for hook in before if hook.body["id"].startswith("TEST-")]
