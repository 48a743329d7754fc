"""Everything that a workspace has, read out of the store and written into it again, maybe into another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.store import schema
from simulator.engine.store.statements import Statements

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""By table, each row by column, but for the workspace's."""


class Transfer(Statements):
    def everything(self, workspace: int) -> dict[str, list[dict[str, Any]]]:
        """All rows of a workspace by table, in the order of their numbers where they have any."""
        found: dict[str, list[dict[str, Any]]] = {}
        for table in schema.OF_A_WORKSPACE:
            names = [name for name in table.columns if name != "workspace"]
            order = ", ".join(table.unique) or "workspace"
            sql = f"SELECT {', '.join(names)} FROM {table.name} WHERE {table.owned} ORDER BY {order}"  # noqa: S608
            rows = self.rows(sql, (self._at(workspace),))
            found[table.name] = [dict(zip(names, row, strict=True)) for row in rows]
        return found

    def write_everything(self, workspace: int, rows: Rows) -> None:
        """Writes rows into a workspace that is empty. They get numbers of their own, in the order of those that they bear; what
        is missing of a row is NULL. Raises `KeyError` where one names a row that is not among them."""
        numbers: dict[str, dict[int, int]] = {}
        for table in schema.OF_A_WORKSPACE:
            given = rows.get(table.name, ())
            if table.is_numbered:
                given = sorted(given, key=lambda row: int(row["seq"]))
                own = self._new_numbers(table.name, len(given))
                numbers[table.name] = {row["seq"]: number for row, number in zip(given, own, strict=True)}
            renumbered = {column: numbers[of] for column, of in table.referring.items()}
            if table.is_numbered:
                renumbered["seq"] = numbers[table.name]
            names, place = list(table.columns), self._at(workspace)
            marks = ", ".join("?" * len(names))
            sql = f"INSERT INTO {table.name} ({', '.join(names)}) {self.NUMBERED} VALUES ({marks})"  # noqa: S608
            self.run_many(sql, [[_value(row, name, place, renumbered) for name in names] for row in given])

    def _new_numbers(self, table: str, count: int) -> Sequence[int]:
        """So many numbers that no row of the table has, in ascending order."""
        first = int(self.rows(f"SELECT COALESCE(MAX(seq), 0) + 1 FROM {table}")[0][0])  # noqa: S608
        return range(first, first + count)


def _value(row: Mapping[str, Any], name: str, place: int, renumbered: Mapping[str, Mapping[int, int]]) -> Any:
    if name == "workspace":
        return place
    return renumbered[name][row[name]] if name in renumbered else row.get(name)
