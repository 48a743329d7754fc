"""The folder of `serve --reports`: what providers have delivered, in a folder for each workspace that never holds the files of two.

Whose it is stands in it. Where another workspace of that name has files, or the same one before it was reset, they are set aside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from simulator.engine import private
from simulator.engine.workspace import Workspace

log = logging.getLogger("simulator")

MARK = ".workspace"
"""A file with the id of the workspace. A folder of an older version has none, and goes on as that of whoever writes next."""


def put(root: Path | None, workspace: Workspace, provider: str, name: str, render: Callable[[], bytes]) -> None:
    """Into `root/<workspace>/<provider>/`, if there is a root."""
    if root is None:
        return
    own = root / workspace.name
    try:
        mark = own / MARK
        if mark.exists() and mark.read_text() != workspace.public_id:
            _move(own)
        if not mark.exists():
            private.put(mark, workspace.public_id.encode())
        private.put(own / provider / name, render())
    except OSError as error:
        log.error("the report %s cannot be written: %s", own / provider / name, error)


def set_aside(root: Path | None, workspace: Workspace) -> None:
    """What this workspace has there, because it begins anew."""
    own = root / workspace.name if root is not None else None
    if own is None or not own.exists():
        return
    try:
        _move(own)
    except OSError as error:
        log.error("the reports in %s cannot be set aside: %s", own, error)


def _move(own: Path) -> None:
    """To the next free one of `name~1`, `name~2`, …: no workspace is called so."""
    number = 1
    while (aside := own.with_name(f"{own.name}~{number}")).exists():
        number += 1
    own.rename(aside)
