"""Truth: what the shop believes must be what happened, whatever was said to it."""

from __future__ import annotations

from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.trial import SHOWN, Order, Trial
from simulator.surface.client import Payment, SaidNo

GROUP = "Truth"
WEEK_S = 7 * 24 * 3600


def _said_to_be_paid(trial: Trial, order: Order, paid: Payment) -> None:
    """The events of another payment, which was paid, come under right signatures as if they were of the order's, which was not.

    Whoever asks the API learns that nobody has paid; whoever compares learns that it was not this amount.
    """
    other = trial.seen(paid)
    trial.settle()
    with trial.holding():
        trial.pay(other)
        for delivery in trial.held(other):
            body = delivery["body"].replace(other.payment, order.payment).replace(other.reference, order.reference)
            trial.send(delivery, as_="edited", body=body)
    trial.seen_again(order)


def _waits(trial: Trial) -> None:
    trial.must_wait(trial.begin(), "Nobody has paid, and the new order is paid.")


def _amount(trial: Trial) -> None:
    order = trial.begin()
    _said_to_be_paid(trial, order, trial.by_hand(f"{order.reference}-a"[-20:], order.amount + 100, order.currency))
    trial.must_wait(order, f"{order.amount + 100} were paid instead of {order.amount}, and the order is paid.")


def _currency(trial: Trial) -> None:
    order = trial.begin()
    other = next((one for one in trial.shop.currencies if one != order.currency), None)
    if other is None:
        raise Skip("the provider takes one currency")
    _said_to_be_paid(trial, order, trial.by_hand(f"{order.reference}-c"[-20:], order.amount, other))
    trial.must_wait(order, f"{other} were paid instead of {order.currency}, and the order is paid.")


def _declined(trial: Trial) -> None:
    first = trial.begin()
    try:
        trial.world.decline(trial.name, first.payment)
    except SaidNo as refusal:
        raise Skip(f"it cannot be declined: {refusal}") from refusal
    trial.settle()
    trial.must_not_be_paid(first, "The payment was declined, and the order is paid.")
    second = trial.begin()
    trial.pay(second)
    trial.must_be_paid(second, "After a decline the buyer has paid, and the order is not paid.")


def _expired(trial: Trial) -> None:
    order = trial.begin()
    try:
        trial.world.expire(trial.name, order.payment)
    except SaidNo as refusal:
        raise Skip(f"it cannot expire: {refusal}") from refusal
    trial.settle()
    trial.must_not_be_paid(order, "The payment has expired, and the order is paid.")


def _after_cancel(trial: Trial) -> None:
    order = trial.begin()
    assert trial.subject.cancel is not None
    trial.ask(trial.subject.cancel, order)
    trial.pay(order)
    trial.must_not_be_paid(order, "The buyer paid after the order was cancelled, and the cancelled order is delivered.")


def _refunded_outside(trial: Trial) -> None:
    order = trial.begin()
    trial.pay(order)
    trial.outcome(order)  # as in life, the shop knows that it is paid before it is refunded
    trial.until_refundable()
    _refund(trial, order, None)
    trial.must_be_refunded(order, "It was refunded outside of the shop, which does not know it.")


def _refunded_in_parts(trial: Trial) -> None:
    order = trial.begin()
    trial.pay(order)
    trial.outcome(order)  # as in life, the shop knows that it is paid before it is refunded
    trial.until_refundable()
    part = order.amount // 2
    _refund(trial, order, part)
    if part:
        trial.must_not_be_refunded(order, "Half was refunded, and the order reads refunded.")
    _refund(trial, order, None)
    trial.must_be_refunded(order, "It was refunded in two parts, and the order is not refunded.")


def _refund_fails(trial: Trial) -> None:
    order = trial.begin()
    trial.pay(order)
    trial.until_refundable()
    trial.arm(bank={"outcome": "declined"})
    assert trial.subject.refund is not None
    trial.ask(trial.subject.refund, order)
    trial.settle(3600)
    trial.must_not_be_refunded(order, "The refund has failed, and the order reads refunded.")


def _reversed(trial: Trial) -> None:
    """Checks that the shop takes an order back when the bank refuses the payment after it was told as paid."""
    order = trial.begin()
    trial.pay(order)
    phase = _phase(trial, order)
    before = trial.outcome(order)
    trial.arm(bank={"outcome": "declined"})
    trial.settle(WEEK_S)
    if _phase(trial, order) in (phase, "paid"):
        raise Skip("this provider takes no payment back")
    if trial.read_until(order, lambda text: text != before) == before:
        raise Fault("The provider has taken the money back, and the order reads as before.", Reads=before[:SHOWN])


def _phase(trial: Trial, order: Order) -> str:
    return trial.world.payment(trial.name, order.payment)["phase"]


def _refund(trial: Trial, order: Order, amount: int | None) -> None:
    try:
        trial.world.refund(trial.name, order.payment, amount)
    except SaidNo as refusal:
        raise Skip(f"the provider refuses the refund: {refusal}") from refusal
    trial.settle(7200)


_COMPARE = (
    "Compare amount and currency of what was paid with those of the order before anything leaves, or ask the API."
)

CHECKS = (
    Check(name="waits", title="A new order waits", group=GROUP, run=_waits, needs=("order", "unpaid"),
          advice="An order waits until the payment is in its paid state.", reason="Goods leave before anybody has paid."),
    Check(name="amount", title="The amount differs from the order's", group=GROUP, run=_amount, advice=_COMPARE, needs=("order", "paid"),
          reason="Payments are changed on their way to the cashier: a television leaves for one yuan."),
    Check(name="currency", title="The currency differs", group=GROUP, run=_currency, advice=_COMPARE, needs=("order", "paid"),
          reason="1000 in another currency is another sum: goods leave for a fraction of their price."),
    Check(name="declined", title="A decline, after which the buyer pays", group=GROUP, run=_declined, needs=("checkout", "order", "paid"),
          advice="A decline ends a payment, not the order: let the buyer try again, and take the second try's events.",
          reason="An order that is closed at the first decline is paid at the second try and never delivered."),
    Check(name="expired", title="Expired while the buyer was paying", group=GROUP, run=_expired, needs=("order", "paid"),
          advice="Take only the paid state for paid.", reason="An order that nobody paid is delivered."),
    Check(name="paid-after-cancel", title="Paid after it was cancelled", group=GROUP, run=_after_cancel, needs=("order", "paid", "cancel"),
          advice="Cancel the payment at the provider as well; what is paid nevertheless is refunded, not delivered.",
          reason="The buyer's wallet is still open when the order is cancelled: cancelled goods leave, or money is kept."),
    Check(name="refund-outside", title="A refund made outside of the shop", group=GROUP, run=_refunded_outside, needs=("order", "refunded"),
          advice="Take refund events for orders whose refund you did not ask for.",
          reason="Support refunds in the provider's portal, and the shop refunds again."),
    Check(name="refund-parts", title="Partial and multiple refunds", group=GROUP, run=_refunded_in_parts, needs=("order", "refunded"),
          advice="Add up what was refunded, and compare the sum with what was paid.",
          reason="The first part closes the order, or the second is taken for a repetition."),
    Check(name="refund-fails", title="A refund that fails", group=GROUP, run=_refund_fails, needs=("order", "refund", "refunded"),
          advice="A refund that was taken is not yet one that succeeded: wait for its event, or ask the API.",
          reason="The buyer is told that the money is back, and it never comes."),
    Check(name="reversal", title="A reversal", group=GROUP, run=_reversed, needs=("order", "paid"),
          advice="Hear the event that takes a payment back, and tell a person: the goods may have left already.",
          reason="The money goes back to the buyer days later, and the books still say paid."),
)  # fmt: skip
