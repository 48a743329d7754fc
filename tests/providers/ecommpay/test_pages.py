"""Payment Page and the emulator: every button, every way back, and what a page refuses. Nothing exists before Pay."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import httpx
import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Forms, Merchant

ID = SALE["general"]["payment_id"]
SUCCESS = ("success", "sale", "success")
DECLINE = ("decline", "sale", "decline")


def element(answer: httpx.Response, testid: str) -> dict[str, str]:
    return Forms(answer.text).elements[testid]


def has(answer: httpx.Response, testid: str) -> bool:
    return testid in Forms(answer.text).elements


async def unknown(ecommpay: Merchant, payment_id: str = "580") -> bool:
    """Whether the platform knows no such payment."""
    status = await ecommpay.status(payment_id)
    return status["payment"]["status"] == "error" and status["errors"][0]["code"] == 3061


# The steps -----------------------------------------------------------------------------------------------------------


async def test_the_buyer_chooses_alipay_from_the_methods(sim: Sim, ecommpay: Merchant) -> None:
    page = await ecommpay.open(payment_description="tea")

    assert has(page, "ecp-method") and "tea" in page.text
    assert "checked" in element(page, "ecp-method-alipay")
    assert element(page, "amount")["data-minor"] == "1000"
    instructions = await ecommpay.press(page, "ecp-continue")
    assert has(instructions, "ecp-instructions") and has(instructions, "ecp-pay")
    assert await unknown(ecommpay)


async def test_a_forced_method_leaves_no_choice(sim: Sim, ecommpay: Merchant) -> None:
    page = await ecommpay.open(force_payment_method="alipay")

    assert has(page, "ecp-instructions") and not has(page, "ecp-method-alipay")
    assert "Choose another method" not in page.text and "选择其他付款方式" not in page.text


async def test_a_default_method_comes_first_and_may_be_changed(sim: Sim, ecommpay: Merchant) -> None:
    page = await ecommpay.open(default_payment_method="alipay", language_code="en")

    methods = await sim.http.get(element(page, "ecp-other")["href"])

    assert has(page, "ecp-instructions")
    assert has(methods, "ecp-method-alipay")


async def test_a_hidden_method_is_not_offered(sim: Sim, ecommpay: Merchant) -> None:
    page = await ecommpay.open(hide="card,alipay")

    assert not has(page, "ecp-method-alipay") and not has(page, "ecp-continue")


@pytest.mark.parametrize(
    ("code", "accepted", "text"),
    [
        ("zh", "en", "请选择付款方式"),
        ("en", "zh", "How do you want to pay?"),
        ("de", "zh", "How do you want to pay?"),
        (None, "zh-CN,zh;q=0.9", "请选择付款方式"),
        (None, "fr", "How do you want to pay?"),
    ],
)
async def test_the_language_is_the_one_that_was_asked_for(
    sim: Sim, ecommpay: Merchant, code: str | None, accepted: str, text: str
) -> None:
    """`language_code`, English if it is not there; else the browser's; else English."""
    url = f"/payment?{urlencode(ecommpay.page(language_code=code))}"

    page = await sim.http.get(url, headers={"accept-language": accepted})
    switched = await sim.http.get(f"{url}&lang=en")

    assert text in page.text
    assert "How do you want to pay?" in switched.text


async def test_the_simulators_note_speaks_the_viewers_language(sim: Sim, ecommpay: Merchant) -> None:
    """The buyer's texts are Chinese because the request asked for it; the tester reads English."""
    url = f"/payment?{urlencode(ecommpay.page(force_payment_method='alipay', payment_amount=40000))}"

    page = await sim.http.get(url, headers={"accept-language": "en"})

    assert "使用支付宝付款" in page.text
    assert "Shown in Chinese because the request asked for" in page.text
    assert "Amount <code>40000</code> is a test amount of ecommpay: this purchase ends in <b>decline</b>." in page.text
    emulator = await ecommpay.press(page, "ecp-pay")
    assert "完成测试付款" in emulator.text
    assert element(emulator, "hold-clock")["lang"] == "en" and "Let the clock run" in emulator.text
    assert "The button that agrees with the amount comes first." in emulator.text
    assert element(page, "sim-note")["lang"] == element(page, "sim-ribbon")["lang"] == "en"
    assert "SIMULATOR - no real money" in page.text


async def test_pay_registers_the_payment_and_leads_to_the_emulator(sim: Sim, ecommpay: Merchant) -> None:
    """No intermediate callback for Payment Page: the page itself leads on."""
    emulator = await ecommpay.register()
    await sim.advance(seconds=5)

    assert has(emulator, "ecp-emulator") and has(emulator, "ecp-last-name")
    assert await ecommpay.status_of("580") == "awaiting redirect result"
    assert sim.hooks == []


@pytest.mark.parametrize(
    ("button", "told", "outcome"), [("ecp-success", SUCCESS, "paid"), ("ecp-decline", DECLINE, "declined")]
)
async def test_each_button_of_the_emulator_does_what_it_says(
    sim: Sim, ecommpay: Merchant, button: str, told: tuple[str, str, str], outcome: str
) -> None:
    emulator = await ecommpay.register(payment_description="tea")

    result = await ecommpay.press(emulator, button, last_name="Zhou")
    await sim.settle()

    assert ecommpay.told == [told]
    assert element(result, "result")["data-outcome"] == outcome
    assert "580" in result.text and "tea" in result.text and "2026-03-04 05:00:00 UTC" in result.text
    assert ecommpay.last["operation"]["code"] == ("0" if outcome == "paid" else "20301")


@pytest.mark.parametrize("button", ["ecp-success", "ecp-decline"])
@pytest.mark.parametrize(("amount", "code"), [(40000, "20105"), (40400, "20101")])
async def test_a_test_amount_decides_whichever_button_is_pressed(
    sim: Sim, ecommpay: Merchant, button: str, amount: int, code: str
) -> None:
    emulator = await ecommpay.register(payment_amount=amount, language_code="en")

    await ecommpay.press(emulator, button)
    await sim.settle()

    order = re.findall(r'data-testid="(ecp-(?:success|decline))"', emulator.text)
    assert order == ["ecp-decline", "ecp-success"]
    assert element(emulator, "sim-note")["data-decides"] == f"amount:{amount}"
    assert "button-primary" in Forms(emulator.text).buttons["ecp-decline"][1]["class"]
    assert ecommpay.told == [DECLINE]
    assert ecommpay.last["operation"]["code"] == code


async def test_the_agreeing_button_comes_first(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()

    assert re.findall(r'data-testid="(ecp-(?:success|decline))"', emulator.text) == ["ecp-success", "ecp-decline"]


async def test_the_amount_alone_may_decide(sim: Sim, ecommpay: Merchant) -> None:
    """The literal reading of the article, as a setting of the project."""
    await sim.settings("ecommpay", amount_alone_decides=True)
    emulator = await ecommpay.register()

    await ecommpay.press(emulator, "ecp-decline")
    await sim.settle()

    assert ecommpay.told == [SUCCESS]


async def test_a_random_last_name_is_filled_in_without_a_script(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()
    action = Forms(emulator.text).of("ecp-success").action

    answer = await sim.http.post(action, data={"fill": "random"})
    filled = await ecommpay.follow(answer)

    assert answer.status_code == 303
    assert element(filled, "ecp-last-name")["value"] != ""
    assert await ecommpay.status_of("580") == "awaiting redirect result"


async def test_the_mock_wallet_is_reachable_from_the_emulator(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register(redirect_success_url="https://shop.example/done?order=580")
    [wallet] = re.findall(r'href="(/w/[^"?]+)', emulator.text)

    await sim.http.post(f"{wallet}/confirm", data={"buyer": "li-na"})
    await sim.settle()
    page = await sim.http.get(wallet)

    assert ecommpay.told == [SUCCESS]
    assert element(page, "return")["href"] == "https://shop.example/done?order=580"


async def test_a_second_click_changes_nothing(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()
    await ecommpay.press(emulator, "ecp-success")

    again = await ecommpay.press(emulator, "ecp-decline")
    await sim.settle()

    assert ecommpay.told == [SUCCESS]
    assert element(again, "result")["data-outcome"] == "paid"


@pytest.mark.parametrize("act", ["pay", "decline", "expire"])
async def test_a_final_payment_is_shown_and_nothing_more(sim: Sim, ecommpay: Merchant, act: str) -> None:
    await ecommpay.register()
    await sim.act("ecommpay", "580", act)
    told = ecommpay.told

    page = await ecommpay.open()
    pressed = await ecommpay.follow(await sim.http.post("/payment", data={**ecommpay.page(), "_step": "pay"}))
    await sim.advance(minutes=1)

    assert has(page, "ecp-result") and has(pressed, "ecp-result")
    assert element(page, "result")["data-outcome"] == ("paid" if act == "pay" else "declined")
    assert ecommpay.told == told


async def test_a_payment_that_waits_is_led_back_to_its_emulator(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.register()

    again = await ecommpay.follow(await ecommpay.open())

    assert has(again, "ecp-emulator")


async def test_looking_never_changes_anything(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()
    action = Forms(emulator.text).of("ecp-success").action

    for url in (action, f"{action}?outcome=success", f"/payment?{urlencode(ecommpay.page())}&_step=pay"):
        await sim.http.get(url)

    assert await ecommpay.status_of("580") == "awaiting redirect result"


async def test_the_merchant_may_open_the_page_by_post(sim: Sim, ecommpay: Merchant) -> None:
    """From the merchant's own page; only our own forms may press Pay."""
    shop = {"origin": "https://shop.example"}

    opened = await sim.http.post("/payment", data=ecommpay.page(), headers=shop)
    pressed = await sim.http.post("/payment", data={**ecommpay.page(), "_step": "pay"}, headers=shop)

    assert opened.status_code == 200 and has(opened, "ecp-method")
    assert pressed.status_code == 403
    assert await unknown(ecommpay)


async def test_a_foreign_page_cannot_press_the_emulators_buttons(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()
    action = Forms(emulator.text).of("ecp-success").action

    foreign = await sim.http.post(action, data={"outcome": "success"}, headers={"origin": "https://evil.example"})
    forged = await sim.http.post(action, data={"outcome": "success", "token": "forged"})

    assert (foreign.status_code, forged.status_code) == (403, 403)
    assert await ecommpay.status_of("580") == "awaiting redirect result"


# The code ------------------------------------------------------------------------------------------------------------


async def test_a_qr_project_shows_the_code_until_the_phone_has_paid(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", alipay_flow="qr")
    page = await ecommpay.register()
    phone_url = element(page, "qr")["href"]
    picture = await sim.http.get(f"{phone_url}/image.png")

    phone = await sim.http.get(phone_url)
    done = await ecommpay.press(phone, "ecp-success")
    await sim.settle()
    after = await ecommpay.open()

    assert has(page, "ecp-qr") and element(page, "countdown")["data-expires-at"] == "2026-03-04T05:10:00.000Z"
    assert picture.content[1:4] == b"PNG"
    assert element(done, "result")["data-outcome"] == "paid"
    assert element(after, "result")["data-outcome"] == "paid"
    assert ecommpay.told == [SUCCESS]


async def test_the_qr_code_holds_the_address_of_the_confirmation_page(sim: Sim, ecommpay: Merchant) -> None:
    pyzbar = pytest.importorskip("pyzbar.pyzbar", reason="pyzbar reads the code")
    from io import BytesIO

    from PIL import Image

    await sim.settings("ecommpay", alipay_flow="qr")
    await ecommpay.begin()
    url = ecommpay.last["display_data"][0]["data"]

    picture = await sim.http.get(f"{url}/image.png")

    [code] = pyzbar.decode(Image.open(BytesIO(picture.content)))
    assert code.data.decode() == url
