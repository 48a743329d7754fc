"""What holds where nobody has set anything: what a server asks that nobody uses yet. The models (`settings`) have it from here."""

from __future__ import annotations

from typing import NamedTuple

OWN = "simulator"
"""The section of a workspace's settings that is the simulator's own."""


class Kept(NamedTuple):
    """The newest so many payments are kept, and those that have changed in the last so many days of the workspace's clock."""

    days: int | None
    payments: int | None


KEPT = Kept(days=None, payments=200_000)
