"""A shop's unchanged code, with the provider's own hosts in it, reaches `serve --tls` because `/etc/hosts` leads there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("trustme", reason="the extra tls is not installed")
from sdk import real_hosts
from sdk.languages import Node

HOSTS = [
    "qfgqyjz7.api.sandbox.checkout.com",
    "qfgqyjz7.access.sandbox.checkout.com",
    "balances.sandbox.checkout.com",
]

PYTHON = """
import json, warnings
warnings.simplefilter("ignore")  # the client's own, of its module for risk
from checkout_sdk.balances.balances import BalancesQuery
from checkout_sdk.checkout_sdk import CheckoutSdk
from checkout_sdk.common.enums import Currency
from checkout_sdk.oauth_scopes import OAuthScopes
from checkout_sdk.payments.payment_apm import RequestAlipayPlusSource
from checkout_sdk.payments.payments import OsType, PaymentRequest, PaymentType, ProcessingSettings, TerminalType

shop = (
    CheckoutSdk.builder().oauth()
    .client_credentials("ack_defaultaaaaaaaaaaaaaaaaaaa", "default-client-secret")
    .scopes([OAuthScopes.GATEWAY, OAuthScopes.BALANCES])
    .environment_subdomain("qfgqyjz7")
    .build()
)
order = PaymentRequest()
order.source = RequestAlipayPlusSource.request_alipay_plus_cn_source()
order.amount, order.currency = 1100, Currency.EUR
order.reference, order.payment_type, order.capture = "ORD-5023-4E89", PaymentType.REGULAR, True
order.processing = ProcessingSettings()
order.processing.terminal_type, order.processing.os_type = TerminalType.APP, OsType.IOS
order.success_url = order.failure_url = "https://example.com/back"
order.processing_channel_id = "pc_defaultaaaaaaaaaaaaaaaaaaa"
made = shop.payments.request_payment(order)
query = BalancesQuery()
balances = shop.balances.retrieve_entity_balances("ent_defaultaaaaaaaaaaaaaaaaaaa", query)
print(json.dumps({
    "status": shop.payments.get_payment_details(made.id).status,
    "page": made._links.redirect.href,
    "balances": balances.http_metadata.status_code,
}))
"""


NODE = """
import { Checkout } from "checkout-sdk-node";
const shop = new Checkout("default-client-secret", {
    client: "ack_defaultaaaaaaaaaaaaaaaaaaa", scope: ["gateway", "balances"], environment: "sandbox", subdomain: "qfgqyjz7",
});
const made = await shop.payments.request({
    amount: 1100, currency: "EUR", reference: "ORD-5023-4E89", source: {type: "alipay_cn"}, payment_type: "Regular",
    processing: {terminal_type: "APP", os_type: "IOS"}, success_url: "https://example.com/b", failure_url: "https://example.com/b",
    processing_channel_id: "pc_defaultaaaaaaaaaaaaaaaaaaa",
});
const read = await shop.payments.get(made.id);
const balances = await shop.balances.retrieve("ent_defaultaaaaaaaaaaaaaaaaaaa", "EUR");
console.log(JSON.stringify({status: read.status, page: made.redirectLink, balances: Array.isArray(balances.data) ? 200 : 0}));
"""


@pytest.mark.slow
def test_the_python_client_with_its_built_in_hosts_takes_a_payment(tmp_path: Path) -> None:
    pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")

    told = real_hosts.run(tmp_path, HOSTS, [sys.executable, "-c", PYTHON])

    assert told["page"].startswith("https://qfgqyjz7.api.sandbox.checkout.com/")
    assert (told["status"], told["balances"]) == ("Pending", 200)


@pytest.mark.slow
def test_the_node_client_with_its_built_in_hosts_takes_a_payment(tmp_path: Path, node: Node) -> None:
    """Its secret and its balances too, which its `host` alone would have let go to the live hosts."""
    told = real_hosts.run(tmp_path, HOSTS, ["node", "--input-type=module", "--eval", NODE], node.folder)

    assert told["page"].startswith("https://qfgqyjz7.api.sandbox.checkout.com/")
    assert (told["status"], told["balances"]) == ("Pending", 200)


BROWSER = """
import http.server, json, pathlib, shutil, sys, threading, urllib.request
from playwright.sync_api import sync_playwright

API, CDN = "https://api.sandbox.checkout.com", "https://checkout-web-components.checkout.com/index.js"
PAGE = '''<!doctype html><title>Shop</title><div id="flow"></div><script type="module">
import { loadCheckoutWebComponents } from "/loader.js";
const paymentSession = await (await fetch("/session")).json();
const cko = await loadCheckoutWebComponents({
  publicKey: "pk_sbox_defaultaaaaaaaaaaaaaaaaaaaa", environment: "sandbox", paymentSession,
});
cko.create("flow").mount("#flow");
</script>'''

def session(origin):
    body = {"amount": 1100, "currency": "CNY", "billing": {"address": {"country": "CN"}}}
    body |= {"success_url": f"{origin}/ok", "failure_url": f"{origin}/ko"}
    headers = {"Authorization": "Bearer sk_sbox_defaultaaaaaaaaaaaaaaaaaaaa", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{API}/payment-sessions", json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request).read()

class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        own = {"/": PAGE.encode, "/loader.js": LOADER.read_bytes, "/session": lambda: session(f"http://{self.headers['host']}")}
        body = own.get(self.path, lambda: b"<title>Back</title>")()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

LOADER = pathlib.Path(sys.argv[1])
urllib.request.urlopen(CDN).read()  # with a certificate of that name, by the authority that this program trusts
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
threading.Thread(target=server.serve_forever, daemon=True).start()
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[2], args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page(ignore_https_errors=True)  # a browser has a store of authorities of its own
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    script = page.locator("head > script[src]").get_attribute("src")
    page.get_by_test_id("flow-method-alipay_cn").check()
    page.get_by_test_id("flow-pay").click()
    page.get_by_test_id("sign-in").click()
    wallet = page.url
    page.get_by_test_id("confirm").click()
    page.wait_for_url("**/ok?*")
    browser.close()
print(json.dumps({"script": script, "wallet": wallet, "back": page.url}))
"""


@pytest.mark.slow
def test_the_npm_loader_and_the_component_with_their_built_in_hosts_take_a_payment(tmp_path: Path, node: Node) -> None:
    """The loader's address of the script and the API's, both led here: nothing of the shop's page is changed."""
    pytest.importorskip("playwright", reason="Playwright for Python is not installed")
    program = next((found for name in ("chromium-headless-shell", "chromium") if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    loader = node.folder / "node_modules/@checkout.com/checkout-web-components/dist/index.module.js"
    script = "https://checkout-web-components.checkout.com/index.js"

    told = real_hosts.run(
        tmp_path,
        ["api.sandbox.checkout.com", "checkout-web-components.checkout.com"],
        [sys.executable, "-c", BROWSER, str(loader), program],
    )

    assert told["script"] == script
    assert told["wallet"].startswith("https://api.sandbox.checkout.com/")
    assert "cko-payment-session-id=ps_" in told["back"]
