"""The console's frame, its list of payments, and the page of one."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def test_the_console_lists_payments_in_their_own_words(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create("<b>order</b>")
    await sim.act("acme", charge, "pay")

    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments")).text

    assert charge in page
    assert "CAPTURED" in page
    assert "&lt;b&gt;order&lt;/b&gt;" in page


async def test_the_page_of_a_payment_tells_its_story_in_order(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    await sim.act("acme", charge, "pay")

    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments/{charge}")).text

    assert page.index("POST /acme/charges") < page.index("charge PENDING")


async def test_filters_stand_in_the_address(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    paid, waiting = await merchant.create(), await merchant.create()
    await sim.act("acme", paid, "pay")

    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments?phase=paid")).text

    assert paid in page
    assert waiting not in page


async def test_fifty_payments_make_a_page_with_a_way_to_the_older_ones_and_back(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    ids = [await merchant.create() for _ in range(51)]
    first = (await sim.http.get(f"/console/{sim.workspace.name}/payments")).text
    older = re.search(r'href="([^"]+)" data-testid="older"', first)
    assert older is not None

    second = (await sim.http.get(f"/console/{sim.workspace.name}/payments{html.unescape(older[1])}")).text

    assert ids[0] not in first
    assert [id_ for id_ in ids if id_ in second] == [ids[0]]
    assert 'data-testid="newer"' in second


async def test_one_payment_has_a_page_of_its_own(sim: Sim) -> None:
    first, second = await Merchant(sim, ACME).create(), await Merchant(sim, ACME).create()

    page = await sim.http.get(f"/console/{sim.workspace.name}/payments/{first}")

    assert page.status_code == 200
    assert first in page.text
    assert second not in page.text


async def test_an_empty_workspace_says_what_to_do(sim: Sim) -> None:
    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments")).text

    assert "No payments yet" in page


async def test_an_unknown_payment_is_404(sim: Sim) -> None:
    page = await sim.http.get(f"/console/{sim.workspace.name}/payments/charge_nobody")

    assert page.status_code == 404
    assert "There is no payment charge_nobody" in page.text


async def test_a_browser_at_the_root_comes_to_the_console(sim: Sim) -> None:
    answer = await sim.http.get("/", follow_redirects=True)

    assert answer.url.path == "/console/default/payments"
    assert answer.status_code == 200


async def test_an_unknown_workspace_is_refused(sim: Sim) -> None:
    assert (await sim.http.get("/console/nobody/payments")).status_code == 404


@pytest.mark.parametrize(
    "path", ["", "/default", "/default/payments", "/default/webhooks", "/default/start/acme", "/workspaces"]
)
async def test_a_slash_at_the_end_of_an_address_does_no_harm(sim: Sim, path: str) -> None:
    answer = await sim.http.get(f"/console{path}//?lang=zh")

    assert (answer.status_code, answer.headers["location"]) == (308, f"/console{path}?lang=zh")


@pytest.mark.parametrize(
    "address",
    [
        "payments?provider=foo&phase=bar&since=2y&lang=en",
        "webhooks?provider=foo&state=bar&lang=en",
        "requests?provider=foo&status=abc&method=GO&lang=en",
        "scenarios?scope=foo&lang=en",
    ],
)
async def test_a_choice_that_does_not_exist_is_named_and_stands_in_no_link(sim: Sim, address: str) -> None:
    page = (await sim.http.get(f"/console/{sim.workspace.name}/{address}")).text

    found = re.search(r'data-testid="left-out">(.*?)</p>', page, re.S)
    junk = [part for part in address.partition("?")[2].split("&") if part != "lang=en"]
    assert found is not None
    assert sorted(re.findall(r"<code>([^<]*)</code>", found[1])) == sorted(junk)
    assert not [part for part in junk if part in page.replace(found[0], "")]


async def test_a_choice_that_exists_is_not_called_strange(sim: Sim) -> None:
    page = (
        await sim.http.get(f"/console/{sim.workspace.name}/payments?provider=acme&phase=paid&failing=1&since=")
    ).text

    assert "left-out" not in page
