"""The console's one plain page."""

from __future__ import annotations

from providers.ppro.driver import Merchant
from support import Sim


async def test_the_console_lists_payments_with_their_story(sim: Sim) -> None:
    charge = await Merchant(sim).create(merchantPaymentChargeReference="<b>order</b>")
    await sim.act("ppro", charge["id"], "pay")

    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments")).text

    assert charge["id"] in page
    assert "CAPTURED" in page
    assert "&lt;b&gt;order&lt;/b&gt;" in page
    assert page.index("POST /v1/payment-charges") < page.index("payment-charge AUTHENTICATION_PENDING")


async def test_one_payment_has_a_page_of_its_own(sim: Sim) -> None:
    first, second = await Merchant(sim).create(), await Merchant(sim).create()

    page = await sim.http.get(f"/console/{sim.workspace.name}/payments/{first['id']}")

    assert page.status_code == 200
    assert first["id"] in page.text
    assert second["id"] not in page.text


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
