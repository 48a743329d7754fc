"""A bug of ours, wherever it strikes: an answer all the same, in the words of whoever was asked."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant


def breaks(*_: Any) -> Any:
    raise ValueError("a bug")


async def test_a_crash_before_anybody_knows_whose_request_it_is_is_said_in_our_own_words() -> None:
    broken = dataclasses.replace(ACME, claims=lambda call: call.target == "/nobodys/shape" and breaks())
    async with Sim(providers=[broken]) as sim:
        answer = await sim.http.get("/nobodys/shape")

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"


@pytest.mark.parametrize(("method", "path"), [("GET", "/acme/nothing"), ("DELETE", "/acme/charges")])
async def test_a_crash_of_the_authentication_of_what_is_refused_anyway_is_the_providers_500(
    method: str, path: str
) -> None:
    async with Sim(providers=[dataclasses.replace(ACME, authenticate=breaks)]) as sim:
        answer = await sim.http.request(method, path, headers=Merchant(sim).headers)

    assert answer.status_code == 500
    assert answer.json() == {"acme_error": "Crashed"}
