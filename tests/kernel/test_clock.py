"""Clocks stand, run, and never disagree with themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.clock import (
    EPOCH,
    LAST,
    Clock,
    from_micros,
    iso_millis,
    iso_seconds,
    micros,
    millis,
    parse_duration,
    parse_instant,
    short_duration,
    time_of_day,
)

NOON = datetime(2026, 3, 4, 12, 0, 0, 214_987, tzinfo=UTC)
instants = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.just(UTC),
)


def test_a_frozen_clock_shows_one_instant() -> None:
    clock = Clock().frozen(NOON)

    assert (clock.now(), clock.now()) == (NOON, NOON)
    assert clock.moved_to(NOON + timedelta(hours=1)).now() == NOON + timedelta(hours=1)


def test_a_moved_clock_runs_on() -> None:
    clock = Clock().moved_to(NOON)

    first, second = clock.now(), clock.now()

    assert NOON <= first <= second < NOON + timedelta(minutes=1)


def test_a_resumed_clock_goes_on_from_where_it_stood() -> None:
    resumed = Clock().frozen(NOON).resumed()

    assert resumed.mode == "real"
    assert NOON <= resumed.now() < NOON + timedelta(minutes=1)


def test_a_clock_that_is_held_for_a_walk_keeps_its_mode() -> None:
    held = Clock().standing(NOON)

    assert (held.mode, held.now()) == ("real", NOON)


def test_the_plain_clock_is_the_time_of_day() -> None:
    before = time_of_day()

    assert before <= Clock().now() <= time_of_day()


@given(instants)
def test_stored_instants_come_back_whole(at: datetime) -> None:
    assert from_micros(micros(at)) == at
    assert millis(at) == micros(at) // 1000


@given(instants)
def test_written_instants_are_cut_off_not_rounded(at: datetime) -> None:
    written = iso_millis(at)

    assert len(written) == 24
    assert parse_instant(written) == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(instants)
def test_an_instant_is_written_with_its_zone_in_digits(at: datetime) -> None:
    written = iso_seconds(at)

    assert len(written) == 25 and written.endswith("+00:00")
    assert parse_instant(written) == at.replace(microsecond=0)


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        parse_instant("2026-03-04T12:00:00")
    with pytest.raises(ValueError, match="'soon' is not an instant; write 2026-03-04T12:00:00Z"):
        parse_instant("soon")
    east = timezone(timedelta(hours=8))
    assert parse_instant("2026-03-04T20:00:00+08:00") == datetime(2026, 3, 4, 20, tzinfo=east)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("PT12H", timedelta(hours=12)),
        ("P3DT2H", timedelta(days=3, hours=2)),
        ("P2W", timedelta(weeks=2)),
        ("PT0.5S", timedelta(milliseconds=500)),
        ("12h", timedelta(hours=12)),
        ("90s", timedelta(seconds=90)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1d 2h", timedelta(days=1, hours=2)),
        ("15min", timedelta(minutes=15)),
        ("1.5h", timedelta(minutes=90)),
        ("PT1.5H", timedelta(minutes=90)),
        ("0.5 d", timedelta(hours=12)),
        ("2 h 30 minutes", timedelta(hours=2, minutes=30)),
        ("1 day  2 hours 1 min 3 secs", timedelta(days=1, hours=2, minutes=1, seconds=3)),
        ("45 seconds", timedelta(seconds=45)),
    ],
)
def test_durations_are_read_in_all_spellings(text: str, meant: timedelta) -> None:
    assert parse_duration(text) == meant


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "12", "h", "-5s", "1y", "PT5X", "soon"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write PT12H"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=12), "12 h"),
        (timedelta(days=1, hours=2, minutes=3), "1 d 2 h"),
        (timedelta(hours=11, minutes=59, seconds=59, milliseconds=800), "12 h"),
        (timedelta(0), "0 s"),
    ],
)
def test_a_duration_is_said_by_its_two_largest_units(duration: timedelta, said: str) -> None:
    assert short_duration(duration) == said


def test_a_clock_knows_by_how_much_it_was_advanced() -> None:
    begun = Clock.beginning(NOON, frozen=True)

    moved = begun.moved_to(NOON + timedelta(hours=3)).frozen(NOON + timedelta(hours=5)).resumed()

    assert begun.advanced == timedelta(0)
    assert moved.advanced == timedelta(hours=5)
    assert Clock.beginning(NOON).advanced == timedelta(0)


FARTHEST = timedelta(microseconds=2**57 - 1)


@pytest.mark.parametrize("rate", [1, 3600])
@pytest.mark.parametrize(("offset", "shows"), [(FARTHEST, LAST), (-FARTHEST, EPOCH)])
def test_a_clock_that_runs_stops_where_no_clock_goes_further(offset: timedelta, shows: datetime, rate: int) -> None:
    clock = Clock("real", offset, None, timedelta(0), rate, time_of_day() + timedelta(days=1))

    assert clock.now() == clock.frozen().now() == shows


def test_what_a_clock_never_shows_is_due_on_no_day() -> None:
    clock = Clock.beginning(LAST - timedelta(hours=1))

    assert clock.due(LAST) <= time_of_day() + timedelta(hours=1)
    assert clock.due(LAST + timedelta(microseconds=1)) > datetime(9000, 1, 1, tzinfo=UTC)
