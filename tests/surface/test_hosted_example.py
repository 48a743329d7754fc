"""The page of docs/adding-a-provider.md is one that waits, is pressed, and notices that its time is over."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType, ModuleType

import httpx
import jinja2
import pytest
from contract.test_twins import check_that_pages_are_their_own
from merchant import Merchant
from support import Sim

from simulator.engine import pages, texts
from simulator.engine.provider import Provider, ProviderError
from simulator.surface.skeleton import handlers
from simulator.surface.skeleton.endpoints import ENDPOINTS
from simulator.surface.skeleton.model import Payment
from simulator.surface.skeleton.provider import PROVIDER
from simulator.surface.skeleton.shop import SHOP
from surface import adding_page

CHAPTER = adding_page.PAGE.read_text("utf-8").partition("\n## Hosted pages\n")[2].partition("\n<!-- templates -->")[0]
TEXTS = ("title", "stands_in", "how", "pay", "cancel", "back", "paid", "declined", "cancelled", "expired")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", CHAPTER, re.MULTILINE | re.DOTALL)
    return str(found)


def loaded(name: str, code: str) -> ModuleType:
    module = ModuleType(f"simulator.surface.skeleton.{name}")
    exec(compile(code, f"{name}.py", "exec"), vars(module))
    return module


@pytest.fixture
def hosting(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The skeleton with the page, before its payments say that a page finds them."""
    module = loaded("pages", block("python").replace("simulator.providers.newpay", "simulator.surface.skeleton"))
    example = jinja2.DictLoader({"hosted/newpay/pay.html": block("jinja")})
    with_example = pages.environment().overlay(loader=jinja2.ChoiceLoader([example, pages.environment().loader]))
    monkeypatch.setattr(pages, "environment", lambda: with_example)
    more = MappingProxyType({**texts.catalogue("en"), **{f"newpay_{key}": f"The text {key}" for key in TEXTS}})
    for place in (texts, pages):
        monkeypatch.setattr(place, "catalogue", lambda language: more)
    page_shop = replace(SHOP, pay_url=lambda document: f"/newpay/pay/{document['id']}")
    return replace(PROVIDER, pages=module.PAGES, shop=page_shop)


def found_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of the class `Payment`."""
    [line] = re.findall(r"^- in the class `Payment`: `FOUND_BY: .* = (.*)`$", CHAPTER, re.MULTILINE)
    monkeypatch.setattr(Payment, "FOUND_BY", ast.literal_eval(line))


def with_ids_of_their_own(provider: Provider) -> Provider:
    """The line of the handler that makes a payment."""
    [line] = re.findall(r"^- where a payment is made: `(id=uow.own_id.*)`$", CHAPTER, re.MULTILINE)
    source = inspect.getsource(handlers)
    assert 'id="pay_" + uow.ids.text(20)' in source
    create = loaded("handlers", source.replace('id="pay_" + uow.ids.text(20)', line)).create_payment
    return replace(provider, endpoints=(replace(ENDPOINTS[0], handler=create), *ENDPOINTS[1:]))


@pytest.fixture
async def shop(hosting: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Merchant]:
    found_by_its_id(monkeypatch)
    async with Sim(providers=[with_ids_of_their_own(hosting)]) as sim:
        await sim.receive_webhooks("newpay")
        yield Merchant(sim, hosting)


async def shown(shop: Merchant, id_: str) -> httpx.Response:
    return (await shop.sim.http.get(f"/newpay/pay/{id_}")).raise_for_status()


async def test_it_waits_and_shows_what_time_is_left(shop: Merchant) -> None:
    page = (await shown(shop, await shop.waiting())).text

    assert 'data-testid="newpay-checkout" data-state="pending" data-again="3" data-key="pending"' in page
    assert '<meta http-equiv="refresh" content="5">' in page
    assert 'data-testid="countdown"' in page
    assert 'data-testid="newpay-pay"' in page
    assert page.count("<h1") == 1


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
    assert page.count("<h1") == 1
    assert '<p class="merchant">Riverside Books</p>' in page


async def test_of_no_payment_there_is_no_page(shop: Merchant) -> None:
    assert (await shop.sim.http.get("/newpay/pay/pay_nothing")).status_code == 404


async def test_workspaces_of_one_seed_have_pages_of_their_own(shop: Merchant) -> None:
    await check_that_pages_are_their_own(shop.sim, shop.provider)


async def test_a_page_does_not_look_up_what_does_not_say_so(hosting: Provider) -> None:
    async with Sim(providers=[hosting]) as sim:
        id_ = await Merchant(sim, hosting).waiting()

        with pytest.raises(ProviderError, match=r"Payment\.FOUND_BY does not name 'id'.* uow\.own_id\(Payment"):
            pages.found(sim.app.runtime, Payment, id_)
        with pytest.raises(ProviderError, match=r"Payment\.FOUND_BY does not name 'reference'"):
            sim.app.runtime.locate_by_key(Payment, "reference", "order-1")
        assert (await sim.http.get(f"/newpay/pay/{id_}")).status_code == 500


async def test_an_id_that_another_workspace_has_too_is_noticed(
    hosting: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toy that says it is found by its id, and draws it like any other."""
    found_by_its_id(monkeypatch)
    async with Sim(providers=[hosting]) as sim:
        with pytest.raises(AssertionError):
            await check_that_pages_are_their_own(sim, hosting)
