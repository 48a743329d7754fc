"""What a store can do at all: statements, transactions, savepoints. Its two makes fill this in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

Row = Sequence[Any]

EVERY = 2**63 - 1
"""A limit that limits nothing, in both dialects; as an instant, one by which everything will have fallen due."""


class Statements(ABC):
    dialect: ClassVar[str]
    _timers_aside: str = ""
    _messages_aside: str = ""
    """SQL that passes over what waits; see `set_aside`."""
    _held: Mapping[int, str] = MappingProxyType({})
    """The same for the messages of one workspace; see `hold`."""
    OUTAGES: ClassVar[tuple[type[Exception], ...]]
    """What is raised when the store cannot be used at the moment: a full disk, a lost connection, a lock."""

    @abstractmethod
    def outage(self, error: BaseException | None) -> str | None:
        """What is wrong with the store, in a sentence, if that is what the error says; None for any other error."""

    @abstractmethod
    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]: ...

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Executes and returns the number of rows touched."""

    @abstractmethod
    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def rollback(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def _aside(self, workspace: int) -> str:
        """SQL that passes over the messages of a workspace that wait."""
        return f"{self._messages_aside} {self._held.get(workspace, '')}"

    def begin_part(self) -> None:
        """Within the transaction: what follows can be taken back alone."""
        self.run("SAVEPOINT part")

    def commit_part(self) -> None:
        self.run("RELEASE SAVEPOINT part")

    def rollback_part(self) -> None:
        self.run("ROLLBACK TO SAVEPOINT part")
        self.run("RELEASE SAVEPOINT part")
