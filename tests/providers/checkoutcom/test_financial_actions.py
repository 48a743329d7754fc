"""The Financial Actions file: a worked example byte for byte, the rules of three public readers, and what holds of every ledger.

The readers: `R1` takes what its payments cost from the file (Rust), `R2` reconciles payouts (Java), `R3` imports them
(TypeScript). What they do with a row is written down here as rules; none of them can be installed.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support import Sim

from providers.checkoutcom.driver import ONE_TIME, Merchant
from providers.checkoutcom.money import BY_DATE, BY_PAYOUT, Row, fetched, files, held, listed, payouts, read
from simulator.kernel.clock import iso_millis
from simulator.providers.checkoutcom.model import Action, Payment

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = "sim7k2m4q6s2u4w6y2a4c6e2g4"
NAME = f"financial-actions_ent_{SUFFIX}_20260304_000S1M0000A1_1.csv"
OLDER = ("99", "shop-1999", 4500, "EUR", "2026-02-25T10:00:00.000")
SALES = (
    # payment  reference  amount  currency  captured at
    ("01", "shop-2001", 2500, "EUR", "2026-03-02T08:11:05.120"),
    ("02", "shop-2002", 1990, "EUR", "2026-03-02T08:40:31.000"),
    ("03", "shop-2003", 10000, "EUR", "2026-03-02T09:02:44.511"),
    ("04", "shop-2004", 750, "EUR", "2026-03-02T09:30:00.000"),
    ("05", "shop-2005", 6000, "EUR", "2026-03-02T10:15:12.030"),
    ("06", "shop-2006", 4235, "EUR", "2026-03-02T11:47:59.999"),
    ("07", "shop-2007", 20000, "CNY", "2026-03-02T12:05:20.250"),
    ("08", "shop-2008", 1200, "EUR", "2026-03-02T13:00:00.000"),
)
REFUNDS = (
    # payment  action  amount  refunded at
    ("99", "21", 900, "2026-03-02T14:20:10.000"),
    ("04", "22", 750, "2026-03-02T15:00:45.000"),
)


def named(prefix: str, number: str) -> str:
    return f"{prefix}{number}abcdefghijklmnopqrstuvw"


@dataclass(frozen=True)
class Told:
    """What the merchant is told of the example."""

    report: dict[str, Any]
    raw: bytes
    again: bytes
    by_control_call: bytes
    action: dict[str, Any]
    payouts: list[dict[str, Any]]
    balances: list[dict[str, Any]]
    ledger: list[dict[str, Any]]


@pytest.fixture(scope="module")
def told() -> Told:
    return asyncio.run(example())


async def example() -> Told:
    """The ten records: eight sales of one day, a part of an older one given back, and one as a whole."""
    async with Sim() as sim:
        credentials = {"checkoutcom": {"processing_channel_id": f"pc_{SUFFIX}"}}
        clock = {"mode": "frozen", "now": "2026-02-25T09:00:00Z"}
        made = await sim.http.post("/_sim/workspaces", json={"credentials": credentials, "clock": clock})
        sim._id = sim.app.runtime.find_workspace(made.raise_for_status().json()["id"]).id  # type: ignore[union-attr]
        await sim.settings("checkoutcom", merchant_name="Sim Shop", fx_markup="0.28225")  # ¥ 1 is 0.1275 EUR
        for number, reference, amount, currency, at in (OLDER, *SALES):
            await until(sim, at)
            capture(sim, number, reference, amount, currency)
        for number, action, amount, at in REFUNDS:
            await until(sim, at)
            give_back(sim, number, action, amount)
        await until(sim, "2026-03-04T02:10:00")
        cko = Merchant(sim)
        report = next(one for one in await listed(cko) if one["type"] == BY_PAYOUT)
        return Told(
            report=report,
            raw=(await fetched(cko, report)).content,
            again=(await fetched(cko, report)).content,
            by_control_call=(await sim.http.get(f"{sim.path}/reports/checkoutcom/2026-03-04")).content,
            action=(await cko.get(f"/financial-actions?payment_id={named('pay_p', '07')}")).json(),
            payouts=await payouts(sim),
            balances=(await cko.get(f"/balances/ent_{SUFFIX}")).json()["data"],
            ledger=(await sim.http.get(f"{sim.path}/balances?provider=checkoutcom")).json()["data"],
        )


async def until(sim: Sim, at: str) -> None:
    answer = await sim.http.post(f"{sim.path}/clock/advance", json={"to": f"{at}Z"})
    answer.raise_for_status()


def action(uow: Any, id_: str, payment: str, type_: str, amount: int) -> Action:
    done: dict[str, Any] = {"response_code": "10000", "response_summary": "Approved", "processed_on": uow.now}
    made = Action(
        id=id_,
        state="In Progress",
        created_at=uow.now,
        updated_at=uow.now,
        payment_id=payment,
        type=type_,
        amount=amount,
        **done,
    )
    added: Action = uow.add(made)
    return added


def capture(sim: Sim, number: str, reference: str, amount: int, currency: str) -> None:
    with sim.app.runtime.unit(sim.workspace, provider="checkoutcom", topic="test") as uow:
        made = Payment(
            id=named("pay_p", number),
            state="Pending",
            created_at=uow.now,
            updated_at=uow.now,
            origin="http://sim.test",
            amount=amount,
            currency=currency,
            source_type="alipay_cn",
            reference=reference,
            customer_id="cus_" + "a" * 26,
            session_id=named("sid_p", number),
            code=f"28{number}",
            processing_channel_id=f"pc_{SUFFIX}",
        )
        payment = uow.add(made)
        uow.fire(payment, "bank.captured", about=action(uow, named("act_a", number), payment.id, "Capture", amount))


def give_back(sim: Sim, number: str, refund: str, amount: int) -> None:
    with sim.app.runtime.unit(sim.workspace, provider="checkoutcom", topic="test") as uow:
        payment = uow.get(Payment, named("pay_p", number))
        about = action(uow, named("act_a", refund), payment.id, "Refund", amount)
        trigger = "bank.refunded_rest" if amount == payment.amount else "bank.refunded_part"
        uow.fire(payment, trigger, about=about, refunded=amount)


def as_in_the_example(text: str) -> str:
    """Three ids are derived here and invented there: of the currency account, of the trade, and of the payout."""
    for prefix in ("ca_", "trd_"):
        text = re.sub(rf"\b{prefix}[a-z2-7]{{26}}\b", prefix + SUFFIX, text)
    return re.sub(r"(?<![0-9A-Za-z])000S1M[0-9A-Z]{6}(?![0-9A-Za-z])", "000S1M0000A1", text)


def test_the_file_of_the_example_is_the_example(told: Told) -> None:
    golden = (GOLDEN / NAME).read_text("utf-8").replace("\n", "\r\n")

    assert as_in_the_example(told.raw.decode()) == golden
    assert as_in_the_example(told.report["files"][0]["filename"]) == NAME


def test_the_financial_action_of_the_example_is_the_example(told: Told) -> None:
    golden = (GOLDEN / "financial-actions.json").read_text("utf-8")

    golden = golden.replace("https://api.sandbox.checkout.com", "http://sim.test")
    assert as_in_the_example(json.dumps(told.action)) == json.dumps(json.loads(golden))


def test_what_is_left_of_a_cent_stays_available(told: Told) -> None:
    assert [one["amount"] for one in told.payouts] == ["44.26000000", "270.44000000"]
    assert told.balances[0]["balances"] == {"pending": 0, "available": 0, "payable": 27044, "collateral": 0}
    assert told.ledger[0]["available"] == "0.00300000"


def test_the_file_is_the_same_by_whichever_way_it_is_fetched(told: Told) -> None:
    assert told.by_control_call == told.raw == told.again


# Readers --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(told: Told) -> list[Row]:
    return read(told.raw)


def test_r1_groups_by_payment_and_sums_up_what_they_cost(rows: list[Row]) -> None:
    """It looks at these columns alone, skips refunds as a whole, and takes whatever is no capture as a commission."""
    gross, fees = defaultdict(Decimal), Decimal(0)
    for row in rows:
        at = datetime.strptime(row["Processed On"], "%Y-%m-%dT%H:%M:%S.%f")
        assert (at.date(), row["Holding Currency"]) == (date(2026, 3, 2), "EUR")
        assert {"Payment Method", "Card Type", "Issuer Country"} <= row.keys()
        if row["Action Type"] in ("Refund", "Partial Refund"):
            continue
        amount = Decimal(row["Holding Currency Amount"])
        if row["Breakdown Type"] in ("Capture", "Partial Capture"):
            gross[row["Payment ID"]] += amount
        else:
            fees += abs(amount)

    assert (len(gross), sum(gross.values()), fees) == (8, Decimal("292.25"), Decimal("5.107"))


def r2(rows: Sequence[Row]) -> Counter[str]:
    """By group of action and payment: one capture or one refund, and fees; anything else rejects the group."""
    found: Counter[str] = Counter()
    groups: defaultdict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["Payment ID"], row["Action Type"] == "Refund"].append(row)
    for (_, is_refund), own in groups.items():
        names = [row["Breakdown Type"] for row in own if not row["Breakdown Type"].endswith((" Fee", " Tax"))]
        wanted = ({"Refund"}, {"Partial Refund"}) if is_refund else ({"Capture"}, {"Partial Capture"})
        kind = "refund" if is_refund else "capture"
        found[kind if set(names) in wanted and len(names) == 1 else "rejected"] += 1
    return found


def test_r2_takes_whole_refunds_and_partial_ones_in_their_other_form(rows: list[Row]) -> None:
    """An action `Partial Refund` falls into the group of the capture and spoils it; the setting is there for that reader."""
    other = [
        row
        | {"Action Type": "Refund"}
        | ({"Breakdown Type": "Partial Refund"} if row["Breakdown Type"] == "Refund" else {})
        if row["Action Type"] == "Partial Refund"
        else row
        for row in rows
    ]

    assert r2(rows) == {"capture": 8, "refund": 1, "rejected": 1}
    assert r2(other) == {"capture": 8, "refund": 2}
    assert {row["Payout ID"] for row in rows} and len({row["Holding Currency"] for row in rows}) == 1


def test_r3_groups_by_account_and_payout(rows: list[Row]) -> None:
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["Processed On"][:10]) and row["Reference"]
        sums[row["Currency Account ID"], row["Payout ID"]] += Decimal(row["Holding Currency Amount"])

    assert list(sums.values()) == [Decimal("270.443")]


# Whatever has happened ------------------------------------------------------------------------------------------------

ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe")
ODD = ("a,b", 'say "yes"', "line\nbreak", "R&D <1>", "订单-1", "=1+1", " blank ")


@pytest.mark.parametrize("seed", range(3))
async def test_what_holds_of_every_ledger(sim: Sim, cko: Merchant, seed: int) -> None:
    """Of sales, refunds and chargebacks around midnight and a change of the clocks (29 March in London): a payout is the sum of
    its rows, each action stands in one file of a payout and one of a day, on its own day; the days have no gaps."""
    chance = random.Random(seed)
    zone = ZoneInfo(ZONES[seed])
    await sim.settings("checkoutcom", time_zone=ZONES[seed], capture_delay_s=1, refund_delay_s=1)
    await sim.advance(days=21)
    made: list[dict[str, Any]] = []
    for step in range(14):
        now = sim.workspace.clock.now()
        midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
        goal = midnight.astimezone(UTC) + timedelta(seconds=chance.choice([-3, -2, -1, 0, 40_000]))
        if goal > now:
            (await sim.http.post(f"{sim.path}/clock/advance", json={"to": iso_millis(goal)})).raise_for_status()
        if made and chance.random() < 0.4:
            await cko.refund(chance.choice(made)["id"], {"amount": chance.choice([1, 100])})
        else:
            reference = f"{ODD[step % len(ODD)]}{step}"
            amount, currency = chance.choice([300, 4711]), chance.choice(["EUR", "CNY", "JPY"])
            made.append(await cko.paid(ONE_TIME, amount=amount, currency=currency, reference=reference))
        await sim.advance(seconds=5)
    await sim.advance(days=9)

    paid = {one["id"]: Decimal(one["amount"]) for one in await payouts(sim)}
    by_payout = [read(raw) for raw in await files(cko, BY_PAYOUT)]
    days = [one for one in reversed(await listed(cko)) if one["type"] == BY_DATE]
    by_day = [(one, read((await fetched(cko, one)).content)) for one in days]
    actions = {
        action["id"]: action["amount"]
        for payment in made
        for action in await cko.actions(payment["id"])
        if action["approved"]
    }

    for rows in by_payout:
        [payout] = {row["Payout ID"] for row in rows}
        assert abs(held(rows) - paid.pop(payout)) < Decimal("0.01")
    assert paid == {}
    for found in ([row for rows in by_payout for row in rows], [row for _, rows in by_day for row in rows]):
        main = [row for row in found if row["Breakdown Type"] in ("Capture", "Refund")]
        assert Counter(row["Action ID"] for row in main) == dict.fromkeys(actions, 1)
        assert {row["Reference"] for row in main} == {(await cko.payment(p["id"]))["reference"] for p in made}
    for report, rows in by_day:
        begins, ends = (datetime.fromisoformat(report[name]).astimezone(zone) for name in ("from", "to"))
        assert (begins.hour, ends.hour, ends.date() - begins.date()) == (0, 0, timedelta(days=1))
        assert {row["Processed On"][:10] for row in rows} == {begins.date().isoformat()}
    assert by_payout == [read(raw) for raw in await files(cko, BY_PAYOUT)]
