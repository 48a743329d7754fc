"""The tables. One generic table of resources beside its look-up keys: a new kind of resource needs no migration.

Instants are integers (microseconds since 1970), bodies are JSON in bytes.
"""

VERSION = 7

APPLICATION = 0x50535053
"""What the head of an SQLite file names as its application ("PSPS"). Versions up to 0.1.0 named none."""

OWN_TABLES = frozenset({"meta", "workspaces", "credentials", "resources", "journal"})
"""By these a file of such a version is known."""

SEQ = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"}
BLOB = {"sqlite": "BLOB", "postgresql": "BYTEA"}
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
}
"""From each version to the next, before the indexes are made. PostgreSQL keeps no version: there all are repeated whenever a
store is opened."""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS workspaces (
    id {seq}, public_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, body {blob} NOT NULL, place BIGINT);

CREATE TABLE IF NOT EXISTS leavings (place BIGINT PRIMARY KEY);

CREATE TABLE IF NOT EXISTS credentials (
    provider TEXT NOT NULL, lookup TEXT NOT NULL, workspace BIGINT NOT NULL,
    PRIMARY KEY (provider, lookup)){clustered};

CREATE TABLE IF NOT EXISTS resources (
    seq {seq}, workspace BIGINT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    version BIGINT NOT NULL, phase TEXT, reference TEXT, body {blob} NOT NULL, unlisted BIGINT);

CREATE TABLE IF NOT EXISTS lookup_keys (
    value TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, workspace BIGINT NOT NULL,
    resource BIGINT NOT NULL, PRIMARY KEY (value, name, kind, provider, workspace, resource)){clustered};

CREATE TABLE IF NOT EXISTS timers (
    seq {seq}, workspace BIGINT NOT NULL, due BIGINT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL,
    id TEXT NOT NULL, trigger TEXT NOT NULL, data {blob} NOT NULL);

CREATE TABLE IF NOT EXISTS outbox (
    seq {seq}, id TEXT NOT NULL, workspace BIGINT NOT NULL, provider TEXT NOT NULL, event TEXT NOT NULL,
    subject TEXT NOT NULL, url TEXT, state TEXT NOT NULL, due BIGINT, created BIGINT NOT NULL,
    attempts BIGINT NOT NULL, context {blob} NOT NULL, body {blob} NOT NULL, from_network BIGINT);

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
"""

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS resources_id ON resources (id, kind, provider, workspace);
CREATE INDEX IF NOT EXISTS resources_listed ON resources (workspace, provider, kind, seq) WHERE unlisted IS NULL;
CREATE INDEX IF NOT EXISTS resources_payments ON resources (workspace, seq) WHERE phase IS NOT NULL;
CREATE INDEX IF NOT EXISTS timers_due ON timers (workspace, due, seq);
CREATE INDEX IF NOT EXISTS timers_of ON timers (id);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (workspace, due, seq) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS outbox_subject ON outbox (workspace, subject, seq);
CREATE INDEX IF NOT EXISTS outbox_id ON outbox (id);
CREATE INDEX IF NOT EXISTS journal_subject ON journal (workspace, subject, seq) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS journal_kind ON journal (workspace, kind, seq);
"""
"""Each costs every create a page of the log. What is `unlisted` is of a kind over which no list goes (`Resource.LISTED`)."""


def statements(dialect: str, found: int) -> list[str]:
    """What makes a store (`found` is 0), or brings one of version `found` to this one."""
    upgrades = [UPGRADES[version] for version in range(found, VERSION)] if found else []
    text = ";".join([TABLES, *upgrades, INDEXES]).replace("{seq}", SEQ[dialect]).replace("{blob}", BLOB[dialect])
    text = text.replace("{clustered}", CLUSTERED[dialect]).replace("{unless}", UNLESS[dialect])
    return [statement.strip() for statement in text.split(";") if statement.strip()]
