"""A workflow's test sends what real events send: the same members, and values that fit each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import HOOKS, Sim

from providers.checkoutcom.driver import EVENTS, HOOKS_FOR_DISPUTES, KEY, Merchant, workflow
from providers.checkoutcom.test_webhooks import CURRENT
from simulator.providers.checkoutcom.event_types import DISPUTE_EVENTS, GATEWAY_EVENTS, SENT


@pytest.fixture
async def samples(sim: Sim, cko: Merchant) -> dict[str, Any]:
    """The body of each sample by the name of its event."""
    [listed] = (await cko.get("/workflows")).json()["data"]
    names = [*EVENTS, *DISPUTE_EVENTS]
    assert (await cko.post(f"/workflows/{listed['id']}/test", {"event_types": names})).status_code == 204
    await sim.settle()
    assert [hook.body["type"] for hook in sim.hooks] == names
    return {hook.body["type"]: hook.body for hook in sim.hooks}


async def test_a_sample_has_the_members_of_the_real_event_in_their_order(samples: dict[str, Any]) -> None:
    for name, members in CURRENT.items():
        assert " ".join(samples[name]["data"]) == members, name
        assert list(samples[name]) == ["id", "source", "type", "timestamp", "version", "data", "_links"]


async def test_a_samples_action_codes_and_balances_fit_its_event(samples: dict[str, Any]) -> None:
    def of(name: str, *members: str) -> list[Any]:
        return [samples[name]["data"][member] for member in members]

    def balances(name: str) -> tuple[int, int, int]:
        found = samples[name]["data"]["balances"]
        return found["total_captured"], found["total_refunded"], found["available_to_refund"]

    assert {body["data"]["id"] for name, body in samples.items() if name in EVENTS} == set(of("payment_pending", "id"))
    for name in EVENTS[1:]:
        assert samples[name]["data"]["action_id"].startswith("act_"), name
    assert of("payment_captured", "response_code", "response_summary") == ["10000", "Approved"]
    assert of("payment_declined", "response_code", "response_summary") == ["20005", "Declined - Do Not Honour"]
    assert of("payment_refunded", "response_code", "amount") == ["10000", 1000]
    assert of("payment_refund_declined", "response_code", "amount") == ["20120", 1000]
    assert balances("payment_captured") == (1000, 0, 1000)
    assert balances("payment_declined") == (0, 0, 0)
    assert balances("payment_refunded") == (1000, 1000, 0)


async def test_a_sample_of_a_dispute_is_about_all_of_the_payment(samples: dict[str, Any], sim: Sim) -> None:
    merchant = Merchant(sim)
    await merchant.listens(conditions=[HOOKS_FOR_DISPUTES])
    await sim.arm([{"when": {"operation": "capture"}, "provider": {"dispute": "PT1H"}}])
    await merchant.paid(amount=1000, reference="WORKFLOW-TEST")
    await sim.advance(hours=1)
    real = sim.hooks[-1].body

    sample = samples["dispute_received"]

    assert (list(sample), list(sample["data"])) == (list(real), list(real["data"]))
    same = ("category", "amount", "currency", "reason_code", "payment_reference", "payment_method")
    assert [sample["data"][name] for name in same] == [real["data"][name] for name in same]
    assert sample["data"]["payment_id"] == samples["payment_pending"]["data"]["id"]


async def test_a_sample_can_be_read_and_sent_again(sim: Sim, cko: Merchant, samples: dict[str, Any]) -> None:
    event, payment = samples["payment_captured"]["id"], samples["payment_captured"]["data"]["id"]
    first = next(hook.raw for hook in sim.hooks if hook.body["id"] == event)
    sim.hooks.clear()

    read = await cko.get(f"/workflows/events/{event}")
    again = await cko.post(f"/workflows/events/{event}/reflow")
    await sim.settle()

    assert (read.status_code, read.json()["data"]) == (200, samples["payment_captured"]["data"])
    assert (again.status_code, [hook.raw for hook in sim.hooks]) == (202, [first])
    assert sim.hooks[0].verdict("checkoutcom").valid
    listed = (await cko.get(f"/workflows/events/subject/{payment}")).json()["data"]
    assert [one["type"] for one in listed][: len(EVENTS)] == EVENTS


async def test_every_event_that_a_workflow_may_name_has_a_sample(sim: Sim) -> None:
    merchant = Merchant(sim)
    [action] = workflow()["actions"]
    made = await merchant.made("/workflows", workflow(actions=[action, action | {"url": f"{HOOKS}/2"}]))

    answer = await merchant.post(f"/workflows/{made['id']}/test", {"event_types": [*GATEWAY_EVENTS, *DISPUTE_EVENTS]})
    await sim.settle()

    assert answer.status_code == 204 and KEY
    assert len(sim.hooks) == 2 * len([*GATEWAY_EVENTS, *DISPUTE_EVENTS])
    assert all(hook.verdict("checkoutcom").valid for hook in sim.hooks)


@pytest.mark.uncounted
async def test_a_test_event_says_what_the_workflows_test_says_of_the_same_event(
    samples: dict[str, Any], sim: Sim
) -> None:
    """Member by member; the amounts are those of two purchases."""
    for name in [name for name in SENT if name in samples]:
        sent = await sim.http.post(f"{sim.path}/webhooks/checkoutcom/test-event", json={"event": name})
        event, sample = json.loads(sent.json()["body"]), samples[name]

        assert (list(event), list(event["data"])) == (list(sample), list(sample["data"])), name
        if name != "payment_declined":
            assert event["data"].get("response_code") == sample["data"].get("response_code"), name


@pytest.mark.uncounted
async def test_a_test_events_codes_balances_and_ids_fit_one_another(sim: Sim) -> None:
    async def data(name: str) -> dict[str, Any]:
        sent = await sim.http.post(f"{sim.path}/webhooks/checkoutcom/test-event", json={"event": name})
        found: dict[str, Any] = json.loads(sent.json()["body"])["data"]
        return found

    captured, declined = await data("payment_captured"), await data("payment_declined")
    refunded, refused = await data("payment_refunded"), await data("payment_refund_declined")

    assert (captured["amount"], captured["balances"]["available_to_refund"]) == (1100, 1100)
    assert captured["event_links"]["payment"].endswith(captured["id"])
    assert (declined["response_code"], declined["balances"]["total_captured"]) == ("20051", 0)
    assert (refunded["response_code"], refunded["reference"], refunded["balances"]["total_refunded"]) == (
        "10000",
        "RF-1",
        1100,
    )
    assert (refused["response_code"], refused["amount"]) == ("20120", 1100)
    assert all(found["action_id"].startswith("act_") for found in (captured, declined, refunded, refused))
