"""Every operation of the published catalogue is there, or says that it is left out."""

from __future__ import annotations

import re

import httpx
import pytest
from published import facts
from support import Sim

from providers.checkoutcom.driver import Merchant
from simulator.providers.checkoutcom import PROVIDER
from simulator.providers.checkoutcom.auth import make_token

# Of what others ask for by name: method, path, what it is called.
ASKED_FOR = [
    ("POST", "/payment-contexts", "create payment context"),
    ("POST", "/tokens", "request token"),
    ("POST", "/instruments", "create instrument"),
    ("GET", "/disputes/dsp_1/schemefiles", "get dispute scheme files"),
    ("GET", "/reporting/payments", "query payments report"),
    ("POST", "/transfers", "initiate transfer of funds"),
]


def shape(method: str, path: str) -> tuple[str, str]:
    """Parameters have other names elsewhere."""
    return method, re.sub(r"\{[^}]*\}", "{}", path)


def is_left_out(answer: httpx.Response, operation: str) -> bool:
    said = answer.headers.get("simulator-notice") == f"{operation} is left out of the simulator"
    return answer.status_code == 404 and answer.content == b"" and "cko-request-id" in answer.headers and said


@pytest.mark.parametrize("document", ["nas", "abc"])
def test_every_published_operation_is_there_or_left_out(document: str) -> None:
    there = {shape(e.method, e.path) for e in (*PROVIDER.endpoints, *PROVIDER.left_out)}

    published = {
        shape(method.upper(), path)
        for path, operations in facts(f"checkoutcom-{document}")["paths"].items()
        for method in operations
        if method in ("get", "post", "put", "patch", "delete")
    }

    assert published and published - there == set()


@pytest.mark.parametrize(("method", "path", "operation"), ASKED_FOR)
async def test_what_is_left_out_answers_in_checkout_coms_format(
    sim: Sim, cko: Merchant, method: str, path: str, operation: str
) -> None:
    answer = await cko.send(method, path, {} if method == "POST" else None)

    assert is_left_out(answer, operation)
    entry = (await sim.requests())[0]
    assert (entry["path"], entry["provider"], entry["help"]) == (path, "checkoutcom", {"left_out": operation})


async def test_every_operation_that_is_left_out_says_so(cko: Merchant) -> None:
    for operation in PROVIDER.left_out:
        path = re.sub(r"\{[^}]*\}", "x", operation.path)

        assert is_left_out(await cko.send(operation.method, path), operation.operation), operation


async def test_what_is_left_out_knows_every_kind_of_credential(sim: Sim, previous: Merchant) -> None:
    """The simulator does not know which scope or which key would open it."""
    own = sim.credentials("checkoutcom")
    token = make_token(sim.workspace, ["vault:tokenization"], sim.workspace.clock.now())

    for credential in (
        f"Bearer {own['secret_key']}",
        f"Bearer {own['public_key']}",
        f"Bearer {token}",
        own["previous_secret_key"],
        own["previous_public_key"],
    ):
        answer = await sim.http.post("/tokens", json={"type": "card"}, headers={"Authorization": credential})
        assert is_left_out(answer, "request token"), credential
    stranger = await sim.http.post("/tokens", headers={"Authorization": "Bearer sk_sbox_" + "q" * 27})
    assert (stranger.status_code, stranger.content) == (401, b"")


async def test_a_typing_error_is_journalled_with_what_was_meant(sim: Sim, cko: Merchant) -> None:
    answer = await cko.get("/workflow")

    assert (answer.status_code, answer.content) == (404, b"")
    assert "simulator-notice" not in answer.headers
    help_ = (await sim.requests())[0]["help"]
    assert "GET /workflows" in help_["did_you_mean"]
