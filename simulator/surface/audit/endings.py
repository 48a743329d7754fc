"""How a check ends otherwise than well."""

from __future__ import annotations

from typing import Any


class Fault(Exception):
    """The merchant's code did something wrong; the text says what, the members show it."""

    def __init__(self, because: str, **evidence: Any) -> None:
        super().__init__(because)
        self.evidence = evidence


class Skip(Exception):
    """The check cannot be made here; the text says why."""


class ShopNotReached(Exception):
    """Nothing answers at the merchant's address: no check makes sense."""


SNAPSHOT = "under-audit"
"""The copy of the workspace to which an audit goes back. Whoever audits has taken it, so there is one audit at a time."""


class Busy(Exception):
    """Another audit runs in the workspace, or was killed in it."""

    def __init__(self, workspace: str) -> None:
        super().__init__(
            f"workspace {workspace} is being audited; if that audit was killed, "
            f"`psp-simulator restore {SNAPSHOT} --forget` puts back what was"
        )
