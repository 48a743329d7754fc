"""The simulation wallet and the QR page: the seed's device table, every button, without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import ONE_TIME, RETURNS, Merchant

DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140"}
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148"}


def link_of(created: dict[str, Any]) -> str:
    href: str = created["_links"]["redirect"]["href"]
    return href.removeprefix("http://sim.test")


DEVICES: list[tuple[dict[str, str], dict[str, str], str]] = [
    (DESKTOP, {"terminal_type": "APP", "os_type": "IOS"}, "cko-simulation"),
    (PHONE, {"terminal_type": "WAP", "os_type": "ANDROID"}, "cko-simulation"),
    (DESKTOP, {"terminal_type": "WEB"}, "wallet-cashier"),
    (PHONE, {"terminal_type": "WEB"}, "wallet-phone"),
]


@pytest.mark.parametrize(("device", "processing", "root"), DEVICES)
async def test_each_device_gets_the_page_of_its_terminal_and_can_pay_there(
    sim: Sim, cko: Merchant, device: dict[str, str], processing: dict[str, str], root: str
) -> None:
    """No redirect in between, and no password: Pay Now, or Confirm on the wallet's own page."""
    created = await cko.request(ONE_TIME | {"processing": processing})
    page = link_of(created)

    shown = await sim.http.get(page, headers=device)
    assert shown.status_code == 200
    assert f'data-testid="{root}"' in shown.text
    if root == "cko-simulation":
        pressed = await sim.http.post(page, data={"outcome": "pay"}, headers=device)
    else:
        code = (await sim.payment("checkoutcom", created["id"]))["wallet"]["code"]
        pressed = await sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"}, headers=device)
    await sim.advance(seconds=5)

    assert pressed.status_code == 303
    assert await cko.status(created["id"]) == "Captured"
    again = await sim.http.get(page, headers=device)
    assert again.status_code == 200
    assert "cko-session-id=sid_" in again.text


async def test_the_simulation_wallet_shows_what_the_design_asks(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"amount": 1100})

    page = (await sim.http.get(link_of(created))).text

    for test_id in ("cko-wallet", "cko-pay-now", "cko-cancel", "sim-note", "sim-ribbon", "lang-zh"):
        assert f'data-testid="{test_id}"' in page
    for text in (
        "TEST_WALLET",
        "Riverside Books",
        "€\u00a011.00",
        "¥\u00a086.03",
        "1 EUR = 7.8210 CNY",
        "APP on IOS",
        "ALIPAY_CN",
    ):
        assert text in page
    assert "password" not in page
    assert "SIMULATOR - no real money" in page
    chinese = (await sim.http.get(f"{link_of(created)}&lang=zh")).text
    assert "立即付款" in chinese


async def test_pay_now_then_done(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)
    page = link_of(created)

    pressed = await sim.http.post(page, data={"outcome": "pay", "wallet": "TEST_WALLET"})
    result = (await sim.http.get(pressed.headers["location"])).text

    assert (pressed.status_code, pressed.headers["location"]) == (303, page)
    done = re.search(r'href="([^"]+)"[^>]*data-testid="cko-done"', result)
    assert done is not None
    assert done[1].startswith(RETURNS["success_url"])
    assert 'data-testid="cko-pay-now"' not in result
    assert "Decided by the buyer" in result


@pytest.mark.parametrize(("outcome", "status", "text"), [("cancel", "Canceled", "Payment cancelled")])
async def test_cancel_goes_back_to_the_failure_url(
    sim: Sim, cko: Merchant, outcome: str, status: str, text: str
) -> None:
    created = await cko.request(ONE_TIME)

    await sim.http.post(link_of(created), data={"outcome": outcome})

    result = (await sim.http.get(link_of(created))).text
    assert await cko.status(created["id"]) == status
    assert text in result and RETURNS["failure_url"] in result


async def test_a_payer_can_be_chosen_and_may_be_declined(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"amount": 1100})

    await sim.http.post(link_of(created), data={"outcome": "pay", "buyer": "wang-wei"})

    assert await cko.status(created["id"]) == "Declined"
    assert "Payment declined" in (await sim.http.get(link_of(created))).text


async def test_changing_the_payer_is_looked_at_before_it_is_done_and_remembered_after(sim: Sim, cko: Merchant) -> None:
    first, second = await cko.request(ONE_TIME | {"amount": 1100}), await cko.request(ONE_TIME | {"amount": 1100})
    page = (await sim.http.get(link_of(first))).text
    link = re.search(r'href="([^"]+)"[^>]*data-testid="buyer-chen-jie"', page)
    assert "Pay Now pays as Li Na" in page and link is not None

    other = (await sim.http.get(link[1].replace("&amp;", "&"))).text
    form = re.search(r'name="buyer" value="([^"]+)"', other)
    status = await cko.status(first["id"])
    pressed = await sim.http.post(link_of(first), data={"outcome": "pay", "buyer": "chen-jie"})
    cookie = pressed.headers["set-cookie"].partition(";")[0]
    next_page = (await sim.http.get(link_of(second), headers={"Cookie": cookie})).text

    assert form is not None and form[1] == "chen-jie"
    assert "Pay Now as Chen Jie: blocked" in other and 'data-decides="buyer:chen-jie"' in other
    assert status == "Pending"
    assert "Pay Now as Chen Jie: blocked" in next_page


@pytest.mark.parametrize(
    ("buyer", "outcome", "status", "decided_by"),
    [
        ("li-na", "paid", "Captured", "buyer:li-na"),
        ("wang-wei", "declined", "Declined", "buyer:wang-wei"),
        ("zhang-min", "declined", "Declined", "buyer:zhang-min"),
        ("chen-jie", "declined", "Declined", "buyer:chen-jie"),
        ("zhao-lei", "paid", "Captured", "buyer:zhao-lei"),
        ("liu-yang", "paid", "Captured", "buyer:liu-yang"),
        ("sun-li", "paid", "Captured", "buyer:sun-li"),
        ("zhou-ting", None, "Pending", None),
    ],
)
async def test_each_of_the_eight_buyers_decides_on_the_simulation_wallet(
    sim: Sim, cko: Merchant, buyer: str, outcome: str | None, status: str, decided_by: str | None
) -> None:
    created = await cko.request(ONE_TIME | {"amount": 1100})

    await sim.http.post(link_of(created), data={"outcome": "pay", "buyer": buyer})
    await sim.advance(seconds=40)

    page = (await sim.http.get(link_of(created))).text
    assert await cko.status(created["id"]) == status
    assert (await sim.payment("checkoutcom", created["id"]))["decided_by"] == decided_by
    if outcome is not None:
        assert f'data-outcome="{outcome}"' in page and f'data-decided-by="{decided_by}"' in page
    else:
        assert "Zhou Ting closed the app. The order stays open until it expires." in page and "cko-pay-now" in page


async def test_a_slow_bank_is_waited_for_or_answers_now(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)
    page = link_of(created)
    await sim.http.post(page, data={"outcome": "pay", "buyer": "sun-li"})
    waiting = (await sim.http.get(page)).text

    await sim.http.post(page, data={"outcome": "cancel"})
    assert await cko.status(created["id"]) == "Pending"
    await sim.http.post(page, data={"outcome": "answer"})
    await sim.advance(seconds=5)

    assert 'data-testid="answer-now"' in waiting and "http-equiv" in waiting
    assert await cko.status(created["id"]) == "Captured"


async def test_the_first_act_wins_and_a_final_page_fires_nothing(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)
    page = link_of(created)
    await sim.http.post(page, data={"outcome": "cancel"})
    await sim.settle()
    sim.hooks.clear()

    answers = [await sim.http.post(page, data={"outcome": outcome}) for outcome in ("pay", "cancel", "answer", "pay")]
    await sim.settle()

    assert [a.status_code for a in answers] == [303] * 4
    late = (await sim.http.get(answers[0].headers["location"])).text
    assert "It ended on another device." in late
    assert "<title>Payment cancelled – Simulation wallet [Simulator]</title>" in late
    assert await cko.status(created["id"]) == "Canceled"
    assert sim.hooks == []


async def test_the_qr_page_says_which_wallet_a_tester_chooses(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"processing": {"terminal_type": "WEB"}})

    page = (await sim.http.get(link_of(created), headers=DESKTOP)).text

    assert 'data-testid="wallet-hint"' in page and "TEST_WALLET" in page
    assert 'data-testid="qr"' in page


async def test_reading_a_page_changes_nothing(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)
    before = await cko.payment(created["id"])

    for _ in range(3):
        await sim.http.get(link_of(created))

    assert await cko.payment(created["id"]) == before


async def test_a_page_refuses_what_is_not_its_own(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)
    page = link_of(created)

    foreign = await sim.http.post(page, data={"outcome": "pay"}, headers={"Origin": "https://evil.example"})
    nonsense = await sim.http.post(page, data={"outcome": "teleport"})

    assert (foreign.status_code, nonsense.status_code) == (403, 400)
    assert await cko.status(created["id"]) == "Pending"
    for unknown in (
        "/page/simulation-wallet/acwallet/alipayconnectcode.html",
        "/page/simulation-wallet/acwallet/alipayconnectcode.html?code=28x",
        "/page/aplus-linker/acwallet/qrcode.html?url=alipayconnect://platformapi/startapp?code=28x",
        "/page/aplus-linker/acwallet/qrcode.html",
        "/LP.Core/api/payment/1",
    ):
        assert (await sim.http.get(unknown)).status_code == 404


async def test_without_return_addresses_the_page_is_the_end(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"success_url": None, "failure_url": None})
    await sim.http.post(link_of(created), data={"outcome": "pay"})

    result = (await sim.http.get(link_of(created))).text

    assert 'data-testid="cko-done"' not in result
    assert "The merchant gave no return address" in result


async def test_an_apps_own_scheme_is_a_return_address(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(ONE_TIME | {"success_url": "riverside://paid"})
    await sim.http.post(link_of(created), data={"outcome": "pay"})

    assert 'href="riverside://paid?cko-session-id=' in (await sim.http.get(link_of(created))).text
