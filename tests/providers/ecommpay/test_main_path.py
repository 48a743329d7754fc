"""One Alipay purchase at ecommpay, from the seed's request to the refund, through Gate and through Payment Page."""

from __future__ import annotations

from datetime import timedelta

from support import Sim

from providers.ecommpay.driver import Merchant

REDIRECT = ("awaiting redirect result", "sale", "awaiting redirect result")
SUCCESS = ("success", "sale", "success")


async def test_the_seeds_request_is_accepted_with_exactly_four_members(sim: Sim, ecommpay: Merchant) -> None:
    """Nothing is told before the answer; the intermediate callback comes half a second later."""
    answer = await ecommpay.sale()
    await sim.settle()

    accepted = answer.json()
    assert answer.status_code == 200
    assert list(accepted) == ["status", "request_id", "project_id", "payment_id"]
    assert (accepted["status"], accepted["payment_id"]) == ("success", "ECT_TEST_155125514400636")
    assert len(accepted["request_id"]) == 90 and accepted["request_id"].endswith("-00020892")
    assert sim.hooks == []


async def test_the_intermediate_callback_leads_to_the_wallet(sim: Sim, ecommpay: Merchant) -> None:
    accepted = await ecommpay.begin()

    redirect = ecommpay.last
    assert ecommpay.told == [REDIRECT]
    assert ecommpay.last_hook.at == sim.started_at + timedelta(seconds=0.5)
    assert redirect["operation"]["request_id"] == accepted["request_id"]
    assert redirect["redirect_data"]["url"].startswith("http://sim.test/emulator/aps/")
    assert (redirect["operation"]["code"], redirect["operation"]["message"]) == ("9999", "Awaiting processing")


async def test_success_on_the_emulator_ends_the_purchase_and_leads_back_to_the_shop(
    sim: Sim, ecommpay: Merchant
) -> None:
    accepted = await ecommpay.begin()
    page = await sim.http.get(ecommpay.last["redirect_data"]["url"])

    back = await ecommpay.press(page, "ecp-success")
    await sim.settle()

    assert back.headers["location"] == "http://example.com/success"
    assert ecommpay.told == [REDIRECT, SUCCESS]
    assert ecommpay.last["operation"]["request_id"] == accepted["request_id"]
    assert (ecommpay.last["operation"]["code"], ecommpay.last["operation"]["message"]) == ("0", "Success")
    assert await ecommpay.status_of() == "success"


async def test_a_purchase_of_40000_is_declined_whichever_button_is_pressed(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin(payment={"amount": 40000})
    page = await sim.http.get(ecommpay.last["redirect_data"]["url"])

    await ecommpay.press(page, "ecp-success")
    await sim.settle()

    operation = ecommpay.last["operation"]
    assert ecommpay.told[-1] == ("decline", "sale", "decline")
    assert (operation["code"], operation["message"]) == ("20105", "Insufficient funds on customer account")
    view = await sim.payment("ecommpay", "ECT_TEST_155125514400636")
    assert (view["phase"], view["decided_by"]) == ("declined", "amount:40000")


async def test_refunds_are_partial_and_repeated_up_to_the_remaining_sum(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid(payment={"amount": 25000})

    first = await ecommpay.refund(amount=10000)
    second = await ecommpay.refund(amount=5000)
    third = await ecommpay.refund()

    refunds = ecommpay.callbacks[2:]
    assert [c["payment"]["status"] for c in refunds] == ["partially refunded", "partially refunded", "refunded"]
    assert [c["payment"]["sum"]["amount"] for c in refunds] == [15000, 10000, 0]
    assert [c["operation"]["sum_initial"]["amount"] for c in refunds] == [10000, 5000, 10000]
    asked = [answer["request_id"] for answer in (first, second, third)]
    assert [c["operation"]["request_id"] for c in refunds] == asked


async def test_payment_page_leads_through_pay_and_emulator_to_the_result(sim: Sim, ecommpay: Merchant) -> None:
    """The payment exists only from the moment of Pay."""
    methods = await ecommpay.open()
    instructions = await ecommpay.press(methods, "ecp-continue")
    before = await ecommpay.status("580")
    emulator = await ecommpay.press(instructions, "ecp-pay")
    registered = await ecommpay.status_of("580")

    result = await ecommpay.press(emulator, "ecp-success", last_name="Zhou")
    await sim.settle()

    assert 'data-testid="ecp-method"' in methods.text
    assert before["errors"][0]["code"] == 3061
    assert registered == "awaiting redirect result"
    assert 'data-testid="ecp-result"' in result.text
    assert ecommpay.told == [SUCCESS]
