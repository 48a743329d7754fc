"""Quick start, settings and workspaces in Chromium: by their buttons, with and without script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from buying import ANY
from playwright.sync_api import expect

from browser.shop import Shop
from browser.window import Window
from simulator.providers import built_in

Open = Callable[..., Window]
PROVIDER, LAST = ANY.name, built_in()[-1].name


def address(shop: Shop, path: str) -> str:
    return f"/console/{shop.workspace.name}/{path}"


def purchase(shop: Shop) -> Any:
    """A payment as the merchant's server makes it."""
    return shop.workspace.client.call("POST", f"/_sim/workspaces/{shop.workspace.id}/payments", {"provider": PROVIDER})


def done(page: Any) -> list[str]:
    return [str(step.get_attribute("data-done")) for step in page.locator("[data-testid^=step-]").all()]


def test_a_call_that_arrives_ticks_its_step_off_where_somebody_reads(window: Open, shop: Shop) -> None:
    """The copy button has the focus and an address is half typed: both stay."""
    page = window().open(address(shop, f"start/{PROVIDER}"))
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
    page.fill(f"[data-testid=endpoint-url-{PROVIDER}]", "http://localhost:3000/half-ty")
    page.locator(".code-box [data-testid=copy]").focus()
    assert done(page) == ["false"] * 4

    made = purchase(shop)

    page.wait_for_selector("[data-testid=step-2][data-done=true]")
    page.wait_for_selector(f"[data-testid=qr][data-url='{made['wallet']['url']}']")
    assert done(page) == ["true", "true", "false", "false"]
    assert page.locator(".code-box [data-testid=copy]").evaluate("element => element === document.activeElement")
    assert page.input_value(f"[data-testid=endpoint-url-{PROVIDER}]") == "http://localhost:3000/half-ty"
    assert page.locator("[data-testid=status-live]").text_content()


@pytest.mark.parametrize("script", [True, False])
def test_the_four_steps_are_walked_by_the_buttons_of_the_page(window: Open, shop: Shop, script: bool) -> None:
    page = window(script=script).open(address(shop, f"start/{PROVIDER}"))
    page.fill(f"[data-testid=endpoint-url-{PROVIDER}]", shop.workspace.inbox_url("mine"))
    page.click("[data-testid=endpoint-save]")
    page.click("[data-testid=do-it]")
    page.wait_for_selector("[data-testid=step-2][data-done=true]")
    page.click("[data-testid=test-event]")
    page.wait_for_selector("[data-testid=step-4][data-done=true]")
    shop.workspace.pay(PROVIDER, shop.workspace.latest(1)[0]["id"])
    page.reload()

    assert done(page) == ["true"] * 4
    assert shop.workspace.inbox("mine")


def test_the_languages_of_the_sample_are_links_and_keep_the_place(window: Open, shop: Shop) -> None:
    page = window(script=False).open(address(shop, f"start/{PROVIDER}"))
    page.click("[data-testid=in-python]")

    assert page.url.endswith("in=python#step-2")
    assert "import requests" in page.locator("[data-testid=step-2] pre").inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_a_workspace_goes_only_when_its_name_is_typed(window: Open, shop: Shop, script: bool) -> None:
    """With script the button waits for it; without, the server refuses in words."""
    doomed = shop.workspace.client.create_workspace().name
    page = window(script=script).open("/console/workspaces")
    page.click(f"[data-testid=workspace-row][data-name='{doomed}'] [data-testid=ask-delete]")
    button = page.locator("[data-testid=delete-workspace]")
    if script:
        expect(button).to_be_disabled()  # the script runs once the page has come
    else:
        expect(button).to_be_enabled()
    page.fill("[data-testid=delete-name]", "another")
    if not script:
        button.click()
        assert doomed in page.locator("[data-testid=refusal]").inner_text()
    assert doomed in {one["name"] for one in shop.workspace.client.workspaces()}

    page.fill("[data-testid=delete-name]", doomed)
    button.click()
    page.wait_for_selector("[data-testid=workspaces]")

    assert doomed not in {one["name"] for one in shop.workspace.client.workspaces()}


@pytest.mark.parametrize("script", [True, False])
def test_settings_are_saved_and_the_workspace_is_reset(window: Open, shop: Shop, script: bool) -> None:
    shop.order()
    page = window(script=script).open(address(shop, "settings?section=simulator"))
    page.fill("#s-retry_factor", "0.5")
    page.select_option("#s-auto_return", label="off")
    page.click("[data-testid=save-settings]")
    page.wait_for_selector("[data-testid=settings]")
    saved = shop.workspace.refresh()["settings"]["simulator"]
    page.fill("[data-testid=reset-name]", shop.workspace.name)
    page.click("[data-testid=reset]")
    page.wait_for_selector("[data-testid=settings]")

    assert saved == {"retry_factor": 0.5, "auto_return": "off"}
    assert shop.workspace.payments() == []


@pytest.mark.parametrize("script", [True, False])
def test_a_workspace_goes_into_a_file_and_comes_back_as_another(
    window: Open, shop: Shop, script: bool, tmp_path: Path
) -> None:
    purchase(shop)
    page = window(script=script).open(address(shop, "settings"))
    with page.expect_download() as coming:
        page.click("[data-testid=export]")
    file = tmp_path / "world.json"
    coming.value.save_as(file)
    page.set_input_files("[data-testid=import-file]", file)
    page.click("[data-testid=import]")
    page.wait_for_selector("[data-testid=imported]")

    name = page.get_attribute("[data-testid=imported]", "data-name")
    arrived = shop.workspace.client.workspace(name)
    shop.used.append(arrived)
    assert [payment["provider"] for payment in arrived.payments()] == [PROVIDER]
    assert arrived.refresh()["made_by"] == f"import:{shop.workspace.name}"


def test_the_theme_that_is_chosen_in_the_settings_stays(window: Open, shop: Shop) -> None:
    page = window().open(address(shop, "settings"))
    page.click("[data-testid=theme-dark]")
    page.goto(page.url.partition("?")[0])

    assert page.locator("html").get_attribute("data-theme") == "dark"


PAGES = (f"start/{PROVIDER}", f"start/{LAST}?in=php", f"settings?section={LAST}", "workspaces")


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_to_axe(window: Open, shop: Shop, axe: str, path: str) -> None:
    """With a payment that waits, and a workspace that is about to be deleted."""
    purchase(shop)
    doomed = shop.workspace.client.create_workspace().name
    where = f"/console/workspaces?delete={doomed}" if path == "workspaces" else address(shop, path)

    assert window(size="wide", axe=axe).wrong_with(where, PAGES.index(path)) == []
