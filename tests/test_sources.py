"""Whoever reads the code can follow its sources: they stand in the documents of the repository, and are public."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.providers import BUILT_IN

pytestmark = pytest.mark.uncounted

ROOT = Path(__file__).parent.parent
CITED = re.compile(r"\bsources? (\d[\d.]*\d|\d)((?:(?:,| and| to|, and)\s+(?:# )?(?:\d[\d.]*\d|\d)\b)*)")
NUMBER = re.compile(r"\d+(?:\.\d+)*")
ELSEWHERE = re.compile(r"\breference/[\w-]+\.md|\berrata\.md|\bSource: (?:the )?design\b")
"""Pages that the repository does not have."""


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if (
            path.suffix in (".py", ".md", ".yaml", ".html")
            and "__pycache__" not in path.parts
            and path != Path(__file__)
        ):
            yield path.relative_to(ROOT), path.read_text("utf-8")


def chapter(provider: str) -> str:
    """`Sources` of a provider's page."""
    text = (ROOT / "docs" / "providers" / f"{provider}.md").read_text("utf-8")
    return text.partition("\n## Sources\n")[2].partition("\n## ")[0]


def numbers_of(provider: str) -> set[str]:
    return numbers_in(chapter(provider))


def numbers_in(table: str) -> set[str]:
    rows = [row.strip().split(" | ")[:2] for row in table.splitlines() if re.match(r" *\| \d", row)]
    first = {row[0].removeprefix("| ") for row in rows}
    return first | {number for row in rows for number in re.findall(r"(?:^|[:;] )(\d+(?:\.\d+)+) ", row[1])}


@pytest.mark.parametrize("provider", BUILT_IN)
def test_a_source_that_is_cited_stands_on_the_providers_page(provider: str) -> None:
    known = numbers_of(provider)
    cited = {
        number: path
        for folder in ("simulator/providers", "tests/providers", "docs/providers", "scenarios")
        for path, text in texts(ROOT / folder)
        if provider in path.as_posix()
        for match in CITED.finditer(text)
        for number in NUMBER.findall(match[1] + match[2])
    }

    assert {number: str(path) for number, path in cited.items() if number not in known} == {}


def test_the_page_for_authors_shows_how_sources_are_numbered() -> None:
    page = (ROOT / "docs" / "adding-a-provider.md").read_text("utf-8")

    assert numbers_in(page.partition("   ## Sources\n")[2].partition("```")[0]) == {"1", "4", "4.1", "4.2"}


@pytest.mark.parametrize("folder", ["simulator", "tests", "benchmarks", "docs", "templates", "scenarios", "examples"])
def test_nothing_is_cited_that_is_not_in_the_repository(folder: str) -> None:
    found = [f"{path}: {match[0]}" for path, text in texts(ROOT / folder) for match in ELSEWHERE.finditer(text)]

    assert found == []
