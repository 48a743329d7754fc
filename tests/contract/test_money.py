"""The money of every provider that settles: booked as it moves, paid out on the virtual clock, and never out of balance."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from merchant import Merchant
from support import Sim

from contract.calls import EVERYBODY
from simulator.engine.provider import Provider


@pytest.fixture(params=[name for name, one in EVERYBODY.items() if one.settlement is not None])
def provider(request: pytest.FixtureRequest) -> Provider:
    return EVERYBODY[request.param]


async def got(world: Sim, what: str, **query: str) -> list[dict[str, Any]]:
    answer = await world.http.get(f"{world.path}/{what}", params=query)
    data: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return data


def sums(entries: list[dict[str, Any]], by: str = "currency") -> dict[str, Decimal]:
    found: Counter[str] = Counter()
    for one in entries:
        found[f"{one[by]} {one['currency']}"] += Decimal(one["amount"])  # type: ignore[assignment]
    return {name: Decimal(amount) for name, amount in found.items() if amount}


async def test_a_sale_and_a_refund_are_paid_out(world: Sim, merchant: Merchant, provider: Provider) -> None:
    """¥ 100.00 captured, ¥ 4.00 given back: at 0.12722158, less 1.2 % and 0.20 EUR for the sale and 0.10 EUR for the refund."""
    await world.settings(provider.name, cutoff="00:00")
    id_ = await merchant.paid("order-1", 10000)
    await merchant.refund(id_, 400)
    await merchant.until_refunded()
    await world.advance(days=8)

    entries = await got(world, "ledger", provider=provider.name)
    [payout] = await got(world, "payouts", provider=provider.name)
    [balance] = await got(world, "balances", provider=provider.name)

    assert sums(entries) == {} and sums(entries, by="transaction") == {}
    own = {(one["kind"], one["amount"]) for one in entries if one["account"] == "merchant"}
    assert own == {
        ("capture", "12.72215800"),
        ("fee_variable", "-0.15266590"),
        ("fee_fixed", "-0.20000000"),
        ("refund", "-0.50888632"),
        ("fee_refund", "-0.10000000"),
        ("payout", "-11.76000000"),
    }
    assert (payout["state"], payout["amount"], payout["currency"]) == ("paid", "11.76000000", "EUR")
    assert (balance["pending"], balance["available"], balance["payable"]) == ("0.00000000", "0.00060578", "0.00000000")
    assert {one["payout_id"] for one in entries} == {payout["id"]}


async def test_the_ledger_is_narrowed_by_payment_and_by_payout(
    world: Sim, merchant: Merchant, provider: Provider
) -> None:
    first, second = await merchant.paid("order-1", 10000), await merchant.paid("order-2", 5000)
    await world.advance(days=8)
    entries = await got(world, "ledger")
    payouts = await got(world, "payouts")

    of_first = await got(world, "ledger", payment_id=first)
    of_payouts = [await got(world, "ledger", payout_id=one["id"], provider=provider.name) for one in payouts]

    assert of_first == [one for one in entries if one.get("payment_id") == first] != []
    for payout, found in zip(payouts, of_payouts, strict=True):
        assert found == [one for one in entries if one.get("payout_id") == payout["id"]] != []
    assert sum(map(len, of_payouts)) == len(entries)
    assert {one.get("payment_id") for one in entries} == {first, second, None}
    assert await got(world, "ledger", payment_id="nobody") == [] == await got(world, "ledger", payout_id="nobody")


async def test_an_adjustment_belongs_to_no_payment_and_leaves_with_the_next_payout(
    world: Sim, merchant: Merchant, provider: Provider
) -> None:
    (await world.http.put(f"{world.path}/scenario", json={"name": "adjustment-made"})).raise_for_status()
    id_ = await merchant.paid("order-1", 10000)
    await merchant.settle()
    await merchant.paid("order-2", 10000)
    await world.advance(days=12)

    entries, payouts = await got(world, "ledger", provider=provider.name), await got(world, "payouts")

    own = [one for one in entries if one["account"] == "merchant"]
    [adjusted] = [one for one in own if one["kind"] == "adjustment"]
    assert sums(entries) == {} == sums(entries, by="transaction")
    assert (adjusted["amount"], "payment_id" in adjusted) == ("-5.00000000", False)
    assert adjusted["payout_id"] in {one["id"] for one in payouts}
    assert sum(Decimal(one["amount"]) for one in payouts) == Decimal("19.73")
    assert not [one for one in await got(world, "ledger", payment_id=id_) if one["kind"] == "adjustment"]


async def test_a_workspace_without_money_has_no_cut_offs(world: Sim, merchant: Merchant, provider: Provider) -> None:
    await merchant.waiting("order-1")

    fired = await world.advance(days=30)

    assert not [one for one in fired if one["kind"] in ("timer.cutoff", "timer.pays")]
    assert await got(world, "ledger") == [] == await got(world, "balances")


async def test_a_year_passes_through_no_more_cut_offs_than_there_is_money(
    world: Sim, merchant: Merchant, provider: Provider
) -> None:
    await world.settings(provider.name, cutoff="00:00")
    await merchant.paid("order-1", 10000)

    fired = await world.advance(days=365)

    assert 1 <= len([one for one in fired if one["kind"] == "timer.cutoff"]) <= 3


async def test_days_that_are_over_keep_their_files_whatever_the_settings_become(
    world: Sim, merchant: Merchant, provider: Provider, tmp_path: Any
) -> None:
    """Same names, addresses and bytes; and the day that goes on has its files in the folder by itself."""
    assert provider.settlement is not None
    if provider.settlement.reports is None:
        pytest.skip(f"{provider.title} makes no reports")
    world.app.runtime.reports = tmp_path
    await merchant.paid("order-1", 10000)
    await merchant.settle()
    await world.advance(days=8, hours=1)
    await merchant.paid("order-2", 5000)
    await merchant.settle()
    before = await there(world, provider)

    terms = {"cutoff": "06:00", "time_zone": "Asia/Shanghai", "settlement_currency": "USD", "holidays": False}
    named = {name: value for name, value in RENAMING.items() if name in provider.settings.model_fields}
    await world.settings(provider.name, **terms, **named)
    after = await there(world, provider)
    await world.advance(days=12)
    later = await there(world, provider)

    folder = {path.name: path.read_bytes() for path in (tmp_path / world.workspace.name / provider.name).iterdir()}
    put = {name: raw for (_, name), raw in later.items() if name in folder}
    assert before and before == after and before.items() <= later.items()
    assert put.items() <= folder.items() and put.keys() - {name for _, name in before}
    assert set(Counter(name for _, name in later).values()) == {1}, "no two days have a file of one name"


RENAMING = {
    "merchant_name": "Other",
    "report_type": "FinancialActionsByPayout",
    "settlement_client": "123",
    "wx_prefix": "wxt",
    "wx_per_currency": True,
}
"""Settings of some providers that their files show, or are called by."""


async def there(world: Sim, provider: Provider) -> dict[tuple[str, str], bytes]:
    """The files that are there, by date and name."""
    found = [one for one in await got(world, "reports", provider=provider.name, limit="500") if one["state"] == "ready"]
    return {(one["date"], one["name"]): (await world.http.get(one["url"])).raise_for_status().content for one in found}
