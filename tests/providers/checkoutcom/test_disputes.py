"""Chargebacks: raised by a scenario, accepted or answered with evidence, decided a day later, or run out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import HOOKS_FOR_DISPUTES, Merchant


async def disputed(sim: Sim, verdict: str = "won") -> tuple[Merchant, dict[str, Any], dict[str, Any]]:
    """A merchant who hears of disputes, a payment, and its dispute an hour after the capture."""
    merchant = Merchant(sim)
    await merchant.listens(conditions=[HOOKS_FOR_DISPUTES])
    await sim.arm([{"when": {"operation": "capture"}, "provider": {"dispute": "PT1H", "verdict": verdict}}])
    created = await merchant.paid(amount=1100)
    await sim.advance(hours=1)
    [found] = (await merchant.get("/disputes")).raise_for_status().json()["data"]
    return merchant, created, found


async def test_a_dispute_is_received_listed_and_read(sim: Sim) -> None:
    merchant, created, short = await disputed(sim)

    page = (await merchant.get(f"/disputes?payment_id={created['id']}&statuses=evidence_required,won&limit=5")).json()
    full = (await merchant.get(f"/disputes/{short['id']}")).json()
    none = (await merchant.get("/disputes?statuses=lost")).json()

    assert list(page) == ["limit", "skip", "statuses", "payment_id", "total_count", "data"]
    assert (page["total_count"], page["data"]) == (1, [short])
    assert (none["total_count"], none["data"]) == (0, [])
    assert list(short) == [
        "id", "category", "status", "amount", "currency", "reason_code", "payment_id", "payment_action_id",
        "payment_reference", "payment_method", "evidence_required_by", "received_on", "last_update", "_links",
    ]  # fmt: skip
    assert (short["status"], short["amount"], short["payment_method"]) == ("evidence_required", 1100, "alipay_cn")
    assert full["payment"]["id"] == created["id"]
    [hook] = sim.hooks
    assert (hook.body["source"], hook.body["type"]) == ("dispute", "dispute_received")
    assert hook.at == sim.started_at + timedelta(hours=1, seconds=2)
    assert hook.body["data"]["id"] == short["id"]
    assert hook.body["_links"]["subject"]["href"].endswith(f"/workflows/events/subject/{created['id']}")
    assert hook.verdict("checkoutcom").valid


async def test_a_dispute_names_the_instant_of_the_capture_though_refunds_came_between(sim: Sim) -> None:
    merchant = Merchant(sim)
    await sim.arm([{"when": {"operation": "capture"}, "provider": {"dispute": "PT1H"}}])
    created = await merchant.paid(amount=1100)
    await merchant.refund(created["id"], {"amount": 100})
    await sim.advance(hours=1)
    [short] = (await merchant.get("/disputes")).json()["data"]

    full = (await merchant.get(f"/disputes/{short['id']}")).json()

    [capture] = [action for action in await merchant.actions(created["id"]) if action["type"] == "Capture"]
    assert (full["payment"]["processed_on"], short["amount"]) == (capture["processed_on"], 1000)


async def test_this_channel_only_leaves_out_disputes_of_other_channels(sim: Sim) -> None:
    """The published requests name a channel that is not the workspace's own."""
    merchant, _, _ = await disputed(sim)
    own = await merchant.paid(processing_channel_id=sim.credentials("checkoutcom")["processing_channel_id"])
    await sim.advance(hours=1)

    listed = (await merchant.get("/disputes?this_channel_only=true")).json()

    assert [one["payment_id"] for one in listed["data"]] == [own["id"]]


@pytest.mark.parametrize("verdict", ["won", "lost"])
async def test_evidence_is_collected_submitted_and_decided(sim: Sim, verdict: str) -> None:
    merchant, _, short = await disputed(sim, verdict)
    path = f"/disputes/{short['id']}"

    too_early = await merchant.post(f"{path}/evidence")
    nothing_yet = await merchant.get(f"{path}/evidence")
    given = [
        await merchant.send("PUT", f"{path}/evidence", {"invoice_or_receipt_text": "No. 7"}),
        await merchant.send("PUT", f"{path}/evidence", {"additional_evidence_text": "A letter"}),
    ]
    kept = (await merchant.get(f"{path}/evidence")).json()
    submitted = await merchant.post(f"{path}/evidence")
    await sim.advance(days=2)

    assert too_early.json()["error_codes"] == ["evidence_required"]
    assert nothing_yet.status_code == 404
    assert [(a.status_code, a.content) for a in (*given, submitted)] == [(204, b"")] * 3
    assert kept == {"invoice_or_receipt_text": "No. 7", "additional_evidence_text": "A letter"}
    assert (await merchant.get(path)).json()["status"] == verdict
    assert merchant.heard() == ["dispute_received", "dispute_evidence_submitted", f"dispute_{verdict}"]


async def test_an_accepted_dispute_is_over(sim: Sim) -> None:
    merchant, _, short = await disputed(sim)
    path = f"/disputes/{short['id']}"

    accepted = await merchant.post(f"{path}/accept")
    again = [await merchant.post(f"{path}/accept"), await merchant.post(f"{path}/evidence")]
    await sim.advance(days=30)

    assert accepted.status_code == 204
    assert [(a.status_code, a.content) for a in again] == [(403, b"")] * 2
    assert (await merchant.get(path)).json()["status"] == "accepted"
    assert merchant.heard() == ["dispute_received", "dispute_accepted"]


async def test_a_dispute_that_nobody_answers_expires(sim: Sim) -> None:
    merchant, _, short = await disputed(sim)

    await sim.advance(days=15)

    assert (await merchant.get(f"/disputes/{short['id']}")).json()["status"] == "expired"
    assert merchant.heard() == ["dispute_received", "dispute_expired"]


@pytest.mark.parametrize("body", [{}, {"unknown": "x"}, {"additional_evidence_text": 7}, []])
async def test_bad_evidence_is_refused(sim: Sim, body: Any) -> None:
    merchant, _, short = await disputed(sim)

    answer = await merchant.send("PUT", f"/disputes/{short['id']}/evidence", body)

    assert answer.status_code == 422
    assert (await merchant.get(f"/disputes/{short['id']}/evidence")).status_code == 404


async def test_what_is_refunded_is_not_disputed(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"when": {"operation": "capture", "amount": 1100}, "provider": {"dispute": "PT1H"}}])
    refunded = await cko.paid(amount=1100)
    await cko.refund(refunded["id"])
    other = await cko.paid(amount=1000)

    await sim.advance(hours=2)

    assert (await cko.get("/disputes")).json()["data"] == []
    assert await cko.status(other["id"]) == "Captured"
    assert (await cko.get("/disputes/dsp_unknown")).status_code == 404
    assert (await cko.get("/disputes?limit=251")).json()["error_codes"] == ["paging_limit_invalid"]


@pytest.mark.parametrize(
    ("options", "says", "allowed"),
    [
        ({"dispute": "soon"}, "provider.dispute: 'soon' is not a duration; write PT12H, 12h, 90s or 2h30m", None),
        ({"dispute": "PT1H", "verdict": "draw"}, "provider.verdict: must be one of won, lost", ["won", "lost"]),
        ({"disput": "PT1H"}, "provider.disput: there is no option 'disput' here", ["dispute", "verdict"]),
        (
            {"refusal": "payee_not_onboarded"},
            "provider.refusal: there is no option 'refusal' here",
            ["dispute", "verdict"],
        ),
    ],
)
async def test_what_a_scenario_misspells_of_a_dispute_is_refused(
    sim: Sim, options: dict[str, Any], says: str, allowed: list[str] | None
) -> None:
    rules = [{"when": {"provider": "checkoutcom", "operation": "capture"}, "provider": options}]

    answer = await sim.http.put(f"{sim.path}/scenario", json={"rules": rules})

    error = answer.json()["error"]
    assert (answer.status_code, error["message"], error.get("allowed")) == (422, f"body: rules.0.{says}", allowed)
