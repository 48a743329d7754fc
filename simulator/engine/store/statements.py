"""What a store can do at all: statements, transactions, savepoints. Its two makes fill this in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from types import MappingProxyType
from typing import Any, ClassVar

from simulator.engine import cards

Row = Sequence[Any]

EVERY = 2**63 - 1
"""A limit that limits nothing, in both dialects."""

FOREVER = 253_402_300_799_999_999
"""The last instant that there is, in microseconds."""


def at_rest(values: Sequence[Any]) -> Sequence[Any]:
    """The values of a statement without card numbers in what it has of bodies. Texts are names: ids, references, addresses."""
    if not values or not _hold_cards(values):
        return values
    names = {value.encode("utf-8", "surrogatepass") for value in values if type(value) is str}
    return [cards.cut(one, is_read_again=True, names=names) if type(one) is bytes else one for one in values]


def all_at_rest(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Cuts card numbers in many rows. Looking through them together is much cheaper than one by one."""
    return [at_rest(row) for row in rows] if _hold_cards(chain.from_iterable(rows)) else rows


_is_bytes = bytes.__instancecheck__
"""For `filter`: this looks at each value that is ever written, and a comprehension costs a create a tenth of its time."""


def _hold_cards(values: Iterable[Any]) -> bool:
    together = b"\n".join(filter(_is_bytes, values))
    return len(together) >= cards.SHORTEST and cards.may_hold(together)


class Statements(ABC):
    dialect: ClassVar[str]
    SAME: ClassVar[str] = "IS"
    """Compares as `=` does, except that NULL equals NULL."""
    NUMBERED: ClassVar[str] = ""
    """What an insert says that brings the numbers of its rows along."""
    PLACE_IN: ClassVar[str] = "instr"
    """Where a text stands in another one, 0 where it does not. `LIKE` costs the length of the one times that of the other."""
    _timers_aside: str = ""
    _messages_aside: str = ""
    """SQL that leaves out the messages that wait in any workspace, as `_timers_aside` does with timers; see `set_aside`."""
    _places: Mapping[int, int] = MappingProxyType({})
    """By the workspace's number, the place where its rows stand, if that is not the number itself; see `leavings.py`."""
    _standing: Mapping[int, int] = MappingProxyType({})
    """By that place, the workspace's number."""
    _held: Mapping[int, str] = MappingProxyType({})
    """By the workspace's number, SQL that leaves out the messages that are held back in it; see `hold`."""
    OUTAGES: ClassVar[tuple[type[Exception], ...]]
    """What is raised when the store cannot be used at the moment: a full disk, a lost connection, a lock."""

    LOOK_S: float | None = None
    """Seconds from one `look` to the next; None where there is nothing to look at."""

    @abstractmethod
    def outage(self, error: BaseException | None) -> str | None:
        """What is wrong with the store, in a sentence, if that is what the error says; None for any other error."""

    def look(self) -> str | None:
        """What is wrong with the store though the next statement may succeed, in a sentence; None where nothing is known. Cheap."""
        return None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """What a statement finds. None that writes a body is executed so."""
        return self.exact_rows(sql, values)

    # No card number passes these two in a body, whoever writes it. A name stays as it is: cut, two would be the same.

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Executes and returns the number of rows touched."""
        return self.exact_run(sql, at_rest(values))

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> int:
        """Executes it once for each row. Returns how many rows it has changed in all."""
        return self.exact_run_many(sql, all_at_rest([*values]))

    # The same with the values as they are: only for credentials, which may be any digits that somebody has chosen.

    @abstractmethod
    def exact_rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]: ...

    @abstractmethod
    def exact_run(self, sql: str, values: Sequence[Any] = ()) -> int: ...

    @abstractmethod
    def exact_added(self, sql: str, values: Sequence[Any]) -> int:
        """Inserts one row and returns its `seq`."""

    @abstractmethod
    def exact_run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> int: ...

    @abstractmethod
    def columns(self, table: str) -> frozenset[str]:
        """The names of a table's columns, as it is there."""

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def commit(self) -> None: ...

    def commit_logged(self) -> bool:
        """Commits so that what is answered afterwards lasts. True where it only stands in a log yet, and `checkpoint` is to be
        called in a moment."""
        self.commit()
        return False

    def checkpoint(self) -> bool:
        """Puts everything that is committed in its place, and says whether it is there. Nothing happens within a transaction."""
        return True

    @abstractmethod
    def rollback(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    is_held_up: bool = False
    """Whether a statement has waited in vain for somebody else's lock just now."""

    def at_length(self) -> AbstractContextManager[None]:
        """What is done within may take seconds: it is as much as a workspace holds."""
        return nullcontext()

    def _at(self, workspace: int) -> int:
        """Where the rows of a workspace stand: what they bear in the column `workspace`."""
        return self._places.get(workspace, workspace)

    def _of(self, place: int) -> int:
        """The number of the workspace whose rows stand there."""
        return self._standing.get(place, place)

    def _placed(self, rows: Iterable[Row], column: int = 0) -> Iterable[Row]:
        """Rows to be written, in which a column is the number of their workspace."""
        if not self._places:
            return rows
        return [(*row[:column], self._at(row[column]), *row[column + 1 :]) for row in rows]

    def passes_over(self, workspace: int) -> bool:
        """Whether messages of the workspace may wait for something else than their instant."""
        return not self._aside(workspace).isspace()

    def _aside(self, workspace: int) -> str:
        """SQL that leaves out those messages of a workspace that must wait: see `set_aside` and `hold`."""
        return f"{self._messages_aside} {self._held.get(workspace, '')}"

    def first_part_stands(self) -> None:
        """What was written since `begin` is others' business now as well: what fails from here on must not take it along."""
        return

    def begin_part(self) -> None:
        """Within the transaction: what follows can be taken back alone."""
        self.exact_run("SAVEPOINT part")

    def commit_part(self) -> None:
        self.exact_run("RELEASE SAVEPOINT part")

    def rollback_part(self) -> None:
        self.exact_run("ROLLBACK TO SAVEPOINT part")
        self.exact_run("RELEASE SAVEPOINT part")
