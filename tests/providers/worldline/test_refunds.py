"""A refund at Connect: its states, its webhooks, what it does to the payment."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.worldline.driver import Merchant
from providers.worldline.test_machines import shown


async def test_a_refund_is_requested_then_executed_by_the_clock(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()
    refund = await worldline.refund(id_, 900)
    during = await worldline.payment(id_)

    await sim.advance(hours=1)

    done = (await worldline.get(f"/refunds/{refund['id']}")).json()
    after = await worldline.payment(id_)
    assert shown_refund(refund) == ("REFUND_REQUESTED", 800, "PENDING_CONNECT_OR_3RD_PARTY", True)
    assert shown_refund(done) == ("REFUNDED", 1800, "REFUNDED", False)
    assert during["paymentOutput"]["amountRefundRequested"] == 900
    assert "amountRefundRequested" not in after["paymentOutput"]
    assert after["paymentOutput"]["amountRefunded"] == 900
    assert done["refundOutput"]["eWalletRefundMethodSpecificOutput"] == {
        "totalAmountPaid": 2500,
        "totalAmountRefunded": 900,
    }
    assert (await sim.payment("worldline", id_))["refunded"] == {"value": 900, "currency": "CNY"}


def shown_refund(refund: dict[str, Any]) -> tuple[Any, ...]:
    output = refund["statusOutput"]
    return refund["status"], output["statusCode"], output["statusCategory"], output["isCancellable"]


@pytest.mark.parametrize("body", [None, {}, []], ids=["nothing", "empty object", "empty list"])
async def test_an_empty_body_refunds_all_that_is_left(worldline: Merchant, body: Any) -> None:
    id_ = await worldline.paid()
    await worldline.refund(id_, 900)

    rest = (await worldline.post(f"/payments/{id_}/refund", body)).json()

    assert rest["refundOutput"]["amountOfMoney"]["amount"] == 1600
    assert (await worldline.payment(id_))["statusOutput"]["isRefundable"] is False


async def test_a_cancelled_refund_gives_its_amount_back(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()
    refund = await worldline.refund(id_)

    cancelled = await worldline.post(f"/refunds/{refund['id']}/cancel")
    await sim.advance(hours=2)

    assert (cancelled.status_code, cancelled.content) == (204, b"")
    assert shown_refund((await worldline.get(f"/refunds/{refund['id']}")).json())[:2] == ("CANCELLED", 99999)
    assert (await worldline.payment(id_))["statusOutput"]["isRefundable"] is True
    assert worldline.events[4:] == ["refund.created", "refund.refund_requested", "refund.cancelled"]
    assert (await worldline.refund(id_))["refundOutput"]["amountOfMoney"]["amount"] == 2500


async def test_manual_approval_goes_back_and_forth(sim: Sim, worldline: Merchant) -> None:
    await sim.settings("worldline", refund_approval="manual")
    id_ = await worldline.paid()
    refund = await worldline.refund(id_, 900)
    path = f"/refunds/{refund['id']}"

    answers = [await worldline.post(f"{path}/approve", {"amount": "199"}) for _ in range(1)]
    answers.append(await worldline.post(f"{path}/cancelapproval"))
    await sim.advance(hours=2)
    waiting = (await worldline.get(path)).json()
    answers.append(await worldline.post(f"{path}/approve"))
    await sim.advance(hours=1)
    done = (await worldline.get(path)).json()

    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert shown_refund(refund) == ("PENDING_APPROVAL", 800, "PENDING_MERCHANT", True)
    assert shown_refund(waiting)[0] == "PENDING_APPROVAL"
    assert shown_refund(done)[0] == "REFUNDED"
    assert done["refundOutput"]["amountOfMoney"]["amount"] == 199
    assert worldline.events[4:] == [
        "refund.created",
        "refund.pending_approval",
        "refund.refund_requested",
        "refund.pending_approval",
        "refund.refund_requested",
        "refund.refunded",
    ]


@pytest.mark.parametrize("operation", ["approve", "cancelapproval", "cancel"])
async def test_a_refund_that_is_over_is_left_alone(sim: Sim, worldline: Merchant, operation: str) -> None:
    id_ = await worldline.paid()
    refund = await worldline.refund(id_, 900)
    await sim.advance(hours=1)
    before, sent = (await worldline.get(f"/refunds/{refund['id']}")).json(), worldline.events

    answer = await worldline.post(f"/refunds/{refund['id']}/{operation}")
    await sim.settle()

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (402, "410110")
    assert (await worldline.get(f"/refunds/{refund['id']}")).json() == before
    assert worldline.events == sent


async def test_alipay_may_refuse_a_refund_later(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid(**{"order.amountOfMoney.amount": 200000})
    refund = await worldline.refund(id_, 185185)

    await sim.advance(hours=1)

    assert shown_refund((await worldline.get(f"/refunds/{refund['id']}")).json())[:2] == ("REJECTED", 1850)
    assert "amountRefunded" not in (await worldline.payment(id_))["paymentOutput"]
    assert worldline.events[-1] == "refund.rejected"


async def test_a_refund_may_stay_requested(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"outcome": "pending"}}])
    refund = await worldline.refund(id_, 900)

    await sim.advance(days=30)

    assert shown_refund((await worldline.get(f"/refunds/{refund['id']}")).json())[0] == "REFUND_REQUESTED"


async def test_an_alipay_plus_payment_becomes_refunded(sim: Sim, worldline: Merchant) -> None:
    """861 stays PAID (the seed's states have no REFUNDED); 866 has it."""
    plus = {"redirectPaymentMethodSpecificInput.paymentProductId": 866}
    order = {"order.amountOfMoney": {"amount": 2499, "currencyCode": "HKD"}}
    id_ = await worldline.paid(**plus, **order, **{"order.customer.billingAddress.countryCode": "HK"})

    await worldline.refund(id_)
    await sim.advance(hours=1)

    payment = await worldline.payment(id_)
    assert shown(payment)[:3] == ("REFUNDED", 1800, "REFUNDED")
    output = payment["paymentOutput"]["redirectPaymentMethodSpecificOutput"]
    assert output == {"paymentProductId": 866, "paymentProduct866SpecificOutput": {"walletUsed": "ALIPAY_CN"}}
    assert worldline.events[-2:] == ["refund.refunded", "payment.refunded"]


async def test_the_buyer_gets_the_refund(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()

    await worldline.refund(id_, 900)
    await sim.advance(hours=1)

    buyers = (await sim.http.get(f"{sim.path}/buyers")).json()["data"]
    [li_na] = [buyer for buyer in buyers if buyer["slug"] == "li-na"]
    assert [entry["amount"]["value"] for entry in li_na["ledger"]] == [-2500, 900]
