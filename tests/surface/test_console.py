"""The console's one plain page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def test_the_console_lists_payments_with_their_story(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create("<b>order</b>")
    await sim.act("acme", charge, "pay")

    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments")).text

    assert charge in page
    assert "CAPTURED" in page
    assert "&lt;b&gt;order&lt;/b&gt;" in page
    assert page.index("POST /acme/charges") < page.index("charge PENDING")


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
    assert "There is no such payment" in page.text


async def test_a_browser_at_the_root_comes_to_the_console(sim: Sim) -> None:
    answer = await sim.http.get("/", follow_redirects=True)

    assert answer.url.path == "/console/default/payments"
    assert answer.status_code == 200


async def test_an_unknown_workspace_is_refused(sim: Sim) -> None:
    assert (await sim.http.get("/console/nobody/payments")).status_code == 404
