"""Rate limits: a bucket that fills with the workspace's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.engine.throttle import Buckets, RateLimit
from simulator.kernel.refusals import Throttled

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
COUNTED = RateLimit(rate=2, burst=4, enforced=False)
ENFORCED = RateLimit(rate=2, burst=4, enforced=True)


def test_a_bucket_empties_and_fills_again() -> None:
    buckets = Buckets()

    left = [buckets.take(1, "reads", COUNTED, NOON) for _ in range(6)]

    assert left == [3, 2, 1, 0, 0, 0]
    assert buckets.take(1, "reads", COUNTED, NOON + timedelta(seconds=1)) == 1
    assert buckets.take(1, "reads", COUNTED, NOON + timedelta(hours=1)) == 3


def test_an_empty_bucket_refuses_where_that_is_wanted() -> None:
    buckets = Buckets()
    for _ in range(4):
        buckets.take(1, "reads", ENFORCED, NOON)

    with pytest.raises(Throttled):
        buckets.take(1, "reads", ENFORCED, NOON)

    assert buckets.take(1, "writes", ENFORCED, NOON) == 3
    assert buckets.take(2, "reads", ENFORCED, NOON) == 3
    assert buckets.take(1, "reads", ENFORCED, NOON + timedelta(milliseconds=500)) == 0


def test_a_reset_workspace_starts_full() -> None:
    buckets = Buckets()
    buckets.take(1, "reads", COUNTED, NOON)

    buckets.forget(1)

    assert buckets.take(1, "reads", COUNTED, NOON) == 3
