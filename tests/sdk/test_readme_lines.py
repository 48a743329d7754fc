"""The README's table of clients: what can be run is run, by the tests of each client."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

from sdk import readme
from simulator.providers import built_in

CALL = re.compile(r'readme\.(?:lines|python)\(\s*"([^"]+)",\s*"([^"]+)"')


def test_every_line_that_can_be_run_is_run_by_a_test() -> None:
    """Those for PHP by `test_php`, for every provider there is."""
    tests = [
        path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name
    ]

    run = {key for text in tests for key in CALL.findall(text)}

    assert run == {key for key in readme.RUNNABLE if key[1] != "PHP with curl"}
    assert {provider for provider, client in readme.RUNNABLE if client == "PHP with curl"} == {
        p.title for p in built_in()
    }


def test_the_table_has_each_provider_in_each_language() -> None:
    """By an official client or by curl; a provider's title may say more than the table does."""
    for language in ("PHP", "any|Python", "any|Node|PHP", "any|Go"):
        found = {provider for provider, client in readme.ROWS if re.match(language, client)}
        assert {provider for provider, _ in readme.ROWS} == found, language
    assert {provider.title for provider in built_in()} == {provider for provider, _ in readme.ROWS}


def test_the_page_for_authors_shows_the_rows_that_are_wanted() -> None:
    """They are read as those of the README are, and say of its example what a provider's row has to."""
    page = (Path(__file__).parents[2] / "docs" / "adding-a-provider.md").read_text("utf-8")
    table = dedent(page.partition('Under "Point your SDK here" stand')[2].partition("```\n")[2].partition("```")[0])

    rows = readme.rows_of(table)

    assert list(rows) == [("Acme", "any HTTP client"), ("Acme", "PHP with curl")]
    assert [line.partition(" = ")[0] for line in rows["Acme", "PHP with curl"]] == ["$call", "$headers"]


def test_nothing_stands_before_the_warning_of_the_client_that_leaks() -> None:
    """A secret that went to a live host cannot be taken back, so it is said first."""
    first = readme.SECTION.split("\n\n")[1]

    assert "live host" in first
    assert "oAuthAuthorizationApi" in first and "balancesUrl" in first
