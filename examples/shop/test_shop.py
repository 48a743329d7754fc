"""The shop's own tests, with the fixtures that psp-simulator brings once it is installed. Run: `pytest examples/shop`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shop import Listening, Shop

from simulator.surface.assertions import TestedWorkspace
from simulator.surface.client import Workspace


@pytest.fixture
def shop(psp_workspace: Workspace) -> Iterator[Shop]:
    own = psp_workspace.credentials["ppro"]
    shop = Shop(psp_workspace.base_url, own["api_key"], own["merchant_id"], own["webhook_secret"])
    with Listening(shop) as listening:
        psp_workspace.set_webhook("ppro", listening.url)
        yield shop


def test_a_paid_order_is_shipped(psp_workspace: Workspace, shop: Shop) -> None:
    charge, _ = shop.checkout()

    psp_workspace.pay("ppro", charge)
    psp_workspace.settle()

    assert shop.orders[charge] == "shipped"


def test_an_order_that_nobody_pays_is_cancelled_after_twelve_hours(psp_workspace: Workspace, shop: Shop) -> None:
    charge, _ = shop.checkout()

    psp_workspace.advance("13h")

    assert shop.orders[charge] == "cancelled"


def test_an_empty_wallet_cancels_the_order(psp_workspace: Workspace, shop: Shop) -> None:
    charge, _ = shop.checkout(fen=8_000)

    psp_workspace.pay("ppro", charge, buyer="wang-wei")
    psp_workspace.settle()

    assert shop.orders[charge] == "cancelled"


def test_webhooks_that_come_twice_and_late_ship_once(psp_workspace: Workspace, shop: Shop) -> None:
    psp_workspace.arm("webhooks-twice")
    charge, _ = shop.checkout()

    psp_workspace.pay("ppro", charge)
    psp_workspace.settle()

    assert shop.orders[charge] == "shipped"


def test_a_shop_that_was_down_hears_of_it_later(psp_workspace: Workspace, shop: Shop) -> None:
    charge, _ = shop.checkout()
    psp_workspace.settle()
    wrong, shop.webhook_secret = shop.webhook_secret, "not the secret"
    psp_workspace.pay("ppro", charge)
    psp_workspace.settle()
    assert shop.orders[charge] == "waiting"

    shop.webhook_secret = wrong
    psp_workspace.advance("1h")

    assert shop.orders[charge] == "shipped"


def test_a_part_is_refunded(psp_workspace: Workspace, shop: Shop) -> None:
    charge, _ = shop.checkout()
    psp_workspace.pay("ppro", charge)

    assert shop.refund(charge, 400) == "REFUNDED"


def test_forged_and_old_webhooks_are_refused(psp_workspace: TestedWorkspace, shop: Shop) -> None:
    signatures = [f"signature-{one}" for one in ("right", "none", "wrong", "changed", "secret", "time", "old")]

    report = psp_workspace.audit("ppro", webhook=psp_workspace.view["webhooks"]["ppro"]["url"], only=signatures)

    assert report.passed, report
