"""The mock authenticator's page: tabs, buttons, the scanner, the lent page; with plain forms and no script."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from PIL import Image
from pyzbar.pyzbar import decode
from support import Sim

from providers.ppro.driver import PAGE, Merchant
from simulator.providers.ppro.failures import PAIRS

ALL = ("REDIRECT", "SCAN_CODE", "MULTI_FACTOR")


def ids(html: str) -> set[str]:
    return set(re.findall(r'data-testid="([^"]+)"', html))


def attribute(html: str, testid: str, name: str) -> str:
    """An attribute of the element with this test id."""
    [tag] = re.findall(rf'<[^>]*data-testid="{testid}"[^>]*>', html)
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    assert found is not None, tag
    return unescape(found[1])


async def test_an_alipay_charge_has_one_tab_and_three_outcomes(ppro: Merchant) -> None:
    charge = await ppro.create(consumer={"country": "CN", "locale": "en-GB"})

    page = (await ppro.open_page(charge["id"])).text

    assert {"ppro-authenticator", "tab-redirect", "ppro-success", "ppro-fail", "ppro-cancel", "sim-ribbon"} <= ids(page)
    assert not {"tab-scan-code", "tab-multi-factor", "mfa-code"} & ids(page)
    assert attribute(page, "ppro-authenticator", "data-state") == "AUTHENTICATION_PENDING"
    assert (attribute(page, "amount", "data-minor"), attribute(page, "amount", "data-currency")) == ("1000", "CNY")
    assert re.search(r'expires at <time datetime="2026-03-04T17:00:00.000Z"[^>]*>17:00</time>, after 12 hours', page)
    for shown in ("Riverside Books", "ALIPAY", charge["id"], charge["authorizations"][0]["id"]):
        assert shown in page


async def test_only_offered_types_have_tabs_and_the_first_is_open(ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR", "SCAN_CODE")

    page = (await ppro.open_page(charge["id"])).text
    wrong = (await ppro.open_page(charge["id"], type="REDIRECT")).text

    assert {"tab-multi-factor", "tab-scan-code", "mfa-code", "mfa-submit", "mfa-wrong"} <= ids(page)
    assert not {"tab-redirect", "ppro-success"} & ids(page)
    assert ids(wrong) == ids(page)


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("success", "CAPTURED", None),
        ("fail", "FAILED", "GENERIC_DECLINE"),
        ("cancel", "FAILED", "CANCELED_BY_CONSUMER"),
    ],
)
async def test_every_outcome_goes_back_to_the_shop_by_the_same_address(
    ppro: Merchant, outcome: str, status: str, code: str | None
) -> None:
    charge = await ppro.create()

    answer = await ppro.press(charge["id"], outcome)

    after = await ppro.charge(charge["id"])
    back = f"https://www.webshop.com/order-results-page?payment-charge-id={charge['id']}"
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert after["status"] == status
    assert after.get("failure", {}).get("failureCode") == code
    payment = await ppro.sim.payment("ppro", charge["id"])
    assert payment["decided_by"] == "page"
    sent = [entry["summary"] for entry in payment["timeline"] if "browser" in entry["summary"]]
    assert sent == ["browser was sent to https://www.webshop.com/order-results-page"]


@pytest.mark.parametrize(
    ("url", "back"),
    [
        ("https://shop.example/return?o=77", "https://shop.example/return?o=77&payment-charge-id={id}"),
        ("https://shop.example/#/done", "https://shop.example/?payment-charge-id={id}#/done"),
        ("shopapp://done", "shopapp://done?payment-charge-id={id}"),
        ("https://shop.example/订单", "https://shop.example/%E8%AE%A2%E5%8D%95?payment-charge-id={id}"),
    ],
)
async def test_the_shops_own_query_and_fragment_stay(ppro: Merchant, url: str, back: str) -> None:
    charge = await ppro.create(authenticationSettings=[{"type": "REDIRECT", "settings": {"returnUrl": url}}])

    answer = await ppro.press(charge["id"], "success")

    assert answer.headers["location"] == back.replace("{id}", charge["id"])


async def test_pressing_twice_changes_nothing_and_sends_nothing(ppro: Merchant) -> None:
    charge = await ppro.create()
    first = await ppro.press(charge["id"], "success")
    after, heard = await ppro.charge(charge["id"]), list(ppro.heard)

    again = await ppro.press(charge["id"], "fail")
    page = await ppro.open_page(charge["id"])

    assert again.status_code == 303 and again.headers["location"].startswith(PAGE)
    assert await ppro.charge(charge["id"]) == after
    assert ppro.heard == heard
    assert attribute(page.text, "result", "data-outcome") == "paid"
    assert attribute(page.text, "return", "href") == first.headers["location"]
    assert not {"ppro-success", "ppro-fail", "ppro-cancel"} & ids(page.text)


async def test_a_press_that_comes_too_late_is_told_so(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()
    await ppro.press(charge["id"], "success")

    late = await sim.http.get((await ppro.press(charge["id"], "cancel")).headers["location"])
    plain = await ppro.open_page(charge["id"])

    assert "This payment was already paid on another device." in late.text
    assert "another device" not in plain.text
    assert "<title>Authorised – Mock authenticator [Simulator]</title>" in plain.text


async def test_without_a_return_address_the_page_names_the_field(ppro: Merchant) -> None:
    charge = await ppro.waiting("REDIRECT", authenticationSettings=[])

    answer = await ppro.press(charge["id"], "success")

    page = unescape((await ppro.sim.http.get(answer.headers["location"])).text)
    assert "The merchant gave no return address, so this page is the end." in page
    assert "<code>authenticationSettings[].settings.returnUrl</code>" in page
    assert {"open-console"} <= ids(page) and "return" not in ids(page)


@pytest.mark.parametrize("type_", ["REDIRECT", "SCAN_CODE"])
async def test_a_code_for_localhost_says_that_no_phone_can_reach_it(sim: Sim, ppro: Merchant, type_: str) -> None:
    charge = await ppro.waiting(type_)
    path = f"{PAGE}?payment-charge-id={charge['id']}"

    here = (await sim.http.get(path, headers={"Host": "localhost:8080"})).text
    reachable = (await sim.http.get(path, headers={"Host": "192.168.1.20:8080"})).text

    assert "A phone cannot reach localhost." in here and "psp-simulator serve --lan" in here
    assert "A phone cannot reach" not in reachable


async def test_looking_changes_nothing(ppro: Merchant) -> None:
    charge = await ppro.waiting(*ALL)

    for type_ in ALL:
        await ppro.open_page(charge["id"], type=type_)
        await ppro.open_page(charge["id"], type=type_, view="phone")
    await ppro.sim.http.head(PAGE, params={"payment-charge-id": charge["id"]})

    assert await ppro.charge(charge["id"]) == charge
    assert ppro.heard == ["CREATED", "AUTHENTICATION_PENDING"]


@pytest.mark.parametrize("type_", ["PROVIDER_DECLINE", "INTERNAL_DECLINE"])
async def test_a_failure_code_can_be_chosen_with_its_type(ppro: Merchant, type_: str) -> None:
    charge = await ppro.create()

    await ppro.press(charge["id"], "fail", code=f"{type_}/BLOCKED_ACCOUNT")

    failure = (await ppro.charge(charge["id"]))["failure"]
    assert (failure["failureType"], failure["failureCode"]) == (type_, "BLOCKED_ACCOUNT")


async def test_the_choice_of_failure_codes_is_the_whole_catalogue(ppro: Merchant) -> None:
    charge = await ppro.create()

    page = (await ppro.open_page(charge["id"])).text

    assert re.findall(r'<option value="([^"]+)"', page) == [f"{type_}/{code}" for type_, code in PAIRS]


@pytest.mark.parametrize("code", ["", "NONSENSE", "PROVIDER_ERROR/BLOCKED_ACCOUNT", "<script>"])
async def test_a_code_that_is_none_is_a_generic_decline(ppro: Merchant, code: str) -> None:
    charge = await ppro.create()

    await ppro.press(charge["id"], "fail", code=code)

    assert (await ppro.charge(charge["id"]))["failure"]["failureCode"] == "GENERIC_DECLINE"


@pytest.mark.parametrize("outcome", ["", "mfa", "explode"])
async def test_an_outcome_that_the_tab_does_not_have_is_refused(ppro: Merchant, outcome: str) -> None:
    charge = await ppro.waiting("REDIRECT")

    answer = await ppro.press(charge["id"], outcome, verificationCode="777123")

    assert answer.status_code == 400
    assert await ppro.charge(charge["id"]) == charge


async def test_a_form_from_another_site_is_refused(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()

    answer = await sim.http.post(
        PAGE,
        params={"payment-charge-id": charge["id"]},
        data={"outcome": "success"},
        headers={"Origin": "https://evil.example"},
    )

    assert answer.status_code == 403
    assert await ppro.status(charge["id"]) == "AUTHENTICATION_PENDING"


@pytest.mark.parametrize("id_", ["", "charge_000000000000000000000", "%00", "<script>"])
async def test_an_unknown_charge_is_a_page_that_says_so(sim: Sim, id_: str) -> None:
    shown = await sim.http.get(f"{PAGE}?payment-charge-id={id_}")
    pressed = await sim.http.post(f"{PAGE}?payment-charge-id={id_}", data={"outcome": "success"})

    assert (shown.status_code, pressed.status_code) == (404, 404)
    assert "<script>" not in shown.text.replace('<script src="/_sim', "")


async def test_a_prediction_stands_beside_the_button(ppro: Merchant) -> None:
    plain = await ppro.waiting("REDIRECT")
    documented = await ppro.waiting("REDIRECT", value=300002)

    first = (await ppro.open_page(plain["id"])).text
    second = (await ppro.open_page(documented["id"])).text

    assert attribute(first, "sim-note", "data-decides") == "page"
    assert attribute(second, "sim-note", "data-decides") == "amount:300002"
    assert "INSUFFICIENT_FUNDS" in second[second.index("sim-note") : second.index("ppro-fail-code")]


async def test_authorise_cannot_overrule_a_scenario(ppro: Merchant) -> None:
    await ppro.sim.arm([{"wallet": {"decline": "blocked"}}])
    charge = await ppro.create()

    await ppro.press(charge["id"], "success")

    assert (await ppro.charge(charge["id"]))["failure"]["failureCode"] == "BLOCKED_ACCOUNT"


async def test_a_scenario_may_leave_the_consumer_hesitating(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"wallet": {"outcome": "open"}}])
    charge = await ppro.create()

    before = (await ppro.open_page(charge["id"])).text
    answer = await ppro.press(charge["id"], "success")
    after = (await ppro.open_page(charge["id"])).text

    assert answer.headers["location"].startswith(f"{PAGE}?payment-charge-id={charge['id']}")
    assert await ppro.status(charge["id"]) == "AUTHENTICATION_PENDING"
    assert "If this payment is confirmed, it stays open until it expires. Decided by scenario Adhoc." in before
    assert "still fails" not in before and "closed the app" not in before
    assert "Li Na closed the app. The order stays open until it expires." in after


@pytest.mark.parametrize("type_", ["REDIRECT", "SCAN_CODE", "MULTI_FACTOR"])
async def test_an_armed_delay_is_foretold(sim: Sim, ppro: Merchant, type_: str) -> None:
    await sim.arm([{"wallet": {"delay": "2m"}}])
    charge = await ppro.waiting(type_)

    page = (await ppro.open_page(charge["id"])).text

    assert "If this payment is confirmed, it will be paid later." in page
    assert "No scenario is armed" not in page


async def test_while_the_wallet_thinks_there_is_nothing_to_press(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"wallet": {"delay": "2m"}}])
    charge = await ppro.create()

    first = await ppro.press(charge["id"], "success")
    page = (await ppro.open_page(charge["id"])).text
    again = await ppro.press(charge["id"], "cancel")
    meanwhile = await ppro.status(charge["id"])
    await sim.advance(minutes=2)

    assert first.headers["location"] == again.headers["location"]
    assert first.headers["location"].startswith(PAGE)
    assert "paying" in ids(page)
    assert 'data-again="1"' in page
    assert not {"ppro-success", "ppro-fail", "ppro-cancel"} & ids(page)
    assert (meanwhile, await ppro.status(charge["id"])) == ("AUTHENTICATION_PENDING", "CAPTURED")


async def test_the_wallet_can_be_told_to_answer_now(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"wallet": {"delay": "2m"}}])
    charge = await ppro.create()
    await ppro.press(charge["id"], "success")
    page = (await ppro.open_page(charge["id"])).text

    answer = await ppro.press(charge["id"], "answer")
    late = await ppro.press(charge["id"], "answer")

    assert attribute(page, "answer-due", "data-expires-at") == "2026-03-04T05:02:00.000Z"
    assert answer.headers["location"].startswith("https://www.webshop.com/")
    assert late.headers["location"].startswith(PAGE)
    assert await ppro.status(charge["id"]) == "CAPTURED"
    assert ppro.heard.count("AUTHORIZATION_SUCCEEDED") == 1


# Scanning ------------------------------------------------------------------------------------------------------


async def test_the_code_image_says_the_payload(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("SCAN_CODE")
    details = charge["authenticationMethods"][0]["details"]

    image = await sim.http.get(details["codeImage"])

    assert (image.status_code, image.headers["content-type"]) == (200, "image/png")
    [found] = decode(Image.open(io.BytesIO(image.content)))
    assert found.data.decode() == details["codePayload"]
    assert details["codeType"] == "QR"
    assert details["codePayload"] == f"http://sim.test{PAGE}?payment-charge-id={charge['id']}"


async def test_the_code_image_of_an_unknown_charge_is_not_found(sim: Sim) -> None:
    assert (await sim.http.get("/default/v0/authenticator/payment/charge_x/qr.png")).status_code == 404


async def test_the_desktop_shows_the_code_and_the_phone_is_the_scanner(sim: Sim, ppro: Merchant) -> None:
    settings = [{"type": "SCAN_CODE", "settings": {"scanBy": "2026-03-04T05:20:00Z"}}]
    charge = await ppro.waiting("SCAN_CODE", authenticationSettings=settings)
    payload = charge["authenticationMethods"][0]["details"]["codePayload"]

    desktop = (await ppro.open_page(charge["id"])).text
    phone = (await sim.http.get(payload, headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148"})).text

    assert {"qr", "open-scanner", "scan-by", "use-wallet"} <= ids(desktop)
    assert attribute(desktop, "scan-by", "data-expires-at") == "2026-03-04T05:20:00.000Z"
    assert attribute(desktop, "qr", "data-url") == payload
    assert not {"ppro-success", "ppro-fail"} & ids(desktop)
    assert {"ppro-success", "ppro-fail", "ppro-cancel"} <= ids(phone)


@pytest.mark.parametrize(("outcome", "status"), [("success", "CAPTURED"), ("fail", "FAILED"), ("cancel", "FAILED")])
async def test_the_scanner_decides_and_no_browser_goes_back(
    sim: Sim, ppro: Merchant, outcome: str, status: str
) -> None:
    charge = await ppro.waiting("REDIRECT", "SCAN_CODE")
    scanner = (await ppro.open_page(charge["id"], type="SCAN_CODE", view="phone")).text
    action = unescape(re.findall(r'<form method="post" action="(/default[^"]+)"', scanner)[0])

    answer = await sim.http.post(action, data={"outcome": outcome})

    assert await ppro.status(charge["id"]) == status
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(PAGE)
    shown = await sim.http.get(answer.headers["location"])
    assert attribute(shown.text, "own-status", "data-testid") == "own-status"
    assert status in shown.text


async def test_the_codes_address_names_its_tab_where_another_is_first(ppro: Merchant) -> None:
    charge = await ppro.waiting("REDIRECT", "SCAN_CODE")

    assert charge["authenticationMethods"][1]["details"]["codePayload"].endswith("&type=SCAN_CODE")
