"""The buyer's pages over plain HTTP: no script, a browser that only follows links and presses buttons."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import STARTED, Sim

from simulator.surface.app import App
from simulator.surface.settings import Settings
from simulator.wallet import alipay
from simulator.wallet.order import billing_details
from wallet.conftest import SHOP, Wallet
from wallet.visitor import DESKTOP, PHONE, Seen, Visitor

Visit = Callable[..., Visitor]


# Which page ------------------------------------------------------------------------------------------------------


async def test_a_desktop_gets_the_cashier_and_a_phone_the_confirm_page(wallet: Wallet, visit: Visit) -> None:
    code = await wallet.order()

    desktop, phone = await visit().open(f"/w/{code}"), await visit(PHONE).open(f"/w/{code}")
    hinted = await visit().open(f"/w/{code}", **{"sec-ch-ua-mobile": "?1"})

    assert "wallet-cashier" in desktop.ids()
    assert "wallet-phone" in phone.ids()
    assert "wallet-phone" in hinted.ids()


async def test_the_address_forces_the_view(wallet: Wallet, visit: Visit) -> None:
    code = await wallet.order()

    assert "wallet-phone" in (await visit().open(f"/w/{code}?view=phone")).ids()
    assert "wallet-cashier" in (await visit(PHONE).open(f"/w/{code}?view=desktop")).ids()


async def test_an_apps_link_on_a_desktop_shows_the_phone_page_and_says_so(wallet: Wallet, visit: Visit) -> None:
    code = await wallet.order(device="app")

    desktop, phone = await visit().open(f"/w/{code}"), await visit(PHONE).open(f"/w/{code}")

    note = "On a phone this link opens the wallet app."
    assert ("wallet-phone" in desktop.ids(), note in desktop.html) == (True, True)
    assert ("wallet-phone" in phone.ids(), note in phone.html) == (True, False)


async def test_the_amount_is_shown_in_yuan_with_its_rate(wallet: Wallet, visit: Visit) -> None:
    page = await visit().open(f"/w/{await wallet.order()}")

    amount = page.get("amount")
    assert (amount["data-minor"], amount["data-currency"]) == ("8603", "CNY")
    assert "EUR\u00a011.00, 1 EUR = 7.8210 CNY" in page.html


@pytest.mark.parametrize("path", ["/w/nosuchcode", "/w/nosuchcode/qr.png"])
async def test_an_unknown_code_has_a_page_of_its_own(visit: Visit, path: str) -> None:
    page = await visit().open(path)

    assert page.status == 404
    assert "No order has this code." in page.html
    assert "wallet-not-found" in page.ids()


async def test_an_unknown_code_cannot_be_acted_on(visit: Visit) -> None:
    browser = visit()

    for action in ("scan", "sign-in", "confirm", "cancel", "force", "answer", "show-code", "buyer"):
        assert (await browser.post(f"/w/nosuchcode/{action}", {})).status_code == 404
    assert (await browser.http.get("/w/nosuchcode/state.json")).status_code == 404
    assert (await browser.http.get("/w/nosuchcode/events")).status_code == 404


@pytest.mark.parametrize(
    ("asks", "wanted", "language"),
    [
        ({}, None, "en"),
        ({}, "zh", "zh-Hans"),
        ({"accept-language": "zh-CN,zh;q=0.9"}, None, "zh-Hans"),
        ({"accept-language": "en;q=0.3, zh-TW;q=0.8"}, None, "zh-Hans"),
        ({"accept-language": "zh;q=0, fr, en;q=0.1"}, None, "en"),
        ({"accept-language": ",;q=,zh;q=x"}, None, "zh-Hans"),
        ({"accept-language": "zh-CN"}, "en", "en"),
        ({"cookie": "lang=zh"}, "en", "zh-Hans"),
    ],
)
async def test_the_language_is_the_viewers_then_the_merchants_then_the_browsers(
    wallet: Wallet, visit: Visit, asks: dict[str, str], wanted: str | None, language: str
) -> None:
    page = await visit().open(f"/w/{await wallet.order(language=wanted)}", **asks)

    assert page.elements[0] == ("html", {"lang": language})


async def test_a_chosen_language_is_remembered_by_the_browser(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order(language='en')}")

    chinese = await browser.follow("lang-zh")
    later = await browser.open(f"/w/{await wallet.order(language='en')}")

    assert [page.elements[0][1]["lang"] for page in (chinese, later)] == ["zh-Hans", "zh-Hans"]


async def test_a_language_and_a_theme_chosen_at_once_are_both_remembered(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}?lang=zh&theme=dark")

    later = await browser.open(f"/w/{await wallet.order()}")

    assert later.elements[0] == ("html", {"lang": "zh-Hans", "data-theme": "dark"})


async def test_the_theme_goes_round_and_is_remembered(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")

    chosen = []
    for _ in range(3):
        await browser.follow("theme")
        page = await browser.open(f"/w/{await wallet.order()}")
        chosen.append(page.elements[0][1].get("data-theme"))

    assert chosen == ["dark", "light", None]


async def test_an_unknown_language_or_theme_is_not_remembered(wallet: Wallet, visit: Visit) -> None:
    page = await visit().open(f"/w/{await wallet.order()}?lang=fr&theme=blue")

    assert page.elements[0] == ("html", {"lang": "en"})
    assert "set-cookie" not in page.headers


# Reading changes nothing -----------------------------------------------------------------------------------------


async def test_looking_changes_nothing(wallet: Wallet, visit: Visit) -> None:
    """Link previews and prefetching browsers are harmless."""
    code = await wallet.order()
    before = wallet.look(code)

    for browser in (visit(), visit(PHONE)):
        for path in ("", "?view=phone", "?step=confirm", "/qr.png", "/state.json", "?lang=zh&theme=dark"):
            for method in ("GET", "HEAD"):
                assert (await browser.http.request(method, f"/w/{code}{path}")).status_code == 200

    assert wallet.look(code) == before
    assert wallet.bill(code).heard == ()


@pytest.mark.parametrize("action", ["scan", "sign-in", "confirm", "cancel", "force", "answer", "show-code", "buyer"])
async def test_what_changes_something_cannot_be_fetched(wallet: Wallet, visit: Visit, action: str) -> None:
    code = await wallet.order()
    before = wallet.look(code)

    answers = [await visit().http.request(method, f"/w/{code}/{action}") for method in ("GET", "HEAD")]

    assert [answer.status_code for answer in answers] == [405, 405]
    assert [answer.headers["allow"] for answer in answers] == ["POST", "POST"]
    assert "This page does not take this kind of request." in answers[0].text
    assert wallet.look(code) == before


async def test_a_form_that_is_too_large_gets_a_page(wallet: Wallet, visit: Visit) -> None:
    code = await wallet.order()

    answer = await visit().http.post(f"/w/{code}/confirm", content=b"buyer=" + b"x" * 1_000_001)

    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert wallet.look(code).state == "open"


async def test_a_slash_too_many_leads_to_no_other_host(wallet: Wallet, visit: Visit) -> None:
    code = await wallet.order()
    browser = visit()

    page = await browser.open(f"{browser.origin}//w/{code}")

    links = [values[name] for _, values in page.elements for name in ("href", "action", "value") if name in values]
    assert page.status == 200
    assert not [link for link in links if link.startswith("//")]


async def test_every_page_forbids_what_it_does_not_need(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    pages = [await browser.open(path) for path in (f"/w/{await wallet.order()}", "/w/nosuchcode")]

    for page in pages:
        assert page.headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"


# Walking without a script ----------------------------------------------------------------------------------------


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


# The buyers ------------------------------------------------------------------------------------------------------


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
    code, shopper = await wallet.order(), visit(browser)
    wallet.pay_late(code)

    page = await shopper.open(f"/w/{code}")

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
    code, shopper = await wallet.order(return_url=address), visit()
    before = await shopper.open(f"/w/{code}")
    wallet.pay_late(code)

    paying = await shopper.reload()

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


# Forms that do not count -----------------------------------------------------------------------------------------

ACTIONS = {
    "scan": {},
    "sign-in": {"buyer": "zhao-lei", "password": "wrong"},
    "confirm": {"buyer": "li-na"},
    "cancel": {},
    "force": {"outcome": "declined", "reason": "balance"},
    "buyer": {"buyer": "sun-li"},
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("origin", ["https://evil.example", "http://sim.test.evil.example", "null"])
async def test_a_foreign_page_cannot_press(wallet: Wallet, visit: Visit, action: str, origin: str) -> None:
    code = await wallet.order()
    before = wallet.look(code)

    answer = await visit().post(f"/w/{code}/{action}", ACTIONS[action], origin=origin)

    assert answer.status_code == 403
    assert "The form came from another site, so nothing was changed." in answer.text
    assert wallet.look(code) == before
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_token_of_another_order_does_not_count(wallet: Wallet, visit: Visit, action: str) -> None:
    code, other, browser = await wallet.order(), await wallet.order(), visit()
    page = await browser.open(f"/w/{other}")
    foreign = page.forms[0].fields["token"]
    before = wallet.look(code)

    for token in (foreign, foreign[:-1] + "_", "", "x"):
        answer = await browser.post(f"/w/{code}/{action}", ACTIONS[action] | {"token": token})
        assert answer.status_code == 403
        assert "Reload the page and try again." in answer.text

    assert wallet.look(code) == before


async def test_a_script_needs_neither_token_nor_origin(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    answer = await sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/w/{code}")
    assert wallet.look(code).state == "paid"


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("force", {"outcome": "bankrupt"}, 400),
        ("force", {}, 400),
        ("force", {"outcome": "declined", "reason": "<script>"}, 400),
        ("confirm", {"buyer": "nobody"}, 404),
        ("sign-in", {"buyer": "nobody"}, 404),
        ("buyer", {"buyer": "nobody"}, 404),
    ],
)
async def test_what_a_form_cannot_say_is_refused(
    wallet: Wallet, visit: Visit, action: str, fields: dict[str, str], status: int
) -> None:
    code = await wallet.order()
    before = wallet.look(code)

    answer = await visit().post(f"/w/{code}/{action}", fields)

    assert answer.status_code == status
    assert wallet.look(code) == before


async def test_a_fault_of_the_simulator_says_what_to_report(
    wallet: Wallet, visit: Visit, sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(uow: object, order: object) -> None:
        raise RuntimeError("a fault of ours")

    code, browser = await wallet.order(), visit()
    await browser.open(f"/w/{code}")
    monkeypatch.setattr(alipay, "cancel", broken)

    page = Seen(await browser.submit("cancel"))
    [link] = [values["href"] for _, values in page.elements if values.get("href", "").startswith("/_sim/workspaces")]
    journal = (await sim.http.get(link)).json()["data"]

    assert (page.status, wallet.look(code).state) == (500, "open")
    assert "The simulator has a bug." in page.text
    report = page.get("copy")["data-copy"].splitlines()
    assert report[0].startswith("psp-simulator ")
    assert report[2] == f"POST /w/{code}/cancel"
    assert (journal[0]["path"], journal[0]["status"]) == (f"/w/{code}/cancel", 500)
    assert f"error {journal[0]['help']['error_id']}" == report[1]


# Returning to the merchant ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"),
        *("http://[", "shop", "mailto:a@shop.example", "ftp://shop.example/", "blob:http://sim.test/1"),
    ],
)
async def test_an_address_that_is_no_place_is_never_a_link(wallet: Wallet, visit: Visit, address: str) -> None:
    code, browser = await wallet.order(return_url=address), visit()
    await browser.open(f"/w/{code}")

    page = await browser.press("cancel")

    assert "return" not in page.ids()
    assert 'http-equiv="refresh"' not in page.html
    assert not [values for _, values in page.elements if values.get("href", "").startswith(address)]
    assert "The merchant's return address is not one that a browser can follow:" in page.text


async def test_an_apps_own_scheme_is_a_link(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order(return_url='riverside://paid')}")

    page = await browser.press("cancel")

    assert page.get("return")["href"] == "riverside://paid"


async def test_without_an_address_the_page_is_the_end(wallet: Wallet, visit: Visit) -> None:
    code, browser = await wallet.order(return_url=None), visit()
    await browser.open(f"/w/{code}")

    page = await browser.press("cancel")

    assert "The merchant gave no return address, so this page is the end." in page.html
    assert "The field to set is <code>bill.back</code>." in page.html
    assert "return" not in page.ids()
    assert [values["href"] for tag, values in page.elements if "button-primary" in values.get("class", "")] == [
        f"/console/{wallet.sim.workspace.name}/payments/{wallet.bill(code).id}"
    ]


@pytest.mark.parametrize(
    ("address", "said"), [(None, False), ("javascript:alert(1)", False), ("shop://back?x=1", True)]
)
async def test_the_story_says_where_the_browser_was_sent(
    wallet: Wallet, visit: Visit, address: str | None, said: bool
) -> None:
    """Whether anybody answered there is not known: the browser went by itself."""
    code, phone = await wallet.order(return_url=address), visit(PHONE)
    await phone.open(f"/w/{code}")

    await phone.press("confirm")
    story = [event["summary"] for event in (await wallet.payment(code))["timeline"]]

    assert [line for line in story if "browser" in line] == (["browser was sent to shop://back"] if said else [])


async def test_the_automatic_return_can_be_stopped(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")
    await browser.press("cancel")

    page = await browser.follow("stay")

    assert 'http-equiv="refresh"' not in page.html
    assert "return" in page.ids()


async def test_what_a_merchant_wrote_is_text(wallet: Wallet, visit: Visit) -> None:
    hostile = '"><script>alert(1)</script>'
    code = await wallet.order(merchant=hostile, reference=hostile, return_url=f"https://shop.example/{hostile}")
    browser, phone = visit(), visit(PHONE)

    pages = [await browser.open(f"/w/{code}"), await phone.open(f"/w/{code}"), await phone.press("confirm")]

    for page in pages:
        assert "<script>alert" not in page.html


# The code --------------------------------------------------------------------------------------------------------


async def test_the_picture_of_the_code_holds_the_short_address(wallet: Wallet, visit: Visit) -> None:
    decoder = pytest.importorskip("pyzbar.pyzbar", reason="pyzbar or libzbar is not installed")
    from PIL import Image

    code, browser = await wallet.order(), visit()
    page = await browser.open(f"/w/{code}")

    answer = await browser.http.get(f"/w/{code}/qr.png")

    [found] = decoder.decode(Image.open(io.BytesIO(answer.content)), symbols=[decoder.ZBarSymbol.QRCODE])
    assert answer.headers["content-type"] == "image/png"
    assert found.data.decode() == page.get("qr")["data-url"] == f"http://sim.test/w/{code}"


@pytest.mark.parametrize(
    ("host", "unreachable"),
    [
        ("localhost", True),
        ("localhost:8080", True),
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("wallet.localhost", True),
        ("192.168.1.20:8080", False),
        ("simulator:8080", False),
    ],
)
async def test_an_address_that_no_phone_can_open_is_said_to_be_one(
    wallet: Wallet, visit: Visit, host: str, unreachable: bool
) -> None:
    page = await visit(host=host).open(f"/w/{await wallet.order()}")

    assert ("psp-simulator serve --lan" in page.html) == unreachable
    assert ("button-primary" in page.get("open-phone")["class"]) == unreachable


async def test_the_public_address_goes_into_the_code(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    """As `--lan` and `--public-url` set it, whatever host the desktop used."""
    sim.app.runtime.public_url = "http://192.168.1.20:8080"
    code = await wallet.order()

    page = await visit(host="localhost:8080").open(f"/w/{code}")

    assert page.get("qr")["data-url"] == f"http://192.168.1.20:8080/w/{code}"
    assert "psp-simulator serve --lan" not in page.html


async def test_a_slash_behind_the_public_address_does_no_harm(wallet: Wallet, visit: Visit) -> None:
    runtime = App(Settings(db=":memory:", public_url="https://sandbox.example:444/")).runtime
    wallet.sim.app.runtime.public_url = runtime.public_url
    code, browser = await wallet.order(), visit()

    page = await browser.open(f"/w/{code}")
    answer = await browser.post(f"/w/{code}/scan", {}, origin="https://sandbox.example:444")

    assert page.get("qr")["data-url"] == f"https://sandbox.example:444/w/{code}"
    assert answer.status_code == 303


# Live ------------------------------------------------------------------------------------------------------------


class Stream:
    """The raw events of one connection, without a network: `await next()` is the next one."""

    def __init__(self, sim: Sim, path: str) -> None:
        import asyncio

        self._queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(b"host", b"sim.test")], "scheme": "http",
        }  # fmt: skip
        self._task = asyncio.create_task(sim.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        body = message.get("body", b"").decode()
        if message["type"] == "http.response.body" and body:
            name, data = body.strip().split("\n")
            self._queue.put_nowait((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._queue.put_nowait(None)

    async def next(self) -> tuple[str, Any] | None:
        return await self._queue.get()

    async def until(self, name: str) -> Any:
        while (event := await self.next()) is not None:
            if event[0] == name:
                return event[1]
        return None

    async def close(self) -> None:
        self._gone.set()
        await self._task


async def test_the_state_is_sent_on_connect_and_at_each_change(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code, phone = await wallet.order(), visit(PHONE)
    page = await visit().open(f"/w/{code}")
    [live] = [values for _, values in page.elements if values.get("id") == "live"]
    stream = Stream(sim, live["data-events"])

    first, clock = await stream.next(), await stream.next()
    await phone.open(f"/w/{code}")
    await phone.press("confirm")
    paid = await stream.until("state")

    assert first is not None and (first[0], first[1]["state"]) == ("state", "open")
    assert str(first[1]["version"]) == live["data-version"]
    assert clock == (
        "clock",
        {"now": "2026-03-04T05:00:00.000Z", "rate": 1, "frozen": True, "expires_at": "2026-03-04T05:15:00.000Z"},
    )
    assert (paid["state"], paid["announce"]) == ("paid", "Paid.")
    assert paid["version"] > first[1]["version"]
    assert 'data-outcome="paid"' in paid["html"]
    assert "return" in paid["html"] and "done" not in paid["html"].split("data-testid=")[1]
    assert await stream.until("end") is None
    await stream.close()


async def test_a_change_of_the_clock_is_told(wallet: Wallet, sim: Sim) -> None:
    stream = Stream(sim, f"/w/{await wallet.order()}/events")
    await stream.until("clock")

    await sim.advance(minutes=1)
    advanced = await stream.until("clock")
    await sim.http.post(f"{sim.path}/clock/resume")
    running = await stream.until("clock")
    await stream.close()

    assert (advanced["now"], advanced["frozen"]) == ("2026-03-04T05:01:00.000Z", True)
    assert running["frozen"] is False


async def test_a_reset_ends_the_stream(wallet: Wallet, sim: Sim) -> None:
    stream = Stream(sim, f"/w/{await wallet.order()}/events")
    await stream.until("clock")

    await sim.http.post(f"{sim.path}/reset")

    assert await stream.until("gone") == {}
    assert await stream.next() is None
    await stream.close()


async def test_a_stopping_server_ends_the_stream(wallet: Wallet, sim: Sim) -> None:
    stream = Stream(sim, f"/w/{await wallet.order()}/events")
    await stream.until("clock")

    sim.app.runtime.hang_up()

    assert await stream.next() is None
    await stream.close()


async def test_a_closed_connection_leaves_nothing_behind(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()
    streams = [Stream(sim, f"/w/{code}/events") for _ in range(3)]
    for stream in streams:
        await stream.until("clock")

    for stream in streams:
        await stream.close()

    assert len(sim.app.runtime.watchers) == 0


async def test_polling_tells_the_same_as_the_stream(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    code = await wallet.order()
    page = await visit().open(f"/w/{code}")
    [live] = [values for _, values in page.elements if values.get("id") == "live"]
    stream = Stream(sim, live["data-events"])
    [state, clock] = [await stream.until("state"), await stream.until("clock")]
    await stream.close()

    polled = (await sim.http.get(live["data-state-url"])).json()

    tokens = replace_tokens(polled["html"]), replace_tokens(state["html"])
    assert tokens[0] == tokens[1]
    assert {**polled, "html": ""} == {**state, "html": "", "clock": clock}


def replace_tokens(html: str) -> str:
    """Tokens carry the second at which they were made."""
    import re

    return re.sub(r'(name="token" value=|data-token=)"[^"]*"', r"\1", html)


async def test_the_live_panel_links_to_pages_not_to_the_stream(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    state = (await sim.http.get(f"/w/{code}/state.json?view=phone&lang=en&buyer=li-na")).json()

    assert f'href="/w/{code}?view=phone&amp;lang=zh"' in state["html"]


async def test_only_a_get_follows_the_stream(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    answers: list[httpx.Response] = [
        await sim.http.request(method, f"/w/{code}/events") for method in ("HEAD", "POST", "DELETE")
    ]

    assert [answer.status_code for answer in answers] == [405, 405, 405]
    assert [answer.headers["allow"] for answer in answers] == ["GET", "GET", "GET"]


async def test_a_payment_has_a_number_of_its_own(wallet: Wallet, visit: Visit) -> None:
    numbers = []
    for _ in range(2):
        phone = visit(PHONE)
        await phone.open(f"/w/{await wallet.order()}")
        page = await phone.press("confirm")
        numbers += [line for line in page.text.splitlines() if "Payment no." in line]

    assert numbers[0] != numbers[1]
    assert all('<dd class="mono">2026 0304 ' in line for line in numbers)
