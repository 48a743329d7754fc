"""One try to deliver a message, as a value: what was sent, and what came of it."""

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
    """What an attempt by hand sends instead of the message signed anew: a recorded attempt as it was, another body under a right
    signature, or further headers, some perhaps in the place of ours."""

    recorded: Signed | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_edited(self) -> bool:
        """Whether body or headers are not the message's own: even if this is received, the message does not count as delivered."""
        return self.body is not None or bool(self.headers)

    @property
    def lower(self) -> set[str]:
        return {name.lower() for name in self.headers}


@value_type
class Tried:
    """One try, and what came of it. `halts` is how often its workspace had been halted when the try began (`Records.halts`)."""

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
        """Whether the messages behind this one in an endpoint's queue need not wait any more."""
        return self.is_manual and self.is_received and policy.queue == "endpoint"
