"""PostgreSQL, where somebody else holds what a statement wants: what was answered is there, and what failed has left nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from engine.postgres import own_schema
from engine.test_store import resource
from simulator.engine.again import Locked
from simulator.engine.store import Store, open_store
from simulator.engine.transactions import Transactions


@pytest.fixture(scope="module")
def own(postgres_server: str) -> Iterator[tuple[Store, str]]:
    """A store, and the address at which others reach its tables."""
    with own_schema(postgres_server) as address, closing(open_store(address)) as store:
        store.exact_rows("SELECT set_config('lock_timeout', '20', FALSE)")
        yield store, address


@contextmanager
def locked(address: str, table: str) -> Iterator[None]:
    import psycopg

    with psycopg.connect(address) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


def by_zero(store: Store) -> None:
    """Fails past the guard, in the middle of what is under way."""
    import psycopg

    try:
        store._connection.execute("SELECT 1 / 0")  # type: ignore[attr-defined]
    except psycopg.errors.DivisionByZero as error:
        raise ZeroDivisionError(str(error)) from error


def transactions(store: Store) -> Transactions:
    return Transactions(store, lambda: None)


async def test_who_reads_beside_what_others_have_written_and_fails_takes_nothing_along(
    own: tuple[Store, str],
) -> None:
    store, address = own
    shared = transactions(store)
    with locked(address, "journal"):
        for number in range(3):
            with shared.writing(together=True) as writing:
                writing.set_meta(f"promised {number}", "kept")
            waiting = shared.committed()
            for _ in range(2):
                with pytest.raises(store.OUTAGES):
                    store.rows("SELECT seq FROM journal LIMIT 1")
            assert store.meta(f"promised {number}") == "kept"
        with pytest.raises(store.OUTAGES), shared.writing(together=True) as writing:
            writing.set_meta("not promised", "")
            store.rows("SELECT seq FROM journal LIMIT 1")
        shared.commit()
        assert waiting is not None
        await asyncio.wait_for(waiting, 1)

    store.rollback()
    assert [store.meta(f"promised {number}") for number in range(3)] == ["kept"] * 3
    assert store.meta("not promised") is None


async def test_what_postgresql_has_undone_was_not_committed(own: tuple[Store, str]) -> None:
    """It answers a COMMIT with ROLLBACK then, and that is no error of its own."""
    store, _ = own
    shared = transactions(store)
    with shared.writing(together=True) as writing:
        writing.set_meta("spoilt", "")
    waiting = shared.committed()
    with pytest.raises(ZeroDivisionError, match="division"):
        by_zero(store)
    with pytest.raises(store.OUTAGES):
        shared.commit()

    assert waiting is not None
    with pytest.raises(store.OUTAGES, match="undone"):
        await waiting
    assert store.meta("spoilt") is None


def test_who_writes_a_whole_workspace_keeps_no_other_process_waiting(own: tuple[Store, str]) -> None:
    """What both write has numbers of its own."""
    store, address = own
    with closing(open_store(address)) as other:
        other.exact_rows("SELECT set_config('lock_timeout', '20', FALSE)")
        store.begin()
        store.insert_resources([resource("ch_1"), resource("ch_2")])
        store.commit()
        rows = store.everything(1)
        store.begin()
        store.write_everything(2, rows)
        other.begin()
        other.insert_resources([resource("ch_3")])
        other.commit()
        store.commit()

    listed = store.rows("SELECT workspace, id FROM resources ORDER BY seq")
    assert [tuple(row) for row in listed] == [(1, "ch_1"), (1, "ch_2"), (2, "ch_1"), (2, "ch_2"), (1, "ch_3")]


@pytest.mark.parametrize("condition", ["lock_not_available", "deadlock_detected", "serialization_failure"])
def test_whoever_was_in_the_way_it_may_be_tried_again(own: tuple[Store, str], condition: str) -> None:
    store, _ = own
    with pytest.raises(Locked) as said:
        store.rows(f"DO $$ BEGIN RAISE {condition}; END $$")

    assert isinstance(said.value, store.OUTAGES)
    assert str(store.outage(said.value)).startswith("somebody else holds what is needed (")
