"""A table of moves says what is legal, and refuses to contradict itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.kernel.machine import Machine, MachineError, Move

HOUR = timedelta(hours=1)
TABLE: list[tuple[str, Any, str, Any]] = [
    ("wallet.paid", "OPEN", "PAID", ("paid", "settled")),
    ("timer.expired", "OPEN", "EXPIRED", None),
    ("api.refund", ("PAID", "PART"), "PART", "refunded"),
]


def machine(**other: Any) -> Machine:
    given: dict[str, Any] = {"initial": "OPEN", "table": TABLE, "timeouts": [("OPEN", HOUR, "timer.expired")]}
    return Machine("acme.charge", **given | other)


def test_a_row_is_a_move_for_each_state_that_it_names() -> None:
    charge = machine()

    assert charge.moves["api.refund", "PAID"] == Move("api.refund", "PAID", "PART", ("refunded",))
    assert charge.moves["api.refund", "PART"] == Move("api.refund", "PART", "PART", ("refunded",))
    assert charge.allows("wallet.paid", "OPEN")
    assert not charge.allows("wallet.paid", "PAID")
    assert charge.allowed("OPEN") == ["wallet.paid", "timer.expired"]


def test_it_knows_its_states_ends_and_events() -> None:
    charge = machine()

    assert charge.states == ("OPEN", "PAID", "EXPIRED", "PART")
    assert charge.final == {"EXPIRED"}
    assert charge.events == ("paid", "settled", "refunded")
    assert [timeout.trigger for timeout in charge.timeouts_in("OPEN")] == ["timer.expired"]
    assert charge.timeouts_in("PAID") == ()


def test_it_draws_itself() -> None:
    assert machine().mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> OPEN",
        "    OPEN --> PAID: wallet.paid / paid, settled",
        "    OPEN --> EXPIRED: timer.expired",
        "    PAID --> PART: api.refund / refunded",
        "    PART --> PART: api.refund / refunded",
        "    EXPIRED --> [*]",
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"table": [*TABLE, ("wallet.paid", "OPEN", "PART", None)]}, "wallet.paid from OPEN stands twice"),
        ({"table": [*TABLE, ("api.close", "LOST", "CLOSED", None)]}, "no way leads to LOST, CLOSED"),
        ({"table": [*TABLE, ("cat.walks", "OPEN", "PAID", None)]}, "cat.walks is not actor.event"),
        ({"timeouts": [("PAID", HOUR, "timer.expired")]}, "timer.expired is timed in PAID but not legal there"),
        ({"timeouts": [("OPNE", HOUR, "timer.expired")]}, "timer.expired is timed in OPNE, which is no state"),
        ({"timeouts": [("OPEN", HOUR, "timer.expired")] * 2}, "timer.expired is timed twice in OPEN"),
        ({"initial": "OPNE", "timeouts": []}, "no way leads to OPEN, .*: it begins in OPNE, which no row names"),
        ({"initial": ()}, "initial names no state"),
        ({"initial": ("OPEN", "OPEN")}, "or one of them twice"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(MachineError, match=complaint):
        machine(**changes)


def test_a_machine_may_begin_in_several_states_and_draws_their_names_in_one_word() -> None:
    machine = Machine(
        "two.ways",
        initial=("Not Started", "Open"),
        table=[("bank.settled", ("Not Started", "Open"), "Done", None), ("ops.reopened", "Done", "Open", ("a", "b"))],
    )

    assert machine.initial == ("Not Started", "Open")
    assert machine.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> Not_Started",
        "    [*] --> Open",
        "    Not_Started --> Done: bank.settled",
        "    Open --> Done: bank.settled",
        "    Done --> Open: ops.reopened / a, b",
    ]
