"""Hosted Payments Pages and payment links: made, shown, paid, expired, and what the API says of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import HOSTED, LINK, Merchant

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148"}


async def latest(cko: Merchant, path: str) -> dict[str, Any]:
    found: dict[str, Any] = (await cko.get(path)).raise_for_status().json()
    return found


async def test_a_hosted_page_is_created_as_documented(cko: Merchant) -> None:
    answer = await cko.post("/hosted-payments", HOSTED)

    body = answer.json()
    assert answer.status_code == 201
    assert list(body) == ["id", "reference", "_links"]
    assert re.fullmatch(r"hpp_[A-Za-z0-9_-]{12}", body["id"])
    assert body["_links"] == {
        "self": {"href": f"http://sim.test/hosted-payments/{body['id']}"},
        "redirect": {"href": f"http://sim.test/page/{body['id']}"},
    }
    found = await latest(cko, f"/hosted-payments/{body['id']}")
    assert (found["status"], "payment_id" in found) == ("Payment Pending", False)
    assert found["products"] == HOSTED["products"]


async def test_a_payment_link_is_created_as_documented(cko: Merchant) -> None:
    body = await cko.made("/payment-links", LINK | {"expires_in": 3600, "allow_payment_methods": ["alipay_cn", "card"]})

    assert list(body) == ["id", "expires_on", "reference", "warnings", "_links"]
    assert re.fullmatch(r"pl_[A-Za-z0-9_-]{12}", body["id"])
    assert body["expires_on"] == "2026-03-04T06:00:00+00:00"
    found = await latest(cko, f"/payment-links/{body['id']}")
    assert (found["status"], found["created_on"]) == ("Active", "2026-03-04T05:00:00Z")


async def test_the_page_leads_to_the_wallet_and_the_wallet_to_the_shop(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/hosted-payments", HOSTED)
    page = f"/page/{body['id']}"

    shown = (await sim.http.get(page)).text
    begun = await sim.http.post(page, data={"outcome": "pay"})
    again = await sim.http.post(page, data={"outcome": "pay"})
    cashier = await sim.http.get(begun.headers["location"])
    found = await latest(cko, f"/hosted-payments/{body['id']}")
    await cko.pay(found["payment_id"])

    assert 'data-testid="cko-page-pay"' in shown and "Lantern" in shown
    assert (begun.status_code, again.headers["location"]) == (303, begun.headers["location"])
    assert 'data-testid="wallet-cashier"' in cashier.text
    paid = await latest(cko, f"/hosted-payments/{body['id']}")
    assert paid["status"] == "Payment Received"
    assert list(paid["_links"]) == ["self", "redirect", "payment", "payment_actions"]
    assert (await cko.payment(paid["payment_id"]))["reference"] == "ORD-123A"
    result = (await sim.http.get(begun.headers["location"])).text
    assert "https://shop.example/success?cko-session-id=sid_" in result
    assert 'data-outcome="paid"' in (await sim.http.get(page)).text
    assert cko.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]


async def test_a_phone_gets_the_simulation_wallet(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/payment-links", LINK | {"return_url": "https://shop.example/thanks"})

    begun = await sim.http.post(f"/link/{body['id']}", data={"outcome": "pay"}, headers=PHONE)

    assert begun.headers["location"].startswith("/page/simulation-wallet/acwallet/alipayconnectcode.html?code=")
    await sim.http.post(begun.headers["location"], data={"outcome": "pay"})
    await sim.advance(seconds=5)
    assert (await latest(cko, f"/payment-links/{body['id']}"))["status"] == "Payment Received"
    end = (await sim.http.get(f"/link/{body['id']}")).text
    assert "https://shop.example/thanks" in end


async def test_the_page_says_what_will_come_of_it(sim: Sim, cko: Merchant) -> None:
    plain = await cko.made("/hosted-payments", HOSTED)
    forced = await cko.made("/hosted-payments", HOSTED | {"amount": 1105, "products": None})

    first = (await sim.http.get(f"/page/{plain['id']}", headers={"Cookie": "buyer=chen-jie"})).text
    second = (await sim.http.get(f"/page/{forced['id']}")).text

    assert 'data-decides="buyer:chen-jie"' in first and "it will be declined." in first
    assert 'data-decides="amount:' in second and "Decided by test amount" in second


async def test_a_links_page_leads_back_to_its_return_url(sim: Sim, cko: Merchant) -> None:
    with_one = await cko.made("/payment-links", LINK | {"return_url": "https://shop.example/thanks"})
    without = await cko.made("/payment-links", LINK)

    back = 'href="https://shop.example/thanks" rel="noreferrer" data-testid="return"'
    assert back in (await sim.http.get(f"/link/{with_one['id']}")).text
    alone = (await sim.http.get(f"/link/{without['id']}")).text
    assert 'data-testid="return"' not in alone and "The shop gave no <code>return_url</code>" in alone


async def test_a_product_may_lack_a_name_or_turn_the_line_around(sim: Sim, cko: Merchant) -> None:
    products = [{"quantity": 2, "price": 300}, {"name": "\u202e<b>Lamp", "quantity": 3}]
    body = await cko.made("/hosted-payments", HOSTED | {"products": products})

    page = (await sim.http.get(f"/page/{body['id']}?lang=en")).text
    chinese = (await sim.http.get(f"/page/{body['id']}?lang=zh")).text

    assert "<dt><bdi>Item</bdi> × 2</dt><dd>€ 6.00</dd>".replace("€ ", "€\u00a0") in page
    assert "<dt><bdi>[U+202E]&lt;b&gt;Lamp</bdi> × 3</dt><dd></dd>" in page
    assert "<bdi>商品</bdi> × 2" in chinese


async def test_a_declined_try_leaves_the_page_open_for_another(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/hosted-payments", HOSTED)
    page = f"/page/{body['id']}"
    await sim.http.post(page, data={"outcome": "pay"})
    first = (await latest(cko, f"/hosted-payments/{body['id']}"))["payment_id"]
    await sim.act("checkoutcom", first, "decline")

    shown = (await sim.http.get(page)).text
    await sim.http.post(page, data={"outcome": "pay"})
    found = await latest(cko, f"/hosted-payments/{body['id']}")

    assert "The payment did not go through" in shown
    assert "The last try did not go through. Decided in the console." in re.sub(r"<[^>]+>|\s+", " ", shown)
    assert found["status"] == "Payment Pending"
    assert found["payment_id"] != first


@pytest.mark.parametrize(("kind", "made", "minutes"), [("hosted-payments", HOSTED, 31), ("payment-links", LINK, 1441)])
async def test_nobody_came_in_time(sim: Sim, cko: Merchant, kind: str, made: dict[str, Any], minutes: int) -> None:
    body = await cko.made(f"/{kind}", made)
    page = body["_links"]["redirect"]["href"]

    await sim.advance(minutes=minutes)

    assert (await latest(cko, f"/{kind}/{body['id']}"))["status"] == "Expired"
    shown = await sim.http.get(page)
    assert 'data-outcome="expired"' in shown.text and 'data-decides="timer"' in shown.text
    assert 'data-testid="countdown"' not in shown.text
    assert (await sim.payment("checkoutcom", body["id"]))["decided_by"] == "timer"
    assert (await sim.http.post(page, data={"outcome": "pay"})).headers["location"] == page.removeprefix(
        "http://sim.test"
    )
    assert (await sim.http.get(f"{sim.path}/payments?phase=waiting")).json()["data"] == []


EXPIRING = [("hosted-payments", HOSTED, {}), ("payment-links", LINK, {"expires_in": 60})]


@pytest.mark.parametrize(("kind", "made", "life"), EXPIRING)
async def test_a_page_that_expires_while_the_money_is_taken_is_paid(
    sim: Sim, cko: Merchant, kind: str, made: dict[str, Any], life: dict[str, Any]
) -> None:
    """The shopper has confirmed in time; the acquirer answers when the page is over."""
    await sim.settings("checkoutcom", hosted_lifetime_s=60, capture_delay_s=120)
    body = await cko.made(f"/{kind}", made | life)
    await sim.act("checkoutcom", body["id"], "pay")

    await sim.advance(seconds=90)
    meanwhile = await latest(cko, f"/{kind}/{body['id']}")
    await sim.advance(seconds=60)

    found = await latest(cko, f"/{kind}/{body['id']}")
    assert meanwhile["status"] in ("Payment Pending", "Active")
    assert (found["status"], await cko.status(found["payment_id"])) == ("Payment Received", "Captured")


@pytest.mark.parametrize(("kind", "made", "life"), EXPIRING)
async def test_a_page_that_expires_while_the_money_is_refused_expires_then(
    sim: Sim, cko: Merchant, kind: str, made: dict[str, Any], life: dict[str, Any]
) -> None:
    await sim.settings("checkoutcom", hosted_lifetime_s=60, capture_delay_s=120)
    await sim.arm([{"when": {"operation": "capture"}, "bank": {"outcome": "declined"}}])
    body = await cko.made(f"/{kind}", made | life)
    await sim.act("checkoutcom", body["id"], "pay")

    await sim.advance(seconds=150)

    found = await latest(cko, f"/{kind}/{body['id']}")
    assert (found["status"], await cko.status(found["payment_id"])) == ("Expired", "Declined")
    assert 'data-outcome="expired"' in (await sim.http.get(body["_links"]["redirect"]["href"])).text


@pytest.mark.parametrize(("kind", "made", "life"), EXPIRING)
async def test_a_page_that_expires_while_its_shopper_hesitates_takes_the_wallets_order_along(
    sim: Sim, cko: Merchant, kind: str, made: dict[str, Any], life: dict[str, Any]
) -> None:
    """The wallet's code would be good for fifteen minutes by itself."""
    await sim.settings("checkoutcom", hosted_lifetime_s=60)
    body = await cko.made(f"/{kind}", made | life)
    page = body["_links"]["redirect"]["href"].removeprefix("http://sim.test")
    begun = await sim.http.post(page, data={"outcome": "pay"})

    await sim.advance(seconds=61)

    found = await latest(cko, f"/{kind}/{body['id']}")
    assert (found["status"], await cko.status(found["payment_id"])) == ("Expired", "Expired")
    late = await sim.http.post(f"{sim.path}/payments/checkoutcom/{found['payment_id']}/pay", json={})
    assert late.status_code == 409
    assert (await sim.payment("checkoutcom", found["payment_id"]))["wallet"]["state"] == "expired"
    assert 'data-testid="wallet-confirm' not in (await sim.http.get(begun.headers["location"])).text
    assert cko.heard() == ["payment_pending", "payment_expired"]


async def test_what_the_acquirer_declines_after_the_wallet_paid_is_given_back(sim: Sim, cko: Merchant) -> None:
    """The shopper keeps their money, the page stays open, and the shop's failure address is where they go."""
    await sim.arm([{"when": {"operation": "capture"}, "bank": {"outcome": "declined"}}])
    before = (await sim.http.get(f"{sim.path}/buyers")).json()["data"]
    body = await cko.made("/hosted-payments", HOSTED)
    page = f"/page/{body['id']}"
    begun = await sim.http.post(page, data={"outcome": "pay"})
    await sim.act("checkoutcom", body["id"], "pay")
    await sim.advance(seconds=5)

    shown = (await sim.http.get(page)).text
    wallet = (await sim.http.get(begun.headers["location"])).text

    assert "The payment did not go through" in shown and 'data-testid="cko-page-pay"' in shown
    assert "https://shop.example/failure" in wallet and "https://shop.example/success" not in wallet
    after = (await sim.http.get(f"{sim.path}/buyers")).json()["data"]
    assert [buyer["balance"] for buyer in after] == [buyer["balance"] for buyer in before]


async def test_the_end_says_who_decided_and_counts_nothing_down(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/payment-links", LINK)
    page = f"/link/{body['id']}"
    before = (await sim.http.get(page)).text
    await sim.http.post(page, data={"outcome": "pay"})
    wallet = (await sim.payment("checkoutcom", body["id"]))["wallet"]
    await sim.http.post(f"/w/{wallet['code']}/confirm", data={"buyer": "li-na"})

    at_once = (await sim.http.get(page)).text
    await sim.advance(seconds=5)
    later = (await sim.http.get(page)).text

    assert 'data-testid="countdown"' in before
    for shown in (at_once, later):
        assert 'data-outcome="paid"' in shown and 'data-decided-by="buyer:li-na"' in shown
        assert "Decided by the buyer" in shown
        assert 'data-testid="countdown"' not in shown and 'data-testid="hold-clock"' not in shown
        assert "The merchant gave no return address" in shown and "return_url" in shown


async def test_the_way_back_and_what_is_no_button(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/hosted-payments", HOSTED)
    page = f"/page/{body['id']}"

    back = await sim.http.post(page, data={"outcome": "cancel"})
    nonsense = await sim.http.post(page, data={"outcome": "explode"})
    foreign = await sim.http.post(page, data={"outcome": "pay"}, headers={"Origin": "https://evil.example"})

    assert (back.status_code, back.headers["location"]) == (303, "https://shop.example/cancel")
    assert (nonsense.status_code, foreign.status_code) == (400, 403)
    assert "payment_id" not in await latest(cko, f"/hosted-payments/{body['id']}")
    assert (await sim.http.get("/page/hpp_unknown")).status_code == 404
    assert (await sim.http.get("/link/pl_unknown")).status_code == 404


async def test_the_console_pays_a_page_that_nobody_has_opened(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/hosted-payments", HOSTED)

    view = await sim.act("checkoutcom", body["id"], "pay")
    await sim.advance(seconds=5)

    assert view["kind"] == "hosted-payment"
    assert (await latest(cko, f"/hosted-payments/{body['id']}"))["status"] == "Payment Received"


async def test_a_page_that_is_being_paid_is_not_paid_twice(sim: Sim, cko: Merchant) -> None:
    body = await cko.made("/hosted-payments", HOSTED)
    await sim.act("checkoutcom", body["id"], "pay")

    again = await sim.http.post(f"{sim.path}/payments/checkoutcom/{body['id']}/pay", json={})
    pressed = await sim.http.post(f"/page/{body['id']}", data={"outcome": "pay"})
    await sim.advance(seconds=5)

    assert (again.status_code, pressed.headers["location"]) == (409, f"/page/{body['id']}")
    assert cko.heard().count("payment_captured") == 1


@pytest.mark.parametrize("amount", [{}, {"amount": 0}])
async def test_a_page_without_an_amount_is_made_and_has_nothing_to_pay(
    sim: Sim, cko: Merchant, amount: dict[str, Any]
) -> None:
    """With cards it would verify one; the simulator's page offers AlipayCN only."""
    body = {name: value for name, value in HOSTED.items() if name not in ("amount", "products")} | amount

    answer = await cko.post("/hosted-payments", body)

    page = f"/page/{answer.json()['id']}"
    shown = (await sim.http.get(page)).text
    pressed = await sim.http.post(page, data={"outcome": "pay"})
    forced = await sim.http.post(f"{sim.path}/payments/checkoutcom/{answer.json()['id']}/pay", json={})
    assert (answer.status_code, pressed.headers["location"], forced.status_code) == (201, page, 409)
    assert "nothing to pay" in answer.headers["simulator-notice"]
    assert 'data-testid="cko-nothing"' in shown and 'data-testid="cko-page-pay"' not in shown
    assert 'data-testid="cko-page-cancel"' in shown
    found = await latest(cko, f"/hosted-payments/{answer.json()['id']}")
    assert (found["amount"], "payment_id" in found) == (0, False)


async def test_a_link_needs_an_amount(cko: Merchant) -> None:
    for body in ({**LINK, "amount": 0}, {name: value for name, value in LINK.items() if name != "amount"}):
        answer = await cko.post("/payment-links", body)

        assert (answer.status_code, answer.json()["error_codes"]) == (422, ["amount_invalid"])


INVALID: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({"amount": -1}, [], ["amount_invalid"]),
    ({}, ["currency"], ["currency_required"]),
    ({}, ["billing"], ["billing_address_country_required"]),
    ({"billing": {"address": {}}}, [], ["billing_address_country_required"]),
    ({"billing": {"address": {"country": "XY"}}}, [], ["country_invalid"]),
    ({"success_url": "javascript:alert(1)"}, [], ["success_url_invalid"]),
    ({}, ["cancel_url", "failure_url"], ["cancel_url_required", "failure_url_required"]),
    ({"products": [{"quantity": -1}]}, [], ["products_0_quantity_invalid"]),
]


@pytest.mark.parametrize(("changes", "without", "codes"), INVALID)
async def test_a_bad_page_is_refused(
    cko: Merchant, changes: dict[str, Any], without: list[str], codes: list[str]
) -> None:
    body = {name: value for name, value in (HOSTED | changes).items() if name not in without}

    answer = await cko.post("/hosted-payments", body)

    assert (answer.status_code, answer.json()["error_codes"]) == (422, codes)
