"""What docs/reliability.md names as the proof of a promise is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from simulator.engine import (
    endpoints,
    http,
    http_client,
    journal,
    keeping,
    queues,
    records,
    registry,
    settings,
    unread,
    watchers,
    workspace,
)
from simulator.surface import limits, serve
from simulator.surface.control import audits, checks, inbox, operation, paging, purchases, scenarios
from simulator.surface.inbox import Received
from simulator.wallet import buyers

pytestmark = pytest.mark.uncounted

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"

_FILE = re.compile(r"`((?:tests/[\w/]*)?test_\w+\.py)`")
_TEST = re.compile(r"`(test_\w+)`")
_WORDS = re.compile(r"(?:`tests/[\w/]+\.py`|the same): ([^;`]*)")


@cache
def by_file() -> dict[str, tuple[str, ...]]:
    """The names of the tests by their file."""
    found = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        functions = [
            n
            for n in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        found[path.relative_to(ROOT).as_posix()] = tuple(one.name for one in functions if one.name.startswith("test_"))
    return found


def cells() -> list[str]:
    """The last cell of each row: what shows the promise."""
    rows = [
        line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|") and not set(line) <= set("|- ")
    ]
    return [re.split(r"(?<!\\)\|", row.strip("|"))[-1].strip() for row in rows]


def test_every_file_and_every_test_that_is_named_exists() -> None:
    text = PAGE.read_text("utf-8")
    files, names = {Path(name).name for name in by_file()}, {one for found in by_file().values() for one in found}

    assert [name for name in _FILE.findall(text) if name not in by_file() and ("/" in name or name not in files)] == []
    assert [name for name in _TEST.findall(text) if name not in names] == []


def test_the_words_that_stand_beside_a_file_are_those_of_a_test_in_it() -> None:
    """`the same` is the file that was named last. Words may be shortened, and what is in brackets is an explanation."""
    missing, file = [], ""
    for cell in cells():
        for part in cell.split(";"):
            named = [name for name in _FILE.findall(part) if name in by_file()]
            file = named[-1] if named else file
            for words in _WORDS.findall(part):
                for phrase in re.split(r",| and ", re.sub(r"\(.*?\)", "", words)):
                    stems = [word[:4] for word in re.findall(r"[a-z0-9]+", phrase.lower()) if len(word) > 2]
                    if not any(all(stem in name for stem in stems) for name in by_file()[file]):
                        missing.append(f"{file}: {phrase.strip()}")

    assert missing == []


@pytest.mark.parametrize(
    "section", ["never lost", "year of running", "bounded", "store", "Bodies", "never stored", "Bad receivers"]
)
def test_each_kind_of_promise_has_its_section(section: str) -> None:
    assert re.search(rf"^## .*{section}", PAGE.read_text("utf-8"), re.MULTILINE)


def test_every_promise_says_what_shows_it() -> None:
    """In a table whose last column says it, no row leaves it empty."""
    empty, is_shown = [], False
    for line in PAGE.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            is_shown = False
        elif line.rstrip(" |").endswith("Shown by"):
            is_shown = True
        elif (
            is_shown and not set(line) <= set("|- ") and not re.split(r"(?<!\\)\|", line.strip().strip("|"))[-1].strip()
        ):
            empty.append(line)

    assert empty == []


BOUNDS = {
    f"{http.HEADER_LIMIT:,} bytes of one header; {http.HEADERS_LIMIT:,} of all",
    f"{unread.DEPTH} levels of a JSON body",
    f"{serve.HEAD_LIMIT:,} bytes of a head",
    f"{http.BODY_LIMIT:,} bytes of a body",
    f"{operation.DEPTH_LIMIT} levels of lists and objects",
    f"{paging.MAX_LIMIT} rows of a list",
    f"{registry.LINE} printable characters in one line of a credential",
    f"{registry.LISTED} in a list |",
    f"{checks.URL_LIMIT:,} characters of a webhook's address, {endpoints.SECRET_LIMIT} of its secret",
    f"{purchases.REFERENCE_LIMIT} of a test payment's reference",
    f"{registry.SNAPSHOTS} snapshots of a workspace, which hold {registry.ROWS:,} rows together",
    f"{registry.ROWS:,} rows of a document",
    f"{limits.IMPORT_LIMIT:,} bytes of a document",
    f"{scenarios.ARMED} armed scenarios of {scenarios.ARMED_SIZE:,} bytes together",
    f"{scenarios.RULES} rules of a scenario that is armed with its rules; {scenarios.NEXT:,} payments for which",
    f"{registry.ROWS_IN_ALL:,} rows that the snapshots of all workspaces hold together",
    f"{registry.WORKSPACES:,} workspaces |",
    f"{buyers.ADDED:,} buyers beside the eight; {buyers.LINES} lines of a buyer's ledger",
    f"{watchers.Audience.MOST} connections that listen or wait",
    f"{endpoints.ENDPOINTS_LIMIT} endpoints of an account",
    f"{workspace.MADE} addresses for webhooks, of {workspace.MADE_SIZE:,} bytes together",
    f"{journal.BODY_LIMIT:,} bytes of a body that an inbox keeps",
    f"{Received.KEPT:,} requests in the inboxes of a workspace, and {keeping.KIND_SIZE:,} bytes of them",
    f"{audits.KEPT} audits since the start",
    f"{workspace.FORMER} former endpoints and secrets",
    f"{inbox.NAME_LIMIT} characters of an inbox's name",
    f"{http_client.READ_LIMIT // 1024} kB are read",
    f"{records.ANSWER_LIMIT:,} characters are kept",
    f"{queues.PER_ENDPOINT} tries at once to an endpoint",
    f"{queues.AT_ONCE} beside the first of each endpoint in a workspace, {queues.ENDPOINTS_AT_ONCE} endpoints at once",
    f"{settings.SimulatorSettings().keep.payments:,} payments and any number of days",
    f"steps of {keeping.STEP} payments",
    f"{keeping.FEWEST_LINES:,} at least",
}
"""How the page says what the code has."""


def test_the_bounds_that_are_promised_are_those_of_the_code() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())

    assert sorted(bound for bound in BOUNDS if bound not in text) == []


def test_so_are_those_of_postgresql() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    from simulator.engine import again
    from simulator.engine.store import postgres

    text = " ".join(PAGE.read_text("utf-8").split())

    assert (
        f"{postgres.NEVER_HANGS['connect_timeout']} s of connecting ({postgres.AGAIN_S} s once it has answered" in text
    )
    assert f"{postgres.SILENCE_S:g} s of a statement" in text
    assert f"({postgres.LENGTH_S:g} s of those that copy" in text
    waits = f"{postgres.LOCK_MS} ms, those that follow {postgres.NEXT_LOCK_MS} ms each and {again.APART_S * 1000:g} ms apart"
    assert f"a statement waits {waits}; {again.PATIENCE_S:g} s in all" in text
    assert f"nobody asks for {postgres.PAUSE_S:g} s. {postgres.UPGRADE_S:g} s for bringing tables up to date" in text
