"""What somebody does with a delivery by hand: sends it once more in three ways, marks it, stops it, resends what failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from engine.receivers import receiver
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.courier import OwnCourier


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    await sim.receive_webhooks("acme")
    return Merchant(sim, ACME)


def refuse(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


async def newest(sim: Sim) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/webhooks/latest")).raise_for_status().json()
    return found


async def do(sim: Sim, delivery: dict[str, Any], act: str, **body: Any) -> httpx.Response:
    return await sim.http.post(f"{sim.path}/webhooks/{delivery['id']}/{act}", json=body)


def error_of(answer: httpx.Response) -> tuple[int, str, Any, Any]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("field"), error.get("allowed")


# Sending once more


async def test_copies_are_so_many_attempts(sim: Sim, acme: Merchant) -> None:
    await acme.paid()

    again = (await do(sim, await newest(sim), "resend", copies=3)).json()

    assert [attempt["n"] for attempt in again["attempts"]] == [1, 2, 3, 4]
    assert len(sim.hooks) == 4
    assert len({hook.raw for hook in sim.hooks}) == 1


async def test_copies_are_under_way_at_the_same_moment(sim: Sim, acme: Merchant) -> None:
    """The receiver answers none of them before it has both."""
    await acme.paid()
    sim.hooks.clear()
    both = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if len(sim.hooks) == 2:
            both.set()
        await both.wait()
        return httpx.Response(200)

    sim.answer = answer
    again = (await do(sim, await newest(sim), "resend", copies=2)).json()

    assert [(attempt["n"], attempt["error"]) for attempt in again["attempts"][1:]] == [(2, None), (3, None)]
    assert len(sim.hooks) == 2


async def test_again_signs_anew_and_recorded_repeats_what_left(sim: Sim, acme: Merchant) -> None:
    await acme.paid()
    delivery = await newest(sim)
    await sim.receive_webhooks("acme", secret="another")

    recorded = await do(sim, delivery, "resend", **{"as": "recorded"})
    again = await do(sim, delivery, "resend", **{"as": "again"})

    first, repeated, anew = sim.hooks
    assert (recorded.status_code, again.status_code) == (200, 200)
    assert (repeated.raw, repeated.headers["acme-signature"]) == (first.raw, first.headers["acme-signature"])
    assert anew.headers["acme-signature"] != first.headers["acme-signature"]
    assert anew.verdict("acme").valid and not repeated.verdict("acme").valid


async def test_what_was_never_sent_was_not_recorded(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    kept = await newest(sim)
    await sim.receive_webhooks("acme")

    answer = await do(sim, kept, "resend", **{"as": "recorded"})

    assert error_of(answer) == (409, "never_sent", "as", ["again", "edited"])
    assert sim.hooks == []


async def test_an_edited_body_leaves_under_a_right_signature_and_delivers_nothing(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    await acme.paid()
    before = await newest(sim)
    sim.answer = lambda request: httpx.Response(200)

    after = (await do(sim, before, "resend", body='{"event": "charge.captured", "amount": 1}')).json()

    assert sim.hooks[-1].body == {"event": "charge.captured", "amount": 1}
    assert sim.hooks[-1].verdict("acme").valid
    assert (after["state"], after["next_attempt_at"]) == (before["state"], before["next_attempt_at"])
    assert len(after["attempts"]) == len(before["attempts"]) + 1


async def test_an_edited_authorization_stands_in_the_place_of_the_one_in_the_address(sim: Sim) -> None:
    """Over a real socket: the client makes a header of the address's user by itself."""
    async with receiver() as shop:
        merchant = Merchant(sim, ACME)
        sim.app.runtime.dispatcher._courier = OwnCourier()
        await sim.receive_webhooks("acme", shop.url.replace("//", "//bob:pw@"))
        await merchant.paid()
        again = await do(sim, await newest(sim), "resend", headers={"Authorization": "Bearer other"})
        await sim.app.runtime.dispatcher._courier.close()

    assert [attempt["error"] for attempt in again.json()["attempts"]] == [None, None]
    sent = [dict(request.headers).get("Authorization") for request in shop.requests]
    assert sent == ["Basic Ym9iOnB3", "Bearer other"]


async def test_edited_headers_stand_beside_ours_or_in_their_place(sim: Sim, acme: Merchant) -> None:
    await acme.paid()

    await do(sim, await newest(sim), "resend", headers={"ACME-Signature": "forged", "X-Trace": "7"})

    assert (sim.hooks[-1].headers["acme-signature"], sim.hooks[-1].headers["x-trace"]) == ("forged", "7")
    assert sim.hooks[-1].raw == sim.hooks[0].raw


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"as": "again", "body": "{}"}, "body"),
        ({"as": "recorded", "headers": {"a": "b"}}, "headers"),
        ({"as": "edited"}, "body"),
        ({"as": "twice"}, "as"),
        ({"copies": 0}, "copies"),
        ({"copies": 11}, "copies"),
        ({"headers": {"a b": "c"}}, "headers.a b"),
        ({"headers": {"a": "c\r\nd: e"}}, "headers.a"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers"),
        ({"headers": {"content-length": "0"}}, "headers"),
        ({"headers": {"Host": "evil.example"}}, "headers"),
        ({"headers": {f"x-{n}": "" for n in range(101)}}, "headers"),
        ({"copies": "3"}, "copies"),
        ({"copies": True}, "copies"),
        ({"copy": 2}, "copy"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_and_nothing_is_sent(
    sim: Sim, acme: Merchant, body: dict[str, Any], field: str
) -> None:
    await acme.paid()

    answer = await do(sim, await newest(sim), "resend", **body)

    assert (answer.status_code, answer.json()["error"]["field"].removesuffix(".[key]")) == (422, field)
    assert len(sim.hooks) == 1


# Marks


async def test_a_delivery_that_is_marked_delivered_is_tried_no_more(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    id_ = await acme.paid()

    marked = (await do(sim, await newest(sim), "mark-delivered")).json()
    await sim.advance(hours=1)

    assert (marked["state"], marked["next_attempt_at"], len(marked["attempts"])) == ("delivered", None, 1)
    assert len(sim.hooks) == 1
    summaries = [entry["summary"] for entry in (await sim.payment("acme", id_))["timeline"]]
    assert "charge.captured marked delivered" in summaries


async def test_a_delivery_that_is_stopped_is_tried_no_more(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    await acme.paid()

    stopped = (await do(sim, await newest(sim), "stop")).json()
    await sim.advance(hours=1)

    assert (stopped["state"], stopped["next_attempt_at"]) == ("failed", None)
    assert len(sim.hooks) == 1


@pytest.mark.parametrize("act", ["stop", "mark-delivered"])
async def test_what_is_ended_while_an_attempt_is_under_way_stays_ended(sim: Sim, acme: Merchant, act: str) -> None:
    """The receiver refuses only after somebody has pressed the button."""
    answers = []

    async def press(request: httpx.Request) -> httpx.Response:
        answers.append(await do(sim, await newest(sim), act))
        return httpx.Response(503)

    sim.answer = press
    await acme.paid()
    ended = await newest(sim)
    await sim.advance(hours=1)

    assert [answer.status_code for answer in answers] == [200]
    assert (ended["state"], len(ended["attempts"])) == ("failed" if act == "stop" else "delivered", 1)
    assert len(sim.hooks) == 1


@pytest.mark.parametrize(
    ("act", "allowed"), [("stop", ["resend"]), ("mark-delivered", ["resend"])], ids=["stop", "mark-delivered"]
)
async def test_what_is_delivered_cannot_be_ended(sim: Sim, acme: Merchant, act: str, allowed: list[str]) -> None:
    await acme.paid()

    answer = await do(sim, await newest(sim), act)

    assert error_of(answer) == (409, "illegal_move", None, allowed)
    assert (await newest(sim))["state"] == "delivered"


async def test_an_unknown_delivery_is_not_found(sim: Sim) -> None:
    acts = ("resend", "stop", "mark-delivered")

    answers = [(await do(sim, {"id": "dlv_nobody"}, act)).status_code for act in acts]

    assert answers == [404, 404, 404]


# All that failed


async def test_what_was_given_up_is_resent_at_once_and_in_order(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    first, second = await acme.paid("order-1"), await acme.paid("order-2")
    await sim.advance(hours=1)
    sim.hooks.clear()
    sim.answer = lambda request: httpx.Response(200)

    answer = await sim.http.post(f"{sim.path}/webhooks/resend-failed", json={})

    assert answer.json() == {"resent": 2}
    assert [hook.body["charge"]["id"] for hook in sim.hooks] == [first, second]
    states = [d["state"] for d in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]]
    assert states == ["delivered", "delivered"]


async def test_what_fails_again_is_given_up_again(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    await acme.paid()
    await sim.advance(hours=1)

    answer = await sim.http.post(f"{sim.path}/webhooks/resend-failed", json={"provider": "acme"})

    assert answer.json() == {"resent": 1}
    assert ((await newest(sim))["state"], len((await newest(sim))["attempts"])) == ("failed", 4)


async def test_only_what_was_given_up_is_resent(sim: Sim, acme: Merchant) -> None:
    await acme.paid()

    answer = await sim.http.post(f"{sim.path}/webhooks/resend-failed", json={})
    unknown = await sim.http.post(f"{sim.path}/webhooks/resend-failed", json={"provider": "nobody"})

    assert answer.json() == {"resent": 0}
    assert len(sim.hooks) == 1
    assert error_of(unknown) == (422, "invalid", "provider", ["acme"])


# The latest


async def test_the_latest_is_the_newest_that_fits(sim: Sim, acme: Merchant) -> None:
    await acme.paid("order-1")
    id_ = await acme.paid("order-2")
    await acme.refund(id_, 400)
    await sim.settle()

    async def latest(what: str, **query: str) -> Any:
        return (await sim.http.get(f"{sim.path}/{what}/latest", params=query)).json()

    assert (await latest("webhooks"))["event"] == "charge.refunded"
    assert (await latest("webhooks", event="charge.captured", provider="acme"))["resource_id"] == id_
    assert (await latest("payments"))["id"] == id_
    assert (await latest("payments", reference="order-1", provider="acme"))["reference"] == "order-1"
    assert (await latest("payments"))["timeline"]


@pytest.mark.parametrize("what", ["webhooks", "payments"])
async def test_without_any_there_is_no_latest(sim: Sim, what: str) -> None:
    answer = await sim.http.get(f"{sim.path}/{what}/latest")
    unknown = await sim.http.get(f"{sim.path}/{what}/latest", params={"provider": "nobody"})

    assert error_of(answer) == (404, "not_found", None, None)
    assert error_of(unknown) == (422, "invalid", "provider", ["acme"])


async def test_what_waits_for_its_next_try_is_resent_too(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    await acme.paid()
    sim.answer = lambda request: httpx.Response(200)

    answer = await sim.http.post(f"{sim.path}/webhooks/resend-failed", json={})

    assert answer.json() == {"resent": 1}
    assert ((await newest(sim))["state"], len((await newest(sim))["attempts"])) == ("delivered", 2)
