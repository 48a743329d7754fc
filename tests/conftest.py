"""Fixtures: `sim` is one simulator in process, with a workspace of its own and a merchant who receives webhooks."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import settings
from support import Sim

import simulator
from simulator.engine import resource as resources
from simulator.engine.resource import Resource

settings.register_profile("project", deadline=None)  # a busy machine is not a finding
settings.load_profile("project")


class Remembered(dict[bytes, tuple[bytes, Resource]]):
    """What `resource.remember` keeps, held against what it stands for: whoever changes a resource in place is caught here."""

    def __setitem__(self, beginning: bytes, kept: tuple[bytes, Resource]) -> None:
        body, one = kept
        assert resources.read(type(one), body) == one, f"{type(one).__name__} is read again as another"
        super().__setitem__(beginning, kept)

    def get(self, beginning: bytes, default: Any = None) -> Any:
        found = super().get(beginning, default)
        if found is not None and resources.dump(found[1]) != found[0]:  # an older version may have written less
            read = resources.read(type(found[1]), found[0])
            assert read == found[1], f"somebody has changed a {type(read).__name__} in place"
        return found


resources._remembered = Remembered()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto` is one worker more than there are processors: some of them wait for a browser, a deadline or a process."""
    from xdist.plugin import pytest_xdist_auto_num_workers as processors

    return processors(config) if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else processors(config) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[Any]:
    """What stands in our modules outside of functions is counted, and is run first; not what is run to find the tests."""
    gc.disable()
    if sys.gettrace() is not None and not session.config.pluginmanager.hasplugin("dsession"):  # which runs no tests
        for module in pkgutil.walk_packages(simulator.__path__, "simulator."):
            if not module.name.endswith("__main__"):
                with suppress(ImportError):  # of a library that is not there: its tests say so
                    importlib.import_module(module.name)
    with uncounted():
        return (yield)


@contextmanager
def uncounted() -> Iterator[None]:
    """Within, no line is traced, and none of a process that is started."""
    tracers = sys.gettrace(), threading.gettrace()
    told = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_PROCESS_")}
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type] # as it was before anybody traced
    try:
        yield
    finally:
        os.environ.update(told)
        sys.settrace(tracers[0])
        threading.settrace(tracers[1])  # type: ignore[arg-type]


def pytest_collection_finish() -> None:
    """To collect thousands of tests makes no garbage, and what they are is looked at no more: half a million objects that stay."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(
        50_000, 20, 50
    )  # a test leaves more behind than a program would, and nearly all of it goes by itself


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a random order, but the slow ones first: none of them is waited for at the end by workers that have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


WITHOUT_NEWS = 6
"""Cases of one test, one after another, by which no line came to the counted ones: its others are not counted."""
without_news: dict[str, int] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """What is `uncounted` runs what other tests run too: to trace its lines would cost as much again as to run them. So do most
    cases of a test after the first ones. Nor is counted what chance runs: the figure would be another one each time."""
    by_chance = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    test = item.nodeid.partition("[")[0]
    if item.get_closest_marker("uncounted") or by_chance or without_news.get(test, 0) >= WITHOUT_NEWS:
        with uncounted():
            return (yield)
    before = news()
    result = yield
    without_news[test] = without_news.get(test, 0) + 1 if before[0] and news() == before else 0
    return result


def news() -> tuple[int, float]:
    """How many steps from line to line were counted here; a process that a test has ended may have counted others."""
    counted: dict[str, set[int]] = getattr(sys.gettrace(), "data", {})
    ended = os.times()
    return sum(map(len, counted.values())), ended.children_user + ended.children_system


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim() as simulator:
        yield simulator
