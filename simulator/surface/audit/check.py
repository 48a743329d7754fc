"""What a check is, and what comes of it, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal

from simulator.kernel.values import dataclass
from simulator.surface.audit.trial import Trial
from simulator.surface.client import Diagram

Need = Literal["checkout", "order", "paid", "unpaid", "refunded", "refund", "cancel"]
Result = Literal["passed", "failed", "skipped"]

GROUPS = ("Order and number", "The browser", "Weather", "Truth", "Signatures", "Manners")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`run` returns when the merchant's code is right, and raises `Fault` or `Skip` otherwise."""

    name: str
    title: str
    group: str
    reason: str
    """What goes wrong in production."""
    advice: str
    run: Callable[[Trial], None]
    needs: tuple[Need, ...] = ()
    """What has to be known of the shop beside its webhook address."""
    is_gate: bool = False
    """Where it fails the checks after it would all say the same: they are not made."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a check."""

    check: Check
    result: Result
    because: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    diagram: Diagram | None = None

    def view(self) -> dict[str, Any]:
        """As the control API and `--json` have it."""
        evidence = [{"name": name, "value": value} for name, value in self.evidence.items()]
        own = self.check
        return {
            "name": own.name,
            "title": own.title,
            "group": own.group,
            "result": self.result,
            "because": self.because,
            "reason": own.reason,
            "advice": own.advice,
            "evidence": evidence,
        }
