"""A repeated request is answered as the first was, and nothing is done twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant

KEY = {"Acme-Key": "once"}


async def payments(sim: Sim) -> int:
    return len((await sim.http.get(f"{sim.path}/payments")).json()["data"])


def acme_with(**changes: Any) -> Any:
    """The toy provider under another policy."""
    assert ACME.idempotency is not None
    return replace(ACME, idempotency=replace(ACME.idempotency, **changes))


async def test_a_repeated_key_gives_the_stored_answer_and_says_so(sim: Sim, acme: Merchant) -> None:
    first = await acme.create(**KEY)

    again = await acme.create(**KEY)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["acme-replayed"] == sim.started_at.isoformat()
    assert "acme-replayed" not in first.headers
    assert await payments(sim) == 1


async def test_two_at_once_under_one_key_make_one_payment(sim: Sim, acme: Merchant) -> None:
    first, second = await asyncio.gather(acme.create(**KEY), acme.create(**KEY))

    assert first.content == second.content
    assert await payments(sim) == 1


async def test_another_body_under_the_key_is_refused(sim: Sim, acme: Merchant) -> None:
    await acme.create(amount=1000, **KEY)

    refused = await acme.create(amount=2000, **KEY)

    assert (refused.status_code, refused.json()) == (409, {"acme_error": "IdempotencyConflict"})
    assert await payments(sim) == 1


async def test_another_body_may_get_the_stored_answer_where_the_provider_does_so() -> None:
    async with Sim(providers=[acme_with(on_mismatch="replay")]) as sim:
        acme = Merchant(sim)
        first = await acme.create(amount=1000, **KEY)

        again = await acme.create(amount=2000, **KEY)

        assert again.content == first.content
        assert await payments(sim) == 1


async def test_a_key_is_forgotten_after_its_lifetime(sim: Sim, acme: Merchant) -> None:
    await acme.create(**KEY)
    await sim.advance(hours=23, minutes=59)
    await acme.create(**KEY)

    await sim.advance(minutes=1)
    await acme.create(**KEY)

    assert await payments(sim) == 2


async def test_a_refusal_does_not_use_up_the_key(sim: Sim, acme: Merchant) -> None:
    refused = await acme.create(amount=0, **KEY)

    accepted = await acme.create(amount=1000, **KEY)

    assert (refused.status_code, accepted.status_code) == (400, 201)


async def test_a_refusal_can_be_what_is_remembered() -> None:
    async with Sim(providers=[acme_with(keeps=lambda status: True)]) as sim:
        acme = Merchant(sim)
        refused = await acme.create(amount=0, **KEY)

        again = await acme.create(amount=0, **KEY)

        assert (again.status_code, again.content) == (refused.status_code, refused.content)
        assert "acme-replayed" in again.headers


async def test_what_fails_validation_need_not_meet_the_key() -> None:
    async with Sim(providers=[acme_with(after_validation=True)]) as sim:
        acme = Merchant(sim)
        first = await acme.create(amount=1000, **KEY)

        invalid = await acme.create(amount=0, **KEY)
        again = await acme.create(amount=1000, **KEY)

        assert invalid.json() == {"acme_error": "Invalid"}
        assert again.content == first.content


async def test_a_key_counts_only_where_the_provider_says(sim: Sim, acme: Merchant) -> None:
    """The same key on another path is another request; a void takes no key at all."""
    first, second = await acme.paid("order-1"), await acme.charge("order-2")

    refund = await acme.post(f"/{first}/refunds", {"amount": 100}, **KEY)
    void = await acme.post(f"/{second}/void", None, **KEY)
    again = await acme.post(f"/{second}/void", None, **KEY)

    assert (refund.status_code, void.status_code, again.status_code) == (200, 200, 409)


async def test_a_key_of_one_workspace_means_nothing_in_another(sim: Sim, acme: Merchant) -> None:
    await acme.create(**KEY)
    other = (await sim.http.post("/_sim/workspaces", json={})).json()
    acme.headers = {"x-acme-key": other["credentials"]["acme"]["key"]}

    answer = await acme.create(**KEY)

    assert answer.status_code == 201
    assert "acme-replayed" not in answer.headers
