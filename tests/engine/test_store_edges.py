"""What a store does not do: open what a later version wrote, wait for a server that is not there, walk where it can look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.test_store import FAR
from simulator.engine.store import SqliteStore, Store, StoreUnavailable, open_store, schema


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    where = str(tmp_path / "store.db")
    opened = open_store(where)
    opened.run(f"PRAGMA user_version = {schema.VERSION + 1}")
    opened.close()

    with pytest.raises(StoreUnavailable, match="another version"):
        open_store(where)


def test_a_server_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(StoreUnavailable, match="cannot open the PostgreSQL store"):
        open_store("postgresql:///nothing?host=/nowhere&connect_timeout=1")


def test_closing_it_twice_is_closing_it_once(tmp_path: Path) -> None:
    for where in (":memory:", str(tmp_path / "store.db")):
        opened = open_store(where, address="http://localhost:8080")
        opened.close()
        opened.close()


LOOKUPS: dict[str, Callable[[Store], object]] = {
    "keys k|PRIMARY KEY": lambda store: store.resources_by_key(1, "acme", "charge", "reference", "order", 1),
    "keys k|PRIMARY KEY (value": lambda store: store.key_anywhere("acme", "charge", "reference", "order"),
    "keys k|PRIMARY KEY (value=?": lambda store: store.resources_of_kind(
        1, "acme", "charge", before=None, after=None, limit=10, key=("reference", "order")
    ),
    "resources r|resources_listed": lambda store: store.resources_of_kind(
        1, "acme", "charge", before=7, after=None, limit=10
    ),
    "resources|resources_id": lambda store: store.payment(1, "acme", "ch_1"),
    "resources|resources_id (id=?": lambda store: store.resource(1, "acme", "charge", "ch_1"),
    "timers|timers_due (workspace=? AND due": lambda store: store.timers(1, after=(7, 7)),
    "outbox|outbox_due (workspace=? AND due": lambda store: store.due_messages(1, FAR, after=(7, 7)),
    "timers|timers_of": lambda store: store.delete_timers_of(1, "acme", "charge", "ch_1", "timer.expired"),
    "resources|resources_id (id=? AND kind": lambda store: store.resources_of(1, "wallet", "order", ["a", "b"]),
    "resources r|resources_id (id": lambda store: store.payments_anywhere("ch_1", 3),
    "resources|resources_payments (workspace=? AND seq>? AND seq<": lambda store: store.payments(
        1, phase="paid", q="x", failing=True, before=9, from_seq=2, limit=3
    ),
    "resources|resources_reference (workspace=? AND reference=? AND seq<": lambda store: store.payments(
        1, provider="acme", reference="order-1", before=9, limit=1
    ),
    "resources|resources_reference (workspace=? AND reference=?": lambda store: store.payments(
        1, reference="order-1", limit=1
    ),
    "resources|resources_payments (workspace=? AND seq<": lambda store: store.payment_back(1, 9, 3),
    "resources|resources_reference (workspace=? AND reference=? AND seq<?": lambda store: store.payment_back(
        1, 9, 3, "order-1"
    ),
    "outbox|outbox_told (workspace=? AND seq": lambda store: store.page_of_messages(
        1, event="paid", group="failing", place=9, limit=3
    ),
    "outbox|outbox_told (workspace=?)": lambda store: store.page_of_messages(1, event="paid", newest=False, limit=3),
    "outbox|outbox_subject (workspace=? AND subject=? AND seq<": lambda store: store.page_of_messages(
        1, subject="ch_1", adversarial=True, place=9, limit=3
    ),
    "journal|journal_kind (workspace=? AND kind=? AND seq>": lambda store: store.clock_lines(1, 3, 5),
    "journal|journal_kind (workspace=? AND kind=?)": lambda store: store.newest_clock_lines(1, 5),
    "outbox|outbox_subject (workspace=? AND subject=?": lambda store: store.outcomes(1, ["ch_1", "ch_2"]),
    "resources|resources_payments (workspace=? AND seq>?)": lambda store: store.payments_after(1, 7, 8),
    "journal|journal_subject (workspace=? AND subject=?": lambda store: store.stories(1, ["ch_1", "ch_2"]),
    "timers|timers_of (id=?": lambda store: store.with_timers(1, ["ch_1", "ch_2"]),
    "outbox|outbox_subject (workspace=? AND subject=?)": lambda store: store.with_pending(1, ["ch_1", "ch_2"]),
    "resources|(": lambda store: store.hanging(1, ["ch_1"], ["re_1"]),
    "journal|journal_subject (workspace=? AND subject=?)": lambda store: store.tails_of(1, ["ch_1"], 100),
    "journal|INTEGER PRIMARY KEY": lambda store: store.drop_loose(1, 5, None, 10),
    "outbox|outbox_subject": lambda store: store.next_message(1, "acme", "ch_1", "http://merchant.test", 10),
}


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_looking_one_thing_up_does_not_walk_through_a_workspace(lookup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's planner, which knows no numbers, begins with the index that is named."""
    store = open_store(":memory:")
    assert isinstance(store, SqliteStore)
    execute, plans = store._execute, list[str]()

    def explain(sql: str, values: Any = ()) -> Any:
        plans.append(execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()[0][3])
        return execute(sql, values)

    monkeypatch.setattr(store, "_execute", explain)

    LOOKUPS[lookup](store)

    table, index = lookup.split("|")
    assert plans == [plan for plan in plans if plan.startswith(f"SEARCH {table.split()[-1]} ") and index in plan]
    store.close()
