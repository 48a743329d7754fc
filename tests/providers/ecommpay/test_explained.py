"""Why a merchant's signature at ecommpay is another: each usual mistake, made by a signer of the test's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from merchant import Merchant
from support import Sim

from simulator.engine.explain import compare, received
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.providers.ecommpay import PROVIDER, signing
from simulator.providers.ecommpay.explained import explain_request
from simulator.providers.ecommpay.shop import SHOP, operations_of, verify_request

BODY: dict[str, Any] = {
    "project_id": 201,
    "payment": {"id": "580", "description": "龙井 tea", "sum": {"amount": 40000, "currency": "CNY"}},
    "customer": {"is_new": True, "url": "https://shop.example/a"},
    "operation": {"id": 20891000000045, "code": "0"},
    "list": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"],
}

LINES = [
    "customer:is_new:1",
    "customer:url:https://shop.example/a",
    *(f"list:{n}:{letter}" for n, letter in enumerate("abcdefghijk")),
    "operation:code:0",
    "operation:id:20891000000045",
    "payment:description:龙井 tea",
    "payment:id:580",
    "payment:sum:amount:40000",
    "payment:sum:currency:CNY",
    "project_id:201",
]
TEXT = ";".join(LINES)


def signed(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha512).digest()).decode()


def in_order(value: Any, path: str = "") -> list[str]:
    """As a signer writes the lines who does not sort."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        return [line for name, item in members for line in in_order(item, f"{path}{name}:")]
    return [f"{path.removesuffix(':')}:{int(value) if isinstance(value, bool) else value}"]


WRONG = [
    ("other_order", ";".join(sorted(LINES))),
    ("other_order", ";".join(in_order(BODY))),
    ("float", TEXT.replace("20891000000045", "2.0891000000045e+13")),
    ("float", TEXT.replace(":20891000000045", ":2.0891000000045E13").replace("40000", "40000.0").replace(":201", ":201.0")
     .replace(":580", ":580.0").replace("code:0", "code:0.0").replace("is_new:1", "is_new:1.0")),
    ("trailing_newline", TEXT + "\n"),
    ("escaped_slash", TEXT.replace("/", "\\/")),
    ("escaped_slash", json.dumps(TEXT)[1:-1].replace("/", "\\/")),
    ("wrong_encoding", TEXT.replace("龙井", "\\u9f99\\u4e95")),
    ("wrong_encoding", TEXT.encode().decode("latin-1")),
    ("boolean", TEXT.replace("is_new:1", "is_new:true")),
    ("boolean", TEXT.replace("is_new:1", "is_new:True")),
    ("reserialised", json.dumps(BODY)),
    ("reserialised", json.dumps(BODY, separators=(",", ":"), ensure_ascii=False)),
]  # fmt: skip


async def edited(sim: Sim) -> str:
    merchant = Merchant(sim, PROVIDER)
    await sim.receive_webhooks("ecommpay")
    await merchant.paid()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]
    body = json.dumps(BODY, ensure_ascii=False)
    (await sim.http.post(f"{sim.path}/webhooks/{id_}/resend", json={"body": body})).raise_for_status()
    return str(id_)


@pytest.mark.uncounted
@pytest.mark.parametrize(("cause", "wrong"), WRONG)
async def test_a_callbacks_signature_tells_which_mistake_gave_it(sim: Sim, cause: str, wrong: str) -> None:
    id_ = await edited(sim)
    secret = sim.credentials("ecommpay")["secret_key"]
    path = f"{sim.path}/webhooks/{id_}/compare"

    by_signature = (await sim.http.post(path, json={"signature": signed(secret, wrong)})).json()
    by_string = (await sim.http.post(path, json={"base_string": wrong})).json()

    assert by_signature["expected"] == TEXT
    assert by_signature["got"] == wrong
    assert (by_signature["cause"]["code"], by_string["cause"]["code"]) == (cause, cause)


async def test_the_picture_of_the_float_is_first_wrong_at_its_point(sim: Sim) -> None:
    id_ = await edited(sim)
    wrong = TEXT.replace("20891000000045", "2.0891000000045e+13")

    found = (await sim.http.post(f"{sim.path}/webhooks/{id_}/compare", json={"base_string": wrong})).json()

    assert found["at"] == TEXT.encode().index(b"operation:id:2") + len("operation:id:2")
    assert found["cause"]["text"].startswith("A JSON parser turned a number into a float.")


async def test_who_signs_the_json_of_a_request_is_told_so(sim: Sim) -> None:
    own = sim.credentials("ecommpay")
    account = Account(own, "http://localhost", time_of_day())
    body = {**BODY, "general": {"project_id": 201}}
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    body["general"]["signature"] = signed(own["secret_key"], text)
    right = SHOP.create(account, SHOP.sample)

    explained = explain_request(account, replace(right, body=json.dumps(body).encode()))

    assert explained is not None
    assert received(explained).cause == "reserialised"


@pytest.mark.parametrize(("cause", "wrong"), [pair for pair in WRONG if pair[0] != "reserialised"])
async def test_a_requests_signature_tells_which_mistake_gave_it(sim: Sim, cause: str, wrong: str) -> None:
    own = sim.credentials("ecommpay")
    account = Account(own, "http://localhost", time_of_day())
    right = SHOP.create(account, SHOP.sample)
    body = {**BODY, "general": {"signature": signed(own["secret_key"], wrong)}}
    request = replace(right, body=json.dumps(body, ensure_ascii=False).encode())

    explained = explain_request(account, request)

    assert explained is not None
    found = received(explained)
    assert (found.cause, found.is_certain, found.got) == (cause, True, wrong)


async def test_payment_pages_address_is_explained_by_its_parameters(sim: Sim) -> None:
    own = sim.credentials("ecommpay")
    account = Account(own, "http://localhost", time_of_day())
    address = SHOP.sign(account, replace(SHOP.create(account, SHOP.sample), path="/payment"))

    explained = explain_request(account, address)

    assert explained is not None and explained.is_right
    assert compare(explained, base_string=explained.base_string).equal


async def test_a_call_of_the_data_api_is_explained_by_the_secret_of_its_token(sim: Sim) -> None:
    own = sim.credentials("ecommpay")
    account = Account(own, "http://localhost", time_of_day())
    right = SHOP.sign(account, operations_of(account, "order-1"))
    body = json.loads(right.body)
    gates = {**body, "signature": signed(own["secret_key"], ";".join(signing.lines(body)))}
    wrong = replace(right, body=json.dumps(gates).encode())

    explained, mistaken = explain_request(account, right), explain_request(account, wrong)

    assert body["token"] == own["data_token"]
    assert explained is not None and explained.is_right and mistaken is not None
    assert received(mistaken).cause == "wrong_secret"
    verdicts = [verify_request(account, request) for request in (right, wrong)]
    assert [verdict is not None and verdict.valid for verdict in verdicts] == [True, False]
