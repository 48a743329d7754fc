"""The console's requests in Chromium: a refused call is found, explained, compared and sent again; and to axe."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from browser.shop import Shop
from browser.window import Window
from simulator.engine.shop import Account, Request
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in

Open = Callable[..., Window]

SIGNING = next(p for p in built_in() if p.explain_request is not None)
"""One that takes a signature; any will do."""


def _refused(shop: Shop) -> str:
    """The id of a call with a wrong signature."""
    assert SIGNING.shop is not None and SIGNING.explain_request is not None
    world = shop.workspace
    account = Account(world.credentials[SIGNING.name], world.client.url, time_of_day())
    signed = SIGNING.shop.sign(account, SIGNING.shop.create(account, SIGNING.shop.sample))
    how = SIGNING.explain_request(account, signed)
    assert how is not None
    wrong = _with(signed, how.signature, how.digest(b"nobody knows", how.base))
    world.client.send(wrong.method, wrong.path, headers=wrong.headers, content=wrong.body)
    return world.requests(refused=True)[0]["id"]


def _with(request: Request, right: str, wrong: str) -> Request:
    headers = {name: value.replace(right, wrong) for name, value in request.headers.items()}
    return Request(
        request.method, request.path, headers, request.body.replace(orjson.dumps(right), orjson.dumps(wrong))
    )


@pytest.mark.parametrize("script", [True, False])
def test_a_refused_call_is_found_compared_and_sent_again(window: Open, shop: Shop, script: bool) -> None:
    """By links and buttons alone, from the start page in two steps."""
    refused = _refused(shop)
    page = window(script=script).open(f"/console/{shop.workspace.name}/payments")

    page.click("[data-testid=nav-requests]")
    page.click("[data-testid=filter-refused]")
    page.locator(f"[data-testid=request-row][data-id={refused}] .row-link").click()
    page.wait_for_selector("[data-testid=rule][data-code=signature]")
    page.click("[data-testid=inferred] summary")
    assert page.locator(f"[data-testid=inferred] code:has-text('{SIGNING.name}.')").first.is_visible()
    expected = page.locator("[data-testid=base-string-expected] pre").inner_text()
    page.fill("[data-testid=compare-input]", "x" + expected)
    page.click("[data-testid=compare]")
    page.wait_for_selector("[data-testid=first-difference][data-at='0']")
    page.click("[data-testid=send-again]")
    page.wait_for_url(lambda url: refused not in url)

    assert page.locator("[data-testid=rule]").count() == 0
    assert shop.workspace.requests()[0]["sent_by"] == "console"


@pytest.mark.parametrize(
    ("path", "query"), [("requests", {}), ("requests/{id}", {}), ("requests/{id}", {"as": "joined", "compare": "mine"})]
)
def test_the_pages_to_axe(window: Open, shop: Shop, axe: str, path: str, query: dict[str, str]) -> None:
    address = f"/console/{shop.workspace.name}/{path.replace('{id}', _refused(shop))}"

    assert window(size="wide", axe=axe).wrong_with(address, **query) == []
