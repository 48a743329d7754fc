"""The documented examples, member by member and in their order; ids, times and addresses are masked."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.ppro.driver import SEED, Merchant, golden, shown

CONSUMER = {"name": "Li Wei", "email": "li@example.com", "country": "CN"}
RETURN = [{"type": "REDIRECT", "settings": {"returnUrl": "https://shop.example/return?o=77"}}]
SHOP: dict[str, Any] = {"consumer": CONSUMER, "merchantPaymentChargeReference": "shop-1001"}


async def test_the_seeds_request_is_answered_as_the_seed_shows(ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED)

    assert shown(answer.json()) == golden("charge_created")


async def test_the_seeds_instrument_has_two_members(ppro: Merchant) -> None:
    charge = await ppro.create()

    answer = await ppro.get(f"payment-instruments/{charge['instrumentId']}")

    assert answer.status_code == 200
    assert shown(answer.json()) == golden("instrument")


async def test_a_charge_that_was_paid_and_partly_refunded(ppro: Merchant) -> None:
    charge = await ppro.paid(**SHOP)

    await ppro.refund(charge["id"], 400, merchantRefundReference="rf-1", refundReason="CUSTOMER_REQUEST")

    assert shown(await ppro.charge(charge["id"])) == golden("charge_partly_refunded")


async def test_a_charge_that_is_declined_in_the_create_call(ppro: Merchant) -> None:
    charge = await ppro.mock(value=300002, paymentDescriptor=None, authenticationSettings=None)

    assert shown(charge) == golden("charge_declined")


async def test_a_charge_that_was_authenticated_by_code(ppro: Merchant) -> None:
    consumer = {"name": "John Doe", "country": "DE"}
    descriptor = "requiresAuthentication=true;authenticationType=MULTI_FACTOR"
    charge = await ppro.mock(descriptor, consumer=consumer)

    confirmed = await ppro.confirm(charge["id"])

    after = await ppro.charge(charge["id"])
    beginning = {name: after[name] for name in list(after)[: list(after).index("authorizations")]}
    assert shown(beginning) == golden("charge_by_code")
    assert shown(confirmed.json()) == golden("authorization")


async def test_a_code_to_scan(ppro: Merchant) -> None:
    settings = [{"type": "SCAN_CODE", "settings": {"scanBy": "2026-03-04T10:20:00Z"}}]

    charge = await ppro.waiting("SCAN_CODE", authenticationSettings=settings)

    [method] = charge["authenticationMethods"]
    assert shown(method) == golden("scan_code")
    assert method["details"]["scanBy"] == "2026-03-04T10:20:00.000Z"


async def test_refunds(ppro: Merchant) -> None:
    charge = await ppro.paid()

    refund = await ppro.refund(
        charge["id"],
        400,
        merchantRefundReference="rf-1",
        refundDescriptor="size exchange",
        refundReason="CUSTOMER_REQUEST",
    )
    failed = await ppro.refund(charge["id"], 5000, merchantRefundReference="rf-2")

    assert shown(refund) == golden("refund")
    assert shown(failed) == golden("refund_failed")
    assert refund["createdAt"] == refund["updatedAt"]


async def test_captures_and_voids(ppro: Merchant) -> None:
    charge = await ppro.mock("requiresCapture=true")

    capture = await ppro.capture(charge["id"], 600, merchantCaptureReference="cap-1")
    void = await ppro.void(charge["id"], 400, merchantVoidReference="void-1")

    assert shown(capture) == golden("capture")
    assert shown(void) == golden("void")


async def test_a_discard(ppro: Merchant) -> None:
    charge = await ppro.create()

    assert shown(await ppro.discard(charge["id"], merchantDiscardReference="cart-changed")) == golden("discard")


async def test_funds_statuses(ppro: Merchant) -> None:
    charge = await ppro.paid(merchantPaymentChargeReference="shop-1001")
    await ppro.refund(charge["id"], 400, merchantRefundReference="rf-1")

    answer = await ppro.get(f"payment-charges/{charge['id']}/funds-statuses")

    assert shown(answer.json()) == golden("funds_statuses")


async def test_errors(ppro: Merchant) -> None:
    unknown = await ppro.get("payment-charges/charge_Nb4")
    key = {"Request-Idempotency-Key": "order-1"}
    await ppro.post("payment-charges", SEED, **key)
    conflict = await ppro.post("payment-charges", SEED | {"autoCapture": True}, **key)

    assert (unknown.status_code, shown(unknown.json())) == (404, golden("error_not_found"))
    assert (conflict.status_code, shown(conflict.json())) == (409, golden("error_conflict"))


@pytest.fixture
async def story(sim: Sim, ppro: Merchant) -> Merchant:
    """Everything that the manual has a webhook example of, except what a day of settlement brings."""
    ppro.headers["Merchant-Id"] = sim.credentials("ppro")["merchant_id"]
    await sim.settings("ppro", funds_after="P2D")
    charge = await ppro.create(**SHOP, order={"orderReferenceNumber": "order-77"}, authenticationSettings=RETURN)
    await ppro.press(charge["id"], "success")
    await ppro.refund(charge["id"], 400, merchantRefundReference="rf-1")
    await ppro.refund(charge["id"], 5000, merchantRefundReference="rf-2")
    return ppro


EXAMPLES = (
    "CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED", "REFUND_SUCCEEDED",
    "REFUND_FAILED",
)  # fmt: skip


@pytest.mark.uncounted
@pytest.mark.parametrize("type_", EXAMPLES)
async def test_a_webhook_of_a_purchase(story: Merchant, type_: str) -> None:
    """`orderReferenceNumber` is a common member; the manual's later examples are of a charge without an order."""
    sent = story.hook(type_).body
    if type_ != "CREATED":
        assert sent["data"].pop("orderReferenceNumber") == "order-77"

    assert shown(sent) == golden(f"webhook_{type_.lower()}")


async def test_the_webhook_of_settlement(sim: Sim, story: Merchant) -> None:
    await sim.advance(days=2)

    [capture, refund] = [hook.body for hook in sim.hooks if hook.body["type"] == "FUNDS_STATE_CHANGED"]
    assert capture["data"].pop("orderReferenceNumber") == "order-77"
    assert shown(capture) == golden("webhook_funds_state_changed")
    assert refund["data"]["fundsState"] == "REFUND_FUNDS_SENT"
    assert refund["data"]["merchantRefundReference"] == "rf-1"


async def test_the_webhook_of_a_decline(ppro: Merchant) -> None:
    await ppro.mock(value=300002)

    assert shown(ppro.hook("AUTHORIZATION_FAILED").body) == golden("webhook_authorization_failed")


async def test_the_webhook_of_a_timeout(sim: Sim, ppro: Merchant) -> None:
    await ppro.create()

    await sim.advance(hours=12)

    assert shown(ppro.hook("DISCARDED").body) == golden("webhook_discarded")


async def test_the_webhook_of_a_void(ppro: Merchant) -> None:
    charge = await ppro.mock("requiresCapture=true")

    await ppro.void(charge["id"], merchantVoidReference="void-1")

    assert shown(ppro.hook("VOID_SUCCEEDED").body) == golden("webhook_void_succeeded")
