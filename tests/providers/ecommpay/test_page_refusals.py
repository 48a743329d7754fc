"""What Payment Page refuses, what its library and its check say, and what a second press does."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from support import Sim

from providers.ecommpay.driver import Forms, Merchant
from providers.ecommpay.test_pages import DECLINE, ID, element, has, unknown

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


@pytest.mark.uncounted
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
async def test_a_wrong_value_is_named(sim: Sim, ecommpay: Merchant, name: str, value: str) -> None:
    answer = await ecommpay.open(**{name: value})

    assert answer.status_code == 400
    assert name in answer.text and "javascript:" not in answer.text
    assert sim.hooks == []


@pytest.mark.uncounted
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
    """It stands in a cookie and goes before `language_code`; the merchant's address stays as they signed it."""
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


async def test_a_button_of_the_merchant_is_never_pressed_for_them(sim: Sim, ecommpay: Merchant) -> None:
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
