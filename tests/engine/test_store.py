"""Both stores keep the same promises, in one file because it is one list. Each test runs over SQLite and over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from time import process_time
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from engine.postgres import own_schema
from simulator.engine.store import AttemptRow, OutboxRow, Store, StoreConflict, open_store
from simulator.engine.sweeper import Sweeper
from simulator.engine.transactions import Transactions

FAR = 2**57
BYTES = bytes(range(256))


@pytest.fixture
def store(where: str) -> Iterator[Store]:
    opened = open_store(where)
    yield opened
    opened.close()


@pytest.fixture
async def sim(where: str) -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME], db=where) as simulator:
        yield simulator


def resource(id_: str, **other: Any) -> tuple[Any, ...]:
    row = {"workspace": 1, "provider": "acme", "kind": "charge", "id": id_, "version": 1, "phase": "waiting"}
    row |= {"reference": f"ref-{id_}", "body": BYTES, "unlisted": None, "hangs_on": None} | other
    return tuple(row.values())


def message(id_: str, **other: Any) -> tuple[Any, ...]:
    row: dict[str, Any] = {"id": id_, "workspace": 1, "provider": "acme", "event": "paid", "subject": "ch_1"}
    row |= {"url": "http://merchant.test", "state": "pending", "due": 10, "created": 10, "attempts": 0}
    row |= {"context": b"{}", "body": BYTES, "from_network": 0, "plan": None} | other
    return tuple(row.values())


def test_bytes_come_back_as_bytes(store: Store) -> None:
    store.insert_resources([resource("ch_1")])

    assert store.resource(1, "acme", "charge", "ch_1") == BYTES
    assert isinstance(store.resource(1, "acme", "charge", "ch_1"), bytes)
    assert store.resource(2, "acme", "charge", "ch_1") is None


def test_instants_need_64_bits(store: Store) -> None:
    """Microseconds since 1970 do not fit into 32."""
    store.insert_timers([(1, FAR, "acme", "charge", "ch_1", "timer.expired", b"{}")])

    assert [timer.due for timer in store.timers(1)] == [FAR]
    assert store.next_due(1) == FAR
    assert store.timers(1, FAR - 1) == []


def test_a_transaction_is_taken_back_whole(store: Store) -> None:
    store.begin()
    store.insert_resources([resource("ch_1")])
    store.insert_messages([message("dlv_1")])
    store.rollback()

    assert store.resource(1, "acme", "charge", "ch_1") is None
    assert store.message(1, "dlv_1") is None


def test_a_part_of_a_transaction_is_taken_back_alone(store: Store) -> None:
    store.begin()
    store.insert_resources([resource("ch_1")])
    store.begin_part()
    store.insert_resources([resource("ch_2")])
    store.rollback_part()
    store.begin_part()
    store.insert_resources([resource("ch_3")])
    store.commit_part()
    store.commit()

    found = [store.resource(1, "acme", "charge", id_) is not None for id_ in ("ch_1", "ch_2", "ch_3")]
    assert found == [True, False, True]


def test_a_part_that_broke_a_rule_of_the_store_can_be_taken_back(store: Store) -> None:
    store.begin()
    store.insert_resources([resource("ch_1")])
    store.begin_part()
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.insert_resources([resource("ch_1")])
    store.rollback_part()
    store.commit()

    assert store.resource(1, "acme", "charge", "ch_1") == BYTES


def test_rolling_back_nothing_is_no_error(store: Store) -> None:
    store.rollback()

    assert store.workspaces() == []


def test_only_the_version_that_was_read_can_be_replaced(store: Store) -> None:
    store.insert_resources([resource("ch_1")])

    store.update_resource(1, "acme", "charge", "ch_1", 2, "paid", "ref", b"new", None)

    with pytest.raises(StoreConflict):
        store.update_resource(1, "acme", "charge", "ch_1", 2, "paid", "ref", b"other", None)
    assert store.resource(1, "acme", "charge", "ch_1") == b"new"


def test_a_list_turns_its_pages_in_both_directions(store: Store) -> None:
    store.insert_resources([resource(f"ch_{n}") for n in range(5)])
    seqs = [store.seq_of(1, "acme", "charge", f"ch_{n}") for n in range(5)]

    newest = store.resources_of_kind(1, "acme", "charge", before=None, after=None, limit=2)
    older = store.resources_of_kind(1, "acme", "charge", before=newest[-1][0], after=None, limit=2)
    back = store.resources_of_kind(1, "acme", "charge", before=None, after=older[0][0], limit=2)

    assert [[seqs.index(seq) for seq, _ in page] for page in (newest, older, back)] == [[4, 3], [2, 1], [4, 3]]


def test_a_search_takes_its_text_literally(store: Store) -> None:
    store.insert_resources([resource("ch_1", reference="100%"), resource("ch_2", reference="100 a_b")])

    def found(q: str) -> list[str]:
        rows = store.payments(1, provider=None, phase=None, reference=None, q=q, before=None, limit=10)
        return [row[3] for row in rows]

    assert found("0%") == ["ch_1"]
    assert found("A_B") == ["ch_2"]
    assert found("a%b") == []
    assert found("h_1") == ["ch_1"]
    assert found("\\") == []


def test_a_text_with_a_nul_can_be_kept_and_found(store: Store) -> None:
    [number] = store.insert_resources([resource("ch_1")])
    store.insert_keys([("or\0der", "reference", "charge", "acme", 1, number)])

    assert store.resources_by_key(1, "acme", "charge", "reference", "or\0der") == [BYTES]


def test_filters_of_payments_add_up(store: Store) -> None:
    store.insert_resources(
        [resource("ch_1"), resource("ch_2", phase="paid"), resource("re_1", phase=None), resource("ch_3", workspace=2)]
    )

    def found(**only: Any) -> list[str]:
        given = {"provider": None, "phase": None, "reference": None, "q": None, "before": None, "limit": 10} | only
        return [row[3] for row in store.payments(1, **given)]

    assert found() == ["ch_2", "ch_1"]
    assert found(phase="paid") == ["ch_2"]
    assert found(reference="ref-ch_1", phase="waiting") == ["ch_1"]
    assert found(provider="other") == []


def test_keys_find_the_newest_first_and_can_change(store: Store) -> None:
    numbers = store.insert_resources([resource("ch_1", body=b"1"), resource("ch_2", body=b"2")])
    keys = [("order", "reference", "charge", "acme", 1, number) for number in numbers]
    store.insert_keys(keys)
    store.insert_keys(keys)

    assert store.resources_by_key(1, "acme", "charge", "reference", "order") == [b"2", b"1"]
    store.delete_keys(keys[1:])
    assert store.resources_by_key(1, "acme", "charge", "reference", "order") == [b"1"]
    assert store.key_anywhere("acme", "charge", "reference", "order") == (1, b"1")


def test_what_is_due_comes_in_the_order_in_which_it_fell_due_and_is_read_on_from_anywhere(store: Store) -> None:
    store.insert_messages(
        [
            message("dlv_1", subject="ch_2", due=30),
            message("dlv_2", subject="ch_1", due=20),
            message("dlv_3", subject="ch_1", due=10),
            message("dlv_4", subject="ch_3", due=99),
            message("dlv_5", subject="ch_4", due=None, state="kept", url=None),
        ]
    )

    found = store.due_groups(1, 50, 100)

    assert [(row[1], row[3]) for row in found] == [("ch_1", 10), ("ch_1", 20), ("ch_2", 30)]
    assert store.due_groups(1, 50, 2) == found[:2]
    assert store.due_groups(1, 50, 2, found[1][3:]) == found[2:]
    group = found[0][:3]
    assert group == ("acme", "ch_1", "http://merchant.test")
    first = store.next_message(1, *group, 50)
    assert first is not None and (first.id, first.body) == ("dlv_3", BYTES)
    assert store.next_message(1, *group, 9) is None


def test_the_next_deadline_is_the_first_one_after_an_instant(store: Store) -> None:
    """What is due by then is on its way, and may take its time."""
    store.insert_messages([message("dlv_1", due=10), message("dlv_2", due=30)])
    store.insert_timers([(1, 20, "acme", "charge", "ch_1", "timer.expired", b"{}")])

    assert [store.next_due(1, after) for after in (0, 9, 10, 20, 30)] == [10, 10, 20, 30, None]


def test_messages_that_were_seen_are_passed_over_and_timers_are_not(store: Store) -> None:
    store.insert_messages([message("dlv_1", due=10), message("dlv_2", due=30)])
    store.insert_timers([(1, 20, "acme", "charge", "ch_1", "timer.expired", b"{}")])

    assert [store.next_due(1, seen=seen) for seen in (9, 10, 30)] == [10, 20, 20]
    assert store.next_due(1, 20, seen=5) == 30


def test_an_attempt_and_its_schedule_are_kept(store: Store) -> None:
    store.insert_messages([message("dlv_1")])
    first = store.message(1, "dlv_1")
    assert first is not None

    refused = AttemptRow(first.seq, 1, 10, 503, 1.5, None, b"{}", "no", None, 1010)
    store.save_attempts([(first, refused, "pending", FAR)])
    second = store.as_it_stands(first)
    assert second is not None
    received = AttemptRow(first.seq, 2, 20, 200, 1.5, None, b"{}", "", b"signed", 1020)
    store.save_attempts([(second, received, "delivered", None)])

    after = store.as_it_stands(first)
    assert after is not None
    assert (after.state, after.due, after.attempts) == ("delivered", None, 2)
    assert store.attempts([first.seq]) == [refused, received]
    assert store.first_sent(first.seq) == 1010
    assert store.first_sent(first.seq + 1) is None


def test_attempts_at_what_is_another_message_by_now_are_not_kept(store: Store) -> None:
    """None of them, when whoever writes takes back what has failed."""
    store.insert_messages([message("dlv_1"), message("dlv_2"), message("dlv_3")])
    one, ended, left = store.messages(1)
    store.set_message_state(ended.seq, "failed", None)

    for others in ([ended], [one, ended], [left._replace(attempts=1)]):
        store.begin()
        with pytest.raises(StoreConflict):
            store.save_attempts([(each, attempt_at(each), "delivered", None) for each in others])
        store.rollback()
    store.stands_at(1, store.new_place(1))
    with pytest.raises(StoreConflict):
        store.save_attempts([(left, attempt_at(left), "delivered", None)])

    assert store.attempts([one.seq, ended.seq, left.seq]) == []


def attempt_at(message: OutboxRow) -> AttemptRow:
    return AttemptRow(message.seq, message.attempts + 1, 10, 200, 1.5, None, b"{}", "", None, 1010)


def test_a_store_of_the_version_before_gets_what_it_lacks(where: str) -> None:
    """Its attempts sent the message's own body, every resource of it may be listed, its keys name ids, and who had named an
    address counts as having been here. What it was about to clean up is cleaned up. Nothing was planned for its messages."""
    opened = open_store(where)
    opened.insert_messages([message("dlv_1")])
    opened.insert_resources([resource("ch_1")])
    opened.run("DROP TABLE lookup_keys")
    columns = "value TEXT, name TEXT, kind TEXT, provider TEXT, workspace BIGINT, id TEXT"
    opened.run(f"CREATE TABLE keys ({columns}, PRIMARY KEY (value, name, kind, provider, workspace, id))")
    opened.run("INSERT INTO keys VALUES ('order', 'reference', 'charge', 'acme', 1, 'ch_1')")
    opened.run("DROP INDEX resources_listed")
    opened.run("ALTER TABLE resources DROP COLUMN unlisted")
    opened.run("CREATE INDEX resources_kind ON resources (workspace, provider, kind, seq)")
    opened.run("ALTER TABLE attempts DROP COLUMN body")
    opened.run("ALTER TABLE attempts DROP COLUMN sent")
    opened.run("ALTER TABLE outbox DROP COLUMN from_network")
    opened.run("DROP INDEX resources_hanging")
    opened.run("ALTER TABLE resources DROP COLUMN hangs_on")
    opened.run("ALTER TABLE workspaces DROP COLUMN place")
    opened.run("DROP TABLE leavings")
    left = opened.exact_rows(
        "INSERT INTO workspaces (public_id, name, body) VALUES ('left/7', 'left/7', '') RETURNING id"
    )[0][0]
    opened.run("ALTER TABLE outbox DROP COLUMN plan")
    columns = "message, n, at, status, duration_ms, error, headers, answer"
    opened.run(f"INSERT INTO attempts ({columns}) VALUES (1, 1, 10, 200, 1.5, NULL, ?, '')", (b"{}",))
    if opened.dialect == "sqlite":
        opened.run("PRAGMA user_version = 1")
    else:
        opened.run("DELETE FROM meta WHERE name = 'schema_version'")  # it kept none at that time
    opened.close()

    again = open_store(where)

    assert [tuple(row) for row in again.attempts([1])] == [(1, 1, 10, 200, 1.5, None, b"{}", "", None, None)]
    assert again.first_sent(1) is None
    again.insert_resources([resource("ch_2", unlisted=1), resource("ch_3")])
    listed = again.resources_of_kind(1, "acme", "charge", before=None, after=None, limit=10)
    assert [seq for seq, _ in listed] == [3, 1]
    assert again.resources_by_key(1, "acme", "charge", "reference", "order") == [BYTES]
    assert [(row.from_network, row.plan) for row in again.messages(1)] == [(None, None)]
    assert again.left() == [left]
    again.close()


def test_a_reply_is_replaced_under_its_key(store: Store) -> None:
    for status in (201, 200):
        store.save_reply(1, "acme", "/charges", "key", 10, BYTES[:32], status, b"{}", BYTES)

    found = store.reply(1, "acme", "/charges", "key")

    assert found is not None and tuple(found) == (10, BYTES[:32], 200, b"{}", BYTES)


def test_a_new_place_has_nothing_and_the_others_keep_what_they_have(store: Store) -> None:
    """The workspace keeps its number; what it does next stands at the new place, also when the store is opened again."""
    one, other = (store.add_workspace(f"ws_{n}", f"ws_{n}", b"{}") for n in (1, 2))
    for id_ in (one, other):
        [number] = store.insert_resources([resource("ch_1", workspace=id_)])
        store.insert_keys([("order", "reference", "charge", "acme", id_, number)])
        store.insert_messages([message(f"dlv_{id_}", workspace=id_, due=10)])
        store.insert_timers([(id_, 20, "acme", "charge", "ch_1", "timer.expired", b"{}")])
        store.insert_journal([(id_, 10, "request", "acme", "ch_1", "/acme", 200, b"{}")])
        store.save_reply(id_, "acme", "/charges", "key", 10, BYTES[:32], 201, b"{}", BYTES)
    [before] = store.messages(one)

    store.stands_at(one, store.new_place(one))

    assert store.as_it_stands(before) is None
    for id_, there in ((one, 0), (other, 1)):
        found = [
            [store.resource(id_, "acme", "charge", "ch_1")],
            store.resources_by_key(id_, "acme", "charge", "reference", "order"),
            store.messages(id_),
            store.timers(id_),
            store.journal_of(id_, "ch_1"),
            [store.reply(id_, "acme", "/charges", "key")],
        ]
        assert [len([row for row in rows if row is not None]) for rows in found] == [there] * 6
    assert store.resource_anywhere("acme", "charge", "ch_1") == (other, BYTES)

    store.insert_resources([resource("ch_1", workspace=one)])
    store.insert_messages([message("dlv_3", workspace=one, due=30)])
    assert store.resource_anywhere("acme", "charge", "ch_1") == (one, BYTES)
    assert [(row.id, row.workspace) for row in store.messages(one)] == [("dlv_3", one)]
    assert store.next_due(one) == 30
    assert sorted(store.latest_of_pending()) == [(one, 10), (other, 10)]
    store.new_place(other)  # nobody has said that it stands there: as after a commit that failed
    assert store.message(other, f"dlv_{other}") is not None
    store.workspaces()
    assert store.message(other, f"dlv_{other}") is None
    assert store.message(one, "dlv_3") is not None


def test_what_a_workspace_has_left_is_removed_step_by_step_and_nothing_else(store: Store) -> None:
    one, other = (store.add_workspace(f"ws_{n}", f"ws_{n}", b"{}") for n in (1, 2))
    for id_ in (one, other):
        numbers = store.insert_resources([resource(f"ch_{n}", workspace=id_) for n in range(5)])
        store.insert_keys([("order", "reference", "charge", "acme", id_, number) for number in numbers])
        store.insert_messages([message(f"dlv_{id_}_{n}", workspace=id_) for n in range(5)])
        store.insert_timers([(id_, FAR, "acme", "charge", "ch_1", "timer.expired", b"{}")])
        store.insert_journal([(id_, 10, "request", "acme", "ch_1", "/acme", 200, b"{}")])
    last = store.last_seq()
    store.leave(one)

    assert store.resource_anywhere("acme", "charge", "ch_1", oldest=True) == (other, BYTES)
    sweeper = Sweeper(Transactions(store, lambda: None), rest=0.0)
    while sweeper.step():
        pass

    for table in ("resources", "lookup_keys", "outbox", "timers", "journal"):
        left = {row[0] for row in store.rows(f"SELECT DISTINCT workspace FROM {table}")}
        assert left == {other}, table
    assert store.last_seq() == last
    assert len(store.resources_by_key(other, "acme", "charge", "reference", "order")) == 5
    assert store.left() == []


def test_the_numbers_of_the_journal_go_on_after_the_newest_workspace_is_gone(store: Store) -> None:
    one = store.add_workspace("ws_1", "ws_1", b"{}")
    store.insert_journal([(one, 10, "request", "acme", "ch_1", "/acme", 200, b"{}")])
    last = store.last_seq()
    store.leave(one)
    sweeper = Sweeper(Transactions(store, lambda: None), rest=0.0)
    while sweeper.step():
        pass

    assert store.last_seq() == last
    assert store.add_workspace("ws_2", "ws_2", b"{}") > one


def test_requests_are_found_by_a_pattern_of_their_path(store: Store) -> None:
    store.insert_journal(
        [
            (1, 10, "request", "acme", None, "/acme/charges", 201, b"1"),
            (1, 10, "request", "acme", "ch_1", "/acme/charges/ch_1/refunds", 409, b"2"),
            (1, 10, "moves", "acme", "ch_1", None, None, b"3"),
        ]
    )

    def found(**only: Any) -> list[bytes]:
        given = {"provider": None, "status": None, "path": None, "before": None, "limit": 10} | only
        return [row[-1] for row in store.requests(1, **given)]

    assert found() == [b"2", b"1"]
    assert found(path="/acme/charges/*/refunds") == [b"2"]
    assert found(status=201) == [b"1"]


@pytest.mark.parametrize(
    ("sought", "fits"),
    [
        ("/acme/c", True),
        ("/ACME/C", True),
        ("acme", False),
        ("*ch_1*", True),
        ("/acme/*/ch_1/*unds", True),
        ("/acme/*/ch_1", False),
        ("*ch_1*ch_1*", False),
        ("*charges/*harges*", False),
        ("*/refunds*refunds", False),
        ("/acme/charges/ch_1/refunds*refunds", False),
        ("/acme/charges/ch_1/refunds*", True),
        ("***", True),
        ("/acme/%", False),
        ("/acme_charges", False),
    ],
)
def test_a_star_of_a_pattern_stands_for_anything_and_every_other_character_for_itself(
    store: Store, sought: str, fits: bool
) -> None:
    store.insert_journal([(1, 10, "request", "acme", None, "/acme/charges/ch_1/refunds", 409, b"1")])
    given = {"provider": None, "status": None, "path": sought, "before": None, "limit": 10}

    assert [row[-1] for row in store.requests(1, **given)] == [b"1"] * fits


def test_a_pattern_costs_no_more_than_to_read_the_paths(store: Store) -> None:
    """Not their length times its own, whatever stands in both."""
    rows = [(1, 10, "request", "acme", None, f"/{n}" + "a" * 8000, 401, str(n).encode()) for n in range(1100)]
    store.insert_journal(rows)
    given = {"provider": None, "status": None, "before": None, "limit": 700}

    began = process_time()
    none = store.requests(1, **given, path="*" + "a" * 190 + "b*")
    neither = store.requests(1, **given, path="*a" * 90 + "b*")
    took = process_time() - began

    assert (none, neither) == ([], [])
    assert took < 2
    assert [row[-1] for row in store.requests(1, **given, path="*aa*")] == [
        str(n).encode() for n in range(1099, 399, -1)
    ]


def test_requests_are_found_by_method_class_of_status_and_place(store: Store) -> None:
    """Of another workspace nothing is found, and nothing counts."""
    bodies = [b'{"method":"GET","path":"/a"}', b'{"method":"POST","path":"/a"}', b'{"method":"POST","path":"/b"}']
    rows = [(1, 10 * n, "request", "acme", None, "/a", 200 + 101 * n, body) for n, body in enumerate(bodies)]
    store.insert_journal([*rows, (2, 5, "request", "acme", None, "/a", 500, bodies[1])])
    none = {"provider": None, "status": None, "path": None, "before": None, "limit": 10}
    first, second, third = sorted(row[0] for row in store.requests(1, **none))

    assert [row[0] for row in store.requests(1, **none, method="POST")] == [third, second]
    assert [row[0] for row in store.requests(1, **none, statuses=(300, 400))] == [second]
    assert [row[0] for row in store.requests(1, **none, from_seq=second)] == [third, second]
    assert (store.request_back(1, None, 2), store.request_back(1, second, 2)) == (second, None)
    assert [store.request_at(1, at, third) for at in (10, 11, 20)] == [second, third, third]
    assert store.request_at(1, 0, third) <= first
    assert [row[0] for row in store.requests_from(1, second, 10)] == [second, third]


def test_what_is_written_is_there_when_the_store_is_opened_again(where: str) -> None:
    first = open_store(where)
    first.set_meta("page_secret", "one")
    first.set_meta("page_secret", "two")
    id_ = first.add_workspace("ws_1", "default", b"{}")
    first.add_credentials(id_, [("acme", "key")])
    first.close()

    again = open_store(where)

    assert again.meta("page_secret") == "two"
    assert [tuple(row) for row in again.workspaces()] == [(id_, b"{}")]
    assert [tuple(row) for row in again.credentials()] == [("acme", "key", id_)]
    again.close()


def test_a_transaction_whose_connection_was_lost_cannot_be_committed(postgres_server: str) -> None:
    """Somebody has read meanwhile and so would have opened another connection, where a commit commits nothing."""
    import psycopg

    with own_schema(postgres_server) as address:
        store = open_store(address)
        store.begin()
        store.insert_resources([resource("ch_1")])
        with psycopg.connect(address) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
        for _ in range(2):
            with pytest.raises(store.OUTAGES):
                store.resource(1, "acme", "charge", "ch_1")

        with pytest.raises(store.OUTAGES):
            store.commit()

        store.rollback()
        assert store.resource(1, "acme", "charge", "ch_1") is None
        store.begin()
        store.insert_resources([resource("ch_2")])
        store.commit()
        assert store.resource(1, "acme", "charge", "ch_2") == BYTES
        store.close()


def test_a_restarted_postgresql_is_reached_again(postgres_server: str) -> None:
    """What was under way fails; what comes after does not."""
    import psycopg

    with own_schema(postgres_server) as address:
        opened = open_store(address)
        opened.begin()
        opened.set_meta("page_secret", "lost")
        with psycopg.connect(postgres_server, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
        with pytest.raises(psycopg.OperationalError):
            opened.meta("page_secret")
        opened.rollback()

        assert opened.meta("page_secret") is None
        opened.close()


# The simulator over it -------------------------------------------------------------------------------------------


async def test_a_purchase_with_its_refund_walks_over_either_store(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    acme = Merchant(sim)
    id_ = await acme.paid()

    await acme.refund(id_, 1000)
    await sim.settle()

    assert await acme.status(id_) == "REFUNDED"
    assert acme.heard == ["charge.captured", "charge.refunded"]
    view = await sim.payment("acme", id_)
    assert (view["phase"], view["decided_by"]) == ("refunded", "buyer:li-na")
    assert len(view["timeline"]) > 5


async def test_deadlines_and_repeated_keys_hold_over_either_store(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    acme = Merchant(sim)
    first = await acme.create(**{"Acme-Key": "once"})

    again = await acme.create(**{"Acme-Key": "once"})
    await sim.advance(hours=13)

    assert again.json() == first.json()
    assert again.headers["acme-replayed"] == sim.started_at.isoformat()
    assert await acme.status(first.json()["id"]) == "EXPIRED"
    assert [hook.at for hook in sim.hooks] == [sim.started_at + timedelta(hours=2)]


async def test_a_refused_request_leaves_either_store_as_it_was(sim: Sim) -> None:
    acme = Merchant(sim)
    id_ = await acme.paid()

    refused = await acme.refund(id_, 2000)

    assert refused.status_code == 409
    assert await acme.status(id_) == "CAPTURED"
    assert (await sim.payment("acme", id_))["refunded"]["value"] == 0
