"""Every legal move of a payment and its operations with its callback, and every illegal one with none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Merchant
from simulator.kernel.clock import iso_millis
from simulator.providers.ecommpay.states import PAYMENT, PURCHASE, REFUND, REQUEST
from simulator.providers.ecommpay.states import SALE as SALE_MACHINE

ID = SALE["general"]["payment_id"]
FIELDS = ["first_name", "last_name", "city"]
BARE: dict[str, Any] = {"customer": {"first_name": None, "last_name": None, "city": None}}

REDIRECT = ("awaiting redirect result", "sale", "awaiting redirect result")
DISPLAY = ("awaiting customer action", "sale", "awaiting customer action")
ASKED = ("awaiting clarification", "sale", "awaiting clarification")
PAID = ("success", "sale", "success")
DECLINED = ("decline", "sale", "decline")


def test_a_sale_moves_as_its_payment_does() -> None:
    moves = {(trigger, move.source, move.target) for (trigger, _), move in SALE_MACHINE.moves.items()}
    of_payment = {(trigger, move.source, move.target) for (trigger, _), move in PAYMENT.moves.items()}

    assert moves < of_payment
    assert SALE_MACHINE.events == ()
    assert len(PURCHASE) == 11


# Waiting -----------------------------------------------------------------------------------------------------------


async def test_a_purchase_by_url_waits_for_the_redirect(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()

    assert ecommpay.told == [REDIRECT]
    assert await ecommpay.status_of() == "awaiting redirect result"
    redirect = ecommpay.last["redirect_data"]
    assert list(redirect) == ["method", "body", "encrypted", "url"]
    assert (redirect["method"], redirect["body"], redirect["encrypted"]) == ("GET", [], [])


async def test_a_purchase_by_qr_waits_for_the_customer(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", alipay_flow="qr")

    await ecommpay.begin()

    assert ecommpay.told == [DISPLAY]
    code, timeout = ecommpay.last["display_data"]
    assert (code["type"], code["title"]) == ("qr_data", "QR code")
    assert code["data"].startswith("http://sim.test/emulator/qr/")
    assert timeout == {"type": "add_info", "title": "QR Code Timeout", "data": "600"}
    assert (await sim.http.get(code["data"])).status_code == 200


@pytest.mark.parametrize("option", ["alipay_flow", "flow"])
async def test_a_scenario_chooses_the_flow(sim: Sim, ecommpay: Merchant, option: str) -> None:
    await sim.arm([{"when": {"reference": "*-qr"}, "provider": {option: "qr"}}])

    await ecommpay.begin("one-qr")
    await ecommpay.begin("two")

    assert ecommpay.told == [DISPLAY, REDIRECT]


async def test_the_code_comes_as_text_as_link_or_as_picture(sim: Sim, ecommpay: Merchant) -> None:
    found = {}
    for kind in ("qr_data", "qr_url", "qr_img"):
        await sim.settings("ecommpay", alipay_flow="qr", qr_type=kind)
        await ecommpay.begin(kind)
        found[kind] = ecommpay.last["display_data"][0]

    assert [entry["type"] for entry in found.values()] == ["qr_data", "qr_url", "qr_img"]
    picture = await sim.http.get(found["qr_url"]["data"])
    assert (picture.headers["content-type"], picture.content[1:4]) == ("image/png", b"PNG")
    assert found["qr_img"]["data"].startswith("iVBORw0KGgo")


async def test_a_redirect_by_post_carries_the_form(sim: Sim, ecommpay: Merchant) -> None:
    """The browser posts the fields to the emulator, which leads to itself and changes nothing."""
    await sim.settings("ecommpay", redirect_method="POST")
    await ecommpay.begin(payment={"amount": 1300, "description": "ECT_TEST_1552972940011"})
    redirect = ecommpay.last["redirect_data"]

    answer = await sim.http.post(redirect["url"], data=redirect["body"], headers={"origin": "https://shop.example"})

    assert list(redirect["body"]) == [
        "order_no", "amount", "payment_channel", "sign", "return_url", "signType", "currency", "body", "app_id",
    ]  # fmt: skip
    assert (redirect["method"], redirect["body"]["amount"]) == ("POST", "13.00")
    assert redirect["body"]["order_no"] == str(ecommpay.last["operation"]["id"])
    assert answer.status_code == 303
    assert "ecp-success" in (await ecommpay.follow(answer)).text
    assert await ecommpay.status_of() == "awaiting redirect result"


# Deciding ----------------------------------------------------------------------------------------------------------

ENDS = {
    # Control API: the callback, its code, the phase.
    "pay": (PAID, "0", "paid"),
    "decline": (DECLINED, "20000", "declined"),
    "cancel": (DECLINED, "20301", "declined"),
    "expire": (DECLINED, "20602", "declined"),
}


@pytest.mark.parametrize("flow", ["redirect", "qr"])
@pytest.mark.parametrize("act", ENDS)
async def test_the_wallets_decision_is_final_and_told(sim: Sim, ecommpay: Merchant, act: str, flow: str) -> None:
    told, code, phase = ENDS[act]
    await sim.settings("ecommpay", alipay_flow=flow)
    await ecommpay.begin()

    view = await sim.act("ecommpay", ID, act)

    operation = ecommpay.last["operation"]
    assert ecommpay.told[1:] == [told]
    assert (operation["code"], view["phase"], view["status"]) == (code, phase, told[0])
    assert ecommpay.last["payment"]["date"] == operation["date"]
    assert operation["created_date"] == "2026-03-04T05:00:00+0000"
    assert len(operation["provider"]["payment_id"]) == 32
    assert operation["provider"]["date"] < operation["date"]


@pytest.mark.parametrize("act", ENDS)
async def test_a_decision_before_the_intermediate_callback_sends_both_in_order(
    sim: Sim, ecommpay: Merchant, act: str
) -> None:
    await ecommpay.sale()

    await sim.act("ecommpay", ID, act)
    await sim.advance(seconds=5)

    assert ecommpay.told == [REDIRECT, ENDS[act][0]]


REASONS = {"balance": "20105", "limit": "20101", "blocked": "20201", "authentication": "20000"}


@pytest.mark.parametrize("reason", REASONS)
async def test_a_reason_of_the_wallet_has_its_code(sim: Sim, ecommpay: Merchant, reason: str) -> None:
    await ecommpay.begin()

    await sim.act("ecommpay", ID, "decline", reason=reason)

    assert ecommpay.last["operation"]["code"] == REASONS[reason]


async def test_a_buyer_without_money_is_declined_with_20105(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()

    view = await sim.act("ecommpay", ID, "pay", buyer="wang-wei")

    assert (ecommpay.last["operation"]["code"], view["decided_by"]) == ("20105", "buyer:wang-wei")


@pytest.mark.parametrize(
    ("amount", "code", "message"),
    [
        (40000, "20105", "Insufficient funds on customer account"),
        (40400, "20101", "Decline due to amount or frequency limit"),
    ],
)
async def test_documented_amounts_decline_a_purchase(
    sim: Sim, ecommpay: Merchant, amount: int, code: str, message: str
) -> None:
    await ecommpay.begin(payment={"amount": amount})

    view = await sim.act("ecommpay", ID, "pay")

    assert ecommpay.told[-1] == DECLINED
    assert (ecommpay.last["operation"]["code"], ecommpay.last["operation"]["message"]) == (code, message)
    assert view["decided_by"] == f"amount:{amount}"


async def test_an_armed_scenario_goes_before_a_documented_amount(sim: Sim, ecommpay: Merchant) -> None:
    await sim.arm([{"when": {"operation": "sale"}, "wallet": {"outcome": "paid"}}])
    await ecommpay.begin(payment={"amount": 40000})

    await sim.act("ecommpay", ID, "pay")

    assert ecommpay.told[-1] == PAID


# Time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flow", "seconds"), [("redirect", 1800), ("qr", 600)])
async def test_nobody_pays_until_the_threshold(sim: Sim, ecommpay: Merchant, flow: str, seconds: int) -> None:
    """Declined at the instant of the deadline, whenever we look."""
    await sim.settings("ecommpay", alipay_flow=flow)
    await ecommpay.begin()

    await sim.advance(hours=3)

    assert ecommpay.told[1:] == [DECLINED]
    assert ecommpay.last_hook.at == sim.started_at + timedelta(seconds=seconds)
    operation = ecommpay.last["operation"]
    assert (operation["code"], operation["message"]) == ("20602", "Time-out")
    view = await sim.payment("ecommpay", ID)
    assert (view["wallet"]["state"], view["decided_by"]) == ("expired", "timer")


async def test_the_threshold_is_a_setting_and_best_before_shortens_it(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", threshold_s=120)
    await ecommpay.sale("by-setting")
    await ecommpay.sale("by-request", payment={"best_before": "2026-03-04T13:01:00+08:00"})

    await sim.advance(hours=1)

    ends = {hook.body["payment"]["id"]: hook.at - sim.started_at for hook in sim.hooks}
    assert ends == {"by-setting": timedelta(minutes=2), "by-request": timedelta(minutes=1)}


async def test_a_slow_bank_answers_on_the_clock(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()

    await sim.act("ecommpay", ID, "pay", buyer="sun-li")
    before = list(ecommpay.told)
    await sim.advance(seconds=30)

    assert before == [REDIRECT]
    assert ecommpay.told == [REDIRECT, PAID]
    assert ecommpay.last_hook.at == sim.started_at + timedelta(seconds=30.5)


# Clarification -------------------------------------------------------------------------------------------------------


async def clarify(ecommpay: Merchant, **customer: str) -> dict[str, Any]:
    body = {"general": {"payment_id": ID}, "additional_data": {"customer": customer} if customer else {}}
    answer = await ecommpay.post("payment/clarification", body)
    assert answer.status_code == 200, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


async def test_missing_customer_data_is_asked_for_and_accepted(sim: Sim, ecommpay: Merchant) -> None:
    """The whole round trip: asked, half answered, asked for the rest, answered, on to the wallet."""
    await sim.settings("ecommpay", required_customer_fields=FIELDS)
    sale = await ecommpay.begin(**BARE)
    first = ecommpay.last

    await clarify(ecommpay, first_name="之的")
    await sim.advance(seconds=1)
    second = ecommpay.last
    accepted = await clarify(ecommpay, last_name="张", city="上海市")
    await sim.advance(seconds=1)

    assert first["clarification_fields"] == {"customer": FIELDS}
    assert (first["operation"]["code"], first["operation"]["message"]) == ("3191", "Need clarification")
    assert second["clarification_fields"] == {"customer": ["last_name", "city"]}
    assert list(accepted) == ["status", "request_id", "project_id", "payment_id"]
    assert ecommpay.told == [ASKED, ASKED, REDIRECT]
    assert {c["operation"]["request_id"] for c in ecommpay.callbacks} == {sale["request_id"]}
    await sim.act("ecommpay", ID, "pay")
    assert ecommpay.told[-1] == PAID


async def test_the_status_tells_what_is_asked_for(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", required_customer_fields=FIELDS)
    await ecommpay.begin(**BARE)

    status = await ecommpay.status()

    assert status["payment"]["status"] == "awaiting clarification"
    assert status["clarification_fields"] == {"customer": FIELDS}


async def test_thirty_minutes_without_an_answer_decline_and_an_answer_begins_them_anew(
    sim: Sim, ecommpay: Merchant
) -> None:
    await sim.settings("ecommpay", required_customer_fields=FIELDS)
    await ecommpay.begin(**BARE)
    await sim.advance(minutes=20)
    await clarify(ecommpay)

    await sim.advance(minutes=29)
    before = ecommpay.told
    await sim.advance(minutes=2)

    assert before == [ASKED, ASKED]
    assert ecommpay.told == [ASKED, ASKED, DECLINED]
    assert ecommpay.last_hook.at == sim.started_at + timedelta(minutes=50, seconds=0.5)
    assert ecommpay.last["operation"]["code"] == "20602"


async def test_a_malformed_answer_counts_as_missing(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", required_customer_fields=["email"])
    await ecommpay.begin(customer={"email": None})

    await clarify(ecommpay, email="nobody")
    await sim.advance(seconds=1)

    assert ecommpay.last["clarification_fields"] == {"customer": ["email"]}


async def test_data_that_the_project_does_not_ask_for_is_not_missed(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin(**BARE)

    assert ecommpay.told == [REDIRECT]


async def test_a_clarification_that_nobody_waits_for_is_told_by_callback(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()

    await clarify(ecommpay, first_name="之的")
    await sim.advance(seconds=1)

    assert ecommpay.last["errors"][0]["code"] == 3060
    assert await ecommpay.status_of() == "awaiting redirect result"


# Refunds -----------------------------------------------------------------------------------------------------------


async def test_a_full_refund_needs_no_amount(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()

    answer = await ecommpay.ask_refund()
    await sim.advance(seconds=1)

    assert answer.status_code == 200
    assert ecommpay.told[-1] == ("refunded", "refund", "success")
    assert ecommpay.last["payment"]["sum"] == {"amount": 0, "currency": "CNY"}
    assert ecommpay.last["operation"]["sum_initial"] == {"amount": 1000, "currency": "CNY"}
    assert ecommpay.last_hook.at == sim.started_at + timedelta(seconds=1.5)


@pytest.mark.parametrize(
    ("amount", "code", "message"),
    [(50000, "20000", "General decline"), (50500, "20100", "Declined by external provider")],
)
async def test_documented_amounts_decline_a_refund(
    sim: Sim, ecommpay: Merchant, amount: int, code: str, message: str
) -> None:
    """The payment is untouched and the sum can be refunded otherwise."""
    await ecommpay.paid(payment={"amount": 100_000})

    await ecommpay.refund(amount=amount)
    declined = ecommpay.last
    await ecommpay.refund()

    assert (declined["operation"]["status"], declined["operation"]["code"]) == ("decline", code)
    assert declined["operation"]["message"] == message
    assert (declined["payment"]["status"], declined["payment"]["sum"]["amount"]) == ("success", 100_000)
    assert ecommpay.told[-1] == ("refunded", "refund", "success")


async def test_a_full_refund_of_50000_counts_as_50000(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid(payment={"amount": 50000})

    await ecommpay.refund()

    assert ecommpay.told[-1] == ("success", "refund", "decline")


async def test_refunds_on_their_way_count_as_used(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()

    await ecommpay.ask_refund(amount=600)
    await ecommpay.ask_refund(amount=600)
    await sim.advance(seconds=2)

    assert ecommpay.told[-2:] == [
        ("partially refunded", "refund", "success"),
        ("partially refunded", "refund", "decline"),
    ]
    assert ecommpay.last["operation"]["code"] == "3283"
    assert ecommpay.last["payment"]["sum"]["amount"] == 400


async def test_a_refunded_payment_can_be_refunded_no_more(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()
    await ecommpay.refund()

    await ecommpay.refund(amount=1)

    assert ecommpay.told[-1] == ("refunded", "refund", "decline")
    assert ecommpay.last["operation"]["code"] == "3060"


@pytest.mark.parametrize("path", ["payment/refund", "payment/alipay/refund", "payment/wallet/alipay/refund"])
async def test_every_refund_path_leads_to_the_same(sim: Sim, ecommpay: Merchant, path: str) -> None:
    await ecommpay.paid()

    await ecommpay.refund(path=path, amount=100)

    assert ecommpay.told[-1] == ("partially refunded", "refund", "success")


async def test_a_scenario_lets_a_refund_wait_and_then_fail(sim: Sim, ecommpay: Merchant) -> None:
    await sim.arm(
        [{"when": {"operation": "refund"}, "bank": {"outcome": "pending", "then": "declined", "delay": "PT1H"}}]
    )
    await ecommpay.paid()

    await ecommpay.refund(amount=100)
    pending = (await ecommpay.status())["operations"][1]
    await sim.advance(hours=1)

    assert (pending["type"], pending["status"], pending["code"]) == ("refund", "processing", "9999")
    assert ecommpay.told[-1] == ("success", "refund", "decline")


async def test_the_money_goes_back_to_the_buyer(sim: Sim, ecommpay: Merchant) -> None:
    async def balance() -> int:
        buyers = (await sim.http.get(f"{sim.path}/buyers")).json()["data"]
        return int(next(b for b in buyers if b["slug"] == "li-na")["balance"]["value"])

    before = await balance()
    await ecommpay.paid()
    paid = await balance()

    await ecommpay.refund(amount=300)

    assert (before - paid, await balance() - paid) == (1000, 300)


# Illegal -----------------------------------------------------------------------------------------------------------


@pytest.mark.uncounted
@pytest.mark.parametrize("act", ENDS)
@pytest.mark.parametrize("first", ["pay", "decline"])
async def test_a_final_payment_moves_no_more(sim: Sim, ecommpay: Merchant, first: str, act: str) -> None:
    await ecommpay.begin()
    await sim.act("ecommpay", ID, first)
    told, status = ecommpay.told, await ecommpay.status()

    answer = await sim.http.post(f"{sim.path}/payments/ecommpay/{ID}/{act}", json={})
    await sim.advance(hours=2)

    assert answer.status_code == 409
    assert ecommpay.told == told
    assert await ecommpay.status() == status


async def test_a_payment_that_waits_for_data_cannot_be_paid(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", required_customer_fields=FIELDS)
    await ecommpay.begin(**BARE)

    answer = await sim.http.post(f"{sim.path}/payments/ecommpay/{ID}/pay", json={})

    assert answer.status_code == 409
    assert ecommpay.told == [ASKED]


def test_the_tables_allow_what_the_reference_allows() -> None:
    """Source: docs/providers/ecommpay.md, sources 4.3 and 4.4."""
    assert PAYMENT.final == {"decline", "refunded", "reversed"}
    assert set(PAYMENT.allowed("success")) == {"bank.refunded_part", "bank.refunded", "bank.reversed"}
    assert set(PAYMENT.allowed("partially refunded")) == {"bank.refunded_part", "bank.refunded"}
    assert set(PAYMENT.allowed("awaiting redirect result")) == set(PAYMENT.allowed("awaiting customer action"))
    assert REFUND.final == {"success", "decline"}
    assert REQUEST.final == {"error"}


@pytest.mark.parametrize("value", ["abc", None, {}, -1, [1]])
async def test_what_a_scenario_cannot_say_of_a_setting_is_passed_over(
    sim: Sim, ecommpay: Merchant, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    """It cannot be armed any more, but a store may have it. The project's own setting holds, and the log says why."""
    rule = {"provider": {"threshold_s": value, "clarification_s": 60, "colour": "red"}}
    armed = {"scenario": {"name": "of-old", "rules": [rule]}, "scope": {}}
    sim.app.runtime.change_workspace(sim.workspace, scenarios=(armed,))

    await ecommpay.begin()

    payment = await sim.payment("ecommpay", ID)
    assert payment["wallet"] is not None
    assert payment["expires_at"] == iso_millis(sim.started_at + timedelta(seconds=1800))
    assert "provider.threshold_s: must be " in caplog.text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"flow": "qrcode"}, "provider.flow: must be one of redirect, qr"),
        ({"threshold_s": -1}, "provider.threshold_s: must be at least 0"),
        ({"colour": "red"}, "provider.colour: there is no option 'colour' here"),
    ],
)
async def test_what_a_scenario_misspells_of_a_project_is_refused(sim: Sim, options: dict[str, Any], says: str) -> None:
    rules = [{"when": {"provider": "ecommpay"}, "provider": options}]

    answer = await sim.http.put(f"{sim.path}/scenario", json={"rules": rules})

    assert (answer.status_code, answer.json()["error"]["message"]) == (422, f"body: rules.0.{says}")
