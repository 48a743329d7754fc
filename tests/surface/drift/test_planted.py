"""A second simulator stands in for each provider's sandbox: what was planted in its answers is found, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module

import pytest
from drifting import PROVIDERS, Planted, StandIn, Worlds, standing_in

from simulator.engine.provider import Provider
from simulator.engine.shop import Answer
from simulator.surface.drift.check import report_of
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.running import Ours, Visited
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


@pytest.mark.uncounted
def test_a_sandbox_that_answers_as_we_do_has_no_differences(
    provider: Provider, theirs: Simulator, worlds: Worlds
) -> None:
    """Another seed, another time of the year, other credentials, other amounts: none of it is a finding."""
    stand_in = standing_in(provider, theirs)

    visit = visited(provider, stand_in, worlds)

    assert visit.differences() == []
    assert visit.real.left_out == {}
    assert len([one for one in visit.seen() if one.event]) > 3
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


def test_webhooks_are_compared_by_what_they_tell_of(provider: Provider, theirs: Simulator, worlds: Worlds) -> None:
    """One says less, one is signed in another header, one never comes, and one of ours does not exist."""
    visit = visited(provider, standing_in(provider, theirs), worlds)
    sandbox = provider.sandbox
    assert sandbox is not None
    by_name = {sandbox.webhook_name(one.json): one for one in reversed(visit.real.heard)}
    poor, other, lost, *_ = sorted(by_name)
    members = dict(by_name[poor].json)
    gone = next(name for name in reversed(members) if name not in ("type", "operation"))
    del members[gone]
    headers = {**by_name[other].headers, "content-type": "text/plain"}
    stranger = json.dumps({"type": "stranger", "operation": {"type": "stranger", "status": ""}}).encode()
    visit.real.heard = [
        replace(by_name[poor], body=json.dumps(members).encode()),
        replace(by_name[other], headers=headers),
        *(one for name, one in by_name.items() if name not in (poor, other, lost)),
        Answer(200, stranger),
    ]

    found = {(one.call, one.kind): one.place for one in visit.differences()}

    assert found == {
        (f"webhook {poor}", "missing"): gone,
        (f"webhook {other}", "value"): "header content-type",
        (f"webhook {lost}", "missing"): "body",
        (f"webhook {sandbox.webhook_name(json.loads(stranger))}", "added"): "body",
    }


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
