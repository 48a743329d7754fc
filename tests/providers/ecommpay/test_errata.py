"""What clients, plugins and newer pages of the manual have corrected: one test for each line of it."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Merchant, sign
from simulator.providers.ecommpay import signing

ID = SALE["general"]["payment_id"]
SALE_PATH = "payment/wallet/alipay/sale"


@pytest.fixture
async def strict() -> AsyncIterator[Merchant]:
    """A merchant at a simulator that refuses what the live platform would refuse."""
    async with Sim(strict=True) as sim:
        await sim.receive_webhooks("ecommpay")
        yield Merchant(sim)


# A signature that only an SDK's own rendering explains --------------------------------------------------------------

RENDERINGS: dict[str, tuple[dict[str, Any], Any]] = {
    # What is added to the seed's sale, and who signs it in which way of their own. Source: reference/ecommpay.md, 2.3.
    "null": ({"addendum": {"note": None}}, "Python 1.0.6"),
    "a float": ({"addendum": {"weight": 1.0}}, "Python 1.0.6"),
    "a list over ten": ({"addendum": {"items": [f"v{n}" for n in range(12)]}}, "Go"),
    "a name before another": ({"addendum": {"a": {"x": 1}, "a1": 2}}, "JavaScript"),
}


def signed_by(merchant: Merchant, body: dict[str, Any], signer: str) -> dict[str, Any]:
    body["general"]["project_id"] = merchant.project
    dialect = next(dialect for dialect in signing.DIALECTS if dialect.signer == signer)
    lines = signing.written(signing.read(body), dialect)
    body["general"]["signature"] = signing.digest(merchant.secret, ";".join(lines))
    return body


@pytest.mark.parametrize("what", RENDERINGS)
async def test_a_secondary_dialect_is_accepted_with_a_notice(
    sim: Sim, ecommpay: Merchant, strict: Merchant, what: str
) -> None:
    more, signer = RENDERINGS[what]
    body = {**copy.deepcopy(SALE), **more}

    answer = await sim.http.post(f"/v2/{SALE_PATH}", json=signed_by(ecommpay, copy.deepcopy(body), signer))
    plain = signed_by(ecommpay, {**copy.deepcopy(body), "general": {"payment_id": "other"}}, "documentation, PHP")
    documented = await sim.http.post(f"/v2/{SALE_PATH}", json=plain)
    refused = await strict.sim.http.post(f"/v2/{SALE_PATH}", json=signed_by(strict, copy.deepcopy(body), signer))

    assert answer.status_code == 200
    assert f"signature: it fits only in the rendering of {signer}" in answer.headers["simulator-notice"]
    assert "signature:" not in documented.headers.get("simulator-notice", "")
    assert (refused.status_code, refused.json()["code"]) == (400, "3261")


async def test_a_boolean_as_a_word_is_accepted_on_payment_page_with_a_notice(
    ecommpay: Merchant, strict: Merchant
) -> None:
    answers = []
    for merchant in (ecommpay, strict):
        parameters = merchant.page(close_on_missclick="1") | {"close_on_missclick": "true"}
        answers.append(await merchant.sim.http.get("/payment", params=parameters))

    assert [answer.status_code for answer in answers] == [200, 400]
    assert (
        "signature: it fits only in the rendering of an SDK that sends booleans as words"
        in answers[0].headers["simulator-notice"]
    )


# The nested query of PHP ------------------------------------------------------------------------------------------


NESTED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "an object in an object": ({"a": {"b": {"c": "1"}}}, [("a[b][c]", "1")]),
    "a list with its numbers": ({"a": ["x", "y"]}, [("a[0]", "x"), ("a[1]", "y")]),
    "a list without them": ({"a": ["x", "y"]}, [("a[]", "x"), ("a[]", "y")]),
    "a list of objects": (
        {"receipt": {"positions": [{"quantity": "1"}, {"quantity": "2"}]}},
        [("receipt[positions][0][quantity]", "1"), ("receipt[positions][1][quantity]", "2")],
    ),
}


@pytest.mark.parametrize("way", ["GET", "POST", "check", "check by JSON"])
@pytest.mark.parametrize("what", NESTED)
async def test_a_b_c_in_brackets_is_the_nested_form_that_php_sends(
    sim: Sim, ecommpay: Merchant, what: str, way: str
) -> None:
    tree, query = NESTED[what]
    flat = {name: value for name, value in ecommpay.page().items() if name != "signature"}
    signature = sign(ecommpay.secret, {**flat, **tree})
    encoded = urlencode([*flat.items(), *query, ("signature", signature)])

    match way:
        case "GET":
            answer = await sim.http.get(f"/payment?{encoded}")
        case "POST":
            form = {"content-type": "application/x-www-form-urlencoded"}
            answer = await sim.http.post("/payment", content=encoded, headers=form)
        case "check":
            answer = await sim.http.get(f"/params/check?{encoded}")
        case _:
            answer = await sim.http.post("/params/check", json={**flat, **tree, "signature": signature})

    assert answer.status_code == 200, answer.text


async def test_the_nested_form_survives_every_step_of_payment_page(sim: Sim, ecommpay: Merchant) -> None:
    flat = {name: value for name, value in ecommpay.page(force_payment_method="alipay").items() if name != "signature"}
    signature = sign(ecommpay.secret, {**flat, "a": ["x", "y"]})
    page = await sim.http.get(
        f"/payment?{urlencode([*flat.items(), ('a[]', 'x'), ('a[]', 'y'), ('signature', signature)])}"
    )

    emulator = await ecommpay.press(page, "ecp-pay")
    await ecommpay.press(emulator, "ecp-success", last_name="Zhou")

    assert await ecommpay.status_of("580") == "success"


async def test_brackets_that_are_signed_as_they_stand_are_refused(sim: Sim, ecommpay: Merchant) -> None:
    """PHP, in which the platform is written, would have read an object."""
    answer = await sim.http.get("/payment", params=ecommpay.page(**{"a[b]": "1"}))

    assert answer.status_code == 400
