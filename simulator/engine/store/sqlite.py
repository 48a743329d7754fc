"""The embedded store: one SQLite connection in WAL mode, used inline on the event loop (no thread hop)."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterable, Sequence, Set
from contextlib import closing, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from simulator.engine import private
from simulator.engine.store import schema
from simulator.engine.store.base import Row, Store
from simulator.engine.store.found import DOCTOR, Unusable, fault, is_damage, look_at
from simulator.engine.store.lock import InUse, Lock, alone
from simulator.engine.store.place import Place
from simulator.engine.store.redo import MOST, Redo, Statement
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
        """Why nothing may be written here ever again: another process took the store while its lock was removed. It says who."""
        self._damage: str | None = None
        """What was met since the file was opened."""
        self._redo: Redo | None = None
        """None where everything is committed at once: in memory, and where somebody else may have the file as well."""
        self._is_closed = False
        self._is_in_turn = False
        """Between `begin` and its `commit` or `rollback`."""
        self._said: list[Statement] | None = None
        """What was executed in this turn; None once that is not to be logged."""
        self._part = 0
        """So many of them before the part that is under way."""
        self._seen = 0
        """Rows that SQLite has changed as far as `_said` knows. If it has changed others, they were changed past us."""
        if where != ":memory:":
            file = Path(where).expanduser()
            private.make_folder(file.parent)
            where = str(file)
            look_at(file)
            _close(file)
            if address is not None:
                self._lock = Lock(file, address)
            try:
                self._open(where, synchronous, file)
                self._place, self.LOOK_S = Place(file), LOOK_S
            except BaseException:
                self._unlock()
                raise
        else:
            self._open(where, synchronous)

    def _open(self, where: str, synchronous: str, file: Path | None = None) -> None:
        self._connection = sqlite3.connect(
            where, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=30
        )
        self._execute, self._execute_many = self._connection.execute, self._connection.executemany
        try:
            self._prepare(where, synchronous, file)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, where: str, synchronous: str, file: Path | None) -> None:
        """Sets the connection up, takes in what was logged, and brings the schema up to date."""
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
        if file is not None:
            self._take_in(file)
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
        if file is not None and self._lock is not None and synchronous == "NORMAL":
            self._redo = self._new_log(file)

    def _take_in(self, file: Path) -> None:
        """Executes what a server that was killed has left in its log. A server at work keeps its own."""
        with nullcontext(True) if self._lock is not None else alone(file) as is_ours:
            if is_ours and self._version() >= schema.LOGGED and (log_of := self._log_of(file)) is not None:
                try:
                    self._redo = log_of
                    self._do_again()
                    self._checkpoint(log_of.number)
                except sqlite3.IntegrityError as error:
                    raise Unusable(
                        f"what its last server has left in {file.name}-redo does not fit it ({error}): "
                        "copy both, and remove that one to go on without"
                    ) from error
                finally:
                    self._redo = None
                log_of.close()

    def _log_of(self, file: Path) -> Redo | None:
        """That of the last server; None where there was none."""
        found = self._execute("SELECT value FROM meta WHERE name = 'redo'").fetchone()
        if found is None:
            return None
        store, _, number = found[0].partition(" ")
        log_of = Redo(file, store)
        log_of.number = int(number)
        return log_of

    def _new_log(self, file: Path) -> Redo:
        """Under a name of its own, or a copy of the file from before this server could be taken for what its log follows."""
        last, log_of = self._log_of(file), Redo(file, store := os.urandom(8).hex())
        log_of.number = 0 if last is None else last.number
        sql = (
            "INSERT INTO meta (name, value) VALUES ('redo', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        self._execute(sql, (f"{store} {log_of.number}",))
        return log_of

    def _size(self) -> int:
        """The size of the file in bytes."""
        db_pages, size = (self._execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(db_pages * size)

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
        if isinstance(error, sqlite3.OperationalError) or is_damage(error):
            return fault(error)
        return None

    def _tell(self, error: sqlite3.DatabaseError) -> NoReturn:
        """Raises the error, as `Damaged` where it says that. Whatever else is wrong may be a bug of ours."""
        if not is_damage(error) or isinstance(error, Damaged):
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
            count = self._execute(sql, values).rowcount
        except sqlite3.DatabaseError as error:
            self._tell(error)
        if count > 0:
            self._wrote(sql, values, False, count)
        return count

    def exact_added(self, sql: str, values: Sequence[Any]) -> int:
        try:
            cursor = self._execute(sql, values)
        except sqlite3.DatabaseError as error:
            self._tell(error)
        number = int(cursor.lastrowid or 0)
        self._wrote(sql, values, False, cursor.rowcount)
        return number

    def exact_run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> int:
        if self._said is not None:
            values = [*values]
        try:
            count = self._execute_many(sql, values).rowcount
        except sqlite3.DatabaseError as error:
            self._tell(error)
        if count > 0:
            self._wrote(sql, values, True, count)
        return count

    def _wrote(self, sql: str, values: Any, is_many: bool, count: int) -> None:
        """A statement has changed so many rows: it is remembered for the log of this turn. Outside of any turn it lasts at once."""
        if self._said is None:
            if not self._is_in_turn and sql is not _IS_THERE:
                self.checkpoint()
            return
        self._seen += count
        if count > MOST or len(self._said) > MOST or not _says_which(sql):
            self._said = None
        else:
            self._said.append((sql, [*map(tuple, values)] if is_many else tuple(values), is_many))

    def shrink(self, db_pages: int) -> None:
        self.checkpoint()
        if self._connection.in_transaction:
            return
        try:
            # `execute` would give back one database page: it ends a statement without columns at its first step
            self._connection.executescript(f"PRAGMA incremental_vacuum({db_pages})")
        except sqlite3.DatabaseError as error:
            self._tell(error)
        self.exact_rows("PRAGMA wal_checkpoint(PASSIVE)")

    def db_pages(self) -> int:
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
        here = "provider = ? AND workspace NOT IN (SELECT place FROM leavings)"
        sources = ("resources WHERE", "timers WHERE", "outbox WHERE state = 'pending' AND", "ledger WHERE")
        sql = " OR ".join(f"EXISTS (SELECT 1 FROM {source} {here})" for source in sources)  # noqa: S608
        return {name for name in providers if self.exact_rows(f"SELECT {sql}", [name] * len(sources))[0][0]}

    def empty_db_pages(self) -> int:
        if not self.exact_rows("PRAGMA auto_vacuum")[0][0]:
            return 0
        return int(self.exact_rows("PRAGMA freelist_count")[0][0])

    # Transactions --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        if self._gone is not None:
            raise Gone(self._gone)
        if self._redo is None or not self._redo.waiting:
            self.exact_run("BEGIN IMMEDIATE")
        elif not self._connection.in_transaction:  # SQLite gave all of it up, for there was no room
            self._do_again()
        self._is_in_turn = True
        if self._redo is not None:
            self._said, self._seen = [], self._connection.total_changes

    def begin_part(self) -> None:
        super().begin_part()
        self._part = len(self._said or ())

    def rollback_part(self) -> None:
        super().rollback_part()
        if self._said is not None:
            del self._said[self._part :]

    def commit(self) -> None:
        if self._redo is None:
            self.exact_run("COMMIT")
        else:
            self._checkpoint(self._redo.number + 1)
        self._is_in_turn, self._said = False, None

    def commit_logged(self) -> bool:
        redo, said = self._redo, self._said
        if redo is None or said is None or self._seen != self._connection.total_changes:
            self.commit()
            return False
        if said and not self._logged(redo, said):
            self.commit()
            return False
        if not redo.waiting:
            self.exact_run("COMMIT")  # of nothing
        self._is_in_turn, self._said = False, None
        if redo.is_long:
            try:
                self.checkpoint()
            except sqlite3.OperationalError as error:  # nothing is lost, and who calls `checkpoint` next is told
                log.error("what is logged cannot come into the file: %s", fault(error))
        return bool(redo.waiting)

    def _logged(self, redo: Redo, said: list[Statement]) -> bool:
        try:
            return redo.append(said)
        except OSError as error:
            raise sqlite3.OperationalError(f"what is committed cannot be logged: {error}") from error

    def checkpoint(self) -> bool:
        if self._is_closed or self._redo is None or not self._redo.waiting:
            return True
        is_open = self._connection.in_transaction
        if self._is_in_turn or (self._gone is not None and not (is_open and self._taken)):
            return False  # but whoever has taken the file waits for the transaction, and began none while it was open
        if not is_open:
            self._do_again()
        try:
            self._checkpoint(self._redo.number)
        except sqlite3.DatabaseError:
            if not self._connection.in_transaction:
                self._do_again()  # whoever reads now must find it
            raise
        return True

    def _checkpoint(self, number: int) -> None:
        """Commits the open transaction: the commit of this number and all before it are in the file then, which says so."""
        assert self._redo is not None
        self.exact_run(_IS_THERE, (str(number),))
        self.exact_run("COMMIT")
        self._redo.number = number
        self._redo.empty()

    def _do_again(self) -> None:
        """What is in the log and not in the file, in a transaction that stays open."""
        assert self._redo is not None
        redo, self._said = self._redo, None
        self.exact_run("BEGIN IMMEDIATE")
        try:
            found = self.exact_rows("SELECT value FROM meta WHERE name = 'redo'")[0][0]
            number, waiting = int(found.partition(" ")[2]), 0
            for last, statements in redo.frames(after=number):
                for sql, values, is_many in statements:
                    (self._execute_many if is_many else self._execute)(sql, values)
                number, waiting = last, waiting + 1
        except BaseException:
            self._connection.rollback()
            raise
        redo.number, redo.waiting = number, waiting

    def rollback(self) -> None:
        """Takes back the turn. What was logged before it is done again: few turns fail after they have written something, and all
        would pay for a savepoint."""
        is_logged = self._redo is not None and self._redo.waiting > 0
        if self._connection.in_transaction and (self._is_in_turn or not is_logged):
            self.exact_run("ROLLBACK")
        self._is_in_turn, self._said = False, None
        if is_logged and not self._connection.in_transaction:
            self._do_again()

    def close(self) -> None:
        if self._is_closed:
            return
        if self._connection.in_transaction and self._is_in_turn:
            self.rollback()
        try:
            if self._taken is None:
                self._gone = None  # into the file that is open, wherever it is by now: as SQLite does with its own log
            self.checkpoint()
        except sqlite3.DatabaseError as error:
            log.error("what is logged comes into the file when it is opened again: %s", fault(error))
        self._is_closed = True
        self._connection.close()
        if self._redo is not None:
            self._redo.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


_IS_THERE = "UPDATE meta SET value = substr(value, 1, instr(value, ' ')) || ? WHERE name = 'redo'"
"""Says up to which number the commits of the log are in the file."""

_CONDITION = re.compile(r"\b(?:EXISTS|IN)\s*\(\s*SELECT\b")


@lru_cache(maxsize=1024)
def _says_which(sql: str) -> bool:
    """Whether a statement does the same to the same rows whenever it is executed, whatever the planner makes of it: what it selects
    is a condition, and neither the rows that it writes nor the first few of more."""
    is_condition = sql.count("SELECT") == len(_CONDITION.findall(sql))
    return is_condition and "LIMIT" not in sql
