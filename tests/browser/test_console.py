"""The console in Chromium: live, by its buttons, and to axe in each language, theme and width."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]

PAGES = (
    "payments",
    "webhooks",
    "requests",
    "money",
    "buyers",
    "buyers/li-na",
    "scenarios",
    "clock",
    "start",
    "audits",
    "settings",
)


def _address(shop: Shop, path: str) -> str:
    return f"/console/{shop.workspace.name}/{path}"


def test_a_new_payment_appears_by_itself(window: Open, shop: Shop) -> None:
    page = window().open(_address(shop, "payments"))
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")

    shop.order(reference="came-by-itself")

    page.wait_for_selector("text=came-by-itself")
    assert page.locator("tr[data-testid=payment-row]").count() == 1


def test_nothing_moves_under_a_reader(window: Open, shop: Shop) -> None:
    shop.order(reference="being-read")
    page = window().open(_address(shop, "payments"))
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
    page.locator(".row-link").first.focus()

    shop.order(reference="the-newer-one")
    page.wait_for_selector("[data-testid=new-rows]:visible")

    assert page.locator("tr[data-testid=payment-row]").count() == 1
    page.click("[data-testid=new-rows]")
    page.wait_for_selector("text=the-newer-one")


@pytest.mark.parametrize("script", [True, False])
def test_a_webhook_that_failed_is_found_explained_and_sent_again(window: Open, shop: Shop, script: bool) -> None:
    """The complete story, by links and buttons alone."""
    code = shop.order(reference="ORD-500")
    payment = shop.workspace.payment(shop_provider(shop), shop.ids[code])
    shop.workspace.set_webhook(payment["provider"], "http://127.0.0.1:9/hooks")
    shop.workspace.pay(payment["provider"], payment["id"])
    shop.workspace.settle()
    look = window(script=script)
    page = look.open(_address(shop, "payments"))

    page.click("[data-testid=attention-failing]")
    page.locator("[data-testid=delivery-row] .row-link").first.click()
    assert "no connection" in page.locator("main").inner_text()
    shop.workspace.set_webhook(payment["provider"], shop.workspace.inbox_url("mine"))
    tries = page.locator("[data-testid=try][data-status]").count()
    page.click("[data-testid=resend]")
    page.wait_for_selector("[data-testid=delivery]")

    assert page.locator("[data-testid=try][data-status]").count() >= tries


def shop_provider(shop: Shop) -> str:
    """Of the payments that the shop makes."""
    return str(shop.workspace.latest(1)[0]["provider"])


@pytest.mark.parametrize("path", PAGES)
def test_every_page_to_axe(window: Open, shop: Shop, axe: str, path: str) -> None:
    shop.order()

    assert window(size="wide", axe=axe).wrong_with(_address(shop, path), PAGES.index(path)) == []


@pytest.mark.parametrize("size", ["tablet", "laptop", "desktop", "wide"])
def test_nothing_sticks_out_between_a_tablet_and_a_wide_window(window: Open, shop: Shop, size: str) -> None:
    """With a webhook that fails, whose columns are the fullest."""
    code = shop.order(reference="a-reference-of-some-length-0001")
    payment = shop.workspace.payment(shop_provider(shop), shop.ids[code])
    shop.workspace.set_webhook(payment["provider"], "http://127.0.0.1:9/hooks")
    shop.workspace.pay(payment["provider"], payment["id"])
    shop.workspace.settle()
    look = window(size=size)
    found: list[str] = []

    for path in (*PAGES, f"payments/{payment['id']}"):
        look.open(_address(shop, path))
        found += [f"{path}: scrolls sideways"] if look.scrolls_sideways() else []
        found += [f"{path}: {part}" for part in look.sticks_out()]

    assert found == []


def test_a_clock_that_is_moved_elsewhere_is_seen_on_its_page_and_in_the_chip_of_another(
    window: Open, shop: Shop
) -> None:
    code = shop.order()
    looks = [window().open(_address(shop, path)) for path in ("clock", "settings")]
    for page in looks:
        page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")

    shop.workspace.advance("3h")

    looks[0].wait_for_selector("[data-testid=travel-row]")
    for page in looks:
        page.wait_for_selector("[data-testid=clock-chip]:has-text('ahead')")
    assert code


def test_the_clock_of_the_page_runs(window: Open, shop: Shop) -> None:
    page = window().open(_address(shop, "clock"))
    before = page.inner_text("[data-testid=now]")

    page.wait_for_selector(f"[data-testid=now]:not(:text-is('{before}'))")


@pytest.mark.parametrize("path", ["payments", "clock", "settings"])
def test_the_clock_is_frozen_by_a_key_on_every_page(window: Open, shop: Shop, path: str) -> None:
    page = window().open(_address(shop, path))

    page.keyboard.press("f")
    page.wait_for_selector("[data-testid=clock-chip][data-mode=frozen]")

    page.keyboard.press("f")
    page.wait_for_selector("[data-testid=clock-chip][data-mode=real]")
