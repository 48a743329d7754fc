"""Customers: made, read by id or e-mail, changed, deleted, and made by payments by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, ONE_TIME, RECURRING, Merchant

LI_NA: dict[str, Any] = {
    "email": "Li.Na@example.test",
    "name": "Li Na",
    "phone": {"country_code": "86", "number": "13800138000"},
    "metadata": {"tier": "gold"},
}


async def test_a_customer_is_read_by_id_and_by_email(cko: Merchant) -> None:
    made = await cko.post("/customers", LI_NA)
    id_ = made.json()["id"]

    found = (await cko.get(f"/customers/{id_}")).json()

    assert (made.status_code, list(made.json())) == (201, ["id"])
    assert found == {"id": id_, **LI_NA, "instruments": []}
    assert list(found) == ["id", "email", "name", "phone", "metadata", "instruments"]
    assert (await cko.get("/customers/li.na@example.test")).json() == found


async def test_a_customer_is_changed_and_deleted_without_a_body(cko: Merchant) -> None:
    id_ = (await cko.made("/customers", LI_NA))["id"]

    changed = await cko.send("PATCH", f"/customers/{id_}", {"name": "Na Li"})
    found = (await cko.get(f"/customers/{id_}")).json()
    deleted = await cko.send("DELETE", f"/customers/{id_}")

    assert [(a.status_code, a.content) for a in (changed, deleted)] == [(204, b"")] * 2
    assert (found["name"], found["email"]) == ("Na Li", LI_NA["email"])
    assert (await cko.get(f"/customers/{id_}")).status_code == 404
    assert (await cko.send("PATCH", f"/customers/{id_}", {"name": "x"})).status_code == 404


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, ["email_required"]),
        ({"email": "nobody"}, ["email_invalid"]),
        ({"email": "LI.NA@example.test"}, ["customer_already_exists"]),
        ({"email": "x@example.com", "phone": {"number": "1"}}, ["phone_number_length_invalid"]),
        ({"email": "x@example.com", "default": "src_bbbbbbbbbbbbbbbbbbbbbbbbbe"}, ["source_id_unknown"]),
    ],
)
async def test_a_bad_customer_is_refused(cko: Merchant, body: dict[str, Any], codes: list[str]) -> None:
    await cko.post("/customers", LI_NA)

    answer = await cko.post("/customers", body)

    assert (answer.status_code, answer.json()["error_codes"]) == (422, codes)
    assert (await cko.get("/customers/x@example.com")).status_code == 404


async def test_payments_make_one_customer_per_email_and_anonymous_ones_without(cko: Merchant) -> None:
    first, second = await cko.request(RECURRING), await cko.request(ONE_TIME)
    anonymous = await cko.request(ONE_TIME | {"customer": None})
    known = await cko.request(ONE_TIME | {"customer": {"id": first["customer"]["id"], "name": "Somebody Else"}})

    assert first["customer"] == second["customer"] == known["customer"]
    assert list(anonymous["customer"]) == ["id"]
    assert (await cko.get(f"/customers/{anonymous['customer']['id']}")).status_code == 200


async def test_agreements_stand_with_their_customer(sim: Sim, cko: Merchant) -> None:
    source = await cko.agreement()

    found = (await cko.get("/customers/john.smith@example.com")).json()

    assert found["instruments"] == [{"id": source, "type": "alipay_cn"}]
    assert found["default"] == source
    assert list(found) == ["id", "email", "default", "name", "instruments"]
    await cko.send("DELETE", f"/customers/{found['id']}")
    assert (await cko.get(f"/instruments/{source}")).status_code == 404


async def test_the_balances_are_those_of_the_ledger(sim: Sim, cko: Merchant) -> None:
    """A sale is pending, less 1.2 % and 0.20 EUR; a refund and its 0.10 EUR are taken from what is available at once."""
    created = await cko.paid(amount=1100)
    await cko.refund(created["id"], {"amount": 20})
    await sim.advance(seconds=5)
    own = sim.credentials("checkoutcom")["processing_channel_id"].replace("pc_", "ent_")

    found = (await cko.get(f"/balances/{own}?query=currency:EUR")).json()
    other = (await cko.get(f"/balances/{own}?query=currency:USD")).json()
    wrong = await cko.get(f"/balances/{own}?query=nonsense")

    [entry] = found["data"]
    assert list(entry) == ["descriptor", "holding_currency", "balances"]
    assert entry["balances"] == {"pending": 1067, "available": -30, "payable": 0, "collateral": 0}
    assert other == {"data": []}
    assert wrong.status_code == 400


# What is kept of them ------------------------------------------------------------------------------------------


def named(email: str) -> dict[str, Any]:
    return ONE_TIME | {"customer": {"email": email}}


async def test_a_customer_whom_only_payments_name_goes_with_the_newest_of_them(sim: Sim, cko: Merchant) -> None:
    """Whom the merchant has made or changed, and who has an agreement, stays."""
    await cko.post("/customers", LI_NA)
    emails = [f"{word}@example.test" for word in ("once", "twice", "changed", "li.na")]
    for email in [*emails, "twice@example.test"]:
        await cko.request(named(email))
    await cko.request(RECURRING | {"customer": {"email": "agreed@example.test"}})
    await cko.send("PATCH", "/customers/changed@example.test", {"name": "Na Li"})
    await sim.advance(days=3)
    last = await cko.request(named("twice@example.test"))
    everybody = [*emails, "agreed@example.test"]

    await sim.settings("simulator", keep={"payments": 1})
    sim.app.runtime.keeper.run()
    there = [(await cko.get(f"/customers/{email}")).status_code for email in everybody]
    await sim.advance(days=3)
    await cko.request(named("newest@example.test"))
    sim.app.runtime.keeper.run()

    assert there == [404, 200, 200, 200, 200]
    assert (await cko.get(f"/payments/{last['id']}")).status_code == 404
    assert [(await cko.get(f"/customers/{email}")).status_code for email in everybody] == [404, 404, 200, 200, 200]


async def test_the_customer_of_the_published_agreement_stays(sim: Sim, cko: Merchant) -> None:
    await cko.request(named("john.smith@example.com"))
    await cko.request(FOLLOW_UP)
    await sim.advance(days=3)

    await sim.settings("simulator", keep={"days": 1})
    sim.app.runtime.keeper.run()

    assert (await cko.get("/customers/john.smith@example.com")).status_code == 200
