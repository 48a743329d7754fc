"""What is not documented stands in a register, and code, documents and register say the same. Marks name ids, ids have marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import register
from register import KEPT, ROOT

from simulator.engine.facts import STANDINGS, Fact
from simulator.engine.settings import faults

pytestmark = pytest.mark.uncounted

ID = r"[a-z][a-z0-9_]*\.[a-z0-9]+(?:-[a-z0-9]+)*"
MARK = re.compile(rf"\b([Ii]nferred|[Oo]bserved|[Cc]onfirmed)(?:: | \()({ID}(?:, {ID})*)")
"""`Inferred: acme.a, acme.b` in the code, `(inferred: acme.a)` in documents; in a sentence that people see, `inferred (acme.a)`."""
WORD = re.compile(r"\binferred\b", re.IGNORECASE)
ABOUT = re.compile(
    r"\bWhat is inferred\b|\(#what-is-inferred\)|\*\*\(inferred: …\)\*\*|what is inferred|, inferred and left out\b"
)
"""Where pages speak of the marks and the chapter themselves."""

FACTS = [pytest.param(name, fact, id=fact.id) for name, provider in KEPT.items() for fact in provider.facts]


def sources(provider: str) -> Iterator[tuple[Path, str]]:
    """The code of a provider, and what belongs to it elsewhere."""
    folder = ROOT / "simulator" / "providers" / provider
    paths = [*folder.rglob("*.py"), *folder.rglob("*.js"), *folder.rglob("*.json"), *folder.rglob("README.md")]
    for path in [
        *paths,
        ROOT / "scenarios" / f"{provider}.yaml",
        *(ROOT / "templates/hosted" / provider).rglob("*.html"),
    ]:
        if path.exists():
            yield path.relative_to(ROOT), path.read_text("utf-8")


def prose(provider: str) -> str:
    """A provider's page without the register's own chapter, and without the table of settings, which the code writes."""
    page = register.page_of(provider).read_text("utf-8")
    return re.sub(r"<!-- (facts|settings):.*?<!-- /\1 -->", "", page, flags=re.DOTALL)


def marks(text: str) -> Iterator[tuple[str, str]]:
    """Each id that a text names, and what it says that the fact is."""
    for match in MARK.finditer(text):
        for id_ in match[2].split(", "):
            yield match[1].lower(), id_


@pytest.mark.parametrize("path, name, chapter", [*register.chapters()], ids=lambda value: getattr(value, "name", ""))
def test_a_chapter_is_as_the_registers_say(path: Path, name: str, chapter: str) -> None:
    """`PYTHONPATH=.:tests python -m register` writes it anew."""
    shown = register.of_page(name, path.read_text("utf-8")).strip()

    assert shown == chapter, "PYTHONPATH=.:tests python -m register writes it anew"


@pytest.mark.parametrize("provider", KEPT)
def test_every_mark_names_a_fact_of_the_register_and_its_standing(provider: str) -> None:
    standings = {fact.id: fact.standing for fact in KEPT[provider].facts}
    texts = [*sources(provider), (register.page_of(provider).relative_to(ROOT), prose(provider))]

    wrong = [
        f"{path}: {said}: {id_}" for path, text in texts for said, id_ in marks(text) if standings.get(id_) != said
    ]
    bare = [
        f"{path}: {text[max(match.start() - 60, 0) : match.end() + 20]!r}"
        for path, text in texts
        for match in WORD.finditer(ABOUT.sub("", text))
        if MARK.match(ABOUT.sub("", text), match.start()) is None
    ]

    assert wrong == []
    assert bare == [], (
        "what is inferred is an entry of facts.toml, and the mark its id: `Inferred: acme.some-fact` (docs/adding-a-provider.md)"
    )


@pytest.mark.parametrize("provider", KEPT)
def test_every_fact_is_named_where_the_code_does_it(provider: str) -> None:
    named = {id_ for _, text in sources(provider) for _, id_ in marks(text)}

    assert [fact.id for fact in KEPT[provider].facts if fact.id not in named] == []


@pytest.mark.parametrize("provider, fact", FACTS)
def test_a_fact_shows_where_the_provider_has_something_to_show(provider: str, fact: Fact) -> None:
    """Its operations, events and settings exist, and the other reading is a value that the setting takes."""
    its = KEPT[provider]
    operations = {endpoint.operation for endpoint in its.endpoints}

    for place in fact.shows:
        assert set(place.operation) <= operations
        assert place.event in ("", "*", *its.webhooks.events)
        assert place.header == place.header.lower()
        assert all(100 <= status < 600 for status in place.status)
    if fact.setting is not None:
        assert fact.setting.name in its.settings.model_fields
        if fact.setting.other is not None:
            assert faults(its.settings, {fact.setting.name: fact.setting.other}) == []
            assert its.settings.model_fields[fact.setting.name].default != fact.setting.other
    assert re.fullmatch(ID, fact.id) and fact.id.startswith(f"{provider}.")
    for sentence in (fact.statement, fact.source, fact.settled_by):
        assert sentence.endswith(".") and len(sentence) > 12


def test_no_page_elsewhere_leaves_something_inferred_unnamed() -> None:
    """What all providers share is ours or is documented; what is inferred belongs to a provider."""
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "providers"]
    pages = [path for path in pages if path.name not in ("fidelity.md", "adding-a-provider.md")]
    modules = [
        path
        for folder in ("kernel", "wallet", "engine")
        for path in (ROOT / "simulator" / folder).rglob("*.py")
        if path.name != "facts.py"
    ]

    assert [
        str(path) for path in [*pages, *modules] if re.search(r"[Ii]nferred:|\(inferred", path.read_text("utf-8"))
    ] == []


def test_the_standings_are_counted_from_the_registers() -> None:
    total = register.counts().splitlines()[-1].split(" | ")[-len(STANDINGS) :]

    assert [int(number.strip(" |")) for number in total] == [
        sum(fact.standing == standing for provider in KEPT.values() for fact in provider.facts)
        for standing in STANDINGS
    ]


def test_every_built_in_provider_keeps_a_register() -> None:
    assert list(KEPT) == list(register.PROVIDERS)
