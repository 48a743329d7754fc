"""Settings and endpoints are checked where they are set, described where one looks, and never break what stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim

from simulator.engine.provider import Provider
from simulator.engine.sections import Sections
from simulator.engine.settings import WorkspaceSettings, table
from simulator.providers import built_in

DOCS = Path(__file__).parents[2] / "docs"
PROVIDERS = {provider.name: provider for provider in built_in()}
SECTIONS = Sections(PROVIDERS)

NEVER: tuple[Any, ...] = ({}, [[]], -1, 1e18, "", " ", "two\nlines", "a\0b", "a\x1bb", "x" * 2000, 10**30)
"""No setting takes these, apart from `{}` where headers stand."""


def error_of(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def names() -> list[tuple[str, str]]:
    return [(section, name) for section, model in SECTIONS.items() for name in model.model_fields]


def document_of(section: str) -> str:
    page = DOCS / "providers" / f"{section}.md" if section in PROVIDERS else DOCS / "control-api.md"
    return page.read_text("utf-8")


@pytest.mark.parametrize("section", SECTIONS)
def test_the_documentation_shows_the_settings_that_there_are(section: str) -> None:
    shown = document_of(section).partition(f"<!-- settings:{section} -->\n")[2].partition("\n<!-- /settings -->")[0]

    assert shown == table(SECTIONS[section])


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
def test_a_providers_settings_are_its_own_section(provider: Provider) -> None:
    assert provider.name == provider.settings.SECTION


async def test_all_settings_are_described(sim: Sim) -> None:
    listed = (await sim.http.get("/_sim/providers")).json()["data"]

    described = {entry["name"]: {one["name"]: one for one in entry["settings"]} for entry in listed}
    assert [entry["name"] for entry in listed] == [*PROVIDERS, "simulator"]
    assert {(section, name) for section, found in described.items() for name in found} == set(names())
    for found in described.values():
        for one in found.values():
            assert one["about"] and one["values"]
            assert one["kind"] in ("boolean", "integer", "number", "string", "duration", "array", "object")
    factor = described["simulator"]["retry_factor"]
    assert (factor["default"], factor["min"], factor["max"]) == (1.0, 0, 1000)


async def test_each_provider_says_what_test_payments_and_endpoints_can_be(sim: Sim) -> None:
    listed = (await sim.http.get("/_sim/providers")).json()["data"]

    own = listed.pop()
    assert (own["name"], own["variants"], own["currencies"], own["events"]) == ("simulator", [], [], [])
    for entry, provider in zip(listed, PROVIDERS.values(), strict=True):
        members = {"name", "title", "variants", "currencies", "events", "settings", "documents"}
        assert set(entry) == members == set(own)
        assert (entry["title"], entry["documents"]) == (provider.title, provider.documents)
        assert entry["events"]
        assert provider.shop is not None
        assert entry["variants"] == list(provider.shop.variants)
        assert entry["currencies"] == list(provider.shop.currencies)
        for variant in entry["variants"]:
            made = {"provider": provider.name, "variant": variant}
            answer = await sim.http.post(f"{sim.path}/payments", json=made)
            assert answer.status_code == 201, answer.text


@pytest.mark.uncounted
@pytest.mark.parametrize("section", SECTIONS)
async def test_every_default_and_every_listed_value_can_be_set(sim: Sim, section: str) -> None:
    [entry] = [e for e in (await sim.http.get("/_sim/providers")).json()["data"] if e["name"] == section]

    for one in entry["settings"]:
        values = [one["default"], *([one["min"], one["max"]] if "min" in one else [])]
        values += [[value] for value in one["allowed"]] if one["kind"] == "array" and "allowed" in one else []
        values += one["allowed"] if one["kind"] in ("boolean", "string") and "allowed" in one else []
        for value in values:
            answer = await sim.http.put(f"{sim.path}/settings/{section}", json={one["name"]: value})

            assert answer.status_code == 200, answer.text
            assert answer.json()["settings"][section] == {one["name"]: value}


@pytest.mark.uncounted
@pytest.mark.parametrize(("section", "name"), names(), ids=".".join)
async def test_what_a_setting_cannot_be_is_refused_and_changes_nothing(sim: Sim, section: str, name: str) -> None:
    default = SECTIONS[section].model_fields[name].default
    path, before = f"{sim.path}/settings/{section}", (await sim.http.get(sim.path)).json()["settings"]
    wrong = [value for value in NEVER if value != default]
    wrong += [None] if default is not None else []
    wrong += [True] if not isinstance(default, bool) else ["true", 1, 0]
    bodies = [f'{{"{name}": {number}}}' for number in ("NaN", "Infinity", "-Infinity", "1e400")]

    answers = [await sim.http.put(path, json={name: value}) for value in wrong]
    answers += [await sim.http.put(path, content=body) for body in bodies]

    for answer in answers:
        assert (answer.status_code, error_of(answer)["field"]) == (422, f"settings.{section}.{name}"), answer.text
        assert error_of(answer)["allowed"]
    assert (await sim.http.get(sim.path)).json()["settings"] == before


@pytest.mark.parametrize("section", SECTIONS)
async def test_a_name_that_is_no_setting_is_refused_with_those_that_are(sim: Sim, section: str) -> None:
    put = await sim.http.put(f"{sim.path}/settings/{section}", json={"colour": "red"})
    made = await sim.http.post("/_sim/workspaces", json={"name": "red", "settings": {section: {"colour": "red"}}})

    for answer in (put, made):
        assert answer.status_code == 422
        assert error_of(answer)["field"] == f"settings.{section}.colour"
        assert error_of(answer)["allowed"] == sorted(SECTIONS[section].model_fields)
    assert (await sim.http.get("/_sim/workspaces/red")).status_code == 404


FACTOR = ["a number from 0 to 1000"]


@pytest.mark.parametrize(
    ("number", "allowed"),
    [(text, FACTOR) for text in ('"abc"', "null", "-1", "{}")]
    + [(text, ["a finite number"]) for text in ("NaN", "1e400")],
)
async def test_a_workspace_is_not_made_with_settings_that_cannot_be(sim: Sim, number: str, allowed: list[str]) -> None:
    body = f'{{"name": "hasty", "settings": {{"simulator": {{"retry_factor": {number}}}}}}}'

    answer = await sim.http.post("/_sim/workspaces", content=body)

    assert (answer.status_code, error_of(answer)["field"]) == (422, "settings.simulator.retry_factor")
    assert error_of(answer)["allowed"] == allowed
    assert (await sim.http.get("/_sim/workspaces/hasty")).status_code == 404


async def test_an_unknown_section_and_what_is_no_object_are_refused(sim: Sim) -> None:
    unknown = await sim.http.put(f"{sim.path}/settings/acme", json={})
    made = await sim.http.post("/_sim/workspaces", json={"settings": {"acme": {}}})
    listed = await sim.http.put(f"{sim.path}/settings/simulator", json=[])

    assert (unknown.status_code, error_of(unknown)["allowed"]) == (404, sorted(SECTIONS))
    assert (made.status_code, error_of(made)["field"]) == (422, "settings.acme")
    assert error_of(made)["allowed"] == sorted(SECTIONS)
    assert (listed.status_code, error_of(listed)["field"]) == (422, "settings.simulator")


@pytest.mark.parametrize("body", ['{"events": [NaN], "url": "http://shop.test"}', '{"x": Infinity}'])
async def test_a_number_that_is_none_is_refused_everywhere(sim: Sim, body: str) -> None:
    answer = await sim.http.put(f"{sim.path}/webhooks/{next(iter(PROVIDERS))}", content=body)

    assert (answer.status_code, error_of(answer)["code"]) == (422, "invalid")
    assert error_of(answer)["field"] in ("events.0", "x")


# The account's endpoint


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("events", [["order.shipped"], ["*."], [], "order.shipped", [None], [{}], {}])
async def test_an_event_that_the_provider_does_not_have_is_refused(sim: Sim, name: str, events: Any) -> None:
    """When it is set, and when a workspace is made; nothing is stored of either."""
    endpoint = {"url": HOOKS, "events": events}

    put = await sim.http.put(f"{sim.path}/webhooks/{name}", json=endpoint)
    made = await sim.http.post("/_sim/workspaces", json={"name": "deaf", "webhooks": {name: endpoint}})

    for answer, field in ((put, "events"), (made, f"webhooks.{name}.events")):
        assert (answer.status_code, error_of(answer)["field"]) == (422, field)
        assert set(PROVIDERS[name].webhooks.events) <= set(error_of(answer)["allowed"])
    assert (await sim.http.get(sim.path)).json()["webhooks"][name] is None
    assert (await sim.http.get("/_sim/workspaces/deaf")).status_code == 404


@pytest.mark.parametrize("name", PROVIDERS)
async def test_every_event_that_is_listed_can_be_asked_for(sim: Sim, name: str) -> None:
    [entry] = [e for e in (await sim.http.get("/_sim/providers")).json()["data"] if e["name"] == name]

    answer = await sim.http.put(f"{sim.path}/webhooks/{name}", json={"url": HOOKS, "events": entry["events"]})

    assert answer.status_code == 200, answer.text
    assert answer.json()["webhooks"][name]["events"] == entry["events"]


async def test_only_a_provider_that_knows_wildcards_takes_one(sim: Sim) -> None:
    answers = {
        name: await sim.http.put(f"{sim.path}/webhooks/{name}", json={"url": HOOKS, "events": ["*"]})
        for name in PROVIDERS
    }

    taken = {name for name, answer in answers.items() if answer.status_code == 200}
    assert taken == {name for name, provider in PROVIDERS.items() if "*" in provider.webhooks.nameable}


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("secret", ["", "   ", " left", "right ", "two\nlines", "nul\x00", "x" * 600, 7, [], {}, True])
async def test_a_secret_that_cannot_be_used_is_refused(sim: Sim, name: str, secret: Any) -> None:
    endpoint = {"url": HOOKS, "secret": secret}

    put = await sim.http.put(f"{sim.path}/webhooks/{name}", json=endpoint)
    made = await sim.http.post("/_sim/workspaces", json={"webhooks": {name: endpoint}})

    for answer, field in ((put, "secret"), (made, f"webhooks.{name}.secret")):
        assert (answer.status_code, error_of(answer)["field"]) == (422, field)
        assert error_of(answer)["allowed"]
    assert (await sim.http.get(sim.path)).json()["webhooks"][name] is None


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("key_id", ["", "a b", "a\r\nX-Evil: 1", "é", 7])
async def test_a_key_id_that_no_header_can_carry_is_refused(sim: Sim, name: str, key_id: Any) -> None:
    answer = await sim.http.put(f"{sim.path}/webhooks/{name}", json={"url": HOOKS, "key_id": key_id})

    assert (answer.status_code, error_of(answer)["field"]) == (422, "key_id")


async def test_a_key_id_is_refused_where_no_signature_names_its_key(sim: Sim) -> None:
    answers = {
        name: await sim.http.put(f"{sim.path}/webhooks/{name}", json={"url": HOOKS, "key_id": "key-1"})
        for name in PROVIDERS
    }

    taken = {name for name, answer in answers.items() if answer.status_code == 200}
    assert taken == {name for name, provider in PROVIDERS.items() if provider.webhooks.names_its_key}


def test_a_model_without_settings_describes_none() -> None:
    assert table(WorkspaceSettings).count("\n") == 1


async def test_only_where_an_account_has_several_endpoints_they_can_be_set(sim: Sim) -> None:
    taken = set()
    for name in PROVIDERS:
        answer = await sim.http.put(
            f"{sim.path}/webhooks/{name}", json={"endpoints": [{"url": "http://merchant.test/a"}]}
        )
        if answer.status_code == 200:
            taken.add(name)
        else:
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "endpoints")

    assert taken == {name for name, provider in PROVIDERS.items() if provider.webhooks.several_endpoints}
