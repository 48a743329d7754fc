"""docs/adding-a-provider.md suffices: what it takes from the source is up to date, and what providers use stands on it."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from surface import adding_page

TEXT = adding_page.PAGE.read_text("utf-8")
PROVIDERS = adding_page.ROOT / "simulator" / "providers"
SHARED = re.compile(r"simulator\.(?:kernel|engine|wallet)\b")


@pytest.mark.parametrize("name", ["skeleton", "refunds", "reference", "templates", "tests"])
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


@pytest.mark.uncounted
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


def takes_keywords_alone(module: str, name: str) -> bool:
    shown = getattr(import_module(module), name)
    return dataclasses.is_dataclass(shown) and any(field.kw_only for field in own_fields(shown) if field.init)


def own_fields(shown: Any) -> list[dataclasses.Field[Any]]:
    own = shown.__annotations__
    return [field for field in dataclasses.fields(shown) if field.name in own]


@pytest.mark.parametrize("name", ["reference", "tests"])
def test_a_value_that_takes_keywords_alone_is_shown_as_such(name: str) -> None:
    blocks = re.findall(
        r"^`([\w.]+)`\n\n```python\n(.*?)^```", adding_page.of_page(name, TEXT), re.MULTILINE | re.DOTALL
    )
    shown = {
        f"{module}.{found[2]}": bool(found[1])
        for module, block in blocks
        for found in re.finditer(r"^(@dataclass\(kw_only=True\)\n)?class (\w+)", block, re.MULTILINE)
    }

    assert any(shown.values()) and not all(shown.values())
    assert shown == {path: takes_keywords_alone(*path.rsplit(".", 1)) for path in shown}


def test_what_most_providers_take_of_a_period_stands_among_its_members() -> None:
    """Nobody makes a report without its beginning and its end."""
    users: dict[str, set[str]] = defaultdict(set)
    for path in PROVIDERS.rglob("*.py"):
        for name in re.findall(r"\bperiod\.(\w+)", path.read_text("utf-8")):
            users[name].add(path.relative_to(PROVIDERS).parts[0])
    [shown] = re.findall(r"^class Period:\n(.*?)^\S", TEXT, re.MULTILINE | re.DOTALL)
    members = set(re.findall(r"^    (?:def )?(\w+)[:(]", shown, re.MULTILINE))

    taken = {name for name, folders in users.items() if len(folders) > 2}

    assert {"since", "until", "uow"} <= taken
    assert taken - members == set()


def test_the_macros_of_every_hosted_page_stand_on_the_page_with_their_arguments() -> None:
    names = adding_page.used_macros()

    assert {"countdown", "hold", "form"} <= names
    assert [name for name in sorted(names) if not re.search(rf"(?:\{{\{{|call) ui\.{name}\(.*\) ", TEXT)] == []


def test_the_example_of_hosted_pages_is_typed(tmp_path: Path) -> None:
    """As strictly as the simulator, whatever the merchant's class is called in a provider's folder."""
    chapter = TEXT.partition("\n## The tests of hosted pages\n")[2]
    (tmp_path / "example.py").write_text(chapter.partition("```python\n")[2].partition("```")[0], "utf-8")
    command = ["mypy", "--strict", "--follow-imports=silent", f"--cache-dir={tmp_path}", str(tmp_path / "example.py")]
    environment = {"MYPYPATH": "tests", "PATH": "/usr/bin:/bin"}

    done = subprocess.run(
        [sys.executable, "-P", "-m", *command],
        cwd=adding_page.ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n"), done.stderr


SKELETON = adding_page.ROOT / "simulator" / "surface" / "skeleton"
EXPLAINED = TEXT.replace(adding_page.of_page("skeleton", TEXT), "").replace(adding_page.of_page("refunds", TEXT), "")
"""The page without the code to copy: what is said of it."""
HANDED = {
    "uow",
    "call",
    "order",
    "request",
    "verdict",
    "merchant",
    "sending",
    "event",
    "directory",
    "ids",
    "workspace",
    "purchase",
}
"""Names under which the engine hands something to a provider."""


def taken() -> dict[str, str]:
    """What the provider to copy takes from outside its folder, with the place where it does: what it imports, of which module,
    and the members of what it is handed."""
    found: dict[str, str] = {}
    for path in sorted(SKELETON.glob("*.py")):
        found |= dict.fromkeys(used(path), path.name)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in HANDED:
                found[node.attr] = f"{path.name}, of {node.value.id}"
    return found


def test_what_the_provider_to_copy_takes_from_outside_is_explained_on_the_page() -> None:
    names = taken()

    missing = [
        f"{name} ({where})"
        for name, where in names.items()
        if not re.search(
            rf"^ *(?:class|(?:async )?def) {name}\b|^ *(?:\w+, )*{name}\b[^(]*[:=]|`[\w.]*\b{name}\b",
            EXPLAINED,
            re.MULTILINE,
        )
    ]

    assert len(names) > 60
    assert missing == []


def test_each_module_that_the_provider_to_copy_imports_from_is_named_on_the_page() -> None:
    modules = {
        node.module
        for path in SKELETON.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and SHARED.match(node.module)
    }

    assert [module for module in sorted(modules) if module not in EXPLAINED] == []
