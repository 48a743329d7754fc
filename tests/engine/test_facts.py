"""A register is read when somebody asks; a fact shows in an answer where all of one of its places holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from simulator.engine.facts import NO_FACTS, Exchange, Fact, FactError, Facts, Place, table, values

ABROAD = """
[abroad]
statement = "Consumers of another country are declined."
source = "An older page."
shows = [{ operation = "create", status = 200, member = "failure", asked = { "consumer.country" = { not = "CN" } } }]
settled_by = "A charge of such a consumer."
setting = { name = "countries", other = "any" }
"""


def register(folder: Path, text: str) -> Facts:
    path = folder / "facts.toml"
    path.write_text(text, "utf-8")
    return Facts(path, "acme")


def shows(folder: Path, place: str, exchange: Exchange) -> bool:
    text = f'[one]\nstatement = "A."\nsource = "B."\nsettled_by = "C."\nshows = [{place}]\n'
    return bool(register(folder, text).inferred_in(exchange))


def answer(**more: object) -> Exchange:
    said = {"operation": "create", "status": 200, "asked": {"amount": 100}, "answered": {"id": "p_1"}, **more}
    return Exchange(**said)  # type: ignore[arg-type]


def test_a_fact_is_a_table_whose_name_is_its_id(tmp_path: Path) -> None:
    [fact] = register(tmp_path, ABROAD)

    assert (fact.id, fact.standing) == ("acme.abroad", "inferred")
    assert fact.setting is not None and (fact.setting.name, fact.setting.other) == ("countries", "any")
    assert fact.shows[0].operation == ("create",) and fact.shows[0].status == (200,)


def test_a_register_can_be_asked_by_id_and_counted(tmp_path: Path) -> None:
    text = ABROAD + ABROAD.replace("[abroad]", "[seen]") + 'standing = "observed"\nby = "client"\n'
    facts = register(tmp_path, text)

    assert len(facts) == 2
    assert facts.get("acme.nothing") is None
    assert (facts.get("acme.seen") or facts.all[0]).by == "client"
    assert facts.counted() == {"inferred": 1, "observed": 1, "confirmed": 0}


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    Facts(tmp_path / "there-is-no-such.toml", "acme")

    assert list(NO_FACTS) == []


@pytest.mark.parametrize(
    "place, exchange, expected",
    [
        ('{ operation = "create" }', answer(), True),
        ('{ operation = ["read", "create"] }', answer(), True),
        ('{ operation = "read" }', answer(), False),
        ("{ status = [200, 201] }", answer(), True),
        ("{ status = 201 }", answer(), False),
        ('{ member = "id" }', answer(), True),
        ('{ member = "failure" }', answer(), False),
        ('{ member = "failure", absent = true }', answer(), True),
        ('{ member = "items[].id" }', answer(answered={"items": [{}, {"id": 1}]}), True),
        ('{ member = "[].id" }', answer(answered=[{"id": 1}]), True),
        ('{ header = "vary" }', answer(headers={"vary": "x"}), True),
        ('{ header = "vary" }', answer(), False),
        ('{ asked = { amount = 100 } }', answer(), True),
        ('{ asked = { amount = [99, 100] } }', answer(), True),
        ('{ asked = { amount = { not = 100 } } }', answer(), False),
        ('{ asked = { currency = { not = "CNY" } } }', answer(), False),
        ('{ asked = { amount = { above = 99 } } }', answer(asked={"amount": "100"}), True),
        ('{ asked = { amount = { below = 100 } } }', answer(), False),
        ('{ asked = { amount = { below = 100 } } }', answer(asked={"amount": "x"}), False),
        ('{ asked = { amount = { above = 0 } } }', answer(asked={"amount": True}), False),
        ('{ asked = { amount = { has = true } } }', answer(), True),
        ('{ asked = { currency = { has = false } } }', answer(), True),
        ('{ asked = { amount = { is = "text" } } }', answer(asked={"amount": "100"}), True),
        ('{ asked = { amount = { is = "number" } } }', answer(), True),
        ('{ asked = { "**" = { is = "null" } } }', answer(asked={"order": [{"item": None}]}), True),
        ('{ asked = { amount = { is = "empty" } } }', answer(asked={"amount": ""}), True),
        ('{ answered = { id = "p_1" }, asked = { amount = 1 } }', answer(), False),
        ('{ event = "paid" }', answer(), False),
        ('{ elsewhere = "a page" }', answer(), False),
        ('{ member = "id" }', answer(answered=None), False),
    ],
)  # fmt: skip
def test_a_place_fits_an_answer_when_all_that_it_says_holds(
    tmp_path: Path, place: str, exchange: Exchange, expected: bool
) -> None:
    assert shows(tmp_path, place, exchange) is expected


def test_what_is_confirmed_or_observed_is_not_called_inferred(tmp_path: Path) -> None:
    everywhere = ABROAD.replace(
        'operation = "create", status = 200, member = "failure", asked = { "consumer.country" = { not = "CN" } }',
        "status = 200",
    )

    confirmed = register(tmp_path, everywhere + 'standing = "confirmed"\non = 2026-11-27\nsandbox = "eu"\n')

    assert confirmed.all[0].on == date(2026, 11, 27)
    assert confirmed.inferred_in(answer()) == []
    assert "**confirmed** on 2026-11-27 at eu. An older page." in table(confirmed)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("settled_by", "settles", "settles: a fact has"),
        ('source = "An older page."', "", "source is missing"),
        ("status = 200", "code = 200", "shows: code: a place has"),
        ("{ not =", "{ unlike =", "a condition is a value"),
        ("[abroad]", "[abroad", "facts.toml|acme"),
        ("[abroad]", "there = 1\n[abroad]", "a fact is a table"),
        ("settled_by", 'standing = "sure"\nsettled_by', "standing is one of"),
        ("settled_by", 'standing = "observed"\nsettled_by', "says by"),
        ("settled_by", 'standing = "confirmed"\nsettled_by', "says on"),
        ("settled_by", 'by = "client"\nsettled_by', "says by"),
    ],
)
def test_a_register_that_contradicts_itself_says_what_would_be_right(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    facts = register(tmp_path, ABROAD.replace(old, new, 1))

    with pytest.raises(FactError, match=message):
        len(facts)


def test_a_fact_that_shows_nowhere_is_none() -> None:
    with pytest.raises(FactError, match="shows nowhere"):
        Fact(id="acme.x", statement="A.", source="B.", settled_by="C.", shows=())


def test_the_table_says_where_a_fact_shows_and_which_setting_chooses_otherwise(tmp_path: Path) -> None:
    assert table(register(tmp_path, ABROAD)).splitlines()[-1] == (
        "| `acme.abroad` | Consumers of another country are declined. | An older page. | "
        "`create` 200 `failure` (`consumer.country` is not CN) | "
        'A charge of such a consumer. Setting `countries: "any"`. |'
    )


def test_values_are_found_by_dotted_paths() -> None:
    said = {"a": {"b": [{"c": 1}, {"c": 2}, {}]}, "d": None}

    assert values(said, "a.b[].c") == [1, 2]
    assert values(said, "d") == [None]
    assert values(said, "a.x.y") == []
    assert values("text", "a") == []


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(elsewhere="the buyer's page"), "the buyer's page"),
        (Place(event="*", member="id"), "webhook of any event `id`"),
        (Place(event="paid"), "webhook `paid`"),
        (Place(header="X-Own"), "any call `X-Own`"),
        (Place(operation=("a", "b"), status=(200, 201), member="id", absent=True), "`a`, `b` 200/201 without `id`"),
        (Place(asked={"amount": {"above": 7}}), "any call (`amount` above 7)"),
        (
            Place(asked={"a": {"has": True}, "b": {"has": False}}, answered={"c": {"not": [True, ""]}}),
            "any call (`a` given, `b` not given, answered `c` is not true or empty)",
        ),
        (Place(asked={"a": {"is": "null"}, "b": ["x", "y"]}), "any call (`a` is null, `b` is x or y)"),
    ],
)
def test_a_place_is_told_in_words(place: Place, words: str) -> None:
    assert place.words == words
