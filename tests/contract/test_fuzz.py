"""Whatever comes, nobody sees a 500, an error is said in the words of whoever was asked, and no answer takes a second.

`FUZZ_REQUESTS` says how many requests there are in all (`make fuzz`); a finding names the number that makes it again.
"""

from __future__ import annotations

import os

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
