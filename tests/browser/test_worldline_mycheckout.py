"""MyCheckout in a real browser: choose, sign in, confirm in renminbi, come back, return to the shop."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sdk.conftest import World

from simulator.surface.launch import Launched, launched

SHOP = "https://shop.example.org/back?cart=7"


@pytest.fixture(scope="module")
def server() -> Iterator[Launched]:
    """Waits five seconds before it returns to the merchant, as everybody's does."""
    with launched() as running:
        yield running


@pytest.fixture
def world(server: Launched) -> World:
    return World(server.url)


def send(world: World, method: str, path: str, body: Any = None) -> Any:
    own = world.credentials("worldline")
    resource, date = f"/v1/{own['merchant_id']}{path}", formatdate(usegmt=True)
    raw = None if body is None else json.dumps(body).encode()
    content_type = "" if raw is None else "application/json"
    text = f"{method}\n{content_type}\n{date}\n{resource}\n"
    mac = base64.b64encode(hmac.digest(own["secret_api_key"].encode(), text.encode(), hashlib.sha256)).decode()
    headers = {"Date": date, "Authorization": f"GCS v1HMAC:{own['api_key_id']}:{mac}"}
    if raw is not None:
        headers["Content-Type"] = content_type
    request = urllib.request.Request(world.url + resource, raw, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def checkout(world: World, amount: int = 2499) -> dict[str, Any]:
    body = {
        "order": {
            "amountOfMoney": {"amount": amount, "currencyCode": "HKD"},
            "customer": {"billingAddress": {"countryCode": "HK"}},
            "references": {"merchantReference": "LS-7790"},
        },
        "hostedCheckoutSpecificInput": {"returnUrl": SHOP},
    }
    created: dict[str, Any] = send(world, "POST", "/hostedcheckouts", body)
    return created


def opened(chromium: Any, created: dict[str, Any], *, script: bool) -> Any:
    page = chromium.new_context(viewport={"width": 1200, "height": 900}, java_script_enabled=script).new_page()
    page.route("https://shop.example.org/**", lambda route: route.fulfill(body="<h1>back in the shop</h1>"))
    page.goto("http://" + created["partialRedirectUrl"])
    return page


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_consumer_pays_and_returns_to_the_shop(world: World, chromium: Any, script: bool) -> None:
    created = checkout(world)
    page = opened(chromium, created, script=script)

    page.get_by_test_id("wl-product-861").check()
    page.get_by_test_id("wl-continue").click()
    page.get_by_test_id("sign-in").click()
    page.get_by_test_id("confirm").wait_for()
    assert page.get_by_text("22.87").first.is_visible()
    page.get_by_test_id("confirm").click()
    page.get_by_test_id("return").click()
    page.get_by_test_id("wl-refresh").click()
    assert page.get_by_text("Your payment is successful").is_visible()
    page.get_by_test_id("wl-back").click()

    assert page.get_by_text("back in the shop").is_visible()
    query = parse_qs(urlsplit(page.url).query)
    assert query["RETURNMAC"] == [created["RETURNMAC"]]
    assert query["hostedCheckoutId"] == [created["hostedCheckoutId"]]
    found = send(world, "GET", f"/hostedcheckouts/{created['hostedCheckoutId']}")
    assert found["createdPaymentOutput"]["paymentStatusCategory"] == "SUCCESSFUL"
    page.context.close()


def test_a_decline_offers_another_try(world: World, chromium: Any) -> None:
    page = opened(chromium, checkout(world, 160160), script=True)

    page.get_by_test_id("wl-continue").click()
    page.get_by_test_id("sign-in").click()
    page.get_by_test_id("confirm").click()
    page.get_by_test_id("return").click()

    assert page.get_by_text("Your payment is not successful").is_visible()
    assert page.get_by_test_id("wl-checkout").get_attribute("data-state") == "PAYMENT_CREATED"
    assert page.get_by_test_id("wl-continue").is_visible()
    page.context.close()
