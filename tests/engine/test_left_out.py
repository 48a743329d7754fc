"""What a provider really has and the simulator lacks, and addresses that nobody has: told to the caller, in their own journal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.provider import LeftOut
from simulator.engine.store import open_store
from simulator.providers import built_in
from simulator.surface.app import App
from simulator.surface.settings import Settings

LEFT_OUT = [
    ("GET", "/acme/charges/search", "searchCharges"),
    ("POST", "/acme/charges/ch_1/captures", "captureCharge"),
    ("PUT", "/acme/charges", "replaceCharges"),
]


async def last_request(sim: Sim) -> dict[str, Any]:
    return (await sim.requests())[0]


@pytest.mark.parametrize(("method", "path", "operation"), LEFT_OUT)
async def test_an_operation_that_is_left_out_says_so(
    sim: Sim, acme: Merchant, method: str, path: str, operation: str
) -> None:
    """In the provider's own 404, told apart from a typing error, and journalled where its caller looks."""
    answer = await sim.http.request(method, path, headers=acme.headers)

    assert (answer.status_code, answer.json()) == (404, {"acme_error": "OperationLeftOut"})
    assert answer.headers["simulator-notice"] == f"{operation} is left out of the simulator"
    entry = await last_request(sim)
    assert (entry["provider"], entry["path"]) == ("acme", path)
    assert entry["help"] == {"left_out": operation}
    assert entry["notices"] == [f"{operation} is left out of the simulator"]


async def test_an_operation_that_is_left_out_asks_for_a_credential_first(sim: Sim) -> None:
    answer = await sim.http.get("/acme/charges/search")

    assert (answer.status_code, "simulator-notice" in answer.headers) == (401, False)


async def test_what_is_left_out_hides_nothing_that_is_there(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()

    read = await sim.http.get(f"/acme/charges/{id_}", headers=acme.headers)
    deleted = await sim.http.delete("/acme/charges/search", headers=acme.headers)

    assert read.status_code == 200
    assert (deleted.status_code, deleted.json()) == (405, {"acme_error": "MethodNotAllowed"})


def test_an_operation_cannot_be_both_there_and_left_out(tmp_path: Path) -> None:
    """Of one provider it is said when the value is made; of two, when both are served. Another server may have the file then."""
    file = str(tmp_path / "world.db")
    other = replace(built_in()[0], left_out=(LeftOut("GET", "/acme/charges/{charge}", "getCharge"),))

    with pytest.raises(ValueError, match="is left out, and is there"):
        App(Settings(db=file), providers=[ACME, other])
    open_store(file, "http://another.test").close()


async def test_an_address_that_nobody_has_is_in_its_callers_journal(sim: Sim, acme: Merchant) -> None:
    answer = await sim.http.post("/acme/charge", headers=acme.headers, json={})

    assert (answer.status_code, answer.json()) == (404, {"acme_error": "UnknownRoute"})
    help_ = (await last_request(sim))["help"]
    assert help_["reason"] == "there is no POST /acme/charge"
    assert "POST /acme/charges" in help_["did_you_mean"]


async def test_a_credential_is_a_mark_of_its_provider(sim: Sim, acme: Merchant) -> None:
    """An address that looks like nobody's, with a key that somebody has, belongs to them."""
    answer = await sim.http.post("/charges", headers=acme.headers, json={})

    assert (answer.status_code, answer.json()) == (404, {"acme_error": "UnknownRoute"})
    assert (await last_request(sim))["path"] == "/charges"


async def test_a_wrong_method_and_a_body_too_large_are_in_their_callers_journal(sim: Sim, acme: Merchant) -> None:
    wrong = await sim.http.delete("/acme/charges", headers=acme.headers)
    large = await sim.http.post("/acme/charges", headers=acme.headers, content=b"x" * 1_000_001)

    assert (wrong.status_code, large.status_code) == (405, 413)
    assert [entry["status"] for entry in await sim.requests()] == [413, 405]
    [wrong_entry] = [entry for entry in await sim.requests() if entry["status"] == 405]
    assert wrong_entry["help"] == {"reason": "/acme/charges does not take DELETE", "allowed": ["POST"]}


async def test_without_a_credential_nothing_is_written_into_anybodys_journal(sim: Sim) -> None:
    answer = await sim.http.post("/charges", json={})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert await sim.requests() == []
