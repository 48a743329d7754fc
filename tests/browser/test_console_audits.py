"""The console's audits in Chromium: begun by the form, told while they run, the report as a download that opens by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from buying import ANY

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]


@pytest.mark.parametrize("script", [True, False])
def test_an_audit_is_begun_and_its_report_downloaded(window: Open, shop: Shop, script: bool, tmp_path: Path) -> None:
    """Against the built-in inbox, which takes whatever comes; the report asks for nothing else."""
    look = window(script=script)
    page = look.open(f"/console/{shop.workspace.name}/audits")
    inbox = shop.workspace.inbox_url("shop")
    page.click("[data-testid=new-audit]")
    page.select_option("[data-testid=audit-provider]", ANY.name)
    page.fill("[data-testid=audit-webhook]", inbox)
    for name, text in {"paid": "shipped", "unpaid": "waiting", "refunded": "refunded"}.items():
        page.fill(f"[data-testid=audit-{name}]", text)
    page.fill("[data-testid=audit-order]", f"{inbox}?{{reference}}")
    for name in ("checkout", "refund", "cancel"):
        page.fill(f"[data-testid=audit-{name}]", f"{inbox}-{name}")
    for name in ("checkout", "order"):  # nothing would come of them, and each check would be patient
        page.fill(f"[data-testid=audit-{name}]", "")
    page.click("[data-testid=begin-audit]")
    page.wait_for_selector("[data-testid=audit-row]")

    row = _done(page, script)
    with page.expect_download() as caught:
        page.click("[data-testid=report-download]")
    caught.value.save_as(tmp_path / caught.value.suggested_filename)
    [file] = tmp_path.iterdir()
    page.goto("about:blank")  # under the console's own policy no report is shown
    page.set_content(file.read_text("utf-8"))

    verdict = page.locator("[data-testid=verdict]")
    assert file.name.startswith(f"audit-{ANY.name}-")
    assert verdict.get_attribute("data-failed") == row != "0"
    assert page.locator("[data-testid=check][data-result=failed][open]").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if script else True
    [audit] = shop.workspace.audits()
    assert (audit["state"], audit["webhook"]) == ("done", inbox)


def _done(page: Any, script: bool) -> str:
    """How many failed. Without script a reader reloads the page."""
    ended = "[data-testid=audit-row][data-state=done]"
    while not script and not page.locator(ended).count():
        page.reload()
    page.wait_for_selector(ended)
    return str(page.locator(ended).get_attribute("data-failed"))
