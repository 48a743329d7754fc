"""What reset and deleted workspaces have left behind, and its removal in small steps.

All rows of a workspace stand at its *place*: that is what their column `workspace` bears. At first it is the workspace's own
number. A reset gives the workspace another place, where nothing is, and leaves the one before, all at once; a delete leaves
its place with nobody in it. Nobody else knows of this: whoever asks the store names workspaces by their number, which never
changes.

`leavings` lists the places that are to be cleaned up, so a crash in between loses nothing of the task. The row of a deleted
workspace stays, without a body, while others of it may be there, so that its number does not come again.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.engine.store.statements import Row, Statements

KEY = "value, name, kind, provider, workspace, resource"

FIRST_PLACE = -1
"""Places that are no workspace's number are counted downwards from here."""


class Leavings(Statements):
    def leave(self, workspace: int) -> None:
        """Everything of the workspace is to be removed, and is found by nobody any more."""
        mark = f"gone/{workspace}"
        self._leave(self._at(workspace))
        sql = "UPDATE workspaces SET public_id = ?, name = ?, body = ? WHERE id = ?"
        self.run(sql, (mark, mark, b"", workspace))

    def new_place(self, workspace: int) -> int:
        """Leaves the workspace's place for an empty one, which is returned: `stands_at` lets it be asked for."""
        self._leave(self._at(workspace))
        sql = """INSERT INTO meta (name, value) VALUES ('last_place', ?) ON CONFLICT (name)
            DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) - 1 AS TEXT) RETURNING value"""
        place = int(self.rows(sql, (str(FIRST_PLACE),))[0][0])
        self.run("UPDATE workspaces SET place = ? WHERE id = ?", (place, workspace))
        return place

    def stands_at(self, workspace: int, place: int) -> None:
        """Reads and writes the workspace's rows at this place from now on. To be called when the move is committed."""
        self._places = {**self._places, workspace: place}
        self._standing = {at: id_ for id_, at in self._places.items()}

    def _leave(self, place: int) -> None:
        self.run("INSERT INTO leavings (place) VALUES (?)", (place,))

    def left(self) -> list[int]:
        return [int(row[0]) for row in self.rows("SELECT place FROM leavings ORDER BY place")]

    def forget_left(self, places: Sequence[int]) -> None:
        """Strikes places off the list, for nothing is there any more. The row with the highest number of a workspace stays, for
        that number must not come again."""
        self.run_many("DELETE FROM leavings WHERE place = ?", [(place,) for place in places])
        self.run("""DELETE FROM workspaces WHERE LENGTH(body) = 0 AND id < (SELECT MAX(id) FROM workspaces)
            AND COALESCE(place, id) NOT IN (SELECT place FROM leavings)""")

    def sweep_due(self, place: int, most: int) -> int:
        """Removes so many timers and messages with their attempts; returns how many there were to remove."""
        chosen = "SELECT seq FROM timers WHERE workspace = ? ORDER BY due LIMIT ?"
        gone = self.run(f"DELETE FROM timers WHERE seq IN ({chosen})", (place, most))  # noqa: S608
        self.run("DELETE FROM dropped WHERE workspace = ?", (place,))
        messages = [row[0] for row in self.rows("SELECT seq FROM outbox WHERE workspace = ? LIMIT ?", (place, most))]
        self.run_many("DELETE FROM attempts WHERE message = ?", [(seq,) for seq in messages])
        self.run_many("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in messages])
        return gone + len(messages)

    def sweep_journal(self, place: int, most: int) -> int:
        """With the answers to repeated requests and the ledger. The newest row of all stays, so that the numbers go on."""
        chosen = """SELECT seq FROM journal WHERE workspace = ? AND seq < (SELECT MAX(seq) FROM journal) LIMIT ?"""
        gone = self.run(f"DELETE FROM journal WHERE seq IN ({chosen})", (place, most))  # noqa: S608
        sql = "SELECT provider, scope, key FROM replies WHERE workspace = ? LIMIT ?"
        replies = [(place, *row) for row in self.rows(sql, (place, most))]
        sql = "DELETE FROM replies WHERE workspace = ? AND provider = ? AND scope = ? AND key = ?"
        self.run_many(sql, replies)
        sql = "SELECT provider, number FROM ledger WHERE workspace = ? LIMIT ?"
        bookings = [(place, *row) for row in self.rows(sql, (place, most))]
        self.run_many("DELETE FROM ledger WHERE workspace = ? AND provider = ? AND number = ?", bookings)
        return gone + len(replies) + len(bookings)

    def sweep_keys(self, places: Sequence[int], after: Row | None, most: int) -> Row | None:
        """Walks over so many look-up keys of everybody and removes those of these places. Returns where to go on."""
        where, values = ("", []) if after is None else (f"WHERE ({KEY}) > (?, ?, ?, ?, ?, ?)", list(after))
        rows = self.rows(f"SELECT {KEY} FROM lookup_keys {where} ORDER BY {KEY} LIMIT ?", [*values, most])  # noqa: S608
        sql = """DELETE FROM lookup_keys WHERE value = ? AND name = ? AND kind = ? AND provider = ? AND workspace = ?
            AND resource = ?"""
        gone = set(places)
        self.run_many(sql, [row for row in rows if row[4] in gone])
        return rows[-1] if len(rows) == most else None

    def sweep_resources(self, places: Sequence[int], after: int, most: int) -> int | None:
        """Walks over so many numbers of resources of everybody and removes those of these places. Returns where to go on."""
        last = self.rows("SELECT MAX(seq) FROM resources", ())[0][0] or 0
        there = ", ".join(str(place) for place in places)
        sql = f"DELETE FROM resources WHERE seq > ? AND seq <= ? AND workspace IN ({there})"  # noqa: S608
        self.run(sql, (after, after + most))
        return after + most if after + most < last else None

    def shrink(self, db_pages: int) -> None:
        """Gives so many empty database pages back to the disk, where the store can."""

    def db_pages(self) -> int:
        """How many the store has, empty ones included; 0 where none could be given back."""
        return 0

    def empty_db_pages(self) -> int:
        """How many could be given back."""
        return 0
