"""What a check says of each inferred fact, and which settings it finds."""

from __future__ import annotations

import json
import re

import pytest
from drifting import PROVIDERS, Planted, Worlds, put, slow, standing_in, status

from simulator.surface.drift.check import report_of
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.report import Report
from simulator.surface.drift.running import Ours, Visited
from simulator.surface.in_process import Simulator

PPRO = PROVIDERS["ppro"]


def report(
    theirs: Simulator,
    ours: Simulator,
    worlds: Worlds,
    *planted: Planted,
    finds_settings: bool = False,
    **settings: object,
) -> Report:
    stand_in = standing_in(PPRO, theirs, planted)
    stand_in.workspace.set_settings("ppro", **settings)
    real = stand_in.play()
    visited = Visited(PPRO, *worlds("ppro"), real, Hiding(real.place.credentials, PPRO.masking))
    return report_of(visited, Ours(PPRO, ours), finds_settings=finds_settings)


def results(found: Report) -> dict[str, str]:
    return {one.fact.id: one.result for one in found.verdicts}


def test_what_is_seen_as_we_think_it_agrees_and_what_is_not_seen_is_not_settled(
    theirs: Simulator, ours: Simulator, worlds: Worlds
) -> None:
    found = report(theirs, ours, worlds)

    told = results(found)
    assert [one.id for one in PPRO.facts] == list(told)
    assert told["ppro.consumer-country"] == told["ppro.zero-amount"] == told["ppro.idempotency-scope"] == "agrees"
    assert told["ppro.mock-timeout"] == "not settled"
    assert "differs" not in told.values()
    assert found.agrees


def test_a_difference_is_told_with_the_fact_that_it_speaks_of(
    theirs: Simulator, ours: Simulator, worlds: Worlds
) -> None:
    zero = Planted("nothing", status(400), "status", "status")
    unknown = Planted("no-key", put("message", "Go away"), "message", "value")
    late = Planted("foreign-consumer", slow(4), "time", "time")

    found = report(theirs, ours, worlds, zero, unknown, late)

    told = {one.what: one.facts for one in found.differences}
    assert "ppro.zero-amount" in told[zero.what]
    assert told[unknown.what] == told[late.what] == ()
    assert results(found)["ppro.zero-amount"] == "differs"
    assert results(found)["ppro.consumer-country"] == "agrees"
    assert [one.what for one in found.uncovered] == [late.what, unknown.what]


@pytest.mark.uncounted
def test_the_markdown_has_both_shapes_side_by_side(theirs: Simulator, ours: Simulator, worlds: Worlds) -> None:
    odd = Planted("no-key", put("message", "`<b>|Go away\n"), "message", "value")

    text = report(theirs, ours, worlds, Planted("nothing", status(400), "status", "status"), odd).markdown()

    assert "**`ppro.zero-amount`** An amount of zero is 422" in text
    ours_, theirs_ = (f"{code} {{status, failureMessage, timestamp}}" for code in (422, 400))
    assert f"| `nothing` | `status` | status | `{ours_}` | `{theirs_}` |" in text
    assert '| `no-key` | `message` | value | `"Unauthorized"` | `"\'<b>\\|Go away "` |' in text
    assert "- `ppro.consumer-country`" in text.partition("### Agrees")[2].partition("###")[0]
    assert "A charge of 0." not in text.partition("### Not settled")[2]
    assert not re.search(r"\.[(A-Z]", text.partition("### Agrees")[2]), "a blank stands between two sentences"


def test_the_settings_that_follow_the_sandbox_are_found(theirs: Simulator, ours: Simulator, worlds: Worlds) -> None:
    """Two that can be tried, and one whose value the sandbox says."""
    wanted = {"consumer_countries": "any", "refusals": "400", "advertised_rate": 5}

    found = report(theirs, ours, worlds, finds_settings=True, **wanted)

    assert found.settings == wanted
    assert found.covered == len(found.differences)
    assert {"ppro.consumer-country", "ppro.refused-operations", "ppro.advertised-rate"} <= {
        id_ for id_, result in results(found).items() if result == "differs"
    }
    assert json.loads(found.json())["settings"] == wanted
    assert f"take {found.covered} of the differences away" in found.markdown()


def test_no_setting_is_found_where_none_changes_anything(theirs: Simulator, ours: Simulator, worlds: Worlds) -> None:
    uncovered = Planted("read", put("paymentMedium", "SHOP"), "paymentMedium", "value")

    found = report(theirs, ours, worlds, uncovered, finds_settings=True)

    assert (found.settings, found.covered, len(found.differences)) == ({}, 0, 1)


def test_what_differs_in_the_same_way_everywhere_is_told_once(
    theirs: Simulator, ours: Simulator, worlds: Worlds
) -> None:
    found = report(theirs, ours, worlds, advertised_rate=5)

    assert len(found.differences) > 20
    lines = found.terminal().splitlines()
    assert [line.strip() for line in lines if "x-ratelimit-replenish-rate: value" in line] == [
        "header x-ratelimit-replenish-rate: value, in create, read, instrument and "
        f"{len(found.differences) // 2 - 3} more"
    ]
