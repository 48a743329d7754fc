"""Puts the toy among the built-in providers, as a folder and a word in `BUILT_IN` would."""

from __future__ import annotations

import sys

import toy.acme
from simulator import providers


def register() -> None:
    sys.modules["simulator.providers.acme"] = toy.acme
    providers.BUILT_IN = (*providers.BUILT_IN, "acme")
