"""What a merchant sends and we send back in a header cannot become a header of its own."""

from __future__ import annotations

import dataclasses

import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.provider import Call, Endpoint, Reply
from simulator.engine.uow import UnitOfWork


def echo(call: Call, uow: UnitOfWork) -> Reply:
    said = str(call.json["say"])
    return Reply(200, {}, {"x-said": said}, cookies=[f"said={said}"])


ECHO = dataclasses.replace(ACME, endpoints=(Endpoint("POST", "/acme/echo", echo, "echo"), *ACME.endpoints))


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
async def test_a_line_break_in_an_echoed_value_becomes_a_space(break_: str) -> None:
    async with Sim(providers=[ECHO]) as sim:
        key = Merchant(sim).headers
        answer = await sim.http.post("/acme/echo", json={"say": f"one{break_}x-evil: two"}, headers=key)

    raw = {name.lower(): value for name, value in answer.headers.raw}
    spaces = b" " * len(break_)
    assert raw[b"x-said"] == b"one" + spaces + b"x-evil: two"
    assert raw[b"set-cookie"] == b"said=one" + spaces + b"x-evil: two"
    assert b"x-evil" not in raw


async def test_a_character_that_no_header_can_carry_becomes_a_question_mark() -> None:
    async with Sim(providers=[ECHO]) as sim:
        answer = await sim.http.post("/acme/echo", json={"say": "订单 é"}, headers=Merchant(sim).headers)

    assert dict(answer.headers.raw)[b"x-said"] == "?? é".encode("latin-1")
