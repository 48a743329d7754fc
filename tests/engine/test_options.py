"""What a scenario says of a provider's own options reaches its handlers as a value of their model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from simulator.engine.rules import Delay, RuleOptions
from simulator.engine.scenarios import Decisions


class CreateOptions(RuleOptions):
    flow: str = "redirect"
    ready_after: Delay | None = None


class RefundOptions(RuleOptions):
    late: bool = False


SAYS = replace(ACME, decisions=Decisions(provider={"create": CreateOptions, "refund": RefundOptions}))


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[SAYS]) as sim:
        yield sim


def asked(sim: Sim, amount: int = 1000) -> CreateOptions:
    facts: dict[str, Any] = {"amount": amount, "currency": "EUR", "reference": "order-1"}
    return sim.app.runtime.open(sim.workspace).options("acme", CreateOptions, operation="create", **facts)


async def test_without_a_rule_the_defaults_hold(sim: Sim) -> None:
    assert asked(sim) == CreateOptions()
    assert asked(sim).model_fields_set == set()


async def test_a_rule_is_read_by_the_model(sim: Sim) -> None:
    """Where its `when` holds: a span is a span, and what is not said is the default."""
    await sim.arm([{"when": {"operation": "create", "amount": 700}, "provider": {"ready_after": "PT1H"}}])

    assert asked(sim, 700) == CreateOptions(flow="redirect", ready_after=timedelta(hours=1))
    assert asked(sim, 800) == CreateOptions()


async def test_options_of_another_operation_are_left_to_that(sim: Sim) -> None:
    await sim.arm([{"provider": {"flow": "qr", "late": True}}])

    assert asked(sim) == CreateOptions(flow="qr")


async def test_a_value_that_the_model_takes_no_more_is_passed_over(sim: Sim, caplog: pytest.LogCaptureFixture) -> None:
    """A store may hold what another version has armed."""
    rule = {"provider": {"flow": "qr", "ready_after": "soon"}}
    entry: dict[str, Any] = {"scenario": {"name": "mine", "rules": [rule]}, "scope": {}}
    sim.app.runtime.change_workspace(sim.workspace, scenarios=(entry,))

    assert asked(sim) == CreateOptions(flow="qr")
    assert "a scenario's value is passed over: provider.ready_after: " in caplog.text
