"""A story is played to its end, or ends early where provider or wallet say no; what nobody tells is said to be so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from simulator.engine.shop import Request
from simulator.engine.stories import Ask, Cancel, Create, Decide, Refund, Rule, Set, Stories, Story, Wait, bank_declines
from simulator.surface.stage import Cast, NotTold, Sample, sample


async def told(sim: Sim, event: str, *story: Any, **settings: Any) -> Sample:
    """What comes of the event if it has this story."""
    provider = replace(ACME, stories=Stories(of={event: tuple(story)}))
    workspace = replace(sim.workspace, settings={"acme": settings} if settings else {})
    return await sample(Cast(provider, workspace, "http://sim.test", "seed"), event)


@pytest.fixture
async def sim() -> Any:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


EXPIRED: Story = (Create(), Wait(timedelta(0)), Decide("expired"))


@pytest.mark.parametrize(
    ("event", "story"),
    [
        ("charge.captured", (Create(), Decide("paid"))),
        ("charge.failed", (Create(), Decide("declined"))),
        ("charge.failed", (Create(), Decide("declined", "limit"))),
        ("charge.expired", EXPIRED),
        ("charge.expired", (Create(),)),
        ("charge.refunded", (Create(), Decide("paid"), Wait(timedelta(hours=1)), Refund())),
        ("charge.captured", (Rule({"wallet": {"outcome": "paid"}}), Create(), Decide("paid"))),
    ],
)
async def test_a_story_is_played_until_its_event_has_come(sim: Sim, event: str, story: Story) -> None:
    found = await told(sim, event, *story)

    assert found.message.event == event
    assert found.told_at <= sim.workspace.clock.now()


@pytest.mark.parametrize(
    "story",
    [
        (),
        (Cancel(),),
        (Create(), Cancel()),
        (Refund(),),
        (Create(), Refund()),
        (Decide("paid"),),
        (Create(), Decide("paid"), Decide("paid")),
        (Create(lambda account, purchase: Request("POST", "/acme/nothing")), Decide("paid")),
        (Ask(lambda so_far: Request("GET", f"/acme/charges/{so_far.answer.json['id']}")),),
        (Create(), Decide("cancelled")),
        (bank_declines("refund"), Create(), Set({"merchant_name": "Tea"}), Decide("paid")),
    ],
)
async def test_an_event_that_its_story_does_not_tell_is_told_by_none(sim: Sim, story: Story) -> None:
    with pytest.raises(NotTold, match="in none of the stories"):
        await told(sim, "charge.refunded", *story)
