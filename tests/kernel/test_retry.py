"""When to try again is data."""

from __future__ import annotations

from datetime import timedelta

from simulator.kernel.retry import Receipt, RetryPolicy, any_2xx, doubling


def test_pauses_follow_the_schedule_until_it_is_used_up() -> None:
    policy = RetryPolicy((timedelta(seconds=5), timedelta(minutes=1)))

    assert policy.attempts == 3
    assert [policy.pause_after(n) for n in (1, 2, 3, 4)] == [timedelta(seconds=5), timedelta(minutes=1), None, None]


def test_doubling_names_the_attempts_not_the_pauses() -> None:
    pauses = doubling(15, 15)

    assert len(pauses) == 14
    assert [pause.total_seconds() for pause in pauses[:4]] == [15, 30, 60, 120]
    assert sum(pauses, timedelta(0)) == timedelta(seconds=15 * (2**14 - 1))


def test_only_2xx_acknowledges() -> None:
    assert [
        status for status in (100, 199, 200, 204, 299, 300, 302, 404, 500) if any_2xx(Receipt(status, {}, b""))
    ] == [200, 204, 299]
