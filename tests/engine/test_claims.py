"""Scenarios armed for the next payments."""

from __future__ import annotations

from typing import Any

from simulator.engine.scenarios import scoped_to_payment

ARMED: tuple[dict[str, Any], ...] = ({"scenario": {}, "scope": {"next": 2, "payments": []}},)


def test_a_payment_claims_a_scenario_once_however_often_it_asks() -> None:
    once = scoped_to_payment(ARMED, "acme", "pay_1")

    again = scoped_to_payment(once, "acme", "pay_1")

    assert again is once
    assert once[0]["scope"] == {"next": 1, "payments": ["pay_1"]}
