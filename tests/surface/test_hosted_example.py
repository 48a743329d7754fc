"""The page of docs/adding-a-provider.md is one that waits, is pressed, and notices that its time is over."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType, ModuleType

import httpx
import jinja2
import pytest
from merchant import Merchant
from support import Sim

from simulator.engine import pages, texts
from simulator.surface.skeleton.provider import PROVIDER
from surface import adding_page

CHAPTER = adding_page.PAGE.read_text("utf-8").partition("\n## Hosted pages\n")[2].partition("\n<!-- templates -->")[0]
TEXTS = ("title", "stands_in", "how", "pay", "cancel", "back", "paid", "declined", "cancelled", "expired")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", CHAPTER, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Merchant]:
    module = ModuleType("simulator.surface.skeleton.pages")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code = block("python").replace("simulator.providers.newpay", "simulator.surface.skeleton")
    exec(compile(code, "pages.py", "exec"), vars(module))
    example = jinja2.DictLoader({"hosted/newpay/pay.html": block("jinja")})
    with_example = pages.environment().overlay(loader=jinja2.ChoiceLoader([example, pages.environment().loader]))
    monkeypatch.setattr(pages, "environment", lambda: with_example)
    more = MappingProxyType({**texts.catalogue("en"), **{f"newpay_{key}": f"The text {key}" for key in TEXTS}})
    for place in (texts, pages):
        monkeypatch.setattr(place, "catalogue", lambda language: more)
    async with Sim(providers=[replace(PROVIDER, pages=module.PAGES)]) as sim:
        await sim.receive_webhooks("newpay")
        yield Merchant(sim, PROVIDER)


async def shown(shop: Merchant, id_: str) -> httpx.Response:
    return (await shop.sim.http.get(f"/newpay/pay/{id_}")).raise_for_status()


async def test_it_waits_and_shows_what_time_is_left(shop: Merchant) -> None:
    page = (await shown(shop, await shop.waiting())).text

    assert 'data-testid="newpay-checkout" data-state="pending" data-again="3" data-key="pending"' in page
    assert '<meta http-equiv="refresh" content="5">' in page
    assert 'data-testid="countdown"' in page
    assert 'data-testid="newpay-pay"' in page


@pytest.mark.parametrize("token", ["own", None])
async def test_its_button_cancels_once(shop: Merchant, token: str | None) -> None:
    id_ = await shop.waiting()
    found = re.search(r'name="token" value="([^"]+)"', (await shown(shop, id_)).text)
    assert found is not None

    for _ in range(2):
        form = {"token": found[1]} if token else {}
        answer = await shop.sim.http.post(f"/newpay/pay/{id_}/cancel", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/newpay/pay/{id_}")
    await shop.sim.settle()

    page = (await shown(shop, id_)).text
    assert 'data-outcome="cancelled"' in page
    assert 'data-decided-by="page"' in page
    assert [hook.body["type"] for hook in shop.sim.hooks] == ["payment.cancelled"]


@pytest.mark.parametrize(
    ("form", "headers"),
    [({"token": "another"}, {}), ({}, {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"})],
)
async def test_a_form_of_somebody_else_changes_nothing(
    shop: Merchant, form: dict[str, str], headers: dict[str, str]
) -> None:
    id_ = await shop.waiting()

    answer = await shop.sim.http.post(f"/newpay/pay/{id_}/cancel", data=form, headers=headers)

    assert answer.status_code == 403
    assert await shop.status(id_) == "pending"


async def test_it_notices_that_its_time_is_over(shop: Merchant) -> None:
    id_ = await shop.waiting()

    await shop.sim.advance(hours=26)

    page = (await shown(shop, id_)).text
    assert "data-again" not in page
    assert 'data-testid="result" data-outcome="expired"' in page
    assert 'data-decided-by="timer"' in page


async def test_of_no_payment_there_is_no_page(shop: Merchant) -> None:
    assert (await shop.sim.http.get("/newpay/pay/pay_nothing")).status_code == 404
