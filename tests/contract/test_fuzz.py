"""Whatever comes, nobody sees a 500, an error is said in the words of whoever was asked, and no answer takes a second.

`FUZZ_REQUESTS` says how many requests there are in all (`make fuzz`); a finding names the number that makes it again.
"""

from __future__ import annotations

import os
from typing import Any

import orjson
import pytest
from fuzzing import Fuzzer
from support import Sim

from simulator.providers import built_in

EACH = int(os.environ.get("FUZZ_REQUESTS", "1800")) // (len(built_in()) + 1)
PORTION = 2_000
"""Requests to one world; the next ones find a new one."""

ASKED = {**{provider.name: provider for provider in built_in()}, "ours": None}


@pytest.mark.parametrize("asked", ASKED)
async def test_no_request_makes_a_crash_or_an_error_in_other_words(
    asked: str, record_property: pytest.RecordProperty
) -> None:
    provider, found, slowest = ASKED[asked], [], 0.0
    for first in range(0, EACH, PORTION):
        async with Sim() as sim:
            fuzzer = Fuzzer(sim, provider)
            await fuzzer.prepare([provider] if provider is not None else built_in())
            found += await fuzzer.run(range(first, min(first + PORTION, EACH)))
        slowest = max(slowest, fuzzer.slowest)
    record_property("slowest_ms", round(slowest * 1000))
    print(f"{asked}: {EACH} requests, the slowest took {slowest * 1000:.0f} ms of the processor, {fuzzer.statuses}")

    assert not found, f"{len(found)} of {EACH}:\n" + "\n".join(str(one) for one in found[:20])


LOOKED_AT = 60


@pytest.mark.parametrize("asked", [name for name in ASKED if name != "ours"])
async def test_whatever_came_its_line_of_the_journal_can_be_opened_compared_and_sent_again(asked: str) -> None:
    """Also what is too deep or too wide to be signed."""
    provider = ASKED[asked]
    assert provider is not None
    async with Sim() as sim:
        fuzzer = Fuzzer(sim, provider)
        await fuzzer.prepare([provider])
        await fuzzer.run(range(LOOKED_AT))
        merchant = fuzzer.merchant
        assert merchant is not None
        signed = merchant.shop.sign(merchant.account, merchant.creation())
        for addendum in (deep(200), wide(4_000), deep(20)):
            body = orjson.dumps({**orjson.loads(signed.body), "addendum": addendum})
            await sim.http.request(signed.method, signed.path, content=body, headers=dict(signed.headers))
        crashed = []
        lines = (await sim.http.get(f"{sim.path}/requests?limit=100")).json()["data"]
        for line in lines:
            where = f"{sim.path}/requests/{line['id']}"
            answers = [
                await sim.http.get(f"/console/{sim.workspace.name}/requests/{line['id']}"),
                await sim.http.post(f"{where}/compare", json={"signature": "x"}),
                await sim.http.post(f"{where}/send-again"),
            ]
            crashed += [
                (line["method"], line["path"][:80], one.text[:200]) for one in answers if one.status_code >= 500
            ]

    assert len(lines) > LOOKED_AT / 2
    assert crashed == []


def deep(levels: int) -> Any:
    """With a member beside each level, whose name has all above it."""
    found: Any = {f"m{n}": 1 for n in range(3_000)}
    for _ in range(levels):
        found = {"a" * 10: found}
    return found


def wide(members: int) -> Any:
    return {f"m{n}": n for n in range(members)}
