"""What the live API has and the simulator leaves out: agreements and sessions."""

from __future__ import annotations

from collections.abc import Callable

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound


def left_out(kind: str) -> Callable[[Call, UnitOfWork], Reply]:
    """The handler of an endpoint that only the live API has: it answers 404 in PPRO's format and notes the live difference."""

    def handler(call: Call, uow: UnitOfWork) -> Reply:
        call.differs_live(f"{kind}s exist at the live API; the simulator leaves them out")
        raise NotFound(kind, call.target)

    return handler
