"""The wallet walked through with links and forms alone, the clock held and let go on the way."""

from __future__ import annotations

import pytest
from support import Sim

from simulator.wallet import alipay
from wallet.conftest import Wallet
from wallet.test_pages import Visit
from wallet.visitor import PHONE


async def test_the_desktop_signs_in_confirms_and_returns(wallet: Wallet, visit: Visit) -> None:
    code, browser = await wallet.order(), visit()
    await browser.open(f"/w/{code}")

    confirm = await browser.press("sign-in", buyer="li-na")
    paid = await browser.press("confirm")

    assert {"confirm", "method-balance", "payment-code"} <= confirm.ids()
    assert paid.result == ("paid", "", "buyer:li-na")
    bill = wallet.bill(code)
    assert paid.get("return")["href"] == f"https://shop.example/back?cart=7&bill={bill.id}&result=paid"
    assert f'content="5;url=https://shop.example/back?cart=7&amp;bill={bill.id}&amp;result=paid"' in paid.html
    assert bill.state == "paid"


async def test_a_phone_confirms_at_once_and_is_done(wallet: Wallet, visit: Visit) -> None:
    """It scanned a code, so the other device returns to the merchant."""
    code, phone = await wallet.order(), visit(PHONE)
    await phone.open(f"/w/{code}")

    paid = await phone.press("confirm")

    assert paid.result == ("paid", "", "buyer:li-na")
    assert {"done", "return"} <= paid.ids()
    assert 'http-equiv="refresh"' not in paid.html


async def test_a_phone_on_which_the_merchant_was_open_returns_there(wallet: Wallet, visit: Visit) -> None:
    code, phone = await wallet.order(), visit(PHONE)
    await phone.open(f"/w/{code}?here=1")
    await phone.post(f"/w/{code}/scan", {})
    await phone.reload()

    paid = await phone.press("confirm")

    assert {"return", "stay"} <= paid.ids()
    assert "done" not in paid.ids()
    assert 'content="5;url=https://shop.example/' in paid.html


async def test_a_phone_window_on_a_desktop_stays_a_phone(wallet: Wallet, visit: Visit) -> None:
    code, browser = await wallet.order(), visit()
    await browser.open(f"/w/{code}")

    phone = await browser.follow("open-phone")
    changed = await browser.press("buyer-sun-li")
    paying = await browser.press("confirm")
    paid = await browser.press("answer-now")

    for page in (phone, changed, paying):
        assert "wallet-phone" in page.ids()
    assert "done" in paid.ids()


async def test_the_script_scans_and_the_desktop_shows_who(wallet: Wallet, visit: Visit) -> None:
    code, phone, desktop = await wallet.order(), visit(PHONE), visit()
    token = (await phone.open(f"/w/{code}")).get("wallet-phone")["data-token"]

    answer = await phone.post(f"/w/{code}/scan", {"token": token})
    scanned = await desktop.open(f"/w/{code}")
    again = await desktop.press("show-code")

    assert answer.status_code == 303
    assert scanned.state == "scanned"
    assert "Li Na has the order open." in scanned.html
    assert again.state == "open"
    assert {"qr", "open-phone"} <= again.ids()


@pytest.mark.parametrize("browser", ["desktop", PHONE])
async def test_a_buyer_cancels_and_goes_back(wallet: Wallet, visit: Visit, browser: str) -> None:
    code, visitor = await wallet.order(), visit(browser)
    await visitor.open(f"/w/{code}")

    page = await visitor.press("cancel")

    assert page.result == ("cancelled", "", "page")
    assert "You cancelled this payment" in page.html
    assert page.get("return")["href"].endswith("&result=cancelled")


async def test_a_merchants_cancellation_is_not_blamed_on_the_buyer(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code = await wallet.order()
    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        alipay.close(uow, code, "cancelled")

    page = await visit().open(f"/w/{code}")

    assert page.result == ("cancelled", "", "api")
    assert "This payment was cancelled" in page.html


FORCED = {
    # button: fields, outcome, reason
    "force-decline": ({"reason": "blocked"}, "declined", "blocked"),
    "force-cancel": ({}, "cancelled", ""),
    "force-expire": ({}, "expired", ""),
}


@pytest.mark.parametrize("browser", ["desktop", PHONE])
@pytest.mark.parametrize("button", FORCED)
async def test_the_simulators_options_decide(wallet: Wallet, visit: Visit, browser: str, button: str) -> None:
    code, visitor = await wallet.order(), visit(browser)
    fields, outcome, reason = FORCED[button]
    await visitor.open(f"/w/{code}")

    page = await visitor.press(button, **fields)

    assert page.result == (outcome, reason, "page")
    assert (await wallet.payment(code))["decided_by"] == "page"
    assert wallet.bill(code).state == outcome


@pytest.mark.parametrize("reason", ["balance", "limit", "blocked", "authentication"])
async def test_a_forced_decline_says_its_reason(wallet: Wallet, visit: Visit, reason: str) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")

    page = await browser.press("force-decline", reason=reason)

    assert page.result == ("declined", reason, "page")


async def test_an_answer_may_be_forced_to_come_late(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code, browser = await wallet.order(), visit()
    await browser.open(f"/w/{code}")

    paying = await browser.press("force-late")
    await sim.advance(seconds=30)
    paid = await browser.reload()

    assert paying.get("answer-due")["data-expires-at"] == "2026-03-04T05:00:30.000Z"
    assert paid.result == ("paid", "", "buyer:li-na")


async def test_a_buyer_who_leaves_is_told_of_and_another_may_pay(wallet: Wallet, visit: Visit) -> None:
    code, browser = await wallet.order(), visit()
    await browser.open(f"/w/{code}")

    left = await browser.press("force-leave")
    await browser.press("sign-in", buyer="li-na")
    paid = await browser.press("confirm")

    assert "Li Na closed the app." in left.html
    assert paid.result == ("paid", "", "buyer:li-na")


@pytest.mark.parametrize("path", ["", "?view=phone"])
async def test_the_clock_is_frozen_and_let_run_from_every_page(
    wallet: Wallet, visit: Visit, sim: Sim, path: str
) -> None:
    code, browser = await wallet.order(), visit()
    frozen = await browser.open(f"/w/{code}{path}")

    running = await browser.press("hold-clock")
    mode = sim.workspace.clock.mode
    again = await browser.press("hold-clock")

    assert [page.get("countdown")["data-frozen"] for page in (frozen, running, again)] == ["true", "false", "true"]
    assert (mode, sim.workspace.clock.mode) == ("real", "frozen")
    assert wallet.look(code).state == "open"


async def test_freezing_the_clock_keeps_the_buyer_signed_in(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")
    await browser.press("sign-in", buyer="zhao-lei", password="right")

    page = await browser.press("hold-clock")
    paid = await browser.press("confirm")

    assert "confirm" in page.ids()
    assert paid.result == ("paid", "", "buyer:zhao-lei")


async def test_only_a_pages_own_form_holds_the_clock(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    await sim.http.post(f"{sim.path}/clock/resume")
    browser = visit()
    page = await browser.open(f"/w/{await wallet.order()}")
    own = page.form_of("hold-clock")[1]
    of_the_order = page.form_of("sign-in")[1]["token"]

    tried = [
        await browser.post("/w/clock", own, origin="https://evil.example"),
        await browser.post("/w/clock", own | {"token": of_the_order}),
        await browser.post("/w/clock", own | {"token": ""}),
        await browser.post("/w/clock", {"mode": "freeze"}),
        await browser.post("/w/clock", own | {"mode": "backwards"}),
    ]

    assert [answer.status_code for answer in tried] == [403, 403, 403, 403, 400]
    assert sim.workspace.clock.mode == "real"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_the_button_beside_a_countdown_leads_nowhere_else(wallet: Wallet, visit: Visit, back: str) -> None:
    browser = visit()
    page = await browser.open(f"/w/{await wallet.order()}")

    answer = await browser.post("/w/clock", page.form_of("hold-clock")[1] | {"back": back})

    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


async def test_freezing_twice_is_freezing_once(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")
    await browser.press("hold-clock")
    running = browser.page

    await browser.press("hold-clock")
    stands_at = sim.workspace.clock.now()
    browser.page = running
    form = running.form_of("hold-clock")[1]
    await browser.post("/w/clock", form)

    assert form["mode"] == "freeze"
    assert (sim.workspace.clock.mode, sim.workspace.clock.now()) == ("frozen", stands_at)


async def test_a_scenario_that_only_delays_is_named_beside_the_prediction(
    wallet: Wallet, visit: Visit, sim: Sim
) -> None:
    nothing = await visit().open(f"/w/{await wallet.order()}")
    (await sim.http.put(f"{sim.path}/scenario", json={"name": "slow-wallet"})).raise_for_status()
    slow = await visit().open(f"/w/{await wallet.order()}")

    assert "No scenario is armed and no test amount applies." in nothing.text
    assert "No scenario is armed" not in slow.text
    assert "Decided by the buyer's account. Scenario Slow wallet delays the answer." in slow.text
