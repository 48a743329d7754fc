"""A try of a message, as a value: what leaves in it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from simulator.engine.provider import Signed
from simulator.engine.store import OutboxRow
from simulator.kernel.retry import RetryPolicy
from simulator.kernel.values import dataclass, value_type


@dataclass(frozen=True)
class Other:
    """What leaves in an attempt that somebody asked for, where it is not the message signed anew: a recorded attempt as it
    was, other bytes under a right signature, other headers beside it or in the place of ours."""

    recorded: Signed | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_edited(self) -> bool:
        """Whether the message itself is still not delivered when this was received."""
        return self.body is not None or bool(self.headers)

    @property
    def lower(self) -> set[str]:
        return {name.lower() for name in self.headers}


@value_type
class Tried:
    """One try of a message, and what came of it. `halts`: how often its workspace had been halted when it began."""

    message: OutboxRow
    at: datetime
    sent: datetime
    signed: Signed
    status: int | None
    error: str | None
    answer: str | None
    is_received: bool
    seconds: float
    halts: int
    is_manual: bool
    other: Other | None

    def lets_go(self, policy: RetryPolicy) -> bool:
        """Whether those behind it in an endpoint's queue move up."""
        return self.is_manual and self.is_received and policy.queue == "endpoint"
