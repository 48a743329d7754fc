"""How large the bodies of our own calls may be, by path; a provider's API has `http.BODY_LIMIT` everywhere."""

from __future__ import annotations

from simulator.engine.http import BODY_LIMIT

IMPORT = "/_sim/workspaces/import"
IMPORT_LIMIT = 64 * 1024 * 1024
"""A document of some ten thousand payments."""


def body_limit(path: str) -> int:
    return IMPORT_LIMIT if path == IMPORT else BODY_LIMIT
