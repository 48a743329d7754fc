"""A workspace as one JSON document: how it is written, and what makes one that cannot be read.

The document has the rows of every table that a workspace has a part in (`store.schema.OF_A_WORKSPACE`), bytes as text; its models
stand in `document`. `VERSION` changes when an old document means something else; who changes it makes `Document` read the
older ones too. What can be derived from a resource (phase, reference, look-up keys) is derived again when a document is read.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from simulator import __version__
from simulator.engine import cards, journal
from simulator.engine.facets import ScenarioError
from simulator.engine.ledger import Booking
from simulator.engine.messages import Plan
from simulator.engine.provider import Party, Provider
from simulator.engine.resource import Resource, hangs_on, load
from simulator.engine.sections import Sections
from simulator.engine.store import schema
from simulator.engine.store.transfer import Rows
from simulator.engine.unreadable import Fault, Unreadable
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.engine.document import Document

FORMAT = "psp-simulator workspace"
VERSION = 1

STATES = ("pending", "delivered", "failed", "kept")
_JSON = {
    "resources": ("body",),
    "timers": ("data",),
    "outbox": ("context",),
    "attempts": ("headers",),
    "journal": ("body",),
    "replies": ("headers",),
    "ledger": ("body",),
}
"""Columns that hold an object in JSON, as bytes."""
_UNIQUE = {"resources": ("provider", "kind", "id")}
"""Columns that no two rows of a document may share, beside those of `Table.unique`."""


# Written ------------------------------------------------------------------------------------------------------------


def _text_of(raw: bytes) -> Any:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def written(workspace: Workspace, rows: Rows, now: datetime) -> dict[str, Any]:
    """The document of a workspace, ready to be JSON. Raises `Unreadable`."""
    for table in schema.OF_A_WORKSPACE:
        for row in rows[table.name]:
            if (column := schema.misfit(table, row)) is not None:
                raise Unreadable(f"a row of {table.name}", f"{column} is none that was ever written")
    tables = {name: [_shown(_without_cards(row)) for row in table] for name, table in rows.items()}
    head = {"format": FORMAT, "version": VERSION, "simulator": __version__, "exported_at": iso_millis(now)}
    head["at"] = workspace.clock.now().isoformat()
    return {**head, "workspace": _named(orjson.loads(workspace.dump())), "tables": tables}


def _without_cards(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row without card numbers, also in its address: the store keeps that as it was given, but a document leaves it."""
    body = row.get("body")
    url = {"url": cards.cut_text(row["url"])} if row.get("url") else {}
    held = {"body": cards.cut(bytes(body), is_read_again=True, addresses=False)} if body is not None else {}
    return {**row, **url, **held}


def _named(workspace: dict[str, Any]) -> dict[str, Any]:
    """The workspace with such addresses of its endpoints."""
    return {**workspace, **{name: _cut_urls(workspace[name]) for name in ("webhooks", "webhook_endpoints", "former")}}


def _cut_urls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: cards.cut_text(one) if name == "url" and isinstance(one, str) else _cut_urls(one)
            for name, one in value.items()
        }
    return [_cut_urls(one) for one in value] if isinstance(value, list) else value


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _text_of(bytes(value)) if isinstance(value, bytes | memoryview) else value
        for name, value in row.items()
        if value is not None
    }


# What can be wrong ------------------------------------------------------------------------------------------------


def read(document: Document) -> tuple[Workspace, dict[str, list[dict[str, Any]]]]:
    """The workspace (which has no number yet, and stays until somebody deletes it) and its rows. `faults` says whether they fit."""
    part = document.workspace.model_dump(mode="json")
    part["webhooks"] = {name: hook and hook.stored() for name, hook in document.workspace.webhooks.items()}
    part["former"] = {name: [one.stored() for one in ones] for name, ones in document.workspace.former.items()}
    workspace = replace(Workspace.load(0, orjson.dumps(part)), temporary=False, used_at=None)
    if document.at is not None:
        workspace = replace(workspace, clock=workspace.clock.since_it_showed(document.at))
    tables: BaseModel = document.tables
    rows = {table.name: [dict(row) for row in getattr(tables, table.name)] for table in schema.OF_A_WORKSPACE}
    return workspace, rows


def faults(workspace: Workspace, rows: Rows, parties: Mapping[str, Party]) -> Iterator[Fault]:
    """What a model of single members cannot see: who is not here, what does not fit together, what cannot be read."""
    providers = sorted(name for name, party in parties.items() if party.is_provider)
    for member in ("credentials", "stored_endpoints", "webhook_endpoints", "former"):
        for name in getattr(workspace, member):
            if name not in providers:
                field = f"workspace.{'webhooks' if member == 'stored_endpoints' else member}.{name}"
                yield Fault(field, f"{field}: there is no such provider here", tuple(providers))
    for name, ones in workspace.former.items():
        for index, one in enumerate(ones):
            if not one.get("own", {}).keys() >= (workspace.credentials.get(name, {}).keys() if "own" in one else set()):
                field = f"workspace.former.{name}.{index}.own"
                yield Fault(field, f"{field}: must have the members of the credentials", ())
    for index, name in enumerate(workspace.paused):
        if name not in providers:
            field = f"workspace.paused.{index}"
            yield Fault(field, f"{field}: there is no such provider here", tuple(providers))
    for index, entry in enumerate(workspace.scenarios):
        yield from _fault_of_scenario(f"workspace.scenarios.{index}", entry)
    yield from _faults_of_settings(workspace, parties)
    if workspace.clock.mode == "frozen" and workspace.clock.standing_at is None:
        field = "workspace.clock.standing_at"
        yield Fault(field, f"{field}: must not be missing of a frozen clock", ())
    for table in schema.OF_A_WORKSPACE:
        yield from _faults_together(table, rows)
        check = _CHECKS.get(table.name)
        for index, row in enumerate(rows[table.name]):
            field = f"tables.{table.name}.{index}"
            for column in _JSON.get(table.name, ()):
                if not isinstance(_loaded(row[column]), dict):
                    yield Fault(f"{field}.{column}", f"{field}.{column}: must be an object in JSON, as a text", ())
                    break
            else:
                yield from check(field, row, parties) if check is not None else ()


def _faults_of_settings(workspace: Workspace, parties: Mapping[str, Party]) -> Iterator[Fault]:
    sections = Sections({name: party for name, party in parties.items() if isinstance(party, Provider)})
    for name in workspace.settings:
        if name not in sections:
            field = f"workspace.settings.{name}"
            yield Fault(field, f"{field}: there is no such section here", tuple(sections))
        for fault in workspace.unusable_settings(sections[name]) if name in sections else ():
            yield Fault(f"workspace.{fault.field}", f"workspace.{fault.message}", fault.allowed)


def _fault_of_scenario(field: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    from pydantic import ValidationError

    from simulator.engine.conditions import When
    from simulator.engine.rules import parse

    scope = entry.get("scope")
    if entry.keys() != {"scenario", "scope"} or not isinstance(scope, dict):
        yield Fault(field, f"{field}: must have scenario and scope", ("scenario", "scope"))
        return
    is_next = isinstance(scope.get("next", 1), int) and isinstance(scope.get("payments", []), list)
    if (
        scope.keys() - {"next", "provider", "match", "payments"}
        or not is_next
        or ("next" in scope) != ("payments" in scope)
    ):
        yield Fault(f"{field}.scope", f"{field}.scope: is none that was ever written", ())
    try:
        parse(entry["scenario"], f"{field}.scenario")
    except ScenarioError as error:
        yield Fault(f"{field}.scenario", str(error), ())
    try:
        When.model_validate(scope.get("match") or {})
    except ValidationError:
        yield Fault(f"{field}.scope.match", f"{field}.scope.match: is none that was ever written", ())


def _faults_together(table: schema.Table, rows: Rows) -> Iterator[Fault]:
    """Numbers that name no row, and rows that cannot be beside one another."""
    for column, of in table.referring.items():
        there = {row["seq"] for row in rows[of]}
        for index, row in enumerate(rows[table.name]):
            if row[column] not in there:
                field = f"tables.{table.name}.{index}.{column}"
                yield Fault(field, f"{field}: there is no row {row[column]} of {of}", ())
    rules = [table.unique, *([_UNIQUE[table.name]] if table.name in _UNIQUE else [])]
    for columns in rules:
        seen = set()
        for index, row in enumerate(rows[table.name]):
            key = tuple(row[column] for column in columns)
            if key in seen:
                field = ".".join((f"tables.{table.name}.{index}", *columns[-1:]))
                same = f"the same {', '.join(columns)}" if columns else "taken its place"
                yield Fault(field, f"{field}: another row has {same}", ())
            seen.add(key)


def _loaded(raw: bytes) -> Any:
    """The bytes read as JSON. None if they are not JSON, or so deep that it could not be written again."""
    try:
        found = orjson.loads(raw)
        orjson.dumps(found)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return found


def kind_of(row: Mapping[str, Any], parties: Mapping[str, Party]) -> type[Resource] | None:
    party = parties.get(row["provider"])
    return None if party is None else party.kinds.get(row["kind"])


def _unknown_kind(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    party = parties.get(row["provider"])
    if party is None:
        field = f"{field}.provider"
        yield Fault(field, f"{field}: there is no {row['provider']!r} here", tuple(sorted(parties)))
    elif row["kind"] not in party.kinds:
        field = f"{field}.kind"
        yield Fault(field, f"{field}: {party.name} has no {row['kind']!r}", tuple(sorted(party.kinds)))


def _of_resource(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    kind = kind_of(row, parties)
    if kind is None:
        yield from _unknown_kind(field, row, parties)
        return
    try:
        resource = load(kind, row["body"])
        parties[row["provider"]].summary_of(resource)
        resource.keys()
        is_whole = (resource.id, resource.version) == (row["id"], row["version"])
        is_whole = is_whole and (kind.MACHINE is None or resource.state in kind.MACHINE.states)
    except (Unreadable, ValueError, TypeError, KeyError, AttributeError):
        is_whole = False
    if not is_whole:
        yield Fault(f"{field}.body", f"{field}.body: is no {row['kind']} of {row['provider']} with this id", ())


def _of_timer(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    yield from _unknown_kind(field, row, parties)
    party = parties.get(row["provider"])
    if party is not None and row["trigger"] not in party.known_timers:
        message = f"{field}.trigger: {party.name} has no timer {row['trigger']!r}"
        yield Fault(f"{field}.trigger", message, tuple(sorted(party.known_timers)))


def _of_message(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    party = parties.get(row["provider"])
    if party is None or not party.is_provider:
        allowed = tuple(sorted(name for name, one in parties.items() if one.is_provider))
        yield Fault(f"{field}.provider", f"{field}.provider: there is no such provider here", allowed)
    if row["state"] not in STATES:
        yield Fault(f"{field}.state", f"{field}.state: must be one of {', '.join(STATES)}", STATES)
    if row["plan"] is not None and not _is_plan(row["plan"]):
        yield Fault(f"{field}.plan", f"{field}.plan: is none that was ever written", ())
    if row["state"] == "pending":
        for column in ("url", "due"):
            if row[column] is None:
                message = f"{field}.{column}: must not be missing of what is pending"
                yield Fault(f"{field}.{column}", message, ())


def _is_plan(raw: bytes) -> bool:
    try:
        return Plan.load(raw).dump() is not None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return False


def _of_headers(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    if not all(isinstance(value, str) for value in orjson.loads(row["headers"]).values()):
        yield Fault(f"{field}.headers", f"{field}.headers: must have texts", ())


def _of_line(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    """A fault where the line has not what the story and the ledger of requests read of it."""
    try:
        journal.told(row["seq"], row["at"], row["kind"], row["provider"], row["body"])
        if row["kind"] == "request" and not _is_request(journal.masked_entry(orjson.loads(row["body"]))):
            raise ValueError
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError):
        yield Fault(f"{field}.body", f"{field}.body: is no line of the journal", ())


def _is_request(entry: Mapping[str, Any]) -> bool:
    sides = [entry["request"], entry["response"]]
    return (
        all(isinstance(side["headers"], dict) and isinstance(side["body"], str) for side in sides)
        and isinstance(entry["method"], str)
        and isinstance(entry["duration_ms"], int | float)
        and all(isinstance(notice, str) for notice in entry["notices"])
        and isinstance(entry.get("help", {}), dict)
    )


def _of_booking(field: str, row: Mapping[str, Any], parties: Mapping[str, Party]) -> Iterator[Fault]:
    party = parties.get(row["provider"])
    if party is None or not party.is_provider:
        allowed = tuple(sorted(name for name, one in parties.items() if one.is_provider))
        yield Fault(f"{field}.provider", f"{field}.provider: there is no such provider here", allowed)
    try:
        Booking.load(row["number"], from_micros(row["at"]), row["payment"], row["body"])
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        yield Fault(f"{field}.body", f"{field}.body: is no booking whose postings sum to zero", ())


_CHECKS: Mapping[str, Callable[[str, Mapping[str, Any], Mapping[str, Party]], Iterator[Fault]]] = {
    "resources": _of_resource,
    "timers": _of_timer,
    "outbox": _of_message,
    "attempts": _of_headers,
    "replies": _of_headers,
    "journal": _of_line,
    "ledger": _of_booking,
}


def derived(rows: Rows, parties: Mapping[str, Party]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows with what is said of a resource beside its body as the body says it."""
    found: dict[str, list[Mapping[str, Any]]] = {name: list(table) for name, table in rows.items()}
    resources: list[Mapping[str, Any]] = []
    keys: list[Mapping[str, Any]] = []
    for row in rows["resources"]:
        kind = kind_of(row, parties)
        assert kind is not None
        resource = load(kind, row["body"])
        summary = parties[row["provider"]].summary_of(resource)
        said = {"phase": summary.listed_as, "reference": summary.reference} if summary else {}
        own = {"id": resource.id, "phase": None, "reference": None, "unlisted": None if kind.LISTED else 1}
        own["hangs_on"] = hangs_on(resource)
        resources.append({**row, **own, **said})
        shared = {"kind": row["kind"], "provider": row["provider"], "resource": row["seq"]}
        keys += [{"value": value, "name": name, **shared} for name, value in resource.keys().items()]
    return found | {"resources": resources, "lookup_keys": keys}


def first_fault(workspace: Workspace, rows: Rows, parties: Mapping[str, Party]) -> Fault | None:
    return next(faults(workspace, rows, parties), None)


__all__: Sequence[str] = ("derived", "first_fault", "read", "written")
