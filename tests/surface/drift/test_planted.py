"""A second simulator stands in for each provider's sandbox: what was planted in its answers is found, and nothing else."""

from __future__ import annotations

from importlib import import_module

import pytest
from drifting import PROVIDERS, Planted, StandIn, Worlds, standing_in

from simulator.engine.provider import Provider
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.running import Visited
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


def test_a_sandbox_that_answers_as_we_do_has_no_differences(
    provider: Provider, theirs: Simulator, worlds: Worlds
) -> None:
    """Another seed, another time of the year, other credentials, other amounts: none of it is a finding."""
    stand_in = standing_in(provider, theirs)

    visit = visited(provider, stand_in, worlds)

    assert visit.differences() == []
    assert visit.real.left_out == {}
    assert provider.sandbox is not None
    assert len(visit.seen()) == len(provider.sandbox.probes) == len(stand_in.asked)
    statuses = [
        [game.played[probe.name].answer.status for probe in provider.sandbox.probes]
        for game in (visit.one, visit.other)
    ]
    assert statuses[0] == statuses[1]


def test_every_planted_difference_is_found_and_nothing_else(
    provider: Provider, theirs: Simulator, worlds: Worlds
) -> None:
    planted = planted_at(provider)

    found = visited(provider, standing_in(provider, theirs, planted), worlds).differences()

    assert sorted(one.what for one in found) == sorted(one.what for one in planted)


def test_at_least_twenty_kinds_are_planted(provider: Provider) -> None:
    planted = planted_at(provider)

    assert len({one.what for one in planted}) >= 20
    kinds = {"status", "missing", "added", "renamed", "order", "type", "value", "form", "time", "body"}
    assert kinds <= {one.kind for one in planted}
