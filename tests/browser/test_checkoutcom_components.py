"""The stand-in for Checkout.com's web components on a shop's own page: loaded in three ways, paid, declined, cancelled, expired.

The shop is written against the provider's documents and its npm loader; nothing in it knows of a simulator but the address in
its one script tag, and where the page is routed not even that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sdk.languages import official_clients

from browser.elsewhere import Answering, listening
from browser.shop import Shop
from browser.window import Window
from simulator.engine.texts import Texts

Open = Callable[..., Window]

DOCUMENT = (Path(__file__).parent.parent.parent / "docs/providers/checkoutcom.md").read_text("utf-8")
FLOW = DOCUMENT[DOCUMENT.index("## Flow in the browser") : DOCUMENT.index("## Deviations from the live API")]

DEFAULT_KEY = "pk_sbox_defaultaaaaaaaaaaaaaaaaaaaa"
CDN = "https://checkout-web-components.checkout.com/index.js"
OWN = "/checkout-web-components/index.js"
ROOT = "checkout-web-component-root"

CHECKOUT = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Checkout</title>{script}<body data-shop='{options}'><main><h1>Checkout</h1><div id="flow"></div></main>
<script type="module" src="/shop.js"></script>"""

SHOP = """
const { publicKey, session, loader, handles, locale } = JSON.parse(document.body.dataset.shop);
const said = [];
const note = (name) => (component, what) => {
  said.push([name, component.selectedType, what && JSON.parse(JSON.stringify(what))]);
  sessionStorage.setItem("said", JSON.stringify(said));
  document.body.dataset.said = said.map(([name]) => name).join(" ");
};
const forget = () => { said.splice(0); delete document.body.dataset.said; };
const ask = async (path, body) => (await fetch(path, { method: "POST", body: JSON.stringify(body) })).json();
const submit = (component, data) => { note("handleSubmit")(component); return ask("/submit", { id: paymentSession.id, ...data }); };
const names = ["onReady", "onChange", "onSubmit", "onPaymentCompleted", "onError"];
const paymentSession = await ask("/session", session);
const load = loader ? (await import("/loader.js")).loadCheckoutWebComponents : window.CheckoutWebComponents;
const cko = await load({
  publicKey, paymentSession, locale, environment: "sandbox", appearance: { colorAction: "#0000FF", button: { fontWeight: 700 } },
  ...Object.fromEntries(names.map((name) => [name, note(name)])), ...(handles ? { handleSubmit: submit } : {}),
});
const flow = cko.create("flow");
Object.assign(window, { said, note, forget, ask, paymentSession, cko });
if (await flow.isAvailable()) flow.mount("#flow");
Object.assign(window, { component: flow }); // `window.flow` would be the element
document.body.dataset.ready = "";
"""

CHOSEN = "component.selectedType, component.isValid(), component.isPayButtonRequired()"
UNCHOSEN = """
component.unmount();
forget();
window.given = [];
handleSubmit = (component, { session_data }) => { given.push(session_data); };
window.component = cko.create("flow", { handleSubmit }).mount("#flow");
"""
ENDLESS = """
component.unmount();
forget();
handleSubmit = () => new Promise(() => { given.push("again"); });
component = cko.create("flow", { expandFirstPaymentMethod: true, handleSubmit }).mount("#flow");
"""
LOADED_AS_MODULE = """(src) => new Promise((onload) => {
  window.define = (needs, make) => { window.flowjs = make(...needs) };
  window.define.amd = {};
  delete window.CheckoutWebComponents;
  document.head.append(Object.assign(document.createElement("script"), { src, onload }));
})"""
PAYING_AT = """(integration_domain) => {
  component.unmount();
  forget();
  const [head, rest] = paymentSession.payment_session_token.split(":");
  const told = { ...JSON.parse(atob(rest)), integration_domain };
  const other = { ...paymentSession, payment_session_token: `${head}:${btoa(JSON.stringify(told))}` };
  const { publicKey } = JSON.parse(document.body.dataset.shop);
  const onPaymentCompleted = note("onPaymentCompleted");
  window.component = CheckoutWebComponents({ publicKey, paymentSession: other, onPaymentCompleted }).create("flow").mount("#flow");
}"""
WITHOUT_SESSION = """(async () => {
  component.unmount();
  const handleSubmit = (component, data) => { note("handleSubmit")(component); return ask("/complete", data); };
  const cko = flowjs({
    publicKey: "pk", environment: "sandbox", translations: { en: { "pay_button.pay_with": "Go to {PAYMENT_METHOD}" } },
    componentOptions: { amount: 500, currency: "CNY", alipay_hk: { handleSubmit } },
  });
  const one = cko.create("alipay_hk");
  await one.isAvailable();
  one.mount("#flow");
})()"""

ORDER: dict[str, Any] = {
    "amount": 1100,
    "currency": "CNY",
    "reference": "FLOW-1001",
    "billing": {"address": {"country": "CN"}},
}
SESSION = ORDER | {"enabled_payment_methods": ["alipay_cn"]}


class Merchant(Answering):
    """The shop's server. It makes sessions, submits or completes them with its secret key; its page may load nothing from
    anywhere else."""

    simulator: str
    origin: str
    secret_key: str
    page: str
    loader: bytes = b""
    submission: dict[str, Any] = {}
    printed: str = ""

    def do_GET(self) -> None:
        html, script = {"content-type": "text/html; charset=utf-8"}, {"content-type": "text/javascript; charset=utf-8"}
        if self.path == "/shop.js":
            self.answer(200, script, SHOP.encode())
        elif self.path == "/loader.js":
            self.answer(200, script, self.loader)
        elif self.path == "/printed":
            self.answer(200, html, f"<!doctype html><title>Checkout</title>{self.printed}".encode())
        elif self.path == "/checkout":
            there = f"{self.simulator} https://checkout-web-components.checkout.com"
            policy = f"default-src 'none'; script-src 'self' {there}; connect-src 'self' {there}"
            self.answer(200, html | {"content-security-policy": policy}, self.page.encode())
        else:
            self.answer(200, html, b"<!doctype html><title>Shop</title><h1>Back in the shop</h1>")

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])) or "{}")
        urls = {"success_url": f"{self.origin}/ok?order=77", "failure_url": f"{self.origin}/ko?order=77"}
        path, body = "/payment-sessions", SESSION | urls | given
        if self.path == "/submit":
            path, body = f"/payment-sessions/{given.pop('id')}/submit", self.submission | given
        if self.path == "/complete":
            path, body = "/payment-sessions/complete", ORDER | urls | given
        answer = httpx.post(
            self.simulator + path, json=body, headers={"Authorization": f"Bearer {self.secret_key}"}, trust_env=False
        )
        self.answer(answer.status_code, {"content-type": "application/json"}, answer.content)


class Checkout:
    """The shop's checkout in one window."""

    def __init__(self, window: Open, shop: Shop, origin: str, **options: Any) -> None:
        self.shop, self.origin = shop, origin
        self.look = window(friends=(origin, CDN), **options)
        self.page = self.look.page
        self.keys = shop.workspace.credentials["checkoutcom"]
        Merchant.simulator, Merchant.origin, Merchant.secret_key = shop.url, origin, self.keys["secret_key"]
        Merchant.submission = {}

    def open(self, script: str | None, **options: Any) -> Any:
        """Until the component can be used. `script` is the address in the page's script tag."""
        given = {"publicKey": self.keys["public_key"], "session": {}, **options}
        tag = f'<script src="{script}"></script>' if script else ""
        Merchant.page = CHECKOUT.format(script=tag, options=json.dumps(given).replace("'", "&#39;"))
        self.page.goto(f"{self.origin}/checkout")
        self.page.locator("body[data-ready]").wait_for()
        return self.page

    def said(self) -> list[str]:
        """Which callbacks were called, in their order; also of a page that the browser has left."""
        told = self.page.evaluate("JSON.parse(sessionStorage.getItem('said') || '[]')")
        return [name for name, *_ in told]

    def error(self) -> dict[str, Any]:
        self.hears("onError")
        found: dict[str, Any] = self.page.evaluate("said.splice(0).find(([name]) => name === 'onError')[2]")
        return found

    def pick(self, method: str = "alipay_cn") -> None:
        self.page.get_by_test_id(f"flow-method-{method}").check()

    def pay(self) -> None:
        self.pick()
        self.page.get_by_test_id("flow-pay").click()

    def hears(self, callback: str) -> None:
        """Waits for it. (Playwright's own waiting for an expression is an eval, which the page's policy does not allow.)"""
        self.page.locator(f"body[data-said~={callback}]").wait_for()

    def code(self, script: str) -> str:
        """The code of the error that this line of the shop's throws or is rejected with."""
        caught = (
            f"(async () => {{ try {{ {script} }} catch (e) {{ return `${{e.name}} ${{e.type}} ${{e.code}}`; }} }})()"
        )
        found: str = self.page.evaluate(caught)
        return found

    def returned(self, to: str) -> dict[str, str]:
        self.page.wait_for_url(f"{self.origin}/{to}?**")
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def payment(self) -> Any:
        return self.shop.workspace.latest(1, provider="checkoutcom")[0]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with listening(Merchant) as port:
        yield f"http://shop.test:{port}"


@pytest.fixture
def checkout(window: Open, shop: Shop, origin: str) -> Callable[..., Checkout]:
    return lambda **options: Checkout(window, shop, origin, **options)


@pytest.fixture
def loader() -> Path:
    """The npm package, whose module the shop serves as it is."""
    package = official_clients().folder / "node_modules/@checkout.com/checkout-web-components"
    Merchant.loader = (package / "dist/index.module.js").read_bytes()
    return package


def members(typings: str, head: str) -> set[str]:
    _, _, rest = typings.partition(f"\n{head}\n")
    return set(re.findall(r"^    (\w+)[:<(]", rest.partition("\n}\n")[0], re.MULTILINE))


def test_a_shop_that_submits_by_itself_is_paid_and_gets_its_buyer_back(checkout: Callable[..., Checkout]) -> None:
    """By a script tag; the keyboard picks the only method too, under a policy that allows no styles, no eval and no other host."""
    shop = checkout()
    page = shop.open(shop.shop.url + OWN, handles=True)
    Merchant.submission = {"reference": "ORDER-77", "success_url": f"{shop.origin}/ok?order=77&key=wc_1"}

    assert page.locator("#flow > *").get_attribute("data-testid") == ROOT
    assert page.get_by_test_id("sim-ribbon").inner_text() == "SIMULATOR - no real money"
    assert page.get_by_test_id("sim-note").evaluate("note => getComputedStyle(note).borderStyle") == "dashed"
    assert page.get_by_test_id("flow-total").inner_text() == "Total: CNY\u00a011.00"
    assert shop.said() == ["onReady"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.testid") == ROOT
    page.keyboard.press("Space")
    assert shop.said() == ["onReady", "onChange"]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shop.look.press("sign-in")
    shop.look.press("confirm")

    back = shop.returned("ok")
    session = back.pop("cko-payment-session-id")
    assert shop.said() == ["onReady", "onChange", "onSubmit", "handleSubmit"]
    assert (back.pop("order"), back.pop("key")) == ("77", "wc_1")
    assert (back["cko-payment-id"], shop.payment()["phase"]) == (shop.payment()["id"], "processing")
    assert shop.payment()["reference"] == "ORDER-77" and session.startswith("ps_")


def test_the_npm_loader_takes_the_global_and_the_component_pays_by_itself(
    checkout: Callable[..., Checkout], loader: Path
) -> None:
    """The stand-in's tag before the shop's own code is enough, and what the loader gives has the members of its typings. Who is
    declined, or lets the time pass, is sent to `failure_url`."""
    shop = checkout()
    page = shop.open(shop.shop.url + OWN, loader=True)

    assert page.locator("script[src]").evaluate_all("tags => tags.map((tag) => tag.src)") == [
        shop.shop.url + OWN,
        f"{shop.origin}/shop.js",
    ]
    typings = (loader / "dist/index.d.ts").read_text("utf-8")
    assert set(page.evaluate("Object.keys(component)")) == members(typings, "interface Component {")
    assert set(page.evaluate("Object.keys(cko)")) == members(typings, "interface CheckoutWebComponents {")
    shop.pay()
    shop.look.press("more-buyers")
    shop.look.press("buyer-wang-wei")
    shop.look.press("sign-in")
    shop.look.press("confirm")
    back = shop.returned("ko")
    assert back["cko-payment-id"] == shop.payment()["id"] and back["order"] == "77"
    assert shop.payment()["phase"] == "declined"
    assert shop.said() == ["onReady", "onChange", "onSubmit"]

    shop.open(shop.shop.url + OWN, loader=True)
    shop.pay()
    shop.look.see("wallet-cashier")
    shop.shop.workspace.advance("PT16M")
    shop.look.see("result", outcome="expired")

    assert shop.returned("ko")["cko-payment-id"] == shop.payment()["id"]
    assert shop.payment()["phase"] == "expired"


def test_the_real_address_can_be_routed_to_the_script(checkout: Callable[..., Checkout], loader: Path) -> None:
    """As a browser test does it, by the lines of our own document: the shop's page does not change, and asks the host that the
    session names."""
    shop = checkout()
    [lines] = re.findall("^```python\n(.*?)^```$", FLOW, re.MULTILINE | re.DOTALL)
    exec(lines.replace("http://localhost:8080", shop.shop.url), {"page": shop.page})
    page = shop.open(None, loader=True, session={"enabled_payment_methods": ["alipay_cn", "alipay_hk"]})
    shop.page.unroute(CDN)

    assert page.locator("head > script").get_attribute("src") == CDN
    shop.pick("alipay_hk")
    page.get_by_role("button", name="Pay with Alipay HK").click()
    shop.look.press("cancel")

    assert shop.returned("ko")["cko-payment-id"] == shop.payment()["id"]
    assert (shop.payment()["phase"], shop.said()[-2:]) == ("cancelled", ["onChange", "onSubmit"])


def test_the_page_of_our_document_works_as_it_is_printed(checkout: Callable[..., Checkout]) -> None:
    shop = checkout()
    [html] = re.findall("^```html\n(.*?)^```$", FLOW, re.MULTILINE | re.DOTALL)
    Merchant.printed = html.replace("http://localhost:8080", shop.shop.url).replace(
        DEFAULT_KEY, shop.keys["public_key"]
    )

    shop.page.goto(f"{shop.origin}/printed")
    shop.pay()

    shop.look.see("wallet-cashier")
    assert DEFAULT_KEY in html and shop.payment()["phase"] == "waiting"


def test_it_pays_where_the_token_says_and_else_where_it_came_from(checkout: Callable[..., Checkout]) -> None:
    shop = checkout()
    page = shop.open(shop.shop.url + OWN)
    asked = []

    def answer(route: Any) -> None:
        asked.append(route.request)
        route.fulfill(json={"id": "pay_1", "status": "Approved", "type": "alipay_cn"})

    page.route(f"{shop.origin}/payment-sessions/*/pay", answer)
    page.evaluate(PAYING_AT, shop.origin.removeprefix("http://"))
    shop.pay()
    shop.hears("onPaymentCompleted")

    [request] = asked
    assert request.headers["authorization"] == f"Bearer {shop.keys['public_key']}"
    assert request.post_data_json == {
        "session_data": "sd_eyJ0eXBlIjoiYWxpcGF5X2NuIn0",
        "payment_session_secret": page.evaluate("paymentSession.payment_session_secret"),
    }
    page.evaluate(PAYING_AT)
    shop.pay()
    shop.look.see("wallet-cashier")
    assert (len(asked), shop.payment()["phase"]) == (1, "waiting")


def test_what_goes_wrong_is_told_as_documented(checkout: Callable[..., Checkout]) -> None:
    shop = checkout()
    page = shop.open(shop.shop.url + OWN)
    page.evaluate("pay = (paymentSession) => CheckoutWebComponents({publicKey: 'pk', paymentSession}); forget()")
    CODES = {
        "component.mount('#flow')": "Integration component_already_mounted",
        "component.unmount(); component.mount('#nowhere')": "Integration element_not_found",
        "cko.create('alipay_cn').mount('#flow')": "Integration component_is_available_not_checked",
        "cko.create('card')": "Integration component_not_supported",
        "cko.create('alipay_hk')": "Integration component_not_supported",
        "await component.tokenize()": "Integration method_not_supported",
        "cko.create('alipay_cn').unselect()": "Integration method_not_supported",
        "CheckoutWebComponents({paymentSession})": "Integration public_key_required",
        "CheckoutWebComponents({publicKey: 'pk'})": "Integration payment_session_required",
        "pay({id: paymentSession.id})": "Integration payment_session_invalid",
        "pay({...paymentSession, id: 'ps_other'})": "Integration payment_session_invalid",
        "await cko.update({amount: -1, colour: 1})": "Validation update_parameters_invalid",
        "await cko.update()": "Validation update_parameters_invalid",
    }
    told = {script: shop.code(script) for script in CODES}
    assert told == {script: f"CheckoutError {code}" for script, code in CODES.items()}
    assert page.evaluate("said.length") == 0  # thrown, and told to nobody
    page.evaluate("component.mount('#flow').submit()")
    assert shop.error()["code"] == "component_invalid"
    page.evaluate("component.unmount()")
    assert page.evaluate("cko.update({amount: '1', colour: 1}).catch((e) => e.details.validationErrors)") == {
        "amount": "invalid amount",
        "colour": "not supported field",
    }

    def submitted(how: str) -> dict[str, Any]:
        """What onError is told when a component with this `handleSubmit` (or none) is submitted."""
        page.evaluate("forget(); window.one && one.unmount()")
        page.evaluate(
            f"window.one = cko.create('alipay_cn', {{{how}}}); one.isAvailable().then(() => one.mount('#flow').submit())"
        )
        return shop.error()

    def handled(answer: str) -> dict[str, Any]:
        return submitted(f"showPayButton: false, handleSubmit: async () => ({answer})")

    shop.shop.workspace.arm(rules=[{"when": {"operation": "pay"}, "provider": {"decline": "not_enough_funds"}}])
    declined = submitted("showPayButton: false")
    assert (declined["type"], declined["code"]) == ("Request", "payment_request_declined")
    assert declined["details"]["requestErrorCodes"] == ["not_enough_funds"]
    assert (declined["details"]["paymentId"], shop.payment()["phase"]) == (shop.payment()["id"], "declined")
    assert declined["details"]["type"] == "alipay_cn" and "onSubmit" in shop.said()
    assert declined["details"]["paymentSessionId"].startswith("ps_") and declined["details"]["browserSessionId"]
    assert page.get_by_role("alert").inner_text() == "Declined: there is not enough money."
    assert page.get_by_test_id("flow-pay").is_hidden()
    again = handled("{id: 'pay_1', status: 'Declined', type: 'alipay_cn', decline_reason: 'try_again'}")
    assert (again["details"]["paymentId"], again["details"]["requestErrorCodes"]) == ("pay_1", ["try_again"])
    assert handled("undefined")["code"] == "payment_request_aborted"
    assert handled("{id: 'pay_1'}")["code"] == "callback_result_invalid"
    assert page.get_by_role("alert").inner_text() == "The payment did not work. Try again."
    assert handled("missing.name")["code"] == "callback_invocation_failed"
    refused = handled("{request_id: 'r', error_type: 'request_invalid', error_codes: ['amount_invalid']}")
    assert (refused["code"], refused["details"]["requestErrorCodes"]) == ("payment_request_failed", ["amount_invalid"])
    assert submitted("onSubmit: () => missing.name, handleSubmit: () => {}")["code"] == "callback_invocation_failed"
    page.evaluate("one.unmount(); forget(); one.submit()")
    assert shop.error()["code"] == "component_invalid"

    completed = "{id: 'pay_2', status: 'Approved', type: 'alipay_cn', more: 1}"
    page.evaluate(
        "forget(); window.one = cko.create('alipay_cn', {handleSubmit: async () => (" + completed + ")});"
        "one.isAvailable().then(() => one.mount(document.querySelector('#flow')).submit())"
    )
    shop.hears("onPaymentCompleted")
    assert page.evaluate("said.at(-1)[2]") == {"id": "pay_2", "status": "Approved", "type": "alipay_cn"}

    page.evaluate(
        "(async () => { one.unmount(); const paymentSession = await ask('/session', {enabled_payment_methods: ['card']});"
        "window.one = CheckoutWebComponents({publicKey: 'pk', paymentSession}).create('flow').mount('#flow') })()"
    )
    assert page.get_by_test_id("sim-note").inner_text() == "No wallet is offered."

    page.evaluate(
        "one.unmount(); forget(); other = {publicKey: 'pk_sbox_of_nobody', paymentSession, onError: note('onError')};"
        "window.one = CheckoutWebComponents(other).create('flow').mount('#flow')"
    )
    shop.pay()
    unknown = shop.error()
    assert (unknown["code"], unknown["details"]["status"]) == ("payment_request_failed", 401)
    assert unknown["details"]["requestErrorCodes"] == []
    shop.shop.workspace.advance("PT2H")
    expired = submitted("")
    assert (expired["code"], expired["details"]["status"]) == ("payment_request_failed", 422)
    assert expired["details"]["requestErrorCodes"] == ["payment_session_expired"] and expired["details"]["requestId"]
    assert page.get_by_role("alert").inner_text() == "The time to pay is over."


@pytest.mark.parametrize(("locale", "pay"), [("en-GB", "Pay with Alipay CN"), ("zh-CN", "用支付宝付款")])
def test_the_component_can_be_read_by_everybody(
    checkout: Callable[..., Checkout], axe: str, locale: str, pay: str
) -> None:
    """At 320 pixels, with two methods, and on a phone. Who comes back by the browser's button pays again."""
    shop = checkout(size="narrow", axe=axe, phone=True)
    session = {"enabled_payment_methods": ["alipay_cn", "alipay_hk"], "locale": locale}
    page = shop.open(shop.shop.url + OWN, session=session)
    page.evaluate(UNCHOSEN)

    assert page.get_by_test_id("sim-ribbon").inner_text() == Texts(locale[:2])("ribbon")
    assert page.evaluate(f"[component.type, component.selectedPaymentMethodId, {CHOSEN}]") == [
        "flow", None, "flow", False, False,
    ]  # fmt: skip
    assert page.get_by_role("button").count() == 0
    page.get_by_role("radio").first.check()
    assert page.evaluate(f"[{CHOSEN}]") == ["alipay_cn", True, True]
    page.evaluate("cko.update({amount: 12, currency: 'JPY'})")
    assert page.get_by_test_id("flow-total").inner_text().endswith("JPY\u00a012")
    page.get_by_role("button", name=pay).click()
    assert shop.error()["code"] == "payment_request_aborted"
    assert page.evaluate("given[0]") == "sd_eyJ0eXBlIjoiYWxpcGF5X2NuIn0"
    assert shop.look.findings("light") == []
    assert not shop.look.scrolls_sideways()
    page.evaluate("forget(); component.unselect(); component.submit()")
    assert shop.said()[-1] == "onChange"
    assert (page.get_by_role("button").count(), page.evaluate("given.length")) == (0, 1)
    page.evaluate(ENDLESS)
    assert page.evaluate("component.selectedType") == "alipay_cn"  # as the shop wants it
    pressed = page.get_by_test_id("flow-pay")
    pressed.click()
    assert "onChange" not in page.evaluate("said.map(([name]) => name)")
    pressed.evaluate("button => { button.click(); component.submit(); }")
    assert (pressed.get_attribute("aria-disabled"), page.evaluate("given.length")) == ("true", 2)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.get_by_role("button", name=pay, disabled=False).count() == 1


def test_it_is_an_amd_module_and_works_without_a_session(checkout: Callable[..., Checkout]) -> None:
    """The factory is the module's value, as Magento takes it; without a session the shop's server makes one as it pays."""
    shop = checkout()
    page = shop.open(shop.shop.url + OWN)
    page.evaluate(LOADED_AS_MODULE, shop.shop.url + OWN)
    assert page.evaluate("flowjs === CheckoutWebComponents")

    page.evaluate(WITHOUT_SESSION)
    page.get_by_role("button", name="Go to Alipay HK").click()
    shop.look.press("cancel")

    assert shop.returned("ko")["cko-payment-session-id"].startswith("ps_")
    assert (shop.payment()["phase"], shop.said()[-1]) == ("cancelled", "handleSubmit")
