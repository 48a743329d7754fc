"""The buyer's pages over plain HTTP: no script, a browser that only follows links and presses buttons."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import Sim

from simulator.wallet import alipay
from wallet.conftest import Wallet
from wallet.visitor import PHONE, Seen, Visitor

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


# Forms that do not count -----------------------------------------------------------------------------------------

ACTIONS = {
    "scan": {},
    "sign-in": {"buyer": "zhao-lei", "password": "wrong"},
    "confirm": {"buyer": "li-na"},
    "cancel": {},
    "force": {"outcome": "declined", "reason": "balance"},
    "buyer": {"buyer": "sun-li"},
}


@pytest.mark.uncounted
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
