"""Every way back from Payment Page to the merchant."""

from __future__ import annotations

import html
import json
import re
from itertools import product
from typing import Any

import pytest
from support import Sim

from providers.ecommpay.driver import Forms, Merchant
from providers.ecommpay.test_pages import element, has
from simulator.providers.ecommpay.pages.returns import Way, way_back

RETURNS = {"success": "http://example.com/success", "decline": "http://example.com/decline?x=1#y"}


@pytest.mark.parametrize(
    ("return_url", "button", "target"),
    [
        ({**RETURNS, "return": "http://example.com/return"}, "ecp-success", RETURNS["success"]),
        ({**RETURNS, "return": "http://example.com/return"}, "ecp-decline", RETURNS["decline"]),
        ({"return": "http://example.com/return"}, "ecp-success", "http://example.com/return"),
        ({"return": "http://example.com/return"}, "ecp-decline", "http://example.com/return"),
        ({"success": "shop-app://done"}, "ecp-success", "shop-app://done"),
    ],
)
async def test_gate_returns_to_the_address_as_given(
    sim: Sim, ecommpay: Merchant, return_url: dict[str, str], button: str, target: str
) -> None:
    """Nothing is appended."""
    await ecommpay.begin(return_url={"return": None, "success": None, **return_url})
    page = await sim.http.get(ecommpay.last["redirect_data"]["url"])
    form = Forms(page.text).of(button)

    answer = await sim.http.post(form.action, data=form.fields)

    assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_without_a_return_address_the_emulator_shows_the_result(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin(return_url=None)
    page = await sim.http.get(ecommpay.last["redirect_data"]["url"])

    result = await ecommpay.press(page, "ecp-success")

    assert has(result, "ecp-result") and not has(result, "ecp-back")


async def test_the_buyer_may_go_back_before_deciding(sim: Sim, ecommpay: Merchant) -> None:
    """`return_url.return` at Gate, `redirect_return_url` or `merchant_return_url` on Payment Page; the payment goes on waiting."""
    await ecommpay.begin()
    gate = await sim.http.get(ecommpay.last["redirect_data"]["url"])
    form = await ecommpay.open(merchant_return_url="https://shop.example/cart")
    page = await ecommpay.register(redirect_return_url="https://shop.example/wait")
    only = await ecommpay.register(payment_id="only", merchant_return_url="https://shop.example/cart")
    none = await ecommpay.register(payment_id="none")

    assert element(gate, "ecp-back")["href"] == "http://example.com/return"
    assert not has(gate, "ecp-last-name")
    assert element(form, "ecp-back")["href"] == "https://shop.example/cart"
    assert element(page, "ecp-back")["href"] == "https://shop.example/wait"
    assert element(only, "ecp-back")["href"] == "https://shop.example/cart" and not has(none, "ecp-back")


@pytest.mark.parametrize(("button", "kind"), [("ecp-success", "success"), ("ecp-decline", "fail")])
async def test_payment_page_redirects_by_itself_when_asked(
    sim: Sim, ecommpay: Merchant, button: str, kind: str
) -> None:
    """`redirect_*_url` is automatic, `merchant_*_url` a button on the result page."""
    url = f"https://shop.example/{kind}?order=580&ok=1"
    automatic = await ecommpay.register(payment_id="a", **{f"redirect_{kind}_url": url})
    by_button = await ecommpay.register(payment_id="b", **{f"merchant_{kind}_url": url})

    redirected = await ecommpay.press(automatic, button)
    shown = await ecommpay.press(by_button, button)

    sent = [e["summary"] for e in (await sim.payment("ecommpay", "a"))["timeline"] if "browser" in e["summary"]]
    shown_only = [e["summary"] for e in (await sim.payment("ecommpay", "b"))["timeline"] if "browser" in e["summary"]]
    assert sent == [f"browser was sent to https://shop.example/{kind}"]
    assert shown_only == []
    assert redirected.headers["location"] == url
    assert html.unescape(element(shown, "ecp-back")["href"]) == url


def expected_way(framed: str, enabled: str, mode: str) -> Way | None:
    """The matrix of docs/providers/ecommpay.md, source 3.9.4, written once more as sentences."""
    if enabled == "0":
        return None
    if framed == "":
        return Way("u", "_blank" if mode == "blank_page" else "_self")
    if enabled == "1":
        return Way("u", act="close") if framed == "popup" else Way("u", act="event")
    if mode == "iframe":
        return Way("u", "_self")
    return Way("u", "_blank" if mode == "blank_page" else "_top")


@pytest.mark.parametrize("prefix", ["merchant", "redirect"])
@pytest.mark.parametrize(
    ("framed", "enabled", "mode"),
    list(product(["", "popup", "iframe"], ["0", "1", "2"], ["iframe", "parent_page", "blank_page"])),
)
def test_the_return_matrix(prefix: Any, framed: str, enabled: str, mode: str) -> None:
    mode_name = "merchant_success_redirect_mode" if prefix == "merchant" else "redirect_success_mode"
    parameters = {f"{prefix}_success_url": "u", f"{prefix}_success_enabled": enabled, mode_name: mode}
    if framed:
        parameters["frame_mode"] = framed

    assert way_back(parameters, prefix, "success") == expected_way(framed, enabled, mode)


async def test_a_new_tab_keeps_the_result_page(sim: Sim, ecommpay: Merchant) -> None:
    emulator = await ecommpay.register(
        redirect_success_url="https://shop.example/done", redirect_success_mode="blank_page", redirect_success_enabled=2
    )

    result = await ecommpay.press(emulator, "ecp-success")

    assert has(result, "ecp-result")
    assert element(result, "ecp-back")["target"] == "_blank"


async def test_a_framed_page_tells_the_library_what_happened(sim: Sim, ecommpay: Merchant) -> None:
    """The result object is signed in `general`; the library moves the whole page."""
    from providers.ecommpay.driver import sign

    emulator = await ecommpay.register(
        frame_mode="popup", redirect_success_url="https://shop.example/done", redirect_success_mode="parent_page"
    )
    result = await ecommpay.press(emulator, "ecp-success")

    [told] = re.findall(r'<div hidden id="ecp-frame"[^>]*>', result.text)
    data = json.loads(html.unescape(re.search(r'data-result="([^"]*)"', told).group(1)))  # type: ignore[union-attr]
    assert 'data-event="onPaymentSuccess"' in told
    assert 'data-url="https://shop.example/done" data-target="_top"' in told
    assert data["general"]["signature"] == sign(ecommpay.secret, data)
    assert (data["status"], data["payment"]["result_code"]) == ("success", "0")
    assert list(data) == [
        "sum_request", "request_id", "transaction", "payment", "sum_real", "customer", "status", "general",
        "description", "operations", "return_url",
    ]  # fmt: skip


async def test_a_frame_leads_to_the_wallet_in_a_window_and_hears_of_the_end(sim: Sim, ecommpay: Merchant) -> None:
    """Nobody may frame the wallet; the emulator notices what happened there, and Payment Page tells the library."""
    emulator = await ecommpay.register(frame_mode="iframe")
    link = element(emulator, "use-wallet")
    await sim.http.post(f"{link['href'].partition('?')[0]}/confirm", data={"buyer": "li-na"})

    noticed = await sim.http.get(Forms(emulator.text).of("ecp-success").action)

    assert link["target"] == "_blank" and "data-again" in emulator.text
    assert noticed.status_code == 302
    assert 'data-event="onPaymentSuccess"' in (await ecommpay.follow(noticed)).text


async def test_the_pages_may_be_framed_and_run_no_inline_script(sim: Sim, ecommpay: Merchant) -> None:
    method = await ecommpay.open()
    emulator = await ecommpay.register()
    result = await ecommpay.press(emulator, "ecp-success")

    refused = await ecommpay.open(signature="wrong", payment_id="b", payment_amount="x")

    for page in (method, emulator, result, refused):
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors *" in policy and "default-src 'self'" in policy
        assert re.findall(r"<script(?![^>]*\bsrc=)", page.text) == []
        assert re.findall(r"\son[a-z]+=", page.text) == []
        assert "x-frame-options" not in page.headers
