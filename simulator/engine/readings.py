"""What of a store must be readable, and how whoever serves it reads it: for who looks through one that nobody serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.engine import journal
from simulator.engine.ledger import Booking
from simulator.engine.messages import Plan
from simulator.engine.provider import Party
from simulator.engine.resource import Resource, read
from simulator.engine.store.base import Row
from simulator.engine.store.doctor import Reading
from simulator.engine.unreadable import Unreadable, members
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros


def readings(parties: Iterable[Party]) -> tuple[Reading, ...]:
    """Of what is nobody's here only that it is an object can be said."""
    kinds = {(party.name, kind.KIND): kind for party in parties for kind in party.resources}
    return (
        Reading("workspace", "workspaces", ("id", "body"), _workspace, "LENGTH(body) > 0"),
        Reading("snapshot", "snapshots", ("id", "body"), _workspace),
        Reading("resource", "resources", ("seq", "provider", "kind", "body"), lambda row: _resource(row, kinds)),
        Reading("row of the journal", "journal", ("seq", "at", "kind", "provider", "body"), _line),
        Reading("message", "outbox", ("seq", "context", "body", "plan"), _message),
        Reading("message with an attempt", "attempts", ("message", "headers"), _object),
        Reading("timer", "timers", ("seq", "data"), _object),
        Reading("booking", "ledger", ("number", "at", "payment", "body"), _booking),
    )


def _workspace(row: Row) -> None:
    Workspace.load(row[0], row[1])


def _resource(row: Row, kinds: Mapping[tuple[str, str], type[Resource]]) -> None:
    _, provider, kind, body = row
    if (known := kinds.get((provider, kind))) is not None:
        read(known, body)
    else:
        _object((kind, body))


def _line(row: Row) -> None:
    journal.told(*row)


def _message(row: Row) -> None:
    _, context, body, plan = row
    _object(("context", context))
    Plan.load(plan)
    if not isinstance(body, bytes):
        raise Unreadable("body", "it is no bytes")


def _booking(row: Row) -> None:
    number, at, payment, body = row
    Booking.load(number, from_micros(at), payment, body)


def _object(row: Row) -> None:
    members(str(row[0]), row[1])
