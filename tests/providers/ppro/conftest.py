from __future__ import annotations

from collections.abc import Iterator

import pytest
from drifting import ours, theirs, worlds
from support import Sim

from providers.ppro.driver import Merchant
from providers.ppro.openapi import check_answer, check_webhook

__all__ = ["ours", "theirs", "worlds"]
"""Fixtures of the drift check."""


@pytest.fixture(autouse=True)
def documented(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does: each answer and each webhook is one that PPRO documents."""
    if "sim" not in request.fixturenames:
        yield
        return
    sim: Sim = request.getfixturevalue("sim")
    sim.http.event_hooks["response"].append(check_answer)
    yield
    for hook in sim.hooks:
        check_webhook(hook.raw)
        assert hook.headers["content-type"] == "application/json"


@pytest.fixture
async def ppro(sim: Sim) -> Merchant:
    await sim.receive_webhooks("ppro")
    return Merchant(sim, settles=True)
