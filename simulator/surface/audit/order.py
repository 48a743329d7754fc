"""Order and number: events come twice, at once, backwards, too early, or are nobody's."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from simulator.kernel.ids import Ids
from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.subject import ShopSaidNo
from simulator.surface.audit.trial import SHOWN, Order, Trial, accepted
from simulator.surface.client import Payment

GROUP = "Order and number"
A_MOMENT_S = 0.02


def _twice(trial: Trial) -> None:
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        for delivery in trial.held(order):
            trial.must_take(delivery, "The shop refused an event.")
        before = _outcome(trial, order)
        for delivery in trial.told(order):
            trial.must_take(delivery, "The shop refused an event that it had taken before.", as_="recorded")
    _unchanged(trial, order, before, "The same event again has changed the order.")


def _twice_at_once(trial: Trial) -> None:
    """Beside an order that went the usual way, with which it must read equal."""
    usual = trial.begin()
    trial.pay(usual)
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        for delivery in trial.held(order):
            trial.must_take(delivery, "The shop refused one of two copies of an event.", copies=2)
    _must_read_alike(
        trial, usual, order,
        "Two copies of one event came at the same moment, and the order reads otherwise than one that heard it once.",
        ("After one", "After both"),
    )  # fmt: skip


def _must_read_alike(trial: Trial, usual: Order, order: Order, because: str, names: tuple[str, str]) -> None:
    if trial.subject.order is None:
        return
    one, other = _neutral(trial, usual), _neutral(trial, order)
    if one != other:
        raise Fault(
            because, **{name: trial.read(each)[:SHOWN] for name, each in zip(names, (usual, order), strict=True)}
        )


def _neutral(trial: Trial, order: Order) -> str:
    """What the shop says of an order, without what differs between two of them: ids, and times."""
    text = trial.outcome(order)
    for name, value in order.values.items():
        text = text.replace(value, f"<{name}>")
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)?|\b\d{10,}\b", "<time>", text)


def _reversed(trial: Trial) -> None:
    """Beside an order that went the usual way: what left twice reads otherwise."""
    usual = trial.begin()
    trial.pay(usual)
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        held = trial.held(order)
        if len(held) < 2:
            raise Skip("the provider tells one event here")
        for delivery in reversed(held):
            trial.must_take(delivery, "The shop refused an event that came before an earlier one.")
    trial.must_be_paid(order, "Events came in reverse, and the paid order is not paid.")
    _must_read_alike(
        trial, usual, order,
        "Events came in reverse, and the order reads otherwise than one that heard them as they happened.",
        ("As they happened", "In reverse"),
    )  # fmt: skip


def _before_answer(trial: Trial) -> None:
    """The buyer pays, and the webhook arrives, before the shop has the answer to its create call."""
    assert trial.subject.checkout is not None
    newest, checkout = trial.newest(), trial.subject.checkout
    trial.arm(api={"delay": "1m", "times": 1})
    with ThreadPoolExecutor(1, "checkout") as waiting:
        answered = waiting.submit(checkout, {})
        try:
            made = _made_meanwhile(trial, newest, answered)
            order = trial.seen(made)
            trial.settle()
            since = trial.newest_call()
            trial.pay(order)
        finally:
            trial.world.disarm()
        with suppress(ShopSaidNo):  # who gave up may say so: the order is paid all the same
            trial.evidence["Checkout"] = answered.result()[:SHOWN]
    if (told := trial.told(order)) and all(one["state"] == "delivered" for one in told):
        trial.must_have_kept(
            order, since, "The shop answered 2xx to the event of a payment that it did not know yet, and has lost it."
        )
    trial.world.advance("PT2H")
    trial.must_be_paid(order, "The buyer had paid before the create call was answered, and the paid order is not paid.")


def _made_meanwhile(trial: Trial, newest: str | None, answered: Future[str]) -> Payment:
    """The payment of a create call that is not answered yet."""
    while not (made := trial.made_since(newest)):
        done, _ = wait([answered], timeout=A_MOMENT_S)
        if done and not (made := trial.made_since(newest)):
            raise Skip("the shop made no payment while its call was held")
    return made[0]


def _late_intermediate(trial: Trial) -> None:
    with trial.holding():
        order = trial.begin()
        early = trial.held(order)
        trial.pay(order)
        later = [one for one in trial.held(order) if one["id"] not in {each["id"] for each in early}]
        if not later:
            raise Skip("the provider tells nothing after the payment")
        for delivery in later:
            trial.must_take(delivery, "The shop refused an event that came before an earlier one.")
        trial.must_be_paid(order, "The final event came without those before it, and the order is not paid.")
        before = _outcome(trial, order)
        for delivery in early:
            trial.must_take(delivery, "The shop refused an intermediate event after the final one.")
    trial.must_be_paid(order, "An intermediate event came after the final one, and the order is not paid any more.")
    _unchanged(trial, order, before, "An intermediate event came after the final one, and has changed the order.")


def _unknown_payment(trial: Trial) -> None:
    """Anything is right but a crash."""
    with trial.holding():
        stranger = trial.seen(trial.by_hand(f"nobody-{Ids().hex(8)}"))
        trial.settle()
        trial.pay(stranger)
        for delivery in trial.held(stranger):
            for status in trial.send(delivery):
                if status >= 500:
                    raise Fault("The shop crashed at an event of a payment that it does not know.", Answered=status)


def _other_account(trial: Trial) -> None:
    order = trial.begin()
    trial.arm(webhooks={"forge": "other_account", "drop": True})
    trial.pay(order)
    rows = [row for row in trial.told(order) if row["adversarial"]]
    if not rows:
        raise Skip("no webhook of this payment bears an id of the merchant's")
    for row in rows:
        if any(attempt["status"] is not None and accepted(attempt["status"]) for attempt in row["attempts"]):
            raise Fault("The shop took an event of another merchant.", Event=row["event"], Body=row["body"][:SHOWN])


def _unknown_event(trial: Trial) -> None:
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        held = trial.held(order)[-1]
        if held["event"] not in held["body"]:
            raise Skip("the provider's webhooks do not name their event")
        body = held["body"].replace(held["event"], "audit_unknown_event")
        for status in trial.send(held, as_="edited", body=body):
            if status >= 500:
                raise Fault("The shop crashed at an event type that it does not know.", Answered=status)


def _two_payments(trial: Trial) -> None:
    order = trial.begin()
    trial.pay(order)
    before = _outcome(trial, order)
    second = trial.seen(trial.by_hand(order.reference, order.amount, order.currency))
    trial.settle()
    trial.pay(second)
    _unchanged(trial, order, before, "A second payment with the reference of a paid order has changed the order.")


def _outcome(trial: Trial, order: Order) -> str | None:
    return None if trial.subject.order is None else trial.outcome(order)


def _unchanged(trial: Trial, order: Order, before: str | None, because: str) -> None:
    after = None if trial.subject.order is None else trial.read(order)
    if after != before:
        raise Fault(because, **{"After one": (before or "")[:SHOWN], "After both": (after or "")[:SHOWN]})


_KEY = (
    "Write the event's id, or the payment's id and state, under a unique key in the transaction that changes the order. The second "
    "copy finds the key taken, changes nothing and is answered 200. A look before the write is not enough: both copies look first."
)
_STATE = "Let an order's state only move forwards; or ask the provider's API what is true, whatever the event says."

CHECKS = (
    Check(name="twice", title="The same event twice, one after the other", group=GROUP, run=_twice, advice=_KEY,
          reason="Every provider sends an event again when it is not sure that you got it: goods leave twice."),
    Check(name="twice-at-once", title="The same event twice at the same moment", group=GROUP, run=_twice_at_once, advice=_KEY,
          reason="Copies of an event do meet: each finds the order unpaid, and goods leave twice."),
    Check(name="reversed", title="Events in reverse order", group=GROUP, run=_reversed, advice=_STATE,
          reason="No provider promises an order; a failed try turns it round, and a paid order waits for ever."),
    Check(name="before-answer", title="The final event before the create call has answered", group=GROUP, run=_before_answer, needs=("checkout",),
          advice="Store the order with its reference before the call, and find it by that; or refuse the event with 5xx until you know the payment.",
          reason="The webhook overtakes the answer, finds no order, is answered 200, and never comes again: paid and not delivered."),
    Check(name="late-intermediate", title="An intermediate event after the final one", group=GROUP, run=_late_intermediate, advice=_STATE,
          reason="A paid order goes back to waiting, and is cancelled by your own clean-up."),
    Check(name="unknown-payment", title="An event of an unknown payment", group=GROUP, run=_unknown_payment,
          advice="Answer 200, or 4xx, to what is not yours, and write it down.",
          reason="A crash is answered by sending it again, for days, and by switching the endpoint off."),
    Check(name="other-account", title="Another shop's payment with the same reference", group=GROUP, run=_other_account,
          advice="Compare the merchant's own id in the event with yours.",
          reason="References such as 1001 exist in every shop: somebody else's payment pays your order."),
    Check(name="unknown-event", title="An unknown event type", group=GROUP, run=_unknown_event,
          advice="Answer 200 to types that you do not know, and do nothing.",
          reason="Providers add event types without asking; a receiver that crashes is switched off."),
    Check(name="two-payments", title="Two payments for one order", group=GROUP, run=_two_payments, needs=("order",),
          advice="An order that is paid takes no second payment: refund it, or ask a person.",
          reason="A buyer with two open tabs pays twice, and goods leave twice."),
)  # fmt: skip
