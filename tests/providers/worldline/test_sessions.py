"""Client sessions and the routes beside payments, as clients really call them."""

from __future__ import annotations

import base64
import json
import re

import httpx
import pytest
from support import Sim

from providers.worldline.driver import Merchant
from providers.worldline.test_errata import CATALOGUE, error_of
from simulator.providers.worldline import PROVIDER

# Routes ---------------------------------------------------------------------------------------------------------------


def filled(merchant: Merchant, path: str) -> str:
    return re.sub(r"\{\w+\}", "77", path.replace("{merchantId}", merchant.own["merchant_id"]))


OWN_LIST = [(row.method, row.path.replace("{merchantId:digits}", "{merchantId}")) for row in PROVIDER.left_out]
PUBLISHED = (
    [(row["method"], row["path"]) for row in json.loads(CATALOGUE.read_text())] if CATALOGUE.exists() else OWN_LIST
)


@pytest.mark.uncounted
@pytest.mark.parametrize(("method", "path"), PUBLISHED)
async def test_every_operation_of_the_catalogue_answers_in_connects_format(
    worldline: Merchant, method: str, path: str
) -> None:
    answer = await worldline.call(method, filled(worldline, path), {} if method in ("POST", "PUT") else None)

    assert answer.status_code not in (401, 403, 405)
    assert answer.headers["content-type"] == "application/json"
    if answer.status_code >= 400:
        assert list(answer.json()) == ["errorId", "errors"]


@pytest.mark.uncounted
@pytest.mark.parametrize(("method", "path"), OWN_LIST)
async def test_what_is_left_out_says_so_and_is_in_the_merchants_journal(
    worldline: Merchant, method: str, path: str
) -> None:
    answer = await worldline.call(method, filled(worldline, path), {} if method in ("POST", "PUT") else None)

    assert answer.status_code == 404
    assert "is left out of the simulator" in answer.headers["simulator-notice"]
    entry = (await worldline.sim.requests())[0]
    assert (entry["path"], list(entry["help"])) == (filled(worldline, path), ["left_out"])


async def test_a_capture_is_refunded_like_its_payment(worldline: Merchant) -> None:
    id_ = await worldline.paid()
    [capture] = (await worldline.get(f"/payments/{id_}/captures")).json()["captures"]

    body = {"amountOfMoney": {"amount": 900, "currencyCode": "CNY"}}
    answer = await worldline.post(f"/captures/{capture['id']}/refund", body)
    await worldline.sim.advance(hours=1)

    assert (answer.status_code, answer.json()["status"]) == (201, "REFUND_REQUESTED")
    assert answer.headers["location"].endswith(f"/refunds/{answer.json()['id']}")
    assert [r["id"] for r in (await worldline.get(f"/payments/{id_}/refunds")).json()["refunds"]] == [
        answer.json()["id"]
    ]
    assert (await worldline.payment(id_))["paymentOutput"]["amountRefunded"] == 900


async def test_a_capture_is_refused_what_its_payment_is_refused(worldline: Merchant) -> None:
    waiting, captured = await worldline.created_id(), await worldline.captured()

    none = await worldline.post(f"/captures/{waiting}/refund")
    early = await worldline.post(f"/captures/{captured}/refund")

    assert (none.status_code, error_of(none)["message"]) == (404, "UNKNOWN_CAPTURE_ID")
    assert (early.status_code, error_of(early)["code"]) == (400, "300450")


async def test_no_card_is_known_by_its_first_digits(worldline: Merchant) -> None:
    known = await worldline.post("/services/getIINdetails", {"bin": "456735"})
    missing = await worldline.post("/services/getIINdetails", {})
    letters = await worldline.post("/services/getIINdetails", {"bin": "45673x"})

    assert (known.status_code, error_of(known)["propertyName"]) == (404, "bin")
    assert (missing.status_code, error_of(missing)["code"]) == (400, "20000000")
    assert (letters.status_code, error_of(letters)["code"]) == (400, "1099")


async def test_no_product_looks_customers_up(worldline: Merchant) -> None:
    body = {"countryCode": "SE", "values": [{"key": "fiscalNumber", "value": "123456789123"}]}

    known = await worldline.post("/products/861/customerDetails", body)
    unknown = await worldline.post("/products/9000/customerDetails", body)
    missing = await worldline.post("/products/861/customerDetails", {})

    assert (known.status_code, error_of(known)["code"]) == (404, "1002")
    assert (unknown.status_code, error_of(unknown)["code"]) == (404, "1007")
    assert [error["propertyName"] for error in missing.json()["errors"]] == ["countryCode", "values"]


# Client sessions -------------------------------------------------------------------------------------------------------


class Browser:
    """The Client API, as the SDK in a shop's page calls it."""

    def __init__(self, sim: Sim, session: dict[str, str]) -> None:
        self.sim, self.session = sim, session

    async def get(self, path: str, session: str | None = None) -> httpx.Response:
        url = f"{self.session['clientApiUrl']}/v1/{self.session['customerId']}{path}"
        sent = {
            "Authorization": f"GCS v1Client:{session or self.session['clientSessionId']}",
            "X-GCS-ClientMetaInfo": "e30=",
        }
        return await self.sim.http.get(url, headers=sent)


@pytest.fixture
async def browser(worldline: Merchant) -> Browser:
    return Browser(worldline.sim, (await worldline.post("/sessions", {})).json())


async def test_a_sessions_client_api_answers_as_the_merchants_does(worldline: Merchant, browser: Browser) -> None:
    query = "?countryCode=CN&currencyCode=CNY&amount=2500&locale=zh_CN"
    for path in (
        f"/products{query}",
        f"/products/861{query}",
        f"/productgroups{query}",
        f"/products/861/networks{query}",
    ):
        own, clients = await worldline.get(path), await browser.get(path)
        assert (own.status_code, own.json()) == (200, clients.json())
        assert clients.headers["access-control-allow-origin"] == "*"


async def test_a_sessions_public_key_can_be_read(browser: Browser) -> None:
    key = (await browser.get("/crypto/publickey")).json()

    assert list(key) == ["keyId", "publicKey"]
    assert base64.b64decode(key["publicKey"], validate=True)[:4].hex() == "30820122"


async def test_a_sessions_status_of_a_payment_can_be_read(worldline: Merchant, browser: Browser) -> None:
    id_ = await worldline.created_id()

    assert (await browser.get(f"/payments/{id_}/thirdpartystatus")).json() == {"thirdPartyStatus": "WAITING"}


async def test_a_session_ends_after_two_hours(browser: Browser) -> None:
    await browser.sim.advance(hours=1, minutes=59)
    late = await browser.get("/crypto/publickey")
    await browser.sim.advance(minutes=2)
    ended = await browser.get("/crypto/publickey")

    assert (late.status_code, ended.status_code, error_of(ended)["code"]) == (200, 401, "9002")


async def test_a_session_that_we_did_not_make_is_none(browser: Browser) -> None:
    assert (await browser.get("/crypto/publickey", session="0" * 32)).status_code == 401
    browser.session["customerId"] = "1001-" + "0" * 32
    assert (await browser.get("/crypto/publickey")).status_code == 401
    browser.session["customerId"] = "nobody"
    assert (await browser.get("/crypto/publickey")).status_code == 401


async def test_a_browser_may_ask_from_the_shops_page(browser: Browser) -> None:
    url = f"{browser.session['clientApiUrl']}/v1/{browser.session['customerId']}/products"

    answer = await browser.sim.http.options(url, headers={"Origin": "https://shop.example"})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert "Authorization" in answer.headers["access-control-allow-headers"]


async def test_a_products_logo_lies_under_the_asset_address(browser: Browser) -> None:
    found = (await browser.get("/products?countryCode=CN&currencyCode=CNY")).json()["paymentProducts"]
    assert [product["id"] for product in found] == [861, 866]

    for product in found:
        answer = await browser.sim.http.get(browser.session["assetUrl"] + product["displayHints"]["logo"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.content.startswith(b"\x89PNG")
    nothing = await browser.sim.http.get(f"{browser.session['assetUrl']}templates/master/global/css/img/ppimages/x.png")
    assert nothing.status_code == 404
