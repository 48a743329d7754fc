"""Banner, README, pages and documents name nothing that does not exist: commands, targets, files, variables, places."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
from support import Sim

from simulator.engine.texts import catalogue
from simulator.providers import built_in
from simulator.surface import cli
from simulator.surface.settings import Settings

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"psp-simulator ((?:[a-z]+(?:-[a-z]+)*)(?: (?:arm|disarm|list))?)((?: --?[a-z-]+)*)")
VARIABLE = re.compile(r"PSP_SIMULATOR_[A-Z_]*[A-Z]")
CLIENTS = {"PSP_SIMULATOR_URL", "PSP_SIMULATOR_WORKSPACE", "PSP_SIMULATOR_CONFIG", "PSP_SIMULATOR_COMPLETE"}
"""Variables that are no setting of the server."""


def in_code(text: str) -> str:
    """What stands in code, where words are what is typed."""
    return "\n".join(re.findall(r"`[^`\n]+`|^```.*?^```", text, re.MULTILINE | re.DOTALL))


def command_named(words: str) -> click.Command | None:
    first, _, second = words.partition(" ")
    found = cli.main.commands.get(first)
    return found.commands.get(second) if isinstance(found, click.Group) and second else found


def sources() -> list[tuple[str, str]]:
    """Everything that people read: documents as their code, and the texts of the pages."""
    documents = [(page.name, in_code(page.read_text("utf-8"))) for page in PAGES]
    spoken = "\n".join(text for language in ("en", "zh") for text in catalogue(language).values())
    templates = "\n".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    return [*documents, ("texts", spoken), ("templates", templates)]


@pytest.mark.parametrize(("where", "text"), sources(), ids=lambda value: value if len(value) < 30 else "")
def test_every_command_that_is_named_exists_with_its_options(where: str, text: str) -> None:
    wrong = []
    for words, options in COMMAND.findall(text):
        command = command_named(words)
        known = {option for one in command.params for option in one.opts} | {"--help", "-h"} if command else set()
        wrong += [f"{words}{options}"] if command is None or not set(options.split()) <= known else []

    assert wrong == []


@pytest.mark.parametrize(("where", "text"), sources(), ids=lambda value: value if len(value) < 30 else "")
def test_every_variable_that_is_named_is_read(where: str, text: str) -> None:
    """A setting's, a credential's, or one that clients read."""
    known = {f"PSP_SIMULATOR_{field.name.upper()}" for field in fields(Settings)} | CLIENTS
    prefixes = tuple(f"PSP_SIMULATOR_{provider.name.upper()}_" for provider in built_in())

    named = set(VARIABLE.findall(text))

    assert {name for name in named if name not in known and not name.startswith(prefixes)} == set()


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    named = {name for _, text in sources() for name in re.findall(r"(?:^|`|\$ )make ([a-z]+)\b", text, re.MULTILINE)}

    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_document_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


async def test_places_of_the_console_that_are_named_exist() -> None:
    """The banner's "secret in the console", a page's "Add one under Buyers", and the documents that the quick start names."""
    async with Sim(providers=built_in()) as sim:
        pages = {
            path: (await sim.http.get(f"/console/default/{path}")).text
            for path in ("buyers/li-na", *(f"start/{provider.name}" for provider in built_in()))
        }

    default = sim.app.runtime.default.credentials
    for provider in built_in():
        page = pages[f"start/{provider.name}"]
        assert provider.banner is not None
        if "secret in the console" in provider.banner(default[provider.name]).more:
            assert default[provider.name]["secret_key"] in page
        named = [] if provider.first_steps is None else [f"docs/providers/{provider.name}.md"]
        assert re.findall(r"docs/providers/\w+\.md", page) == named
        assert (ROOT / "docs" / "providers" / f"{provider.name}.md").exists()
    assert "Buyers" in catalogue("en")["no_card_hint"]
    assert re.search(r'name="card\.', pages["buyers/li-na"])


@pytest.mark.parametrize("provider", [p for p in built_in() if p.first_steps is not None], ids=lambda one: one.name)
def test_the_sources_that_the_quick_start_names_stand_on_the_providers_page(provider: object) -> None:
    steps = provider.first_steps  # type: ignore[attr-defined]
    page = (ROOT / "docs" / "providers" / f"{steps.folder.name}.md").read_text("utf-8")
    sources_ = page[page.index("## Sources") :]

    missing = [
        source
        for _, source in steps.differs
        if not re.search(
            rf"^\| {source} \|" if source.isdigit() else rf"[ :;]{re.escape(source)} ", sources_, re.MULTILINE
        )
    ]

    assert missing == []
