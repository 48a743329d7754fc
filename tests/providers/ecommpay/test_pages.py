"""Payment Page and the emulator: every button, every way back, and what a page refuses. Nothing exists before Pay."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Forms, Merchant
from simulator.providers.ecommpay.pages.returns import Way, way_back

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


# Returning -----------------------------------------------------------------------------------------------------------

RETURNS = {"success": "http://example.com/success", "decline": "http://example.com/decline?x=1#y"}


@pytest.mark.parametrize(
    ("return_url", "button", "target"),
    [
        ({**RETURNS, "return": "http://example.com/return"}, "ecp-success", RETURNS["success"]),
        ({**RETURNS, "return": "http://example.com/return"}, "ecp-decline", RETURNS["decline"]),
        ({"return": "http://example.com/return"}, "ecp-success", "http://example.com/return"),
        ({"return": "http://example.com/return"}, "ecp-decline", "http://example.com/return"),
        ({"success": "shop-app://done"}, "ecp-success", "shop-app://done"),
    ],
)
async def test_gate_returns_to_the_address_as_given(
    sim: Sim, ecommpay: Merchant, return_url: dict[str, str], button: str, target: str
) -> None:
    """Nothing is appended."""
    await ecommpay.begin(return_url={"return": None, "success": None, **return_url})
    page = await sim.http.get(ecommpay.last["redirect_data"]["url"])
    form = Forms(page.text).of(button)

    answer = await sim.http.post(form.action, data=form.fields)

    assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_without_a_return_address_the_emulator_shows_the_result(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin(return_url=None)
    page = await sim.http.get(ecommpay.last["redirect_data"]["url"])

    result = await ecommpay.press(page, "ecp-success")

    assert has(result, "ecp-result") and not has(result, "ecp-back")


async def test_the_buyer_may_go_back_before_deciding(sim: Sim, ecommpay: Merchant) -> None:
    """`return_url.return` at Gate, `redirect_return_url` or `merchant_return_url` on Payment Page; the payment goes on waiting."""
    await ecommpay.begin()
    gate = await sim.http.get(ecommpay.last["redirect_data"]["url"])
    form = await ecommpay.open(merchant_return_url="https://shop.example/cart")
    page = await ecommpay.register(redirect_return_url="https://shop.example/wait")
    only = await ecommpay.register(payment_id="only", merchant_return_url="https://shop.example/cart")
    none = await ecommpay.register(payment_id="none")

    assert element(gate, "ecp-back")["href"] == "http://example.com/return"
    assert not has(gate, "ecp-last-name")
    assert element(form, "ecp-back")["href"] == "https://shop.example/cart"
    assert element(page, "ecp-back")["href"] == "https://shop.example/wait"
    assert element(only, "ecp-back")["href"] == "https://shop.example/cart" and not has(none, "ecp-back")


@pytest.mark.parametrize(("button", "kind"), [("ecp-success", "success"), ("ecp-decline", "fail")])
async def test_payment_page_redirects_by_itself_when_asked(
    sim: Sim, ecommpay: Merchant, button: str, kind: str
) -> None:
    """`redirect_*_url` is automatic, `merchant_*_url` a button on the result page."""
    url = f"https://shop.example/{kind}?order=580&ok=1"
    automatic = await ecommpay.register(payment_id="a", **{f"redirect_{kind}_url": url})
    by_button = await ecommpay.register(payment_id="b", **{f"merchant_{kind}_url": url})

    redirected = await ecommpay.press(automatic, button)
    shown = await ecommpay.press(by_button, button)

    sent = [e["summary"] for e in (await sim.payment("ecommpay", "a"))["timeline"] if "browser" in e["summary"]]
    shown_only = [e["summary"] for e in (await sim.payment("ecommpay", "b"))["timeline"] if "browser" in e["summary"]]
    assert sent == [f"browser was sent to https://shop.example/{kind}"]
    assert shown_only == []
    assert redirected.headers["location"] == url
    assert html.unescape(element(shown, "ecp-back")["href"]) == url


def expected_way(framed: str, enabled: str, mode: str) -> Way | None:
    """The matrix of docs/providers/ecommpay.md, source 3.9.4, written once more as sentences."""
    if enabled == "0":
        return None
    if framed == "":
        return Way("u", "_blank" if mode == "blank_page" else "_self")
    if enabled == "1":
        return Way("u", act="close") if framed == "popup" else Way("u", act="event")
    if mode == "iframe":
        return Way("u", "_self")
    return Way("u", "_blank" if mode == "blank_page" else "_top")


@pytest.mark.parametrize("prefix", ["merchant", "redirect"])
@pytest.mark.parametrize(
    ("framed", "enabled", "mode"),
    list(product(["", "popup", "iframe"], ["0", "1", "2"], ["iframe", "parent_page", "blank_page"])),
)
def test_the_return_matrix(prefix: Any, framed: str, enabled: str, mode: str) -> None:
    mode_name = "merchant_success_redirect_mode" if prefix == "merchant" else "redirect_success_mode"
    parameters = {f"{prefix}_success_url": "u", f"{prefix}_success_enabled": enabled, mode_name: mode}
    if framed:
        parameters["frame_mode"] = framed

    assert way_back(parameters, prefix, "success") == expected_way(framed, enabled, mode)


async def test_a_new_tab_keeps_the_result_page(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register(
        redirect_success_url="https://shop.example/done", redirect_success_mode="blank_page", redirect_success_enabled=2
    )

    result = await ecommpay.press(emulator, "ecp-success")

    assert has(result, "ecp-result")
    assert element(result, "ecp-back")["target"] == "_blank"


async def test_a_framed_page_tells_the_library_what_happened(sim: Sim, ecommpay: Merchant) -> None:
    """The result object is signed in `general`; the library moves the whole page."""
    from providers.ecommpay.driver import sign

    emulator = await ecommpay.register(
        frame_mode="popup", redirect_success_url="https://shop.example/done", redirect_success_mode="parent_page"
    )
    result = await ecommpay.press(emulator, "ecp-success")

    [told] = re.findall(r'<div hidden id="ecp-frame"[^>]*>', result.text)
    data = json.loads(html.unescape(re.search(r'data-result="([^"]*)"', told).group(1)))  # type: ignore[union-attr]
    assert 'data-event="onPaymentSuccess"' in told
    assert 'data-url="https://shop.example/done" data-target="_top"' in told
    assert data["general"]["signature"] == sign(ecommpay.secret, data)
    assert (data["status"], data["payment"]["result_code"]) == ("success", "0")
    assert list(data) == [
        "sum_request", "request_id", "transaction", "payment", "sum_real", "customer", "status", "general",
        "description", "operations", "return_url",
    ]  # fmt: skip


async def test_a_frame_leads_to_the_wallet_in_a_window_and_hears_of_the_end(sim: Sim, ecommpay: Merchant) -> None:
    """Nobody may frame the wallet; the emulator notices what happened there, and Payment Page tells the library."""
    emulator = await ecommpay.register(frame_mode="iframe")
    link = element(emulator, "use-wallet")
    await sim.http.post(f"{link['href'].partition('?')[0]}/confirm", data={"buyer": "li-na"})

    noticed = await sim.http.get(Forms(emulator.text).of("ecp-success").action)

    assert link["target"] == "_blank" and "data-again" in emulator.text
    assert noticed.status_code == 302
    assert 'data-event="onPaymentSuccess"' in (await ecommpay.follow(noticed)).text


async def test_the_pages_may_be_framed_and_run_no_inline_script(sim: Sim, ecommpay: Merchant) -> None:
    method = await ecommpay.open()
    emulator = await ecommpay.register()
    result = await ecommpay.press(emulator, "ecp-success")

    refused = await ecommpay.open(signature="wrong", payment_id="b", payment_amount="x")

    for page in (method, emulator, result, refused):
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors *" in policy and "default-src 'self'" in policy
        assert re.findall(r"<script(?![^>]*\bsrc=)", page.text) == []
        assert re.findall(r"\son[a-z]+=", page.text) == []
        assert "x-frame-options" not in page.headers


# What is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["project_id", "payment_id", "payment_amount", "payment_currency", "customer_id", "signature"]
)
async def test_a_missing_parameter_is_named(sim: Sim, ecommpay: Merchant, name: str) -> None:
    parameters = ecommpay.page()
    del parameters[name]

    answer = await sim.http.get("/payment", params=parameters)

    assert answer.status_code == 400
    assert name in answer.text and has(answer, "error")


async def test_a_bad_signature_shows_what_was_expected_and_what_came(sim: Sim, ecommpay: Merchant) -> None:
    parameters = ecommpay.page()
    good = parameters["signature"]

    answer = await sim.http.get("/payment", params={**parameters, "payment_amount": "1"})

    shown = html.unescape(answer.text)
    assert answer.status_code == 400
    assert "customer_id:customer1;language_code:zh;payment_amount:1;payment_currency:CNY" in shown
    assert f"signature: {good}" in shown
    [entry] = [request for request in await sim.requests() if request["path"].startswith("/payment")]
    assert entry["status"] == 400
    assert entry["help"]["lines"][0] == "customer_id:customer1"
    assert entry["help"]["received"] == good
    assert await unknown(ecommpay)


async def test_an_unknown_project_is_a_404_page(sim: Sim, ecommpay: Merchant) -> None:
    answer = await ecommpay.open(project_id=987_654)

    assert answer.status_code == 404
    assert has(answer, "error") and "987654" in answer.text


WRONG = {
    "payment_amount": ["0", "-1", "10.5", "ten", "9" * 30, "", "１０"],
    "payment_currency": ["cny", "CNYX", "", "C1Y"],
    "payment_id": ["", " a", "x" * 256, "a\u0000b"],
    "customer_id": ["", "x" * 256],
    "mode": ["payout", "card_verify"],
    "redirect_success_url": ["javascript:alert(1)", "data:text/html,x"],
    "merchant_return_url": ["javascript:alert(1)"],
    "merchant_callback_url": ["ftp://shop.example", "javascript:1", "nowhere"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
async def test_a_wrong_value_is_named(sim: Sim, ecommpay: Merchant, name: str, value: str) -> None:
    answer = await ecommpay.open(**{name: value})

    assert answer.status_code == 400
    assert name in answer.text and "javascript:" not in answer.text
    assert sim.hooks == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
async def test_the_parameter_check_finds_whatever_payment_page_would_refuse(
    sim: Sim, ecommpay: Merchant, name: str, value: str
) -> None:
    answer = await sim.http.get("/params/check", params=ecommpay.page(**{name: value}))

    assert answer.status_code == 400
    assert [(e["code"], e["field"]) for e in answer.json()["errors"]] == [(2003, name)]


async def test_the_parameter_check_leaves_out_what_payment_page_would_not_mind(sim: Sim, ecommpay: Merchant) -> None:
    """An empty address is none."""
    parameters = ecommpay.page(merchant_return_url="", payment_description="x" * 255)

    checked = await sim.http.get("/params/check", params=parameters)
    opened = await sim.http.get("/payment", params=parameters)

    assert (checked.status_code, opened.status_code) == (200, 200)


async def test_an_expired_page_registers_nothing(sim: Sim, ecommpay: Merchant) -> None:
    """`best_before` more than 30 days ahead, or unreadable, is ignored."""
    over = await ecommpay.open(best_before="2026-03-04T12:59:59+08:00")
    fields = {**ecommpay.page(best_before="2026-03-04T12:59:59+08"), "_step": "pay"}
    pressed = await ecommpay.follow(await sim.http.post("/payment", data=fields))
    far = await ecommpay.open(best_before="2030-01-31T10:15:30+08:00")
    odd = await ecommpay.open(best_before="soon")
    near = await ecommpay.open(best_before="2026-03-04T05:10:00+00:00")

    for page in (over, pressed):
        assert page.status_code == 200
        assert element(page, "result")["data-outcome"] == "expired"
        assert element(page, "sim-note")["data-decides"] == "timer"
    assert has(far, "ecp-method") and has(odd, "ecp-method")
    assert element(near, "countdown")["data-expires-at"] == "2026-03-04T05:10:00.000Z"
    assert await unknown(ecommpay)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payment_amount": 999}, 3358),
        ({"payment_amount": 500_001}, 2642),
        ({"payment_currency": "BRL"}, 3023),
        ({"customer_email": "nobody"}, 2426),
    ],
)
async def test_what_the_platform_does_not_accept_is_said_on_the_page_and_by_callback(
    sim: Sim, ecommpay: Merchant, changes: dict[str, Any], code: int
) -> None:
    page = await ecommpay.register(language_code="en", **changes)
    await sim.advance(seconds=1)

    assert element(page, "result")["data-outcome"] == "declined"
    assert "was not accepted" in page.text
    assert ecommpay.told == [("error", "sale", "error")]
    assert ecommpay.last["errors"][0]["code"] == code
    assert await unknown(ecommpay)


async def test_missing_customer_data_is_asked_for_on_the_page(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", required_customer_fields=["first_name", "last_name"])
    asked = await ecommpay.register(customer_first_name="之的")

    again = await ecommpay.press(asked, "ecp-pay", _customer_last_name="  ")
    emulator = await ecommpay.press(again, "ecp-pay", _customer_last_name="张")

    assert has(asked, "ecp-clarification") and has(asked, "ecp-field-last_name")
    assert not has(asked, "ecp-field-first_name")
    assert has(again, "ecp-clarification")
    assert has(emulator, "ecp-emulator")
    assert await ecommpay.status_of("580") == "awaiting redirect result"


@pytest.mark.parametrize(
    "path", ["/emulator/aps/nothing1", "/emulator/other/nothing1", "/emulator/qr/nothing1/image.png"]
)
async def test_an_unknown_key_is_a_404_page(sim: Sim, path: str) -> None:
    answer = await sim.http.get(path)

    assert answer.status_code == 404 and has(answer, "error")


async def test_another_providers_order_has_no_emulator_here(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()
    code = (await sim.payment("ecommpay", ID))["wallet"]["code"]

    assert (await sim.http.get(f"/emulator/nothing/{code}")).status_code == 404
    assert (await sim.http.get(f"/emulator/aps/{code}")).status_code == 200


async def test_the_page_is_gone_with_its_time(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()
    form = Forms(emulator.text).of("ecp-success")

    await sim.advance(minutes=31)
    late = await ecommpay.follow(await sim.http.post(form.action, data=form.fields))

    assert ecommpay.told == [DECLINE]
    assert ecommpay.last_hook.at == sim.started_at + timedelta(minutes=30)
    assert element(late, "result")["data-outcome"] == "declined"
    assert "20602 Time-out" in late.text


# The library and the check ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("merchant.js", "text/javascript", "EPayWidget"),
        ("merchant.css", "text/css", ".epay-modal"),
        ("frame.js", "text/javascript", "postMessage"),
    ],
)
async def test_the_librarys_files_are_served(sim: Sim, name: str, kind: str, text: str) -> None:
    answer = await sim.http.get(f"/shared/{name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert text in answer.text


async def test_no_other_file_is_served(sim: Sim) -> None:
    assert (await sim.http.get("/shared/codes.json")).status_code == 404
    assert (await sim.http.get("/shared/..%2Fcodes.json")).status_code == 404


async def test_the_parameter_check_says_what_payment_page_would(sim: Sim, ecommpay: Merchant) -> None:
    """GET with the query as the PHP SDK sends it, POST with JSON as the .NET SDK does."""
    good = ecommpay.page()

    by_get = await sim.http.get("/params/check", params=good)
    by_post = await sim.http.post("/params/check", json={**good, "payment_amount": 1000})
    wrong = await sim.http.get("/params/check", params={**good, "payment_amount": "ten"})
    nobody = await sim.http.get("/params/check", params={**good, "project_id": "1"})

    assert (by_get.status_code, by_post.status_code) == (200, 200)
    assert wrong.status_code == 400
    assert [(e["code"], e["field"]) for e in wrong.json()["errors"]] == [(2003, "payment_amount"), (3261, "signature")]
    assert (nobody.status_code, nobody.json()["code"]) == (404, "2442")


async def test_a_console_link_leads_to_the_payment(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register()

    assert f'href="/console/{sim.workspace.name}/payments/580"' in emulator.text


# What is said, and what a second press does ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "form", "emulator", "agrees"),
    [
        (
            {"decline": "limit"},
            "ends in <b>decline</b>",
            "<code>decline</code>, code <code>20101</code>",
            "ecp-decline",
        ),
        ({"outcome": "paid"}, "ends in <b>success</b>", "<code>success</code>, code <code>0</code>", "ecp-success"),
        ({"outcome": "open"}, "nobody answers", "nobody answers", "ecp-success"),
    ],
)
async def test_a_scenario_is_announced_with_its_end_and_code(
    sim: Sim, ecommpay: Merchant, rule: dict[str, str], form: str, emulator: str, agrees: str
) -> None:
    await sim.arm([{"wallet": rule}])
    before = await ecommpay.open(force_payment_method="alipay", language_code="en")
    page = await ecommpay.press(before, "ecp-pay")

    assert form in before.text and emulator in page.text
    assert element(page, "sim-note")["data-decides"].startswith("scenario:")
    assert "button-primary" in Forms(page.text).buttons[agrees][1]["class"]


async def test_a_delay_alone_does_not_hide_a_test_amount(sim: Sim, ecommpay: Merchant) -> None:
    await sim.arm([{"wallet": {"delay": "PT30S"}}])

    page = await ecommpay.open(payment_amount=40000, language_code="en")

    assert element(page, "sim-note")["data-decides"] == "amount:40000"


async def test_while_the_wallet_takes_its_time_a_second_press_does_nothing(sim: Sim, ecommpay: Merchant) -> None:
    await sim.arm([{"wallet": {"delay": "PT30S"}}])
    emulator = await ecommpay.register(language_code="en")
    paying = await ecommpay.press(emulator, "ecp-success")

    again = await ecommpay.press(emulator, "ecp-decline")
    once_more = await ecommpay.press(emulator, "ecp-success")

    for page in (paying, again, once_more):
        assert has(page, "answer-now") and has(page, "answer-due") and not has(page, "ecp-success")
    assert await ecommpay.status_of("580") == "awaiting redirect result"

    result = await ecommpay.press(paying, "answer-now")
    assert element(result, "result")["data-outcome"] == "paid"


async def test_a_buyer_who_has_closed_the_app_is_named(sim: Sim, ecommpay: Merchant) -> None:
    """The simulator says so in the tester's language; the payment goes on waiting, and the buttons still work."""
    emulator = await ecommpay.register()
    wallet = element(emulator, "use-wallet")["href"].partition("?")[0]
    await sim.http.post(f"{wallet}/confirm", data={"buyer": "zhou-ting"})

    again = await sim.http.get(Forms(emulator.text).of("ecp-success").action, headers={"accept-language": "en"})

    assert "Zhou Ting closed the app." in again.text and has(again, "ecp-success")


async def test_whoever_comes_too_late_is_told(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register(language_code="en")
    await ecommpay.press(emulator, "ecp-success")

    late = await ecommpay.press(emulator, "ecp-decline")

    assert "This payment was already paid on another device." in late.text
    assert element(late, "result")["data-outcome"] == "paid"


async def test_a_project_that_lets_the_amount_alone_decide_says_so(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", amount_alone_decides=True)
    emulator = await ecommpay.register(language_code="en")

    await ecommpay.press(emulator, "ecp-decline")

    assert "lets the amount alone decide" in emulator.text
    assert element(emulator, "sim-note")["data-decides"] == "amount:1000"
    assert (await sim.payment("ecommpay", "580"))["decided_by"] == "amount:1000"


async def test_what_was_typed_stays_until_all_is_there(sim: Sim, ecommpay: Merchant) -> None:
    """The form that asks has an address of its own, so it can be reloaded."""
    await sim.settings("ecommpay", required_customer_fields=["first_name", "email"])
    page = await ecommpay.open(force_payment_method="alipay")
    form = Forms(page.text).of("ecp-pay")

    answer = await sim.http.post(form.action, data=form.fields)
    asked = await ecommpay.follow(answer)
    again = await ecommpay.press(asked, "ecp-pay", _customer_first_name="梅")
    emulator = await ecommpay.press(again, "ecp-pay", _customer_email="mei@shop.test")

    assert answer.status_code == 303
    assert element(again, "ecp-field-first_name")["value"] == "梅"
    assert has(emulator, "ecp-emulator")


async def test_a_rejected_payment_can_be_looked_at_again(sim: Sim, ecommpay: Merchant) -> None:
    page = await ecommpay.open(force_payment_method="alipay", payment_amount=999, language_code="en")
    form = Forms(page.text).of("ecp-pay")

    answer = await sim.http.post(form.action, data=form.fields)
    for _ in range(2):
        assert "was not accepted" in (await ecommpay.follow(answer)).text
    await sim.advance(seconds=1)

    assert answer.status_code == 303
    assert ecommpay.told == [("error", "sale", "error")]


async def test_the_viewers_choice_of_language_lasts(sim: Sim, ecommpay: Merchant) -> None:
    """It stands in a cookie and goes before `language_code`; the merchant's address stays as he signed it."""
    url = f"/payment?{urlencode(ecommpay.page(force_payment_method='alipay'))}"
    chosen = await sim.http.get(f"{url}&lang=en")
    sim.http.cookies.set("lang", "en")

    emulator = await ecommpay.press(chosen, "ecp-pay")
    result = await ecommpay.press(emulator, "ecp-success")

    assert "Finish the test payment" in emulator.text
    assert "<h1" in result.text and "Payment successful – ecommpay [Simulator]" in result.text
    assert "lang=en" not in str(result.url)


@pytest.mark.parametrize(
    ("gate", "field"), [(True, "return_url.success"), (False, "merchant_success_url")], ids=["Gate", "Payment Page"]
)
async def test_the_end_names_the_address_that_was_not_given(
    sim: Sim, ecommpay: Merchant, gate: bool, field: str
) -> None:
    if gate:
        await ecommpay.begin(return_url=None)
        emulator = await sim.http.get(ecommpay.last["redirect_data"]["url"], headers={"accept-language": "en"})
    else:
        emulator = await ecommpay.register(language_code="en")

    result = await ecommpay.press(emulator, "ecp-success")

    assert "The merchant gave no return address, so this page is the end." in result.text
    assert f"<code>{field}</code>" in result.text and has(result, "to-console")


async def test_a_page_that_was_waiting_goes_on_by_itself(sim: Sim, ecommpay: Merchant) -> None:
    """Somebody else decided meanwhile; the return can be stopped, and without a script it happens all the same."""
    shop = "https://shop.example/done?order=580"
    emulator = await ecommpay.register(language_code="en", redirect_success_url=shop)
    await sim.act("ecommpay", "580", "pay")
    action = Forms(emulator.text).of("ecp-success").action

    for address in (action, f"/payment?{urlencode(ecommpay.page(language_code='en', redirect_success_url=shop))}"):
        result = await sim.http.get(address)
        stopped = await sim.http.get(html.unescape(element(result, "stay")["href"]))

        assert "Returning to" in result.text and f'content="5;url={shop}"' in html.unescape(result.text)
        assert "data-return" in element(result, "ecp-back") and element(result, "ecp-back")["href"] == shop
        assert "data-return" not in element(stopped, "ecp-back") and not has(stopped, "stay")


async def test_a_button_of_the_merchant_is_never_pressed_for_him(sim: Sim, ecommpay: Merchant) -> None:
    shop = "https://shop.example/done"
    emulator = await ecommpay.register(merchant_success_url=shop)
    await ecommpay.press(emulator, "ecp-success")

    again = await sim.http.get(Forms(emulator.text).of("ecp-success").action)

    assert element(again, "ecp-back")["href"] == shop
    assert not has(again, "stay")


async def test_the_phone_behind_the_code_asks_for_no_name(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", alipay_flow="qr")
    page = await ecommpay.register(payment_amount=40000, language_code="en")

    phone = await sim.http.get(element(page, "qr")["href"])

    assert "The amount decides: <code>40000</code> ends in decline, whichever button is pressed." in page.text
    assert 'alt="QR code for the payment of' in page.text
    assert has(phone, "ecp-success") and not has(phone, "ecp-last-name")
    done = await ecommpay.press(phone, "ecp-decline")
    assert "You can put the phone away." in done.text and has(done, "done")
    assert not has(done, "stay")
