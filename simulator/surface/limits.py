"""How large the bodies of our own calls may be, by path; a provider's API has `http.BODY_LIMIT` everywhere."""

from __future__ import annotations

from simulator.engine.http import BODY_LIMIT

IMPORT = "/_sim/workspaces/import"
IMPORT_FORM = "/do/import_workspace"
"""How the address of the console's form for it ends."""
IMPORT_LIMIT = 64 * 1024 * 1024
"""A document of some ten thousand payments."""


def body_limit(path: str) -> int:
    return IMPORT_LIMIT if path == IMPORT or path.endswith(IMPORT_FORM) else BODY_LIMIT
