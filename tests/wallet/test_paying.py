"""What each buyer can and cannot do on the wallet's pages, and what comes of the first press."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import STARTED, Sim

from simulator.wallet import alipay
from simulator.wallet.order import billing_details
from wallet.conftest import SHOP, Wallet
from wallet.test_pages import Visit
from wallet.visitor import DESKTOP, PHONE

# The buyers ------------------------------------------------------------------------------------------------------


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        ("li-na", ("paid", "", "buyer:li-na")),
        ("wang-wei", ("declined", "balance", "buyer:wang-wei")),
        ("zhang-min", ("declined", "limit", "buyer:zhang-min")),
        ("chen-jie", ("declined", "blocked", "buyer:chen-jie")),
    ],
)
@pytest.mark.parametrize("browser", ["desktop", PHONE])
async def test_a_buyers_account_decides(
    wallet: Wallet, visit: Visit, browser: str, buyer: str, expected: tuple[str, str, str]
) -> None:
    code, visitor = await wallet.order(), visit(browser)
    await visitor.open(f"/w/{code}")

    if browser == PHONE:
        await visitor.press(f"buyer-{buyer}")
    else:
        await visitor.press("sign-in", buyer=buyer)
    page = await visitor.press("confirm")

    assert page.result == expected
    assert (await wallet.payment(code))["decided_by"] == expected[2]


async def test_a_balance_that_is_too_low_is_explained(wallet: Wallet, visit: Visit) -> None:
    phone = visit(PHONE)
    await phone.open(f"/w/{await wallet.order()}")

    shown = await phone.press("buyer-wang-wei")
    page = await phone.press("confirm")

    assert "Will be declined: ¥\u00a081.03 short" in shown.html
    await wallet.edit("wang-wei", balance=100_000)
    later = await phone.reload()

    assert "Wang Wei has ¥\u00a05.00." in page.html
    assert "Wang Wei has ¥\u00a05.00." in later.html
    assert ["¥\u00a086.03" in page.text, "¥\u00a081.03" in page.text] == [True, True]


@pytest.mark.parametrize("browser", ["desktop", PHONE])
async def test_a_password_has_three_tries(wallet: Wallet, visit: Visit, browser: str) -> None:
    code, visitor = await wallet.order(), visit(browser)
    await visitor.open(f"/w/{code}")
    button, fields = "sign-in", {"buyer": "zhao-lei", "password": "wrong"}
    if browser == PHONE:
        await visitor.press("buyer-zhao-lei")
        button, fields = "confirm", {"password": "wrong"}

    first = await visitor.press(button, **fields)
    second = await visitor.press(button, **fields)
    third = await visitor.press(button, **fields)

    assert "Wrong password. Two tries are left." in first.html
    assert first.get("password")["aria-invalid"] == "true"
    assert "Wrong password. One try is left." in second.html
    assert third.result == ("declined", "authentication", "buyer:zhao-lei")


@pytest.mark.parametrize("browser", ["desktop", PHONE])
async def test_the_right_password_pays(wallet: Wallet, visit: Visit, browser: str) -> None:
    code, visitor = await wallet.order(), visit(browser)
    await visitor.open(f"/w/{code}")

    if browser == PHONE:
        await visitor.press("buyer-zhao-lei")
        page = await visitor.press("confirm", password="right")
    else:
        await visitor.press("sign-in", buyer="zhao-lei", password="wrong")
        await visitor.press("sign-in", password="right")
        page = await visitor.press("confirm")

    assert page.result == ("paid", "", "buyer:zhao-lei")


async def test_a_sign_in_cannot_be_skipped(wallet: Wallet, visit: Visit) -> None:
    """Neither by the address nor with the seal of another order or buyer."""
    code, other, browser = await wallet.order(), await wallet.order(), visit()
    await browser.open(f"/w/{other}")
    signed_in = await browser.press("sign-in", buyer="zhao-lei", password="right")
    seal = signed_in.url.partition("seal=")[2]

    by_address = await browser.open(f"/w/{code}?step=confirm&buyer=zhao-lei")
    with_seal = await browser.open(f"/w/{code}?step=confirm&buyer=zhao-lei&seal={seal}")
    posted = await browser.post(f"/w/{code}/confirm?seal={seal}", {"buyer": "zhao-lei"})

    assert "confirm" not in by_address.ids()
    assert "confirm" not in with_seal.ids()
    assert "wrong=password" in posted.headers["location"]
    assert wallet.look(code).state == "open"


@pytest.mark.parametrize("browser", ["desktop", PHONE])
async def test_a_payment_code_has_three_tries(wallet: Wallet, visit: Visit, browser: str) -> None:
    code, visitor = await wallet.order(), visit(browser)
    await visitor.open(f"/w/{code}")
    if browser == PHONE:
        await visitor.press("buyer-liu-yang")
    else:
        await visitor.press("sign-in", buyer="liu-yang")

    first = await visitor.press("confirm", payment_code="111111")
    second = await visitor.press("confirm", payment_code="")
    third = await visitor.press("confirm", payment_code="333333")

    assert "Wrong payment code. Two tries are left." in first.html
    assert first.get("payment-code")["aria-invalid"] == "true"
    assert "Wrong payment code. One try is left." in second.html
    assert third.result == ("declined", "authentication", "buyer:liu-yang")


async def test_the_right_payment_code_pays_after_a_wrong_one(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")
    await browser.press("sign-in", buyer="liu-yang")

    await browser.press("confirm", payment_code="111111")
    page = await browser.press("confirm", payment_code="246810")

    assert page.result == ("paid", "", "buyer:liu-yang")


async def test_a_slow_bank_keeps_everybody_waiting(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code, phone, desktop = await wallet.order(), visit(PHONE), visit()
    await phone.open(f"/w/{code}")
    await phone.press("buyer-sun-li")

    paying = await phone.press("confirm")
    seen = await desktop.open(f"/w/{code}")
    await sim.advance(seconds=30)
    paid, seen_paid = await phone.reload(), await desktop.reload()

    assert (paying.state, seen.state) == ("paying", "paying")
    assert paying.get("answer-due")["data-expires-at"] == "2026-03-04T05:00:30.000Z"
    assert "The bank of Sun Li takes its time." in seen.html
    assert '<meta http-equiv="refresh" content="3">' in seen.html
    assert paid.result == seen_paid.result == ("paid", "", "buyer:sun-li")


async def test_answer_now_does_not_wait(wallet: Wallet, visit: Visit) -> None:
    phone = visit(PHONE)
    await phone.open(f"/w/{await wallet.order()}")
    await phone.press("buyer-sun-li")
    await phone.press("confirm")

    page = await phone.press("answer-now")

    assert page.result == ("paid", "", "buyer:sun-li")


@pytest.mark.parametrize("browser", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_browser_may_go_back_while_the_bank_thinks(
    wallet: Wallet, visit: Visit, sim: Sim, browser: str
) -> None:
    """The shop's branch for "status unknown"."""
    code, buyer = await wallet.order(), visit(browser)
    wallet.pay_late(code)

    page = await buyer.open(f"/w/{code}")

    assert page.state == "paying"
    assert page.get("return-early")["href"].startswith(f"{SHOP}&bill=")
    assert "result=open" in page.get("return-early")["href"]
    assert wallet.look(code).state == "paying"


@pytest.mark.parametrize("browser", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_browser_may_go_back_before_anything_was_pressed(wallet: Wallet, visit: Visit, browser: str) -> None:
    page = await visit(browser).open(f"/w/{await wallet.order()}")

    assert page.get("return-early")["href"].startswith(SHOP)


@pytest.mark.parametrize("address", [None, "javascript:alert(1)", "no place"])
async def test_nobody_goes_back_early_to_an_address_that_is_no_place(
    wallet: Wallet, visit: Visit, address: str | None
) -> None:
    code, buyer = await wallet.order(return_url=address), visit()
    before = await buyer.open(f"/w/{code}")
    wallet.pay_late(code)

    paying = await buyer.reload()

    assert "return-early" not in before.ids() | paying.ids()


async def test_nobody_goes_back_early_from_what_is_decided(wallet: Wallet, visit: Visit) -> None:
    code = await wallet.order()
    wallet.do(alipay.cancel, code)

    page = await visit().open(f"/w/{code}?stay=1")

    assert "return-early" not in page.ids()
    assert "return" in page.ids()


async def test_the_buyer_verifies_goods_and_billing_details_before_confirming(wallet: Wallet, visit: Visit) -> None:
    billing = billing_details("Mei Lin", ("1 Lantern Road", None, "Wuhan", "CN"), "mei@example.org")
    code = await wallet.order(description="Paper <lantern>", billing=billing)
    desktop, phone = visit(), visit(PHONE)
    await desktop.open(f"/w/{code}")

    confirming, on_phone = await desktop.press("sign-in"), await phone.open(f"/w/{code}?lang=zh")

    for page in (confirming, on_phone):
        assert {"goods", "billing", "confirm"} <= page.ids()
        assert "<bdi>Paper &lt;lantern&gt;</bdi>" in page.html
        assert "<bdi>Mei Lin</bdi><br><bdi>1 Lantern Road, Wuhan, CN</bdi><br><bdi>mei@example.org</bdi>" in page.html
    assert "商品名称" in on_phone.text


async def test_what_the_merchant_did_not_say_has_no_row(wallet: Wallet, visit: Visit) -> None:
    page = await visit(PHONE).open(f"/w/{await wallet.order()}")

    assert not {"goods", "billing"} & page.ids()


async def test_while_the_bank_thinks_nothing_else_counts(wallet: Wallet, visit: Visit) -> None:
    code, phone = await wallet.order(), visit(PHONE)
    await phone.open(f"/w/{code}")
    await phone.press("buyer-sun-li")
    before = phone.page
    await phone.press("confirm")
    waiting = wallet.look(code)

    for button in ("confirm", "cancel", "force-cancel", "force-decline", "force-late"):
        phone.page = before
        assert (await phone.press(button)).state == "paying"

    assert wallet.look(code) == waiting


@pytest.mark.parametrize(
    ("lang", "because"),
    [
        ("en", "Expired because the clock was advanced by 1 hour in the console."),
        ("zh", "因在控制台将时钟快进 1 小时而过期。"),
    ],
)
async def test_an_order_that_expires_while_the_clock_is_advanced_says_so(
    wallet: Wallet, sim: Sim, visit: Visit, lang: str, because: str
) -> None:
    code = await wallet.order()

    await sim.advance(hours=1)
    page = await visit().open(f"/w/{code}?lang={lang}&stay=1")

    assert page.result == ("expired", "", "timer")
    assert because in page.text
    assert wallet.look(code).decided_at == STARTED + timedelta(minutes=15)


async def test_an_order_that_expires_by_itself_names_the_clock(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code = await wallet.order()
    wallet.do(lambda uow, order: alipay.close(uow, order.id, "expired", decided_by="timer"), code)

    page = await visit().open(f"/w/{code}?stay=1")

    assert "Decided by the clock: the time to pay was over." in page.text
    assert "The merchant has been told." not in page.text


async def test_a_buyer_who_closes_the_app_leaves_the_order_open(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code, phone = await wallet.order(), visit(PHONE)
    await phone.open(f"/w/{code}")
    await phone.press("buyer-zhou-ting")

    left = await phone.press("confirm")
    await sim.advance(minutes=15)
    expired = await phone.reload()

    assert "Zhou Ting closed the app. The order stays open until it expires." in left.html
    assert "confirm" in left.ids()
    assert expired.result == ("expired", "", "timer")


@pytest.mark.parametrize("browser", ["desktop", PHONE])
async def test_a_refusal_that_is_not_final_offers_another_buyer(wallet: Wallet, visit: Visit, browser: str) -> None:
    await wallet.edit("wang-wei", refusal="retry")
    code, visitor = await wallet.order(), visit(browser)
    await visitor.open(f"/w/{code}")

    async def pay(buyer: str) -> Any:
        if browser == PHONE:
            await visitor.press(f"buyer-{buyer}")
        else:
            await visitor.press("sign-in", buyer=buyer)
        return await visitor.press("confirm")

    refused = await pay("wang-wei")
    again = await visitor.follow("try-another")
    paid = await pay("li-na")

    assert refused.result == ("declined", "balance", "buyer:wang-wei")
    assert "The order is still open." in refused.html
    assert "result" not in again.ids()
    assert paid.result == ("paid", "", "buyer:li-na")


async def test_a_refusal_that_is_not_final_is_announced_as_one(wallet: Wallet) -> None:
    await wallet.edit("wang-wei", refusal="retry")
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "wang-wei")

    news = (await wallet.sim.http.get(f"/w/{code}/state.json?view=desktop&lang=en")).json()

    assert (news["state"], news["title"]) == ("open", "Declined – Mock Wallet [Simulator]")
    assert news["announce"] == "Payment declined."


async def test_each_browser_remembers_its_buyer(wallet: Wallet, visit: Visit) -> None:
    mine, other = visit(PHONE), visit(PHONE)
    await mine.open(f"/w/{await wallet.order()}")
    await mine.press("buyer-chen-jie")

    next_order = await wallet.order()
    seen, seen_by_other = await mine.open(f"/w/{next_order}"), await other.open(f"/w/{next_order}")

    assert "Test buyer: Chen Jie" in seen.html
    assert "Test buyer: Li Na" in seen_by_other.html


async def test_a_remembered_buyer_who_does_not_exist_here_is_forgotten(wallet: Wallet, visit: Visit) -> None:
    code, phone = await wallet.order(), visit(PHONE)
    phone.http.cookies.set("buyer", "of-another-workspace")

    page = await phone.open(f"/w/{code}")
    scan = await phone.post(f"/w/{code}/scan", {})
    paid = await phone.press("confirm")

    assert page.status == 200
    assert scan.status_code == 303
    assert paid.result == ("paid", "", "buyer:li-na")


async def test_a_card_is_chosen_where_the_balance_does_not_suffice(wallet: Wallet, visit: Visit) -> None:
    phone = visit(PHONE)

    page = await phone.open(f"/w/{await wallet.order(900_000, 'CNY')}")
    paid = await phone.press("confirm")

    assert "Will be paid by the linked card" in page.html
    assert ("checked" in page.get("method-balance"), "checked" in page.get("method-card")) == (False, True)
    assert "Card ending 4417 of Li Na" in paid.html


async def test_what_will_happen_is_said_before_it_is_pressed(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    await sim.arm([{"wallet": {"decline": "limit"}}])
    browser = visit()

    page = await browser.open(f"/w/{await wallet.order()}")
    await browser.press("sign-in")
    declined = await browser.press("confirm")

    assert page.get("sim-note")["data-decides"].startswith("scenario:")
    assert declined.result[2] == page.get("sim-note")["data-decides"]


# The first act wins ----------------------------------------------------------------------------------------------


@pytest.mark.uncounted
@pytest.mark.parametrize("first", ["confirm", "cancel", "force-decline"])
@pytest.mark.parametrize("second", ["confirm", "cancel", "force-decline", "force-expire", "force-late", "force-leave"])
async def test_a_second_act_shows_what_happened(wallet: Wallet, visit: Visit, first: str, second: str) -> None:
    code, mine, other = await wallet.order(), visit(PHONE), visit(PHONE)
    await mine.open(f"/w/{code}")
    await other.open(f"/w/{code}")

    winner = await mine.press(first)
    decided, bill = wallet.look(code), wallet.bill(code)
    loser = await other.press(second)

    assert loser.result == winner.result
    assert "on another device" in loser.html
    assert "on another device" not in winner.html
    assert (wallet.look(code), wallet.bill(code)) == (decided, bill)


async def test_a_desktop_that_was_late_is_told(wallet: Wallet, visit: Visit) -> None:
    code, phone, desktop = await wallet.order(), visit(PHONE), visit()
    await desktop.open(f"/w/{code}")
    await phone.open(f"/w/{code}")
    await phone.press("confirm")

    page = await desktop.press("sign-in")

    assert page.result == ("paid", "", "buyer:li-na")
    assert "This payment was already paid on another device." in page.html
    assert "return" in page.ids()
