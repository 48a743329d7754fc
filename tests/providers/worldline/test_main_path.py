"""One Alipay purchase at Worldline Connect, from the seed's states to the refund."""

from __future__ import annotations

from datetime import timedelta

from support import Sim

from providers.worldline.driver import Merchant


async def test_a_payment_is_redirected_then_captured_then_paid(sim: Sim, worldline: Merchant) -> None:
    created = await worldline.create()
    id_ = created["payment"]["id"]

    await sim.act("worldline", id_, "pay")
    captured = await worldline.payment(id_)
    await sim.advance(days=2)
    paid = await worldline.payment(id_)

    assert (created["payment"]["status"], created["payment"]["statusOutput"]["statusCode"]) == ("REDIRECTED", 50)
    assert (captured["status"], captured["statusOutput"]["statusCode"]) == ("CAPTURED", 800)
    assert (paid["status"], paid["statusOutput"]["statusCode"]) == ("PAID", 1000)
    assert worldline.events == ["payment.created", "payment.redirected", "payment.captured", "payment.paid"]
    assert sim.hooks[-1].at == sim.started_at + timedelta(days=2)
    assert all(hook.verdict("worldline").valid for hook in sim.hooks)


async def test_the_payment_id_counts_orders_of_the_workspace(worldline: Merchant) -> None:
    first, second = await worldline.created_id(), await worldline.created_id()

    merchant = worldline.own["merchant_id"].zfill(10)
    assert [first, second] == [f"{merchant}00000000010000100001", f"{merchant}00000000020000100001"]


async def test_refunds_are_partial_then_the_rest(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()

    first = await worldline.refund(id_, 900, refundReferences={"merchantReference": "LS-7781-R1"})
    await sim.advance(hours=1)
    second = await worldline.refund(id_)
    await sim.advance(hours=1)

    assert [first["id"], second["id"]] == [f"{id_[:20]}000-100001", f"{id_[:20]}000-200001"]
    assert second["refundOutput"]["amountOfMoney"] == {"amount": 1600, "currencyCode": "CNY"}
    after = await worldline.payment(id_)
    assert (after["status"], after["paymentOutput"]["amountRefunded"]) == ("PAID", 2500)
    assert after["statusOutput"]["isRefundable"] is False
    assert worldline.events[4:] == ["refund.created", "refund.refund_requested", "refund.refunded"] * 2


async def test_an_unpaid_payment_is_rejected_after_twelve_hours(sim: Sim, worldline: Merchant) -> None:
    """The webhook carries the instant of the deadline, in Amsterdam's time."""
    id_ = await worldline.created_id()

    await sim.advance(hours=13)

    rejected = await worldline.payment(id_)
    assert (rejected["status"], rejected["statusOutput"]["statusCode"]) == ("REJECTED", 130)
    assert rejected["statusOutput"]["statusCodeChangeDateTime"] == "20260304180000"
    assert sim.hooks[-1].body["created"] == "2026-03-04T18:00:00.000+0100"
    assert sim.hooks[-1].at == sim.started_at + timedelta(hours=12)
