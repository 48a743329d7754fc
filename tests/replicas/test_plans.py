"""A fresh PostgreSQL, without statistics, finds what a purchase needs by its indexes: rows are counted, not time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from contract.calls import PROVIDERS
from engine import postgres
from merchant import Merchant
from support import Sim

BEFORE = 120
"""Payments that are there already: many more than a statement may look at."""

LOOKED_AT = 60
"""Rows that one statement may look at. A purchase has its own resources, messages and lines, and those are fewer."""

SINCE = "SELECT state, COUNT(*) FROM outbox"
"""What has come since a settling began: as many as there are, when time passes for all payments."""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def looked_at(plan: dict[str, Any]) -> float:
    """How many rows the busiest part of a plan has read, those included that it left out."""
    left_out = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
    return max(
        (node["Actual Rows"] + sum(node.get(name, 0) for name in left_out)) * node["Actual Loops"]
        for node in nodes(plan)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PROVIDERS][1::2])
async def test_no_statement_of_a_purchase_walks_through_what_is_there(database: str, name: str) -> None:
    with postgres.own_schema(database) as db:
        async with Sim(db=db, providers=[*PROVIDERS.values()]) as sim:
            merchant = Merchant(sim, PROVIDERS[name])
            for number in range(BEFORE):
                await merchant.answer(f"before-{number}")
            await sim.receive_webhooks(name)
            sim.answer = merchant.takes
            store: Any = sim.app.runtime.store
            execute, said = store._execute, list[tuple[str, Sequence[Any]]]()

            def recorded(sql: str, values: Sequence[Any] = ()) -> Any:
                said.append((sql, values))
                return execute(sql, values)

            store._execute = recorded
            id_ = await merchant.paid()
            await merchant.refund(id_, 400)
            await merchant.settle()
            await sim.payment(name, id_)
            del store._execute

            busy = {}
            for sql, values in said:
                if sql.split(maxsplit=1)[0] not in ("SELECT", "UPDATE", "DELETE") or sql.startswith(SINCE):
                    continue
                store.begin()
                plan = store.exact_rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)[0][0][0]["Plan"]
                store.rollback()
                if looked_at(plan) > LOOKED_AT:
                    busy[" ".join(sql.split())] = looked_at(plan)

    assert busy == {}
