"""The tables. One generic table of resources beside its look-up keys: a new kind of resource needs no migration.

Instants are integers (microseconds since 1970), bodies are JSON in bytes.

Each table of which a workspace has rows (`OF_A_WORKSPACE`) has a twin, `kept_<name>`, with the rows of its snapshots as they
were. Twins are made from the tables, and get the columns that those get; what an upgrade does to the rows of a table it must
do to those of its twin too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulator.kernel.values import dataclass

VERSION = 14

LOGGED = 14
"""From this version on a file may have a log beside it, which an older one would not look at."""

APPLICATION = 0x50535053
"""What the head of an SQLite file names as its application ("PSPS"). Versions up to 0.1.0 named none."""

OWN_TABLES = frozenset({"meta", "workspaces", "credentials", "resources", "journal"})
"""By these a file of such a version is known."""

SEQ = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"}
BLOB = {"sqlite": "BLOB", "postgresql": "BYTEA"}
KEPT_AS = {"{seq}": "integer", "BIGINT": "integer", "TEXT": "text", "{blob}": "blob", "DOUBLE PRECISION": "real"}
"""What SQLite's `typeof` says of a value that we have written, by the type of its column."""
UNLESS = {"sqlite": "", "postgresql": "IF NOT EXISTS"}
CLUSTERED = {"sqlite": " WITHOUT ROWID", "postgresql": ""}

UPGRADES = {
    1: "ALTER TABLE attempts ADD COLUMN {unless} body {blob}",
    2: "ALTER TABLE attempts ADD COLUMN {unless} sent BIGINT",
    3: "ALTER TABLE resources ADD COLUMN {unless} unlisted BIGINT; DROP INDEX IF EXISTS resources_kind",
    4: """
        CREATE TABLE IF NOT EXISTS keys (
            value TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, workspace BIGINT NOT NULL,
            id TEXT NOT NULL);
        INSERT INTO lookup_keys (value, name, kind, provider, workspace, resource)
            SELECT k.value, k.name, k.kind, k.provider, k.workspace, r.seq FROM keys k CROSS JOIN resources r
            WHERE r.id = k.id AND r.kind = k.kind AND r.provider = k.provider AND r.workspace = k.workspace;
        DROP TABLE keys""",
    5: "ALTER TABLE outbox ADD COLUMN {unless} from_network BIGINT",
    6: """
        ALTER TABLE workspaces ADD COLUMN {unless} place BIGINT;
        INSERT INTO leavings (place) SELECT id FROM workspaces WHERE name LIKE 'left/%' ON CONFLICT DO NOTHING;
        UPDATE workspaces SET public_id = 'gone/' || id, name = 'gone/' || id WHERE name LIKE 'left/%'""",
    7: "",
    8: "ALTER TABLE outbox ADD COLUMN {unless} plan {blob}",
    9: "ALTER TABLE resources ADD COLUMN {unless} hangs_on TEXT",
    10: "",
    11: "",
    12: "",
    13: "",
}
"""From each version to the next, before the indexes are made. Those up to version 12 may be repeated: a PostgreSQL
kept no version before."""


TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS workspaces (
    id {seq}, public_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, body {blob} NOT NULL, place BIGINT);

CREATE TABLE IF NOT EXISTS leavings (place BIGINT PRIMARY KEY);

CREATE TABLE IF NOT EXISTS credentials (
    provider TEXT NOT NULL, lookup TEXT NOT NULL, workspace BIGINT NOT NULL,
    PRIMARY KEY (provider, lookup)){clustered};

CREATE TABLE IF NOT EXISTS snapshots (
    id {seq}, workspace BIGINT NOT NULL, name TEXT NOT NULL, at BIGINT NOT NULL, payments BIGINT NOT NULL,
    body {blob} NOT NULL, UNIQUE (workspace, name));

CREATE TABLE IF NOT EXISTS resources (
    seq {seq}, workspace BIGINT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    version BIGINT NOT NULL, phase TEXT, reference TEXT, body {blob} NOT NULL, unlisted BIGINT, hangs_on TEXT);

CREATE TABLE IF NOT EXISTS lookup_keys (
    value TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, workspace BIGINT NOT NULL,
    resource BIGINT NOT NULL, PRIMARY KEY (value, name, kind, provider, workspace, resource)){clustered};

CREATE TABLE IF NOT EXISTS timers (
    seq {seq}, workspace BIGINT NOT NULL, due BIGINT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL,
    id TEXT NOT NULL, trigger TEXT NOT NULL, data {blob} NOT NULL);

CREATE TABLE IF NOT EXISTS outbox (
    seq {seq}, id TEXT NOT NULL, workspace BIGINT NOT NULL, provider TEXT NOT NULL, event TEXT NOT NULL,
    subject TEXT NOT NULL, url TEXT, state TEXT NOT NULL, due BIGINT, created BIGINT NOT NULL,
    attempts BIGINT NOT NULL, context {blob} NOT NULL, body {blob} NOT NULL, from_network BIGINT,
    plan {blob});

CREATE TABLE IF NOT EXISTS attempts (
    message BIGINT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, status BIGINT, duration_ms DOUBLE PRECISION NOT NULL,
    error TEXT, headers {blob} NOT NULL, answer TEXT, body {blob}, sent BIGINT,
    PRIMARY KEY (message, n)){clustered};

CREATE TABLE IF NOT EXISTS journal (
    seq {seq}, workspace BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL,
    subject TEXT, path TEXT, status BIGINT, body {blob} NOT NULL);

CREATE TABLE IF NOT EXISTS replies (
    workspace BIGINT NOT NULL, provider TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
    at BIGINT NOT NULL, fingerprint {blob} NOT NULL, status BIGINT NOT NULL, headers {blob} NOT NULL,
    body {blob} NOT NULL, PRIMARY KEY (workspace, provider, key, scope)){clustered};

CREATE TABLE IF NOT EXISTS ledger (
    workspace BIGINT NOT NULL, provider TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, payment TEXT NOT NULL,
    body {blob} NOT NULL, PRIMARY KEY (workspace, provider, number)){clustered};

CREATE TABLE IF NOT EXISTS dropped (
    workspace BIGINT NOT NULL, payments BIGINT NOT NULL, requests BIGINT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (workspace));
"""

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS resources_id ON resources (id, kind, provider, workspace);
CREATE INDEX IF NOT EXISTS resources_listed ON resources (workspace, provider, kind, seq) WHERE unlisted IS NULL;
CREATE INDEX IF NOT EXISTS resources_payments ON resources (workspace, seq) WHERE phase IS NOT NULL;
CREATE INDEX IF NOT EXISTS resources_reference ON resources (workspace, reference, seq) WHERE phase IS NOT NULL;
CREATE INDEX IF NOT EXISTS resources_hanging ON resources (workspace, hangs_on) WHERE hangs_on IS NOT NULL;
CREATE INDEX IF NOT EXISTS timers_due ON timers (workspace, due, seq);
CREATE INDEX IF NOT EXISTS timers_of ON timers (id);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (workspace, due, seq) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS outbox_failed ON outbox (workspace, state, seq) WHERE state = 'failed';
CREATE INDEX IF NOT EXISTS outbox_retried ON outbox (workspace, state, seq) WHERE state = 'pending' AND attempts > 0;
CREATE INDEX IF NOT EXISTS outbox_told ON outbox (workspace, seq);
CREATE INDEX IF NOT EXISTS outbox_subject ON outbox (workspace, subject, seq);
CREATE INDEX IF NOT EXISTS outbox_id ON outbox (id);
CREATE INDEX IF NOT EXISTS journal_subject ON journal (workspace, subject, seq) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS journal_kind ON journal (workspace, kind, seq);
CREATE INDEX IF NOT EXISTS journal_loose ON journal (workspace, seq) WHERE subject IS NULL;
"""
"""Each costs every create a page of the log. What is `unlisted` is of a kind over which no list goes (`Resource.LISTED`)."""


# What a workspace has ----------------------------------------------------------------------------------------------

OF_NOBODY = frozenset({"meta", "workspaces", "credentials", "leavings", "snapshots"})
"""Tables with nothing that has happened in a workspace: what the simulator knows, and who the workspaces are."""

NUMBERS = {("lookup_keys", "resource"): "resources", ("attempts", "message"): "outbox"}
"""The columns that name a row of another table by its number."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of which a workspace has rows: each has the workspace's place, or names a row that has it."""

    name: str
    columns: dict[str, str]
    """Name to type, as the text above has it."""

    @property
    def is_numbered(self) -> bool:
        return "seq" in self.columns

    @property
    def referring(self) -> dict[str, str]:
        """The columns that name rows of other tables, and those tables."""
        return {column: of for (name, column), of in NUMBERS.items() if name == self.name}

    @property
    def owned(self) -> str:
        """SQL that holds for the rows of a workspace, whose place is its one value. Raises `ValueError` where nothing does."""
        if "workspace" in self.columns:
            return "workspace = ?"
        for column, of in self.referring.items():
            return f"{column} IN (SELECT seq FROM {of} WHERE workspace = ?)"  # noqa: S608
        raise ValueError(f"whose are the rows of {self.name}? It has no column workspace, and is not in OF_NOBODY")

    @property
    def blobs(self) -> frozenset[str]:
        return frozenset(name for name, type_ in self.columns.items() if type_ == "{blob}")

    @property
    def unique(self) -> tuple[str, ...]:
        """The columns that together are no two rows' of a workspace; none where it has one row."""
        if self.is_numbered:
            return ("seq",)
        rule = _RULE.search(_TEXTS[self.name])
        assert rule is not None, f"{self.name} has no primary key"
        return tuple(name for name in re.findall(r"\w+", rule[0].partition("(")[2]) if name != "workspace")

    @property
    def required(self) -> frozenset[str]:
        return frozenset(name for name in self.columns if re.search(rf"\b{name} [^,]*NOT NULL", _TEXTS[self.name]))


_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\)(?:{clustered})?;", re.DOTALL)
_RULE = re.compile(r",\s*(?:PRIMARY KEY|UNIQUE) \(.*", re.DOTALL)
_TEXTS = dict(_TABLE.findall(TABLES))


def _columns(text: str) -> dict[str, str]:
    parts = [part.split() for part in _RULE.sub("", text).split(",")]
    return {name: " ".join(words).partition(" NOT NULL")[0] for name, *words in parts}


def of_a_workspace(texts: dict[str, str]) -> tuple[Table, ...]:
    """The tables of a workspace's rows. A table whose rows name rows of another comes after it."""
    found = [Table(name, _columns(text)) for name, text in texts.items() if name not in OF_NOBODY]
    return tuple(sorted(found, key=lambda table: bool(table.referring)))


OF_A_WORKSPACE = of_a_workspace(_TEXTS)


def all_columns() -> dict[str, dict[str, str]]:
    """The columns of every table, the twins included, with their types."""
    own = {
        name: {column: type_.removesuffix(" PRIMARY KEY") for column, type_ in _columns(text).items()}
        for name, text in _TEXTS.items()
    }
    return own | {f"kept_{table.name}": {"snapshot": "BIGINT", **table.columns} for table in OF_A_WORKSPACE}


_VALUES: dict[str, type[object]] = {"TEXT": str, "{blob}": bytes, "DOUBLE PRECISION": float}


def misfit(table: Table, row: Mapping[str, object]) -> str | None:
    """The column of a row in which something stands that was never written there."""
    for name, value in row.items():
        if value is not None and not isinstance(value, _VALUES.get(table.columns[name], int)):
            return name
    return None


def _twin(table: Table) -> str:
    columns = ", ".join(f"{name} {twin_type(type_)}" for name, type_ in table.columns.items())
    return f"""CREATE TABLE IF NOT EXISTS kept_{table.name} (place {{seq}}, snapshot BIGINT NOT NULL, {columns});
        DROP INDEX IF EXISTS kept_{table.name}_of;
        CREATE INDEX IF NOT EXISTS kept_{table.name}_at ON kept_{table.name} ({", ".join(("snapshot", *table.unique))})"""


def twin_type(type_: str) -> str:
    return "BIGINT" if type_ == "{seq}" else type_


def statements(dialect: str, found: int) -> list[str]:
    """What makes a store (`found` is 0), or brings one of version `found` to this one."""
    upgrades = [UPGRADES[version] for version in range(found, VERSION)] if found else []
    twins = [_twin(table) for table in OF_A_WORKSPACE]
    return [
        part.strip()
        for part in _spelt(";".join([TABLES, *twins, *upgrades, INDEXES]), dialect).split(";")
        if part.strip()
    ]


def widening(dialect: str, table: Table, there: frozenset[str]) -> list[str]:
    """What gives a twin the columns of its table that are not yet `there`."""
    missing = [(name, twin_type(type_)) for name, type_ in table.columns.items() if name not in there]
    return [_spelt(f"ALTER TABLE kept_{table.name} ADD COLUMN {name} {type_}", dialect) for name, type_ in missing]


def _spelt(text: str, dialect: str) -> str:
    text = text.replace("{seq}", SEQ[dialect]).replace("{blob}", BLOB[dialect])
    return text.replace("{clustered}", CLUSTERED[dialect]).replace("{unless}", UNLESS[dialect])
