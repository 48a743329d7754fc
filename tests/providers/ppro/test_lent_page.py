"""The page that PPRO lends to a merchant, and the wallet behind it."""

from __future__ import annotations

import asyncio
import html
import re
from html import unescape

import pytest
from support import Sim

from providers.ppro.driver import PAGE, RETURN_URL, Merchant
from providers.ppro.test_pages import ALL, attribute, ids

# The lent page -------------------------------------------------------------------------------------------------


async def test_the_lent_page_shows_code_call_and_deadline(ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")

    pages = {
        name: unescape((await ppro.open_page(charge["id"], sample=name)).text) for name in ("curl", "python", "node")
    }

    call = f"/v1/payment-charges/{charge['id']}/authorizations"
    assert all(call in page and '"verificationCode": "777123"' in page for page in pages.values())
    assert 'curl "$PPRO_URL' in pages["curl"]
    assert "httpx.post(" in pages["python"]
    assert "await fetch(" in pages["node"]
    assert attribute(pages["curl"], "mfa-code", "value") == "777123"
    assert "17:00" in pages["curl"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"verificationCode": "777123"}, "CAPTURED"),
        ({"verificationCode": "777 123"}, "CAPTURED"),
        ({"verificationCode": "123456"}, "FAILED"),
        ({"verificationCode": "777123", "wrong": "1"}, "FAILED"),
    ],
)
async def test_the_lent_page_submits_the_code(ppro: Merchant, form: dict[str, str], status: str) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")

    answer = await ppro.press(charge["id"], "mfa", **form)

    assert answer.headers["location"].startswith(PAGE)
    assert await ppro.status(charge["id"]) == status


async def test_the_lent_page_makes_the_merchants_own_call_and_the_journal_knows_it(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")

    await ppro.press(charge["id"], "mfa", verificationCode="777123")

    [call, *_] = await sim.requests()
    assert (call["method"], call["path"]) == ("POST", f"/v1/payment-charges/{charge['id']}/authorizations")
    assert (call["status"], call["sent_by"]) == (200, "page")
    assert '"verificationCode":"***"' in call["request"]["body"]
    assert '"status":"AUTHORIZED"' in call["response"]["body"]
    assert sim.credentials("ppro")["api_key"] not in str(call)
    timeline = (await sim.payment("ppro", charge["id"]))["timeline"]
    assert [entry["actor"] for entry in timeline if entry["kind"] == "request"] == ["merchant", "page"]


async def test_the_lent_pages_call_fails_as_the_merchants_would(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")
    await sim.arm([{"api": {"status": 503}, "when": {"operation": "confirm"}}])

    answer = await ppro.press(charge["id"], "mfa", verificationCode="777123")

    shown = await sim.http.get(answer.headers["location"])
    assert "The API answered 503." in shown.text
    assert await ppro.status(charge["id"]) == "AUTHENTICATION_PENDING"


async def test_a_second_code_makes_no_second_call(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")
    await ppro.press(charge["id"], "mfa", wrong="1")
    heard, asked = list(ppro.heard), len(await sim.requests())

    again = await ppro.press(charge["id"], "mfa", verificationCode="777123")

    assert again.status_code == 303
    assert (await ppro.charge(charge["id"]))["failure"]["failureCode"] == "AUTHENTICATION_FAILED"
    assert ppro.heard == heard
    assert len(await sim.requests()) == asked + 1, "only the look at the charge"


@pytest.mark.parametrize("type_", ALL)
async def test_a_consumer_who_does_nothing_can_be_waited_for(sim: Sim, ppro: Merchant, type_: str) -> None:
    charge = await ppro.waiting(type_)

    answer = await ppro.press(charge["id"], "expire", type_)

    assert answer.status_code == 303
    assert await ppro.status(charge["id"]) == "DISCARDED"
    assert (await sim.payment("ppro", charge["id"]))["decided_by"] == "timer"
    now = (await sim.http.get(f"{sim.path}/clock")).json()["now"]
    assert now == "2026-03-04T17:00:00.000Z"


async def test_waiting_twice_goes_no_further(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")

    await asyncio.gather(*(ppro.press(charge["id"], "expire") for _ in range(2)))

    assert (await sim.http.get(f"{sim.path}/clock")).json()["now"] == "2026-03-04T17:00:00.000Z"
    assert ppro.heard.count("AUTHENTICATION_FAILED") <= 1


@pytest.mark.parametrize("type_", ["SCAN_CODE", "MULTI_FACTOR"])
async def test_the_consumer_can_cancel_on_every_tab(ppro: Merchant, type_: str) -> None:
    charge = await ppro.waiting(type_)
    page = (await ppro.open_page(charge["id"])).text

    answer = await ppro.press(charge["id"], "cancel", type_)

    assert "ppro-cancel" in ids(page)
    assert answer.headers["location"].startswith(PAGE)
    assert (await ppro.charge(charge["id"]))["failure"]["failureCode"] == "CANCELED_BY_CONSUMER"


@pytest.mark.parametrize(("outcome", "form"), [("success", {}), ("fail", {}), ("mfa", {})])
async def test_the_lent_page_has_no_other_button(ppro: Merchant, outcome: str, form: dict[str, str]) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")

    answer = await ppro.press(charge["id"], outcome, **form)

    assert answer.status_code == 400
    assert await ppro.status(charge["id"]) == "AUTHENTICATION_PENDING"


# The wallet ----------------------------------------------------------------------------------------------------


async def test_the_page_leads_to_the_wallet_where_a_buyer_decides(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()
    page = (await ppro.open_page(charge["id"])).text
    wallet = attribute(page, "use-wallet", "href").partition("?")[0]

    await sim.http.post(f"{wallet}/confirm", data={"buyer": "wang-wei", "method": "balance"})

    after = await ppro.charge(charge["id"])
    assert (after["status"], after["failure"]["failureCode"]) == ("FAILED", "INSUFFICIENT_FUNDS")
    assert (await sim.payment("ppro", charge["id"]))["decided_by"] == "buyer:wang-wei"


@pytest.mark.parametrize(
    ("buyer", "amount", "status", "code"),
    [
        ("li-na", 1000, "CAPTURED", None),
        ("wang-wei", 1000, "FAILED", "INSUFFICIENT_FUNDS"),
        ("zhang-min", 5000, "FAILED", "IS_EXCEEDING_ACCOUNT_LIMIT"),
        ("chen-jie", 1000, "FAILED", "BLOCKED_ACCOUNT"),
        ("sun-li", 1000, "CAPTURED", None),
        ("zhou-ting", 1000, "AUTHENTICATION_PENDING", None),
    ],
)
async def test_each_buyer_has_a_failure_code(
    sim: Sim, ppro: Merchant, buyer: str, amount: int, status: str, code: str | None
) -> None:
    charge = await ppro.create(amount={"value": amount, "currency": "CNY"})

    await sim.act("ppro", charge["id"], "pay", buyer=buyer)
    await sim.advance(seconds=31)

    after = await ppro.charge(charge["id"])
    assert after["status"] == status
    assert after.get("failure", {}).get("failureCode") == code


async def test_every_phase_of_a_charge_has_a_page_in_both_languages(ppro: Merchant) -> None:
    charges = [
        await ppro.mock(),
        await ppro.mock("requiresCapture=true"),
        await ppro.mock("providerConfirmation=true"),
        await ppro.mock(value=300001),
        await ppro.waiting("REDIRECT"),
    ]
    refunded, discarded = await ppro.mock(), await ppro.create()
    await ppro.refund(refunded["id"])
    await ppro.discard(discarded["id"])

    for charge in (*charges, refunded, discarded):
        for lang in ("en", "zh"):
            page = await ppro.open_page(charge["id"], lang=lang)
            assert page.status_code == 200
            assert await ppro.status(charge["id"]) in page.text
            assert "javascript:" not in page.text


async def test_the_phone_that_scanned_says_done_and_the_desktop_goes_back(sim: Sim, ppro: Merchant) -> None:
    """The phone does not return to the shop by itself: the browser there is the desktop's."""
    charge = await ppro.create(authenticationSettings=[{"type": "REDIRECT", "settings": {"returnUrl": RETURN_URL}}])
    back = f"{RETURN_URL}?payment-charge-id={charge['id']}"
    desktop = (await ppro.open_page(charge["id"])).text
    scanned = attribute(desktop, "qr", "data-url")
    phone = {"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148"}

    choice = (await sim.http.get(scanned, headers=phone)).text
    [form] = re.findall(r'action="([^"]+)"[^>]*>(?:(?!</form>).)*ppro-success', choice, re.S)
    pressed = await sim.http.post(html.unescape(form), data={"outcome": "success"}, headers=phone)
    ends = [
        (await sim.http.get(pressed.headers["location"], headers=phone)).text,
        (await ppro.open_page(charge["id"])).text,
        (await ppro.open_page(charge["id"], stay="1")).text,
    ]

    assert scanned.startswith(f"http://sim.test{PAGE}?payment-charge-id={charge['id']}")
    assert pressed.headers["location"].startswith(PAGE)
    assert [{"done", "return", "stay"} & ids(end) for end in ends] == [
        {"done", "return"},
        {"return", "stay"},
        {"return"},
    ]
    assert ["data-return-in" in end for end in ends] == [False, True, False]
    assert all(attribute(end, "return", "href") == back for end in ends)
    assert await ppro.status(charge["id"]) == "CAPTURED"


async def test_the_phone_that_scanned_a_code_says_done(ppro: Merchant) -> None:
    """Nothing returns to the shop where nobody was redirected."""
    charge = await ppro.waiting("SCAN_CODE")
    await ppro.press(charge["id"], "success", "SCAN_CODE")

    phone = (await ppro.open_page(charge["id"], type="SCAN_CODE", view="phone")).text
    desktop = (await ppro.open_page(charge["id"], type="SCAN_CODE")).text

    assert {"done", "return", "stay"} & ids(phone) == {"done"}
    assert not {"done", "return", "stay"} & ids(desktop)


async def test_the_wallet_on_the_phone_that_scanned_says_done_too(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()
    page = f"{PAGE}?payment-charge-id={charge['id']}"

    desktop, phone = [(await sim.http.get(f"{page}{more}")).text for more in ("", "&scanned=1&view=phone")]

    assert attribute(desktop, "use-wallet", "href").endswith("?here=1")
    assert not attribute(phone, "use-wallet", "href").endswith("?here=1")


async def test_a_charge_without_return_address_stays_on_its_page(ppro: Merchant) -> None:
    charge = await ppro.waiting("REDIRECT", authenticationSettings=None)

    answer = await ppro.press(charge["id"], "success")

    assert answer.headers["location"] == f"{PAGE}?payment-charge-id={charge['id']}&type=REDIRECT"
    page = (await ppro.open_page(charge["id"])).text
    assert "return" not in ids(page)
    assert RETURN_URL not in page
