"""MyCheckout and the wallet behind the redirect URL, walked without a script: forms posted, links followed."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from support import Sim

from providers.worldline.driver import RETURN_URL, Merchant


def test_ids(page: str) -> list[str]:
    return re.findall(r'data-testid="([\w-]+)"', page)


test_ids.__test__ = False  # type: ignore[attr-defined]


def attribute(page: str, testid: str, name: str) -> str:
    """Of the element with that test id."""
    [tag] = [tag for tag in re.findall(r"<[a-z][^>]*>", page) if f'data-testid="{testid}"' in tag]
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    assert found is not None, f"{tag} has no {name}"
    return html.unescape(found[1])


class Consumer:
    """A browser without script on MyCheckout."""

    def __init__(self, sim: Sim, created: dict[str, Any]) -> None:
        self.sim = sim
        self.url = "http://" + created["partialRedirectUrl"]

    async def open(self, **more: Any) -> httpx.Response:
        return await self.sim.http.get(self.url, **more)

    async def act(self, **form: str) -> httpx.Response:
        return await self.sim.http.post(self.url, data=form)

    async def pay(self, product: str = "861") -> str:
        """Continue; the wallet's code."""
        answer = await self.act(action="pay", product=product)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("token=")[2]

    async def confirm(self, code: str) -> str:
        """Confirm in the wallet; where its result page leads."""
        await self.sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})
        return await self.wallet_return(code)

    async def wallet_return(self, code: str) -> str:
        return attribute((await self.sim.http.get(f"/w/{code}")).text, "return", "href")


async def test_the_choice_shows_both_products_and_what_happens_next(sim: Sim, worldline: Merchant) -> None:
    money = {"order.amountOfMoney": {"amount": 1100, "currencyCode": "EUR"}}
    consumer = Consumer(sim, await worldline.checkout(**money))

    page = (await consumer.open()).text

    assert attribute(page, "wl-checkout", "data-state") == "IN_PROGRESS"
    assert {"wl-product-861", "wl-product-866", "wl-continue", "wl-back", "sim-ribbon"} <= set(test_ids(page))
    assert (attribute(page, "amount", "data-minor"), attribute(page, "amount", "data-currency")) == ("1100", "EUR")
    assert "¥\u00a086.03 (1 EUR = 7.8210 CNY)" in page
    assert "Riverside Books" in page


async def test_looking_at_the_page_changes_nothing(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout()
    consumer = Consumer(sim, created)

    for _ in range(2):
        assert (await consumer.open()).status_code == 200

    status = (await worldline.get(f"/hostedcheckouts/{created['hostedCheckoutId']}")).json()
    assert status == {"status": "IN_PROGRESS"}
    assert worldline.events == []


async def test_the_consumer_pays_and_comes_back_to_the_result(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout()
    consumer = Consumer(sim, created)

    code = await consumer.pay()
    back = await consumer.confirm(code)
    page = (await sim.http.get(back)).text

    assert urlsplit(back).path == urlsplit(consumer.url).path
    assert "Your payment is successful" in page
    assert attribute(page, "result", "data-outcome") == "paid"
    assert attribute(page, "result", "data-decided-by") == "buyer:li-na"
    returned = attribute(page, "wl-back", "href")
    assert returned == (f"{RETURN_URL}&RETURNMAC={created['RETURNMAC']}&hostedCheckoutId={created['hostedCheckoutId']}")
    assert attribute(page, "wl-refresh", "href").startswith(urlsplit(consumer.url).path)


async def test_without_a_result_page_the_wallet_returns_to_the_shop(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout(**{"hostedCheckoutSpecificInput.showResultPage": False})
    consumer = Consumer(sim, created)

    back = await consumer.confirm(await consumer.pay())

    assert back == f"{RETURN_URL}&RETURNMAC={created['RETURNMAC']}&hostedCheckoutId={created['hostedCheckoutId']}"


async def test_a_declined_consumer_may_try_again(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout()
    consumer = Consumer(sim, created)
    code = await consumer.pay()
    await sim.http.post(f"/w/{code}/force", data={"outcome": "declined", "reason": "balance"})

    page = (await consumer.open()).text
    back = await consumer.confirm(await consumer.pay())

    assert "Your payment is not successful" in page
    assert {"wl-product-861", "wl-continue", "wl-back"} <= set(test_ids(page))
    assert "Your payment is successful" in (await sim.http.get(back)).text
    found = (await worldline.get(f"/hostedcheckouts/{created['hostedCheckoutId']}")).json()
    assert found["createdPaymentOutput"]["payment"]["id"].endswith("0000200001")


async def test_a_consumer_who_pays_late_still_sees_the_result(sim: Sim, worldline: Merchant) -> None:
    """The checkout is gone after two hours, its payment is not."""
    created = await worldline.checkout()
    consumer = Consumer(sim, created)
    code = await consumer.pay()
    await sim.advance(hours=3)

    back = await consumer.confirm(code)

    assert (await worldline.get(f"/hostedcheckouts/{created['hostedCheckoutId']}")).status_code == 404
    assert "Your payment is successful" in (await sim.http.get(back)).text


async def test_while_the_wallet_is_open_the_page_offers_an_update(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout())
    code = await consumer.pay()

    pending = (await consumer.open()).text
    again = await consumer.pay()
    await consumer.confirm(code)
    refreshed = (await sim.http.get(attribute(pending, "wl-refresh", "href"))).text

    assert attribute(pending, "wl-checkout", "data-state") == "PAYMENT_CREATED"
    assert attribute(pending, "wl-continue", "href") == f"/mock/alipay/cashier?token={code}"
    assert again == code
    assert "Your payment is successful" in refreshed
    late = await consumer.act(action="pay", product="861")
    assert late.headers["location"] == f"{urlsplit(consumer.url).path}?already=1"
    assert "already paid on another device" in (await sim.http.get(late.headers["location"])).text


async def test_a_preset_product_skips_the_choice(sim: Sim, worldline: Merchant) -> None:
    """The page offers that product alone and goes on by itself; opening it (a preview, say) begins nothing."""
    preset = {"redirectPaymentMethodSpecificInput": {"paymentProductId": 861}}
    created = await worldline.checkout(**preset)
    consumer = Consumer(sim, created)

    opened = await consumer.open()
    untouched = (await worldline.get(f"/payments?hostedCheckoutId={created['hostedCheckoutId']}")).json()
    pressed = await consumer.act(action="pay", product="861")
    again = await consumer.open()

    assert ("wl-product-861" in test_ids(opened.text), "wl-product-866" in test_ids(opened.text)) == (True, False)
    assert "data-go" in opened.text
    assert untouched["totalCount"] == 0
    assert pressed.headers["location"].startswith("/mock/alipay/cashier?token=")
    assert "data-go" not in again.text
    found = (await worldline.get(f"/payments?hostedCheckoutId={created['hostedCheckoutId']}")).json()
    assert found["totalCount"] == 1


@pytest.mark.parametrize(("cancel_state", "status"), [(True, "CANCELLED_BY_CONSUMER"), (False, "IN_PROGRESS")])
async def test_cancelling_returns_to_the_shop_in_both_settings(
    sim: Sim, worldline: Merchant, cancel_state: bool, status: str
) -> None:
    created = await worldline.checkout(**{"hostedCheckoutSpecificInput.returnCancelState": cancel_state})
    consumer = Consumer(sim, created)

    answer = await consumer.act(action="cancel")

    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query == {
        "cart": ["7"],
        "RETURNMAC": [created["RETURNMAC"]],
        "hostedCheckoutId": [created["hostedCheckoutId"]],
    }
    found = (await worldline.get(f"/hostedcheckouts/{created['hostedCheckoutId']}")).json()
    assert found == {"status": status}
    page = (await consumer.open()).text
    assert ("wl-continue" in test_ids(page)) == (status == "IN_PROGRESS")
    decided = (await sim.payment("worldline", created["hostedCheckoutId"]))["decided_by"]
    assert decided == ("page" if cancel_state else None)
    assert ('data-decided-by="page"' in page and "Decided on the page." in page) == cancel_state
    assert worldline.events == []


async def test_without_a_return_address_the_journey_ends_on_the_page(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout(
        **{"hostedCheckoutSpecificInput.returnUrl": None, "hostedCheckoutSpecificInput.returnCancelState": True}
    )
    consumer = Consumer(sim, created)

    cancelled = await consumer.act(action="cancel")
    page = (await sim.http.get(cancelled.headers["location"])).text

    assert attribute(page, "wl-checkout", "data-state") == "CANCELLED_BY_CONSUMER"
    assert "gave no return address" in page


async def test_the_filters_decide_what_is_offered(sim: Sim, worldline: Merchant) -> None:
    path = "hostedCheckoutSpecificInput.paymentProductFilters"
    only = Consumer(sim, await worldline.checkout(**{f"{path}.restrictTo.products": [861, 1]}))
    without = Consumer(sim, await worldline.checkout(**{f"{path}.exclude.products": ["861"]}))
    nothing = Consumer(sim, await worldline.checkout(**{f"{path}.restrictTo.products": [1]}))

    pages = [(await consumer.open()).text for consumer in (only, without, nothing)]

    assert [re.findall(r"wl-product-(\d+)", page) for page in pages] == [["861"], ["866"], []]
    assert "No payment product" in pages[2]
    assert (await without.act(action="pay", product="861")).status_code == 400


async def test_a_device_that_cannot_pay_is_told_so(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout()
    await sim.arm([{"when": {"operation": "hostedcheckout"}, "provider": {"client_eligible": False}}])
    consumer = Consumer(sim, created)

    await consumer.act(action="pay", product="861")

    found = (await worldline.get(f"/hostedcheckouts/{created['hostedCheckoutId']}")).json()
    assert found == {"status": "CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT"}
    assert "wl-back" in test_ids((await consumer.open()).text)
    assert worldline.events == []


async def test_the_page_speaks_the_merchants_locale_and_the_visitors_choice(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout(**{"hostedCheckoutSpecificInput.locale": "zh_CN"}))

    chinese = (await consumer.open()).text
    english = (await sim.http.get(consumer.url + "?lang=en")).text

    assert "请选择付款方式" in chinese
    assert "Choose how to pay" in english


async def test_an_address_that_was_tampered_with_is_not_found(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout())

    for url in (consumer.url[:-1] + "z", consumer.url.rpartition(":")[0], "http://sim.test/checkout/1001-a:b:c"):
        answer = await sim.http.get(url)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_foreign_origins_and_stale_forms_change_nothing(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout()
    consumer = Consumer(sim, created)

    foreign = await sim.http.post(
        consumer.url, data={"action": "pay", "product": "861"}, headers={"Origin": "https://evil.example"}
    )
    stale = await consumer.act(action="pay", product="861", token="made up")

    assert (foreign.status_code, stale.status_code) == (403, 403)
    found = (await worldline.get(f"/hostedcheckouts/{created['hostedCheckoutId']}")).json()
    assert found == {"status": "IN_PROGRESS"}


async def test_the_pages_own_form_passes(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout())
    page = (await consumer.open()).text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None

    answer = await consumer.act(action="pay", product="861", token=html.unescape(token[1]))

    assert answer.status_code == 303


async def test_the_page_answers_under_any_host(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.checkout()
    url = "http://payment.localhost:8080/" + created["partialRedirectUrl"].partition("/")[2]

    answer = await sim.http.get(url)

    assert answer.status_code == 200
    assert "wl-checkout" in test_ids(answer.text)


# The direct payment's wallet -------------------------------------------------------------------------------------


async def test_the_redirect_url_shows_the_wallet_in_place(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.create()

    page = await sim.http.get(created["merchantAction"]["redirectData"]["redirectURL"])

    assert page.status_code == 200
    assert {"wallet-cashier", "qr", "sign-in"} <= set(test_ids(page.text))
    assert "Paper lantern" in page.text or "LS-7781" in page.text


async def test_the_consumer_returns_with_the_mac_and_the_payment(sim: Sim, worldline: Merchant) -> None:
    """The same for every outcome; the shop's own query stays."""
    for outcome in ("paid", "declined", "cancelled", "expired"):
        created = await worldline.create()
        redirect = created["merchantAction"]["redirectData"]
        code = redirect["redirectURL"].rpartition("=")[2]
        if outcome == "paid":
            await sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})
        else:
            await sim.http.post(f"/w/{code}/force", data={"outcome": outcome})
        page = (await sim.http.get(redirect["redirectURL"])).text
        expected = f"{RETURN_URL}&RETURNMAC={redirect['RETURNMAC']}&REF={created['payment']['id']}"
        assert attribute(page, "result", "data-outcome") == outcome
        assert attribute(page, "return", "href") == expected


async def test_a_mobile_device_gets_the_phone_page(sim: Sim, worldline: Merchant) -> None:
    path = "redirectPaymentMethodSpecificInput.paymentProduct861SpecificInput.mobileDevice"
    created = await worldline.create(**{path: True})
    agent = {"order.customer.device.userAgent": "Mozilla/5.0 (iPhone) Mobile/15E148"}
    by_agent = await worldline.create(**agent)

    for one in (created, by_agent):
        page = await sim.http.get(one["merchantAction"]["redirectData"]["redirectURL"])
        assert "wallet-phone" in test_ids(page.text)


async def test_alipay_plus_asks_which_wallet_by_currency(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.create(
        **{
            "redirectPaymentMethodSpecificInput.paymentProductId": 866,
            "order.amountOfMoney": {"amount": 2499, "currencyCode": "HKD"},
            "order.customer.billingAddress.countryCode": "HK",
        }
    )
    url = created["merchantAction"]["redirectData"]["redirectURL"]
    assert created["payment"]["statusOutput"]["isCancellable"] is False

    choice = (await sim.http.get(url)).text
    wrong = await sim.http.post(url, data={"wallet": "PAYPAL"})
    chosen = await sim.http.post(url, data={"wallet": "ALIPAY_HK"})
    wallet = (await sim.http.get("http://sim.test" + chosen.headers["location"])).text
    await sim.act("worldline", created["payment"]["id"], "pay")

    assert re.findall(r"wl-wallet-(\w+)", choice)[:2] == ["ALIPAY_HK", "ALIPAY_CN"]
    assert (wrong.status_code, chosen.status_code) == (400, 303)
    assert "wallet-cashier" in test_ids(wallet)
    payment = await worldline.payment(created["payment"]["id"])
    output = payment["paymentOutput"]["redirectPaymentMethodSpecificOutput"]
    assert output["paymentProduct866SpecificOutput"] == {"walletUsed": "ALIPAY_HK"}
    refused = await worldline.post(f"/payments/{created['payment']['id']}/cancel")
    assert refused.status_code == 402


async def test_an_unknown_wallet_link_is_not_found(sim: Sim, worldline: Merchant) -> None:
    for path in ("/mock/alipay/cashier", "/mock/alipay/cashier?token=unknown", "/mock/alipayplus/cashier?token=x"):
        assert (await sim.http.get(path)).status_code == 404


async def test_yen_have_two_implied_decimals_on_the_wire_and_none_on_the_page(sim: Sim, worldline: Merchant) -> None:
    money = {"order.amountOfMoney": {"amount": 10000, "currencyCode": "JPY"}}
    id_ = await worldline.created_id(**money)

    view = await sim.payment("worldline", id_)

    assert view["amount"] == {"value": 100, "currency": "JPY"}
    assert (await worldline.payment(id_))["paymentOutput"]["amountOfMoney"]["amount"] == 10000


# What the pages say, and how they end -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "decides", "text"),
    [
        (1100, "buyer:li-na", "it will be paid"),
        (160160, "amount:160160", "it will be declined"),
        (130130, "amount:130130", "it stays open until it expires"),
        (430330, "amount:430330", "The bank refuses this payment at once"),
    ],
)
async def test_the_page_says_what_will_happen(
    sim: Sim, worldline: Merchant, amount: int, decides: str, text: str
) -> None:
    money = {"order.amountOfMoney": {"amount": amount, "currencyCode": "EUR"}}
    consumer = Consumer(sim, await worldline.checkout(**money))

    page = (await consumer.open()).text

    assert attribute(page, "sim-note", "data-decides") == decides
    assert text in page


async def test_the_buyer_of_the_browser_is_the_one_that_is_predicted(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout())

    page = (await sim.http.get(consumer.url, headers={"cookie": "buyer=chen-jie"})).text

    assert attribute(page, "sim-note", "data-decides") == "buyer:chen-jie"
    assert "it will be declined" in page


@pytest.mark.parametrize("ends", ["confirm", "force", "cancel"])
async def test_without_a_result_page_mycheckout_goes_on_to_the_shop(sim: Sim, worldline: Merchant, ends: str) -> None:
    """A page that was waiting meanwhile, too: 302 with the parameters that the merchant knows."""
    created = await worldline.checkout(**{"hostedCheckoutSpecificInput.showResultPage": False})
    consumer = Consumer(sim, created)
    code = await consumer.pay()
    waiting = await consumer.open()
    fields = {"buyer": "li-na"} if ends == "confirm" else {"outcome": "declined", "reason": "balance"}
    await sim.http.post(f"/w/{code}/{ends}", data=fields)

    answer = await consumer.open()

    assert waiting.status_code == 200 and "data-again" in waiting.text
    query = f"RETURNMAC={created['RETURNMAC']}&hostedCheckoutId={created['hostedCheckoutId']}"
    assert (answer.status_code, answer.headers["location"]) == (302, f"{RETURN_URL}&{query}")


async def test_a_buyer_who_has_closed_the_app_is_named(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout())
    code = await consumer.pay()
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "zhou-ting"})

    page = (await consumer.open()).text

    assert "Zhou Ting closed the app." in page and "wl-continue" in test_ids(page)


async def test_a_result_names_the_state_that_the_merchant_sees(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout())
    code = await consumer.pay()
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "wang-wei"})

    page = (await consumer.open()).text

    assert "<title>Your payment is not successful – MyCheckout [Simulator]</title>" in page
    assert ">REJECTED 120</code>" in page
    assert 'tabindex="-1" autofocus>Your payment is not successful</h1>' in page


@pytest.mark.parametrize("how", ["deleted", "expired"])
async def test_a_checkout_that_is_gone_still_leads_back(sim: Sim, worldline: Merchant, how: str) -> None:
    created = await worldline.checkout()
    consumer = Consumer(sim, created)
    if how == "deleted":
        await worldline.call("DELETE", f"/hostedcheckouts/{created['hostedCheckoutId']}")
    else:
        await sim.advance(hours=2, seconds=1)

    page = await consumer.open()
    pressed = await consumer.act(action="pay", product="861")

    assert page.status_code == 404
    assert "This payment page is no longer open" in page.text and "wl-continue" not in test_ids(page.text)
    assert attribute(page.text, "wl-back", "href").startswith(RETURN_URL)
    assert attribute(page.text, "sim-note", "data-decides") == {"deleted": "api", "expired": "timer"}[how]
    assert pressed.status_code == 303
    assert worldline.events == []


async def test_nothing_offers_to_cancel_where_nobody_waits(sim: Sim, worldline: Merchant) -> None:
    consumer = Consumer(sim, await worldline.checkout(**{"hostedCheckoutSpecificInput.returnUrl": None}))

    page = (await consumer.open()).text

    assert "gave no return address" in page and "hostedCheckoutSpecificInput.returnUrl" in page
    assert "to-console" in test_ids(page)


async def test_the_consumer_cancels_before_they_have_chosen_a_wallet(sim: Sim, worldline: Merchant) -> None:
    product = {"redirectPaymentMethodSpecificInput.paymentProductId": 866}
    created = await worldline.create(**product)
    url = created["merchantAction"]["redirectData"]["redirectURL"]
    page = (await sim.http.get(url)).text

    answer = await sim.http.post(url, data={"action": "cancel"})
    again = await sim.http.post(url, data={"wallet": "ALIPAY_CN"})

    assert {"wl-back", "sim-note", "countdown"} <= set(test_ids(page))
    assert (answer.status_code, again.status_code) == (303, 303)
    ended = (await sim.http.get("http://sim.test" + again.headers["location"])).text
    assert attribute(ended, "result", "data-outcome") == "cancelled"
    assert attribute(ended, "result", "data-decided-by") == "page"
    payment = await worldline.payment(created["payment"]["id"])
    assert (payment["status"], payment["statusOutput"]["statusCode"]) == ("CANCELLED", 99999)
