"""OAuth client credentials: three ways to say who one is, scopes enforced, tokens that end."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from support import Sim

from providers.checkoutcom.driver import HOSTED, RECURRING, Merchant, workflow


async def token(sim: Sim, scope: str | None, *, how: str = "both", **form: str) -> httpx.Response:
    own = sim.credentials("checkoutcom")
    data = {"grant_type": "client_credentials", **({"scope": scope} if scope is not None else {})}
    headers = {}
    if how in ("basic", "both"):
        pair = f"{own['client_id']}:{own['client_secret']}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    if how in ("form", "both"):
        data |= {"client_id": own["client_id"], "client_secret": own["client_secret"]}
    return await sim.http.post("/connect/token", data=data | form, headers=headers)


async def with_scope(sim: Sim, scope: str) -> Merchant:
    merchant = Merchant(sim)
    merchant.headers = {"Authorization": f"Bearer {(await token(sim, scope)).json()['access_token']}"}
    return merchant


@pytest.mark.parametrize("how", ["basic", "form", "both"])
async def test_a_client_may_say_who_it_is_in_three_ways(sim: Sim, how: str) -> None:
    answer = await token(sim, "gateway flow", how=how)

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["access_token", "token_type", "expires_in", "scope"]
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "gateway flow")


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"scope": "gateway magic"}, "invalid_scope"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": ""}, "invalid_request"),
    ({"client_secret": "wrong"}, "invalid_client"),
    ({"client_id": "ack_nobody"}, "invalid_client"),
]


@pytest.mark.parametrize(("form", "error"), REFUSED)
async def test_errors_have_oauths_own_form(sim: Sim, form: dict[str, str], error: str) -> None:
    answer = await token(sim, how="form", **{"scope": "gateway"} | form)

    assert (answer.status_code, answer.json()) == (400, {"error": error})


async def test_nobody_and_a_broken_basic_header_are_no_client(sim: Sim) -> None:
    for header in (
        {},
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff").decode()},
    ):
        answer = await sim.http.post("/connect/token", data={"grant_type": "client_credentials"}, headers=header)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


OPENS: list[tuple[str, str, str, Any, int]] = [
    ("gateway", "POST", "/payments", RECURRING, 202),
    ("gateway:payment", "POST", "/payments", RECURRING, 202),
    ("gateway:payment-details", "GET", "/payments?reference=x", None, 200),
    ("vault", "GET", "/customers/nobody@example.com", None, 404),
    ("vault:customers", "POST", "/customers", {"email": "a@example.com"}, 201),
    ("vault:instruments", "GET", "/instruments/src_x", None, 404),
    ("flow", "GET", "/workflows", None, 200),
    ("flow:workflows", "POST", "/workflows", workflow(), 201),
    ("flow:events", "GET", "/workflows/events/evt_x", None, 404),
    ("flow:reflow", "POST", "/workflows/events/evt_x/reflow", {}, 404),
    ("balances:view", "GET", "/balances/ent_x", None, 404),
    ("disputes:view", "GET", "/disputes", None, 200),
    ("disputes:accept", "POST", "/disputes/dsp_x/accept", {}, 404),
    ("disputes", "POST", "/disputes/dsp_x/evidence", {}, 404),
]


@pytest.mark.parametrize(("scope", "method", "path", "body", "status"), OPENS)
async def test_a_scope_opens_its_endpoints(
    sim: Sim, scope: str, method: str, path: str, body: Any, status: int
) -> None:
    merchant = await with_scope(sim, scope)

    assert (await merchant.send(method, path, body)).status_code == status


SHUT: list[tuple[str, str, str, Any]] = [
    ("flow", "POST", "/payments", RECURRING),
    ("gateway:payment-details", "POST", "/payments", RECURRING),
    ("gateway:payment", "GET", "/payments?reference=x", None),
    ("gateway:payment", "POST", "/payments/pay_x/refunds", {}),
    ("gateway", "GET", "/workflows", None),
    ("flow:events", "POST", "/workflows/events/evt_x/reflow", {}),
    ("gateway", "GET", "/customers/x", None),
    ("gateway vault flow balances", "POST", "/hosted-payments", HOSTED),
    ("gateway vault flow balances", "GET", "/webhooks", None),
    ("fx", "GET", "/balances/ent_x", None),
    ("disputes:view", "POST", "/disputes/dsp_x/accept", {}),
]


@pytest.mark.parametrize(("scope", "method", "path", "body"), SHUT)
async def test_a_token_without_the_scope_is_an_empty_403(
    sim: Sim, scope: str, method: str, path: str, body: Any
) -> None:
    merchant = await with_scope(sim, scope)

    answer = await merchant.send(method, path, body)

    assert (answer.status_code, answer.content) == (403, b"")
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []


async def test_a_token_ends_after_an_hour(sim: Sim) -> None:
    merchant = await with_scope(sim, "gateway")
    assert (await merchant.get("/payments?reference=x")).status_code == 200

    await sim.advance(minutes=61)

    assert (await merchant.get("/payments?reference=x")).status_code == 401


async def test_a_forged_token_is_nobody(sim: Sim) -> None:
    merchant = await with_scope(sim, "flow")
    head, claims, signature = merchant.headers["Authorization"].removeprefix("Bearer ").split(".")
    forged = base64.urlsafe_b64decode(claims + "==").replace(b"flow", b"gateway")
    wider = base64.urlsafe_b64encode(forged).decode().rstrip("=")

    merchant.headers = {"Authorization": f"Bearer {head}.{wider}.{signature}"}

    assert (await merchant.get("/payments?reference=x")).status_code == 401


async def test_without_a_scope_every_family_is_granted(sim: Sim) -> None:
    body = (await token(sim, None)).json()

    assert {"gateway", "vault", "flow", "balances"} <= set(body["scope"].split())


async def test_a_token_holds_through_its_last_second_and_no_longer(sim: Sim) -> None:
    merchant = await with_scope(sim, "gateway")

    await sim.advance(seconds=3599, milliseconds=999)
    assert (await merchant.get("/payments?reference=x")).status_code == 200

    await sim.advance(milliseconds=1)
    assert (await merchant.get("/payments?reference=x")).status_code == 401
