"""Puts a provider among the built-in ones, as a folder and a word in `BUILT_IN` would: the toy, or as a plug-in of pytest
(`-p toy.one_more`) the skeleton of a new one, which none of the suites knows."""

from __future__ import annotations

import sys
from types import ModuleType

import toy.acme
from simulator import providers
from simulator.surface import skeleton


def register(name: str = "acme", module: ModuleType = toy.acme) -> None:
    sys.modules[f"simulator.providers.{name}"] = module
    providers.BUILT_IN = (*providers.BUILT_IN, name)


def pytest_load_initial_conftests() -> None:
    """Before the suites ask who is registered."""
    register("newpay", skeleton)
