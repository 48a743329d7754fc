"""A workspace that was exported goes on where it is imported, at every provider: beside the one that it was made from, and in
another simulator."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import Sim

import simulator
from simulator.engine.provider import Provider
from simulator.engine.resource import Resource
from simulator.providers import built_in
from simulator.wallet.alipay import WALLET

Payment = dict[str, Any]


async def make(sim: Sim, provider: Provider, **more: Any) -> Payment:
    answer = await sim.http.post(f"{sim.path}/payments", json={"provider": provider.name, **more})
    assert answer.status_code == 201, answer.text
    await sim.settle()
    made: Payment = answer.json()
    return made


async def act(sim: Sim, payment: Payment, verb: str) -> Payment:
    path = f"{sim.path}/payments/{payment['provider']}/{payment['id']}/{verb}"
    answer = await sim.http.post(path, json={})
    assert answer.status_code == 200, answer.text
    await sim.settle()
    done: Payment = answer.json()
    return done


async def by_reference(sim: Sim, reference: str) -> Payment:
    (found,) = (await sim.http.get(f"{sim.path}/payments", params={"reference": reference})).json()["data"]
    payment: Payment = found
    return payment


async def lived_in(sim: Sim, provider: Provider) -> list[str]:
    """A payment of each variant that waits, and one that was paid; returns their references."""
    assert provider.shop is not None
    paid = await make(sim, provider, reference="was-paid")
    await act(sim, paid, "pay")
    await sim.advance(
        seconds=(provider.shop.course.settles_after + provider.shop.course.refundable_after).total_seconds() + 5
    )
    variants = [*provider.shop.variants] or [None]
    for number, variant in enumerate(variants):
        await make(sim, provider, reference=f"waits-{number}", **({} if variant is None else {"variant": variant}))
    return [f"waits-{number}" for number in range(len(variants))]


async def imported(there: Sim, document: bytes, sim: Sim) -> tuple[Sim, dict[str, Any]]:
    """The new workspace in `there`, with a driver of its own."""
    answer = await there.http.post("/_sim/workspaces/import", content=document)
    assert answer.status_code == 201, answer.text
    copy = Sim.__new__(Sim)
    copy.__dict__.update(there.__dict__)
    found = there.app.runtime.find_workspace(answer.json()["id"])
    assert found is not None
    copy._id = found.id
    return copy, answer.json()


@pytest.mark.uncounted
@pytest.mark.parametrize("is_beside", [True, False], ids=["beside", "elsewhere"])
async def test_what_waits_is_paid_and_what_was_paid_is_refunded_by_the_merchants_own_calls(
    provider: Provider, is_beside: bool
) -> None:
    async with Sim(providers=[provider]) as sim, Sim(providers=[provider]) as other:
        references = await lived_in(sim, provider)
        before = await sim.http.get(f"{sim.path}/export")
        untouched = [(await by_reference(sim, reference))["phase"] for reference in references]

        copy, view = await imported(sim if is_beside else other, before.content, sim)
        waiting = [await by_reference(copy, reference) for reference in references]
        for payment in waiting:
            assert payment["wallet"] is not None
            shown = await copy.http.get(payment["wallet"]["url"], follow_redirects=True)
            assert shown.status_code == 200
            await act(copy, payment, "pay")
        await act(copy, await by_reference(copy, "was-paid"), "refund")

        assert {(await by_reference(copy, reference))["phase"] for reference in references} <= {"paid", "processing"}
        assert [(await by_reference(sim, reference))["phase"] for reference in references] == untouched
        kinds = {one["kind"] for one in view["imported"]["renamed"]}
        assert kinds >= {"id", "credential", "wallet_code"} if is_beside else not kinds
        after = json.loads((await sim.http.get(f"{sim.path}/export")).content)
        assert after["tables"] == json.loads(before.content)["tables"]


@pytest.mark.parametrize("status", [200, 500])
async def test_an_endpoint_goes_along_whether_or_not_it_answered_when_it_was_set(
    provider: Provider, status: int
) -> None:
    async with Sim(providers=[provider]) as sim:
        sim.answer = lambda request: httpx.Response(status)
        url = {"url": "http://merchant.test/hooks"}
        (await sim.http.put(f"{sim.path}/webhooks/{provider.name}", json=url)).raise_for_status()
        before = sim.workspace.stored_endpoints[provider.name]

        copy, _ = await imported(sim, (await sim.http.get(f"{sim.path}/export")).content, sim)

        assert copy.workspace.stored_endpoints[provider.name] == before


NONE: list[tuple[str, Any]] = [
    ("tables.attempts.0.duration_ms", "9" * 400),
    ("tables.attempts.0.duration_ms", 2**70),
    ("tables.attempts.0.duration_ms", -1),
    ("workspace.webhooks.{}.endpoints", [{}]),
]


@pytest.mark.parametrize(("path", "value"), NONE, ids=[path for path, _ in NONE])
async def test_what_could_be_neither_shown_nor_sent_is_refused(provider: Provider, path: str, value: Any) -> None:
    async with Sim(providers=[provider]) as sim:
        url = {"url": "http://merchant.test/hooks"}
        (await sim.http.put(f"{sim.path}/webhooks/{provider.name}", json=url)).raise_for_status()
        await lived_in(sim, provider)
        document = (await sim.http.get(f"{sim.path}/export")).json()
        *names, last = path.format(provider.name).split(".")
        place = document
        for name in names:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if last == "endpoints":
            place.clear()
        place[last] = value

        answer = await sim.http.post("/_sim/workspaces/import", json=document)

        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["field"].startswith(path.format(provider.name))


async def test_no_number_among_the_credentials_is_one_that_cannot_be_stored(provider: Provider) -> None:
    async with Sim(providers=[provider]) as sim:
        numbers = [name for name, own in sim.credentials(provider.name).items() if isinstance(own, int | list)]
        for name in numbers:
            for value in ("x", {}, [{}], ["x"], [True], 2**70, [2**70], "9" * 30, -1):
                body = {"credentials": {provider.name: {name: value}}}

                answer = await sim.http.post("/_sim/workspaces", json=body)

                assert answer.status_code == 422, (name, value, answer.text)
                assert answer.json()["error"]["field"] == f"credentials.{provider.name}.{name}"


async def test_the_secrets_are_in_the_document_once_and_the_journal_stays_masked(provider: Provider) -> None:
    """It is the user's own file: without the secrets nothing could go on."""
    async with Sim(providers=[provider]) as sim:
        await lived_in(sim, provider)

        document = (await sim.http.get(f"{sim.path}/export")).json()

        assert document["workspace"]["credentials"] == sim.workspace.credentials
        journal = json.dumps(document["tables"]["journal"])
        secrets = sim.workspace.secrets_of(provider.name, provider.masking)
        assert [secret for secret in secrets if secret.decode() in journal] == []


def test_whatever_a_page_is_found_by_says_so() -> None:
    """An imported workspace calls it anew where somebody has it; what does not say so would open somebody else's page."""
    package = Path(simulator.__file__).parent
    calls = re.compile(r"(?:locate|own_id)\((\w+), |locate_by_key\((\w+), \"(\w+)\"")
    found: set[tuple[type[Resource], str]] = set()

    for party in (*built_in(), WALLET):
        kinds = {kind.__name__: kind for one in (party, WALLET) for kind in one.resources}
        folder = package / ("wallet" if party is WALLET else f"providers/{party.name}")
        for path in folder.rglob("*.py"):
            named = calls.findall(path.read_text("utf-8"))
            found |= {
                (kinds[by_id or by_key], key or "id") for by_id, by_key, key in named if (by_id or by_key) in kinds
            }

    assert len(found) >= 6
    silent = {kind for kind, by in found if by not in kind.FOUND_BY}
    assert [kind.KIND for kind in silent if kind.beside is Resource.beside] == []
