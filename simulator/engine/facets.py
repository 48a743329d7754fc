"""The words in which scenarios are written, with the error for a text that is no scenario."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

Facet = Literal["wallet", "api", "webhooks", "bank", "settlement", "provider"]

REASONS = ("balance", "limit", "blocked", "authentication", "cancelled", "expired", "declined")
"""Why a wallet or a bank declines, in neutral words; each provider has its own code for it."""


RETRY_LATER = (429, 503)
"""Answers that say when to come again."""


class ScenarioError(ValueError):
    """A file or a body that is no scenario: says where, and what was allowed."""

    def __init__(self, message: str, allowed: Collection[str] | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed
