"""The quick start: what it shows is what works, and what was done is ticked off."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import pytest
from pressing import console, page_of, press
from support import HOOKS, Sim
from toy.acme import ACME

from simulator.engine.provider import Provider
from simulator.engine.settings import ProviderSettings
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in

PROVIDERS = {provider.name: provider for provider in (*built_in(), ACME)}
REAL = [provider for provider in built_in() if provider.first_steps is not None]


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[*PROVIDERS.values()]) as simulator:
        yield simulator


def done(page: str) -> list[bool]:
    return [found == "true" for found in re.findall(r'data-testid="step-\d" data-done="(\w+)"', page)]


def account(sim: Sim, name: str) -> Account:
    return Account(sim.credentials(name), "http://sim.test", time_of_day())


async def buy(sim: Sim, provider: Provider, **changes: Any) -> httpx.Response:
    """The purchase of the shop, made by the merchant; `changes` are those of headers."""
    assert provider.shop is not None
    mine = account(sim, provider.name)
    purchase = replace(provider.shop.sample, reference=provider.shop.sample.reference or "order-1")
    request = provider.shop.sign(mine, provider.shop.create(mine, purchase))
    headers = {**request.headers, **changes}
    answer = await sim.http.request(request.method, request.path, headers=headers, content=request.body)
    await sim.advance(seconds=1)
    return answer


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
async def test_the_steps_are_ticked_off_when_the_calls_arrive(sim: Sim, provider: Provider) -> None:
    """Nothing at first; the call, the buyer, the webhook."""
    before = await page_of(sim, f"/start/{provider.name}")

    await buy(sim, provider)
    called = await page_of(sim, f"/start/{provider.name}")
    await sim.receive_webhooks(provider.name)
    [payment] = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    await sim.http.post(f"{sim.path}/payments/{provider.name}/{payment['id']}/pay", json={})
    await sim.advance(hours=1)
    after = await page_of(sim, f"/start/{provider.name}")

    assert done(before) == [False, False, False, False]
    assert done(called) == [True, True, False, False]
    assert f'data-url="{payment["wallet"]["url"]}"' in called
    assert done(after) == [True, True, True, True]


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
async def test_every_provider_can_be_done_for_me(sim: Sim, provider: Provider) -> None:
    answer = await press(sim, await page_of(sim, f"/start/{provider.name}"), "do-it")

    assert answer.status_code == 303
    assert done(await page_of(sim, f"/start/{provider.name}"))[:2] == [True, True]


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
async def test_every_credential_and_the_base_url_can_be_copied(sim: Sim, provider: Provider) -> None:
    """The banner says so of what it leaves out: "secret in the console"."""
    page = html.unescape(await page_of(sim, f"/start/{provider.name}"))

    own = {name: value for name, value in sim.credentials(provider.name).items() if value not in (None, "", [])}
    texts = ["http://sim.test", *(value if isinstance(value, str) else json.dumps(value) for value in own.values())]
    assert [text for text in texts if f'data-copy="{text}"' not in page] == []


@pytest.mark.parametrize("provider", REAL, ids=lambda provider: provider.name)
async def test_each_language_shows_the_sample_that_is_run_by_the_tests_of_the_clients(
    sim: Sim, provider: Provider
) -> None:
    """By `tests/sdk/test_first_calls.py`, filled in the same way."""
    assert provider.first_steps is not None and provider.shop is not None
    for sample in provider.first_steps.samples:
        page = await page_of(sim, f"/start/{provider.name}?in={sample.language}")

        text = sample.filled(account(sim, provider.name), provider.shop.sample.return_url)
        assert f'data-copy="{html.escape(text)}"'.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
        assert "{{" not in text


async def test_a_provider_without_samples_shows_its_first_call_as_curl(sim: Sim) -> None:
    page = await page_of(sim, "/start/acme")
    sample = re.search(r'data-copy="(curl -X [^"]+)"', page)
    assert sample is not None
    words = shlex.split(html.unescape(sample[1]).replace("\\\n", " "))
    headers = dict(value.split(": ", 1) for flag, value in pairwise(words) if flag == "-H")
    body = next((value for flag, value in pairwise(words) if flag == "-d"), "")

    answer = await sim.http.request(words[2], words[3], headers=headers, content=body.encode())

    assert answer.status_code < 300, answer.text
    assert done(await page_of(sim, "/start/acme"))[:2] == [True, True]


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
async def test_a_refused_call_is_shown_with_its_reason_and_what_would_help(sim: Sim, provider: Provider) -> None:
    """A body that ends after its first member, under the right credentials. In workspace `default`, where calls stand that were
    refused before anybody knew whose they are."""
    assert provider.shop is not None
    mine = Account(sim.app.runtime.default.credentials[provider.name], "http://sim.test", time_of_day())
    request = provider.shop.create(mine, provider.shop.sample)
    first = dict(list(json.loads(request.body).items())[:1])
    signed = provider.shop.sign(mine, replace(request, body=json.dumps(first).encode()))
    answer = await sim.http.request(signed.method, signed.path, headers=signed.headers, content=signed.body)
    page = (await sim.http.get(f"/console/default/start/{provider.name}")).text

    assert answer.status_code >= 400
    id_ = re.search(r"/requests/(req_\d+)", page)
    assert id_ is not None
    told = (await sim.http.get(f"/_sim/workspaces/default/why/{id_[1]}")).json()
    assert told["because"] and all(
        sentence in html.unescape(page) for sentence in (*told["because"][:3], *told["next"][:3])
    )
    assert done(page) == [True, False, False, False]


async def test_a_webhook_that_the_merchants_server_refuses_is_shown_with_its_answer(sim: Sim) -> None:
    sim.answer = lambda request: httpx.Response(500)
    await sim.receive_webhooks("acme")
    await buy(sim, ACME)
    [payment] = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    await sim.http.post(f"{sim.path}/payments/acme/{payment['id']}/pay", json={})
    await sim.settle()
    page = await page_of(sim, "/start/acme")

    assert re.search(r"/webhooks/dlv_[^<]*was answered with \D*500", page)
    assert done(page)[3] is False


async def test_the_address_is_set_and_a_test_event_arrives(sim: Sim) -> None:
    await press(sim, await page_of(sim, "/start/acme"), "endpoint-save", url=HOOKS)
    await press(sim, await page_of(sim, "/start/acme"), "test-event")

    assert [hook.url for hook in sim.hooks] == [HOOKS]
    assert done(await page_of(sim, "/start/acme"))[3] is True


def test_who_has_test_amounts_offers_one_that_is_declined() -> None:
    for provider in REAL:
        assert provider.first_steps is not None
        assert (provider.first_steps.decline is not None) == issubclass(provider.settings, ProviderSettings)


@pytest.mark.parametrize("provider", REAL, ids=lambda provider: provider.name)
async def test_the_decline_that_is_offered_ends_as_it_says(sim: Sim, provider: Provider) -> None:
    assert provider.first_steps is not None
    if provider.first_steps.decline is None:
        pytest.skip("it has no test amounts")
    amount, word = provider.first_steps.decline
    body = {"provider": provider.name, "amount": {"value": amount.value, "currency": amount.currency}}
    made = (await sim.http.post(f"{sim.path}/payments", json=body)).json()
    await sim.http.post(f"{sim.path}/payments/{provider.name}/{made['id']}/pay", json={})
    await sim.advance(hours=1)

    ended = (await sim.http.get(f"{sim.path}/payments/{provider.name}/{made['id']}")).json()
    told = (await sim.http.get(f"{sim.path}/webhooks?provider={provider.name}")).json()["data"]
    assert ended["phase"] == "declined"
    assert any(word in delivery["body"] for delivery in told)
    assert word in await page_of(sim, f"/start/{provider.name}")


async def test_an_unknown_provider_has_no_quick_start(sim: Sim) -> None:
    assert (await sim.http.get(f"{console(sim)}/start/nobody")).status_code == 404
