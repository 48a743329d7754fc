"""Where the providers of other distributions are, not what they are: entry points of the group `psp_simulator.providers`.

Asking `importlib.metadata` costs a start 8 to 25 milliseconds where a hundred packages are installed; looking for the
group's name in the folders of `sys.path` costs two. It is asked only about the distributions that have the group.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from simulator.kernel.values import dataclass

GROUP = "psp_simulator.providers"
METADATA = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True)
class Entry:
    """`acme = acme_psp:PROVIDER`, of a distribution such as `acme_psp-1.0`."""

    name: str
    module: str
    attribute: str
    distribution: str


@cache
def entries() -> tuple[Entry, ...]:
    """All entries of installed distributions, by name. Of two versions of a distribution, that one counts which stands earlier on
    `sys.path`."""
    found: dict[str, list[Entry]] = {}
    for metadata in _metadata():
        label = metadata.name.removesuffix(metadata.suffix)
        name = label.partition("-")[0].lower().replace(".", "_")
        found.setdefault(name, _entries_of(metadata, label))
    return tuple(sorted((e for group in found.values() for e in group), key=lambda e: (e.name, e.distribution)))


def _metadata() -> Iterator[Path]:
    """The metadata folders that speak of the group."""
    for place in dict.fromkeys(sys.path):
        try:
            with os.scandir(place or ".") as found:  # a folder has hundreds of others, of which no `Path` is made
                inside = [Path(one.path) for one in found if one.name.endswith(METADATA)]
        except OSError:  # a zip file, or a folder that is not there
            continue
        for metadata in sorted(inside):
            try:
                text = (metadata / "entry_points.txt").read_bytes()
            except OSError:  # it has no entry points
                continue
            if GROUP.encode() in text:
                yield metadata


def _entries_of(metadata: Path, label: str) -> list[Entry]:
    from importlib.metadata import PathDistribution

    points = PathDistribution(metadata).entry_points.select(group=GROUP)
    return [Entry(point.name, point.module, point.attr or "PROVIDER", label) for point in points]


@cache
def folders() -> tuple[Path, ...]:
    """Where those providers keep their `texts`, `templates` and `scenarios`: the folder of the entry's module."""
    found = []
    for entry in entries():
        spec = find_spec(entry.module)
        if spec is not None and spec.origin is not None:
            found.append(Path(spec.origin).parent)
    return tuple(dict.fromkeys(found))
