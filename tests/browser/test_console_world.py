"""Buyers, scenarios and the clock in Chromium: every button of theirs, with and without script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from buying import ANY

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]
SCRIPTED = pytest.mark.parametrize("script", [True, False])


def address(shop: Shop, path: str) -> str:
    return f"/console/{shop.workspace.name}/{path}"


def now(shop: Shop) -> datetime:
    return datetime.fromisoformat(shop.workspace.clock()["now"])


@SCRIPTED
def test_a_buyer_is_topped_up_saved_copied_made_the_default_and_reset(window: Open, shop: Shop, script: bool) -> None:
    look = window(script=script)
    page = look.open(address(shop, "buyers"))
    page.click("[data-testid=buyer-card][data-slug=wang-wei] [data-testid=make-default]")
    look.see("buyers")
    assert page.locator("[data-testid=buyer-card][data-slug=wang-wei] [data-testid=is-default]").count() == 1
    page.click("[data-testid=buyer-card][data-slug=wang-wei] h2 a")

    page.click("[data-testid=add-100]")
    look.see("balance", minor="10500")
    page.fill("[name=name_en]", "Somebody")
    page.fill("[name=per_payment_limit]", "700")
    page.click("[data-testid=save-buyer]")
    page.wait_for_selector("h1:has-text('Somebody')")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.click("[data-testid=copy-buyer]")
    page.wait_for_url("**/buyers/wang-wei-2**")
    page.click("[data-testid=reset]")
    look.see("balance", minor="500")

    known = {one["slug"]: one for one in shop.workspace.buyers()}
    assert (known["wang-wei"]["name_en"], known["wang-wei"]["per_payment_limit"]) == ("Somebody", 700)
    assert known["wang-wei-2"]["per_payment_limit"] is None


def test_a_ledger_leads_to_the_order_and_more_buyers_have_pages(window: Open, shop: Shop) -> None:
    code = shop.order()
    shop.workspace.pay(ANY.name, shop.ids[code])
    for number in range(50):
        shop.edit_buyer(f"added-{number}", name_en=f"Added {number}")
    look = window(script=False)
    page = look.open(address(shop, "buyers"))
    page.click("[data-testid=older]")
    look.see("buyer-card", slug="added-49")
    page.click("[data-testid=newer]")
    page.click("[data-testid=buyer-card][data-slug=li-na] h2 a")

    page.click("[data-testid=ledger-row] a")

    page.wait_for_url(f"**/w/{code}")


@SCRIPTED
def test_a_scenario_is_armed_for_what_was_chosen_and_disarmed(window: Open, shop: Shop, script: bool) -> None:
    look = window(script=script)
    page = look.open(address(shop, "scenarios"))
    for scope in ("scope-all", "scope-next", "scope-5"):
        page.click(f"[data-testid={scope}]")
        page.wait_for_selector(f"[data-testid={scope}][aria-current=true]")
    page.click("[data-testid=scope-provider] summary")
    page.click(f"[data-testid=scope-provider] a:has-text('{ANY.title}')")
    page.click("[data-testid=scope-match] summary")
    page.fill("[data-testid=match-amount]", "1100")
    page.fill("[data-testid=match-reference]", "ORD-*")
    page.fill("[data-testid=match-currency]", "EUR")
    page.click("[data-testid=match]")
    page.locator("[data-testid^=scenario-] [data-testid=arm]").first.click()
    look.see("armed")

    [armed] = shop.workspace.armed()
    matched = {"amount": 1100, "reference": "ORD-*", "currency": "EUR"}
    assert (armed["scope"]["next"], armed["scope"]["provider"], armed["scope"]["match"]) == (5, ANY.name, matched)
    look.see("armed-chip")
    page.click("[data-testid=disarm]")
    page.wait_for_selector("[data-testid=scenarios]:not(:has([data-testid=armed]))")
    page.click("[data-testid=all-amounts]")

    page.wait_for_url("**amounts=all**")
    assert page.locator("[data-testid=amounts]").count() > 1
    assert shop.workspace.armed() == []


@SCRIPTED
def test_the_clock_is_moved_by_each_of_its_buttons(window: Open, shop: Shop, script: bool) -> None:
    shop.order()
    look = window(script=script)
    page = look.open(address(shop, "clock"))

    def moved(testid: str) -> timedelta:
        """By how much a button has moved the clock on."""
        before, rows = now(shop), page.locator("[data-testid=travel-row]").count()
        page.click(f"[data-testid={testid}]")
        page.wait_for_selector(f"[data-testid=travel-row] >> nth={min(rows, 7)}")
        return now(shop) - before

    page.click("[data-testid=mode-frozen]")
    look.see("clock-chip", mode="frozen")
    assert moved("advance-1m") == timedelta(minutes=1)
    assert moved("advance-1h") == timedelta(hours=1)
    page.fill("[data-testid=advance-input]", "2 h 30 min")
    assert moved("advance") == timedelta(hours=2, minutes=30)
    at = page.locator("[data-testid=timer]").first.get_attribute("data-due")
    page.locator("[data-testid=timer] [data-testid=jump-here]").first.click()
    page.wait_for_selector(f"[data-testid=clock]:not(:has([data-due='{at}']))")
    shop.order()
    page.reload()
    page.click("[data-testid=next-timer]")
    page.wait_for_selector("[data-testid=travel-row] >> nth=5")
    page.click("[data-testid=advance-12h]")
    page.click("[data-testid=advance-1d]")
    page.wait_for_selector("[data-testid=travel-row] >> nth=7")
    page.click("[data-testid=mode-running]")
    look.see("now", mode="real")
    page.click("[data-testid=rate-menu] summary")
    page.click("[data-testid=rate-60]")
    look.see("now", rate="60")
    page.click("[data-testid=curls] summary")

    assert page.locator("[data-testid=curls] [data-copy*='clock/freeze']").is_visible()
    assert shop.workspace.clock()["rate"] == 60


@SCRIPTED
def test_a_clock_that_stood_goes_back_to_real_time(window: Open, shop: Shop, script: bool) -> None:
    shop.freeze()
    look = window(script=script)
    page = look.open(address(shop, "clock"))

    page.click("[data-testid=back-to-real]")

    look.see("clock-chip", mode="real")
    assert shop.workspace.clock()["offset_s"] == 0
    assert page.locator("[data-testid=back-to-real]").count() == 0


def test_a_step_that_is_pointed_at_marks_what_it_would_fire(window: Open, shop: Shop) -> None:
    """And the links that say the same without script."""
    shop.order()
    page = window().open(address(shop, "clock"))

    page.hover("[data-testid=advance-1d]")

    page.wait_for_selector("[data-testid=would]:has-text('would fire')")
    assert page.locator("[data-testid=timer][data-marked]").count() == page.locator("[data-testid=timer]").count()
    assert page.locator("[data-testid=stands]").is_visible()
    page = window(script=False).open(address(shop, "clock"), step="1d")
    assert "would fire" in page.locator("[data-testid=would]").inner_text()


def test_the_next_timer_is_fired_by_a_key_on_another_page(window: Open, shop: Shop) -> None:
    shop.order()
    page = window().open(address(shop, "settings"))

    page.keyboard.press("n")

    page.wait_for_selector("[data-testid=clock-chip]:has-text('ahead')")


@pytest.fixture
def slow() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """A receiver that answers when it is let: its address, whether it was asked, and what lets it."""
    asked, let = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.set()
            let.wait(20)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked, let
    let.set()
    server.shutdown()
    server.server_close()


def test_an_advance_that_takes_its_time_shows_itself_and_is_stopped(
    window: Open, shop: Shop, slow: tuple[str, threading.Event, threading.Event]
) -> None:
    url, asked, let = slow
    shop.freeze()
    shop.order()
    began = now(shop)
    shop.workspace.set_webhook(ANY.name, url)
    walk = threading.Thread(target=lambda: shop.workspace.advance("30d"))
    walk.start()
    assert asked.wait(20)
    page = window(script=False).open(address(shop, "clock"))
    told = page.locator("[data-testid=progress]").inner_text()

    page.click("[data-testid=stop-advance]")
    let.set()
    walk.join(20)

    assert "is being advanced by 30 d" in told
    assert now(shop) - began < timedelta(days=29)
    page.reload()
    assert not page.locator("[data-testid=progress]").is_visible()
