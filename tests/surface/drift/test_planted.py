"""A second simulator stands in for each provider's sandbox: what was planted in its answers is found, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from drifting import PROVIDERS, Planted, StandIn, Worlds, standing_in

from simulator.engine.provider import Provider
from simulator.engine.sandbox import Sandbox
from simulator.engine.shop import Answer
from simulator.surface.drift.check import report_of
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.running import Ours, Visited, readable, told_by
from simulator.surface.in_process import Simulator


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


def visited(provider: Provider, stand_in: StandIn, worlds: Worlds) -> Visited:
    real = stand_in.play()
    one, other = worlds(provider.name)
    return Visited(provider, one, other, real, Hiding(real.place.credentials, provider.masking))


def planted_at(provider: Provider) -> tuple[Planted, ...]:
    found: tuple[Planted, ...] = import_module(f"providers.{provider.name}.drifting").PLANTED
    return found


def webhooks_of(provider: Provider) -> tuple[str, ...]:
    found: tuple[str, ...] = import_module(f"providers.{provider.name}.drifting").WEBHOOKS
    assert found and len(set(found)) == len(found)
    return found


@pytest.mark.uncounted
def test_a_sandbox_that_answers_as_we_do_has_no_differences(
    provider: Provider, theirs: Simulator, worlds: Worlds
) -> None:
    """Another seed, another time of the year, other credentials, other amounts: none of it is a finding."""
    stand_in = standing_in(provider, theirs)

    visit = visited(provider, stand_in, worlds)

    assert visit.differences() == []
    assert visit.real.left_out == {}
    assert sorted(one.event for one in visit.seen() if one.event) == sorted(webhooks_of(provider))
    assert provider.sandbox is not None
    assert len([one for one in visit.seen() if not one.event]) == len(provider.sandbox.probes) == len(stand_in.asked)
    statuses = [
        [game.played[probe.name].answer.status for probe in provider.sandbox.probes]
        for game in (visit.one, visit.other)
    ]
    assert statuses[0] == statuses[1]


def test_every_planted_difference_is_found_and_nothing_else(
    provider: Provider, theirs: Simulator, worlds: Worlds
) -> None:
    planted = planted_at(provider)

    visit = visited(provider, standing_in(provider, theirs, planted), worlds)
    visit.real.heard.clear()  # they know nothing of what was planted

    found = visit.differences()

    assert sorted(one.what for one in found) == sorted(one.what for one in planted)
    hence = {one.what: one.consequences for one in found if one.consequences}
    assert hence == {one.what: one.hence for one in planted if one.hence}


STRANGERS = (
    {"type": "stranger", "operation": {"type": "stranger", "status": ""}},
    {"items": [{"event": "stranger"}]},
    {"items": []},
    ["stranger"],
    "stranger",
    17,
    None,
)
"""Bodies of webhooks that no provider sends."""


def members_of(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Of the JSON of a webhook: the way to each member that can be told from others, the last first and the inner ones before
    those around them."""
    if isinstance(body, dict):
        for name in reversed(body):
            yield from members_of(body[name], (*path, name))
            yield (*path, name)
    elif isinstance(body, list) and len(body) == 1:
        yield from members_of(body[0], (*path, 0))


def without(webhook: Answer, path: tuple[str | int, ...]) -> Answer:
    body = json.loads(webhook.body)
    around = body
    for step in path[:-1]:
        around = around[step]
    del around[path[-1]]
    return replace(webhook, body=json.dumps(body).encode())


def place_of(path: tuple[str | int, ...]) -> str:
    return "".join("[]" if step == 0 else f".{step}" for step in path).removeprefix(".")


def compared(sandbox: Sandbox, place: str) -> bool:
    return not any(place == one or place.startswith((f"{one}.", f"{one}[")) for one in sandbox.varies)


def left_out(sandbox: Sandbox, webhook: Answer) -> list[tuple[str | int, ...]]:
    """One member of the body itself, and one within another: of each what can go without taking the webhook's name along."""
    ways = [
        path
        for path in members_of(webhook.json)
        if compared(sandbox, place_of(path)) and told_by(sandbox, without(webhook, path)) == told_by(sandbox, webhook)
    ]
    found = [next((path for path in ways if (len(path) > 1) is is_within), None) for is_within in (False, True)]
    return [path for path in found if path is not None]


def webhook_differences(visit: Visited, heard: list[Answer]) -> list[tuple[str, str, str]]:
    """Those that are found when these are the webhooks that came from the sandbox."""
    visit.real.heard = heard
    return sorted(one.what for one in visit.differences())


def test_webhooks_are_compared_by_what_they_tell_of(provider: Provider, theirs: Simulator, worlds: Worlds) -> None:
    """Each in its turn says less, is signed in another header, or never comes; and some do not exist here."""
    visit = visited(provider, standing_in(provider, theirs), worlds)
    sandbox = provider.sandbox
    assert sandbox is not None
    by_name = {told_by(sandbox, one): one for one in reversed(visit.real.heard)}
    assert sorted(by_name) == sorted(webhooks_of(provider))

    for name, webhook in by_name.items():
        others = [one for other, one in by_name.items() if other != name]
        gone = left_out(sandbox, webhook)
        assert gone, f"nothing can be left out of {name}"
        for path in gone:
            poor = without(webhook, path)
            assert webhook_differences(visit, [*others, poor]) == [(f"webhook {name}", place_of(path), "missing")]
        plain = replace(webhook, headers={**webhook.headers, "content-type": "text/plain"})
        assert webhook_differences(visit, [*others, plain]) == [(f"webhook {name}", "header content-type", "value")]
        if others:
            assert webhook_differences(visit, others) == [(f"webhook {name}", "body", "missing")]
    for body in STRANGERS:
        stranger = Answer(200, json.dumps(body).encode())
        found = webhook_differences(visit, [*by_name.values(), stranger])
        assert found == [(f"webhook {told_by(sandbox, stranger)}", "body", "added")]


@pytest.mark.parametrize("body", STRANGERS, ids=str)
def test_whatever_fails_at_a_strange_body_the_webhook_has_a_name(body: Any) -> None:
    ways: list[Callable[[Any], str]] = [
        lambda body: str(body["items"][0]["event"]["code"]),
        lambda body: str(body.get("items").pop().get("event").get("code")),
        lambda body: str(int(body["type"])),
    ]
    webhook = Answer(200, json.dumps(body).encode())

    for way in ways:
        sandbox = Sandbox(url="", hosts=(), credentials=(), probes=(), webhook_name=way)
        assert told_by(sandbox, webhook) == "of no known shape"


def test_a_webhook_that_is_a_form_is_named_and_compared_by_its_fields() -> None:
    webhook = Answer(200, b"type=charge.paid&id=ch_1", {"content-type": "application/x-www-form-urlencoded"})
    sandbox = Sandbox(url="", hosts=(), credentials=(), probes=())

    assert told_by(sandbox, webhook) == "charge.paid"
    assert readable(webhook) == replace(webhook, body=b'{"type":"charge.paid","id":"ch_1"}')


def test_the_settings_that_follow_a_sandbox_leave_no_difference(
    provider: Provider, ours: Simulator, theirs: Simulator, worlds: Worlds
) -> None:
    """Found, served with by one's own simulator, and held against the same sandbox once more."""
    wanted = import_module(f"providers.{provider.name}.drifting").SETTINGS
    stand_in = standing_in(provider, theirs)
    stand_in.workspace.set_settings(provider.name, **wanted)
    visit = visited(provider, stand_in, worlds)

    report = report_of(visit, Ours(provider, ours), finds_settings=True)

    assert (report.settings, report.covered) == (wanted, len(report.differences))
    assert bool(report.differences) is bool(wanted)
    world = ours.sync_client.create_workspace(frozen=True)
    assert world.set_settings(provider.name, **report.settings)["settings"][provider.name] == wanted
    one, other = Ours(provider, ours, report.settings).played(interactive=True)
    assert replace(visit, one=one, other=other).differences() == []


def test_at_least_twenty_kinds_are_planted(provider: Provider) -> None:
    planted = planted_at(provider)

    assert len({one.what for one in planted}) >= 20
    kinds = {"far off", "status", "missing", "added", "renamed", "order", "type", "value", "form", "time", "body"}
    assert kinds <= {one.kind for one in planted}
