"""What is made of the registers of facts and of sandboxes: a chapter of each provider's page, and the tables of docs/fidelity.md.

`PYTHONPATH=.:tests python -m register` writes them anew; a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import published

from simulator.engine.facts import STANDINGS, table
from simulator.engine.provider import Provider
from simulator.providers import built_in

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PROVIDERS = {provider.name: provider for provider in built_in()}
KEPT = {name: provider for name, provider in PROVIDERS.items() if len(provider.facts)}
"""Those that keep a register."""


def page_of(provider: str) -> Path:
    return DOCS / "providers" / f"{provider}.md"


def chapters() -> Iterator[tuple[Path, str, str]]:
    """Page, the name between its marks, and what has to stand there."""
    for name, provider in KEPT.items():
        yield page_of(name), f"facts:{name}", table(provider.facts)
    yield DOCS / "fidelity.md", "counts", counts()
    yield DOCS / "fidelity.md", "sandboxes", sandboxes()


def counts() -> str:
    """How many facts there are of each sort."""
    heads = ["Provider", "Documented shapes", *(standing.capitalize() for standing in STANDINGS)]
    rows = [heads, ["---"] * len(heads)]
    rows += [[provider.title, *map(str, _counted(provider))] for provider in PROVIDERS.values()]
    sums = [sum(column) for column in zip(*map(_counted, PROVIDERS.values()), strict=True)]
    rows.append(["All", *map(str, sums)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def sandboxes() -> str:
    """Where the sandboxes are, and where the credentials for them are looked for."""
    rows = [["Provider", "Sandbox", "Environment"], ["---"] * 3]
    for name, provider in PROVIDERS.items():
        if (sandbox := provider.sandbox) is not None:
            others = [host for host in sandbox.hosts if f"//{host}" not in sandbox.url]
            where = f"`{sandbox.url}`" + (
                f", or `--base-url` with {' or '.join(f'`{host}`' for host in others)}" if others else ""
            )
            where += ", which serves real money too: say `--test-account`" if sandbox.serves_live_too else ""
            variables = ", ".join(f"`{sandbox.variable(name, one)}`" for one in sandbox.credentials)
            rows.append([provider.title, where, variables])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _counted(provider: Provider) -> list[int]:
    shapes = sum(_leaves(published.facts(path.stem)) for path in sorted(published.HERE.glob(f"{provider.name}-*.json")))
    standings = provider.facts.counted()
    return [shapes, *(standings[one] for one in STANDINGS)]


def _leaves(published_: Any) -> int:
    """The names, types, bounds and values in a published shape."""
    if isinstance(published_, dict | list):
        return sum(map(_leaves, published_.values() if isinstance(published_, dict) else published_))
    return 1


def of_page(name: str, page: str) -> str:
    """The chapter as it stands on the page."""
    found = _pattern(name).search(page)
    assert found is not None, f"the page has no chapter {name}"
    return found[0]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name.partition(':')[0]} -->)", re.DOTALL)


if __name__ == "__main__":
    for path, name, chapter in chapters():
        page = path.read_text("utf-8")
        path.write_text(_pattern(name).sub(lambda _, chapter=chapter: f"{chapter}\n", page), "utf-8")  # type: ignore[misc]
