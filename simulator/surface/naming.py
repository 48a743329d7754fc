"""Where a checkout names a provider: its shared files name none, so what a provider is called must be a word of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TEXT = frozenset({".py", ".md", ".html", ".css", ".js", ".json", ".yaml", ".yml", ".toml", ".svg", ".txt", ".sh"})
LOOKED_AT = ("simulator", "tests", "benchmarks", "docs", "templates", "scenarios", ".ci")
"""Not looked at: `examples`, an integrator's own code, which is written for somebody, and `changelog.d`, which speaks to the
integrators of one provider or of another."""
MAY_NAME_ALL = (
    "README.md",
    "CHANGELOG.md",
    "docs/providers/",
    "simulator/providers/__init__.py",  # the registry
    "tests/published/reduce.py",  # takes what each of them publishes
    "pyproject.toml",  # their official clients
    "tests/sdk/node/package",
)
EXAMPLES = ("zebra_pay", "okapi_pay")
"""Providers that are not there, of the page about adding one and of the test of what writes it. Whoever tries that writes one."""

MADE_OF_THE_REGISTRY = re.compile(r"<!-- (counts|sandboxes) -->.*?<!-- /\1 -->", re.DOTALL)
"""Tables that `python -m register` writes."""


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Every text of the checkout in which somebody might be named, by its path."""
    files = [path for path in root.iterdir() if path.is_file()]
    files += [path for folder in LOOKED_AT for path in (root / folder).rglob("*") if "__pycache__" not in path.parts]
    for path in sorted(files):
        where = path.relative_to(root).as_posix()
        if path.is_file() and (path.suffix in TEXT or path.name in ("Makefile", "Dockerfile")):
            yield where, MADE_OF_THE_REGISTRY.sub("", path.read_text("utf-8"))


def words(*called: str) -> re.Pattern[str]:
    """What names a provider that is called so: whole words, also as a part of what is put together of words (`test_name_of`,
    `TitleRefund`)."""
    return re.compile(rf"(?<![A-Za-z])(?i:{'|'.join(map(re.escape, called))})(?![a-z])")


def named(root: Path, name: str, title: str) -> list[str]:
    """The files that name a provider and may not, by path: those that do not bear its name in their own path."""
    if name in EXAMPLES:
        return []
    own, called = words(name), words(name, title)
    return [
        where
        for where, text in texts(root)
        if not where.startswith(MAY_NAME_ALL) and own.search(where) is None and called.search(text)
    ]
