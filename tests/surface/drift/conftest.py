"""Two simulators in this process: ours, and one that stands in for every provider's sandbox."""

from __future__ import annotations

from drifting import ours, theirs, worlds

__all__ = ["ours", "theirs", "worlds"]
