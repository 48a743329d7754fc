"""What is told and kept of the worlds of a test that failed."""

from __future__ import annotations

import json
import re
from pathlib import Path

from simulator.engine import private
from simulator.engine.printable import in_line, in_text
from simulator.surface.assertions import TestedWorkspace
from simulator.surface.client import NotReached, SaidNo


def sections(world: TestedWorkspace) -> list[tuple[str, str]]:
    """Titles and texts for the report: the stories of the newest payments, and each as a Mermaid diagram, as is
    what failed in an audit. A terminal obeys nothing that stands in them."""
    return [(in_line(title), in_text(text)) for title, text in _sections(world)]


def _sections(world: TestedWorkspace) -> list[tuple[str, str]]:
    try:
        stories = world.stories()
        diagrams = world.diagrams()
    except (NotReached, SaidNo) as error:
        return [("psp-simulator", f"what happened cannot be told: {error}")]
    audited = _audited(world)
    if not stories:
        return audited or [("psp-simulator", f"workspace {world.name} has no payment")]
    found = [(f"psp-simulator: payments of workspace {world.name}", stories)]
    return found + [(f"psp-simulator: Mermaid of {head}", mermaid) for head, mermaid in diagrams] + audited


def _audited(world: TestedWorkspace) -> list[tuple[str, str]]:
    """Each check of an audit that failed, as a diagram: of its payments nothing is left in the workspace."""
    failed = [one for report in world.audited for one in report.findings if one.result == "failed"]
    return [(f"psp-simulator: Mermaid of {one.check.name}", one.diagram["mermaid"]) for one in failed if one.diagram]


def keep(world: TestedWorkspace, folder: Path, test: str) -> tuple[str, str]:
    """Writes the whole world into a file of the folder, for its owner only; returns a section that says so."""
    title = "psp-simulator: export"
    try:
        document = world.export()
    except (NotReached, SaidNo) as error:
        return title, f"the world cannot be exported: {error}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-.")[:150]
    file = folder / f"{name}.{world.id}.json"
    try:
        private.make_folder(folder)
        private.write(file, json.dumps(document, ensure_ascii=False).encode())
    except OSError as error:
        return title, f"the world cannot be kept: {error}"
    return title, f"{file}: psp-simulator import {file}"
