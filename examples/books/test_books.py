"""The books' own tests: reports that are right, late, and wrong in three ways. Run: `pytest examples/books`."""

from __future__ import annotations

from decimal import Decimal

import pytest
from books import Books, Contract, Difference, NotThere, Order

from simulator.surface.assertions import TestedWorkspace

ORDERS = [Order("order-1", Decimal("100.00")), Order("order-2", Decimal("19.90")), Order("order-3", Decimal("7.45"))]


@pytest.fixture
def books(psp_workspace: TestedWorkspace) -> Books:
    """The fees are what the simulator takes unless it is told otherwise."""
    own = psp_workspace.credentials["checkoutcom"]
    return Books(psp_workspace.base_url, own["secret_key"], Contract(Decimal("1.20"), Decimal("0.20")))


def sell(world: TestedWorkspace, orders: list[Order]) -> None:
    """What the shop would do by its own calls."""
    for order in orders:
        cents = int(order.amount * 100)
        payment = world.make_payment("checkoutcom", amount=cents, currency="EUR", reference=order.reference)
        world.pay("checkoutcom", payment["id"])
        world.settle()


def paid_out(world: TestedWorkspace) -> tuple[str, Decimal]:
    """What the bank statement says, ten days later: over any weekend and any holidays."""
    world.advance("10d")
    [payout] = world.payouts("checkoutcom")
    return payout["id"], Decimal(payout["amount"])


def test_a_report_that_is_right_is_booked_and_adds_up_to_what_the_bank_got(
    psp_workspace: TestedWorkspace, books: Books
) -> None:
    sell(psp_workspace, ORDERS)
    payout, arrived = paid_out(psp_workspace)

    booked = books.book(payout, ORDERS)

    assert booked.differences == ()
    assert 0 <= booked.total - arrived < Decimal("0.01")


@pytest.mark.parametrize(
    ("scenario", "difference"),
    [
        ("report-row-missing", Difference("missing", "order-1", Decimal("100.00"), Decimal(0))),
        ("report-amount-differs", Difference("amount", "order-1", Decimal("100.00"), Decimal("99.00"))),
        ("report-fee-changed", Difference("fee", "order-1", Decimal("1.40"), Decimal("2.60"))),
    ],
)
def test_what_the_report_says_wrongly_is_found_and_nothing_else(
    psp_workspace: TestedWorkspace, books: Books, scenario: str, difference: Difference
) -> None:
    psp_workspace.arm(scenario)
    sell(psp_workspace, ORDERS)
    payout, arrived = paid_out(psp_workspace)

    booked = books.book(payout, ORDERS)

    assert booked.differences == (difference,)
    assert arrived - booked.total > Decimal("0.99"), "the bank got what was right"


def test_an_order_that_nobody_knows_is_told(psp_workspace: TestedWorkspace, books: Books) -> None:
    sell(psp_workspace, ORDERS)
    payout, _ = paid_out(psp_workspace)

    booked = books.book(payout, ORDERS[1:])

    assert [(one.what, one.reference) for one in booked.differences] == [("unknown", "order-1")]


def test_a_report_that_never_comes_is_waited_for(psp_workspace: TestedWorkspace, books: Books) -> None:
    psp_workspace.arm("report-failed")
    sell(psp_workspace, ORDERS)
    payout, _ = paid_out(psp_workspace)

    with pytest.raises(NotThere):
        books.book(payout, ORDERS)
