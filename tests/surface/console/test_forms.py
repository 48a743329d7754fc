"""A form that was refused: what is wrong stands by its field, once, and what was typed is still there."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest
from merchant import Merchant
from pressing import page_of, press
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def refused(sim: Sim, path: str, button: str, **typed: str) -> str:
    """The page after its form was refused."""
    answer = await press(sim, await page_of(sim, path), button, **typed)
    assert answer.status_code == 303
    page = (await sim.http.get(answer.headers["location"])).text
    assert page.count('data-testid="refusal"') == 1
    return html.unescape(page)


FORMS = {
    "clock": ("/clock", "advance", "by", "abc"),
    "a step of the clock": ("/clock", "advance-1d", "by", "abc"),
    "a test payment": ("/payments", "make-submit", "amount.value:json", "abc"),
    "a buyer": ("/buyers/wang-wei", "save-buyer", "balance", "abc"),
    "a buyer's card": ("/buyers/wang-wei", "save-buyer", "card.last4", "x"),
    "a workspace": ("/../workspaces", "create-workspace", "name", "no good"),
    "a webhook's URL": ("/webhooks?endpoint=acme", "endpoint-save", "url", "ftp://x"),
    "the URL of the quick start": ("/start/acme", "endpoint-save", "url", ""),
    "a setting": ("/settings?section=simulator", "save-settings", "retry_factor:json", "-1"),
    "a snapshot": ("/settings", "snapshot-take", "name", "no good"),
}


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_wrong_is_said_once_and_what_was_typed_is_kept(sim: Sim, form: str) -> None:
    path, button, name, wrong = FORMS[form]

    page = await refused(sim, path, button, **{name: wrong, "reference": "order-77", "provider": "acme"})

    field = re.search(rf'<input (?!type="hidden")[^>]*name="{re.escape(name)}"[^>]*>', page)
    if button != "advance-1d":
        assert field is not None and f'value="{wrong}"' in field[0]
    if form == "a test payment":
        assert 'value="order-77"' in page and '<option value="acme" selected' in page


async def test_a_menu_whose_form_was_refused_is_open(sim: Sim) -> None:
    """Else nobody sees the error."""
    page = await page_of(sim, "/webhooks")
    answer = await press(sim, page, "test-event", event="nothing.of.the.kind")
    shown = (await sim.http.get(answer.headers["location"])).text

    menu = re.search(r"<details[^>]*>(?:(?!</details>).)*data-testid=\"refusal\"", shown, re.S)
    assert menu is not None and re.match(r"<details[^>]* open", menu[0])


async def test_an_error_without_a_field_stands_by_its_own_form_alone(sim: Sim) -> None:
    id_ = await Merchant(sim, ACME).paid()
    page = await page_of(sim, f"/payments/{id_}?provider=acme")

    await sim.http.delete(f"{sim.path}/payments")
    answer = await press(sim, page, "refund-submit", amount="999999")
    shown = (await sim.http.get(answer.headers["location"])).text

    assert shown.count('data-testid="refusal"') == 1


@pytest.mark.parametrize(
    ("amount", "told"), [("abc", "whole number"), ("0", "at least 1"), ("1001", "can be refunded")]
)
async def test_a_refund_says_what_is_wrong_with_its_amount(sim: Sim, amount: str, told: str) -> None:
    id_ = await Merchant(sim, ACME).paid()

    page = await refused(sim, f"/payments/{id_}?provider=acme", "refund-submit", amount=amount)

    assert told in page and f'value="{amount}"' in page


@pytest.mark.parametrize(("given", "made"), [({"value": 500}, (500, "CNY")), ({"currency": "EUR"}, (1000, "EUR"))])
async def test_an_amount_or_a_currency_alone_is_enough(
    sim: Sim, given: dict[str, object], made: tuple[int, str]
) -> None:
    """The other is that of the provider's sample."""
    answer = await sim.http.post(f"{sim.path}/payments", json={"provider": "acme", "amount": given})

    assert answer.status_code in (200, 201), answer.text
    amount = answer.json()["amount"]
    assert (amount["value"], amount["currency"]) == made


async def test_a_url_is_removed_where_it_was_set(sim: Sim) -> None:
    await sim.receive_webhooks("acme")

    answer = await press(sim, await page_of(sim, "/start/acme"), "endpoint-remove")

    assert answer.status_code == 303
    assert (await sim.http.get(sim.path)).json()["webhooks"]["acme"] is None


@pytest.mark.parametrize(
    ("path", "token", "status", "told"),
    [
        ("gone/do/advance", "", 404, "There is no workspace gone."),
        ("default/do/advance", "", 403, "此表单不是来自本控制台的页面；请重新加载"),
    ],
)
async def test_a_form_that_is_not_heard_is_answered_with_a_page(
    sim: Sim, path: str, token: str, status: int, told: str
) -> None:
    """Somebody pressed its button, maybe after the workspace was deleted in another window."""
    language = "en" if told.isascii() else "zh"

    answer = await sim.http.post(f"/console/{path}?lang={language}", data={"token": token, "by": "1h"})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f'data-testid="empty">{told}<' in html.unescape(answer.text)
