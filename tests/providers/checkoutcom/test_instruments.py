"""An agreement is an instrument: it can be read, given to another customer of the same merchant, and removed."""

from __future__ import annotations

from typing import Any

import pytest

from providers.checkoutcom.driver import Merchant

NOBODY = "cus_aaaaaaaaaaaaaaaaaaaaaaaaaa"


async def customer_of(cko: Merchant, source: str) -> Any:
    return (await cko.get(f"/instruments/{source}")).json()["customer"]["id"]


async def test_an_agreement_can_be_given_to_another_customer(cko: Merchant) -> None:
    source = await cko.agreement()
    other = (await cko.made("/customers", {"email": "other@example.com"}))["id"]

    answer = await cko.send("PATCH", f"/instruments/{source}", {"customer": {"id": other}})

    assert (answer.status_code, answer.json()) == (200, {"type": "alipay_cn"})
    assert await customer_of(cko, source) == other


@pytest.mark.parametrize("body", [{}, {"customer": {}}, {"customer": {"default": True}}])
async def test_an_update_that_names_no_customer_leaves_the_agreement_where_it_is(
    cko: Merchant, body: dict[str, Any]
) -> None:
    source = await cko.agreement()
    before = await customer_of(cko, source)

    answer = await cko.send("PATCH", f"/instruments/{source}", body)

    assert answer.status_code == 200
    assert await customer_of(cko, source) == before


@pytest.mark.parametrize("id_", [NOBODY, "", 7])
async def test_an_agreement_cannot_be_given_to_nobody(cko: Merchant, id_: Any) -> None:
    source = await cko.agreement()
    before = await customer_of(cko, source)

    answer = await cko.send("PATCH", f"/instruments/{source}", {"customer": {"id": id_}})

    assert (answer.status_code, answer.json()["error_codes"]) == (422, ["customer_not_found"])
    assert await customer_of(cko, source) == before


async def test_an_agreement_that_is_not_there_cannot_be_updated(cko: Merchant) -> None:
    answer = await cko.send("PATCH", "/instruments/src_aaaaaaaaaaaaaaaaaaaaaaaaaa", {"customer": {"id": NOBODY}})

    assert answer.status_code == 404
