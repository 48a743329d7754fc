"""`/shared/merchant.js` on a merchant's own page, in a real browser: modal, iframe, a click, and what the page tells back."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from providers.ecommpay.driver import PAGE, sign
from sdk.conftest import World

from simulator.surface.launch import Launched, launched

EVENTS = (
    "onLoaded", "onPaymentMethodSelect", "onPaymentSent", "onRedirectIframe", "onPaymentSubmitResult",
    "onRedirectIframeComplete", "onPaymentSuccess", "onPaymentFail", "onDestroy", "onExit",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Launched]:
    with launched() as running:
        yield running


class Shop(http.server.BaseHTTPRequestHandler):
    """The merchant's site, on an origin of its own: one page with the library."""

    pages: dict[str, str] = {}

    def do_GET(self) -> None:
        body = self.pages.get(self.path, "<title>shop</title><h1>back in the shop</h1>").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://shop.test:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def world(server: Launched) -> World:
    return World(server.url)


def open_shop(chromium: Any, shop: str, world: World, how: str, **parameters: str) -> Any:
    """A page of the shop that has loaded the library and opens Payment Page."""
    own = world.credentials("ecommpay")
    given = {"project_id": own["project_id"], **PAGE, "language_code": "en", **parameters}
    signed = {name: str(value) for name, value in given.items()}
    config = {**signed, "signature": sign(own["secret_key"], signed)}
    handlers = ",".join(f"{name}: (data) => said.push(['{name}', data])" for name in EVENTS)
    Shop.pages["/cart"] = (
        f'<link rel="stylesheet" href="{world.url}/shared/merchant.css">'
        f'<script src="{world.url}/shared/merchant.js"></script>'
        '<button id="buy">Buy</button><div id="here"></div>'
        f"<script>var said = []; var config = Object.assign({json.dumps(config)}, {{{handlers}}}); {how}</script>"
    )
    page = chromium.new_page()
    page.goto(f"{shop}/cart")
    return page


def told(page: Any) -> list[str]:
    names: list[str] = page.evaluate("said.map((entry) => entry[0])")
    return names


def pay(page: Any, button: str = "ecp-success") -> None:
    """By keys: while the frame is still growing to its page's size, a button may slip away under the mouse. Each page of the frame
    has told that it is there before its button is pressed: on a busy machine the button is there earlier than its script."""
    frame = page.frame_locator("iframe.epay-frame")
    for event, test_id in (("onLoaded", "ecp-continue"), ("onPaymentMethodSelect", "ecp-pay")):
        page.wait_for_function("(event) => said.some((entry) => entry[0] === event)", arg=event)
        frame.get_by_test_id(test_id).press("Enter")
    frame.get_by_test_id("ecp-last-name").fill("Zhou")
    frame.get_by_test_id(button).press("Enter")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_buyer_pays_in_a_modal(chromium: Any, shop: str, world: World, method: str) -> None:
    page = open_shop(chromium, shop, world, f"EPayWidget.run(config, '{method}');")

    pay(page)
    page.frame_locator("iframe.epay-frame").get_by_test_id("ecp-result").wait_for()
    page.wait_for_function("() => said.some((entry) => entry[0] === 'onPaymentSuccess')")
    page.locator(".epay-modal-close").click()

    names = told(page)
    assert names[0] == "onLoaded" and names[-1] == "onExit"
    for name in ("onPaymentMethodSelect", "onPaymentSent", "onRedirectIframe", "onPaymentSubmitResult"):
        assert name in names
    result = page.evaluate("said.find((entry) => entry[0] === 'onPaymentSuccess')[1]")
    assert result["general"]["signature"] == sign(world.credentials("ecommpay")["secret_key"], result)
    assert page.locator(".epay-modal").count() == 0
    page.close()


def test_a_buyer_pays_in_an_iframe_of_the_shop(chromium: Any, shop: str, world: World) -> None:
    page = open_shop(chromium, shop, world, "EPayWidget.run(config);", target_element="here")

    assert page.locator("#here iframe.epay-frame").count() == 1
    pay(page, "ecp-decline")
    page.wait_for_function("() => said.some((entry) => entry[0] === 'onPaymentFail')")

    assert page.frame_locator("iframe.epay-frame").get_by_test_id("result").get_attribute("data-outcome") == "declined"
    page.close()


def test_a_click_opens_the_modal_and_the_cross_closes_it(chromium: Any, shop: str, world: World) -> None:
    page = open_shop(chromium, shop, world, "EPayWidget.bind('buy', config);")

    assert page.locator(".epay-modal").count() == 0
    page.locator("#buy").click()
    page.frame_locator("iframe.epay-frame").get_by_test_id("ecp-method").wait_for()
    page.locator(".epay-modal-close").click()

    assert page.locator(".epay-modal").count() == 0
    assert told(page)[-1] == "onDestroy"
    page.close()


def test_the_whole_page_goes_to_the_shop_when_the_mode_says_so(chromium: Any, shop: str, world: World) -> None:
    page = open_shop(
        chromium,
        shop,
        world,
        "EPayWidget.run(config);",
        redirect_success_url=f"{shop}/done?order=580",
        redirect_success_mode="parent_page",
    )

    pay(page)
    page.wait_for_url(f"{shop}/done?order=580")

    assert page.locator("h1").inner_text() == "back in the shop"
    page.close()


def test_the_library_builds_the_address(chromium: Any, shop: str, world: World) -> None:
    page = open_shop(chromium, shop, world, "var built = EPayWidget.create(config).buildUrl();")

    page.goto(page.evaluate("built"))

    assert page.get_by_test_id("ecp-method").count() == 1
    page.close()
