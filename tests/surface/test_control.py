"""The control API, as the contract has it, at a provider of which it knows nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim
from toy.acme import TALKATIVE


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    await sim.receive_webhooks("acme")
    return Merchant(sim, TALKATIVE)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


async def test_health_names_the_providers_and_the_store(sim: Sim) -> None:
    health = (await sim.http.get("/_sim/health")).json()

    assert health["status"] == "ok"
    assert health["store"] == "sqlite"
    assert "acme" in health["providers"]


# Workspaces


async def test_malformed_json_is_400(sim: Sim) -> None:
    answer = await sim.http.post("/_sim/workspaces", content=b"{")

    assert (answer.status_code, error_of(answer)["code"]) == (400, "malformed_json")


# Payments


async def test_payments_are_listed_newest_first_and_filtered(sim: Sim, acme: Merchant) -> None:
    first = await acme.create("order-1")
    second = await acme.create("order-2")
    await sim.act("acme", first, "pay")

    async def ids(query: str = "") -> list[str]:
        return [p["id"] for p in (await sim.http.get(f"{sim.path}/payments{query}")).json()["data"]]

    assert await ids() == [second, first]
    assert await ids("?phase=paid") == [first]
    assert await ids("?reference=order-2") == [second]
    assert await ids("?q=der-1") == [first]
    assert await ids("?provider=acme&phase=expired") == []


async def test_long_lists_have_a_cursor(sim: Sim, acme: Merchant) -> None:
    made = [await acme.create() for _ in range(5)]

    page, seen = "?limit=2", []
    while True:
        listed = (await sim.http.get(f"{sim.path}/payments{page}")).json()
        seen += [payment["id"] for payment in listed["data"]]
        if listed["next"] is None:
            break
        page = f"?limit=2&cursor={listed['next']}"

    assert seen == made[::-1]


async def test_an_unknown_phase_is_refused_with_the_known_ones(sim: Sim) -> None:
    answer = await sim.http.get(f"{sim.path}/payments?phase=payed")

    assert answer.status_code == 422
    assert "paid" in error_of(answer)["allowed"]


async def test_the_timeline_tells_the_whole_story_in_order(sim: Sim, acme: Merchant) -> None:
    charge = await acme.create()
    await sim.settle()
    await sim.act("acme", charge, "pay")

    timeline = (await sim.payment("acme", charge))["timeline"]

    kinds = [entry["kind"] for entry in timeline]
    assert [entry["seq"] for entry in timeline] == list(range(1, len(timeline) + 1))
    assert kinds[0] == "request"
    assert {"request", "state", "wallet", "webhook"} <= set(kinds)
    assert [(entry["from"], entry["to"]) for entry in timeline if entry.get("to") == "CAPTURED"] == [
        ("PENDING", "CAPTURED")
    ]


@pytest.mark.parametrize(
    ("act", "body", "phase"),
    [
        ("decline", {"reason": "balance"}, "declined"),
        ("cancel", {}, "declined"),
        ("expire", {}, "expired"),
    ],
)
async def test_the_console_decides_at_once(
    sim: Sim, acme: Merchant, act: str, body: dict[str, str], phase: str
) -> None:
    charge = await acme.create()

    view = await sim.act("acme", charge, act, **body)

    assert (view["phase"], view["decided_by"]) == (phase, "console")


async def test_the_named_buyer_pays_or_does_not(sim: Sim, acme: Merchant) -> None:
    charge = await acme.create()

    view = await sim.act("acme", charge, "pay", buyer="wang-wei")

    assert (view["phase"], view["decided_by"]) == ("declined", "buyer:wang-wei")


async def test_a_decided_payment_cannot_be_decided_again(sim: Sim, acme: Merchant) -> None:
    charge = await acme.paid()

    again = await sim.http.post(f"{sim.path}/payments/acme/{charge}/decline", json={})

    assert (again.status_code, error_of(again)["code"]) == (409, "illegal_move")


async def test_an_unknown_buyer_is_refused_and_nothing_changes(sim: Sim, acme: Merchant) -> None:
    charge = await acme.create()

    answer = await sim.http.post(f"{sim.path}/payments/acme/{charge}/pay", json={"buyer": "nobody"})

    assert (answer.status_code, error_of(answer)["field"]) == (422, "buyer")
    assert await acme.status(charge) == "PENDING"


# Time


async def test_the_clock_walks_from_deadline_to_deadline(sim: Sim, acme: Merchant) -> None:
    await acme.create()
    await sim.settle()

    answer = (await sim.http.post(f"{sim.path}/clock/advance", json={"by": "3h"})).json()

    assert answer["now"] == "2026-03-04T08:00:00.000Z"
    assert [(f["at"], f["kind"]) for f in answer["fired"]] == [
        ("2026-03-04T07:00:00.000Z", "timer.expired"),
        ("2026-03-04T07:00:00.000Z", "webhook"),
    ]


async def test_next_jumps_to_the_next_deadline(sim: Sim, acme: Merchant) -> None:
    await acme.create()
    await sim.settle()

    answer = (await sim.http.post(f"{sim.path}/clock/advance", json={"next": True})).json()

    assert answer["now"] == "2026-03-04T07:00:00.000Z"


async def test_the_clock_never_runs_backwards(sim: Sim) -> None:
    answer = await sim.http.post(f"{sim.path}/clock/advance", json={"to": "2020-01-01T00:00:00Z"})

    assert (answer.status_code, error_of(answer)["field"]) == (422, "to")


@pytest.mark.parametrize("body", [{}, {"by": "1h", "next": True}, {"by": "soon"}, {"to": "2026-03-04T06:00:00"}])
async def test_an_advance_that_is_not_understood_moves_nothing(sim: Sim, body: dict[str, Any]) -> None:
    answer = await sim.http.post(f"{sim.path}/clock/advance", json=body)

    assert answer.status_code == 422
    assert (await sim.http.get(f"{sim.path}/clock")).json()["now"] == "2026-03-04T05:00:00.000Z"


BEYOND = {
    "by a million days": ("clock/advance", {"by": "1000000d"}, "by"),
    "by more than can be counted": ("clock/advance", {"by": "P99999999W"}, "by"),
    "an instant as a duration": ("clock/advance", {"by": "2080-01-01T00:00:01Z"}, "by"),
    "to a late instant": ("clock/advance", {"to": "2080-01-01T00:00:00.001Z"}, "to"),
    "frozen at a late instant": ("clock/freeze", {"at": "2137-01-01T00:00:00Z"}, "at"),
    "begun at a late instant": ("/_sim/workspaces", {"clock": {"now": "2137-01-01T00:00:00Z"}}, "clock.now"),
}


@pytest.mark.parametrize(("path", "body", "field"), BEYOND.values(), ids=BEYOND)
async def test_no_clock_goes_beyond_the_last_instant(sim: Sim, path: str, body: dict[str, Any], field: str) -> None:
    answer = await sim.http.post(path if path.startswith("/") else f"{sim.path}/{path}", json=body)

    assert (answer.status_code, error_of(answer)["field"]) == (422, field), answer.text
    assert error_of(answer)["message"] == f"{field}: the clock goes no further than 2080-01-01T00:00:00.000Z"
    assert (await sim.http.get(f"{sim.path}/clock")).json()["now"] == "2026-03-04T05:00:00.000Z"


async def test_what_would_fall_due_after_the_last_instant_does_not(sim: Sim, acme: Merchant) -> None:
    last = (await sim.http.post(f"{sim.path}/clock/advance", json={"to": "2080-01-01T00:00:00Z"})).json()["now"]
    await acme.create()
    await sim.settle()

    answer = await sim.http.post(f"{sim.path}/clock/advance", json={"next": True})

    assert (answer.status_code, error_of(answer)["field"]) == (422, "next")
    assert error_of(answer)["message"] == f"the clock goes no further than {last}"


async def test_a_frozen_clock_stands_and_runs_on_from_there(sim: Sim) -> None:
    resumed = (await sim.http.post(f"{sim.path}/clock/resume")).json()
    frozen = (await sim.http.post(f"{sim.path}/clock/freeze")).json()

    assert (resumed["mode"], frozen["mode"]) == ("real", "frozen")
    assert resumed["now"].startswith("2026-03-04T05:00:0")
    assert (await sim.http.get(f"{sim.path}/clock")).json()["now"] == frozen["now"]


async def test_pending_timers_and_retries_are_listed_soonest_first(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500)
    await acme.create()
    await sim.settle()

    timers = (await sim.http.get(f"{sim.path}/timers")).json()["data"]

    assert [(t["at"], t["kind"]) for t in timers] == [
        *[("2026-03-04T05:01:00.000Z", "webhook")] * 2,
        ("2026-03-04T07:00:00.000Z", "timer.expired"),
    ]


async def test_a_running_clock_goes_to_what_is_overdue_at_once(sim: Sim, acme: Merchant) -> None:
    await sim.http.post(f"{sim.path}/clock/resume")
    await acme.create()

    answer = await sim.http.post(f"{sim.path}/clock/advance", json={"next": True})

    assert answer.status_code == 200, answer.text
    assert len(sim.hooks) == 2
    assert [fired["kind"] for fired in answer.json()["fired"]] == ["webhook", "webhook"]


# Webhooks


async def test_a_delivery_shows_every_attempt(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500, text="not now")
    await acme.create()

    await sim.advance(seconds=70)

    delivery = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"][0]
    assert (delivery["event"], delivery["state"]) == ("charge.created", "pending")
    assert [(a["n"], a["at"], a["status"], a["response_body"]) for a in delivery["attempts"]] == [
        (1, "2026-03-04T05:00:00.000Z", 500, "not now"),
        (2, "2026-03-04T05:01:00.000Z", 500, "not now"),
    ]
    assert delivery["next_attempt_at"] == "2026-03-04T05:02:00.000Z"
    assert delivery["body"].encode() == sim.hooks[0].raw
    assert "acme-signature" in delivery["headers"]


async def test_without_a_url_events_are_kept_and_can_be_sent_later(sim: Sim) -> None:
    await Merchant(sim, TALKATIVE).create()
    [kept, _] = (await sim.http.get(f"{sim.path}/webhooks?state=kept")).json()["data"]

    early = await sim.http.post(f"{sim.path}/webhooks/{kept['id']}/resend")
    await sim.receive_webhooks("acme")
    late = await sim.http.post(f"{sim.path}/webhooks/{kept['id']}/resend")

    assert (early.status_code, error_of(early)["code"]) == (409, "no_url")
    assert late.json()["state"] == "delivered"
    assert sim.hooks[0].raw.decode() == kept["body"]


async def test_settle_counts_what_it_did(sim: Sim, acme: Merchant) -> None:
    await acme.create()

    answer = (await sim.http.post(f"{sim.path}/settle")).json()

    assert answer == {"delivered": 2, "failed": 0, "pending": 0}


async def test_an_account_endpoint_can_be_removed(sim: Sim, acme: Merchant) -> None:
    assert (await sim.http.delete(f"{sim.path}/webhooks/acme")).status_code == 204

    await acme.create()
    await sim.settle()

    assert sim.hooks == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x/y", "nowhere", "http://", "http://h:99999/"])
async def test_an_endpoint_must_be_an_http_address(sim: Sim, url: str) -> None:
    answer = await sim.http.put(f"{sim.path}/webhooks/acme", json={"url": url})

    assert (answer.status_code, error_of(answer)["field"]) == (422, "url")


async def test_the_inbox_keeps_what_comes_and_says_whether_the_signature_is_good(sim: Sim, acme: Merchant) -> None:
    await acme.create()
    await sim.settle()
    hook = sim.hooks[0]
    inbox = f"/_sim/inbox/{sim.workspace.public_id}/orders"

    await sim.http.post(inbox, content=hook.raw, headers=hook.headers)
    await sim.http.post(inbox, content=hook.raw + b" ", headers={**hook.headers, "content-length": "0"} | {})

    kept = (await sim.http.get(f"{sim.path}/inbox/orders")).json()["data"]
    assert [(k["provider"], k["signature"]["valid"]) for k in kept] == [("acme", True), ("acme", False)]
    assert kept[0]["body"].encode() == hook.raw
    assert kept[1]["signature"]["expected"] != kept[1]["signature"]["received"]


async def test_the_inbox_echoes_an_endpoint_verification_and_keeps_only_webhooks(sim: Sim) -> None:
    inbox = f"/_sim/inbox/{sim.workspace.public_id}/orders"

    echoed = await sim.http.get(inbox, headers={"X-GCS-Webhooks-Endpoint-Verification": "say-it"})

    assert (echoed.status_code, echoed.text) == (200, "say-it")
    assert (await sim.http.get(f"{sim.path}/inbox/orders")).json()["data"] == []


# Requests


async def test_the_journal_of_requests_masks_secrets(sim: Sim, acme: Merchant) -> None:
    await acme.create("card 4111111111111111")

    [entry] = (await sim.http.get(f"{sim.path}/requests?provider=acme&status=201")).json()["data"]

    assert sim.credentials("acme")["key"] not in str(entry)
    assert "4111111111111111" not in str(entry)
    assert "411111******1111" in entry["request"]["body"]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/acme/charges", 201)
    assert entry["resource_id"].startswith("ch_")


async def test_a_refused_request_tells_the_rule_that_it_broke(sim: Sim, acme: Merchant) -> None:
    await acme.answer(currency="yuan")

    [entry] = (await sim.http.get(f"{sim.path}/requests?status=400")).json()["data"]

    assert any(violation.startswith("currency: pattern") for violation in entry["help"]["violations"])


# Scenarios and buyers


async def test_a_scenario_for_the_next_payment_counts_once(sim: Sim, acme: Merchant) -> None:
    await sim.arm([{"wallet": {"decline": "balance"}}], next=1)
    first, second = await acme.create(), await acme.create()

    declined = await sim.act("acme", first, "pay")
    paid = await sim.act("acme", second, "pay")

    assert (declined["phase"], declined["decided_by"]) == ("declined", "scenario:adhoc")
    assert (paid["phase"], paid["decided_by"]) == ("paid", "buyer:li-na")


async def test_a_scenario_that_does_not_validate_is_refused(sim: Sim) -> None:
    answer = await sim.http.put(f"{sim.path}/scenario", json={"rules": [{"wallet": {"declien": "x"}}]})

    assert (answer.status_code, error_of(answer)["code"]) == (422, "invalid_scenario")
    assert "declien" in error_of(answer)["message"]


async def test_a_disarmed_scenario_has_no_say(sim: Sim, acme: Merchant) -> None:
    await sim.arm([{"wallet": {"decline": "balance"}}])
    charge = await acme.create()

    assert (await sim.http.delete(f"{sim.path}/scenario")).status_code == 204

    assert (await sim.act("acme", charge, "pay"))["phase"] == "paid"


async def test_the_scenarios_on_disk_can_be_armed_by_name(sim: Sim) -> None:
    listed = (await sim.http.get("/_sim/scenarios")).json()["data"]

    for scenario in listed:
        armed = await sim.http.put(f"{sim.path}/scenario", json={"name": scenario["name"]})
        assert armed.status_code == (200 if scenario["armable"] else 404), scenario["name"]
        assert scenario["description"]


async def test_webhooks_can_come_twice_late_and_in_reverse(sim: Sim, acme: Merchant) -> None:
    rule = {"when": {"event": "charge.*"}, "webhooks": {"copies": 2, "delay": "PT30S", "order": "reversed"}}
    await sim.arm([rule])
    await acme.create()

    await sim.advance(seconds=29)
    early = len(sim.hooks)
    await sim.advance(seconds=2)

    assert early == 0
    assert {hook.at - sim.started_at for hook in sim.hooks} == {timedelta(seconds=30)}
    assert [hook.body["type"] for hook in sim.hooks] == ["charge.pending"] * 2 + ["charge.created"] * 2


async def test_the_eight_buyers_are_there_and_can_be_edited(sim: Sim, acme: Merchant) -> None:
    slugs = [b["slug"] for b in (await sim.http.get(f"{sim.path}/buyers")).json()["data"]]
    edited = (await sim.http.put(f"{sim.path}/buyers/wang-wei", json={"balance": 1_000_000})).json()
    charge = await acme.create()

    view = await sim.act("acme", charge, "pay", buyer="wang-wei")

    assert slugs == [
        "li-na", "wang-wei", "zhang-min", "chen-jie", "zhao-lei", "liu-yang", "sun-li", "zhou-ting",
    ]  # fmt: skip
    assert edited["balance"] == {"value": 1_000_000, "currency": "CNY"}
    assert view["phase"] == "paid"


async def test_what_nobody_claims_names_the_nearest_routes(sim: Sim) -> None:
    answer = await sim.http.post("/charge", json={})

    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"


# What is handed in


async def test_a_buyer_may_be_written_as_they_are_read(sim: Sim, acme: Merchant) -> None:
    charge = await acme.create()
    await sim.act("acme", charge, "pay")

    [line] = (await sim.http.put(f"{sim.path}/buyers/li-na", json={})).json()["ledger"]
    paid = {"value": 500, "currency": "CNY"}
    edited = (await sim.http.put(f"{sim.path}/buyers/li-na", json={"balance": paid, "daily_limit": paid})).json()

    assert line["at"] == "2026-03-04T05:00:00.000Z"
    assert (edited["balance"], edited["daily_limit"]) == (paid, 500)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"balance": {"value": 5, "currency": "EUR"}}, "balance"),
        ({"balance": {"value": 5}}, "balance"),
        ({"balance": {"value": -5, "currency": "CNY"}}, "balance"),
        ({"balance": None}, "balance"),
        ({"name_en": None}, "name_en"),
        ({"card": {}}, "card.last4"),
        ({"card": {"last4": "44171", "limit": 5}}, "card.last4"),
        ({"card": {"last4": "4417", "limit": "x"}}, "card.limit"),
    ],
)
async def test_a_buyer_that_could_not_pay_is_refused_and_stays_as_they_were(
    sim: Sim, change: dict[str, Any], field: str
) -> None:
    before = (await sim.http.get(f"{sim.path}/buyers")).json()

    refused = await sim.http.put(f"{sim.path}/buyers/li-na", json=change)

    assert (refused.status_code, error_of(refused)["code"], error_of(refused)["field"]) == (422, "invalid", field)
    assert (await sim.http.get(f"{sim.path}/buyers")).json() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("PUT", "/buyers/li-na", {"payment_code": "12"}, "payment_code: must be 6 digits"),
        (
            "POST",
            "/_sim/workspaces",
            {"name": "a b"},
            "name: must be 1 character of A-Z a-z 0-9, then any number of characters of A-Z a-z 0-9 . _ : [ ] -",
        ),
    ],
)
async def test_no_regular_expression_is_told_to_people(
    sim: Sim, method: str, path: str, body: dict[str, Any], message: str
) -> None:
    answer = await sim.http.request(method, path if path.startswith("/_sim") else sim.path + path, json=body)

    assert (answer.status_code, error_of(answer)["message"]) == (422, message)
