"""The journal is shown to people and pasted into tickets: what opens a door is not in it, whatever the case of its name."""

from __future__ import annotations

import pytest
from support import Sim

from engine.merchant import Merchant
from simulator.engine.journal import mask_headers


@pytest.mark.parametrize("name", ["Authorization", "authorization", "Proxy-Authorization", "PROXY-AUTHORIZATION"])
async def test_a_secret_header_is_masked(sim: Sim, acme: Merchant, name: str) -> None:
    await acme.create("order-1", **{name: "0123456789abcdef"})

    [entry] = await sim.requests()
    kept = {header.lower(): value for header, value in entry["request"]["headers"].items()}
    assert kept[name.lower()] == "…cdef"


async def test_a_masked_value_keeps_its_scheme_and_a_short_one_nothing_else(sim: Sim, acme: Merchant) -> None:
    """Nine characters show their last four; of eight none is shown."""
    for secret in ("Bearer 123456789", "Bearer 12345678"):
        await acme.create("order-1", authorization=secret)

    shown = [entry["request"]["headers"]["authorization"] for entry in await sim.requests()]
    assert sorted(shown) == ["Bearer …", "Bearer …6789"]


@pytest.mark.parametrize("name", ["Cookie", "cookie"])
async def test_each_cookie_is_masked_wherever_it_stands(sim: Sim, acme: Merchant, name: str) -> None:
    """A browser sends the console's admin token to the pages of the same host as well."""
    await acme.create("order-1", **{name: "psp_simulator_token=0123456789abcdef; lang=zh; flag"})

    [entry] = await sim.requests()
    assert entry["request"]["headers"]["cookie"] == "psp_simulator_token=…cdef; lang=…; flag"


def test_a_cookie_that_is_set_is_masked_and_other_headers_are_not() -> None:
    kept = mask_headers({"Set-Cookie": "session=0123456789abcdef; Secure", "x-other": "session=0123456789abcdef"})

    assert kept == {"Set-Cookie": "session=…cdef; Secure", "x-other": "session=0123456789abcdef"}
