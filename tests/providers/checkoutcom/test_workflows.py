"""Workflows: conditions, actions, tests, events and reflow."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support import HOOKS, Sim

from providers.checkoutcom.driver import CHANNEL, KEY, ONE_TIME, TOKEN, Merchant, workflow

OTHER = "http://merchant.test/other"


async def test_a_workflow_is_read_back_with_ids_and_links(sim: Sim) -> None:
    merchant = Merchant(sim)
    answer = await merchant.post("/workflows", workflow(events=["payment_pending", "payment_captured"]))
    made = answer.json()
    own = f"http://sim.test/workflows/{made['id']}"

    found = (await merchant.get(f"/workflows/{made['id']}")).json()

    assert (answer.status_code, list(made), made["_links"]) == (201, ["id", "_links"], {"self": {"href": own}})
    assert list(found) == ["id", "name", "active", "conditions", "actions", "_links"]
    [condition], [action] = found["conditions"], found["actions"]
    assert condition == {
        "id": condition["id"],
        "type": "event",
        "events": {"gateway": ["payment_pending", "payment_captured"]},
        "_links": {"self": {"href": f"{own}/conditions/{condition['id']}"}},
    }
    assert action == {
        "id": action["id"],
        "type": "webhook",
        "url": HOOKS,
        "headers": {"Authorization": TOKEN},
        "signature": {"method": "HMACSHA256", "key": KEY},
        "_links": {"self": {"href": f"{own}/actions/{action['id']}"}},
    }
    assert [list(condition), list(action)] == [
        ["id", "type", "events", "_links"],
        ["id", "type", "url", "headers", "signature", "_links"],
    ]
    listed = (await merchant.get("/workflows")).json()
    assert listed == {"data": [{"id": made["id"], "name": "Tests", "active": True, "_links": {"self": {"href": own}}}]}


async def test_a_workflow_can_be_renamed_stopped_and_deleted(sim: Sim, cko: Merchant) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]
    path = f"/workflows/{listed['id']}"

    changed = await cko.send("PATCH", path, {"name": "New", "active": False})
    await cko.request()
    await sim.settle()
    silent = list(sim.hooks)
    deleted = await cko.send("DELETE", path)

    assert (changed.status_code, changed.json()) == (200, {"name": "New", "active": False})
    assert silent == []
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await cko.get(path)).status_code == 404
    assert (await cko.send("DELETE", path)).status_code == 404


async def test_actions_are_added_replaced_and_removed(sim: Sim, cko: Merchant) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]
    path = f"/workflows/{listed['id']}"
    action = {"type": "webhook", "url": OTHER, "signature": {"method": "HMACSHA256", "key": "second"}}

    added = await cko.post(f"{path}/actions", action)
    own = f"{path}/actions/{added.json()['id']}"
    await cko.request()
    await sim.settle()
    replaced = await cko.send("PUT", own, action | {"url": f"{OTHER}/2"})
    await cko.request()
    await sim.settle()
    verdicts = [hook.verdict("checkoutcom").valid for hook in sim.hooks]
    removed = await cko.send("DELETE", own)
    last = (await cko.get(path)).json()["actions"][0]["id"]
    refused = await cko.send("DELETE", f"{path}/actions/{last}")

    assert (added.status_code, list(added.json())) == (201, ["id", "_links"])
    assert (replaced.status_code, replaced.content) == (200, b"")
    assert [hook.url for hook in sim.hooks] == [HOOKS, OTHER, HOOKS, f"{OTHER}/2"]
    assert verdicts == [True] * 4
    assert removed.status_code == 204
    assert (await cko.send("DELETE", own)).status_code == 404
    assert (refused.status_code, refused.json()["error_codes"]) == (422, ["workflow_actions_required"])


async def test_every_condition_must_hold(sim: Sim, cko: Merchant) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]
    path = f"/workflows/{listed['id']}/conditions"
    channel = {"type": "processing_channel", "processing_channels": ["pc_dfv7ool22prehj2dw737fgguiu"]}

    added = await cko.post(path, channel)
    await cko.request()
    await sim.settle()
    assert sim.hooks == []
    own = f"{path}/{added.json()['id']}"
    replaced = await cko.send("PUT", own, channel | {"processing_channels": [CHANNEL]})
    await cko.request()
    await sim.settle()

    assert cko.heard() == ["payment_pending"]
    assert (replaced.status_code, replaced.content) == (200, b"")
    entity = await cko.post(path, {"type": "entity", "entities": ["ent_o7tc4mytuxvupdjjtkeuz2scv4"]})
    await cko.request()
    await sim.settle()
    assert (entity.status_code, len(sim.hooks)) == (201, 1)
    assert (await cko.send("DELETE", f"{path}/{entity.json()['id']}")).status_code == 204
    assert (await cko.send("DELETE", own)).status_code == 204
    assert (await cko.send("DELETE", own)).status_code == 404


async def test_a_workflow_hears_only_the_events_that_it_names(sim: Sim) -> None:
    merchant = Merchant(sim)
    await merchant.listens(events=["payment_captured"])

    await merchant.paid()

    assert merchant.heard() == ["payment_captured"]


INVALID: list[tuple[dict[str, Any], list[str]]] = [
    ({"actions": []}, ["workflow_actions_required"]),
    ({"actions": None}, ["actions_invalid"]),
    ({"actions": [{"type": "webhook", "url": "nowhere"}]}, ["workflow_action_url_invalid"]),
    ({"actions": [{"type": "webhook", "url": "javascript:alert(1)"}]}, ["workflow_action_url_invalid"]),
    (
        {"actions": [{"type": "webhook", "url": HOOKS, "headers": {"X": "1\r\nEvil: 2"}}]},
        ["actions_0_headers_invalid"],
    ),
    (
        {"conditions": [{"type": "event", "events": {"gateway": ["payment_pending"]}}] * 2},
        ["workflow_condition_type_duplicate"],
    ),
    ({"conditions": [{"type": "event"}]}, ["workflow_condition_event_required"]),
]


@pytest.mark.parametrize(("changes", "codes"), INVALID)
async def test_a_bad_workflow_is_refused(sim: Sim, changes: dict[str, Any], codes: list[str]) -> None:
    merchant = Merchant(sim)

    answer = await merchant.post("/workflows", workflow() | changes)

    assert (answer.status_code, answer.json()["error_codes"]) == (422, codes)
    assert (await merchant.get("/workflows")).json() == {"data": []}


async def test_a_second_condition_of_a_type_is_refused_later_too(cko: Merchant) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]

    answer = await cko.post(f"/workflows/{listed['id']}/conditions", {"type": "event", "events": {"gateway": []}})

    assert answer.json()["error_codes"] == ["workflow_condition_type_duplicate"]


async def test_a_test_sends_samples_to_this_workflow_only(sim: Sim, cko: Merchant) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]
    await cko.listens(OTHER)
    names = ["payment_captured", "dispute_received"]

    answer = await cko.post(f"/workflows/{listed['id']}/test", {"event_types": names})
    refused = await cko.post(f"/workflows/{listed['id']}/test", {"event_types": ["payment_teleported"]})
    await sim.settle()

    assert (answer.status_code, answer.content) == (204, b"")
    assert refused.json()["error_codes"] == ["event_types_invalid"]
    assert [(hook.url, hook.body["type"]) for hook in sim.hooks] == [(HOOKS, name) for name in names]
    assert all(hook.verdict("checkoutcom").valid for hook in sim.hooks)
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []


async def test_event_types_are_listed_by_source(cko: Merchant) -> None:
    found = (await cko.get("/workflows/event-types")).json()

    assert [source["id"] for source in found] == ["gateway", "dispute", "report"]
    assert list(found[0]) == ["id", "display_name", "description", "events"]
    assert {"payment_pending", "payment_capture_pending", "payment_refunded"} <= {e["id"] for e in found[0]["events"]}


async def test_an_event_is_read_with_its_invocations_and_attempts(sim: Sim, cko: Merchant) -> None:
    answers = iter([500, 200])
    sim.answer = lambda request: httpx.Response(next(answers, 200))
    created = await cko.request()
    await sim.settle()
    event_id = sim.hooks[0].body["id"]
    waiting = (await cko.get(f"/workflows/events/{event_id}")).json()
    await sim.advance(minutes=5)

    event = (await cko.get(f"/workflows/events/{event_id}")).json()

    keys = ["id", "source", "type", "timestamp", "version", "data", "action_invocations", "_links"]
    assert list(event) == keys
    assert (event["timestamp"], event["data"]) == ("2026-03-04T05:00:00.000Z", sim.hooks[0].body["data"])
    assert event["_links"]["payment"]["href"] == f"http://sim.test/payments/{created['id']}"
    [invocation] = event["action_invocations"]
    assert list(invocation) == ["workflow_id", "workflow_action_id", "status", "_links"]
    assert (waiting["action_invocations"][0]["status"], invocation["status"]) == ("pending", "successful")
    path = invocation["_links"]["self"]["href"].removeprefix("http://sim.test")
    attempts = (await cko.get(path)).json()
    assert (attempts["status"], attempts["action_type"], attempts["event_id"]) == ("successful", "webhook", event_id)
    assert [
        (a["timestamp"], a["retry"], a["succeeded"], a["final"], a["result_details"]["status_code"])
        for a in attempts["action_invocations"]
    ] == [
        ("2026-03-04T05:05:00Z", True, True, True, 200),
        ("2026-03-04T05:00:00Z", False, False, False, 500),
    ]
    assert (await cko.get(f"/workflows/events/{event_id}/actions/wfa_unknown")).status_code == 404


async def test_the_events_of_a_payment_are_listed_in_time_order(cko: Merchant) -> None:
    created = await cko.paid()

    found = (await cko.get(f"/workflows/events/subject/{created['id']}")).json()["data"]

    assert [event["type"] for event in found] == ["payment_pending", "payment_capture_pending", "payment_captured"]
    assert list(found[0]) == ["id", "type", "timestamp", "_links"]


async def test_events_are_recorded_though_no_workflow_matched(sim: Sim) -> None:
    merchant = Merchant(sim)
    created = await merchant.paid()
    late = await merchant.listens()

    answer = await merchant.post(f"/workflows/events/subject/{created['id']}/workflow/{late}/reflow")
    await sim.settle()

    assert (answer.status_code, answer.content) == (202, b"")
    assert merchant.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]


async def test_reflow_sends_the_same_bytes_again_in_all_five_ways(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)
    await sim.settle()
    [listed] = (await cko.get("/workflows")).json()["data"]
    event, payment, flow = sim.hooks[0].body["id"], created["id"], listed["id"]

    for path, body in (
        (f"/workflows/events/{event}/reflow", None),
        (f"/workflows/events/{event}/workflow/{flow}/reflow", None),
        (f"/workflows/events/subject/{payment}/reflow", None),
        (f"/workflows/events/subject/{payment}/workflow/{flow}/reflow", None),
        ("/workflows/events/reflow", {"events": [event], "workflows": [flow]}),
        ("/workflows/events/reflow", {"subjects": [payment], "workflows": [flow]}),
    ):
        answer = await cko.post(path, body)
        assert (answer.status_code, answer.content) == (202, b""), path
        await sim.settle()

    assert len(sim.hooks) == 7
    assert len({hook.raw for hook in sim.hooks}) == 1
    assert all(hook.verdict("checkoutcom").valid for hook in sim.hooks)


async def test_a_bad_reflow_is_refused(sim: Sim, cko: Merchant) -> None:
    for body, codes in (
        ({"events": ["evt_x"], "workflows": []}, ["event_ids_invalid"]),
        ({"subjects": ["pay_x"], "workflows": ["wf_x"]}, ["subject_id_invalid", "workflow_ids_invalid"]),
        ({}, ["event_ids_invalid"]),
    ):
        answer = await cko.post("/workflows/events/reflow", body)
        assert (answer.status_code, answer.json()["error_codes"]) == (422, codes)
    for path in ("evt_x/reflow", "subject/pay_x/reflow", "evt_x/workflow/wf_x/reflow"):
        assert (await cko.post(f"/workflows/events/{path}")).status_code == 404
    await sim.settle()
    assert sim.hooks == []


async def test_workflows_outlive_a_reset(sim: Sim, cko: Merchant) -> None:
    """A reset drops what happened and keeps the endpoints that the merchant has made."""
    await cko.paid()
    (await sim.http.post(f"{sim.path}/reset")).raise_for_status()
    sim.hooks.clear()

    await cko.request()
    await sim.settle()

    assert cko.heard() == ["payment_pending"]
    assert sim.hooks[0].verdict("checkoutcom").valid
