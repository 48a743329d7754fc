"""Payment reports: asked for, processed a minute later, fetched without a key, expired after two hours; and what is in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import STARTED, Sim

from providers.ppro.driver import Merchant
from providers.ppro.settled import CHARGE, REFUND, REFUNDS, STORY, at_morning
from simulator.kernel.clock import iso_millis, parse_instant
from simulator.providers.ppro.model import Charge, Operation

GOLDEN = Path(__file__).parent / "golden"
DAY = {"startDate": "2026-03-04T00:00:00Z", "endDate": "2026-03-04T23:59:59.999Z"}
URL = "http://merchant.test/reports"


async def ask(ppro: Merchant, type_: str = "CAPTURE", **more: Any) -> dict[str, Any]:
    answer = await ppro.post("payment-reports", {"operationType": type_, **DAY, **more})
    assert answer.status_code == 200, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


async def report(ppro: Merchant, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await ppro.get(f"payment-reports/{id_}")).raise_for_status().json()
    return found


async def fetched(ppro: Merchant, type_: str = "CAPTURE", **more: Any) -> httpx.Response:
    """The file of a new report, without any header of the merchant's."""
    asked = await ask(ppro, type_, **more)
    await ppro.sim.advance(seconds=60)
    return await ppro.sim.http.get((await report(ppro, asked["id"]))["downloadUrl"])


async def rows(ppro: Merchant, type_: str = "CAPTURE", **more: Any) -> list[dict[str, str]]:
    answer = (await fetched(ppro, type_, **more)).raise_for_status()
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


# The life of a report ---------------------------------------------------------------------------------------------


async def test_a_report_is_processed_after_a_minute_and_expires_two_hours_later(sim: Sim, ppro: Merchant) -> None:
    asked = await ask(ppro)
    pending = await report(ppro, asked["id"])
    await sim.advance(seconds=60)
    processed = await report(ppro, asked["id"])
    file = await sim.http.get(processed["downloadUrl"])
    await sim.advance(hours=2)
    expired = await report(ppro, asked["id"])
    late = await sim.http.get(processed["downloadUrl"])

    assert list(asked) == ["id", "status", "operationType", "startDate", "endDate", "createdAt", "updatedAt"]
    assert asked == pending and len(asked["id"]) == len("report_") + 21
    assert (asked["startDate"], asked["endDate"]) == ("2026-03-04T00:00:00.000Z", "2026-03-04T23:59:59.999Z")
    assert [one["status"] for one in (pending, processed, expired)] == ["PENDING", "PROCESSED", "EXPIRED"]
    assert list(processed) == [*asked, "contentLength", "downloadUrl"] and list(expired) == list(asked)
    assert processed["contentLength"] == len(file.content) == int(file.headers["content-length"])
    assert file.headers["content-type"].startswith("text/csv")
    assert (late.status_code, late.headers["content-type"], "Request has expired" in late.text) == (
        403,
        "application/xml",
        True,
    )


async def test_each_step_is_told_with_the_members_of_the_published_schema(sim: Sim, ppro: Merchant) -> None:
    asked = await ask(ppro, "REFUND")
    await sim.advance(hours=3)

    processed, expired = (hook.body for hook in sim.hooks)

    assert [one["type"] for one in (processed, expired)] == ["REPORT_PROCESSED", "REPORT_EXPIRED"]
    assert [one["subject"] for one in (processed, expired)] == [asked["id"]] * 2
    common = {"reportId": asked["id"], "operationType": "REFUND", "merchantId": ppro.headers["Merchant-Id"]}
    common |= {name: asked[name] for name in ("startDate", "endDate")}
    link, length = (processed["data"].pop(name) for name in ("downloadUrl", "contentLength"))
    assert (
        processed["data"] == common | {"status": "PROCESSED"} and link.startswith("http://sim.test/") and length > 200
    )
    assert expired["data"] == common | {"status": "EXPIRED"}
    assert [hook.at - STARTED for hook in sim.hooks] == [timedelta(minutes=1), timedelta(hours=2, minutes=1)]
    assert all(hook.verdict("ppro").valid for hook in sim.hooks)


async def test_a_report_may_name_where_it_is_told(sim: Sim, ppro: Merchant) -> None:
    sim._listeners[URL] = sim
    await ask(ppro, webhooksUrl=URL)
    await sim.advance(minutes=1)

    assert [hook.url for hook in sim.hooks] == [URL]


async def test_the_same_key_is_the_same_report(sim: Sim, ppro: Merchant) -> None:
    body = {"operationType": "VOID", **DAY}

    first, again, other = [
        await ppro.post("payment-reports", {**body, **more}, **{"Request-Idempotency-Key": "report-1"})
        for more in ({}, {}, {"operationType": "CAPTURE"})
    ]

    assert first.json() == again.json() and again.headers["request-idempotency"] == "true"
    assert other.status_code == 409


@pytest.mark.parametrize("spoilt", ["signature=x", "", "expires=1"])
async def test_a_link_opens_nothing_unless_it_is_whole(sim: Sim, ppro: Merchant, spoilt: str) -> None:
    asked = await ask(ppro)
    await sim.advance(seconds=60)
    link = httpx.URL((await report(ppro, asked["id"]))["downloadUrl"])

    nobody = str(link.copy_with(query=None)).replace(asked["id"], "report_nobody")
    answers = [await sim.http.get(f"{url}?{spoilt}") for url in (link.copy_with(query=None), nobody)]

    assert [(answer.status_code, "Access Denied" in answer.text) for answer in answers] == [(403, True)] * 2


# What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"operationType": None}, "operationType: must not be missing"),
        ({"operationType": "CHARGEBACK"}, "operationType: must be one of"),
        ({"startDate": "2026-03-04"}, "startDate: must be an instant"),
        ({"endDate": 1}, "endDate"),
        (
            {"startDate": "2026-03-04T10:00:00Z", "endDate": "2026-03-04T09:59:59Z"},
            "endDate: must not be before startDate",
        ),
        (
            {"startDate": "2026-02-05T00:00:00Z", "endDate": "2026-03-08T00:00:00.001Z"},
            "endDate: must be at most 31 days",
        ),
        (
            {"startDate": "2026-02-01T04:59:59.999Z", "endDate": "2026-02-09T00:00:00Z"},
            "startDate: must be within the latest 31 days",
        ),
        ({"webhooksUrl": "ftp://shop.example"}, "webhooksUrl"),
    ],
)
async def test_a_wrong_request_is_400_and_nothing_is_made(
    sim: Sim, ppro: Merchant, changes: Mapping[str, Any], says: str
) -> None:
    body = {name: value for name, value in ({"operationType": "CAPTURE"} | DAY | changes).items() if value is not None}

    answer = await ppro.post("payment-reports", body)

    assert (answer.status_code, says in answer.json()["failureMessage"]) == (400, True), answer.text
    assert (await sim.http.get(f"{sim.path}/timers")).json()["data"] == []


@pytest.mark.parametrize(
    "span",
    [
        {"startDate": "2026-02-01T05:00:00Z", "endDate": "2026-03-04T05:00:00Z"},
        {"startDate": "2026-03-04T13:00:00+08:00", "endDate": "2026-03-04T13:00:00+08:00"},
        {"startDate": "2026-03-30T00:00:00Z", "endDate": "2026-04-30T00:00:00Z"},
    ],
)
async def test_the_bounds_of_the_span_are_taken_and_an_empty_report_has_its_header(
    ppro: Merchant, span: dict[str, str]
) -> None:
    answer = await fetched(ppro, **span)

    assert answer.text.startswith("OPERATION_ID,OPERATION_TYPE,") and answer.text.count("\n") == 1


async def test_a_report_is_its_merchants_alone(sim: Sim, ppro: Merchant) -> None:
    """Two merchants with one key: neither sees the other's report. Without `Merchant-Id` nothing is made."""
    body = {"name": "psp", "credentials": {"ppro": {"api_key": "key_psp", "merchant_id": ["merch_one", "merch_two"]}}}
    (await sim.http.post("/_sim/workspaces", json=body)).raise_for_status()
    one, two = Merchant(sim), Merchant(sim)
    for merchant, id_ in ((one, "merch_one"), (two, "merch_two")):
        merchant.headers = {"Authorization": "Bearer key_psp", "Merchant-Id": id_}
    span = {"operationType": "AUTHORIZATION", "startDate": "2020-01-01T00:00:00Z"}

    made = await one.create()
    now = made["createdAt"]
    own, foreign = [await m.post("payment-reports", {**span, "startDate": now, "endDate": now}) for m in (one, two)]
    without = await sim.http.post("/v1/payment-reports", json=span, headers={"Authorization": "Bearer key_psp"})
    seen = [await m.get(f"payment-reports/{own.json()['id']}") for m in (one, two)]
    unknown = await one.get("payment-reports/report_nobody")

    assert (own.status_code, foreign.status_code, without.status_code) == (200, 200, 400)
    assert [answer.status_code for answer in seen] == [200, 404]
    assert {answer.json()["failureMessage"] for answer in (seen[1], unknown)} == {"Payment report not found"}


# What stands in it ------------------------------------------------------------------------------------------------


def _charge(sim: Sim, n: int, created: str, amount: int, currency: str, **operations: Any) -> None:
    """One of the reference's charges, as the API would have left it."""
    with sim.app.runtime.unit(sim.workspace, provider="ppro", topic="test") as uow:
        made = {"created_at": parse_instant(created), "updated_at": uow.now}
        uow.add(
            Charge(
                id=CHARGE.format(n),
                state="AUTHORIZATION_PROCESSING",
                merchant_id=sim.credentials("ppro")["merchant_id"],
                origin="",
                payment_method="ALIPAY",
                instrument_id="instr_1",
                amount=amount,
                currency=currency,
                country="CN",
                reference=f"shop-{2000 + n}",
                **made,
                **operations,
            )
        )


def _operation(kind: str, id_: str, status: str, at: str, amount: int, reference: str | None = None) -> Operation:
    when = parse_instant(at)
    return Operation(
        id=id_, kind=kind, status=status, amount=amount, reference=reference, created_at=when, updated_at=when
    )


@pytest.mark.parametrize("type_", ["CAPTURE", "REFUND"])
async def test_the_reports_of_the_reference_are_written_byte_for_byte(sim: Sim, type_: str) -> None:
    at_morning(sim)
    runtime, own = sim.app.runtime, sim.workspace.credentials
    runtime.change_workspace(sim.workspace, credentials={**own, "ppro": {**own["ppro"], "merchant_id": "SIMSHOP"}})
    back = {of: (n, at, amount, reference) for n, of, _, reference, at, amount, _, _ in REFUNDS}
    sold = {n: (created, amount, currency, at) for n, created, at, amount, currency, _ in STORY}
    sold[0] = (REFUNDS[0][-1], 4500, "EUR", "2026-02-20T10:00:05.000Z")
    for n, (created, amount, currency, at) in sold.items():
        capture = _operation("captures", f"capture_Q{n}wErTyUiOpAsDfGhJkLz", "CAPTURED", at, amount)
        refunds = ()
        if n in back:
            number, refunded_at, part, reference = back[n]
            refunds = (_operation("refunds", REFUND.format(number), "REFUNDED", refunded_at, part, reference),)
        _charge(sim, n, created, amount, currency, captures=(capture,), refunds=refunds)
    span = {"startDate": "2026-03-02T00:00:00Z", "endDate": "2026-03-02T23:59:59.999Z"}

    file = await fetched(Merchant(sim), type_, **span)

    assert file.content == (GOLDEN / f"payment_operations_{type_.lower()}.csv").read_bytes()


async def test_every_type_of_operation_has_its_report(ppro: Merchant) -> None:
    """Also those that have failed; a discard bears the amount of what it ends."""
    charge = await ppro.mock("requiresCapture=true", merchantPaymentChargeReference="order-1")
    await ppro.capture(charge["id"], 600, merchantCaptureReference="cap-1")
    await ppro.capture(charge["id"], 5000)
    await ppro.void(charge["id"], 400)
    await ppro.refund(charge["id"], 100, merchantRefundReference="back-1")
    gone = await ppro.create(merchantPaymentChargeReference="order-2")
    await ppro.discard(gone["id"])

    found = {type_: await rows(ppro, type_) for type_ in ("AUTHORIZATION", "CAPTURE", "REFUND", "VOID", "DISCARD")}

    told = {
        type_: sorted(
            (one["OPERATION_STATUS"], one["OPERATION_AMOUNT"], one["MERCHANT_PAYMENT_OPERATION_REFERENCE"])
            for one in of
        )
        for type_, of in found.items()
    }
    assert told == {
        "AUTHORIZATION": [("AUTHENTICATION_PENDING", "1000", "order-2"), ("AUTHORIZED", "1000", "order-1")],
        "CAPTURE": [("CAPTURED", "600", "cap-1"), ("FAILED", "5000", "order-1")],
        "REFUND": [("REFUNDED", "100", "back-1")],
        "VOID": [("VOIDED", "400", "order-1")],
        "DISCARD": [("DISCARDED", "1000", "order-2")],
    }
    assert {one["OPERATION_TYPE"] for one in found["VOID"]} == {"VOID"}
    assert {one["PAYMENT_METHOD"] for one in found["AUTHORIZATION"]} == {"ALIPAY", "MOCK"}


async def test_a_refund_of_an_older_charge_stands_in_the_report_of_its_own_day(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.paid()
    await sim.advance(days=40)
    refund = await ppro.refund(charge["id"], 100)
    span = {"startDate": refund["createdAt"], "endDate": refund["createdAt"]}

    captured, refunded = await rows(ppro, "CAPTURE", **span), await rows(ppro, "REFUND", **span)

    assert captured == []
    assert [(one["OPERATION_ID"], one["PAYMENT_CHARGE_ID"], one["PAYMENT_CHARGE_AMOUNT"]) for one in refunded] == [
        (refund["id"], charge["id"], "1000")
    ]


async def test_the_file_stays_as_it_was_processed(sim: Sim, ppro: Merchant) -> None:
    """A refund that was pending is done before the link expires; and any text is a reference."""
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"outcome": "pending", "delay": "10m"}}])
    charge = await ppro.paid(merchantPaymentChargeReference='=1, "A" & 订单')
    await ppro.refund(charge["id"], 100)
    asked = await ask(ppro, "REFUND")
    await sim.advance(minutes=1)
    link = (await report(ppro, asked["id"]))["downloadUrl"]
    first = await sim.http.get(link)
    await sim.advance(minutes=30)

    again, new = await sim.http.get(link), await rows(ppro, "REFUND")

    assert first.content == again.content and ",PENDING," in first.text
    assert [one["OPERATION_STATUS"] for one in new] == ["REFUNDED"]
    assert new[0]["MERCHANT_PAYMENT_OPERATION_REFERENCE"] == '=1, "A" & 订单'


async def test_each_operation_of_a_span_stands_in_one_of_the_reports_that_divide_it(sim: Sim, ppro: Merchant) -> None:
    """From one millisecond to the next there is neither a gap nor an overlap."""
    made = []
    for _ in range(6):
        made.append((await ppro.mock())["captures"][0]["id"])
        await sim.advance(minutes=7)
    cut = STARTED + timedelta(minutes=21)
    spans = [(STARTED, cut - timedelta(milliseconds=1)), (cut, cut + timedelta(hours=1))]

    found = [await rows(ppro, startDate=iso_millis(since), endDate=iso_millis(until)) for since, until in spans]

    assert [[one["OPERATION_ID"] for one in of] for of in found] == [made[:3], made[3:]]


# Scenarios --------------------------------------------------------------------------------------------------------


async def test_a_report_may_fail(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"settlement": {"report": "failed"}}])
    asked = await ask(ppro)
    other = await ask(ppro)
    await sim.advance(minutes=1)

    failed = await report(ppro, asked["id"])

    assert (failed["status"], failed["failure"]["failureCode"]) == ("FAILED", "INTERNAL_PROCESSING_ERROR")
    assert "downloadUrl" not in failed and (await report(ppro, other["id"]))["status"] == "PROCESSED"
    assert {hook.body["type"]: hook.body["data"]["reportId"] for hook in sim.hooks} == {
        "REPORT_FAILED": asked["id"],
        "REPORT_PROCESSED": other["id"],
    }


async def test_a_report_may_fail_in_the_answer_itself(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"settlement": {"report": "failed", "delay": "0s"}}])

    asked = await ask(ppro)
    await sim.settle()

    assert (asked["status"], asked["failure"]["failureType"]) == ("FAILED", "INTERNAL_ERROR")
    assert [hook.body["type"] for hook in sim.hooks] == ["REPORT_FAILED"]


async def test_a_report_may_be_late(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"settlement": {"report": "late", "delay": "PT3H"}}])
    asked, states = await ask(ppro), []
    for minutes in (180, 1):
        await sim.advance(minutes=minutes)
        states.append((await report(ppro, asked["id"]))["status"])

    assert states == ["PENDING", "PROCESSED"]


@pytest.mark.parametrize(("fault", "amounts"), [("row_missing", ["500"]), ("amount_differs", ["900", "500"])])
async def test_a_scenario_spoils_one_report(sim: Sim, ppro: Merchant, fault: str, amounts: list[str]) -> None:
    for value in (1000, 500):
        await ppro.mock(value=value)
        await sim.advance(seconds=1)
    await sim.arm([{"settlement": {"report": fault}}])

    spoilt, right = await rows(ppro), await rows(ppro)

    assert [one["OPERATION_AMOUNT"] for one in spoilt] == amounts
    assert [one["OPERATION_AMOUNT"] for one in right] == ["1000", "500"]


async def test_what_a_report_of_operations_has_not_waits_for_the_settlement(sim: Sim, ppro: Merchant) -> None:
    """There are neither fees nor totals in it."""
    await sim.arm([{"settlement": {"report": "wrong_total"}}])
    await ppro.paid()
    await ask(ppro)
    await sim.advance(days=3)

    [cutoff] = [one for one in sim.workspace.scenarios if one.get("used")]

    assert cutoff["used"] == {"0": 1}
    assert [hook.body["type"] for hook in sim.hooks][-2:] == ["REPORT_EXPIRED", "FUNDS_STATE_CHANGED"]
