"""Webhooks and a delivery in Chromium: their buttons with and without script, and to axe in each language, theme and width."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]


def address(shop: Shop, path: str) -> str:
    return f"/console/{shop.workspace.name}/{path}"


@pytest.fixture
def provider(shop: Shop) -> str:
    """Of the payments that the shop makes, whose webhooks come to the built-in receiver."""
    code = shop.order(reference="ORD-1")
    name = str(shop.workspace.latest(1)[0]["provider"])
    shop.workspace.set_webhook(name, shop.workspace.inbox_url("mine"))
    shop.workspace.pay(name, shop.ids[code])
    shop.workspace.settle()
    return name


def newest(shop: Shop, provider: str) -> str:
    return str(shop.workspace.latest_delivery(provider=provider)["id"])


@pytest.mark.parametrize("script", [True, False])
def test_a_provider_is_paused_and_resumed_where_it_stands(
    window: Open, shop: Shop, provider: str, script: bool
) -> None:
    look = window(script=script)
    page = look.open(address(shop, "webhooks"))
    button = f"[data-testid=pause][data-provider={provider}]"

    page.click(button)
    page.wait_for_selector(f"{button}[aria-pressed=true]")
    assert page.locator(f"[data-testid=endpoint-{provider}][data-state=paused]").count() == 1
    page.click("[data-testid=resume]")

    page.wait_for_selector(f"{button}[aria-pressed=false]")


@pytest.mark.parametrize("script", [True, False])
def test_a_base_string_is_pasted_and_the_difference_named(
    window: Open, shop: Shop, provider: str, script: bool
) -> None:
    look = window(script=script)
    page = look.open(address(shop, f"webhooks/{newest(shop, provider)}"))
    page.click("[data-testid=tab-signature]")
    right = page.locator("[data-testid=base-string]").inner_text()

    page.fill("[data-testid=compare-input]", right + " ")
    page.click("[data-testid=compare]")
    wrong = page.wait_for_selector("[data-testid=compare-result]")
    assert (wrong.get_attribute("data-equal"), wrong.get_attribute("data-cause")) == ("false", "trailing_newline")
    page.fill("[data-testid=compare-input]", page.locator("[data-testid=signature]").inner_text())
    page.click("[data-testid=compare]")

    page.wait_for_selector("[data-testid=compare-result][data-equal=true]")


def test_a_test_event_is_sent_from_its_menu(window: Open, shop: Shop, provider: str) -> None:
    page = window().open(address(shop, f"webhooks?provider={provider}"))
    before = page.locator("[data-testid=delivery-row]").count()

    page.locator(".title-acts details.menu summary").click()
    page.click(f"[data-testid=test-event][data-provider={provider}]")
    page.wait_for_selector("[data-testid=webhooks]")

    assert page.locator("[data-testid=delivery-row]").count() == before + 1


@pytest.mark.slow
def test_the_list_and_the_delivery_to_axe(window: Open, shop: Shop, provider: str, axe: str) -> None:
    shop.workspace.pause(provider)
    delivery = f"webhooks/{newest(shop, provider)}"
    look = window(size="wide", axe=axe)
    paths = (
        "webhooks",
        f"webhooks?endpoint={provider}",
        delivery,
        f"{delivery}?tab=signature&compare=x",
        f"{delivery}?tab=curl",
    )

    found = [finding for turn, path in enumerate(paths) for finding in look.wrong_with(address(shop, path), turn)]

    assert found == []
