"""What each column of a row was written as: SQLite keeps whatever somebody puts there."""

from __future__ import annotations

from typing import Any, TypeVar

from simulator.engine.unreadable import Unreadable

_TEXT, _INT, _BYTES, _NONE = str, int, bytes, type(None)
MESSAGE = (
    *(_INT, _TEXT, _INT, _TEXT, _TEXT, _TEXT, (_TEXT, _NONE), _TEXT, (_INT, _NONE), _INT),
    *(_INT, _BYTES, _BYTES, (_INT, _NONE), (_BYTES, _NONE)),
)
ATTEMPT = (
    *(_INT, _INT, _INT, (_INT, _NONE), (float, int), (_TEXT, _NONE)),
    *(_BYTES, (_TEXT, _NONE), (_BYTES, _NONE), (_INT, _NONE)),
)

R = TypeVar("R", bound=Any)


def as_written(what: str, row: R, types: tuple[Any, ...]) -> R:
    """A row with names. Raises `Unreadable` for one with something in it that was never written so."""
    if all(map(isinstance, row, types)):
        return row
    wrong = next(name for name, one, type_ in zip(row._fields, row, types, strict=True) if not isinstance(one, type_))
    raise Unreadable(f"{what} number {row[0]}", f"{wrong} is none that was ever written")
