"""Fixtures: `sim` is one simulator in process, with a workspace of its own and a merchant who receives webhooks."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings
from support import Sim

settings.register_profile("project", deadline=None)  # a busy machine is not a finding
settings.load_profile("project")


def pytest_collection() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """To collect thousands of tests makes no garbage, and what they are is looked at no more: half a million objects that stay."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a random order, but the slow ones first: none of them is waited for at the end by workers that have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim() as simulator:
        yield simulator
