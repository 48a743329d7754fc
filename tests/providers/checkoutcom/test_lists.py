"""Lists, sums and searches know everything that there is, however much that is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import STARTED, Sim

from providers.checkoutcom.driver import CHANNEL, Merchant
from simulator.engine.reader import PAGE
from simulator.providers.checkoutcom.handlers import disputes
from simulator.providers.checkoutcom.model import Dispute, Payment

MANY = 2 * PAGE + 1
"""More than the store is asked for at once."""


def a_payment(number: int) -> Payment:
    return Payment(
        id=f"pay_{number:026d}",
        state="Pending",
        created_at=STARTED,
        updated_at=STARTED,
        origin="http://sim.test",
        amount=100,
        currency="EUR",
        source_type="alipay_cn",
        reference="BULK",
        customer_id="cus_" + "a" * 26,
        session_id=f"sid_{number:026d}",
        code=f"28{number:034d}",
        processing_channel_id=CHANNEL,
    )


def a_dispute(number: int) -> Dispute:
    return Dispute(
        id=f"dsp_{number:022d}",
        state="evidence_required",
        created_at=STARTED,
        updated_at=STARTED,
        payment_id=f"pay_{number:026d}",
        payment_method="alipay_cn",
        payment_processed_on=STARTED,
        amount=100,
        currency="EUR",
        evidence_required_by=STARTED + disputes.TIME_FOR_EVIDENCE,
    )


@pytest.fixture
async def crowded(sim: Sim, cko: Merchant) -> Merchant:
    """Payment 0 is the oldest; all of them are paid."""
    with sim.app.runtime.unit(sim.workspace, provider="checkoutcom", topic="test") as uow:
        for number in range(MANY):
            payment = uow.add(a_payment(number))
            uow.amend(replace(payment, state="Captured", approved=True))
    return cko


async def test_no_payment_is_out_of_reach_of_lists_and_searches(crowded: Merchant) -> None:
    listed = (await crowded.get(f"/payments?reference=BULK&skip={MANY - 1}")).json()
    oldest = (await crowded.post("/payments/search", {"query": f"id:'pay_{0:026d}'"})).json()["data"]

    assert (listed["total_count"], [one["id"] for one in listed["data"]]) == (MANY, [f"pay_{0:026d}"])
    assert [one["id"] for one in oldest] == [f"pay_{0:026d}"]


@pytest.mark.uncounted
async def test_the_list_of_disputes_counts_them_all(sim: Sim, crowded: Merchant) -> None:
    with sim.app.runtime.unit(sim.workspace, provider="checkoutcom", topic="test") as uow:
        for number in range(MANY):
            uow.add(a_dispute(number))

    listed = (await crowded.get(f"/disputes?skip={MANY - 1}")).json()

    assert (listed["total_count"], [one["id"] for one in listed["data"]]) == (MANY, [f"dsp_{0:022d}"])


async def test_a_search_that_found_more_says_where_it_goes_on(sim: Sim, cko: Merchant) -> None:
    made = [(await cko.request(reference=f"S-{number}"))["id"] for number in range(5)]
    body = {"query": "status:'Pending'", "limit": 2}

    first = (await cko.post("/payments/search", body)).json()
    second = (await cko.post(first["_links"]["next"]["href"], body)).json()
    third = (await cko.post(second["_links"]["next"]["href"], body)).json()

    found = [one["id"] for page in (first, second, third) for one in page["data"]]
    assert found == made[::-1]
    assert (list(first), list(third)) == (["data", "_links"], ["data"])
    assert (await cko.post("/payments/search?after=pay_unknown", body)).status_code == 404
