"""What comes of an order, and who decides it: without pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.wallet import alipay
from wallet.conftest import Wallet


def outcome(order: Any) -> tuple[str, str | None, str | None]:
    return order.state, order.reason, order.decided_by


async def test_an_order_has_a_short_code_and_is_converted_to_yuan(wallet: Wallet) -> None:
    euros = wallet.look(await wallet.order(1100, "EUR"))
    yen = wallet.look(await wallet.order(1100, "JPY"))
    yuan = wallet.look(await wallet.order(1100, "CNY"))

    assert len(euros.id) == 8
    assert (euros.cny, euros.rate) == (8603, "7.8210")
    assert (yen.cny, yen.rate) == (5302, "0.0482")
    assert (yuan.cny, yuan.rate) == (1100, None)


# The buyers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        ("li-na", ("paid", None, "buyer:li-na")),
        ("wang-wei", ("declined", "balance", "buyer:wang-wei")),
        ("zhang-min", ("declined", "limit", "buyer:zhang-min")),
        ("chen-jie", ("declined", "blocked", "buyer:chen-jie")),
        ("zhao-lei", ("paid", None, "buyer:zhao-lei")),
        ("liu-yang", ("paid", None, "buyer:liu-yang")),
        ("sun-li", ("paying", None, None)),
        ("zhou-ting", ("open", None, None)),
    ],
)
async def test_each_buyer_has_their_own_outcome(wallet: Wallet, buyer: str, expected: tuple[str, ...]) -> None:
    code = await wallet.order()

    order = wallet.do(alipay.confirm, code, buyer)

    assert outcome(order) == expected
    assert wallet.bill(code).state == (expected[0] if expected[0] in ("paid", "declined") else "open")


async def test_the_prediction_is_what_happens(wallet: Wallet, sim: Sim) -> None:
    for buyer in ("li-na", "wang-wei", "zhang-min", "chen-jie"):
        code = await wallet.order()
        uow = sim.app.runtime.open(sim.workspace)
        predicted = alipay.predict(uow, wallet.look(code), wallet.buyer(buyer))

        order = wallet.do(alipay.confirm, code, buyer)

        assert outcome(order) == (predicted.outcome, predicted.reason, predicted.decided_by)


async def test_a_payment_takes_the_money_from_the_balance(wallet: Wallet) -> None:
    code = await wallet.order()

    wallet.do(alipay.confirm, code, "li-na")

    assert wallet.buyer("li-na").balance == 800_000 - 8603
    assert wallet.buyer("li-na").ledger == (("2026-03-04T05:00:00+00:00", "paid by balance", code, -8603),)


async def test_a_card_pays_what_the_balance_cannot(wallet: Wallet) -> None:
    """Li Na has ¥ 8,000 and a card for ¥ 50,000 per payment."""
    code, larger = await wallet.order(900_000, "CNY"), await wallet.order(5_000_001, "CNY")

    by_card, over = wallet.do(alipay.confirm, code, "li-na"), wallet.do(alipay.confirm, larger, "li-na")

    assert (by_card.state, by_card.method) == ("paid", "card")
    assert outcome(over) == ("declined", "limit", "buyer:li-na")
    assert wallet.buyer("li-na").balance == 800_000


async def test_the_chosen_method_counts(wallet: Wallet) -> None:
    order = wallet.do(alipay.confirm, await wallet.order(900_000, "CNY"), "li-na", method="balance")
    no_card = wallet.do(alipay.confirm, await wallet.order(100, "CNY"), "wang-wei", method="card")

    assert outcome(order) == ("declined", "balance", "buyer:li-na")
    assert outcome(no_card) == ("declined", "limit", "buyer:wang-wei")


async def test_the_daily_limit_is_per_day_in_china_on_the_workspaces_clock(wallet: Wallet, sim: Sim) -> None:
    """Zhang Min may spend ¥ 500 a day and has spent ¥ 480. It is 13:00 in China."""
    exactly = wallet.do(alipay.confirm, await wallet.order(2_000, "CNY"), "zhang-min")
    one_more = wallet.do(alipay.confirm, await wallet.order(1, "CNY"), "zhang-min")
    await sim.advance(hours=10, minutes=59)
    same_day = wallet.do(alipay.confirm, await wallet.order(1, "CNY"), "zhang-min")
    await sim.advance(minutes=1)
    next_day = wallet.do(alipay.confirm, await wallet.order(50_000, "CNY"), "zhang-min")
    over_again = wallet.do(alipay.confirm, await wallet.order(1, "CNY"), "zhang-min")

    states = [order.state for order in (exactly, one_more, same_day, next_day, over_again)]
    assert states == ["paid", "declined", "declined", "paid", "declined"]
    assert wallet.buyer("zhang-min").daily_used == 50_000


async def test_a_new_day_frees_the_daily_limit_of_a_buyer_who_has_not_paid_yet(wallet: Wallet, sim: Sim) -> None:
    """It is the workspace's clock that brings the day, not the one of the machine."""
    before = wallet.do(alipay.confirm, await wallet.order(), "zhang-min")
    await sim.advance(hours=10, minutes=59)
    same_day = wallet.do(alipay.confirm, await wallet.order(), "zhang-min")
    await sim.advance(minutes=1)
    after = wallet.do(alipay.confirm, await wallet.order(), "zhang-min")

    assert [order.state for order in (before, same_day, after)] == ["declined", "declined", "paid"]
    assert wallet.buyer("zhang-min").daily_used == 8603


async def test_what_is_written_into_a_buyer_counts_today(wallet: Wallet, sim: Sim) -> None:
    await sim.advance(days=3)
    await wallet.edit("zhang-min", daily_used=49_900)

    today = wallet.do(alipay.confirm, await wallet.order(200, "CNY"), "zhang-min")
    shown = (await sim.http.get(f"{sim.path}/buyers")).json()["data"]
    await sim.advance(days=1)
    tomorrow = wallet.do(alipay.confirm, await wallet.order(200, "CNY"), "zhang-min")

    assert (today.state, tomorrow.state) == ("declined", "paid")
    assert next(buyer["daily_used"] for buyer in shown if buyer["slug"] == "zhang-min") == 49_900


async def test_a_refund_does_not_give_the_daily_limit_back(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order(2_000, "CNY")
    wallet.do(alipay.confirm, code, "zhang-min")

    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        alipay.refund(uow, code, Money(2_000, "CNY"))
    again = wallet.do(alipay.confirm, await wallet.order(1, "CNY"), "zhang-min")

    assert wallet.buyer("zhang-min").balance == 2_000_000
    assert outcome(again) == ("declined", "limit", "buyer:zhang-min")


async def test_a_limit_per_payment_is_kept(wallet: Wallet) -> None:
    await wallet.edit("li-na", per_payment_limit=8602)

    order = wallet.do(alipay.confirm, await wallet.order(), "li-na")

    assert outcome(order) == ("declined", "limit", "buyer:li-na")


async def test_three_wrong_payment_codes_decline(wallet: Wallet) -> None:
    code = await wallet.order()

    tries = [wallet.do(alipay.confirm, code, "liu-yang", payment_code="000000") for _ in range(3)]

    assert [outcome(order) for order in tries] == [
        ("open", None, None),
        ("open", None, None),
        ("declined", "authentication", "buyer:liu-yang"),
    ]
    assert wallet.buyer("liu-yang").balance == 300_000


async def test_another_buyer_has_tries_of_their_own(wallet: Wallet) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "liu-yang", payment_code="1")
    wallet.do(alipay.confirm, code, "liu-yang", payment_code="2")

    after = wallet.do(alipay.sign_in, code, "zhao-lei", "wrong")

    assert (after.state, after.buyer, after.tries) == ("open", "zhao-lei", 1)


async def test_three_wrong_passwords_decline(wallet: Wallet) -> None:
    code = await wallet.order()
    for _ in range(2):
        wallet.do(alipay.sign_in, code, "zhao-lei", "wrong")

    order = wallet.do(alipay.sign_in, code, "zhao-lei", "wrong")

    assert outcome(order) == ("declined", "authentication", "buyer:zhao-lei")
    assert wallet.bill(code).state == "declined"


async def test_a_slow_bank_answers_on_the_clock(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "sun-li")

    await sim.advance(seconds=29)
    before = wallet.look(code).state
    await sim.advance(seconds=31)

    assert before == "paying"
    assert outcome(wallet.look(code)) == ("paid", None, "buyer:sun-li")
    assert wallet.look(code).decided_at == sim.started_at + timedelta(seconds=30)
    assert wallet.bill(code).heard == ("wallet.paying", "wallet.paid")


async def test_decide_now_decides_once(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "sun-li")

    now, again = wallet.do(alipay.decide_now, code), wallet.do(alipay.decide_now, code)
    await sim.advance(minutes=1)

    assert now.state == "paid"
    assert again == now == wallet.look(code)
    assert wallet.buyer("sun-li").balance == 900_000 - 8603
    assert await wallet.timers() == []


async def test_the_balance_counts_when_the_wallet_decides(wallet: Wallet) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "sun-li")
    await wallet.edit("sun-li", balance=100)

    order = wallet.do(alipay.decide_now, code)

    assert outcome(order) == ("declined", "balance", "buyer:sun-li")


async def test_an_order_of_a_buyer_who_left_expires_by_the_clock(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order(minutes=15)
    left = wallet.do(alipay.confirm, code, "zhou-ting")

    await sim.advance(hours=1)

    assert (left.state, left.walked_away) == ("open", "zhou-ting")
    assert outcome(wallet.look(code)) == ("expired", "expired", "timer")
    assert wallet.look(code).decided_at == sim.started_at + timedelta(minutes=15)
    assert (await wallet.payment(code))["decided_by"] == "timer"


async def test_a_late_answer_of_a_buyer_who_leaves_never_comes(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order(minutes=15)
    wallet.do(alipay.confirm_late, code, "zhou-ting", timedelta(seconds=30))

    await sim.advance(minutes=1)
    waiting = wallet.look(code)
    await sim.advance(minutes=15)

    assert (waiting.state, waiting.walked_away) == ("paying", "zhou-ting")
    assert outcome(wallet.look(code)) == ("expired", "expired", "timer")


async def test_a_refusal_that_may_be_repeated_keeps_the_order_open(wallet: Wallet) -> None:
    await wallet.edit("wang-wei", refusal="retry")
    code = await wallet.order()

    refused = wallet.do(alipay.confirm, code, "wang-wei")
    told = wallet.bill(code).heard
    paid = wallet.do(alipay.confirm, code, "li-na")

    assert outcome(refused) == ("open", "balance", None)
    assert told == ()
    assert outcome(paid) == ("paid", None, "buyer:li-na")


async def test_an_unknown_buyer_is_refused_and_nothing_changes(wallet: Wallet) -> None:
    code = await wallet.order()
    before = wallet.look(code)

    with pytest.raises(NotFound):
        wallet.do(alipay.confirm, code, "nobody")

    assert wallet.look(code) == before


# Who decides -----------------------------------------------------------------------------------------------------

DECLINE_ALL = [{"wallet": {"decline": "limit"}}]


async def test_a_scenario_goes_before_the_buyers_account(wallet: Wallet, sim: Sim) -> None:
    await sim.arm(DECLINE_ALL)

    order = wallet.do(alipay.confirm, await wallet.order(), "li-na")

    assert (order.state, order.reason) == ("declined", "limit")
    assert (order.decided_by or "").startswith("scenario:")


async def test_a_pressed_refusal_goes_before_a_scenario(wallet: Wallet, sim: Sim) -> None:
    await sim.arm([{"wallet": {"outcome": "paid"}}])

    declined = wallet.do(alipay.decline, await wallet.order(), "blocked")
    cancelled = wallet.do(alipay.cancel, await wallet.order())
    expired = wallet.do(alipay.expire, await wallet.order())

    assert outcome(declined) == ("declined", "blocked", "page")
    assert outcome(cancelled) == ("cancelled", "cancelled", "page")
    assert outcome(expired) == ("expired", "expired", "page")


async def test_the_console_goes_before_everything(wallet: Wallet, sim: Sim) -> None:
    await sim.arm([{"wallet": {"outcome": "paid"}}])
    code = await wallet.order()

    view = await sim.act("acme", wallet.bill(code).id, "decline", reason="blocked")

    assert view["decided_by"] == "console"
    assert outcome(wallet.look(code)) == ("declined", "blocked", "console")


async def test_a_forced_payment_leaves_no_debt(wallet: Wallet, sim: Sim) -> None:
    await sim.arm([{"wallet": {"outcome": "paid"}}])

    order = wallet.do(alipay.confirm, await wallet.order(), "wang-wei")

    assert order.state == "paid"
    assert wallet.buyer("wang-wei").balance == 500


async def test_go_on_a_providers_page_asks_no_buyer_but_a_scenario(wallet: Wallet, sim: Sim) -> None:
    free = wallet.do(alipay.approve, await wallet.order())
    await sim.arm(DECLINE_ALL)
    ruled = wallet.do(alipay.approve, await wallet.order())

    assert outcome(free) == ("paid", None, "page")
    assert (ruled.state, ruled.reason) == ("declined", "limit")


async def test_go_on_a_providers_page_may_be_answered_late(wallet: Wallet, sim: Sim) -> None:
    """A delay alone says nothing of the outcome: it is still the page that decided."""
    await sim.arm([{"wallet": {"delay": "PT20S"}}])
    code = await wallet.order()

    waiting = wallet.do(alipay.approve, code)
    await sim.advance(seconds=20)

    assert (waiting.state, waiting.decided_by) == ("paying", None)
    assert (wallet.look(code).state, wallet.look(code).decided_by) == ("paid", "page")


async def test_the_story_of_a_payment_says_who_decided(wallet: Wallet) -> None:
    code = await wallet.order()

    wallet.do(alipay.confirm, code, "wang-wei")

    summaries = [event["summary"] for event in (await wallet.payment(code))["timeline"]]
    assert "declined (balance), decided by buyer:wang-wei" in summaries


async def test_the_story_of_a_payment_tells_what_the_phone_did(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    wallet.do(alipay.scan, code)
    wallet.do(alipay.show_qr_code, code)
    wallet.do(alipay.confirm, code, "sun-li")

    summaries = [event["summary"] for event in (await wallet.payment(code))["timeline"]]
    assert summaries[-3:] == ["order open > scanned", "order scanned > open", "order open > paying"]


async def test_the_story_tells_what_did_not_end_the_payment(wallet: Wallet, sim: Sim) -> None:
    await wallet.edit("wang-wei", refusal="retry")
    code = await wallet.order()
    made = (await wallet.payment(code))["updated_at"]

    await sim.advance(seconds=10)
    wallet.do(alipay.confirm, code, "liu-yang", payment_code="1")
    wallet.do(alipay.sign_in, code, "zhao-lei", "wrong")
    wallet.do(alipay.confirm, code, "wang-wei")
    wallet.do(alipay.confirm, code, "zhou-ting")
    wallet.do(alipay.walk_away, code, "li-na")

    payment = await wallet.payment(code)
    assert payment["updated_at"] > made
    assert [event["summary"] for event in payment["timeline"] if event["kind"] == "wallet"] == [
        "order open",
        "wrong payment code of liu-yang, try 1 of 3",
        "wrong password of zhao-lei, try 1 of 3",
        "declined (balance) by buyer:wang-wei, may be tried again",
        "left open by buyer:zhou-ting",
        "left open by page",
    ]


async def test_a_scenario_may_be_about_the_card(wallet: Wallet, sim: Sim) -> None:
    await sim.arm([{"when": {"method": "card"}, "wallet": {"decline": "blocked"}}])
    by_balance, by_card = await wallet.order(), await wallet.order()

    wallet.do(alipay.confirm, by_balance, "li-na", method="balance")
    wallet.do(alipay.confirm, by_card, "li-na", method="card")

    assert wallet.look(by_balance).state == "paid"
    assert (wallet.look(by_card).state, wallet.look(by_card).decided_by) == ("declined", "scenario:adhoc")


@pytest.mark.parametrize("delay", ["-1s", "4000d", "P99999999999D", -1, 10**12])
async def test_a_delay_that_no_clock_reaches_is_refused(sim: Sim, delay: object) -> None:
    answer = await sim.http.put(f"{sim.path}/scenario", json={"rules": [{"wallet": {"delay": delay}}]})

    assert answer.status_code == 422, answer.text
