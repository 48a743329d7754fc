"""What may happen to a payment next, and letting it happen: the buyer's decision, or a timer before its time.

What is legal is not read off a table of states alone, since a move may depend on more than the state. Each candidate is
rehearsed: done within a unit of work that is then undone, so that what is offered, the state that it leads to and the
events that it fires are those that it will have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from simulator.engine.provider import Provider
from simulator.engine.resource import Resource
from simulator.engine.runtime import Runtime
from simulator.engine.unreadable import members
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import IllegalTransition, NotFound
from simulator.kernel.values import dataclass
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import Body, ControlCall
from simulator.surface.control.payments import found, shown
from simulator.wallet import alipay
from simulator.wallet.order import Order


class MarkBody(Body):
    trigger: str


@dataclass(frozen=True)
class Move:
    """Something that may happen now. `source` and `target` are the provider's own states; where it takes several steps, the
    trigger is that of the last."""

    trigger: str
    source: str
    target: str
    events: tuple[str, ...]
    label: str
    act: Callable[[UnitOfWork], Any]


class _Rehearsed(Exception):
    """Ends a unit of work that was only tried."""


def legal(runtime: Runtime, workspace: Workspace, provider: Provider, resource: Resource) -> list[Move]:
    """The moves that are possible at this moment, each trigger once."""
    found = (
        _rehearse(runtime, workspace, provider, resource, act) for act in _candidates(runtime, workspace, resource)
    )
    return list({move.trigger: move for move in reversed([move for move in found if move is not None])}.values())[::-1]


def _candidates(runtime: Runtime, workspace: Workspace, resource: Resource) -> Iterator[Callable[[UnitOfWork], Any]]:
    provider = runtime.providers[resource.PROVIDER]
    summary = provider.summarise(resource)
    if summary is not None and summary.order is not None:
        order = runtime.open(workspace).find(Order, summary.order)
        if order is not None and not order.is_final:
            for decide in (_pay, _decline, _cancel, _expire):
                yield partial(decide, code=order.id)
    for row in runtime.store.timers_of(workspace.id, ids_of(runtime, workspace, resource)):
        if row.provider == provider.name:
            yield partial(_fire, runtime=runtime, seq=row.seq, ids=(row.id,))


def ids_of(runtime: Runtime, workspace: Workspace, resource: Resource) -> list[str]:
    """The payment and all that belongs to it, as its story has named them."""
    runtime.write_late()
    ids = {resource.id: None}
    for _, _, _, _, raw in runtime.store.journal_of(workspace.id, resource.subject):
        ids |= {move["ref"]: None for move in members("a row of the journal", raw).get("moves", ()) if move.get("ref")}
    return list(ids)


def _pay(uow: UnitOfWork, code: str) -> None:
    alipay.pay(uow, alipay.order_of(uow, code), decided_by="console")


def _decline(uow: UnitOfWork, code: str) -> None:
    alipay.decline(uow, alipay.order_of(uow, code), decided_by="console")


def _cancel(uow: UnitOfWork, code: str) -> None:
    alipay.cancel(uow, alipay.order_of(uow, code), decided_by="console")


def _expire(uow: UnitOfWork, code: str) -> None:
    alipay.expire(uow, alipay.order_of(uow, code), decided_by="console")


def _fire(uow: UnitOfWork, runtime: Runtime, seq: int, ids: tuple[str, ...]) -> None:
    row = next((row for row in runtime.store.timers_of(uow.workspace.id, ids) if row.seq == seq), None)
    if row is not None:
        runtime.timers.act(uow, row, [row.id])


def _rehearse(
    runtime: Runtime, workspace: Workspace, provider: Provider, resource: Resource, act: Callable[[UnitOfWork], Any]
) -> Move | None:
    """What an act would do; None where it is not legal, or moves nothing."""
    moves: list[dict[str, Any]] = []
    events: list[str] = []
    try:
        with runtime.unit(workspace, provider=provider.name, topic="control") as uow:
            act(uow)
            moves, events = [move for move in uow.moves if move.get("kind") == "state" and "from" in move], uow.promised
            raise _Rehearsed
    except _Rehearsed:
        pass
    except (IllegalTransition, NotFound):
        return None
    if not moves:
        return None
    own = [move for move in moves if move["ref"] == resource.id] or moves[:1]
    label = f"{own[0]['from']} > {own[-1]['to']}" if own[0]["ref"] == resource.id else own[0]["summary"]
    return Move(own[-1]["trigger"], own[0]["from"], own[-1]["to"], tuple(events), label, act)


def move_view(move: Move) -> dict[str, Any]:
    return {
        "trigger": move.trigger,
        "from": move.source,
        "to": move.target,
        "events": list(move.events),
        "label": move.label,
    }


async def get_moves(call: ControlCall) -> dict[str, Any]:
    """What may happen now: the buyer's decisions while the order is open, and timers before their time."""
    provider, resource = found(call, call.workspace, call.runtime.open(call.workspace))
    return {"data": [move_view(move) for move in legal(call.runtime, call.workspace, provider, resource)]}


async def mark(call: ControlCall[MarkBody]) -> dict[str, Any]:
    """Lets one of the legal moves happen. Raises 409 for any other."""
    runtime, workspace = call.runtime, call.workspace
    provider, resource = found(call, workspace, runtime.open(workspace))
    moves = {move.trigger: move for move in legal(runtime, workspace, provider, resource)}
    move = moves.get(call.body.trigger)
    if move is None:
        message = f"{call.body.trigger} is not possible: the payment is {resource.state}"
        raise ControlError(409, "illegal_move", message, field="trigger", allowed=list(moves))
    with runtime.unit(workspace, provider=provider.name, topic="control") as uow:
        move.act(uow)
    return shown(call)
