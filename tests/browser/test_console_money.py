"""The console's money in Chromium: every link and button of the page without script, and that it follows what happens with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from buying import FILING

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]


def address(shop: Shop, path: str = "money") -> str:
    return f"/console/{shop.workspace.name}/{path}"


def sale(shop: Shop) -> None:
    payment = shop.workspace.make_payment(FILING.name, amount=10_000)
    shop.workspace.pay(FILING.name, payment["id"])
    shop.workspace.settle()


def test_the_page_of_the_money_is_gone_through_without_script(window: Open, shop: Shop, tmp_path: Path) -> None:
    """Eight days with a sale: five payouts at least, whatever day it is, which are more than are shown at once."""
    shop.freeze()
    shop.set(FILING.name, delay_days=0, holidays=False)
    shop.workspace.arm("payout-failed", provider=FILING.name)
    for _ in range(8):
        sale(shop)
        shop.workspace.advance("1d")
    shop.workspace.advance("3d")
    sale(shop)
    shop.workspace.advance("1m")
    shop.set(FILING.name, delay_days=0, cadence="manual")
    before = len(shop.workspace.payouts(FILING.name))
    look = window(script=False)
    page = look.open(address(shop))
    page.click(f"[data-testid=tab-{FILING.name}]")
    look.see("balance", account="available")
    assert page.locator("[data-testid=ledger-row][data-kind=capture]").count() == 1
    assert page.locator("[data-testid=payout-row]").count() == 4
    assert not look.scrolls_sideways(), "a payout's id and its state have room beside the amount"

    page.click("[data-testid=all-payouts]")
    page.wait_for_selector("[data-testid=payout-row] >> nth=4")
    amount = page.locator("[data-testid=payout-row][data-state=failed] .number b")
    assert amount.evaluate("of => of.getClientRects().length") == 1, "beside a long text too it is one line"
    page.click("[data-testid=both-sides]")
    look.see("ledger-row", account="shopper")
    page.click("[data-testid=earlier]")
    page.wait_for_url("**day=**")
    page.locator("[data-testid=day-bar]:not([data-sales='0.00000000'])").first.click()
    look.see("ledger-row", kind="capture")
    page.click("[data-testid=later]")
    page.wait_for_selector("[data-testid=money]:not(:has([data-testid=later]))")
    page.click("[data-testid=all-reports]")
    page.wait_for_selector("[data-testid=report-row] >> nth=4")
    with page.expect_download() as caught:
        page.locator("[data-testid=report-download]").first.click()
    caught.value.save_as(tmp_path / "report")
    page.click("[data-testid=pay-out]")
    look.see("payout-row", state="pending")
    page.click("[data-testid=jump-here]")
    page.wait_for_selector("[data-testid=money]")
    page.click("[data-testid=fees]")
    look.see("settings")

    assert (tmp_path / "report").read_bytes()
    assert len(shop.workspace.payouts(FILING.name)) == before + 1
    assert page.locator(f"[data-testid=section-{FILING.name}][aria-current]").count() == 1


def test_money_appears_by_itself_and_is_reached_by_its_key(window: Open, shop: Shop) -> None:
    page = window().open(address(shop, "payments"))
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_selector("[data-testid=money]")
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")

    sale(shop)

    page.wait_for_selector("[data-testid=balance]")
