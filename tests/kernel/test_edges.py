"""The edges of the kernel's small functions, where a changed sign or a lost branch would go unnoticed elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.kernel.clock import Clock, from_micros, iso_millis, parse_duration, short_duration, spans, time_of_day
from simulator.kernel.crypto import first_difference
from simulator.kernel.ids import BASE62, UNAMBIGUOUS, Ids, Pool, instant_text
from simulator.kernel.money import CURRENCIES, SYMBOLS, THREE_DECIMALS, ZERO_DECIMALS, Money
from simulator.kernel.retry import Receipt, RetryPolicy, any_2xx, doubling

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


# Clocks -----------------------------------------------------------------------------------------------------------


def test_a_new_clock_runs_and_nobody_has_moved_it() -> None:
    clock = Clock.beginning()

    assert (clock.mode, clock.standing_at, clock.advanced) == ("real", None, timedelta(0))
    assert abs(clock.offset) < timedelta(minutes=1)


def test_a_new_clock_that_begins_at_an_instant_runs_on_from_there() -> None:
    clock = Clock.beginning(NOON)

    assert (clock.mode, clock.standing_at) == ("real", None)
    assert NOON <= clock.now() < NOON + timedelta(minutes=1)


def test_a_new_frozen_clock_stands_and_has_no_offset_to_run_on_with() -> None:
    assert Clock.beginning(NOON, frozen=True) == Clock("frozen", timedelta(0), NOON, timedelta(0))


def test_a_running_clock_that_is_moved_runs_on_and_a_frozen_one_stands() -> None:
    running = Clock.beginning(NOON).moved_to(NOON + timedelta(hours=1))
    standing = Clock.beginning(NOON, frozen=True).moved_to(NOON + timedelta(hours=1))

    assert (running.mode, running.standing_at) == ("real", None)
    assert (standing.mode, standing.standing_at) == ("frozen", NOON + timedelta(hours=1))


def test_a_clock_remembers_by_how_much_it_was_moved_through_freezing_and_resuming() -> None:
    clock = Clock.beginning(NOON, frozen=True).moved_to(NOON + timedelta(hours=2))
    clock = clock.frozen(NOON + timedelta(hours=3)).resumed()

    assert clock.advanced == timedelta(hours=3)
    assert clock.moved_to(time_of_day()).advanced > timedelta(hours=3) - timedelta(days=365 * 30)


def test_instants_are_counted_from_the_beginning_of_1970() -> None:
    assert from_micros(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert iso_millis(from_micros(1_999)) == "1970-01-01T00:00:00.001Z"


@pytest.mark.parametrize("text", ["P999999999999D", "PT1e5S", "99999999999999d", f"PT{'9' * 400}S"])
def test_a_duration_that_nobody_can_wait_for_is_refused_as_a_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"too long|not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["P", "PT", "P1DT", "", " ", "T5M", "5", "PT5", "1h1d"])
def test_half_a_duration_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "parts", "short"),
    [
        (0, [(0, "second")], "0 s"),
        (1, [(1, "second")], "1 s"),
        (59, [(59, "second")], "59 s"),
        (60, [(1, "minute")], "1 min"),
        (3_599, [(59, "minute"), (59, "second")], "59 min 59 s"),
        (3_600, [(1, "hour")], "1 h"),
        (86_399, [(23, "hour"), (59, "minute")], "23 h 59 min"),
        (86_400, [(1, "day")], "1 d"),
        (86_401, [(1, "day"), (1, "second")], "1 d 1 s"),
        (90_061, [(1, "day"), (1, "hour")], "1 d 1 h"),
    ],
)
def test_a_duration_is_told_by_its_two_largest_units(seconds: int, parts: list[tuple[int, str]], short: str) -> None:
    assert spans(timedelta(seconds=seconds)) == parts
    assert short_duration(timedelta(seconds=seconds)) == short


# Identifiers ------------------------------------------------------------------------------------------------------


def test_alphabets_have_each_character_once_and_sort_as_bytes_do() -> None:
    assert "".join(sorted(set(BASE62))) == BASE62
    assert len(BASE62) == 62
    assert "".join(sorted(set(UNAMBIGUOUS))) == UNAMBIGUOUS
    assert set(BASE62) - set(UNAMBIGUOUS) == set("01IOlo")


def test_every_character_of_an_alphabet_is_drawn_and_no_other() -> None:
    every_byte = Ids(lambda length: bytes(index % 256 for index in range(length)))

    assert set(every_byte.text(256)) == set(BASE62)
    assert set(every_byte.text(256, UNAMBIGUOUS)) == set(UNAMBIGUOUS)
    assert set(every_byte.text(256, "xyz")) == set("xyz")
    assert every_byte.digits(12) == "012345678901"


def test_a_seed_gives_the_same_identifiers_in_every_version() -> None:
    """Known answers: tests that people wrote with a seed compare with them."""
    ids = Ids.seeded("tests", 1)

    assert (ids.text(8), ids.hex(5), ids.digits(4)) == ("UnIMXMZ9", "2b67b", "0586")
    assert Ids.seeded("tests", 2).text(8) != Ids.seeded("tests", 1).text(8)


@pytest.mark.parametrize("length", [0, 1, 2, 7, 8])
def test_hex_has_the_length_that_was_asked_for(length: int) -> None:
    asked: list[int] = []

    def source(count: int) -> bytes:
        asked.append(count)
        return b"\xab" * count

    assert Ids(source).hex(length) == ("ab" * length)[:length]
    assert asked == [-(-length // 2)]


def test_a_base32_guid_is_26_characters_without_padding() -> None:
    assert len(Ids().base32_guid()) == 26
    assert Ids(lambda length: b"\xff" * length).base32_guid() == "77777777777u7p777777777774"


def test_a_pool_never_gives_a_byte_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the lengths, what it hands out is what the system gave, in order, but for rests that were too short."""
    fetched: list[int] = []

    def urandom(length: int) -> bytes:
        fetched.append(length)
        return bytes(index % 251 for index in range(length))

    monkeypatch.setattr("os.urandom", urandom)
    monkeypatch.setattr(Pool, "SIZE", 10)
    pool = Pool()

    given = [pool(length) for length in (4, 4, 6, 7, 4)]

    assert given == [bytes(range(4)), bytes(range(4, 8)), bytes(range(8, 14)), bytes(range(7)), bytes(range(7, 11))]
    assert fetched == [14, 4, 17, 4]


def test_an_instant_as_text_sorts_as_instants_do() -> None:
    assert instant_text(0) == "000000000"
    assert instant_text(61) == "00000000z"
    assert instant_text(62) == "000000010"
    assert instant_text(62**9 - 1) == "z" * 9


# Money, retries, texts --------------------------------------------------------------------------------------------


def test_currencies_are_three_capital_letters_and_the_odd_ones_are_among_them() -> None:
    assert [code for code in CURRENCIES if not (len(code) == 3 and code.isascii() and code.isupper())] == []
    assert set(SYMBOLS) | ZERO_DECIMALS | THREE_DECIMALS <= CURRENCIES
    assert not ZERO_DECIMALS & THREE_DECIMALS


@pytest.mark.parametrize(
    ("value", "currency", "major", "formatted"),
    [
        (0, "EUR", "0.00", "EUR\u00a00.00"),
        (5, "EUR", "0.05", "EUR\u00a00.05"),
        (-5, "EUR", "-0.05", "EUR\u00a0-0.05"),
        (-50, "EUR", "-0.50", "EUR\u00a0-0.50"),
        (-123_456, "EUR", "-1234.56", "EUR\u00a0-1,234.56"),
        (100_000, "EUR", "1000.00", "EUR\u00a01,000.00"),
        (1_000, "JPY", "1000", "JPY\u00a01,000"),
        (-1, "JPY", "-1", "JPY\u00a0-1"),
        (1, "KWD", "0.001", "KWD\u00a00.001"),
    ],
)
def test_an_amount_is_written_with_its_currencys_decimals(
    value: int, currency: str, major: str, formatted: str
) -> None:
    assert Money(value, currency).major() == major
    assert Money(value, currency).format() == formatted


def test_a_currency_without_a_symbol_stands_for_itself() -> None:
    assert Money(8603, "CNY").symbol() == "¥\u00a086.03"
    assert Money(8603, "CHF").symbol() == "CHF\u00a086.03"


@pytest.mark.parametrize(("status", "is_fine"), [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_only_2xx_acknowledges(status: int, is_fine: bool) -> None:
    assert any_2xx(Receipt(status, {}, b"")) is is_fine


def test_the_last_attempt_has_no_pause_after_it() -> None:
    policy = RetryPolicy(doubling(15, 4))

    assert policy.attempts == 4
    assert [policy.pause_after(number) for number in (1, 2, 3, 4)] == [
        timedelta(seconds=15),
        timedelta(seconds=30),
        timedelta(seconds=60),
        None,
    ]


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [("", "", None), ("a", "a", None), ("a", "b", 0), ("ab", "ac", 1), ("a", "ab", 1), ("ab", "a", 1)],
)
def test_the_first_difference_of_two_texts_may_be_where_the_shorter_ends(
    one: str, other: str, index: int | None
) -> None:
    assert first_difference(one, other) == index
