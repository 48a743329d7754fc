"""What providers publish, as facts of shape that are checked in: see `published.reduce`, which makes them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def facts(name: str) -> Any:
    """Shared by all tests: whoever changes it copies it first."""
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))
