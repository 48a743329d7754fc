"""`psp-simulator sign ecommpay`: Gate's `general.signature` and Payment Page's query are those of the official signer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import urlopen

import pytest
from click.testing import Result

from sdk.conftest import World

Run = Callable[..., Result]

AWKWARD: dict[str, Any] = {
    "general": {"project_id": 201, "payment_id": "x:1"},
    "list": [{"n": number} for number in range(12)],
    "flags": {"yes": True, "no": False, "nothing": None, "empty": [], "deep": {"a": {"b": ["之", 1.5, 10.0]}}},
}
COMMON: dict[str, Any] = {
    "general": {"project_id": 201, "payment_id": "1"},
    "list": [{"n": 1}, True, "x", [1, [2, 3]]],
    "deep": {"a": {"b": [False, 1.5, "之"]}},
}
"""What the SDK and the documentation print and order alike: fewer than eleven items, no null, no colon in a name, no whole
float."""
SALE: dict[str, Any] = {
    "customer": {"id": "1", "ip_address": "192.0.2.1", "first_name": "之的", "flags": [True, {"a": [False]}]},
    "payment": {"amount": 1000, "currency": "CNY", "description": "x"},
    "return_url": {"return": "http://localhost/r", "success": "http://localhost/s"},
}


def page_of(world: World) -> dict[str, Any]:
    own = world.credentials("ecommpay")
    page = {"project_id": own["project_id"], "payment_id": "p 1", "payment_amount": 1000, "payment_currency": "CNY"}
    return {**page, "customer_id": "之", "redirect": True, "booking_info": {"items": [{"a": 1}, {"a": 2}]}}


def handler(world: World) -> Any:
    """The official signer with the project's key."""
    found = pytest.importorskip("payment_page_sdk.signature_handler", reason="ecommpay-sdk is not installed")
    return found.SignatureHandler(world.credentials("ecommpay")["secret_key"])


def test_lists_booleans_and_nested_values_are_signed(psp_simulator: Run) -> None:
    made = psp_simulator("sign", "ecommpay", body=json.dumps(AWKWARD))
    signed = json.loads(made.stdout)
    good = psp_simulator("verify", "ecommpay", body=made.stdout)
    bad = psp_simulator("verify", "ecommpay", body=made.stdout.replace('"yes":true', '"yes":false'))

    assert len(signed["general"].pop("signature")) == 88
    assert signed == AWKWARD
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "flags:yes:0" in bad.stdout


def test_the_official_signer_computes_the_same(psp_simulator: Run, world: World) -> None:
    signed = json.loads(psp_simulator("sign", "ecommpay", body=json.dumps(COMMON)).stdout)

    signature = signed["general"].pop("signature")
    assert handler(world).check(signed, signature)


def test_a_signature_of_the_official_signer_is_verified(psp_simulator: Run, world: World) -> None:
    body = json.loads(json.dumps(COMMON))
    body["general"]["signature"] = handler(world).sign(body)

    result = psp_simulator("verify", "ecommpay", body=json.dumps(body, indent=2))

    assert (result.exit_code, result.stdout) == (0, "the signature is right\n")


def test_a_body_that_is_signed_already_is_signed_anew(psp_simulator: Run) -> None:
    once = psp_simulator("sign", "ecommpay", body=json.dumps(COMMON)).stdout

    twice = psp_simulator("sign", "ecommpay", body=once).stdout

    assert twice == once


def test_gate_takes_a_signed_sale_with_lists_and_booleans(psp_simulator: Run, world: World) -> None:
    general = {"project_id": world.credentials("ecommpay")["project_id"], "payment_id": "p1"}
    signed = json.loads(psp_simulator("sign", "ecommpay", body=json.dumps({"general": general, **SALE})).stdout)

    answer = world.control("POST", "/v2/payment/wallet/alipay/sale", signed)

    assert answer["status"] == "success"


def test_a_callback_is_signed_and_verified_at_the_top(psp_simulator: Run, world: World) -> None:
    body = {"project_id": world.credentials("ecommpay")["project_id"], "payment": {"id": "1", "status": "success"}}

    made = psp_simulator("sign", "ecommpay", body=json.dumps(body))
    bad = psp_simulator("verify", "ecommpay", body=made.stdout.replace("success", "decline"))

    assert set(json.loads(made.stdout)) == {"project_id", "payment", "signature"}
    assert psp_simulator("verify", "ecommpay", body=made.stdout).exit_code == 0
    assert bad.exit_code == 1 and "payment:status:decline" in bad.stdout


@pytest.mark.parametrize("path", [("--path", "/payment"), ()], ids=["by its path", "by its members"])
def test_payment_page_opens_with_the_signed_query(psp_simulator: Run, world: World, path: tuple[str, ...]) -> None:
    made = psp_simulator("sign", "ecommpay", *path, body=json.dumps(page_of(world)))
    query = made.stdout.strip()

    good = psp_simulator("verify", "ecommpay", "--path", f"/payment?{query}")
    piped = psp_simulator("verify", "ecommpay", body=made.stdout)
    bad = psp_simulator("verify", "ecommpay", "--path", f"/payment?{query.replace('=1000', '=1001')}")
    with urlopen(f"{world.url}/payment?{query}", timeout=10) as opened:
        status = opened.status

    assert dict(parse_qsl(query))["booking_info[items][1][a]"] == "2"
    assert (good.exit_code, piped.exit_code, bad.exit_code, status) == (0, 0, 1, 200)
    assert "payment_amount:1001" in bad.stdout


def test_the_query_bears_the_official_signature(psp_simulator: Run, world: World) -> None:
    page = page_of(world)

    query = psp_simulator("sign", "ecommpay", "--path", "/payment", body=json.dumps(page)).stdout.strip()

    assert dict(parse_qsl(query))["signature"] == handler(world).sign(page)
