"""Token buckets: how many requests a customer has left. In memory and per workspace; nothing here is worth keeping."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from simulator.engine import again
from simulator.kernel.refusals import Throttled
from simulator.kernel.values import value_type


@value_type
class RateLimit:
    """`burst` tokens at most, `rate` new ones per second of the workspace's clock; a request costs one.

    `enforced` says whether an empty bucket refuses (`Throttled`) or is only counted.
    """

    rate: float
    burst: int
    enforced: bool


class Buckets:
    """What is left, and since when, by workspace and bucket."""

    def __init__(self) -> None:
        self._left: dict[int, dict[str, tuple[float, datetime]]] = {}

    def take(self, workspace: int, bucket: str, limit: RateLimit, now: datetime) -> int:
        """Takes one token and returns how many whole ones are left. Raises `Throttled` when there is none."""
        own = self._left.setdefault(workspace, {})
        left, since = own.get(bucket, (float(limit.burst), now))
        passed = max(0.0, (now - since).total_seconds())
        left = min(float(limit.burst), left + passed * limit.rate)
        if left < 1 and limit.enforced:
            own[bucket] = (left, now)
            raise Throttled()
        left = max(0.0, left - 1)
        before = own.get(bucket)
        own[bucket] = (left, now)
        again.undone_by(partial(_put_back, own, bucket, before))
        return int(left)

    def forget(self, workspace: int) -> None:
        self._left.pop(workspace, None)


def _put_back(own: dict[str, tuple[float, datetime]], bucket: str, before: tuple[float, datetime] | None) -> None:
    if before is None:
        own.pop(bucket, None)
    else:
        own[bucket] = before
