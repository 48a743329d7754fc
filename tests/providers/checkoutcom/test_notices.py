"""Nothing that is ignored, or that the live API may treat otherwise, passes without a word; a strict server refuses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim

from providers.checkoutcom.driver import EVENTS, FOLLOW_UP, HOSTED, LINK, ONE_TIME, RECURRING, Merchant, workflow

OLD = {"source": {"type": "alipay"}, "amount": 2000, "currency": "USD"}
HOOK = {"url": HOOKS, "event_types": ["payment_captured"]}


@pytest.fixture
async def strict() -> AsyncIterator[Sim]:
    async with Sim(strict=True) as simulator:
        yield simulator


def notice(answer: httpx.Response) -> str:
    assert answer.status_code < 300, answer.text
    return answer.headers.get("simulator-notice", "")


@pytest.mark.parametrize("body", [ONE_TIME, RECURRING, FOLLOW_UP])
async def test_the_published_requests_need_no_notice(cko: Merchant, strict: Sim, body: dict[str, Any]) -> None:
    assert notice(await cko.post("/payments", body)) == ""
    assert notice(await Merchant(strict).post("/payments", body)) == ""


PAYMENTS: list[tuple[dict[str, Any], str, str]] = [
    ({"capture": False}, "capture has no effect", "capture_invalid"),
    ({"capture": "false"}, "capture has no effect", "capture_invalid"),
    ({"capture_on": "2026-03-05T10:00:00"}, "capture_on has no effect", "capture_on_invalid"),
    ({"payment_type": "Unscheduled"}, "payment_type Unscheduled", "payment_type_invalid"),
    ({"authorization_type": "Estimated"}, "authorization_type has no effect", "authorization_type_invalid"),
    ({"3ds": {"enabled": True}}, "3ds.enabled has no effect", "3ds_enabled_invalid"),
    ({"risk": {"enabled": True}}, "risk.enabled has no effect", "risk_enabled_invalid"),
    (
        {"billing_descriptor": {"name": "Shop", "city": "London"}},
        "billing_descriptor has no effect",
        "billing_descriptor_invalid",
    ),
    ({"amount_allocations": [{"id": "ent_x", "amount": 1}]}, "amount_allocations has", "amount_allocations_invalid"),
    ({"processing": {"order_id": "1"}}, "processing.order_id has no effect", "processing_order_id_invalid"),
    ({"previous_payment_id": "pay_unknown"}, "previous_payment_id", "previous_payment_id_invalid"),
    ({"processing_channel_id": "pc_" + "b" * 26}, "processing_channel_id", "cko_processing_channel_id_invalid"),
]


@pytest.mark.parametrize(("changes", "named", "code"), PAYMENTS)
async def test_what_has_no_effect_on_a_payment_is_said(
    cko: Merchant, strict: Sim, changes: dict[str, Any], named: str, code: str
) -> None:
    assert named in notice(await cko.post("/payments", ONE_TIME | changes))
    assert await Merchant(strict).refused(ONE_TIME | changes) == ("request_invalid", [code])


@pytest.mark.parametrize(
    "changes",
    [
        {"capture": True},
        {"payment_type": "recurring"},
        {"3ds": {"enabled": False}},
        {"risk": {"enabled": False}},
        {"merchant_initiated": True},
        {"capture": "TRUE"},
        {"billing_descriptor": None},
        {"customsCode": "HG", "processing": {"merchantCustomsCode": "1", "merchantCustomsName": "N"}},
        {"metadata": {"anything": "goes"}},
        {"items": [{"name": "x", "commodity_code": "1234", "unit_of_measure": "piece"}]},
    ],
)
async def test_what_says_the_usual_needs_no_notice(cko: Merchant, changes: dict[str, Any]) -> None:
    assert notice(await cko.post("/payments", ONE_TIME | changes)) == ""


async def test_a_known_previous_payment_needs_no_notice(cko: Merchant) -> None:
    first = await cko.paid(RECURRING)
    follow_up = FOLLOW_UP | {"source": {"type": "id", "id": first["source"]["id"]}, "previous_payment_id": first["id"]}

    assert notice(await cko.post("/payments", follow_up)) == ""


PAGES: list[tuple[dict[str, Any], str, str]] = [
    ({"capture": False}, "capture has no effect", "capture_invalid"),
    ({"capture_on": "2026-03-05T10:00:00Z"}, "capture_on", "capture_on_invalid"),
    ({"payment_type": "MOTO"}, "payment_type MOTO", "payment_type_invalid"),
    ({"risk": {"enabled": True}}, "risk.enabled has no effect", "risk_enabled_invalid"),
    ({"allow_payment_methods": ["card"]}, "allow_payment_methods", "allow_payment_methods_invalid"),
    ({"disabled_payment_methods": ["alipay_cn"]}, "disabled_payment_methods", "disabled_payment_methods_invalid"),
    ({"locale": "xx"}, "locale", "locale_invalid"),
    ({"processing_channel_id": "pc_" + "b" * 26}, "processing_channel_id", "cko_processing_channel_id_invalid"),
]


@pytest.mark.parametrize(("path", "page"), [("/hosted-payments", HOSTED), ("/payment-links", LINK)])
@pytest.mark.parametrize(("changes", "named", "code"), PAGES)
async def test_what_has_no_effect_on_a_page_is_said(
    cko: Merchant, strict: Sim, path: str, page: dict[str, Any], changes: dict[str, Any], named: str, code: str
) -> None:
    assert notice(await cko.post(path, page)) == ""
    assert named in notice(await cko.post(path, page | changes))
    refused = await Merchant(strict).post(path, page | changes)
    assert (refused.status_code, refused.json()["error_codes"]) == (422, [code])


async def test_a_reversal_of_a_part_is_said_to_be_whole(cko: Merchant) -> None:
    created = await cko.paid(amount=1000)

    answer = await cko.post(f"/payments/{created['id']}/reversals", {"amount": 100})

    assert "amount has no effect on a reversal" in notice(answer)
    assert (await cko.actions(created["id"]))[0]["amount"] == 1000


async def test_an_idempotency_key_that_does_not_count_is_said(cko: Merchant, strict: Sim) -> None:
    wrong = await cko.post("/payments", ONE_TIME, Idempotency_Key="k")
    idle = await cko.post("/customers", {"email": "a@example.com"}, Cko_Idempotency_Key="k")
    right = await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key="k")
    refused = await Merchant(strict).post("/payments", ONE_TIME, Idempotency_Key="k")

    assert "reads Cko-Idempotency-Key" in notice(wrong)
    assert "no effect on this operation" in notice(idle)
    assert notice(right) == ""
    assert refused.json()["error_codes"] == ["idempotency_key_invalid"]


async def test_customers_are_not_listed_and_the_answer_says_how_one_is_read(cko: Merchant) -> None:
    answer = await cko.get("/customers?email=john.smith@example.com")

    assert (answer.status_code, answer.content) == (405, b"")
    assert "GET /customers/{identifier}" in answer.headers["simulator-notice"]


# Workflows and webhooks ------------------------------------------------------------------------------------------

SILENT: list[tuple[list[dict[str, Any]] | None, str]] = [
    (None, "no condition of the type event"),
    ([{"type": "entity", "entities": ["ent_" + "a" * 26]}], "no condition of the type event"),
    ([{"type": "event", "events": {}}], "no event that can happen"),
    ([{"type": "event", "events": {"gateway": ["payment_approved"]}}], "no event that can happen"),
    (
        [
            {"type": "event", "events": {"gateway": EVENTS}},
            {"type": "processing_channel", "processing_channels": ["channel-1"]},
        ],
        "names no processing channel",
    ),
    ([{"type": "event", "events": {"gateway": EVENTS}}, {"type": "entity", "entities": []}], "names no entity"),
]


@pytest.mark.parametrize(("conditions", "why"), SILENT)
async def test_a_workflow_that_never_fires_is_made_with_a_notice(
    sim: Sim, strict: Sim, conditions: list[dict[str, Any]] | None, why: str
) -> None:
    merchant = Merchant(sim)
    body = workflow() | {"conditions": conditions}

    answer = await merchant.post("/workflows", body)
    await merchant.paid()
    refused = await Merchant(strict).post("/workflows", body)

    assert answer.status_code == 201
    assert "this workflow never fires" in notice(answer) and why in notice(answer)
    assert sim.hooks == []
    assert (refused.status_code, refused.json()["error_codes"]) == (422, ["workflow_conditions_invalid"])
    assert (await Merchant(strict).get("/workflows")).json() == {"data": []}


async def test_a_workflow_that_loses_its_events_is_said_to_be_silent(cko: Merchant) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]
    path = f"/workflows/{listed['id']}/conditions"
    own = (await cko.get(f"/workflows/{listed['id']}")).json()["conditions"][0]["id"]

    replaced = await cko.send("PUT", f"{path}/{own}", {"type": "event", "events": {"gateway": ["card_verified"]}})
    removed = await cko.send("DELETE", f"{path}/{own}")
    added = await cko.post(path, {"type": "event", "events": {"gateway": ["payment_captured"]}})

    assert "never fires" in notice(replaced) and "never fires" in notice(removed)
    assert notice(added) == ""


async def test_events_that_never_come_are_named_and_no_reason_to_refuse(sim: Sim, strict: Sim) -> None:
    """Shop plugins register the events of cards too, and are right to."""
    body = workflow(events=[*EVENTS, "payment_approved", "card_verified"])

    plain = await Merchant(sim).post("/workflows", body)
    taken = await Merchant(strict).post("/workflows", body)

    assert notice(plain) == "these events never happen to an Alipay payment here: payment_approved, card_verified"
    assert taken.status_code == 201


@pytest.mark.parametrize(
    "events",
    [
        {"gateway": ["payment_teleported"]},
        {"gateway": ["dispute_won"]},
        {"wallet": ["payment_captured"]},
        {"wallet": []},
        {"dispute": ["payment_captured"]},
    ],
)
async def test_an_unknown_source_or_event_is_refused(cko: Merchant, events: dict[str, Any]) -> None:
    [listed] = (await cko.get("/workflows")).json()["data"]
    path = f"/workflows/{listed['id']}/conditions"
    own = (await cko.get(f"/workflows/{listed['id']}")).json()["conditions"][0]["id"]
    condition = {"type": "event", "events": events}

    for answer in (
        await cko.post("/workflows", workflow() | {"conditions": [condition]}),
        await cko.send("PUT", f"{path}/{own}", condition),
    ):
        assert (answer.status_code, answer.json()["error_codes"]) == (422, ["event_types_invalid"])


async def test_a_workflow_without_any_condition_in_its_list_is_refused(cko: Merchant) -> None:
    answer = await cko.post("/workflows", workflow() | {"conditions": []})

    assert (answer.status_code, answer.json()["error_codes"]) == (422, ["workflow_conditions_required"])


async def test_a_previous_webhook_that_is_never_sent_or_not_as_asked_is_said(previous: Merchant, strict: Sim) -> None:
    silent = await previous.post("/webhooks", HOOK | {"event_types": ["payment_approved", "charge.succeeded"]})
    written = await previous.post("/webhooks", HOOK | {"url": f"{HOOKS}/2", "content_type": "xml"})
    unknown = await previous.post("/webhooks", HOOK | {"url": f"{HOOKS}/3", "event_types": ["payment_teleported"]})
    plain = await previous.post("/webhooks", HOOK | {"url": f"{HOOKS}/4"})
    refused = await Merchant(strict, previous=True).post("/webhooks", HOOK | {"content_type": "xml"})

    assert "never sent" in notice(silent) and "charge.succeeded" in notice(silent)
    assert "sent as JSON" in notice(written)
    assert (unknown.status_code, unknown.json()["error_codes"]) == (422, ["event_types_invalid"])
    assert notice(plain) == ""
    assert refused.json()["error_codes"] == ["content_type_invalid"]


async def test_filters_of_the_previous_platform_are_understood_or_said(sim: Sim, previous: Merchant) -> None:
    await previous.made("/payments", OLD)

    assert (await previous.get("/events")).status_code == 200
    for query in ("charge_id=charge_1", "track_id=T-1"):
        assert (await previous.get(f"/events?{query}")).status_code == 204, query
    assert "version is 1.0 or 2.0" in notice(await previous.get("/event-types?version=3.0"))
    assert notice(await previous.get("/event-types?version=2.0")) == ""
