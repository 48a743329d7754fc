"""Every move of the three machines through what a merchant and a shopper can do, with its webhooks; and every other
operation refused, with none."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support import Sim

import simulator.providers.wooshpay as package
from providers.wooshpay.driver import CARD, Merchant, event_names
from simulator.providers.wooshpay.states import CHECKOUT_SESSION, PAYMENT_INTENT, REFUND

ASYNC_PAID, ASYNC_FAILED = 304, 305
"""Amounts whose money comes later, or not at all (the simulator's own convention)."""
ALIPAY = {"payment_method_data": {"type": "alipay"}}

Prepare = Callable[[Merchant], Awaitable[str]]
Act = Callable[[Merchant, str], Awaitable[Any]]


# How a payment gets into a status ------------------------------------------------------------------------------


async def created(m: Merchant) -> str:
    body = {"amount": 1999, "currency": "CNY", "payment_method_types": ["alipay"]}
    return str((await m.made("payment_intents", body))["id"])


async def with_method(m: Merchant) -> str:
    return str((await m.made("payment_intents", {"amount": 1999, "currency": "CNY", **ALIPAY}))["id"])


async def confirmed(m: Merchant) -> str:
    return str((await m.pay_link(amount=1999))["id"])


async def accepted(m: Merchant, amount: int = ASYNC_PAID) -> str:
    intent = await m.pay_link(amount=amount)
    await m.sim.act("wooshpay", intent["id"], "pay")
    return str(intent["id"])


async def going_to_fail(m: Merchant) -> str:
    return await accepted(m, ASYNC_FAILED)


async def card(m: Merchant) -> str:
    return str((await m.pay_link(**CARD, payment_method_options=None, amount=900, capture_method="manual"))["id"])


async def authorized(m: Merchant) -> str:
    intent = await card(m)
    await m.sim.act("wooshpay", intent, "pay")
    return intent


async def succeeded(m: Merchant) -> str:
    return str((await m.paid(amount=1999))["id"])


async def canceled(m: Merchant) -> str:
    intent = await confirmed(m)
    await m.made(f"payment_intents/{intent}/cancel")
    return intent


async def of_session(m: Merchant) -> str:
    return str((await m.session())["payment_intent"])


async def of_session_with_method(m: Merchant) -> str:
    intent = await of_session(m)
    await m.made(f"payment_intents/{intent}", ALIPAY)
    return intent


async def of_session_confirmed(m: Merchant) -> str:
    intent = await of_session(m)
    await press(m, intent)
    return intent


async def of_two_types_pressed(m: Merchant) -> str:
    intent = str((await m.session(payment_method_types=["alipay", "alipay_hk"]))["payment_intent"])
    await press(m, intent)
    return intent


async def of_session_confirmed_late(m: Merchant) -> str:
    intent = await of_session(m)
    await m.sim.advance(hours=23, minutes=50)
    await press(m, intent)
    return intent


STATUSES: dict[str, Prepare] = {
    "requires_payment_method": created,
    "requires_confirmation": with_method,
    "requires_action": confirmed,
    "processing": accepted,
    "requires_capture": authorized,
    "succeeded": succeeded,
    "canceled": canceled,
}


# What moves it -------------------------------------------------------------------------------------------------


def api(path: str, body: Any = None) -> Act:
    async def act(m: Merchant, intent: str) -> None:
        await m.made(f"payment_intents/{intent}{path}", body)

    return act


def wallet(verb: str) -> Act:
    async def act(m: Merchant, intent: str) -> None:
        await m.sim.act("wooshpay", intent, verb)

    return act


def wait(**time: float) -> Act:
    async def act(m: Merchant, intent: str) -> None:
        await m.sim.advance(**time)

    return act


async def session_of(m: Merchant, intent: str) -> dict[str, Any]:
    [session] = (await m.read("checkout/sessions", payment_intent=intent))["data"]
    return dict(session)


async def press(m: Merchant, intent: str) -> None:
    """The button of the hosted page."""
    answer = await m.sim.http.post((await session_of(m, intent))["url"], data={"method": "alipay"})
    assert answer.status_code == 303


async def press_another(m: Merchant, intent: str) -> None:
    answer = await m.sim.http.post((await session_of(m, intent))["url"], data={"method": "alipay_hk"})
    assert answer.status_code == 303


async def expire_session(m: Merchant, intent: str) -> None:
    await m.made(f"checkout/sessions/{(await session_of(m, intent))['id']}/expire")


CONFIRM = api("/confirm", ALIPAY)
DAY = wait(hours=24)

MOVES: dict[tuple[str, str], tuple[Prepare, Act]] = {
    ("api.attach", "requires_payment_method"): (created, api("", ALIPAY)),
    ("api.confirm", "requires_payment_method"): (created, CONFIRM),
    ("api.confirm", "requires_confirmation"): (with_method, api("/confirm")),
    ("api.confirm", "requires_action"): (confirmed, CONFIRM),
    ("page.confirm", "requires_payment_method"): (of_session, press),
    ("page.confirm", "requires_confirmation"): (of_session_with_method, press),
    ("page.confirm", "requires_action"): (of_two_types_pressed, press_another),
    ("wallet.paid", "requires_action"): (confirmed, wallet("pay")),
    ("wallet.accepted", "requires_action"): (lambda m: link(m, ASYNC_PAID), wallet("pay")),
    ("wallet.authorized", "requires_action"): (card, wallet("pay")),
    ("wallet.declined", "requires_action"): (confirmed, wallet("decline")),
    ("wallet.cancelled", "requires_action"): (confirmed, wallet("cancel")),
    ("timer.code_expired", "requires_action"): (confirmed, wait(minutes=15)),
    ("bank.settled", "processing"): (accepted, wait(seconds=30)),
    ("bank.failed", "processing"): (going_to_fail, wait(seconds=30)),
    ("api.capture", "requires_capture"): (authorized, api("/capture")),
    ("timer.authorization_lapsed", "requires_capture"): (authorized, wait(days=7)),
    ("api.cancel", "requires_payment_method"): (created, api("/cancel")),
    ("api.cancel", "requires_confirmation"): (with_method, api("/cancel")),
    ("api.cancel", "requires_action"): (confirmed, api("/cancel")),
    ("api.cancel", "requires_capture"): (authorized, api("/cancel")),
    ("api.session_expired", "requires_payment_method"): (of_session, expire_session),
    ("api.session_expired", "requires_confirmation"): (of_session_with_method, expire_session),
    ("api.session_expired", "requires_action"): (of_session_confirmed, expire_session),
    ("timer.session_expired", "requires_payment_method"): (of_session, DAY),
    ("timer.session_expired", "requires_confirmation"): (of_session_with_method, DAY),
    ("timer.session_expired", "requires_action"): (of_session_confirmed_late, wait(minutes=10)),
}


async def link(m: Merchant, amount: int) -> str:
    return str((await m.pay_link(amount=amount))["id"])


def test_every_move_of_an_intent_is_walked_below() -> None:
    assert set(MOVES) == set(PAYMENT_INTENT.moves)


@pytest.mark.parametrize("row", MOVES, ids=lambda row: f"{row[1]}-{row[0]}")
async def test_an_intent_moves_and_says_so(sim: Sim, wooshpay: Merchant, row: tuple[str, str]) -> None:
    prepare, act = MOVES[row]
    move = PAYMENT_INTENT.moves[row]
    intent = await prepare(wooshpay)
    await sim.settle()
    assert await wooshpay.status(intent) == move.source
    before = len(sim.hooks)

    await act(wooshpay, intent)
    await sim.settle()

    assert await wooshpay.status(intent) == move.target
    heard = [name for name in event_names(sim)[before:] if name.startswith("payment_intent.")]
    assert heard == list(move.events)
    timeline = (await sim.payment("wooshpay", intent))["timeline"]
    actor = row[0].partition(".")[0]
    moved = [entry for entry in timeline if entry["summary"].startswith("payment_intent ")][-1]
    assert (moved["actor"], moved["from"], moved["to"]) == (actor, move.source, move.target)


WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")
OPERATIONS: dict[str, tuple[str, Any, set[str]]] = {
    "confirm": ("/confirm", ALIPAY, {*WAITING}),
    "capture": ("/capture", {}, {"requires_capture"}),
    "cancel": ("/cancel", {}, {*WAITING, "requires_capture"}),
    "update": ("", {"amount": 5000}, {"requires_payment_method", "requires_confirmation"}),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_what_a_status_does_not_allow_is_refused_and_changes_nothing(
    sim: Sim, wooshpay: Merchant, status: str
) -> None:
    """Neither the merchant's operations nor a shopper's decision."""
    intent = await STATUSES[status](wooshpay)
    await sim.settle()
    before, heard = await wooshpay.intent(intent), len(sim.hooks)
    assert before["status"] == status

    refused = [(path, body) for path, body, allowed in OPERATIONS.values() if status not in allowed]
    answers = [await wooshpay.post(f"payment_intents/{intent}{path}", body) for path, body in refused]
    verbs = () if status in WAITING else ("pay", "decline", "cancel", "expire")
    decided = [await sim.http.post(f"{sim.path}/payments/wooshpay/{intent}/{verb}", json={}) for verb in verbs]
    await sim.settle()

    for answer in answers:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "payment_intent_unexpected_state")
        assert error["payment_intent"] == before
    assert [answer.status_code for answer in decided] == [409] * len(verbs)
    assert await wooshpay.intent(intent) == before
    assert len(sim.hooks) == heard


@pytest.mark.parametrize("status", WAITING)
async def test_whatever_waits_can_be_paid_from_the_control_api(sim: Sim, wooshpay: Merchant, status: str) -> None:
    intent = await STATUSES[status](wooshpay)

    await sim.act("wooshpay", intent, "pay")

    assert await wooshpay.status(intent) == "succeeded"


async def test_metadata_and_description_can_always_change(wooshpay: Merchant) -> None:
    """Metadata merges; an empty text deletes a key, an empty object all of them."""
    intent = await succeeded(wooshpay)
    await wooshpay.made(f"payment_intents/{intent}", {"metadata": {"a": "1", "b": "2"}, "description": "tea"})

    merged = await wooshpay.made(f"payment_intents/{intent}", {"metadata": {"a": "", "c": "3"}})
    cleared = await wooshpay.made(f"payment_intents/{intent}", {"metadata": {}})

    assert (merged["metadata"], merged["description"]) == ({"b": "2", "c": "3"}, "tea")
    assert "metadata" not in cleared


async def test_an_update_takes_over_what_it_names(wooshpay: Merchant) -> None:
    intent = await created(wooshpay)

    changed = await wooshpay.made(
        f"payment_intents/{intent}",
        {"amount": "2500", "currency": "eur", "merchant_order_id": "order-2", "return_url": "https://shop.example/r"},
    )

    assert (changed["amount"], changed["currency"]) == (2500, "EUR")
    assert (changed["merchant_order_id"], changed["return_url"]) == ("order-2", "https://shop.example/r")


async def test_confirming_again_issues_a_fresh_code_and_closes_the_old_one(sim: Sim, wooshpay: Merchant) -> None:
    first = await wooshpay.pay_link(amount=1999)
    await sim.advance(minutes=10)

    second = await wooshpay.made(f"payment_intents/{first['id']}/confirm")
    old = await sim.http.get(first["next_action"]["alipay_handle_redirect"]["url"])
    await sim.advance(minutes=10)
    still = await wooshpay.status(first["id"])
    await sim.advance(minutes=5)

    assert first["next_action"] != second["next_action"]
    assert 'data-outcome="cancelled"' in old.text
    assert (still, await wooshpay.status(first["id"])) == ("requires_action", "requires_payment_method")
    assert sim.hooks[-1].at == sim.started_at + timedelta(minutes=25)


async def test_a_wallet_code_need_not_expire(sim: Sim, wooshpay: Merchant) -> None:
    await sim.settings("wooshpay", wallet_code_minutes=0)
    intent = await confirmed(wooshpay)

    await sim.advance(days=30)

    assert await wooshpay.status(intent) == "requires_action"


async def test_a_partial_capture_releases_the_rest_and_happens_once(sim: Sim, wooshpay: Merchant) -> None:
    intent = await authorized(wooshpay)
    held = await wooshpay.intent(intent)

    captured = await wooshpay.made(f"payment_intents/{intent}/capture", {"amount_to_capture": 600})
    again = await wooshpay.refused(f"payment_intents/{intent}/capture", {"amount_to_capture": 300})

    assert held["amount_capturable"] == 900
    assert (captured["amount"], captured["amount_received"], captured["status"]) == (900, 600, "succeeded")
    assert "amount_capturable" not in captured
    assert again[2] == "payment_intent_unexpected_state"


@pytest.mark.parametrize("method", ["alipay", "alipayplus"])
async def test_alipay_cannot_be_captured_later(wooshpay: Merchant, method: str) -> None:
    refused = await wooshpay.refused(
        "payment_intents",
        {
            "amount": 100,
            "currency": "CNY",
            "capture_method": "manual",
            "payment_method_data": {"type": method},
        },
    )

    assert refused == (400, "invalid_request_error", "parameter_invalid", "capture_method")


# Drawings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", [PAYMENT_INTENT, CHECKOUT_SESSION, REFUND], ids=lambda machine: machine.name)
def test_the_readme_draws_the_machine_as_it_is(machine: Any) -> None:
    readme = (Path(package.__file__).parent / "README.md").read_text("utf-8")

    assert f"<!-- machine:{machine.name} -->\n```mermaid\n{machine.mermaid()}\n```\n" in readme


def test_every_module_has_its_place_in_the_readme() -> None:
    folder = Path(package.__file__).parent
    readme = (folder / "README.md").read_text("utf-8")
    modules = {path.stem for path in folder.rglob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"`(\w+)`", readme.partition("## Payment intent")[0]))
