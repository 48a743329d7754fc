"""A session, a setup, a hosted page or a link, and the payments that it makes: one purchase in the console and the control API."""

from __future__ import annotations

from typing import Any

import pytest
from pressing import page_of
from support import Sim

from providers.checkoutcom.driver import Merchant
from providers.checkoutcom.test_hosted import HOSTED, LINK
from providers.checkoutcom.test_sessions import SESSION, made, submitted

SETUP = {
    "amount": 1100,
    "currency": "CNY",
    "settings": {"success_url": "https://a.example", "failure_url": "https://a.example"},
}


async def listed(sim: Sim, **filters: str) -> list[dict[str, Any]]:
    answer = await sim.http.get(f"{sim.path}/payments", params=filters)
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return rows


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/payment-sessions", SESSION),
        ("/payments/setups", SETUP | {"reference": "FLOW-1001"}),
        ("/hosted-payments", HOSTED | {"reference": "FLOW-1001"}),
        ("/payment-links", LINK | {"reference": "FLOW-1001"}),
    ],
)
async def test_one_purchase_is_one_row_that_leads_to_what_it_was_made_by(
    sim: Sim, cko: Merchant, path: str, body: dict[str, Any]
) -> None:
    """Before there is a payment, the session, setup, page or link is the row; it is told as its payment then, tries included."""
    made_by = (await cko.post(path, body)).json()["id"]
    before = await listed(sim, reference="FLOW-1001")
    await sim.act("checkoutcom", made_by, "decline")
    declined = await sim.payment("checkoutcom", made_by)
    await sim.act("checkoutcom", made_by, "pay")
    await sim.advance(seconds=5)
    paid = await sim.payment("checkoutcom", made_by)
    last, first = paid["payments"]
    rows = await listed(sim, reference="FLOW-1001")
    refunded = (await sim.http.post(f"{sim.path}/payments/checkoutcom/{made_by}/refund", json={"amount": 100})).json()
    found = await listed(sim, q=made_by)

    assert [row["id"] for row in before] == [made_by]
    assert (declined["phase"], declined["decided_by"], declined["payments"]) == ("declined", "console", [first])
    assert [(row["id"], row["phase"], row["preface"]) for row in rows] == [
        (last, "paid", made_by),
        (first, "declined", made_by),
    ]
    assert (paid["phase"], paid["reference"], refunded["phase"]) == ("paid", "FLOW-1001", "paid")
    assert [row["id"] for row in found] == [made_by]
    assert {"payment_declined", "payment_captured"} <= {
        entry["summary"].partition(" ")[0] for entry in paid["timeline"] if entry["kind"] == "webhook"
    }
    assert 'data-n="' not in await page_of(sim, "/payments")


async def test_the_stories_of_a_session_and_its_payment_lead_to_each_other(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    await sim.act("checkoutcom", session["id"], "decline")
    [id_] = (await sim.payment("checkoutcom", session["id"]))["payments"]

    of_session, of_payment = [await page_of(sim, f"/payments/{one}") for one in (session["id"], id_)]

    assert f'/payments/{id_}?provider=checkoutcom">' in of_session[of_session.index('rel="related"') :]
    assert f'/payments/{session["id"]}?provider=checkoutcom">' in of_payment[of_payment.index('rel="up"') :]
    for page in (of_session, of_payment):
        assert "pill-declined" in page or "Declined" in page[: page.index('id="facts"')]
        assert "Declined, decided by" in page and "payment Pending" in page and "payment-session Open" in page


async def test_a_sessions_page_leads_to_the_payment_and_refunds_nothing_itself(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    early = await page_of(sim, f"/payments/{session['id']}")
    id_ = (await submitted(cko, session)).json()["id"]
    await cko.pay(id_)

    of_session, of_payment = [await page_of(sim, f"/payments/{one}") for one in (session["id"], id_)]

    assert 'rel="related"' not in early + of_payment
    assert f'/payments/{id_}?provider=checkoutcom">' in of_session[of_session.index('rel="related"') :]
    assert ['data-testid="refund"' in page for page in (of_session, of_payment)] == [False, True]
