"""The hosted checkout page and the wallet's links, walked as a browser without a script would."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_APP, Merchant, event_names

PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148"}
SHOP = {"success_url": "https://shop.example/thanks?o=7", "cancel_url": "https://shop.example/basket"}


class Browser:
    """A shopper: presses buttons by their test ids and follows redirects by hand."""

    def __init__(self, sim: Sim, headers: dict[str, str] | None = None) -> None:
        self.sim = sim
        self.headers = headers or {}
        self.page = ""
        self.url = ""

    async def open(self, url: str) -> int:
        answer = await self.sim.http.get(url, headers=self.headers)
        self.url, self.page = url, answer.text
        return answer.status_code

    async def press(self, button: str, **fields: Any) -> str:
        """Where the form of that button leads."""
        tag = next(tag for tag in re.findall(r"<button[^>]*>", self.page) if f'data-testid="{button}"' in tag)
        form = re.search(r'form="([^"]+)"', tag)
        forms = re.findall(r"<form[^>]*>.*?</form>", self.page, re.S)
        own = next(f for f in forms if (form and f'id="{form[1]}"' in f.split(">")[0]) or tag in f)
        action = html.unescape(re.search(r'action="([^"]+)"', own)[1])  # type: ignore[index]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', own))
        answer = await self.sim.http.post(action, data=hidden | fields, headers=self.headers)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def shows(self, testid: str) -> bool:
        return f'data-testid="{testid}"' in self.page

    def link(self, testid: str) -> str:
        tag = next(tag for tag in re.findall(r"<a [^>]*>", self.page) if f'data-testid="{testid}"' in tag)
        return html.unescape(re.search(r'href="([^"]*)"', tag)[1])  # type: ignore[index]

    @property
    def state(self) -> str:
        return re.search(r'data-testid="wooshpay-session" data-state="([^"]*)"', self.page)[1]  # type: ignore[index]


@pytest.fixture
def desktop(sim: Sim) -> Browser:
    return Browser(sim)


@pytest.fixture
def phone(sim: Sim) -> Browser:
    return Browser(sim, PHONE)


async def test_a_desktop_shopper_pays_and_is_sent_to_the_success_url(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])
    assert (desktop.state, desktop.shows("wp-qr")) == ("open", True)
    assert '<bdi>taiwan fengli</bdi> <span class="quiet">× 1</span>' in desktop.page
    assert re.search(r"Session open until <time [^>]*>tomorrow, \d\d:\d\d</time>", desktop.page)
    assert "¥\u00a01,000.00" in desktop.page

    wallet = await desktop.press("wp-pay", method="alipay")
    assert await desktop.open(wallet) == 200
    assert desktop.shows("wallet-cashier")
    code = (await sim.payment("wooshpay", session["payment_intent"]))["wallet"]["code"]
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na", "method": "balance"})
    await desktop.open(wallet)

    assert urlsplit(wallet).path == "/api/open/v1/ac/cashier/self/codevalue/checkout.htm"
    assert desktop.link("return") == "https://shop.example/thanks?o=7"
    await desktop.open(session["url"])
    assert (desktop.state, desktop.link("return")) == ("complete", "https://shop.example/thanks?o=7")
    assert 'data-outcome="paid"' in desktop.page


async def test_a_phone_gets_a_button_that_opens_the_app_instead_of_a_code(
    sim: Sim, wooshpay: Merchant, phone: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await phone.open(session["url"])
    assert not phone.shows("wp-qr")

    wallet = await phone.press("wp-pay", method="alipay")
    await phone.open(wallet)

    assert urlsplit(wallet).path == "/p/s/i/"
    assert parse_qs(urlsplit(wallet).query)["scheme"][0].startswith("alipays://platformapi/startApp?")
    assert phone.shows("wallet-phone")
    intent = await wooshpay.intent(session["payment_intent"])
    assert intent["payment_method_options"] == {"alipay": {"terminal_type": "APP"}}


async def test_the_back_link_leads_to_the_shop_and_leaves_the_session_open(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    """The seed's `www.baidu.com` has no scheme and must still work as a link."""
    session = await wooshpay.session()

    await desktop.open(session["url"])

    assert session["cancel_url"] == "www.baidu.com"
    assert desktop.link("wp-back") == "https://www.baidu.com"
    assert (await wooshpay.read(f"checkout/sessions/{session['id']}"))["status"] == "open"


async def test_a_declined_payment_leads_back_to_the_page_for_another_try(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])
    wallet = await desktop.press("wp-pay")
    code = (await sim.payment("wooshpay", session["payment_intent"]))["wallet"]["code"]

    await sim.http.post(f"/w/{code}/force", data={"outcome": "declined", "reason": "balance"})
    await desktop.open(wallet)
    back = desktop.link("return")
    await desktop.open(back)
    decided = (await sim.payment("wooshpay", session["payment_intent"]))["decided_by"]
    again = await desktop.press("wp-pay")

    assert decided == "page"
    assert "The last try did not go through. Decided on the page." in desktop.page
    assert back == session["url"]
    assert (desktop.state, desktop.shows("wp-retry")) == ("open", True)
    assert again != wallet
    assert await wooshpay.status(session["payment_intent"]) == "requires_action"


async def test_a_cancelled_payment_leads_to_the_cancel_url(sim: Sim, wooshpay: Merchant, desktop: Browser) -> None:
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])
    wallet = await desktop.press("wp-pay")
    code = (await sim.payment("wooshpay", session["payment_intent"]))["wallet"]["code"]

    await sim.http.post(f"/w/{code}/cancel")
    await desktop.open(wallet)

    assert desktop.link("return") == "https://shop.example/basket"
    assert (await wooshpay.read(f"checkout/sessions/{session['id']}"))["status"] == "open"


async def test_an_expired_session_has_an_end_page_and_cannot_be_paid(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])
    await sim.advance(hours=24)
    heard = len(sim.hooks)

    where = await desktop.press("wp-pay")
    await sim.settle()
    await desktop.open(session["url"])

    assert where == session["url"].removeprefix("http://sim.test")
    assert (desktop.state, desktop.shows("wp-pay")) == ("expired", False)
    assert desktop.link("return") == "https://shop.example/basket"
    assert len(sim.hooks) == heard
    assert "Decided by the clock" in desktop.page
    assert (await sim.payment("wooshpay", session["payment_intent"]))["decided_by"] == "timer"


async def test_the_clock_ends_a_session_whatever_the_buyer_decided_before(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await desktop.open(session["url"])
    await desktop.press("wp-pay")
    code = (await sim.payment("wooshpay", session["payment_intent"]))["wallet"]["code"]
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "wang-wei"})
    first = (await sim.payment("wooshpay", session["payment_intent"]))["decided_by"]

    await sim.advance(hours=24)
    await desktop.open(session["url"])
    last = await sim.payment("wooshpay", session["payment_intent"])

    assert first == "buyer:wang-wei"
    assert (last["phase"], last["decided_by"]) == ("expired", "timer")
    assert desktop.state == "expired" and 'data-decided-by="timer"' in desktop.page


async def test_looking_at_the_page_changes_nothing(sim: Sim, wooshpay: Merchant, desktop: Browser) -> None:
    session = await wooshpay.session()
    await sim.settle()

    for _ in range(3):
        await desktop.open(session["url"])
    await sim.settle()

    assert event_names(sim) == ["payment_intent.created"]
    assert await wooshpay.status(session["payment_intent"]) == "requires_payment_method"


async def test_pressing_twice_opens_one_order(sim: Sim, wooshpay: Merchant, desktop: Browser) -> None:
    session = await wooshpay.session()
    await desktop.open(session["url"])

    first, second = await desktop.press("wp-pay"), await desktop.press("wp-pay")
    await sim.settle()

    assert first == second
    assert event_names(sim).count("payment_intent.requires_action") == 1


async def test_the_code_leads_a_phone_to_the_session_and_then_to_the_order(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    """The picture is decoded by another library."""
    decode = pytest.importorskip("pyzbar.pyzbar", reason="pyzbar decodes the picture").decode
    import io

    from PIL import Image

    async def decoded() -> str:
        src = html.unescape(re.search(r'<img src="([^"]+qr.png[^"]*)"', desktop.page)[1])  # type: ignore[index]
        answer = await sim.http.get(src)
        return str(decode(Image.open(io.BytesIO(answer.content)))[0].data.decode())

    session = await wooshpay.session()
    await desktop.open(session["url"])
    before = await decoded()
    await desktop.press("wp-pay")
    await desktop.open(session["url"])
    after = await decoded()

    assert before == session["url"].partition("?")[0] + "?scanned=1", (
        "without the key, which would make the symbol larger"
    )
    assert (await sim.http.get(before)).status_code == 200
    code = (await sim.payment("wooshpay", session["payment_intent"]))["wallet"]["code"]
    assert after == f"http://sim.test/w/{code}"


async def test_money_on_its_way_is_shown_as_such(sim: Sim, wooshpay: Merchant, desktop: Browser) -> None:
    data = {"currency": "CNY", "unit_amount": 304, "product_data": {"name": "tea"}}
    session = await wooshpay.session(line_items=[{"price_data": data, "quantity": 1}])
    await sim.act("wooshpay", session["payment_intent"], "pay")

    await desktop.open(session["url"])

    assert (desktop.shows("wp-processing"), desktop.shows("wp-pay")) == (True, False)


async def test_the_page_says_what_will_happen_before_it_is_pressed(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session()
    await desktop.open(session["url"])
    plain = re.search(r'data-decides="([^"]*)"', desktop.page)
    await sim.arm([{"wallet": {"decline": "balance"}}])

    await desktop.open(session["url"])

    assert plain is not None and plain[1] == "buyer:li-na"
    assert 'data-decides="scenario:adhoc"' in desktop.page
    assert "it will be declined" in desktop.page


async def test_the_page_speaks_chinese_too(sim: Sim, wooshpay: Merchant, desktop: Browser) -> None:
    session = await wooshpay.session()

    await desktop.open(session["url"] + "&lang=zh")

    assert "在此浏览器付款" in desktop.page


async def test_a_session_of_one_account_is_not_shown_under_anothers_key(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session()
    other = Sim.beside(sim)
    await other.__aenter__()
    key = other.credentials("wooshpay")["publishable_key"]

    status = await desktop.open(session["url"].partition("?")[0] + f"?key={key}")
    without = await desktop.open(session["url"].partition("?")[0])

    assert (status, without) == (404, 200)


async def test_a_form_of_another_site_does_nothing(sim: Sim, wooshpay: Merchant) -> None:
    session = await wooshpay.session()

    answer = await sim.http.post(session["url"], data={}, headers={"origin": "https://evil.example"})

    assert answer.status_code == 403
    assert await wooshpay.status(session["payment_intent"]) == "requires_payment_method"


# The wallet's own links ----------------------------------------------------------------------------------------


def link_of(intent: dict[str, Any]) -> str:
    return str(intent["next_action"]["alipay_handle_redirect"]["url"])


async def test_the_web_link_shows_the_cashier_and_the_app_link_the_phone_page(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    await desktop.open(link_of(await wooshpay.pay_link()))
    web = desktop.shows("wallet-cashier")

    await desktop.open(link_of(await wooshpay.made("payment_intents", SEED_APP)))

    assert web
    assert desktop.shows("wallet-phone")


@pytest.mark.parametrize(
    ("act", "status"), [("pay", "succeeded"), ("decline", "failed"), ("cancel", "failed"), ("expire", "failed")]
)
async def test_a_direct_payment_returns_with_stripes_three_parameters(
    sim: Sim, wooshpay: Merchant, desktop: Browser, act: str, status: str
) -> None:
    intent = await wooshpay.pay_link(return_url="https://shop.example/back?cart=7#top")

    await sim.act("wooshpay", intent["id"], act)
    await desktop.open(link_of(intent))

    target = urlsplit(desktop.link("return"))
    assert (target.netloc, target.path, target.fragment) == ("shop.example", "/back", "top")
    assert parse_qs(target.query) == {
        "cart": ["7"],
        "payment_intent": [intent["id"]],
        "payment_intent_client_secret": [intent["client_secret"]],
        "redirect_status": [status],
    }


async def test_money_on_its_way_returns_as_pending(sim: Sim, wooshpay: Merchant, desktop: Browser) -> None:
    intent = await wooshpay.pay_link(amount=304)

    await sim.act("wooshpay", intent["id"], "pay")
    await desktop.open(link_of(intent))

    assert parse_qs(urlsplit(desktop.link("return")).query)["redirect_status"] == ["pending"]


@pytest.mark.parametrize("how", ["paid", "canceled"])
async def test_the_link_of_a_decided_intent_shows_its_end_and_changes_nothing(
    sim: Sim, wooshpay: Merchant, desktop: Browser, how: str
) -> None:
    intent = await wooshpay.pay_link()
    if how == "paid":
        await sim.act("wooshpay", intent["id"], "pay")
    else:
        await wooshpay.made(f"payment_intents/{intent['id']}/cancel")
    await sim.settle()
    code, heard = (await sim.payment("wooshpay", intent["id"]))["wallet"]["code"], len(sim.hooks)
    before = await wooshpay.intent(intent["id"])

    await desktop.open(link_of(intent))
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "li-na"})
    await sim.settle()

    assert desktop.shows("wallet-result")
    assert await wooshpay.intent(intent["id"]) == before
    assert len(sim.hooks) == heard


UNKNOWN = [
    "/pay/cs_1",
    "/pay/cs_test_1?key=pk_test_nobody",
    "/pay/nonsense",
    "/pay/cs_1/qr.png",
    "/api/open/v1/ac/cashier/self/codevalue/checkout.htm",
    "/api/open/v1/ac/cashier/self/codevalue/checkout.htm?codeValue=28166604009x",
    "/p/s/i/",
    "/p/s/i/?scheme=alipays%3A%2F%2Fx%3Fqrcode%3D1",
    "/v1/3ds/index.html?dataId=pi_1&clientSecret=x",
]


async def test_a_paid_page_returns_by_itself_unless_it_is_told_to_stay(
    sim: Sim, wooshpay: Merchant, desktop: Browser
) -> None:
    session = await wooshpay.session(**SHOP)
    await sim.act("wooshpay", session["payment_intent"], "pay")

    await desktop.open(session["url"])
    returns = 'data-return-in="5"' in desktop.page
    await desktop.open(desktop.link("stay"))

    assert (returns, "data-return-in" in desktop.page) == (True, False)


async def test_an_unknown_session_or_code_is_a_page_that_says_so(sim: Sim) -> None:
    for path in UNKNOWN:
        answer = await sim.http.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"].startswith("text/html")


# Saved methods -------------------------------------------------------------------------------------------------


async def test_a_shopper_who_agreed_is_charged_later_without_being_asked(sim: Sim, wooshpay: Merchant) -> None:
    """Created with a customer and `off_session`, the method stays with the customer once the shopper has paid."""
    customer = (await wooshpay.made("customers", {"email": "a@shop.example"}))["id"]
    first = await wooshpay.paid(amount=500, customer=customer, setup_future_usage="off_session")
    [method] = (await wooshpay.read(f"customers/{customer}/payment_methods"))["data"]
    await sim.settle()
    heard = len(sim.hooks)

    later = await wooshpay.made(
        "payment_intents",
        {
            "amount": 700,
            "currency": "CNY",
            "customer": customer,
            "payment_method": method["id"],
            "payment_method_types": ["alipay"],
            "confirm": True,
        },
    )
    await sim.settle()

    assert first["payment_method"] == method["id"]
    assert (later["status"], later["amount_received"], "next_action" in later) == ("succeeded", 700, False)
    assert event_names(sim)[heard:] == ["payment_intent.created", "payment_intent.succeeded"]
