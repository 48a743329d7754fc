"""What the journal knows of a refused call at every provider: its rules, the checks in their order, what may have been meant; and
the same call once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from merchant import Merchant, purchase
from support import Sim

from simulator.engine.provider import Provider
from simulator.engine.shop import Request

RULES = (
    "required",
    "type",
    "pattern",
    "min",
    "max",
    "min_length",
    "max_length",
    "enum",
    "format",
    "unknown",
    "live",
    "custom",
)
OTHERS = (
    "own",
    "unknown_id",
    "signature",
    "credential",
    "access",
    "left_out",
    "path",
    "method",
    "media_type",
    "body_size",
)
MORE = (
    "headers_size",
    "json",
    "not_found",
    "state",
    "exceeded",
    "key_in_use",
    "key_mismatch",
    "rate",
    "scenario",
    "crash",
)
KNOWN_CODES = {*RULES, *OTHERS, *MORE}
"""Each has its words in the catalogue."""


async def _journal(sim: Sim) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sim.http.get(f"{sim.path}/requests?limit=500")).json()["data"]
    return found


async def _last(sim: Sim) -> dict[str, Any]:
    """The newest call, in whichever of the two workspaces it is kept."""
    sim.app.runtime.write_late()
    both = [*await _journal(sim), *(await sim.http.get("/_sim/workspaces/default/requests?limit=1")).json()["data"]]
    newest = max(both, key=lambda view: int(view["id"].removeprefix("req_")))
    where = sim.path if newest in await _journal(sim) else "/_sim/workspaces/default"
    return {**(await sim.http.get(f"{where}/requests/{newest['id']}")).json(), "where": where}


async def _again(sim: Sim, view: dict[str, Any]) -> dict[str, Any]:
    answer = await sim.http.post(f"{view['where']}/requests/{view['id']}/send-again")
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from _paths(inner, (*path, name))


def _misspelt(request: Request) -> tuple[Request, str, str] | None:
    """With the first member that is about an amount misspelt, how it is called then, and how it should be."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    path = next(path for path in _paths(body) if "amount" in path[-1].lower())
    place = body
    for name in path[:-1]:
        place = place[name]
    wrong = path[-1].replace("mount", "muont")
    place[wrong] = place.pop(path[-1])
    return replace(request, body=orjson.dumps(body)), ".".join([*path[:-1], wrong]), ".".join(path)


async def test_a_misspelt_member_is_told_with_the_one_that_was_meant(world: Sim, merchant: Merchant) -> None:
    found = _misspelt(merchant.creation())
    if found is None:
        pytest.skip("its body is no JSON")
    request, given, meant = found

    await merchant.send(request)

    slips = (await _last(world))["why"]["slips"]
    assert {"kind": "member", "given": given, "meant": meant} in slips


async def test_every_refusal_has_a_rule_and_one_failed_check(
    world: Sim, merchant: Merchant, provider: Provider
) -> None:
    """What comes after the failed one is unknown, and said so."""
    creation = merchant.creation()
    unknown = merchant.shop.unknown_path(merchant.account)
    calls = [
        creation,
        merchant.shop.sign(merchant.strangers, creation),
        replace(merchant.shop.sign(merchant.account, creation), body=b"{"),
        merchant.shop.sign(merchant.account, replace(creation, body=b"[]")),
        merchant.shop.sign(merchant.account, replace(creation, path=unknown)),
        merchant.shop.sign(merchant.account, replace(creation, method="DELETE")),
    ]
    for call in calls:
        answer = await merchant.ask(call)
        if answer.status < 400:
            continue
        view = await _last(world)
        why = view["why"]
        assert view["status"] == answer.status
        assert why["rules"] and {rule["code"] for rule in why["rules"]} <= KNOWN_CODES, call
        results = [check["result"] for check in why["checks"]]
        failed = results.index("failed")
        assert results == ["passed"] * failed + ["failed"] + ["unknown"] * (len(results) - failed - 1), call


async def test_the_checks_are_the_providers_in_its_order(world: Sim, merchant: Merchant, provider: Provider) -> None:
    await merchant.ask(merchant.shop.sign(merchant.strangers, merchant.creation()))

    names = [check["name"] for check in (await _last(world))["why"]["checks"]]

    assert names[: len(provider.proofs)] == list(provider.proofs)


async def test_a_call_is_sent_again_as_a_call_of_its_own(world: Sim, merchant: Merchant) -> None:
    answer = await merchant.answer()
    first = await _last(world)

    again = await _again(world, first)

    assert (again["status"], again["sent_by"]) == (answer.status, "console")
    assert again["id"] != first["id"]
    assert (again["method"], again["path"]) == (first["method"], first["path"])
    assert len(await _journal(world)) >= 2


async def test_a_wrong_signature_is_made_anew(world: Sim, merchant: Merchant, provider: Provider) -> None:
    if provider.verify_request is None:
        pytest.skip("it takes a key, and no signature")
    stranger = replace(merchant.account, credentials=dict(merchant.account.credentials))
    for name in ("secret_key", "secret_api_key"):
        if name in stranger.credentials:
            stranger.credentials[name] = "bm90LXRoZS1yaWdodC1vbmU="  # type: ignore[index]
    refused = await merchant.ask(merchant.shop.sign(stranger, merchant.creation()))
    view = await _last(world)

    again = await _again(world, view)

    assert refused.status >= 400 > again["status"]
    assert view["why"]["sound"] is True


async def test_a_credential_that_nobody_has_stays_so(world: Sim, merchant: Merchant) -> None:
    creation = merchant.shop.create(merchant.strangers, purchase())
    refused = await merchant.ask(merchant.shop.sign(merchant.strangers, creation))
    view = await _last(world)

    again = await _again(world, view)

    assert refused.status >= 400 and again["status"] >= 400
    assert again["why"]["known"] is False


async def test_a_repeated_key_leads_to_the_call_that_it_repeats(
    world: Sim, merchant: Merchant, provider: Provider
) -> None:
    if provider.idempotency is None:
        pytest.skip("it knows no idempotency key")
    header = {provider.idempotency.header: "one-and-the-same"}
    await merchant.send(merchant.creation(), header)
    first = await _last(world)
    await merchant.answer("order-2")

    request = merchant.shop.sign(merchant.account, merchant.creation().plus(header))
    await merchant.ask(request)

    assert (await _last(world))["repeats"] == first["id"]
    assert "repeats" not in first


async def test_another_providers_credential_is_recognised(world: Sim, merchant: Merchant, provider: Provider) -> None:
    """A key of one sandbox in the client of another."""
    if not _bearer(world, provider):
        pytest.skip("its credential is of another kind")
    other = next(p for p in world.app.runtime.providers.values() if p.name != provider.name and _bearer(world, p))
    creation = merchant.creation()

    await merchant.ask(replace(creation, headers={**creation.headers, "Authorization": _bearer(world, other)}))

    slips = (await _last(world))["why"]["slips"]
    assert {"kind": "provider", "given": provider.title, "meant": other.title} in slips


def _bearer(sim: Sim, provider: Provider) -> str:
    """What its merchant writes as `Authorization`, if that is a bearer's key; else nothing."""
    signed = Merchant(sim, provider).shop.sign(Merchant(sim, provider).account, Request("GET", "/"))
    given = {name.lower(): value for name, value in signed.headers.items()}.get("authorization", "")
    return given if given.startswith("Bearer ") else ""
