"""Every state against everything that can happen to it: what moves, what is refused, and which webhooks say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support import STARTED, Sim

from providers.ppro.driver import Merchant
from simulator.kernel.machine import MachineError
from simulator.kernel.refusals import IllegalTransition
from simulator.providers.ppro.model import Charge, Operation
from simulator.providers.ppro.states import MACHINE_OF, PAYMENT_CHARGE

ALL_TYPES = ("REDIRECT", "SCAN_CODE", "MULTI_FACTOR")


async def reach(ppro: Merchant, state: str) -> str:
    """A charge of 1000 in this state; what it fired on the way is forgotten."""
    match state:
        case "AUTHENTICATION_PENDING" | "DISCARDED":
            charge = await ppro.waiting(*ALL_TYPES, more="requiresCapture=true")
        case "AUTHORIZATION_ASYNC":
            charge = await ppro.mock("providerConfirmation=true;requiresCapture=true")
        case "CAPTURE_PENDING" | "VOIDED":
            charge = await ppro.mock("requiresCapture=true")
        case "FAILED":
            charge = await ppro.mock(value=300001)
        case _:
            charge = await ppro.mock()
    id_: str = charge["id"]
    if state == "DISCARDED":
        await ppro.discard(id_)
    elif state == "VOIDED":
        await ppro.void(id_)
    elif state == "REFUNDED":
        await ppro.refund(id_)
    assert await ppro.status(id_) == state
    ppro.forget()
    return id_


async def control(ppro: Merchant, id_: str, act: str) -> None:
    await ppro.sim.http.post(f"{ppro.sim.path}/payments/ppro/{id_}/{act}", json={})
    await ppro.sim.settle()


async def act(ppro: Merchant, id_: str, action: str) -> None:
    match action:
        case "capture" | "void" | "refund" | "discard" | "confirm":
            await getattr(ppro, action)(id_)
        case "capture_part" | "void_part" | "refund_part":
            await getattr(ppro, action.removesuffix("_part"))(id_, 400)
        case "confirm_wrong":
            await ppro.confirm(id_, "123456")
        case "page_success" | "page_fail" | "page_cancel":
            await ppro.press(id_, action.removeprefix("page_"), "REDIRECT")
        case "pay" | "decline" | "cancel" | "expire":
            await control(ppro, id_, action)
        case "wait_10s":
            await ppro.sim.advance(seconds=10)
        case _:
            await ppro.sim.advance(hours=12)


ACTIONS = (
    "capture", "capture_part", "void", "void_part", "refund", "refund_part", "discard", "confirm", "confirm_wrong",
    "page_success", "page_fail", "page_cancel", "pay", "decline", "cancel", "expire", "wait_10s", "wait_12h",
)  # fmt: skip

SUCCEEDED, DECLINED, ENDED = ["AUTHORIZATION_SUCCEEDED"], ["AUTHORIZATION_FAILED"], ["DISCARDED"]

# fmt: off
LEGAL: dict[tuple[str, str], tuple[str, list[str]]] = {
    # from                      what happens      to                 webhooks, in order
    ("AUTHENTICATION_PENDING", "confirm"):       ("CAPTURE_PENDING", SUCCEEDED),
    ("AUTHENTICATION_PENDING", "page_success"):  ("CAPTURE_PENDING", SUCCEEDED),
    ("AUTHENTICATION_PENDING", "pay"):           ("CAPTURE_PENDING", SUCCEEDED),
    ("AUTHENTICATION_PENDING", "confirm_wrong"): ("FAILED",          DECLINED),
    ("AUTHENTICATION_PENDING", "page_fail"):     ("FAILED",          DECLINED),
    ("AUTHENTICATION_PENDING", "decline"):       ("FAILED",          DECLINED),
    ("AUTHENTICATION_PENDING", "page_cancel"):   ("FAILED",          DECLINED),
    ("AUTHENTICATION_PENDING", "cancel"):        ("FAILED",          DECLINED),
    ("AUTHENTICATION_PENDING", "expire"):        ("DISCARDED",       ENDED),
    ("AUTHENTICATION_PENDING", "wait_12h"):      ("DISCARDED",       ENDED),
    ("AUTHENTICATION_PENDING", "discard"):       ("DISCARDED",       ENDED),
    ("AUTHORIZATION_ASYNC",    "wait_10s"):      ("CAPTURE_PENDING", SUCCEEDED),
    ("AUTHORIZATION_ASYNC",    "wait_12h"):      ("CAPTURE_PENDING", SUCCEEDED),
    ("AUTHORIZATION_ASYNC",    "discard"):       ("DISCARDED",       ENDED),
    ("CAPTURE_PENDING",        "capture"):       ("CAPTURED",        ["CAPTURE_SUCCEEDED"]),
    ("CAPTURE_PENDING",        "capture_part"):  ("CAPTURE_PENDING", ["CAPTURE_SUCCEEDED"]),
    ("CAPTURE_PENDING",        "void"):          ("VOIDED",          ["VOID_SUCCEEDED"]),
    ("CAPTURE_PENDING",        "void_part"):     ("CAPTURE_PENDING", ["VOID_SUCCEEDED"]),
    ("CAPTURED",               "refund"):        ("REFUNDED",        ["REFUND_SUCCEEDED"]),
    ("CAPTURED",               "refund_part"):   ("CAPTURED",        ["REFUND_SUCCEEDED"]),
}
# fmt: on

REFUSED = {
    # A refused operation is announced; a refused confirmation, press or act is not.
    "capture": ["CAPTURE_FAILED"],
    "capture_part": ["CAPTURE_FAILED"],
    "void": ["VOID_FAILED"],
    "void_part": ["VOID_FAILED"],
    "refund": ["REFUND_FAILED"],
    "refund_part": ["REFUND_FAILED"],
    "discard": ["DISCARD_FAILED"],
}

VISIBLE = (
    "AUTHENTICATION_PENDING", "AUTHORIZATION_ASYNC", "CAPTURE_PENDING", "CAPTURED", "REFUNDED", "VOIDED", "DISCARDED",
    "FAILED",
)  # fmt: skip


@pytest.mark.uncounted
@pytest.mark.parametrize("state", VISIBLE)
@pytest.mark.parametrize("action", ACTIONS)
async def test_a_move_leads_where_the_manual_says_and_anything_else_leaves_the_charge(
    ppro: Merchant, state: str, action: str
) -> None:
    id_ = await reach(ppro, state)
    target, events = LEGAL.get((state, action), (state, REFUSED.get(action, [])))

    await act(ppro, id_, action)

    assert await ppro.status(id_) == target
    assert ppro.heard == events


def test_states_that_are_only_passed_are_never_seen() -> None:
    passing = {state for state in PAYMENT_CHARGE.states if state.endswith("_PROCESSING")}

    assert set(VISIBLE) == set(PAYMENT_CHARGE.states) - passing


async def test_a_partial_capture_and_a_void_of_the_rest_end_captured(ppro: Merchant) -> None:
    charge = await ppro.mock("requiresCapture=true")

    await ppro.capture(charge["id"], 600, merchantCaptureReference="cap-1")
    await ppro.void(charge["id"], 400, merchantVoidReference="void-1")

    assert await ppro.status(charge["id"]) == "CAPTURED"
    assert ppro.heard[-2:] == ["CAPTURE_SUCCEEDED", "VOID_SUCCEEDED"]
    assert [hook.body["data"]["paymentChargeStatus"] for hook in ppro.sim.hooks[-2:]] == ["CAPTURE_PENDING", "CAPTURED"]


async def test_captures_in_parts_end_captured(ppro: Merchant) -> None:
    charge = await ppro.mock("requiresCapture=true")

    statuses = []
    for amount in (300, 300, 400):
        await ppro.capture(charge["id"], amount)
        statuses.append(await ppro.status(charge["id"]))

    assert statuses == ["CAPTURE_PENDING", "CAPTURE_PENDING", "CAPTURED"]


async def test_capturing_or_voiding_more_than_is_open_is_refused(ppro: Merchant) -> None:
    charge = await ppro.mock("requiresCapture=true")
    await ppro.capture(charge["id"], 600)

    too_much = await ppro.capture(charge["id"], 401)
    too_much_void = await ppro.void(charge["id"], 401)

    assert too_much["failure"]["failureCode"] == too_much_void["failure"]["failureCode"] == "EXCEEDS_AUTHORIZED_AMOUNT"
    assert await ppro.status(charge["id"]) == "CAPTURE_PENDING"
    assert (await ppro.charge(charge["id"]))["failure"] == too_much_void["failure"]


async def test_auto_capture_captures_a_charge_that_has_a_separate_capture(ppro: Merchant) -> None:
    charge = await ppro.mock("requiresCapture=true", autoCapture=True)

    assert charge["status"] == "CAPTURED"
    assert ppro.heard == ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]
    assert ppro.hook("AUTHORIZATION_SUCCEEDED").body["data"]["isMultiStep"] is True


async def test_a_merchants_discard_leaves_the_authorization_as_it_stands(ppro: Merchant) -> None:
    charge = await ppro.create()

    discarded = await ppro.discard(charge["id"], merchantDiscardReference="cart-changed")

    after = await ppro.charge(charge["id"])
    assert (discarded["status"], discarded["type"]) == ("DISCARDED", "MERCHANT_INITIATED_DISCARD")
    assert after["authorizations"] == charge["authorizations"]
    assert "failure" not in after
    assert (await ppro.sim.payment("ppro", charge["id"]))["phase"] == "cancelled"


async def test_a_timeout_fails_the_authorization_but_not_the_charge(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()

    await sim.advance(hours=12)

    after = await ppro.charge(charge["id"])
    [authorization], [discard] = after["authorizations"], after["discards"]
    assert (after["status"], discard["type"]) == ("DISCARDED", "AUTHENTICATION_TIMEOUT")
    assert authorization["status"] == "FAILED"
    assert authorization["failure"]["failureCode"] == "PAYMENT_METHOD_TIMEOUT"
    assert authorization["updatedAt"] == discard["createdAt"] == "2026-03-04T17:00:00.000Z"
    assert "failure" not in after


async def test_a_cancelled_charge_stays_cancelled_when_a_later_operation_fails(ppro: Merchant) -> None:
    charge = await ppro.create()
    await ppro.press(charge["id"], "cancel")

    await ppro.refund(charge["id"])

    after = await ppro.charge(charge["id"])
    assert after["failure"]["failureCode"] == "EXCEEDS_REFUNDABLE_AMOUNT"
    assert after["authorizations"][0]["failure"]["failureCode"] == "CANCELED_BY_CONSUMER"
    assert (await ppro.sim.payment("ppro", charge["id"]))["phase"] == "cancelled"


async def test_the_charges_machine_takes_no_move_that_is_not_in_its_table(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()
    uow = sim.app.runtime.open(sim.workspace)
    found = uow.get(Charge, charge["id"])
    triggers = {trigger for trigger, _ in PAYMENT_CHARGE.moves}

    refused = 0
    for state in PAYMENT_CHARGE.states:
        for trigger in sorted(triggers):
            if not PAYMENT_CHARGE.allows(trigger, state):
                with pytest.raises(IllegalTransition):
                    uow.fire(replace(found, state=state), trigger)
                refused += 1

    assert refused == len(PAYMENT_CHARGE.states) * len(triggers) - len(PAYMENT_CHARGE.moves)
    assert not uow.has_changes


@pytest.mark.parametrize("kind", MACHINE_OF)
def test_an_operations_machine_takes_its_own_moves_only(kind: str) -> None:
    machine = MACHINE_OF[kind]
    triggers = {trigger for other in MACHINE_OF.values() for trigger, _ in other.moves}
    common: dict[str, Any] = {"id": "x", "kind": kind, "created_at": STARTED, "updated_at": STARTED}

    for state in machine.states:
        for trigger in triggers:
            operation = Operation(status=state, **common)
            if machine.allows(trigger, state):
                assert operation.moved(trigger, STARTED).status == machine.moves[trigger, state].target
            else:
                with pytest.raises(IllegalTransition):
                    operation.moved(trigger, STARTED)
    with pytest.raises(MachineError):
        Operation(status="UNHEARD_OF", **common)


async def test_what_is_voided_goes_back_to_the_buyer(ppro: Merchant) -> None:
    charge = await ppro.waiting("REDIRECT", more="requiresCapture=true")
    await ppro.press(charge["id"], "success")

    async def balance() -> int:
        buyers = (await ppro.sim.http.get(f"{ppro.sim.path}/buyers")).json()["data"]
        return next(int(buyer["balance"]["value"]) for buyer in buyers if buyer["slug"] == "li-na")

    authorized = await balance()
    await ppro.void(charge["id"], 1000)

    assert (authorized < 800_000, await balance()) == (True, 800_000)
