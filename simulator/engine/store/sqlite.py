"""The embedded store: one SQLite connection in WAL mode, used inline on the event loop (no thread hop)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence, Set
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeGuard

from simulator.engine import private
from simulator.engine.store import schema
from simulator.engine.store.base import Row, Store
from simulator.engine.store.lock import InUse, Lock
from simulator.engine.store.place import Place
from simulator.engine.store.rest import is_at_rest, leaving_nothing
from simulator.engine.store.statements import FOREVER
from simulator.engine.unreadable import Unreadable

log = logging.getLogger("simulator")

CHEAP_TO_REWRITE = 64 * 1024 * 1024
"""Bytes of an older file that is rewritten when it is opened, so that it shrinks when something is deleted."""

LOG_LIMIT = 64 * 1024 * 1024
"""Bytes of the write-ahead log that stay on the disk after what it held has come into the file."""


sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(type(None), dict[None, None]().get)
"""What bytes and nothing are to SQLite: the same. Where nobody says so, Python 3.11 raises and catches an error for each of
them that is written, eighty for a create: one part in twenty-five of its instructions."""


def _close(file: Path) -> None:
    """The file and what stands beside it are for their owner. SQLite gives what it makes later the file's permissions."""
    private.make_file(file)
    private.close_files(*file.parent.glob(f"{file.name}-*"), *file.parent.glob(f"{file.name}.*"))
    private.close_folder(file.parent, file.name, "tls")


DOCTOR = "psp-simulator doctor --db FILE"

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""What SQLite calls a damaged file. It is raised as a plain `DatabaseError`, which anything else may be too."""

LOOK_S = 1.0


class Damaged(sqlite3.OperationalError):
    """A page of the file cannot be read. For whoever asks the store, an outage."""


class Gone(sqlite3.OperationalError):
    """The file is not where it was opened, or another server has it: what is written now would be lost."""


class SqliteStore(Store):
    """`where` is a file or `:memory:`. `synchronous` is OFF, NORMAL or FULL; NORMAL survives `kill -9` whole."""

    dialect: ClassVar[str] = "sqlite"
    OUTAGES: ClassVar[tuple[type[Exception], ...]] = (sqlite3.OperationalError,)

    def __init__(self, where: str = ":memory:", synchronous: str = "NORMAL", *, address: str | None = None) -> None:
        """With an `address` nobody else may serve the file meanwhile. Raises `InUse`, `Unusable` or sqlite3's errors."""
        self._lock: Lock | None = None
        self._place: Place | None = None
        self._gone: str | None = None
        """Why nothing may be written, when somebody last looked."""
        self._taken: str | None = None
        """Who has had the file since its lock was removed: nothing that is known here holds any more."""
        self._damage: str | None = None
        """What was met since the file was opened."""
        if where != ":memory:":
            file = Path(where).expanduser()
            private.make_folder(file.parent)
            where = str(file)
            look_at(file)
            _close(file)
            if address is not None:
                self._lock = Lock(file, address)
            try:
                self._open(where, synchronous)
                self._place, self.LOOK_S = Place(file), LOOK_S
            except BaseException:
                self._unlock()
                raise
        else:
            self._open(where, synchronous)

    def _open(self, where: str, synchronous: str) -> None:
        self._connection = sqlite3.connect(
            where, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=30
        )
        self._execute, self._execute_many = self._connection.execute, self._connection.executemany
        for pragma in (
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "temp_store = MEMORY",
            "secure_delete = OFF",
            "cache_size = -8000",
            "wal_autocheckpoint = 16000",
            "busy_timeout = 30000",
            f"journal_size_limit = {LOG_LIMIT}",
        ):
            self._execute(f"PRAGMA {pragma}")
        if (found := self._version()) != schema.VERSION:
            if found > 0:
                self._copy(Path(f"{where}.schema-{found}"))
            self.begin()
            self._bring_up_to_date()
            self.commit()
        if self._execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION:
            self._execute(f"PRAGMA application_id = {schema.APPLICATION}")
        if not self._execute("PRAGMA auto_vacuum").fetchone()[0] and self._size() <= CHEAP_TO_REWRITE:
            self._execute("VACUUM")  # from now on the file can shrink

    def _size(self) -> int:
        """Of the file, in bytes."""
        pages, size = (self._execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * size)

    def _version(self) -> int:
        return int(self._execute("PRAGMA user_version").fetchone()[0])

    def _copy(self, copy: Path) -> None:
        """The store as it is, beside it, before its schema is changed. Complete, or not there."""
        unfinished = copy.with_name(copy.name + ".part")
        unfinished.unlink(missing_ok=True)
        private.make_file(unfinished)
        with closing(sqlite3.connect(unfinished)) as target:
            self._connection.backup(target)
        unfinished.replace(copy)

    def _bring_up_to_date(self) -> None:
        """Makes the tables, or adds what an older version did not have. Within a transaction: somebody else may have done it."""
        found = self._version()
        for statement in schema.statements("sqlite", found):
            self._execute(statement)
        self.widen("sqlite")
        self._execute(f"PRAGMA user_version = {schema.VERSION}")

    def outage(self, error: BaseException | None) -> str | None:
        if isinstance(error, Unreadable):
            return f"{error}; {DOCTOR} names every row that cannot be"
        if isinstance(error, sqlite3.OperationalError) or _is_damage(error):
            return fault(error)
        return None

    def _tell(self, error: sqlite3.DatabaseError) -> NoReturn:
        """Raises the error, as `Damaged` where it says that. Whatever else is wrong may be a bug of ours."""
        if not _is_damage(error) or isinstance(error, Damaged):
            raise error
        damaged = Damaged(*error.args)
        damaged.sqlite_errorcode, damaged.sqlite_errorname = error.sqlite_errorcode, error.sqlite_errorname
        if self._damage is None:
            self._damage = f"the store is damaged: {fault(damaged)}"
            log.error("%s", self._damage)
        raise damaged from error

    # Where the file is ---------------------------------------------------------------------------------------------

    def look(self) -> str | None:
        found = self._objection()
        if found is not None and found != self._gone:
            log.error("%s", found)
        elif found is None and self._gone is not None:
            log.warning("the store is where it was: all is well again")
        self._gone = found
        return found or self._damage

    def _objection(self) -> str | None:
        if self._place is None:
            return None
        return self._taken or self._place.objection() or self._renewed()

    def _renewed(self) -> str | None:
        """Locks again, if somebody has removed the file of the lock."""
        try:
            if self._lock is not None and self._lock.renew():
                log.warning("the lock beside the store was removed, and is made anew: nobody else has taken the store")
        except InUse as error:
            self._taken = (
                f"{error}, for its lock was removed: nothing is written here any more; start this simulator again"
            )
            return self._taken
        except OSError as error:
            return f"the lock beside the store was removed, and cannot be made anew: {error}"
        return None

    # Statements ----------------------------------------------------------------------------------------------------

    def columns(self, table: str) -> frozenset[str]:
        return frozenset(column[0] for column in self._execute(f"SELECT * FROM {table} LIMIT 0").description)  # noqa: S608

    def exact_rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def exact_run(self, sql: str, values: Sequence[Any] = ()) -> int:
        try:
            return self._execute(sql, values).rowcount
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def exact_added(self, sql: str, values: Sequence[Any]) -> int:
        try:
            return int(self._execute(sql, values).lastrowid or 0)
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def exact_run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> int:
        try:
            return self._execute_many(sql, values).rowcount
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def shrink(self, pages: int) -> None:
        if self._connection.in_transaction:
            return
        try:
            # `execute` would give back one page: it ends a statement without columns at its first step
            self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")
        except sqlite3.DatabaseError as error:
            self._tell(error)
        self.exact_rows("PRAGMA wal_checkpoint(PASSIVE)")

    def pages(self) -> int:
        return int(self.exact_rows("PRAGMA page_count")[0][0])

    def undated(self) -> tuple[int, int]:
        odd = f"typeof(due) != 'integer' OR due > {FOREVER}"
        timers = self.exact_rows(f"SELECT COUNT(*) FROM timers WHERE {odd}")  # noqa: S608
        messages = self.exact_rows(f"SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND ({odd})")  # noqa: S608
        return int(timers[0][0]), int(messages[0][0])

    def waiting_providers(self) -> list[str]:
        sql = "SELECT provider FROM timers UNION SELECT provider FROM outbox WHERE state = 'pending'"
        return [row[0] for row in self.exact_rows(sql) if isinstance(row[0], str)]

    def with_rows(self, providers: Set[str]) -> Set[str]:
        here = "provider = ?1 AND workspace NOT IN (SELECT place FROM leavings)"
        sources = ("resources WHERE", "timers WHERE", "outbox WHERE state = 'pending' AND", "ledger WHERE")
        sql = " OR ".join(f"EXISTS (SELECT 1 FROM {source} {here})" for source in sources)  # noqa: S608
        return {name for name in providers if self.exact_rows(f"SELECT {sql}", (name,))[0][0]}

    def empty_pages(self) -> int:
        if not self.exact_rows("PRAGMA auto_vacuum")[0][0]:
            return 0
        return int(self.exact_rows("PRAGMA freelist_count")[0][0])

    def begin(self) -> None:
        if self._gone is not None:
            raise Gone(self._gone)
        self.exact_run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.exact_run("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self.exact_run("ROLLBACK")

    def close(self) -> None:
        self._connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _code(error: BaseException | None) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _is_damage(error: BaseException | None) -> TypeGuard[sqlite3.DatabaseError]:
    return isinstance(error, sqlite3.DatabaseError) and _code(error) in DAMAGE


def fault(error: sqlite3.DatabaseError) -> str:
    """SQLite's words, and what they mean where that is known."""
    code = _code(error)
    meaning = {
        sqlite3.SQLITE_CORRUPT: f"a page of the file is damaged; {DOCTOR} says more, and a copy is what helps",
        sqlite3.SQLITE_NOTADB: "it is no SQLite file",
        sqlite3.SQLITE_FULL: "no room is left",
    }.get(code)
    return f"{error} ({meaning})" if meaning else str(error)


class Unusable(RuntimeError):
    """What lies there cannot be our store: the message says why."""


class NoVersion(Unusable):
    """It is ours, but bears the number of a schema that no version ever had."""


def look_at(file: Path, how: str | None = None) -> int:
    """The schema version of the file; 0 if it is new. Only looks: nothing is written, whatever lies there, nor left beside it.
    `how` it is opened is for SQLite.

    Raises `Unusable` for what is no store of ours or is of a newer version, `sqlite3.Error` for what cannot be read.
    """
    if file.is_dir():
        raise Unusable("it is a folder")
    if not file.exists() or file.stat().st_size == 0:
        return 0
    if file.stat().st_nlink > 1:  # lock and newest changes stand beside one name, where the other does not find them
        raise Unusable("it has a second name (a hard link), by which another server would not find this one; copy it")
    if how is None:
        if is_at_rest(file):
            return look_at(file, "mode=ro&immutable=1")
        with leaving_nothing(file):
            return look_at(file, "mode=ro")
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, timeout=30)
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()
    is_empty = (application, version, tables) == (0, 0, set())
    is_old = application == 0 and tables >= schema.OWN_TABLES
    if application != schema.APPLICATION and not is_empty and not is_old:
        raise Unusable("it belongs to another program")
    if version < 0 or (version == 0 and tables):
        raise NoVersion(f"it says that it has schema {version}, which no version ever wrote: take a copy from before")
    if version > schema.VERSION:
        raise Unusable(
            f"it was written by another version, a newer one (schema {version}, here {schema.VERSION}); "
            "use that version, or another file"
        )
    return version
