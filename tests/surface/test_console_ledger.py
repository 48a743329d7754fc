"""The console's two questions: what did you send me and what did my server answer; why was I refused."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from merchant import Merchant
from pressing import console, page_of, press
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def _delivery(sim: Sim) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()
    return found


async def test_a_delivery_shows_the_bytes_and_each_answer(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    await Merchant(sim, ACME).paid()
    await sim.settle()
    delivery = await _delivery(sim)

    page = await page_of(sim, f"/webhooks/{delivery['id']}")

    assert html.escape(delivery["body"], quote=False).replace('"', "&#34;") in page
    assert delivery["url"] in page
    assert re.findall(r'data-testid="try" data-n="(\d+)"', page) == [str(n["n"]) for n in delivery["attempts"][::-1]]


async def test_send_again_is_the_control_call_and_comes_back_to_thepage_of(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    await Merchant(sim, ACME).paid()
    await sim.settle()
    delivery = await _delivery(sim)
    path = f"/webhooks/{delivery['id']}"

    answer = await press(sim, await page_of(sim, path), "resend")

    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, console(sim) + path)
    assert len((await _delivery(sim))["attempts"]) == len(delivery["attempts"]) + 1


async def test_what_a_call_is_refused_with_stands_beside_its_button(sim: Sim) -> None:
    """On a page that was open while the payment was refunded elsewhere."""
    merchant = Merchant(sim, ACME)
    id_ = await merchant.paid()
    page = await page_of(sim, f"/payments/{id_}")
    await merchant.refund(id_)
    await merchant.settle()

    answer = await press(sim, page, "refund-submit", amount="1000")
    shown = (await sim.http.get(answer.headers["location"])).text

    [refusal] = re.findall(r'data-testid="refusal".*?</p>', shown, re.S)
    assert "refund" in refusal.lower()


async def test_a_button_offers_itself_as_curl(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    await Merchant(sim, ACME).paid()
    await sim.settle()
    delivery = await _delivery(sim)

    page = await page_of(sim, f"/webhooks/{delivery['id']}")

    copied = re.search(r'data-testid="copy-curl" data-copy="([^"]+)"', page)
    assert copied is not None
    assert html.unescape(copied[1]).endswith(f"/_sim/workspaces/{sim.workspace.name}/webhooks/{delivery['id']}/resend")


@pytest.mark.parametrize("token", ["", "forged"])
async def test_a_form_without_a_token_of_ours_does_nothing(sim: Sim, token: str) -> None:
    await Merchant(sim, ACME).paid()
    delivery = await _delivery(sim)
    page = await page_of(sim, f"/webhooks/{delivery['id']}")

    answer = await press(sim, page, "mark-delivered", token=token)

    assert answer.status_code == 403
    assert (await _delivery(sim))["state"] == delivery["state"]


async def test_an_endpoint_is_set_from_its_cell(sim: Sim) -> None:
    answer = await press(
        sim, await page_of(sim, "/webhooks?endpoint=acme"), "endpoint-save", url="http://127.0.0.1:3000/hooks"
    )

    assert answer.status_code == 303
    assert "http://127.0.0.1:3000/hooks" in await page_of(sim, "/webhooks")


async def test_a_form_never_leads_away_from_us(sim: Sim) -> None:
    page = await page_of(sim, "/webhooks")

    answer = await press(sim, page, "resend-failed", back="//evil.example/x", then="https://evil.example/")

    assert answer.headers["location"].startswith("/console/")


@pytest.mark.parametrize("state", ["delivered", "failing", "held", "kept"])
async def test_deliveries_are_filtered_by_what_became_of_them(sim: Sim, state: str) -> None:
    await Merchant(sim, ACME).paid()

    rows = re.findall('data-testid="delivery-row"', await page_of(sim, f"/webhooks?state={state}"))

    assert bool(rows) == (state == "kept")


async def test_a_refused_call_says_which_rule_it_broke(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    await merchant.answer(amount=-5)
    (call,) = (await sim.http.get(f"{sim.path}/requests")).json()["data"]

    listed = await page_of(sim, "/requests?refused=1")
    page = await page_of(sim, f"/requests/{call['id']}")

    assert call["id"] in listed
    assert re.search(r'data-testid="rule" data-field="[^"]+"', page)
    assert html.escape(call["response"]["body"], quote=False).replace('"', "&#34;") in page


@pytest.mark.parametrize("id_", ["req_999", "req_", "x", "req_²", "req_" + "9" * 30])
async def test_an_unknown_request_is_a_page_that_says_so(sim: Sim, id_: str) -> None:
    answer = await sim.http.get(f"{console(sim)}/requests/{id_}")

    assert answer.status_code == 404
    assert 'data-testid="missing"' in answer.text
