"""When a rule of a scenario holds, as people write it in YAML: its `when`."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A number that JSON and every store can hold: a form, and a text in JSON, may bring a longer one."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, defer_build=True)


class AmountRange(Strict):
    """Minor units. `ends_with` compares the last digits as written; `not` excludes single amounts."""

    minimum: Whole | None = Field(None, alias="min")
    maximum: Whole | None = Field(None, alias="max")
    ends_with: str | list[str] | None = None
    excluding: list[Whole] = Field(default_factory=list, alias="not")

    def holds(self, amount: int) -> bool:
        if self.minimum is not None and amount < self.minimum:
            return False
        if self.maximum is not None and amount > self.maximum:
            return False
        if amount in self.excluding:
            return False
        if self.ends_with is None:
            return True
        endings = self.ends_with if isinstance(self.ends_with, str) else tuple(self.ends_with)
        return str(amount).endswith(endings)


class When(Strict):
    """Everything that is named must hold; texts may be patterns with `*`."""

    provider: str | list[str] | None = None
    operation: str | list[str] | None = None
    amount: Whole | list[Whole] | AmountRange | None = None
    currency: str | list[str] | None = None
    reference: str | None = None
    event: str | list[str] | None = None
    buyer: str | None = None
    method: str | None = None

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """The amount is asked first: it rules out most of a provider's test amounts at little cost."""
        if not self.takes(facts.get("amount")):
            return False
        for name in ("provider", "operation", "currency", "reference", "event", "buyer", "method"):
            wanted = getattr(self, name)
            if wanted is None:
                continue
            patterns = [wanted] if isinstance(wanted, str) else wanted
            if not any(fnmatch.fnmatchcase(str(facts.get(name) or ""), pattern) for pattern in patterns):
                return False
        return True

    def names(self, provider: str) -> bool:
        """Whether it may hold for a provider."""
        wanted = [self.provider] if isinstance(self.provider, str) else self.provider
        return wanted is None or any(fnmatch.fnmatchcase(provider, pattern) for pattern in wanted)

    def takes(self, amount: int | None) -> bool:
        """Whether the amount is one that is wanted; any is, where none is named."""
        if self.amount is None:
            return True
        if amount is None:
            return False
        if isinstance(self.amount, AmountRange):
            return self.amount.holds(amount)
        return amount == self.amount if isinstance(self.amount, int) else amount in self.amount
