"""Events, endpoints, signatures and the retry schedule."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import Hook, Sim

from providers.wooshpay.driver import EVERYTHING, SEED_WEB, Merchant, event_names
from simulator.kernel.clock import millis, time_of_day
from simulator.providers.wooshpay.signing import signature
from simulator.providers.wooshpay.webhooks import RETRY

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
# Seconds after the first attempt. Source: docs/providers/wooshpay.md, source 6.4.
SCHEDULE = [0, 2, 6, 14, 30, 62, 126, 254, 510, 1022, 2046, 4094, 8190, 16382, 32766, 65534, 131070, 259200]
OTHER = "http://merchant.test/other"


def is_signed_with(hook: Hook, secret: str, header: str = "wooshpay-signature") -> bool:
    """A second implementation, from the manual: split on the comma, then on the equals sign."""
    parts = dict(part.split("=", 1) for part in hook.headers[header].split(","))
    signed = parts["t"].encode() + b"." + hook.raw
    return hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(), parts["v1"])


def t_of(hook: Hook) -> int:
    return int(hook.headers["wooshpay-signature"].split(",")[0].removeprefix("t="))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_known_answers_of_the_signature(vector: dict[str, Any]) -> None:
    header = signature(vector["secret"], vector["body"].encode(), vector["t"])

    assert header == f"t={vector['t']},v1={vector['v1']}"


async def test_a_delivery_is_compact_json_in_the_documented_order(sim: Sim, wooshpay: Merchant) -> None:
    await sim.advance(milliseconds=620)
    began = millis(time_of_day())

    intent = await wooshpay.paid(merchant_order_id="商户订单号")

    hook = sim.hooks[-1]
    event = json.loads(hook.raw)
    assert list(event) == ["id", "object", "created", "livemode", "data", "type"]
    assert hook.raw == json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    assert event["data"] == {"object": intent}
    assert event["created"] == int(sim.started_at.timestamp() * 1000) + 1000
    assert began <= t_of(hook) <= millis(hook.arrived)
    assert hook.headers["content-type"] == "application/json;charset=UTF-8"
    assert hook.headers["user-agent"] == "Wooshpay/1.0"


async def test_both_headers_carry_the_same_signature_with_the_endpoints_secret(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.pay_link()
    await sim.settle()

    for hook in sim.hooks:
        assert hook.headers["signature"] == hook.headers["wooshpay-signature"]
        assert is_signed_with(hook, wooshpay.endpoint["secret"])
        assert not is_signed_with(hook, "whsec_" + "0" * 32)
        assert hook.verdict("wooshpay").valid


@pytest.mark.parametrize(
    ("setting", "headers"),
    [
        ("documented", {"wooshpay-signature"}),
        ("observed", {"signature"}),
        ("both", {"wooshpay-signature", "signature"}),
    ],
)
async def test_which_header_is_a_setting(sim: Sim, wooshpay: Merchant, setting: str, headers: set[str]) -> None:
    await sim.settings("wooshpay", signature_headers=setting)

    await wooshpay.pay_link()
    await sim.settle()

    assert {name for name in sim.hooks[0].headers if name.endswith("signature")} == headers
    assert all(hook.verdict("wooshpay").valid for hook in sim.hooks)


async def test_seconds_instead_of_milliseconds_are_a_setting(sim: Sim, wooshpay: Merchant) -> None:
    await sim.settings("wooshpay", signature_t="seconds")

    began = millis(time_of_day())

    await wooshpay.pay_link()
    await sim.settle()

    assert began // 1000 <= t_of(sim.hooks[0]) <= sim.hooks[0].arrived.timestamp()
    assert is_signed_with(sim.hooks[0], wooshpay.endpoint["secret"])


async def test_the_workspaces_time_in_signatures_is_a_setting(sim: Sim, wooshpay: Merchant) -> None:
    await sim.settings("simulator", signature_time="workspace")

    await wooshpay.pay_link()
    await sim.settle()

    assert t_of(sim.hooks[0]) == millis(sim.started_at)
    verdict = sim.hooks[0].verdict("wooshpay")
    assert not verdict.valid and "receivers take 5 min" in verdict.reason


async def test_a_wrong_signature_is_explained_to_the_merchant(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.pay_link()
    await sim.settle()
    hook = sim.hooks[0]

    changed = replace(hook, raw=hook.raw + b" ").verdict("wooshpay")
    unsigned = replace(hook, headers={}).verdict("wooshpay")

    assert (changed.valid, changed.signed) == (False, f"{t_of(hook)}.{hook.raw.decode()} ")
    assert changed.expected != changed.received
    assert (unsigned.valid, unsigned.reason) == (False, "neither Wooshpay-Signature nor Signature came")


# Retries -------------------------------------------------------------------------------------------------------


def test_the_schedule_has_eighteen_attempts_in_seventy_two_hours() -> None:
    assert RETRY.attempts == 18
    assert sum(RETRY.delays, timedelta(0)) == timedelta(hours=72)


async def test_a_dead_endpoint_is_tried_eighteen_times_with_one_signature(sim: Sim, wooshpay: Merchant) -> None:
    """Body, id, `t` and signature are the same on every attempt."""
    sim.answer = lambda request: httpx.Response(500)
    await wooshpay.made("payment_intents", {"amount": 100, "currency": "CNY"})

    await sim.advance(days=5)

    assert [hook.at - sim.started_at for hook in sim.hooks] == [timedelta(seconds=s) for s in SCHEDULE]
    assert len({(hook.raw, hook.headers["wooshpay-signature"]) for hook in sim.hooks}) == 1
    [delivery] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    assert delivery["state"] == "failed"
    assert len(delivery["attempts"]) == 18


async def test_any_2xx_is_a_success(sim: Sim, wooshpay: Merchant) -> None:
    answers = iter([200, 201, 204, 299])
    sim.answer = lambda request: httpx.Response(next(answers))
    for _ in range(4):
        await wooshpay.made("payment_intents", {"amount": 100, "currency": "CNY"})

    await sim.advance(days=5)

    assert len(sim.hooks) == 4


async def test_anything_else_is_tried_again_redirects_included(sim: Sim, wooshpay: Merchant) -> None:
    answers = iter([301, 302, 400, 404, 410, 503])
    sim.answer = lambda request: httpx.Response(next(answers, 200), headers={"location": OTHER})
    await wooshpay.made("payment_intents", {"amount": 100, "currency": "CNY"})

    await sim.advance(days=5)

    assert [hook.at - sim.started_at for hook in sim.hooks] == [timedelta(seconds=s) for s in SCHEDULE[:7]]
    assert OTHER not in {hook.url for hook in sim.hooks}


@pytest.mark.parametrize("how", ["delete", "disable"])
async def test_an_endpoint_that_goes_away_gets_no_more_retries(sim: Sim, wooshpay: Merchant, how: str) -> None:
    sim.answer = lambda request: httpx.Response(500)
    await wooshpay.made("payment_intents", {"amount": 100, "currency": "CNY"})
    await sim.advance(seconds=10)
    tried, path = len(sim.hooks), f"webhook_endpoints/{wooshpay.endpoint['id']}"

    await (wooshpay.delete(path) if how == "delete" else wooshpay.made(path, {"disabled": True}))
    await sim.advance(days=5)

    assert tried == 3
    assert len(sim.hooks) == tried


async def test_the_answer_does_not_wait_for_the_webhook(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.pay_link()

    assert sim.hooks == []


# Endpoints -----------------------------------------------------------------------------------------------------


async def test_each_endpoint_hears_what_it_asked_for_with_its_own_secret(sim: Sim, wooshpay: Merchant) -> None:
    other = await wooshpay.listen("payment_intent.succeeded", "charge.refund.updated", url=OTHER)

    intent = await wooshpay.paid()
    await wooshpay.refund(intent["id"])
    await sim.settle()

    heard = [hook for hook in sim.hooks if hook.url == OTHER]
    assert [hook.body["type"] for hook in heard] == ["payment_intent.succeeded", "charge.refund.updated"]
    assert all(is_signed_with(hook, other["secret"]) for hook in heard)
    assert not any(is_signed_with(hook, wooshpay.endpoint["secret"]) for hook in heard)
    assert len(sim.hooks) == 6


async def test_two_endpoints_with_one_address_both_receive_everything(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.listen()

    await wooshpay.pay_link()
    await sim.settle()

    assert sorted(event_names(sim)) == ["payment_intent.created"] * 2 + ["payment_intent.requires_action"] * 2
    assert len({hook.body["id"] for hook in sim.hooks}) == 2


async def test_a_disabled_endpoint_hears_nothing_until_it_is_enabled_again(sim: Sim, wooshpay: Merchant) -> None:
    path = f"webhook_endpoints/{wooshpay.endpoint['id']}"
    disabled = await wooshpay.made(path, {"disabled": True})
    await wooshpay.pay_link()
    await sim.settle()
    silent = len(sim.hooks)

    enabled = await wooshpay.made(path, {"status": "enabled"})
    await wooshpay.pay_link()
    await sim.settle()

    assert (disabled["status"], enabled["status"], silent) == ("disabled", "enabled", 0)
    assert len(sim.hooks) == 2


async def test_an_endpoint_applies_to_payments_that_are_on_their_way(sim: Sim) -> None:
    merchant = Merchant(sim)
    intent = await merchant.pay_link()

    await merchant.listening()
    await sim.act("wooshpay", intent["id"], "pay")

    assert event_names(sim) == ["payment_intent.succeeded"]


async def test_an_endpoint_can_be_read_changed_listed_and_deleted(sim: Sim, wooshpay: Merchant) -> None:
    """The secret stays readable, and an update merges metadata."""
    first = wooshpay.endpoint
    second = await wooshpay.listen("payment_intent.succeeded", url=OTHER, api_version="1.0.1", metadata={"a": "1"})

    changed = await wooshpay.made(
        f"webhook_endpoints/{second['id']}",
        {"enabled_events": ["payment_intent.canceled"], "description": "d", "metadata": {"b": "2"}, "url": OTHER + "2"},
    )
    listed = await wooshpay.read("webhook_endpoints")
    deleted = await wooshpay.delete(f"webhook_endpoints/{first['id']}")

    assert list(second)[4:6] == ["api_version", "metadata"]
    assert (changed["url"], changed["description"]) == (OTHER + "2", "d")
    assert (changed["enabled_events"], changed["metadata"]) == (["payment_intent.canceled"], {"a": "1", "b": "2"})
    assert await wooshpay.read(f"webhook_endpoints/{second['id']}") == changed
    assert listed == {"object": "list", "url": "/v1/webhook_endpoints", "has_more": False, "data": [changed, first]}
    assert deleted.json() == {"id": first["id"], "object": "webhook_endpoint", "deleted": True}
    assert (await wooshpay.get(f"webhook_endpoints/{first['id']}")).status_code == 404


async def test_endpoints_outlive_a_reset_and_what_happened_does_not(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.paid()

    await sim.http.post(f"{sim.path}/reset")

    assert [e["id"] for e in (await wooshpay.read("webhook_endpoints"))["data"]] == [wooshpay.endpoint["id"]]
    assert (await wooshpay.read("payment_intents"))["data"] == []


async def test_the_account_level_address_is_one_more_endpoint(sim: Sim, wooshpay: Merchant) -> None:
    await sim.receive_webhooks("wooshpay", OTHER, secret="whsec_mine", events=["payment_intent.created"])

    await wooshpay.pay_link()
    await sim.settle()

    [hook] = [hook for hook in sim.hooks if hook.url == OTHER]
    assert hook.body["type"] == "payment_intent.created"
    assert is_signed_with(hook, "whsec_mine")
    assert len(sim.hooks) == 3


async def test_the_account_level_address_needs_no_secret_of_its_own(sim: Sim) -> None:
    await sim.receive_webhooks("wooshpay")

    await Merchant(sim).pay_link()
    await sim.settle()

    assert all(is_signed_with(hook, sim.credentials("wooshpay")["webhook_secret"]) for hook in sim.hooks)
    assert len(sim.hooks) == 2


async def test_test_endpoints_hear_no_live_events(sim: Sim, wooshpay: Merchant) -> None:
    """The account-level address hears both sides."""
    await sim.receive_webhooks("wooshpay", OTHER)

    await Merchant(sim, live=True).pay_link()
    await sim.settle()

    assert {(hook.url, hook.body["livemode"]) for hook in sim.hooks} == {(OTHER, True)}


async def test_charge_events_come_only_to_those_who_name_them(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.listen(*EVERYTHING, url=OTHER)

    intent = await wooshpay.paid()
    await wooshpay.refund(intent["id"])
    await sim.settle()

    named = [hook.body for hook in sim.hooks if hook.url == OTHER and hook.body["type"] in EVERYTHING]
    assert [body["type"] for body in named] == ["charge.succeeded", "charge.refunded"]
    assert [body["data"]["object"]["amount_refunded"] for body in named] == [0, 20]
    assert not {"charge.succeeded", "charge.refunded"} & {h.body["type"] for h in sim.hooks if h.url != OTHER}


# Events --------------------------------------------------------------------------------------------------------


async def test_events_exist_whether_or_not_anybody_listens(sim: Sim) -> None:
    merchant = Merchant(sim)
    await merchant.pay_link()

    events = (await merchant.read("events"))["data"]
    kept = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    assert [event["type"] for event in events] == ["payment_intent.requires_action", "payment_intent.created"]
    assert [delivery["state"] for delivery in kept] == ["kept", "kept"]


async def test_an_event_names_the_call_that_caused_it(sim: Sim, wooshpay: Merchant) -> None:
    answer = await wooshpay.post("payment_intents", SEED_WEB, **{"Idempotency-Key": "order-1001-pay"})
    await sim.settle()

    delivered = sim.hooks[0].body
    read = await wooshpay.read(f"events/{delivered['id']}")

    assert delivered["request"] == {"id": answer.headers["request-id"], "idempotency_key": "order-1001-pay"}
    assert list(read) == ["id", "object", "api_version", "created", "data", "livemode", "request", "type"]
    assert {name: read[name] for name in delivered} == delivered
    assert read["api_version"] == "1.0.1"


async def test_an_event_shows_the_object_as_it_was(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.paid()

    created, requires_action, succeeded = [hook.body["data"]["object"] for hook in sim.hooks]

    assert created["status"] == "requires_confirmation"
    assert not {"next_action", "amount_received"} & set(created)
    assert requires_action["next_action"]["type"] == "redirect_to_url"
    assert (succeeded["status"], succeeded["amount_received"]) == ("succeeded", 20)


async def test_events_can_be_listed_by_type(wooshpay: Merchant) -> None:
    await wooshpay.pay_link()
    await wooshpay.pay_link()

    found = await wooshpay.read("events", type="payment_intent.created", limit=1)

    assert (found["url"], found["has_more"], len(found["data"])) == ("/v1/events", True, 1)
    assert found["data"][0]["type"] == "payment_intent.created"


async def test_a_test_amount_sends_the_webhook_twice(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.paid(amount=106)

    assert event_names(sim).count("payment_intent.succeeded") == 2
    assert len({hook.body["id"] for hook in sim.hooks if hook.body["type"] == "payment_intent.succeeded"}) == 1


async def test_a_test_amount_sends_the_webhook_late(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.paid(amount=107)
    before = event_names(sim)

    await sim.advance(minutes=2)

    assert "payment_intent.succeeded" not in before
    assert sim.hooks[-1].body["type"] == "payment_intent.succeeded"
    assert sim.hooks[-1].at == sim.started_at + timedelta(minutes=1)


async def test_a_scenario_can_turn_webhooks_round(sim: Sim, wooshpay: Merchant) -> None:
    await sim.arm([{"when": {"event": "payment_intent.*"}, "webhooks": {"order": "reversed"}}])

    await wooshpay.pay_link()
    await sim.settle()

    assert event_names(sim) == ["payment_intent.requires_action", "payment_intent.created"]


async def test_what_was_signed_for_an_endpoint_that_is_gone_is_still_explained(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.paid()
    await sim.settle()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]
    delivered, signature = f"{sim.path}/webhooks/{id_}", sim.hooks[-1].headers["signature"]

    await wooshpay.delete(f"webhook_endpoints/{wooshpay.endpoint['id']}")
    found = await sim.http.post(f"{delivered}/compare", json={"signature": signature})
    sim.app.runtime.change_workspace(sim.workspace, former={})
    forgotten = await sim.http.post(f"{delivered}/compare", json={"signature": signature})

    assert (found.status_code, found.json()["equal"]) == (200, True)
    assert (forgotten.status_code, forgotten.json()["error"]["code"]) == (409, "secret_changed")


async def test_what_was_not_sent_yet_bears_no_signature_yet(sim: Sim) -> None:
    await Merchant(sim).paid()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]

    page = (await sim.http.get(f"/console/{sim.workspace.name}/webhooks/{id_}?tab=signature")).text

    assert "It has not been sent yet" in page
