"""Commands that are shown to be pasted: they reach the simulator and the workspace that show them."""

from __future__ import annotations

import re
import shlex

USUAL = ("http://localhost:8080", "http://127.0.0.1:8080")
"""Where the command line looks unless it is told another address."""

_COMMAND = re.compile(r"psp-simulator (?:scenario )?[a-z]+")


def typed(text: str, base_url: str, workspace: str = "default") -> str:
    """The text with `--url` and `-w` added to its commands (`psp-simulator advance 12h`), where these would else reach another
    server or workspace."""
    base_url = base_url.rstrip("/")
    options = [] if base_url in ("", *USUAL) else ["--url", base_url]
    options += [] if workspace == "default" else ["-w", workspace]
    return _COMMAND.sub(lambda found: " ".join([found[0], *map(shlex.quote, options)]), text) if options else text
