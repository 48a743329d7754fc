"""The ledger of webhooks in either store: what it lists and counts, and that attacks are neither failures nor to be resent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from simulator.engine.messages import Plan
from simulator.engine.store import Store, open_store
from simulator.engine.store import outbox as table

FORGED = Plan(forge="body").dump()


def message(id_: str, provider: str, state: str, attempts: int, plan: bytes | None = None) -> tuple[object, ...]:
    return (id_, 1, provider, "paid", "ch_1", "http://m", state, 5, 1, attempts, b"{}", b"{}", 0, plan)


ROWS = [
    message("m1", "acme", "delivered", 1),
    message("m2", "acme", "failed", 3),
    message("m3", "other", "pending", 1),
    message("m4", "acme", "pending", 0),
    message("m5", "acme", "failed", 1, FORGED),
    message("m6", "other", "kept", 0),
    message("m7", "acme", "delivered", 2),
]


@pytest.fixture
def ledger(where: str) -> Iterator[Store]:
    with closing(open_store(where)) as store:
        store.insert_messages(ROWS)
        yield store


def ids(store: Store, group: str | None, *, providers: list[str] | None = None, before: int | None = None) -> list[str]:
    rows, further = store.ledger(1, providers=providers, event=None, group=group, before=before, limit=50)
    assert further is None
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (None, ["m7", "m6", "m5", "m4", "m3", "m2", "m1"]),
        ("delivered", ["m7", "m1"]),
        ("failing", ["m3", "m2"]),
        ("pending", ["m4", "m3"]),
        ("kept", ["m6"]),
        ("adversarial", ["m5"]),
    ],
)
def test_a_group_is_listed_newest_first(ledger: Store, group: str | None, expected: list[str]) -> None:
    assert ids(ledger, group) == expected


def test_a_list_may_be_of_some_providers_and_begin_anywhere(ledger: Store) -> None:
    sixth = next(row.seq for row in ledger.messages(1) if row.id == "m6")

    assert ids(ledger, None, providers=["acme"], before=sixth) == ["m5", "m4", "m2", "m1"]
    assert ids(ledger, "failing", providers=["other"]) == ["m3"]
    assert ids(ledger, None, providers=[]) == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["m7", "m6", "m5", "m4", "m3", "m2", "m1"]),
        ({"group": "failed"}, ["m5", "m2"]),
        ({"group": "failing"}, ["m5", "m3", "m2"]),
        ({"group": "failing", "adversarial": False}, ["m3", "m2"]),
        ({"adversarial": True}, ["m5"]),
        ({"providers": ["other"], "group": "kept"}, ["m6"]),
        ({"providers": []}, []),
        ({"event": "nothing"}, []),
        ({"subject": "ch_1", "group": "delivered"}, ["m7", "m1"]),
    ],
)
@pytest.mark.parametrize("looked_at", [2, 100])
def test_a_list_page_by_page_has_what_was_asked_for_in_either_direction(
    ledger: Store, monkeypatch: pytest.MonkeyPatch, looked_at: int, wanted: dict[str, Any], expected: list[str]
) -> None:
    """However few messages a page looks at."""
    monkeypatch.setattr(table, "LOOKED_AT", looked_at)

    def read(newest: bool) -> list[str]:
        found, place = list[str](), None
        for _ in range(20):
            rows, further = ledger.page_of_messages(1, **wanted, newest=newest, place=place, limit=3)
            found += [row.id for row in rows]
            place = rows[-1].seq if len(rows) == 3 else further
            if place is None:
                return found
        raise AssertionError("it does not end")

    assert read(newest=True) == expected
    assert read(newest=False) == expected[::-1]


def test_what_is_counted_is_what_is_listed(ledger: Store) -> None:
    counted = {(provider, kind): n for provider, kind, n in ledger.tallies(1, 1000)}

    assert counted == {
        ("acme", "delivered"): 2,
        ("acme", "failing"): 1,
        ("acme", "pending"): 1,
        ("acme", "adversarial"): 1,
        ("other", "failing"): 1,
        ("other", "kept"): 1,
    }
    assert dict(ledger.failing_of(1, 1000)) == {"acme": 1, "other": 1}
    assert ledger.count_failing(1, 1000) == 2
    assert sum(n for *_, n in ledger.tallies(1, 3)) == 3


def test_what_failed_is_due_again_and_an_attack_is_not(ledger: Store) -> None:
    assert ledger.try_failed_again(1, None, 9) == 2

    due = {row.id: (row.state, row.due) for row in ledger.messages(1)}
    assert (due["m2"], due["m3"]) == (("pending", 9), ("pending", 9))
    assert due["m5"] == ("failed", 5)


def test_an_attack_is_no_outcome_of_a_payment(ledger: Store) -> None:
    assert [row[1] for row in ledger.outcomes(1, ["ch_1"])] == ["m1", "m2", "m3", "m4", "m6", "m7"]


def test_a_list_that_has_looked_at_enough_says_where_to_look_on(ledger: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "LOOKED_AT", 3)

    rows, further = ledger.ledger(1, providers=None, event=None, group="delivered", before=None, limit=50)
    more, end = ledger.ledger(1, providers=None, event=None, group="delivered", before=further, limit=50)
    last, nothing = ledger.ledger(1, providers=None, event=None, group="delivered", before=end, limit=50)

    assert [[row.id for row in part] for part in (rows, more, last)] == [["m7"], [], ["m1"]]
    assert nothing is None
