"""Payments in Chromium: the list while somebody reads it, the row of a story that is looked at, keys, and what axe says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]


@pytest.fixture
def payment(shop: Shop) -> str:
    """The address of a paid payment with a webhook that nobody takes."""
    code = shop.order(reference="ORD-5023")
    shop.workspace.set_webhook(str(shop.workspace.latest(1)[0]["provider"]), "http://127.0.0.1:9/hooks")
    made = shop.workspace.payment(str(shop.workspace.latest(1)[0]["provider"]), shop.ids[code])
    shop.workspace.pay(made["provider"], made["id"])
    shop.workspace.settle()
    return f"/console/{shop.workspace.name}/payments/{made['id']}"


@pytest.mark.parametrize("script", [True, False])
def test_a_row_shows_its_bytes_and_stands_in_the_address(window: Open, payment: str, script: bool) -> None:
    page = window(size="wide", script=script).open(payment)
    assert "failed" not in page.locator("[data-testid=inspector] h2").inner_text()
    row = page.locator("[data-testid=event][data-kind=request]").first
    where = row.get_attribute("id")

    row.locator("time").click()
    page.wait_for_url(f"**#{where}")

    page.wait_for_selector("[data-testid=inspector] h2:has-text('POST /')")
    assert page.locator(f"#{where}").get_attribute("aria-current") == "true"
    page.click("[data-testid=tab-response]")
    page.wait_for_selector("[data-testid=tab-response][aria-current=true]")
    assert page.locator("[data-testid=event]").count() > 5


def test_an_address_with_a_row_opens_at_it(window: Open, payment: str) -> None:
    page = window(size="wide").open(payment)
    page.goto(page.url + "#e-1")
    page.reload()

    page.wait_for_selector("#e-1[aria-current=true]")
    page.wait_for_selector("[data-testid=inspector] h2:has-text('POST /')")


def test_rows_are_walked_and_opened_by_keys(window: Open, payment: str) -> None:
    page = window(size="wide").open(payment)

    for key in ("j", "j", "k", "Enter"):
        page.keyboard.press(key)

    page.wait_for_selector("#e-1[aria-current=true]")
    page.keyboard.press("w")
    page.wait_for_url("**/w/*")


@pytest.mark.parametrize("script", [True, False])
def test_a_webhook_is_sent_again_from_the_story(window: Open, shop: Shop, payment: str, script: bool) -> None:
    provider = str(shop.workspace.latest(1)[0]["provider"])
    page = window(size="wide", script=script).open(payment)
    shop.workspace.set_webhook(provider, shop.workspace.inbox_url("mine"))
    before = page.locator("[data-testid=event][data-kind=webhook]").count()

    page.click("[data-testid=send-again]")
    page.wait_for_selector(f"[data-testid=event][data-kind=webhook] >> nth={before}", state="attached")

    assert page.locator("[data-testid=payment]").count() == 1


def test_a_payment_is_live_and_its_inspector_stays(window: Open, shop: Shop) -> None:
    code = shop.order()
    made = shop.workspace.latest(1)[0]
    page = window(size="wide").open(f"/console/{shop.workspace.name}/payments/{made['id']}")
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
    looked_at = page.locator("[data-testid=inspector] h2").inner_text()

    shop.workspace.pay(made["provider"], shop.ids[code])

    page.wait_for_selector("[data-testid=event][data-kind=decision]", state="attached")
    assert page.locator("[data-testid=inspector] h2").inner_text() == looked_at


def test_new_payments_are_counted_while_somebody_reads(window: Open, shop: Shop) -> None:
    shop.order(reference="being-read")
    page = window(size="wide").open(f"/console/{shop.workspace.name}/payments")
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
    page.locator(".row-link").first.focus()

    shop.order(reference="newer")
    page.wait_for_selector("[data-testid=new-rows]:visible:text-is('1 new payment')")
    for number in range(2):
        shop.order(reference=f"newer-{number}")

    page.wait_for_selector("[data-testid=new-rows]:visible:has-text('3 new payments')")
    assert page.locator("[data-testid=payment-row]").count() == 1
    page.click("[data-testid=new-rows]")
    page.wait_for_selector("[data-testid=payment-row] >> nth=3")
    assert page.locator("[data-new]").count() == 3


def test_keys_are_listed_and_can_be_turned_off(window: Open, shop: Shop) -> None:
    shop.order()
    page = window(size="wide").open(f"/console/{shop.workspace.name}/payments")

    page.keyboard.press("?")
    page.click("[data-testid=keys-off]")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    off = page.evaluate("document.activeElement.className")
    page.click("[data-testid=keyhelp] summary")
    page.click("[data-testid=keys-off]")
    page.keyboard.press("Escape")
    page.keyboard.press("j")

    assert "row-link" not in off
    assert page.evaluate("document.activeElement.className") == "row-link"


@pytest.mark.parametrize("script", [True, False])
def test_a_test_payment_opens_its_wallet_page(window: Open, shop: Shop, script: bool) -> None:
    page = window(size="wide", script=script).open(f"/console/{shop.workspace.name}/payments")

    page.click("[data-testid=make-payment]")
    page.fill("[data-testid=make-reference]", "by-hand")
    page.click("[data-testid=make-submit]")

    page.wait_for_url("**/w/*")
    assert shop.workspace.latest(1)[0]["reference"] == "by-hand"


VIEWS = ("", "?view=list", "?tab=signature", "?tab=attempts", "?body=raw", "?event=2")


@pytest.mark.parametrize("query", VIEWS)
def test_the_page_of_a_payment_to_axe(window: Open, payment: str, axe: str, query: str) -> None:
    look = window(size="wide", axe=axe)

    assert look.wrong_with(payment + query, VIEWS.index(query)) == []
