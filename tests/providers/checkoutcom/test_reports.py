"""Reports and financial actions over the API: what is there when, how it is fetched, and what scenarios do to it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim

from providers.checkoutcom.driver import KEY, ONE_TIME, Merchant
from providers.checkoutcom.money import BY_DATE, BY_PAYOUT, fetched, files, held, listed, payouts, read

SALE: dict[str, Any] = ONE_TIME | {"amount": 2500, "reference": "shop-1"}


async def test_a_report_has_the_published_members(sim: Sim, cko: Merchant) -> None:
    await cko.paid(SALE)
    await sim.advance(days=4)

    reports = await listed(cko)
    report = next(one for one in reports if one["type"] == BY_PAYOUT)
    [payout] = await payouts(sim)

    assert list(report) == [
        "id", "created_on", "last_modified_on", "type", "description", "account", "tags", "from", "to", "files", "_links",
    ]  # fmt: skip
    assert re.fullmatch(r"rpt_\w{26}", report["id"]) and re.fullmatch(r"file_\w{26}", report["files"][0]["id"])
    assert report["tags"] == [f"payout_id:{payout['id']}"] and re.fullmatch(r"\w{12}", payout["id"])
    entity = report["account"]["entity_id"]
    assert report["files"][0]["filename"] == f"financial-actions_{entity}_20260306_{payout['id']}_1.csv"
    assert (await cko.get(report["_links"]["self"]["href"])).json() == report
    its_own_day, that_day, the_sales_day = (
        ["Balances", BY_DATE],
        ["Balances", "Payouts", BY_PAYOUT],
        ["Balances", BY_DATE],
    )
    assert [one["type"] for one in reports] == its_own_day + that_day + the_sales_day


async def test_reports_are_there_some_hours_after_the_day_has_ended(sim: Sim, cko: Merchant) -> None:
    """In London summer time: 02:10 there is 01:10 UTC."""
    await sim.advance(days=27, hours=1)  # 31 March
    await cko.paid(SALE)

    seen = {}
    for name, hours in (("that night", 20), ("at noon", 10), ("two nights later", 13), ("at ten past two", 2)):
        await sim.advance(hours=hours)
        seen[name] = [one["type"] for one in await listed(cko)]

    assert seen["that night"] == []
    assert seen["at noon"] == ["Balances", BY_DATE] == seen["two nights later"][-2:]
    assert seen["two nights later"] == seen["at noon"] and seen["at ten past two"][0] == BY_PAYOUT
    assert (await listed(cko))[0]["created_on"] == "2026-04-02T01:10:00Z"


async def test_a_file_is_behind_a_link_that_is_good_for_a_minute(sim: Sim, cko: Merchant) -> None:
    await cko.paid(SALE)
    await sim.advance(days=4)
    report = (await listed(cko))[-1]
    path = f"/reports/{report['id']}/files/{report['files'][0]['id']}"

    link = (await cko.get(path)).headers["location"]
    good = await sim.http.get(link)
    forged = await sim.http.get(re.sub(r"expires=\d+", "expires=9999999999", link))
    strange = await sim.http.get(link.replace("file_", "file_x"))
    await sim.advance(seconds=60)
    late = await sim.http.get(link)
    again = await fetched(cko, report)

    assert (good.status_code, good.headers["content-type"]) == (200, "text/csv")
    assert report["files"][0]["filename"] in good.headers["content-disposition"]
    assert [one.status_code for one in (forged, strange, late)] == [403, 403, 403]
    assert again.content == good.content
    assert not good.content.startswith(b"\xef\xbb\xbf") and good.content.count(b"\r\n") == good.content.count(b"\n") > 3


async def test_the_list_is_narrowed_and_turned_over(sim: Sim, cko: Merchant) -> None:
    await cko.paid(SALE)
    await sim.advance(days=4)
    every = await listed(cko)
    entity = every[0]["account"]["entity_id"]

    since = await listed(cko, "?created_after=2026-03-06T02:10:00%2B00:00")
    unencoded = await listed(cko, "?created_after=2026-03-06T02:10:00+00:00")
    before = await listed(cko, "?created_before=2026-03-06")
    mine, others = await listed(cko, f"?entity_id={entity}"), await listed(cko, f"?entity_id=ent_{'a' * 26}")
    pages = [(await cko.get("/reports?limit=2")).json()]
    while "next" in pages[-1]["_links"]:
        pages.append((await cko.get(pages[-1]["_links"]["next"]["href"])).json())

    assert (since, before) == (every[:5], every[5:]) and unencoded == since and before
    assert (mine, others) == (every, [])
    assert [one for page in pages for one in page["data"]] == every
    assert [(page["count"], page["limit"]) for page in pages] == [(2, 2), (2, 2), (2, 2), (1, 2)]
    assert list(pages[0]) == ["count", "limit", "data", "_links"]
    token = re.search(r"pagination_token=([^&]+)", pages[0]["_links"]["next"]["href"])
    assert token is not None and len(token[1]) == 60
    foreign = await cko.get(f"/reports?limit=2&entity_id={entity}&pagination_token={token[1]}")
    assert (foreign.status_code, foreign.json()["error_codes"]) == (422, ["pagination_token_invalid"])


@pytest.mark.parametrize(
    ("path", "status", "type_", "code"),
    [
        ("/reports/rpt_aaaaaaaaaaaaaaaaaaaaaaaaaa", 404, "not_found", "report_not_found"),
        ("/reports/{report}/files/file_aaaaaaaaaaaaaaaaaaaaaaaaaa", 404, "not_found", "report_file_not_found"),
        ("/reports?limit=101", 422, "invalid_request", "limit_invalid"),
        ("/reports?created_after=yesterday", 422, "invalid_request", "created_after_invalid"),
        ("/reports?entity_id=nobody", 422, "invalid_request", "entity_id_invalid"),
        ("/reports?pagination_token=%00", 422, "invalid_request", "pagination_token_invalid"),
        ("/financial-actions", 422, "invalid_request", "payment_id_required"),
        ("/financial-actions?payment_id=pay_1&limit=0", 422, "invalid_request", "limit_invalid"),
    ],
)
async def test_errors_are_as_the_schema_has_them(
    sim: Sim, cko: Merchant, path: str, status: int, type_: str, code: str
) -> None:
    await cko.paid(SALE)
    await sim.advance(days=1, hours=12)
    [report, *_] = await listed(cko)

    answer = await cko.get(path.replace("{report}", report["id"]))

    assert answer.status_code == status
    assert answer.json() == {
        "request_id": answer.headers["cko-request-id"],
        "error_type": type_,
        "error_codes": [code],
    }


async def test_an_event_tells_of_each_report(sim: Sim, cko: Merchant) -> None:
    sim.hooks.clear()
    condition = {"type": "event", "events": {"report": ["report_generated"]}}
    action = {"type": "webhook", "url": HOOKS, "signature": {"method": "HMACSHA256", "key": KEY}}
    await cko.made("/workflows", {"conditions": [condition], "actions": [action]})
    await cko.paid(SALE)
    await sim.advance(days=4)

    heard = [hook for hook in sim.hooks if hook.body["type"] == "report_generated"]
    hook = next(one for one in heard if one.body["data"]["report_type"] == BY_PAYOUT)
    report = next(one for one in await listed(cko) if one["type"] == BY_PAYOUT)
    event = (await cko.get(f"/workflows/events/{hook.body['id']}")).json()

    assert len(heard) == len(await listed(cko)) and hook.verdict("checkoutcom").valid
    assert list(hook.body) == ["id", "type", "version", "created_on", "data", "_links"]
    assert (hook.body["version"], hook.body["created_on"]) == ("1.1.0", "2026-03-06T02:10:00.0000000Z")
    data = hook.body["data"]
    assert list(data) == ["report_id", "report_type", "files", "api_resources", "account", "tags"]
    assert (data["report_id"], data["account"], data["tags"]) == (report["id"], report["account"], report["tags"])
    assert data["files"][0].endswith("/financial-actions/" + report["files"][0]["filename"])
    resources = data["api_resources"]
    assert [resources["report"]["id"], resources["files"][0]["id"]] == [report["id"], report["files"][0]["id"]]
    assert httpx.URL(resources["report"]["url"]).path == f"/reports/{report['id']}"
    assert (event["created_on"], event["data"], list(event["_links"])) == (hook.body["created_on"], data, ["self"])


# Financial actions ----------------------------------------------------------------------------------------------------


async def test_an_action_is_there_five_seconds_after_it_was_processed(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(SALE)
    await sim.act("checkoutcom", created["id"], "pay")
    await sim.advance(seconds=2)
    path = f"/financial-actions?payment_id={created['id']}"

    at_once = (await cko.get(path)).json()
    await sim.advance(seconds=5)
    later = (await cko.get(path)).json()

    assert (at_once["count"], at_once["data"], later["count"]) == (0, [], 1)


async def test_actions_are_found_by_payment_by_action_and_by_reference(sim: Sim, cko: Merchant) -> None:
    first = await cko.paid(SALE)
    await cko.paid(SALE | {"reference": "shop-2"})
    await cko.refund(first["id"], {"amount": 100})
    await sim.advance(seconds=10)

    by_payment = (await cko.get(f"/financial-actions?payment_id={first['id']}")).json()
    by_reference = (await cko.get("/financial-actions?reference=shop-1")).json()
    [capture, refund] = by_payment["data"]
    by_action = (await cko.get(f"/financial-actions?action_id={refund['action_id']}")).json()
    page = (await cko.get(f"/financial-actions?payment_id={first['id']}&limit=1")).json()
    rest = (await cko.get(page["_links"]["next"]["href"])).json()
    nobody = [
        (await cko.get(f"/financial-actions?{name}=x")).json() for name in ("payment_id", "action_id", "reference")
    ]

    assert [capture["action_type"], refund["action_type"]] == ["Capture", "Partial Refund"]
    assert by_reference["data"] == [capture, refund] and by_action["data"] == [refund]
    assert page["data"] + rest["data"] == [capture, refund] and "next" not in rest["_links"]
    assert [one["data"] for one in nobody] == [[], [], []]
    assert {action["id"] for action in await cko.actions(first["id"])} == {capture["action_id"], refund["action_id"]}


async def test_the_other_form_of_a_partial_refund(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", partial_refund_form="breakdown", report_type="FinancialActionsByPayout")
    created = await cko.paid(SALE)
    await cko.refund(created["id"], {"amount": 100})
    await sim.advance(days=4)

    found = (await cko.get(f"/financial-actions?payment_id={created['id']}")).json()["data"][1]
    [raw] = await files(cko, "FinancialActionsByPayout")

    assert (found["action_type"], found["breakdown"][0]["breakdown_type"]) == ("Refund", "Partial Refund")
    assert [row["Breakdown Type"] for row in read(raw) if row["Action Type"] == "Refund"] == [
        "Partial Refund",
        "Refund Fixed Fee",
    ]


# Files ----------------------------------------------------------------------------------------------------------------


async def test_a_reports_file_stays_as_it_was_whatever_the_settings_become(sim: Sim, cko: Merchant) -> None:
    await cko.paid(SALE)
    await sim.advance(days=4)
    before = [(await fetched(cko, report)).content for report in await listed(cko)]

    await sim.settings("checkoutcom", time_zone="Asia/Shanghai", fee_fixed="9", merchant_name="Other", delay_days=5)
    await cko.paid(SALE)

    assert [(await fetched(cko, report)).content for report in (await listed(cko))[-len(before) :]] == before


async def test_the_payouts_and_the_balances_file_have_the_known_columns(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(SALE)
    await cko.refund(created["id"], {"amount": 100})
    await sim.advance(days=4)

    [[payout]] = [read(raw) for raw in await files(cko, "Payouts")]
    first, second, third = (read(raw)[0] for raw in await files(cko, "Balances"))

    assert (payout["Payout Amount"], payout["Payments"], payout["Refunds"]) == (
        "23.40000000",
        "25.00000000",
        "-1.00000000",
    )
    assert (payout["Payout Date"], list(payout)[-1]) == ("2026-03-06", "Card Payment Scheme Fees")
    assert (first["Opening Pending Balance"], first["Payment Method"], first["Payments"]) == (
        "0.00000000",
        "ALIPAY_CN",
        "25.00000000",
    )
    assert (second["Opening Available Balance"], second["Opening Pending Balance"]) == ("-1.10000000", "24.50000000")
    assert (third["Opening Available Balance"], third["Opening Payable Balance"]) == ("23.40000000", "0.00000000")
    assert [read(raw)[-1]["Action Type"] for raw in await files(cko, BY_DATE)] == ["Partial Refund", "Payout"]


async def test_refunds_that_exceed_sales_are_carried(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(SALE)
    await sim.advance(days=4)
    await cko.refund(created["id"])
    await sim.advance(days=4)
    entity = (await listed(cko))[0]["account"]["entity_id"]
    negative = (await cko.get(f"/balances/{entity}")).json()["data"][0]["balances"]
    await cko.paid(SALE | {"amount": 10000})
    await sim.advance(days=6)

    first, second = (read(raw) for raw in await files(cko))
    assert negative == {"pending": 0, "available": -2510, "payable": 0, "collateral": 0}
    assert [row["Action Type"] for row in second] == ["Refund"] * 2 + ["Capture"] * 3
    assert [one["amount"] for one in await payouts(sim)] == ["24.50000000", "73.50000000"]
    assert (held(first), held(second)) == (Decimal("24.5"), Decimal("73.5"))


async def test_a_payment_of_the_previous_platform_is_paid_out_apart(
    sim: Sim, cko: Merchant, previous: Merchant
) -> None:
    await cko.paid(SALE)
    old = await previous.made("/payments", {"source": {"type": "alipay"}, "amount": 900, "currency": "USD"})
    await previous.pay(old["id"])
    await sim.advance(days=4)

    rows = [row for raw in [*await files(cko), *await files(cko, BY_DATE)] for row in read(raw)]

    assert {row["Reference"] for row in rows if row["Action Type"] != "Payout"} == {"shop-1"}
    assert [row["Holding Currency Amount"] for row in rows if row["Action Type"] == "Payout"] == ["-24.50000000"]
    assert len(await payouts(sim)) == 2
    assert (await cko.get(f"/financial-actions?payment_id={old['id']}")).json()["data"] == []
    assert (await previous.get("/reports")).status_code == 403


# Scenarios ------------------------------------------------------------------------------------------------------------


async def armed(sim: Sim, name: str) -> None:
    (await sim.http.put(f"{sim.path}/scenario", json={"name": name})).raise_for_status()


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("report-row-missing", lambda rows, payout: held(rows) == 0 and payout == "24.50000000"),
        ("report-amount-differs", lambda rows, payout: held(rows[:1]) == 24 and payout == "24.50000000"),
        ("report-fee-changed", lambda rows, payout: held(rows) == Decimal("24.2") and payout == "24.50000000"),
        ("report-wrong-total", lambda rows, payout: held(rows) == Decimal("24.5") and payout == "25.50000000"),
    ],
)
async def test_a_scenario_plants_a_difference(sim: Sim, cko: Merchant, name: str, is_told: Any) -> None:
    """25.00 less 0.30 and 0.20: 24.50 is paid out whatever the file says."""
    await cko.paid(SALE)
    await sim.advance(days=1)
    await armed(sim, name)
    await sim.advance(days=3)

    [raw], [told] = await files(cko), await files(cko, "Payouts")

    assert is_told(read(raw), read(told)[0]["Payout Amount"])
    assert [one["amount"] for one in await payouts(sim)] == ["24.50000000"]


async def test_reports_come_late_or_never(sim: Sim, cko: Merchant) -> None:
    await cko.paid(SALE)
    await sim.advance(days=1)
    await armed(sim, "report-late")
    await sim.advance(hours=24 - 5 + 8)
    at_eight = [one["type"] for one in await listed(cko)]
    await sim.advance(minutes=15)
    late = [one["type"] for one in await listed(cko)]
    (await sim.http.delete(f"{sim.path}/scenario")).raise_for_status()
    await cko.paid(SALE)
    await sim.advance(hours=30)
    await armed(sim, "report-failed")
    there = await listed(cko)
    await sim.advance(days=4)
    its_own_day = [one["type"] for one in await listed(cko) if one not in there]

    assert (BY_PAYOUT in at_eight, late[0]) == (False, BY_PAYOUT)
    assert len(await payouts(sim)) == 2 and len(await files(cko)) == 1
    assert its_own_day == ["Balances", BY_DATE], "the day that begins with the payout has reports that have not failed"


async def test_a_payout_that_fails_is_back_in_the_next_one(sim: Sim, cko: Merchant) -> None:
    await cko.paid(SALE)
    await armed(sim, "payout-failed")
    await sim.advance(days=8)

    first, second = (read(raw) for raw in await files(cko))

    assert [one["state"] for one in await payouts(sim)] == ["failed", "paid"]
    assert [(row["Action Type"], row["Breakdown Type"], row["Holding Currency Amount"]) for row in second] == [
        ("Payout", "Payout", "24.50000000")
    ]
    assert held(first) == held(second)


async def test_a_chargeback_is_a_dispute_and_two_actions_when_it_is_won(sim: Sim, cko: Merchant) -> None:
    await armed(sim, "chargeback-raised")
    created = await cko.paid(SALE)
    await sim.advance(days=2)
    [dispute] = (await cko.get("/disputes")).json()["data"]
    await cko.send("PUT", f"/disputes/{dispute['id']}/evidence", {"additional_evidence_text": "delivered"})
    await cko.post(f"/disputes/{dispute['id']}/evidence")
    await sim.advance(days=2)

    found = (await cko.get(f"/financial-actions?payment_id={created['id']}")).json()["data"]
    lost = (await cko.get(f"/financial-actions?action_id={found[1]['action_id']}")).json()["data"]

    assert [(one["action_type"], one["breakdown"][0]["breakdown_type"]) for one in found] == [
        ("Capture", "Capture"),
        ("Chargeback", "Chargeback (ADJM)"),
        ("Chargeback", "Chargeback (RPDW)"),
    ]
    assert [one["holding_currency_amount"] for one in found[1]["breakdown"]] == [-25.0, -15.0]
    assert lost == [found[1]] and len({one["action_id"] for one in found}) == 3


@pytest.mark.parametrize(("amount", "name"), [("-5.00", "Invoice Settlement"), ("2.50", "Top Up")])
async def test_an_adjustment_is_an_action_without_a_payment(sim: Sim, cko: Merchant, amount: str, name: str) -> None:
    await sim.arm([{"settlement": {"adjustment": amount}}])
    await cko.paid(SALE)
    await sim.advance(days=4)

    rows = [row for raw in await files(cko) for row in read(raw)]
    [row] = [one for one in rows if not one["Payment ID"]]

    assert (row["Action Type"], row["Breakdown Type"], row["Action ID"][:4]) == (name, name, "adj_")
    assert Decimal(row["Holding Currency Amount"]) == Decimal(amount)
    paid = sum(Decimal(one["amount"]) for one in await payouts(sim))
    assert held(rows) == paid == Decimal("24.5") + Decimal(amount)


async def test_a_reserve_and_the_fee_of_a_payout_have_rows(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", reserve="10%/5d", fee_payout="0.50")
    await cko.paid(SALE)
    await sim.advance(days=3)
    entity = (await listed(cko))[0]["account"]["entity_id"]
    collateral = (await cko.get(f"/balances/{entity}")).json()["data"][0]["balances"]["collateral"]
    await sim.advance(days=10)

    first, second = (read(raw) for raw in await files(cko))

    assert collateral == 250
    assert [row["Breakdown Type"] for row in first][3:] == ["Rolling Reserve Deduction", "Payout Fixed Fee"]
    assert [row["Breakdown Type"] for row in second] == ["Rolling Reserve Release", "Payout Fixed Fee"]
    assert [held(rows) for rows in (first, second)] == [Decimal("21.5"), Decimal("2")]
    assert [one["amount"] for one in await payouts(sim)] == ["21.50000000", "2.00000000"]
