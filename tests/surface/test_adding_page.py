"""docs/adding-a-provider.md suffices: what it takes from the source is up to date, and what providers use stands on it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from surface import adding_page

TEXT = adding_page.PAGE.read_text("utf-8")
PROVIDERS = adding_page.ROOT / "simulator" / "providers"
SHARED = re.compile(r"simulator\.(?:kernel|engine|wallet)\b")


@pytest.mark.parametrize("name", ["skeleton", "reference"])
def test_a_chapter_is_as_the_source_says(name: str) -> None:
    """`PYTHONPATH=.:tests python -m surface.adding_page` writes it anew."""
    assert adding_page.of_page(name, TEXT).strip() == adding_page.chapters()[name].strip()


def used(path: Path) -> Iterator[str]:
    """What a module takes from the rooms on its left: names, and functions of modules that it imports whole."""
    tree = ast.parse(path.read_text("utf-8"))
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and SHARED.match(node.module):
            for alias in node.names:
                place = adding_page.ROOT / f"{node.module}.{alias.name}".replace(".", "/")
                if place.is_dir() or place.with_suffix(".py").exists():
                    modules.add(alias.asname or alias.name)
                else:
                    yield alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield node.attr


def test_what_two_providers_use_stands_on_the_page() -> None:
    users: dict[str, set[str]] = defaultdict(set)
    for folder in (path for path in PROVIDERS.iterdir() if path.is_dir()):
        for path in folder.rglob("*.py"):
            for name in used(path):
                users[name].add(folder.name)

    missing = [
        name
        for name, folders in users.items()
        if len(folders) > 1
        and not re.search(rf"^ *(?:class|def) {name}\b|^(?:\w+, )*{name}\b[^(]*=", TEXT, re.MULTILINE)
    ]

    assert len(users) > 100
    assert missing == []
