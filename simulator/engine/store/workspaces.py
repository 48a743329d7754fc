"""The workspaces, their credentials, and what the simulator knows of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.engine.store.statements import Row, Statements


class Workspaces(Statements):
    def meta(self, name: str) -> str | None:
        found = self.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return found[0][0] if found else None

    def set_meta(self, name: str, value: str) -> None:
        self.run(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def workspace_count(self) -> int:
        return int(self.exact_rows("SELECT COUNT(*) FROM workspaces WHERE LENGTH(body) > 0")[0][0])

    def workspaces(self) -> list[Row]:
        """All workspaces as `(number, body)`. It also learns at which place the rows of each stand."""
        found = self.exact_rows("SELECT id, body, place FROM workspaces WHERE LENGTH(body) > 0 ORDER BY id")
        self._places = {id_: place for id_, _, place in found if place is not None}
        self._standing = {place: id_ for id_, place in self._places.items()}
        return [row[:2] for row in found]

    def workspace_named(self, public_id_or_name: str) -> int | None:
        sql = "SELECT id FROM workspaces WHERE (public_id = ? OR name = ?) AND LENGTH(body) > 0"
        return _number(self.exact_rows(sql, (public_id_or_name, public_id_or_name)))

    def workspace_of(self, provider: str, lookup: str) -> int | None:
        sql = "SELECT workspace FROM credentials WHERE provider = ? AND lookup = ?"
        return _number(self.exact_rows(sql, (provider, lookup)))

    def workspace_at(self, place: int) -> int | None:
        sql = "SELECT id FROM workspaces WHERE (place = ? OR id = ?) AND LENGTH(body) > 0"
        return _number(self.exact_rows(sql, (place, place)))

    def one_workspace(self, id_: int) -> tuple[bytes, list[tuple[str, str]]] | None:
        """Its body and its credentials, as they stand now. From now on it is looked for where the store says that it stands."""
        found = self.exact_rows("SELECT body, place FROM workspaces WHERE id = ? AND LENGTH(body) > 0", (id_,))
        if not found:
            return None
        body, place = found[0]
        self._places = {known: at for known, at in self._places.items() if known != id_}
        if place is not None:
            self._places[id_] = place
        self._standing = {at: known for known, at in self._places.items()}
        sql = "SELECT provider, lookup FROM credentials WHERE workspace = ?"
        return body, [(row[0], row[1]) for row in self.exact_rows(sql, (id_,))]

    def add_workspace(self, public_id: str, name: str, body: bytes) -> int:
        sql = "INSERT INTO workspaces (public_id, name, body) VALUES (?, ?, ?) RETURNING id"
        return int(self.exact_rows(sql, (public_id, name, body))[0][0])

    def save_workspace(self, id_: int, name: str, body: bytes) -> None:
        self.exact_run("UPDATE workspaces SET name = ?, body = ? WHERE id = ?", (name, body, id_))

    def add_credentials(self, workspace: int, lookups: Iterable[tuple[str, str]]) -> None:
        sql = "INSERT INTO credentials (provider, lookup, workspace) VALUES (?, ?, ?)"
        self.exact_run_many(sql, [(provider, lookup, workspace) for provider, lookup in lookups])

    def remove_credentials(self, workspace: int) -> None:
        self.run("DELETE FROM credentials WHERE workspace = ?", (workspace,))

    def credentials(self) -> list[Row]:
        return self.rows("SELECT provider, lookup, workspace FROM credentials")

    def set_aside(self, providers: Sequence[str], timers: Sequence[int]) -> None:
        """Passes over what is due of these providers, and over these timers, until it is called again."""
        self._messages_aside = _others_than(providers)
        self._timers_aside = self._messages_aside
        if timers:
            self._timers_aside += f" AND seq NOT IN ({', '.join(str(seq) for seq in timers)})"

    def hold(self, workspace: int, providers: Sequence[str]) -> None:
        """Holds the messages of these providers back in a workspace, until it is called again with others."""
        self._held = {**self._held, workspace: _others_than(providers)}


def _number(found: list[Row]) -> int | None:
    return int(found[0][0]) if found else None


def _others_than(providers: Sequence[str]) -> str:
    names = ", ".join("'{}'".format(name.replace("'", "''")) for name in providers)
    return f"AND provider NOT IN ({names})" if names else ""
