"""A workspace as one document: everything is in it, and comes out of it again, over SQLite and PostgreSQL."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from support import Sim
from toy.acme import TALKATIVE

from engine.merchant import Merchant
from simulator.engine import document as documents
from simulator.engine.ledger import Booking, transfer
from simulator.engine.store import schema
from simulator.kernel.clock import EPOCH
from simulator.surface.limits import IMPORT_LIMIT

Document = dict[str, Any]
PATH = "/_sim/workspaces/import"


@pytest.fixture
async def sim(where: str) -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE], db=where) as simulator:
        yield simulator


@pytest.fixture
async def elsewhere() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


BOOKED = Booking(
    at=EPOCH, available=EPOCH, cause="adjustment", postings=transfer("adjustment", 5, "EUR", of="fees", to="merchant")
)


async def lived_in(sim: Sim, acme: Merchant) -> str:
    """Everything that there is, and a charge that waits."""
    with sim.app.runtime.transactions.writing() as store:
        store.drop_payments(sim.workspace.id, [], [], [], 0)  # it counts that nothing was dropped
        store.insert_bookings([(sim.workspace.id, "acme", 1, 0, "paid", BOOKED.dump({}))])
    await acme.paid("paid")
    refunded = await acme.paid("refunded")
    await acme.refund(refunded, 400)
    sim.answer = lambda request: httpx.Response(503)
    await acme.paid("unheard")
    sim.answer = lambda request: httpx.Response(200)
    await acme.create("kept under a key", **{"acme-key": "k-1"})
    await sim.http.put(f"{sim.path}/buyers/li-na", json={"balance": 1234})
    await sim.http.post(f"/_sim/inbox/{sim.workspace.public_id}/mine", content=b"\xff\xfe not a text")
    await sim.arm([{"wallet": {"decline": "balance"}}], next=2)
    await sim.settings("acme", merchant_name="Before")
    return await acme.charge("waiting")


async def export(sim: Sim, path: str | None = None) -> Document:
    answer = (await sim.http.get(f"{path or sim.path}/export")).raise_for_status()
    assert answer.headers["content-type"] == "application/json"
    found: Document = answer.json()
    return found


async def bring(sim: Sim, document: Document, **query: str) -> httpx.Response:
    return await sim.http.post(PATH, json=document, params=query)


def moved_into(sim: Sim, view: dict[str, Any]) -> Sim:
    """The same driver in another workspace."""
    found = sim.app.runtime.find_workspace(view["id"])
    assert found is not None
    copy = Sim.__new__(Sim)
    copy.__dict__.update(sim.__dict__)
    copy._id = found.id
    return copy


def without_numbers(document: Document) -> Document:
    """Rows without the numbers that each store gives, in an order of their own."""
    tables = {
        name: sorted(
            json.dumps({k: v for k, v in row.items() if k not in ("seq", "message", "resource")}) for row in rows
        )
        for name, rows in document["tables"].items()
    }
    return {"workspace": document["workspace"], "tables": tables}


# There and back ---------------------------------------------------------------------------------------------------------


@pytest.mark.uncounted
async def test_everything_arrives_in_another_simulator_under_its_own_names(
    sim: Sim, acme: Merchant, elsewhere: Sim
) -> None:
    await lived_in(sim, acme)
    document = await export(sim)
    assert all(document["tables"][table.name] for table in schema.OF_A_WORKSPACE), "an empty table proves nothing"

    answer = await bring(elsewhere, document)

    view = answer.json()
    assert (answer.status_code, view["imported"]) == (201, {"renamed": []})
    assert (view["id"], view["credentials"]) == (sim.workspace.public_id, sim.workspace.credentials)
    again = await export(elsewhere, f"/_sim/workspaces/{view['id']}")
    makers = [one["workspace"].pop("made_by") for one in (document, again)]
    assert makers == ["", f"import:{view['name']}"]
    assert without_numbers(again) == without_numbers(document)


@pytest.mark.uncounted
async def test_it_goes_on_there_as_it_would_have_gone_on_here(sim: Sim, acme: Merchant, elsewhere: Sim) -> None:
    waiting = await lived_in(sim, acme)
    there = moved_into(elsewhere, (await bring(elsewhere, await export(sim))).json())
    shop = Merchant(there)

    repeated = await shop.create("kept under a key", **{"acme-key": "k-1"})
    pending = await there.advance(minutes=1)
    await there.act("acme", waiting, "pay")
    fired = await there.advance(hours=3)

    assert repeated.headers["acme-replayed"]
    assert {one["kind"] for one in pending} == {"webhook"}
    assert await shop.status(waiting) == "FAILED", "the armed scenario declines"
    assert "timer.expired" in {one["kind"] for one in fired}
    assert [hook.verdict("acme").valid for hook in there.hooks] == [True] * len(there.hooks)


@pytest.mark.uncounted
async def test_beside_the_one_that_it_was_made_from_both_go_on(sim: Sim, acme: Merchant) -> None:
    waiting = await lived_in(sim, acme)
    document = await export(sim)

    view = (await bring(sim, document)).json()
    copy = moved_into(sim, view)
    await sim.http.delete(f"{copy.path}/scenario")
    await copy.act("acme", waiting, "pay")

    assert without_numbers(await export(sim)) == without_numbers(document)
    assert await Merchant(copy).status(waiting) == "CAPTURED"
    assert await acme.status(waiting) == "PENDING"
    renamed = view["imported"]["renamed"]
    assert {"kind": "credential", "provider": "acme", "name": "key"} in renamed
    assert {"kind": "id", "from": sim.workspace.public_id, "to": view["id"]} in renamed
    here = {p["wallet"]["code"] for p in (await sim.http.get(f"{sim.path}/payments")).json()["data"]}
    there = {p["wallet"]["code"] for p in (await sim.http.get(f"{copy.path}/payments")).json()["data"]}
    codes = {one["from"]: one["to"] for one in renamed if one["kind"] == "wallet_code"}
    assert (codes.keys(), set(codes.values())) == (here, there)
    assert here.isdisjoint(there)


async def test_what_was_sent_stays_as_it_was_sent_under_its_signature(sim: Sim, acme: Merchant) -> None:
    await lived_in(sim, acme)

    copy = moved_into(sim, (await bring(sim, await export(sim))).json())

    sent = {"attempts", "headers", "body"}
    ours, theirs = [(await sim.http.get(f"{one.path}/webhooks")).json()["data"] for one in (sim, copy)]
    assert [{name: one[name] for name in sent} for one in ours] == [
        {name: one[name] for name in sent} for one in theirs
    ]


async def test_a_name_that_is_taken_gets_a_number_and_one_that_was_asked_for_is_refused(sim: Sim) -> None:
    document = await export(sim, "/_sim/workspaces/default")

    second = await bring(sim, document)
    third = await bring(sim, document)
    wanted = await bring(sim, document, name="mine")
    taken = await bring(sim, document, name="mine")

    assert [one.json()["name"] for one in (second, third, wanted)] == ["default-2", "default-3", "mine"]
    assert {"kind": "name", "from": "default", "to": "default-2"} in second.json()["imported"]["renamed"]
    assert (taken.status_code, taken.json()["error"]["field"]) == (409, "name")


async def test_a_clock_goes_on_where_it_stood_and_a_real_one_by_its_offset(sim: Sim, elsewhere: Sim) -> None:
    frozen = await export(sim)
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.http.post(f"{sim.path}/clock/rate", json={"rate": 3600})
    fast = await export(sim)
    fast["workspace"]["public_id"] = "ws_00000000000000aa"
    await sim.http.post(f"{sim.path}/clock/rate", json={"rate": 1})
    await sim.http.post(f"{sim.path}/clock/advance", json={"by": "P30D"})
    running = await export(sim)
    running["workspace"]["public_id"] = "ws_0123456789abcdef"

    first = (await bring(elsewhere, frozen)).json()["clock"]
    second = moved_into(elsewhere, (await bring(elsewhere, running)).json())
    fast["workspace"]["clock"]["since"] = "2026-01-01T00:00:00Z"
    third = moved_into(elsewhere, (await bring(elsewhere, fast)).json()).workspace.clock

    assert first == {"now": "2026-03-04T05:00:00.000Z", "mode": "frozen", "offset_s": 0.0}
    assert second.workspace.clock.offset == sim.workspace.clock.offset
    assert (third.rate, third.now().year <= 2028) == (3600, True), "what it has gained since the export is left out"


@pytest.mark.parametrize(
    "clock",
    [
        {"mode": "frozen", "standing_at": "3137-01-01T00:00:00Z"},
        {"mode": "real", "standing_at": None, "offset_us": 2**57 - 1},
        {"mode": "real", "standing_at": None, "rate": 3600, "since": "1970-01-01T00:00:00Z"},
    ],
    ids=["stands", "runs", "runs fast"],
)
async def test_a_clock_that_an_older_version_let_go_too_far_arrives_at_the_last_instant(
    elsewhere: Sim, clock: dict[str, Any]
) -> None:
    document = await export(elsewhere)
    document["workspace"] |= {"public_id": "ws_0123456789abcdef", "clock": clock}
    document |= {"at": "3137-01-01T00:00:00Z"} if clock["mode"] == "frozen" else {"at": None}

    brought = await bring(elsewhere, document)

    assert brought.status_code == 201, brought.text
    assert brought.json()["clock"]["now"] == "2080-01-01T00:00:00.000Z"


async def test_the_same_calls_give_the_same_ids_there(sim: Sim, acme: Merchant, elsewhere: Sim) -> None:
    await acme.charge("first")
    there = moved_into(elsewhere, (await bring(elsewhere, await export(sim))).json())

    assert await Merchant(there).charge("second") == await acme.charge("second")


@pytest.mark.uncounted
async def test_it_can_be_reset_restored_and_deleted_like_any_other(sim: Sim, acme: Merchant, elsewhere: Sim) -> None:
    await lived_in(sim, acme)
    there = moved_into(elsewhere, (await bring(elsewhere, await export(sim))).json())

    await there.http.post(f"{there.path}/snapshots", json={"name": "arrived"})
    await there.http.post(f"{there.path}/reset")
    restored = await there.http.post(f"{there.path}/snapshots/arrived/restore")
    payments = (await there.http.get(f"{there.path}/payments")).json()["data"]
    deleted = await there.http.delete(there.path)

    assert (restored.status_code, len(payments), deleted.status_code) == (200, 5, 204)


# What the document is ---------------------------------------------------------------------------------------------------


def test_every_table_and_column_of_a_workspace_stands_in_documents() -> None:
    rows = {name: field.annotation for name, field in documents.Tables.model_fields.items()}

    assert rows.keys() == {table.name for table in schema.OF_A_WORKSPACE}
    for table in schema.OF_A_WORKSPACE:
        (model,) = rows[table.name].__args__  # type: ignore[union-attr]
        assert {*model.model_fields, "workspace"} == {*table.columns, "workspace"}


async def test_every_member_of_a_workspace_stands_in_documents(sim: Sim) -> None:
    assert json.loads(sim.workspace.dump()).keys() == documents.WorkspacePart.model_fields.keys()


async def test_bytes_that_are_no_text_come_back(sim: Sim, acme: Merchant, elsewhere: Sim) -> None:
    raw = bytes(range(256))
    await acme.paid()
    sim.app.runtime.store.run("UPDATE outbox SET body = ?", (raw,))

    document = await export(sim)
    there = moved_into(elsewhere, (await bring(elsewhere, document)).json())

    assert document["tables"]["outbox"][0]["body"] == {"base64": base64.b64encode(raw).decode()}
    rows = there.app.runtime.store.messages(there.workspace.id)
    assert {bytes(row.body) for row in rows} == {raw}


async def test_a_document_of_an_older_schema_lacks_columns_and_is_read(
    sim: Sim, acme: Merchant, elsewhere: Sim
) -> None:
    await lived_in(sim, acme)
    document = await export(sim)
    for table, column in (
        ("outbox", "from_network"),
        ("attempts", "body"),
        ("attempts", "sent"),
        ("resources", "unlisted"),
    ):
        for row in document["tables"][table]:
            row.pop(column, None)
    for member in ("refusals", "webhook_endpoints", "paused"):
        del document["workspace"][member]

    answer = await bring(elsewhere, document)

    assert answer.status_code == 201, answer.text


async def test_what_can_be_derived_from_a_resource_is_not_believed(sim: Sim, acme: Merchant, elsewhere: Sim) -> None:
    waiting = await acme.charge("mine")
    document = await export(sim)
    for row in document["tables"]["resources"]:
        row.update({"phase": "refunded", "reference": "not-mine"} if row.get("phase") else {})
    document["tables"]["lookup_keys"] = []

    there = moved_into(elsewhere, (await bring(elsewhere, document)).json())

    listed = await there.http.get(f"{there.path}/payments", params={"reference": "mine", "phase": "waiting"})
    assert [one["id"] for one in listed.json()["data"]] == [waiting]
    keys = there.app.runtime.store.resources_by_key(there.workspace.id, "acme", "charge", "reference", "mine")
    assert len(keys) == 1


# What is refused --------------------------------------------------------------------------------------------------------


def _set(path: str, value: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        *way, last = path.split(".")
        place: Any = document
        for name in way:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if isinstance(place, list):
            place[int(last)] = value
        elif value is ...:
            del place[last]
        else:
            place[last] = value

    return change


def _twice(document: Document) -> None:
    document["tables"]["resources"].append({**document["tables"]["resources"][0], "seq": 10_000})


def _same_number(document: Document) -> None:
    document["tables"]["outbox"].append({**document["tables"]["outbox"][0], "id": "dlv_other"})


BROKEN: list[tuple[str, Callable[[Document], None]]] = [
    ("format", _set("format", "somebody-else's")),
    ("format", _set("format", ...)),
    ("version", _set("version", 2)),
    ("version", _set("version", "1")),
    ("workspace", _set("workspace", ...)),
    ("tables", _set("tables", [])),
    ("tables.notes", _set("tables.notes", [])),
    ("workspace.name", _set("workspace.name", "a b")),
    ("workspace.public_id", _set("workspace.public_id", "../../etc")),
    ("workspace.created_at", _set("workspace.created_at", "yesterday")),
    ("workspace.clock.mode", _set("workspace.clock.mode", "backwards")),
    ("workspace.clock.standing_at", _set("workspace.clock.standing_at", None)),
    ("workspace.clock.standing_at", _set("workspace.clock.standing_at", "9999-01-01T00:00:00Z")),
    ("workspace.credentials.zorro", _set("workspace.credentials.zorro", {"key": "x"})),
    ("workspace.credentials.acme.pin", _set("workspace.credentials.acme.pin", "x")),
    ("workspace.credentials.acme.key", _set("workspace.credentials.acme.key", {"a": 1})),
    ("workspace.webhooks.acme.url", _set("workspace.webhooks.acme", {"url": "ftp://shop.test"})),
    ("workspace.webhooks.acme.url", _set("workspace.webhooks.acme", {"url": 5})),
    ("workspace.webhooks.zorro", _set("workspace.webhooks.zorro", {"url": "http://shop.test"})),
    ("workspace.webhooks.acme.events", _set("workspace.webhooks.acme.events", ["no.such"])),
    ("workspace.paused.0", _set("workspace.paused", ["zorro"])),
    ("workspace.scenarios.0", _set("workspace.scenarios", [{}])),
    ("workspace.scenarios.0.scope", _set("workspace.scenarios.0.scope", {"next": 1})),
    ("workspace.scenarios.0.scenario", _set("workspace.scenarios.0.scenario", {"rules": 1})),
    ("workspace.magic", _set("workspace.magic", 1)),
    ("workspace.settings.simulator.retry_factor", _set("workspace.settings.simulator", {"retry_factor": "abc"})),
    ("workspace.settings.simulator.keep", _set("workspace.settings.simulator", {"keep": {"payments": -1}})),
    ("workspace.settings.acme.nope", _set("workspace.settings.acme", {"nope": 5})),
    ("workspace.settings.zorro", _set("workspace.settings.zorro", {})),
    ("tables.resources.0.seq", _set("tables.resources.0.seq", ...)),
    ("tables.resources.0.seq", _set("tables.resources.0.seq", 2**63)),
    ("tables.resources.0.body", _set("tables.resources.0.body", {"base64": "%"})),
    ("tables.resources.0.body", _set("tables.resources.0.body", "not JSON")),
    ("tables.resources.0.body", _set("tables.resources.0.body", "{}")),
    ("tables.resources.0.body", _set("tables.resources.0.body", "[" * 500 + "]" * 500)),
    ("tables.resources.0.body", _set("tables.resources.0.id", "ch_another")),
    ("tables.resources.0.version", _set("tables.resources.0.version", "one")),
    ("tables.resources.0.provider", _set("tables.resources.0.provider", "zorro")),
    ("tables.resources.0.kind", _set("tables.resources.0.kind", "dream")),
    ("tables.resources.0.colour", _set("tables.resources.0.colour", "blue")),
    ("tables.timers.0.trigger", _set("tables.timers.0.trigger", "timer.tea")),
    ("tables.timers.0.due", _set("tables.timers.0.due", 2**62)),
    ("tables.timers.0.due", _set("tables.timers.0.due", -1)),
    ("tables.timers.0.data", _set("tables.timers.0.data", "[]")),
    ("tables.outbox.0.provider", _set("tables.outbox.0.provider", "wallet")),
    ("tables.outbox.0.state", _set("tables.outbox.0.state", "lost")),
    ("tables.outbox.0.plan", _set("tables.outbox.0.plan", '{"window": "soon"}')),
    ("workspace.scenarios.0.scope.match", _set("workspace.scenarios.0.scope.match", {"amount": "a lot"})),
    ("workspace.clock.rate", _set("workspace.clock.rate", 0)),
    ("tables.outbox.0.url", lambda d: d["tables"]["outbox"][0].update(state="pending", due=1, url=None)),
    ("tables.outbox.0.due", lambda d: d["tables"]["outbox"][0].update(state="pending", due=None)),
    ("tables.outbox.0.context", _set("tables.outbox.0.context", "null")),
    ("tables.attempts.0.message", _set("tables.attempts.0.message", 99_999)),
    ("tables.attempts.0.headers", _set("tables.attempts.0.headers", '{"a": 1}')),
    ("tables.journal.0.body", _set("tables.journal.0.body", '{"moves": []}')),
    ("tables.journal.0.body", _set("tables.journal.0.body", '{"moves": [{}]}')),
    ("tables.replies.0.headers", _set("tables.replies.0.headers", '{"a": []}')),
    ("tables.dropped.1", lambda d: d["tables"]["dropped"].append(d["tables"]["dropped"][0])),
    ("tables.lookup_keys.0.resource", _set("tables.lookup_keys.0.resource", 99_999)),
]


@pytest.mark.parametrize(("field", "change"), BROKEN, ids=[f"{n}-{field}" for n, (field, _) in enumerate(BROKEN)])
async def test_what_cannot_be_a_workspace_is_refused_by_the_name_of_what_is_wrong_and_nothing_is_written(
    elsewhere: Sim, field: str, change: Callable[[Document], None]
) -> None:
    sim = elsewhere
    await sim.receive_webhooks("acme")
    await lived_in(sim, Merchant(sim))
    document = await export(sim)
    change(document)
    before = _counts(sim)

    answer = await bring(sim, document)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid", field), error
    assert error["message"].startswith(field) or field == "format"
    assert _counts(sim) == before


@pytest.mark.uncounted
@pytest.mark.parametrize("change", [_twice, _same_number])
async def test_rows_that_cannot_be_beside_one_another_are_refused(
    sim: Sim, acme: Merchant, change: Callable[[Document], None]
) -> None:
    await lived_in(sim, acme)
    document = await export(sim)
    change(document)
    before = _counts(sim)

    answer = await bring(sim, document)

    assert (answer.status_code, "another row has the same" in answer.json()["error"]["message"]) == (422, True)
    assert _counts(sim) == before


@pytest.mark.uncounted
@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'"text"', b"null"])
async def test_what_is_no_document_is_refused(sim: Sim, body: bytes) -> None:
    answer = await sim.http.post(PATH, content=body)

    assert answer.status_code == 422, answer.text


def _counts(sim: Sim) -> dict[str, int]:
    sim.app.runtime.write_late()
    names = [*(table.name for table in schema.OF_A_WORKSPACE), "workspaces", "credentials"]
    return {name: sim.app.runtime.store.rows(f"SELECT COUNT(*) FROM {name}")[0][0] for name in names}


async def test_a_document_may_be_larger_than_other_bodies_but_has_its_bound(sim: Sim) -> None:
    document = await export(sim)
    padded = json.dumps(document).encode() + b" " * 2_000_000

    taken = await sim.http.post(PATH, content=padded)
    refused = await sim.http.post(PATH, content=b"{}", headers={"content-length": str(IMPORT_LIMIT + 1)})
    elsewhere = await sim.http.post("/_sim/workspaces", content=padded)

    assert (taken.status_code, refused.status_code, elsewhere.status_code) == (201, 413, 413)
    assert str(IMPORT_LIMIT) in refused.json()["error"]["message"]


# From another machine ---------------------------------------------------------------------------------------------------


async def test_what_another_machine_brings_may_not_reach_further_than_what_it_names(sim: Sim, acme: Merchant) -> None:
    sim.app.ours.open_console = True
    sim.answer = lambda request: httpx.Response(503)
    await acme.paid()
    document = await export(sim)
    document["workspace"]["webhook_endpoints"] = {"acme": [{"id": "we_1", "url": "http://shop.test/hooks"}]}

    here = moved_into(sim, (await bring(sim, document)).json())
    async with sim.at_another_machine() as http:
        answer = await http.post(PATH, json=document)
    there = moved_into(sim, answer.json())

    def who(one: Sim) -> tuple[Any, ...]:
        workspace, store = one.workspace, one.app.runtime.store
        endpoint = workspace.account_endpoint("acme").from_network
        own = workspace.webhook_endpoints["acme"][0].get("from_network", False)
        return endpoint, own, {bool(row.from_network) for row in store.messages(workspace.id)}

    assert answer.status_code == 201, answer.text
    assert (who(here), who(there)) == ((False, False, {False}), (True, True, {True}))
