"""Every response code can be produced: by the documented sandbox amounts, by a scenario, by a buyer's account."""

from __future__ import annotations

import pytest
from support import Sim

from providers.checkoutcom.driver import HOSTED, LINK, ONE_TIME, RECURRING, Merchant
from simulator.providers.checkoutcom.errors import RESPONSE_CODES

DOCUMENTED = {
    1005: "20005",
    1012: "20012",
    1014: "20014",
    1051: "20051",
    1054: "20087",
    1062: "20062",
    1063: "20063",
    1033: "30033",
    9998: "20068",
    2011: "200R1",
    2013: "200R3",
    40014: "40101",
    40084: "40108",
}
APPROVED = (10, 44, 20, 1100, 5, 51, 5000, 5029, 6510, 6540, 1000)


@pytest.mark.parametrize(("amount", "code"), DOCUMENTED.items())
async def test_a_documented_amount_is_declined_with_its_code(sim: Sim, cko: Merchant, amount: int, code: str) -> None:
    created = await cko.request(ONE_TIME | {"amount": amount})

    view = await sim.act("checkoutcom", created["id"], "pay")

    assert (view["phase"], view["decided_by"]) == ("declined", f"amount:{amount}")
    [action] = await cko.actions(created["id"])
    assert (action["response_code"], action["response_summary"]) == (code, RESPONSE_CODES[code])
    assert sim.hooks[-1].body["data"]["response_code"] == code
    assert sim.hooks[-1].body["data"]["risk"] == {"flagged": code.startswith("4"), "score": 0}


@pytest.mark.parametrize("amount", APPROVED)
async def test_the_documents_own_amounts_are_approved(cko: Merchant, amount: int) -> None:
    created = await cko.paid(ONE_TIME | {"amount": amount})

    assert await cko.status(created["id"]) == "Captured"


async def test_the_table_is_for_two_decimals_only(cko: Merchant) -> None:
    created = await cko.paid(ONE_TIME | {"amount": 1051, "currency": "JPY"})

    assert await cko.status(created["id"]) == "Captured"


async def test_an_ordinary_price_that_is_a_test_amount_is_answered_with_a_notice(sim: Sim, cko: Merchant) -> None:
    """A refund of EUR 1.51 is what a shop means by it; the card sandbox means insufficient funds."""
    plain = await cko.post("/payments", ONE_TIME | {"amount": 2000})
    price = await cko.post("/payments", ONE_TIME | {"amount": 1005})
    page = await cko.post("/hosted-payments", HOSTED | {"amount": 1005})
    link = await cko.post("/payment-links", LINK | {"amount": 1005})
    await cko.pay(plain.json()["id"])
    refund = await cko.refund(plain.json()["id"], {"amount": 151})
    small = await cko.refund(plain.json()["id"], {"amount": 20})

    assert "simulator-notice" not in plain.headers and "simulator-notice" not in small.headers
    for answer, amount, code in (
        (price, 1005, "20005"),
        (page, 1005, "20005"),
        (link, 1005, "20005"),
        (refund, 151, "20051"),
    ):
        notice = answer.headers["simulator-notice"]
        assert notice.startswith(f"{amount} is a test amount") and code in notice and "test_amounts" in notice


async def test_the_test_amounts_can_be_switched_off(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", test_amounts=False)

    answer = await cko.post("/payments", ONE_TIME | {"amount": 1051})
    await cko.pay(answer.json()["id"])
    refund = await cko.refund(answer.json()["id"], {"amount": 151})
    await sim.advance(seconds=5)

    assert "simulator-notice" not in answer.headers and "simulator-notice" not in refund.headers
    found = await cko.payment(answer.json()["id"])
    assert (found["status"], found["balances"]["total_refunded"]) == ("Partially Refunded", 151)


async def test_a_strict_server_knows_no_test_amounts_that_are_not_documented_for_alipay() -> None:
    async with Sim(strict=True) as strict:
        merchant = Merchant(strict)

        created = await merchant.paid(
            ONE_TIME
            | {"amount": 1005}
            | {"processing_channel_id": strict.credentials("checkoutcom")["processing_channel_id"]}
        )

        assert await merchant.status(created["id"]) == "Captured"


async def test_an_armed_scenario_speaks_before_a_test_amount_and_needs_no_notice(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"wallet": {"outcome": "paid"}, "bank": {"outcome": "succeeded"}}])

    answer = await cko.post("/payments", ONE_TIME | {"amount": 1005})
    await cko.pay(answer.json()["id"])

    assert "simulator-notice" not in answer.headers
    assert await cko.status(answer.json()["id"]) == "Captured"


@pytest.mark.uncounted
@pytest.mark.parametrize("code", sorted(code for code in RESPONSE_CODES if not code.startswith("1")))
async def test_a_scenario_produces_any_code(sim: Sim, cko: Merchant, code: str) -> None:
    await sim.arm([{"wallet": {"decline": "declined", "code": code}}], next=1)
    created = await cko.request(RECURRING)

    view = await sim.act("checkoutcom", created["id"], "pay")

    assert view["status"] == "Declined"
    assert sim.hooks[-1].body["data"]["response_summary"] == RESPONSE_CODES[code]
    again = await cko.paid(RECURRING)
    assert await cko.status(again["id"]) == "Captured"


@pytest.mark.parametrize(
    ("buyer", "reason", "code"),
    [("wang-wei", "balance", "20051"), ("zhang-min", "limit", "20061"), ("chen-jie", "blocked", "20062")],
)
async def test_a_buyers_account_declines_with_a_fitting_code(
    sim: Sim, cko: Merchant, buyer: str, reason: str, code: str
) -> None:
    created = await cko.request(amount=1100)

    view = await sim.act("checkoutcom", created["id"], "pay", buyer=buyer)

    assert (view["phase"], view["decided_by"]) == ("declined", f"buyer:{buyer}")
    assert sim.hooks[-1].body["data"]["response_code"] == code


async def test_the_explicit_act_goes_before_the_amount(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"amount": 1051})

    view = await sim.act("checkoutcom", created["id"], "decline", reason="limit")

    assert view["decided_by"] == "console"
    assert sim.hooks[-1].body["data"]["response_code"] == "20061"


async def test_a_refunds_amount_follows_the_same_table(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(amount=110000)
    sim.hooks.clear()
    for amount in (40014, 151, 51):
        await cko.refund(created["id"], {"amount": amount})

    await sim.advance(seconds=5)

    ended = [hook.body for hook in sim.hooks if hook.body["type"] != "payment_refund_pending"]
    assert [(body["type"], body["data"]["response_code"]) for body in ended] == [
        ("payment_refund_declined", "40101"),
        ("payment_refund_declined", "20051"),
        ("payment_refunded", "10000"),
    ]


async def test_a_declined_refund_without_a_code_says_20120(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid()
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"outcome": "declined"}}])

    await cko.refund(created["id"], {"amount": 20})
    await sim.advance(seconds=5)

    data = sim.hooks[-1].body["data"]
    assert (data["response_code"], data["response_summary"]) == ("20120", "Invalid Customer/User")
