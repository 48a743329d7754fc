"""Balance transactions, payouts and their events, and the CSV of a payout; read by Stripe's library too."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import Merchant


async def story(sim: Sim, merchant: Merchant) -> None:
    """Seven sales in euros, two given back in part or whole; at the cut-off of the second business day 245.449 EUR are due."""
    await sim.settings("wooshpay", test_amounts=False)
    for number, amount in enumerate((2500, 1990, 10000, 750, 6000, 4235, 1200), 2001):
        intent = await merchant.paid(amount=amount, currency="EUR", merchant_order_id=f"shop-{number}")
        if number in (2003, 2004):
            await merchant.refund(intent["id"], amount=900 if number == 2003 else 750)
    await sim.advance(days=2)


async def test_the_balance_becomes_a_payout_that_is_told_and_arrives(sim: Sim, wooshpay: Merchant) -> None:
    await story(sim, wooshpay)
    after = await wooshpay.read("balance")
    [sent] = (await wooshpay.read("payouts"))["data"]
    await sim.advance(days=3)

    arrived = await wooshpay.read(f"payouts/{sent['id']}")

    told = [hook.body["data"]["object"] for hook in sim.hooks if hook.body["type"].startswith("payout.")]
    types = [hook.body["type"] for hook in sim.hooks if hook.body["type"].startswith("payout.")]
    assert (sent["status"], sent["payment_amount"], sent["payment_currency"]) == ("in_transit", 24544, "EUR")
    assert after["available"] == [{"amount": 0, "currency": "eur"}]
    assert arrived == sent | {"status": "paid"}
    assert (types, told) == (["payout.created", "payout.paid"], [sent, arrived])


async def test_a_payout_that_fails_is_told_and_its_money_is_back(sim: Sim, wooshpay: Merchant) -> None:
    await sim.arm([{"settlement": {"payout": "failed"}}])
    await sim.settings("wooshpay", test_amounts=False)
    await wooshpay.paid(amount=10000, currency="EUR")
    await sim.advance(days=2)
    await sim.advance(days=2, hours=20)

    balance = await wooshpay.read("balance")

    types = [hook.body["type"] for hook in sim.hooks if hook.body["type"].startswith("payout.")]
    assert types[:2] == ["payout.created", "payout.failed"]
    assert balance["available"] == [{"amount": 9860, "currency": "eur"}]


async def test_what_moved_the_balance_adds_up_to_the_payout(sim: Sim, wooshpay: Merchant, live: Merchant) -> None:
    await story(sim, wooshpay)
    moved = (await wooshpay.read("balance_transactions", limit=100))["data"]

    one = await wooshpay.read(f"balance_transactions/{moved[-1]['id']}")

    assert one == moved[-1] and one["type"] == "payment" and one["fee"] == 50 and one["net"] == 2450
    assert moved[0]["type"] == "payout" and moved[0]["amount"] == -24544
    assert abs(sum(row["net"] for row in moved)) <= len(moved), "each row is rounded to whole cents"
    assert (await live.read("balance_transactions"))["data"] == [] == (await live.read("payouts"))["data"]


async def test_the_csv_of_a_payout_has_its_rows(sim: Sim, wooshpay: Merchant) -> None:
    await story(sim, wooshpay)
    await sim.advance(hours=2)
    [view] = (await sim.http.get(f"{sim.path}/reports", params={"provider": "wooshpay"})).json()["data"]

    rows = list(csv.DictReader(io.StringIO((await sim.http.get(view["url"])).text)))

    assert view["name"].startswith("balance_20260306_po_") and view["type"] == "payout_reconciliation"
    assert [(row["type"], row["merchant_order_id"], row["amount"], row["fee"]) for row in rows[2:6]] == [
        ("payment", "shop-2003", "10000", "140"),
        ("refund", "shop-2003", "-900", "10"),
        ("payment", "shop-2004", "750", "29"),
        ("refund", "shop-2004", "-750", "10"),
    ]
    assert rows[-1]["net"] == "24544" and sum(Decimal(row["net"]) for row in rows[:-1]) == 24544


@pytest.mark.parametrize("fault", ["", "wrong_total"])
async def test_the_csv_adds_up_to_the_payout_however_many_cents_were_rounded(
    sim: Sim, wooshpay: Merchant, fault: str
) -> None:
    """Each of eight sales loses the same half of a cent; the scenario has the total alone."""
    await sim.settings("wooshpay", fee_fixed="0.205", fee_variable="0", fee_payout="0.50")
    if fault:
        await sim.arm([{"settlement": {"report": fault}}])
    for _ in range(8):
        await wooshpay.paid(amount=2500, currency="EUR")
    await sim.advance(days=3)
    [view] = (await sim.http.get(f"{sim.path}/reports", params={"provider": "wooshpay"})).json()["data"]

    *rows, total = csv.DictReader(io.StringIO((await sim.http.get(view["url"])).text))

    assert [(row["type"], row["net"]) for row in rows[-3:]] == [
        ("payment", "2479"),
        ("payout_fee", "-50"),
        ("rounding", "4"),
    ]
    assert sum(int(row["net"]) for row in rows) == 19786
    assert (total["type"], int(total["net"])) == ("total", 19786 + (100 if fault else 0))


async def test_both_lists_are_narrowed_by_stripes_filters(sim: Sim, wooshpay: Merchant) -> None:
    await story(sim, wooshpay)
    await sim.advance(days=4)
    await wooshpay.paid(amount=5000, currency="EUR")
    await sim.advance(days=2)
    moved = (await wooshpay.read("balance_transactions", limit=100))["data"]
    second, first = (await wooshpay.read("payouts"))["data"]

    async def payouts(**query: Any) -> list[str]:
        return [one["id"] for one in (await wooshpay.read("payouts", **query))["data"]]

    async def narrowed(**query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await wooshpay.read("balance_transactions", limit=100, **query))["data"]
        return found

    assert [await payouts(status=one) for one in ("paid", "in_transit", "failed")] == [
        [first["id"]],
        [second["id"]],
        [],
    ]
    assert await payouts(**{"created[gt]": first["created"]}) == [second["id"]]
    of_first, of_second = [await narrowed(payout=one["id"]) for one in (first, second)]
    assert of_second + of_first == moved and of_first[0]["type"] == "payout" and len(of_first) == 10, "itself too"
    assert await narrowed(type="refund") == [one for one in moved if one["type"] == "refund"] != []
    assert await narrowed(source=moved[-1]["source"]) == moved[-1:]
    assert await narrowed(currency="EUR") == moved and await narrowed(currency="usd") == []
    assert await narrowed(**{"created[lte]": moved[-1]["created"]}) == moved[3:]
    assert await narrowed(payout="nope") == await narrowed(type="nope") == []
    refused = await wooshpay.get("payouts", status="nope")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "status")


async def test_an_adjustment_is_a_balance_transaction(sim: Sim, wooshpay: Merchant) -> None:
    await sim.arm([{"settlement": {"adjustment": "-5.00"}}])
    await story(sim, wooshpay)

    [moved] = (await wooshpay.read("balance_transactions", type="adjustment"))["data"]
    [payout] = (await wooshpay.read("payouts"))["data"]

    assert (moved["amount"], moved["fee"], moved["net"], moved["source"]) == (-500, 0, -500, "")
    assert payout["payment_amount"] == 24544 - 500


async def test_stripes_library_reads_them(sim: Sim, wooshpay: Merchant) -> None:
    stripe = pytest.importorskip("stripe")
    await story(sim, wooshpay)
    answers: dict[str, Any] = {
        name: await wooshpay.read(name) for name in ("balance", "balance_transactions", "payouts")
    }

    balance = stripe.Balance.construct_from(answers["balance"], "sk_test_any")
    transactions = stripe.ListObject.construct_from(answers["balance_transactions"], "sk_test_any")
    payouts = stripe.ListObject.construct_from(answers["payouts"], "sk_test_any")

    assert balance.available[0].currency == "eur"
    assert isinstance(transactions.data[0], stripe.BalanceTransaction) and transactions.data[0].type == "payout"
    assert isinstance(payouts.data[0], stripe.Payout) and payouts.data[0].status == "in_transit"


async def test_nobody_elses_payout_is_found(sim: Sim, wooshpay: Merchant, live: Merchant) -> None:
    await story(sim, wooshpay)
    [payout] = (await wooshpay.read("payouts"))["data"]

    for merchant, path in (
        (wooshpay, "payouts/po_1900000000000000301"),
        (live, f"payouts/{payout['id']}"),
        (wooshpay, "balance_transactions/txn_1900000000000009999"),
        (wooshpay, "balance_transactions/nobody"),
    ):
        answer = await merchant.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing"), path
