"""The buttons of the console that no story of the other files presses, page by page, with and without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from buying import ANY, SHOP, creation, signed

from browser.elsewhere import Answering, listening
from browser.shop import Shop
from browser.window import Window
from simulator.engine.shop import Request

Open = Callable[..., Window]
SCRIPTED = pytest.mark.parametrize("script", [True, False])
NOWHERE = "http://127.0.0.1:9/hooks"


def address(shop: Shop, path: str) -> str:
    return f"/console/{shop.workspace.name}/{path}"


def paid(shop: Shop, hooks: str = NOWHERE) -> str:
    """The id of a paid payment whose webhooks go there."""
    code = shop.order(reference="ORD-1")
    shop.workspace.set_webhook(ANY.name, hooks)
    shop.workspace.pay(ANY.name, shop.ids[code])
    shop.workspace.settle()
    return shop.ids[code]


def post(look: Window, testid: str) -> None:
    """Presses a form's button; then the heading of the page that comes has the focus."""
    look.press(testid)
    look.page.wait_for_selector("h1[autofocus]", state="attached")
    look.page.wait_for_function(
        "() => document.activeElement.tagName === 'H1'"
    )  # the browser gives it with its next frame


@SCRIPTED
def test_payments_are_filtered_by_links_and_found_by_the_search(window: Open, shop: Shop, script: bool) -> None:
    paid(shop)
    shop.order(reference="ORD-2")
    look = window(script=script)
    page = look.open(address(shop, "payments"))
    rows = page.locator("[data-testid=payment-row]")

    page.click("[data-testid=attention-waiting]")
    page.wait_for_url("**phase=waiting**")
    assert rows.count() == 1
    page.click("[data-testid=filter-phase] summary")
    page.click("[data-testid=filter-phase] a:has-text('Paid')")
    page.wait_for_url("**phase=paid**")
    page.click("[data-testid=filter-since] summary")
    page.click("[data-testid=filter-since] a >> nth=1")
    page.wait_for_url("**since=15m**")
    page.click("[data-testid=filter-failing]")
    page.wait_for_url("**failing=1**")
    page.click(f"[data-testid=filter-provider-{ANY.name}]")
    page.wait_for_url(f"**provider={ANY.name}**")
    assert rows.count() == 1
    page.click("[data-testid=filter-provider-all]")
    page.fill("[data-testid=search]", "EUR 11,00")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=EUR**")
    assert rows.count() == 2
    page.click("[data-testid=nav-payments]")
    page.click("[data-testid=attention-timer]")

    look.see("clock")


@SCRIPTED
def test_a_test_payment_is_made_as_it_is_asked_for(window: Open, shop: Shop, script: bool) -> None:
    """In an empty workspace its page offers one of its own."""
    look = window(script=script)
    page = look.open(address(shop, "payments"))
    page.click("[data-testid=make-one]")
    page.wait_for_url("**/w/*")
    page = look.open(address(shop, "payments"))
    page.click("[data-testid=make-payment]")
    page.select_option("[data-testid=make-provider]", ANY.name)
    page.select_option("[data-testid=make-variant]", next(iter(SHOP.variants)))
    page.fill("[data-testid=make-amount]", "1234")
    page.fill("[data-testid=make-currency]", "EUR")
    page.fill("[data-testid=make-reference]", "by-hand")

    page.click("[data-testid=make-submit]")
    page.wait_for_url("**/w/*")

    newest = shop.workspace.latest(1)[0]
    assert (newest["reference"], newest["amount"]) == ("by-hand", {"value": 1234, "currency": "EUR"})


@SCRIPTED
def test_a_payment_is_refunded_marked_and_told_as_a_list(window: Open, shop: Shop, script: bool) -> None:
    id_ = paid(shop, shop.workspace.inbox_url("mine"))
    look = window(size="wide", script=script)
    page = look.open(address(shop, f"payments/{id_}"))
    page.click("[data-testid=refund]")
    page.fill("[data-testid=refund-amount]", "99999")
    page.click("[data-testid=refund-submit]")
    page.wait_for_selector("text=At most")
    page.fill("[data-testid=refund-amount]", "300")
    post(look, "refund-submit")
    assert shop.workspace.payment(ANY.name, id_)["refunded"]["value"] == 300
    page.click("[data-testid=view-list]")
    for chip in ("api", "wallet", "state", "webhook", "clock"):
        page.click(f"[data-testid=chip-{chip}]")
        page.wait_for_selector(f"[data-testid=chip-{chip}][aria-current=true]")
    page.click("[data-testid=view-diagram]")
    page.wait_for_selector(".diagram")
    page.click("[data-testid=event][data-kind=webhook] time")
    for tab in ("request", "signature", "attempts", "response"):
        page.click(f"[data-testid=tab-{tab}]")
        page.wait_for_selector(f"[data-testid=tab-{tab}][aria-current=true]")

    waits = shop.ids[shop.order(reference="ORD-2")]
    page = look.open(address(shop, f"payments/{waits}"))
    [move, *_] = shop.workspace.client.call(
        "GET", f"/_sim/workspaces/{shop.workspace.id}/payments/{ANY.name}/{waits}/moves"
    )["data"]
    before = shop.workspace.payment(ANY.name, waits)["status"]
    page.click("[data-testid=mark]")
    post(look, f"mark-{move['trigger']}")

    assert page.locator("[data-testid=own-status]").inner_text() == move["to"] != before


@SCRIPTED
def test_a_delivery_is_jumped_to_sent_twice_and_marked_and_another_is_stopped(
    window: Open, shop: Shop, script: bool
) -> None:
    paid(shop)
    first, second = [one for one in shop.workspace.deliveries() if one["state"] == "pending"][:2]
    look = window(script=script)
    page = look.open(address(shop, f"webhooks/{first['id']}"))
    assert page.locator("[data-testid=raw-body]").inner_text()
    n = page.locator("[data-testid=try]").count()
    post(look, "jump-here")
    assert page.locator("[data-testid=try]").count() > n
    n = page.locator("[data-testid=try]").count()
    post(look, "deliver-twice")
    assert page.locator("[data-testid=try]").count() >= n + 1
    for tab in ("headers", "curl", "signature", "body"):
        page.click(f"[data-testid=tab-{tab}]")
        page.wait_for_selector(f"[data-testid=tab-{tab}][aria-current=true]")
    page.click("[data-testid=tab-signature]")
    for language in ("node", "php", "openssl", "python"):
        page.click(f"[data-testid=code-{language}]")
        page.wait_for_selector(f"[data-testid=code-{language}][aria-current=page]")
    post(look, "mark-delivered")
    look.open(address(shop, f"webhooks/{second['id']}"))
    post(look, "stop-retrying")

    states = {one["id"]: one["state"] for one in shop.workspace.deliveries()}
    assert (states[first["id"]], states[second["id"]]) == ("delivered", "failed")


class Receiver(Answering):
    """Refuses until it is mended."""

    status = 500

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(self.status, {}, b"")


@SCRIPTED
def test_what_failed_is_filtered_resent_and_its_endpoint_is_changed(window: Open, shop: Shop, script: bool) -> None:
    receiver = type("Receiver", (Receiver,), {})
    with listening(receiver) as port:
        paid(shop, f"http://127.0.0.1:{port}/hooks")
        look = window(script=script)
        page = look.open(address(shop, "webhooks"))
        for group in ("delivered", "held", "kept", "adversarial", "failing"):
            page.click(f"[data-testid=filter-state-{group}]")
            page.wait_for_selector(f"[data-testid=filter-state-{group}][aria-current=true]")
        n = page.locator("[data-testid=delivery-row]").count()
        page.click("[data-testid=filter-provider] summary")
        page.click(f"[data-testid=filter-provider] a:has-text('{ANY.title}')")
        page.click("[data-testid=filter-event] summary")
        page.click("[data-testid=filter-event] a >> nth=1")
        page.wait_for_url("**event=**")
        page = look.open(address(shop, "webhooks"))
        post(look, "resend-failed")
        assert page.locator("[data-testid=resent]").inner_text().startswith(f"{n} sent again, {n} still failing.")
        receiver.status = 200
        post(look, "resend-failed")
    assert "all of them were taken" in page.locator("[data-testid=resent]").inner_text()
    if script:
        page.wait_for_selector("[data-testid=status-live]:has-text('all of them were taken')", state="attached")
    page.click(f"[data-testid=endpoint-{ANY.name}] a.cell-link")
    page.fill(f"[data-testid=endpoint-url-{ANY.name}]", shop.workspace.inbox_url("mine"))
    page.fill("[data-testid=endpoint-secret]", "a-secret-of-my-own")
    post(look, "endpoint-save")
    assert shop.workspace.refresh()["webhooks"][ANY.name]["url"] == shop.workspace.inbox_url("mine")
    post(look, "endpoint-remove")

    assert shop.workspace.refresh()["webhooks"][ANY.name] is None


@SCRIPTED
def test_requests_are_filtered_and_a_slip_is_corrected(window: Open, shop: Shop, script: bool) -> None:
    world = shop.workspace
    right = creation(world)
    wrong = signed(world.credentials[ANY.name], Request(right.method, right.path + "x", right.headers, right.body))
    world.client.send(wrong.method, wrong.path, headers=wrong.headers, content=wrong.body or None)
    shop.order()
    look = window(script=script)
    page = look.open(address(shop, "requests"))
    rows = page.locator("[data-testid=request-row]")
    assert rows.count() == 2
    page.click("[data-testid=filter-status-2xx]")
    page.wait_for_url("**status=2xx**")
    assert rows.count() == 1
    page.click("[data-testid=filter-status-4xx]")
    page.wait_for_url("**status=4xx**")
    page.click("[data-testid=filter-method] summary")
    page.click(f"[data-testid=filter-method] a:has-text('{right.method}')")
    page.wait_for_url("**method=**")
    page.click(f"[data-testid=filter-provider-{ANY.name}]")
    page.fill("[data-testid=filter-path]", right.path)
    page.keyboard.press("Enter")
    page.wait_for_url("**path=**")
    page.click("[data-testid=filter-provider-all]")
    page.wait_for_selector("[data-testid=filter-provider-all][aria-current=true]")

    rows.first.locator(".row-link").click()
    look.see("request")

    assert page.locator("[data-testid=did-you-mean]").count()
    if script:
        page.click("[data-testid=copy-corrected]")
        page.wait_for_selector("[data-testid=copy-corrected]:has-text('Copied')")
    else:
        assert right.path in str(page.get_attribute("[data-testid=copy-corrected]", "data-copy"))


def test_a_repeated_call_leads_to_its_first(window: Open, shop: Shop) -> None:
    world, header = shop.workspace, ANY.idempotency
    assert header is not None
    request = signed(world.credentials[ANY.name], creation(world).plus({header.header: "one"}))
    for _ in range(2):
        world.client.send(request.method, request.path, headers=request.headers, content=request.body or None)
    newest, first = world.requests()[:2]

    page = window(script=False).open(address(shop, f"requests/{newest['id']}"))
    page.click("[data-testid=first-call]")

    page.wait_for_url(f"**/requests/{first['id']}")
    assert page.locator("[data-testid=raw-answer]").count() == 1


@SCRIPTED
def test_a_snapshot_is_taken_restored_and_forgotten_and_looks_are_chosen(
    window: Open, shop: Shop, script: bool
) -> None:
    look = window(script=script)
    page = look.open(address(shop, "settings"))
    page.click(f"[data-testid=section-{ANY.name}]")
    page.wait_for_selector(f"[data-testid=section-{ANY.name}][aria-current=true]")
    page.fill("[data-testid=snapshot-name]", "before")
    post(look, "snapshot-take")
    shop.order()
    post(look, "restore")
    assert shop.workspace.payments() == []
    post(look, "forget")
    assert page.locator("[data-testid=snapshot]").count() == 0
    for theme in ("dark", "light", "auto"):
        page.click(f"[data-testid=theme-{theme}]")
        page.wait_for_selector(f"[data-testid=theme-{theme}][aria-current=true]")
    assert page.locator("html").get_attribute("data-theme") is None


@SCRIPTED
def test_a_workspace_is_made_reset_opened_and_given_a_file(
    window: Open, shop: Shop, script: bool, tmp_path: Any
) -> None:
    name = f"made-{'by' if script else 'without'}-script-{shop.workspace.id[-6:]}"
    look = window(script=script)
    page = look.open("/console/workspaces")
    page.click("[data-testid=new-workspace]")
    page.fill("[data-testid=new-name]", name)
    page.select_option("[data-testid=new-clock]", "frozen")
    page.fill("[data-testid=new-at]", "2026-12-24T18:00:00Z")
    page.fill("[data-testid=new-credentials]", "{}")
    page.click("[data-testid=create-workspace]")
    page.wait_for_url(f"**/console/{name}/payments**")
    made = shop.client.workspace(name)
    shop.used.append(made)
    assert made.clock()["now"].startswith("2026-12-24T18:00:00")
    row = f"[data-testid=workspace-row][data-name='{name}']"

    page = look.open("/console/workspaces")
    with page.expect_download() as coming:
        page.click(f"{row} [data-testid=export]")
    file = tmp_path / "world.json"
    coming.value.save_as(file)
    page.click(f"{row} [data-testid=ask-reset]")
    page.click("[data-testid=keep]")
    page.click(f"{row} [data-testid=ask-reset]")
    page.fill("[data-testid=reset-name]", name)
    post(look, "reset")
    page.click("[data-testid=ask-import]")
    page.set_input_files("[data-testid=import-file]", file)
    page.click("[data-testid=import]")
    look.see("imported")
    shop.used.append(shop.client.workspace(str(page.get_attribute("[data-testid=imported]", "data-name"))))
    page = look.open(address(shop, "settings"))
    page = look.open("/console/workspaces")
    page.click(f"{row} [data-testid=open]")

    page.wait_for_url(f"**/console/{name}/payments**")


@SCRIPTED
def test_the_quick_start_opens_the_wallet_of_its_payment(window: Open, shop: Shop, script: bool) -> None:
    look = window(script=script)
    page = look.open(address(shop, "start"))
    page.click(f"[data-testid=tab-{ANY.name}]")
    page.wait_for_selector(f"[data-testid=tab-{ANY.name}][aria-current=page]")
    post(look, "do-it")
    with page.context.expect_page() as coming:
        page.click("[data-testid=open-wallet]")
    wallet = coming.value
    wallet.wait_for_url("**/w/*")
    wallet.close()
    page.click("[data-testid=qr]")

    page.wait_for_url("**/w/*")


PLACES = ("payments", "webhooks", "requests", "money", "buyers", "scenarios", "clock", "start", "audits", "settings")


@pytest.mark.slow
@SCRIPTED
def test_every_place_is_reached_from_the_frame_and_from_the_bar_of_a_phone(
    window: Open, shop: Shop, script: bool
) -> None:
    look = window(script=script)
    page = look.open(address(shop, "payments"))
    for place in PLACES:
        page.click(f"[data-testid=nav-{place}]")
        look.see(place)
    look.resize("phone")
    for place in PLACES:
        if not page.locator(f"[data-testid=nav-{place}]").is_visible():
            page.click("[data-testid=more]")
        page.click(f"[data-testid=nav-{place}]")
        look.see(place)
    page.click("[data-testid=more]")
    page.click("[data-testid=less]")
    assert not page.locator("[data-testid=nav-requests]").is_visible()
    assert page.locator("[data-testid=sim-ribbon]").is_visible()


@SCRIPTED
def test_language_theme_workspace_and_the_skip_link_stand_on_every_page(window: Open, shop: Shop, script: bool) -> None:
    look = window(script=script)
    page = look.open(address(shop, "settings"))
    page.click("[data-testid=lang-zh]")
    page.wait_for_selector("html[lang=zh-Hans]", state="attached")
    page.click("[data-testid=lang-en]")
    page.wait_for_selector("html[lang=en]", state="attached")
    page.click("[data-testid=theme]")
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    page.click("[data-testid=workspace-menu] summary")
    page.click("[data-testid=workspace-menu] a >> nth=0")
    look.see("payments")
    page.focus("[data-testid=skip]")
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")


def test_a_payment_of_another_workspace_is_offered_there(window: Open, shop: Shop) -> None:
    id_ = shop.ids[shop.order()]
    before = shop.workspace.name
    shop.renew()
    look = window(script=False)
    page = look.open(address(shop, f"payments/{id_}"))
    assert id_ in page.locator("[data-testid=empty]").inner_text()

    page.click(f"[data-testid=elsewhere][data-workspace='{before}']")

    page.wait_for_url(f"**/console/{before}/payments/{id_}**")


def test_what_is_copied_says_so(window: Open, shop: Shop) -> None:
    """The three kinds of buttons that copy."""
    id_ = paid(shop, shop.workspace.inbox_url("mine"))
    page = window(size="wide").open(address(shop, f"payments/{id_}"))

    for testid in ("copy-curl", "copy-mermaid", "copy"):
        button = page.locator(f"[data-testid={testid}]:visible").first
        button.click()
        page.wait_for_selector(f"[data-testid={testid}]:has-text('Copied')")
