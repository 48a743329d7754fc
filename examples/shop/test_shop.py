"""The shop's own tests, with the fixtures that psp-simulator brings once it is installed. Run: `pytest examples/shop`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shop import Listening, Shop

from simulator.surface.assertions import TestedWorkspace

PAID = "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"


@pytest.fixture
def shop(psp_workspace: TestedWorkspace) -> Iterator[Shop]:
    own = psp_workspace.credentials["ppro"]
    shop = Shop(psp_workspace.base_url, own["api_key"], own["merchant_id"], own["webhook_secret"])
    with Listening(shop) as listening:
        psp_workspace.set_webhook("ppro", listening.url)
        yield shop


def test_a_paid_order_is_shipped(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()

    psp_workspace.pay("ppro", order.charge)
    psp_workspace.wait_for_webhook("ppro", PAID, resource_id=order.charge)

    assert (order.state, order.parcels) == ("shipped", 1)


def test_an_order_that_nobody_pays_is_cancelled_after_twelve_hours(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()

    psp_workspace.advance("13h")

    assert order.state == "cancelled"


def test_an_empty_wallet_cancels_the_order(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout(fen=8_000)

    psp_workspace.pay("ppro", order.charge, buyer="wang-wei")
    psp_workspace.settle()

    assert order.state == "cancelled"


@pytest.mark.parametrize(
    "scenario", ["webhooks-twice", "webhooks-at-once", "webhooks-reversed", "webhooks-before-answer"]
)
def test_however_the_webhooks_come_one_parcel_leaves(psp_workspace: TestedWorkspace, shop: Shop, scenario: str) -> None:
    psp_workspace.arm(scenario)
    order, _ = shop.checkout()

    psp_workspace.pay("ppro", order.charge)
    psp_workspace.advance("10m")

    assert (order.state, order.parcels) == ("shipped", 1)


def test_an_event_that_was_heard_is_not_heard_again(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()
    psp_workspace.pay("ppro", order.charge)
    paid = psp_workspace.wait_for_webhook("ppro", PAID, resource_id=order.charge)
    psp_workspace.settle()
    heard, asked = len(shop.heard), len(psp_workspace.requests())

    psp_workspace.resend(paid["id"])

    assert (order.parcels, len(shop.heard), len(psp_workspace.requests())) == (1, heard, asked)


def test_webhooks_that_never_come_are_asked_for(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    psp_workspace.arm("webhooks-lost")
    order, _ = shop.checkout()
    psp_workspace.pay("ppro", order.charge)
    psp_workspace.settle()
    assert order.state == "waiting"

    assert shop.look(order.reference).state == "shipped"


def test_a_shop_that_was_down_hears_of_it_later(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()
    psp_workspace.settle()
    wrong, shop.webhook_secret = shop.webhook_secret, "not the secret"
    psp_workspace.pay("ppro", order.charge)
    psp_workspace.settle()
    assert order.state == "waiting"

    shop.webhook_secret = wrong
    psp_workspace.advance("1h")

    assert order.state == "shipped"


def test_while_the_api_is_down_a_webhook_is_not_acknowledged(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()
    psp_workspace.settle()
    psp_workspace.arm(rules=[{"when": {"method": "GET"}, "api": {"status": 503}}])
    psp_workspace.pay("ppro", order.charge)
    psp_workspace.settle()
    assert order.state == "waiting"

    psp_workspace.disarm()
    psp_workspace.advance("1h")

    assert order.state == "shipped"


def test_a_checkout_that_is_tried_again_makes_one_payment(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    psp_workspace.arm("api-500-after")

    order, _ = shop.checkout()

    assert [payment["id"] for payment in psp_workspace.payments()] == [order.charge]


def test_who_pays_for_a_cancelled_order_gets_the_money_back(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()
    psp_workspace.settle()  # it has asked for what it has heard until now
    psp_workspace.pause("ppro")
    psp_workspace.pay("ppro", order.charge)
    shop.cancel(order)  # it has not heard of it yet

    psp_workspace.pause("ppro", False)
    psp_workspace.settle()

    assert (order.state, order.parcels) == ("cancelled", 0)
    assert psp_workspace.payment("ppro", order.charge)["phase"] == "refunded"


def test_a_part_is_refunded_and_then_the_rest(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    order, _ = shop.checkout()
    psp_workspace.pay("ppro", order.charge)
    psp_workspace.settle()

    assert shop.refund(order, 400) == "REFUNDED"
    psp_workspace.settle()
    assert order.state == "shipped"

    shop.refund(order, 600)
    psp_workspace.settle()
    assert order.state == "refunded"


def test_forged_and_old_webhooks_are_refused(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    signatures = [f"signature-{one}" for one in ("right", "none", "wrong", "changed", "secret", "time", "old")]

    report = psp_workspace.audit("ppro", webhook=psp_workspace.view["webhooks"]["ppro"]["url"], only=signatures)

    assert report.passed, report


def test_the_whole_audit_passes(psp_workspace: TestedWorkspace, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that never come back are given up sooner than in production."""
    monkeypatch.setattr("shop.ANSWERS_WITHIN_S", 1.0)
    monkeypatch.setattr("shop.MOST_PAUSE_S", 0.1)

    report = psp_workspace.audit(
        "ppro",
        webhook=psp_workspace.view["webhooks"]["ppro"]["url"],
        checkout=shop.checkout,
        order=lambda reference: repr(shop.look(reference)),
        refund=lambda reference, fen: shop.refund(shop.orders[reference], fen),
        cancel=lambda reference: shop.cancel(shop.orders[reference]),
        paid="'shipped'",
        unpaid="'waiting'",
        refunded="'refunded'",
    )

    assert report.passed, report
