"""What must be readable in a store, and the functions that read it when it is served: for checking a store that nobody serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.engine import journal
from simulator.engine.ledger import Booking
from simulator.engine.messages import Plan
from simulator.engine.provider import Party
from simulator.engine.resource import Resource, read
from simulator.engine.store.base import FOREVER, Row
from simulator.engine.store.doctor import Reading
from simulator.engine.unreadable import Unreadable, members
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros


def readings(parties: Iterable[Party]) -> tuple[Reading, ...]:
    """How each kind of row is checked. A resource whose provider is not installed need only be a JSON object."""
    parties = tuple(parties)
    kinds = {(party.name, name): kind for party in parties for name, kind in party.kinds.items()}
    return (
        Reading("workspace", "workspaces", ("id", "body"), _workspace, "LENGTH(body) > 0"),
        Reading("snapshot", "snapshots", ("id", "body"), _workspace),
        Reading("resource", "resources", ("seq", "provider", "kind", "body"), lambda row: _resource(row, kinds)),
        Reading("row of the journal", "journal", ("seq", "at", "kind", "provider", "body"), _line),
        Reading("message", "outbox", ("seq", "due", "created", "context", "body", "plan"), _message),
        Reading("message with an attempt", "attempts", ("message", "headers"), _object),
        Reading("timer", "timers", ("seq", "due", "provider", "kind", "data"), lambda row: _timer(row, parties)),
        Reading("booking", "ledger", ("number", "at", "payment", "body"), _booking),
    )


def _workspace(row: Row) -> None:
    Workspace.load(row[0], row[1])


def _resource(row: Row, kinds: Mapping[tuple[str, str], type[Resource]]) -> None:
    _, provider, kind, body = row
    if (known := kinds.get((provider, kind))) is not None:
        read(known, body)
    elif provider in {name for name, _ in kinds}:
        raise Unreadable("kind", f"{provider} has no such kind")
    else:
        _object((kind, body))


def _line(row: Row) -> None:
    journal.told(*row)


def _message(row: Row) -> None:
    _, due, created, context, body, plan = row
    _instants(due, created)
    _object(("context", context))
    Plan.load(plan)
    if not isinstance(body, bytes):
        raise Unreadable("body", "it is no bytes")


def _booking(row: Row) -> None:
    number, at, payment, body = row
    Booking.load(number, from_micros(at), payment, body)


def _timer(row: Row, parties: Iterable[Party]) -> None:
    _, due, provider, kind, data = row
    _instants(due)
    if any(party.name == provider and kind not in party.kinds for party in parties):
        raise Unreadable("kind", f"{provider} has no such kind")
    _object(("data", data))


def _instants(*values: int | None) -> None:
    for value in values:
        if isinstance(value, int) and not 0 <= value <= FOREVER:
            raise Unreadable("due", "it is at no instant that there is")


def _object(row: Row) -> None:
    members(str(row[0]), row[1])
