"""What the engine asks of a store, in SQL that SQLite and PostgreSQL both understand; one long module, for it is one interface.

Where a planner without statistics would walk through all that a workspace has, the SQL shows it the way: `CROSS JOIN` names the
table to begin with, a `+` before a column keeps its index out. `tests/engine/test_store.py` reads the plans.

A store is used by one thread at a time. Reads outside a transaction see the last commit; `begin` opens the one writing
transaction, and everything up to `commit` becomes visible together.
"""

from __future__ import annotations

from simulator.engine.store.journal import Journal
from simulator.engine.store.keeping import Keeping
from simulator.engine.store.leavings import Leavings
from simulator.engine.store.ledger import Ledger
from simulator.engine.store.outbox import AttemptRow, Outbox, OutboxRow, TimerRow
from simulator.engine.store.resources import Resources, StoreConflict
from simulator.engine.store.snapshots import Snapshots
from simulator.engine.store.statements import EVERY, FOREVER, Row
from simulator.engine.store.transfer import Transfer
from simulator.engine.store.workspaces import Workspaces

__all__ = ["EVERY", "FOREVER", "AttemptRow", "OutboxRow", "Row", "Store", "StoreConflict", "TimerRow"]


class Store(Workspaces, Leavings, Keeping, Snapshots, Transfer, Resources, Outbox, Ledger, Journal):
    """All tables together; `sqlite.py` and `postgres.py` say how a statement reaches them."""
