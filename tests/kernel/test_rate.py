"""A clock that runs faster than the time of day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.kernel import clock as kernel
from simulator.kernel.clock import Clock

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Day:
    """The time of day, as far as the clocks know."""

    def __init__(self) -> None:
        self.now = NOON


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    found = Day()
    monkeypatch.setattr(kernel, "time_of_day", lambda: found.now)
    return found


def test_an_hour_passes_in_a_minute_at_sixty(day: Day) -> None:
    fast = Clock().running_at(60)

    day.now += MINUTE

    assert (fast.now(), fast.ahead) == (NOON + timedelta(hours=1), timedelta(minutes=59))


def test_another_rate_begins_where_the_clock_stands_and_takes_nothing_back(day: Day) -> None:
    fast = Clock().running_at(60)
    day.now += MINUTE
    slow = fast.running_at(1)

    day.now += MINUTE

    assert slow.now() == NOON + timedelta(minutes=61)


def test_a_freeze_stands_at_what_was_shown_and_runs_on_at_the_same_rate(day: Day) -> None:
    fast = Clock().running_at(60)
    day.now += MINUTE
    frozen = fast.frozen()
    day.now += MINUTE
    resumed = frozen.resumed()
    day.now += MINUTE

    assert frozen.now() == NOON + timedelta(hours=1)
    assert resumed.now() == NOON + timedelta(hours=2)


def test_an_advance_goes_on_at_the_same_rate(day: Day) -> None:
    fast = Clock().running_at(60)
    day.now += MINUTE
    moved = fast.moved_to(fast.now() + timedelta(hours=12))

    day.now += MINUTE

    assert moved.now() == NOON + timedelta(hours=14)


@pytest.mark.parametrize("rate", [1, 7, 60, 3600])
def test_the_time_of_day_at_which_it_shows_an_instant_is_that_at_which_it_does(day: Day, rate: int) -> None:
    fast, wanted = Clock().moved_to(NOON + timedelta(days=3)).running_at(rate), NOON + timedelta(days=30)

    day.now = fast.due(wanted)

    assert timedelta(0) <= fast.now() - wanted <= timedelta(milliseconds=4)


def test_what_was_gained_counts_as_moved_and_is_kept(day: Day) -> None:
    fast = Clock().running_at(60)
    day.now += MINUTE

    told = [each.moved for each in (fast, fast.frozen(), fast.running_at(1), fast.moved_to(fast.now() + MINUTE))]

    gained = timedelta(minutes=59)
    assert told == [gained, gained, gained, gained + MINUTE]


def test_a_copy_of_a_fast_clock_is_as_far_ahead_as_it_was_then_and_runs_on(day: Day) -> None:
    fast = Clock().running_at(60)
    day.now += MINUTE
    shown = fast.now()
    day.now += 10 * MINUTE

    again = fast.since_it_showed(shown)
    then = again.now()
    day.now += MINUTE

    assert then - (NOON + timedelta(minutes=70)) <= timedelta(milliseconds=1)
    assert again.now() - then == timedelta(hours=1)
    assert again.moved - fast.moved <= timedelta(0)
