"""What deleted workspaces have left behind, and its removal in small steps.

The row of the workspace itself stays, without a body, for as long as others of it may be there: so a crash in between loses
nothing of the task, and no number comes twice meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.engine.store.statements import Row, Statements

KEY = "value, name, kind, provider, workspace, resource"


class Leavings(Statements):
    def leave(self, workspace: int) -> None:
        """Everything of this number is to be removed, and is found by nobody any more."""
        mark = f"left/{workspace}"
        sql = "UPDATE workspaces SET public_id = ?, name = ?, body = ? WHERE id = ?"
        self.run(sql, (mark, mark, b"", workspace))

    def left(self) -> list[int]:
        return [int(row[0]) for row in self.rows("SELECT id FROM workspaces WHERE LENGTH(body) = 0 ORDER BY id")]

    def forget_left(self, workspaces: Sequence[int]) -> None:
        """Nothing of them is there any more. The highest number stays, for it must not come again."""
        sql = "DELETE FROM workspaces WHERE id = ? AND id < (SELECT MAX(id) FROM workspaces)"
        self.run_many(sql, [(id_,) for id_ in workspaces])

    def sweep_due(self, workspace: int, most: int) -> int:
        """Removes so many timers and messages with their attempts; returns how many there were to remove."""
        chosen = "SELECT seq FROM timers WHERE workspace = ? ORDER BY due LIMIT ?"
        gone = self.run(f"DELETE FROM timers WHERE seq IN ({chosen})", (workspace, most))  # noqa: S608
        messages = [
            row[0] for row in self.rows("SELECT seq FROM outbox WHERE workspace = ? LIMIT ?", (workspace, most))
        ]
        self.run_many("DELETE FROM attempts WHERE message = ?", [(seq,) for seq in messages])
        self.run_many("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in messages])
        return gone + len(messages)

    def sweep_journal(self, workspace: int, most: int) -> int:
        """The newest row of all stays, so that the numbers go on."""
        chosen = """SELECT seq FROM journal WHERE workspace = ? AND seq < (SELECT MAX(seq) FROM journal) LIMIT ?"""
        gone = self.run(f"DELETE FROM journal WHERE seq IN ({chosen})", (workspace, most))  # noqa: S608
        sql = "SELECT provider, scope, key FROM replies WHERE workspace = ? LIMIT ?"
        replies = [(workspace, *row) for row in self.rows(sql, (workspace, most))]
        sql = "DELETE FROM replies WHERE workspace = ? AND provider = ? AND scope = ? AND key = ?"
        self.run_many(sql, replies)
        return gone + len(replies)

    def sweep_keys(self, workspaces: Sequence[int], after: Row | None, most: int) -> Row | None:
        """Walks over so many look-up keys of everybody and removes those of these workspaces. Returns where to go on."""
        where, values = ("", []) if after is None else (f"WHERE ({KEY}) > (?, ?, ?, ?, ?, ?)", list(after))
        rows = self.rows(f"SELECT {KEY} FROM lookup_keys {where} ORDER BY {KEY} LIMIT ?", [*values, most])  # noqa: S608
        sql = """DELETE FROM lookup_keys WHERE value = ? AND name = ? AND kind = ? AND provider = ? AND workspace = ?
            AND resource = ?"""
        gone = set(workspaces)
        self.run_many(sql, [row for row in rows if row[4] in gone])
        return rows[-1] if len(rows) == most else None

    def sweep_resources(self, workspaces: Sequence[int], after: int, most: int) -> int | None:
        """Walks over so many numbers of resources of everybody and removes those of these workspaces. Returns where to go on."""
        last = self.rows("SELECT MAX(seq) FROM resources", ())[0][0] or 0
        places = ", ".join(str(id_) for id_ in workspaces)
        sql = f"DELETE FROM resources WHERE seq > ? AND seq <= ? AND workspace IN ({places})"  # noqa: S608
        self.run(sql, (after, after + most))
        return after + most if after + most < last else None

    def shrink(self, pages: int) -> None:
        """Gives so much of what is empty back to the disk, where the store can."""

    def empty_pages(self) -> int:
        """How much could be given back."""
        return 0
