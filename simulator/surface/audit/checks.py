"""All checks, in the order in which they run: without an answer in time no other can be made, and what moves the clock far comes last."""

from __future__ import annotations

from simulator.surface.audit import browsing, manners, order, signatures, truth, weather
from simulator.surface.audit.check import Check

CHECKS: tuple[Check, ...] = (
    manners.IN_TIME,
    *signatures.CHECKS,
    *order.CHECKS,
    *browsing.CHECKS,
    *manners.CHECKS,
    *truth.CHECKS,
    *weather.CHECKS,
)

BY_NAME = {check.name: check for check in CHECKS}
