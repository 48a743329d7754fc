"""The hosted pages of all providers together: whatever `hosted` says in the folders of their tests."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from browser import merchant
from simulator.providers import built_in


def of_each_provider(module: str) -> Iterator[ModuleType]:
    """The module of this name of each provider's tests that has one."""
    for provider in built_in():
        name = f"providers.{provider.name}.{module}"
        if find_spec(name) is not None:
            yield import_module(name)


PARTS = tuple(of_each_provider("hosted"))

Merchant: Any = type("Merchant", tuple(part.Pages for part in PARTS), {})
"""Knows the way to every page."""


def _all(member: str) -> tuple[str, ...]:
    return tuple(name for part in PARTS for name in getattr(part.HOSTED, member))


def _named(member: str) -> dict[str, str]:
    return {name: value for part in PARTS for name, value in getattr(part.HOSTED, member).items()}


HOSTED = merchant.Hosted(
    pages=_named("pages"),
    rootless=_all("rootless"),
    codes=_all("codes"),
    notice=_named("notice"),
    timed=_all("timed"),
    phone_too=_all("phone_too"),
    themed=_all("themed"),
    same_sheets=_all("same_sheets"),
    crowded=_all("crowded"),
    entries=_all("entries"),
    nowhere=_named("nowhere"),
)
