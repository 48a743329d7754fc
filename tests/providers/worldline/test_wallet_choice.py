"""The choice of a wallet under Alipay+: only its own form acts, and the first choice stands."""

from __future__ import annotations

import pytest
from support import Sim

from providers.worldline.driver import Merchant


async def at_the_choice(worldline: Merchant) -> tuple[str, str]:
    """The payment's id, and the address of its choice."""
    created = await worldline.create(
        **{
            "redirectPaymentMethodSpecificInput.paymentProductId": 866,
            "order.amountOfMoney": {"amount": 2499, "currencyCode": "HKD"},
            "order.customer.billingAddress.countryCode": "HK",
        }
    )
    return created["payment"]["id"], created["merchantAction"]["redirectData"]["redirectURL"]


async def wallet_used(worldline: Merchant, id_: str) -> str | None:
    output = (await worldline.payment(id_))["paymentOutput"]["redirectPaymentMethodSpecificOutput"]
    used: str | None = output.get("paymentProduct866SpecificOutput", {}).get("walletUsed")
    return used


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({"wallet": "ALIPAY_HK"}, {"Origin": "https://evil.example"}),
        ({"wallet": "ALIPAY_HK", "token": "made up"}, {}),
        ({"action": "cancel"}, {"Origin": "https://evil.example"}),
        ({"action": "cancel", "token": "made up"}, {}),
    ],
)
async def test_a_foreign_page_and_a_stale_form_choose_nothing(
    sim: Sim, worldline: Merchant, data: dict[str, str], headers: dict[str, str]
) -> None:
    id_, url = await at_the_choice(worldline)

    answer = await sim.http.post(url, data=data, headers=headers)

    assert answer.status_code == 403
    assert (await worldline.payment(id_))["status"] == "REDIRECTED"
    assert await wallet_used(worldline, id_) is None


async def test_the_first_choice_stands(sim: Sim, worldline: Merchant) -> None:
    id_, url = await at_the_choice(worldline)

    await sim.http.post(url, data={"wallet": "ALIPAY_HK"})
    again = await sim.http.post(url, data={"wallet": "ALIPAY_CN"})
    await sim.act("worldline", id_, "pay")

    assert again.status_code == 303
    assert await wallet_used(worldline, id_) == "ALIPAY_HK"


async def test_who_leaves_at_the_choice_has_cancelled(sim: Sim, worldline: Merchant) -> None:
    id_, url = await at_the_choice(worldline)

    await sim.http.post(url, data={"action": "cancel"})
    late = await sim.http.post(url, data={"wallet": "ALIPAY_HK"})

    assert (late.status_code, late.headers["location"].endswith("&already=1")) == (303, True)
    assert (await worldline.payment(id_))["status"] == "CANCELLED"
