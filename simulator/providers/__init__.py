"""The providers. One more is one folder, one word here, one test folder: nothing else."""

from __future__ import annotations

from importlib import import_module

from simulator.engine.provider import Provider

BUILT_IN = ("ppro", "wooshpay", "checkoutcom", "ecommpay", "worldline")


def built_in() -> tuple[Provider, ...]:
    return tuple(import_module(f"simulator.providers.{name}").PROVIDER for name in BUILT_IN)
