"""Texts by which something is known are bounded wherever somebody sets one, and so is how much a workspace keeps beside itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim

from simulator.engine import registry
from simulator.engine.registry import CredentialError
from simulator.kernel.ids import Ids
from simulator.providers import built_in
from simulator.surface import limits
from simulator.surface.app import App
from simulator.surface.control import scenarios
from simulator.surface.settings import Settings

ODD = {
    "empty": "",
    "blank": " ",
    "NUL": "a\0b",
    "two lines": "a\r\nX-Evil: 1",
    "space around": " key ",
    "too long": "k" * 100_000,
    "hidden": "a\u202eb",
}
OWN = {provider.name: provider.credentials(Ids(), True) for provider in built_in()}
TEXTS = {provider: next(name for name in own if name.endswith("_key")) for provider, own in OWN.items()}
"""A secret credential of each provider."""
TYPED = {type(value): (provider, name) for provider, own in OWN.items() for name, value in own.items()}
LISTABLE = next((provider.name, provider.listable[0]) for provider in built_in() if provider.listable)


def credential(at: tuple[str, str], value: Any) -> dict[str, Any]:
    return {"credentials": {at[0]: {at[1]: value}}}


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim() as simulator:
        yield simulator


@pytest.mark.parametrize("text", ODD)
async def test_no_credential_is_a_text_that_gets_lost_on_its_way_wherever_it_is_set(sim: Sim, text: str) -> None:
    """In the control API, in a document, and in the environment or file of a start; at every provider."""
    document = (await sim.http.get(f"{sim.path}/export")).json()
    before = len(sim.app.runtime.workspaces())
    for provider, name in TEXTS.items():
        given = {provider: {name: ODD[text]}}
        moved = {**document["workspace"], "credentials": document["workspace"]["credentials"] | given}

        made = await sim.http.post("/_sim/workspaces", json={"credentials": given})
        brought = await sim.http.post("/_sim/workspaces/import", json={**document, "workspace": moved})
        with pytest.raises(CredentialError) as started:
            App(Settings(db=":memory:", credentials=given))

        field = f"credentials.{provider}.{name}"
        assert (made.status_code, made.json()["error"]["field"]) == (422, field)
        assert (brought.status_code, brought.json()["error"]["field"]) == (422, f"workspace.{field}")
        assert str(started.value) == f"{field}: must be a text of 1 to {registry.LINE} characters in one line"
    assert len(sim.app.runtime.workspaces()) == before


@pytest.mark.parametrize(
    "body",
    [
        {"seed": "s" * 201},
        {"seed": "a\0"},
        {"made_by": "test:a\r\nb"},
        {"name": "n" * 101},
        credential(LISTABLE, [f"m{n}" for n in range(101)]),
        credential(TYPED[list], [*range(101)]),
        credential(TYPED[int], 1e308),
        {"webhooks": {LISTABLE[0]: {"url": "https://shop.example/" + "a" * 3000}}},
    ],
)
async def test_what_a_workspace_is_made_of_is_bounded(sim: Sim, body: dict[str, Any]) -> None:
    refused = await sim.http.post("/_sim/workspaces", json=body)

    assert refused.status_code == 422, refused.text


@pytest.mark.parametrize("name", ["", " ", "a\0b", "two\nlines", "a\u2028b", "n" * 65])
async def test_no_name_of_a_buyer_is_blank_or_in_two_lines(sim: Sim, name: str) -> None:
    refused = await sim.http.put(f"{sim.path}/buyers/li-na", json={"name_en": name})

    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "name_en")


async def test_an_inbox_with_a_name_without_end_is_none(sim: Sim) -> None:
    inbox = f"/_sim/inbox/{sim.workspace.name}/"

    taken = [(await sim.http.post(inbox + "n" * length)).status_code for length in (200, 201)]

    assert taken == [200, 404]


async def test_no_name_of_a_test_payment_is_longer_than_any_provider_takes(sim: Sim) -> None:
    for provider in TEXTS:
        refused = await sim.http.post(f"{sim.path}/payments", json={"provider": provider, "reference": "r" * 100_000})
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, "reference")
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []


async def test_a_workspace_has_so_many_snapshots_and_no_more(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SNAPSHOTS", 2)
    kept = [(await sim.http.post(f"{sim.path}/snapshots", json={})).status_code for _ in range(2)]

    refused = await sim.http.post(f"{sim.path}/snapshots", json={})
    await sim.http.delete(f"{sim.path}/snapshots/snapshot-1")
    again = await sim.http.post(f"{sim.path}/snapshots", json={})

    assert [*kept, again.status_code] == [201, 201, 201]
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_much")


async def test_what_snapshots_and_documents_hold_is_bounded(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy stops the server while it is made."""
    monkeypatch.setattr(registry, "ROWS", 150)
    merchant = Merchant(sim, built_in()[0])
    for number in range(3):
        await merchant.create(f"order-{number}")
    first = await sim.http.post(f"{sim.path}/snapshots", json={})
    held = sim.app.runtime.store.rows_of_snapshots(sim.workspace.id)
    assert held == sim.app.runtime.store.rows_of(sim.workspace.id, 1000)
    monkeypatch.setattr(registry, "ROWS", held + 5)

    refused = await sim.http.post(f"{sim.path}/snapshots", json={})
    exported = await sim.http.get(f"{sim.path}/export")
    for number in range(3):
        await merchant.create(f"more-{number}")
    too_much = await sim.http.get(f"{sim.path}/export")

    assert (first.status_code, exported.status_code) == (201, 200)
    assert [(one.status_code, one.json()["error"]["code"]) for one in (refused, too_much)] == [(409, "too_much")] * 2
    assert sim.app.runtime.store.rows_of_snapshots(sim.workspace.id) == held


async def test_a_document_that_is_too_large_is_not_taken(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (await sim.http.get(f"{sim.path}/export")).content
    monkeypatch.setattr(limits, "IMPORT_LIMIT", len(document) - 1)

    refused = await sim.http.post("/_sim/workspaces/import", content=document)

    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "body_too_large")


async def test_so_many_scenarios_are_armed_and_no_more(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "ARMED", 2)
    rule = {"rules": [{"api": {"status": 500}}]}
    armed = [
        (await sim.http.put(f"{sim.path}/scenario", json={"name": name, **rule})).status_code
        for name in ("one", "two", "two", "three")
    ]

    assert armed == [200, 200, 200, 409]


SECRET, CARD = "sesame-of-the-shop", "4111111111111111"
QUERY_KEY = "QRYkey1234567890"
URL = f"https://shop:{SECRET}@hooks.example/{CARD}?card={CARD}&api_key={QUERY_KEY}"
SHOWN_URL = "https://shop:***@hooks.example/411111******1111?card=411111******1111&api_key=***7890"


async def test_an_address_is_called_as_it_was_given_and_shown_without_what_opens_a_door(sim: Sim) -> None:
    merchant, called = Merchant(sim, built_in()[0]), list[str]()
    await sim.http.put(f"{sim.path}/webhooks/{merchant.name}", json={"url": URL})

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        return httpx.Response(500)

    sim.answer = answer
    id_ = await merchant.paid()
    console, api = f"/console/{sim.workspace.name}", f"{sim.path}/payments/{merchant.name}/{id_}"
    [hook, *_] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    views = [
        f"{sim.path}/webhooks",
        f"{sim.path}/webhooks/{hook['id']}",
        f"{sim.path}/requests",
        api,
        f"{sim.path}/why/{id_}",
    ]
    pages = [
        f"{console}/{page}"
        for page in (
            "webhooks",
            f"webhooks/{hook['id']}",
            f"webhooks/{hook['id']}?tab=curl",
            f"payments/{id_}",
            "requests",
        )
    ]

    shown = {path: (await sim.http.get(path)).raise_for_status().text for path in (*views, *pages)}
    document = json.dumps((await sim.http.get(f"{sim.path}/export")).json())

    assert set(called) == {URL}
    assert [path for path, text in shown.items() if any(one in text for one in (SECRET, CARD, QUERY_KEY))] == []
    assert SHOWN_URL in shown[f"{sim.path}/webhooks"]
    assert (await sim.http.get(sim.path)).json()["webhooks"][merchant.name]["url"] == URL
    assert CARD not in document


LONG = "9" * 20
TOO_LONG = {
    "a test payment": ("POST", "payments", {"amount": {"value": LONG}}, "amount.value"),
    "a refund": ("POST", "payments/{provider}/p/refund", {"amount": LONG}, "amount"),
    "a scenario's match": (
        "PUT",
        "scenario",
        {"name": "slow-wallet", "scope": {"match": {"amount": LONG}}},
        "scope.match.amount",
    ),
    "a rule's amount": (
        "PUT",
        "scenario",
        {"rules": [{"when": {"amount": LONG}, "bank": {"outcome": "failed"}}]},
        "rules",
    ),
    "how often a rule holds": ("PUT", "scenario", {"rules": [{"api": {"status": 500, "times": LONG}}]}, "rules"),
    "how much a buyer has": ("PUT", "buyers/li-na", {"balance": LONG}, "balance"),
}


@pytest.mark.parametrize("what", TOO_LONG)
async def test_no_number_is_longer_than_every_store_can_hold(sim: Sim, what: str) -> None:
    """A form brings them as texts, and so may JSON."""
    method, path, body, field = TOO_LONG[what]
    provider = next(iter(TEXTS))

    refused = await sim.http.request(
        method,
        f"{sim.path}/{path.format(provider=provider)}",
        json={**({"provider": provider} if path == "payments" else {}), **body},
    )

    assert refused.status_code == 422, refused.text
    assert field in refused.json()["error"]["field"]
