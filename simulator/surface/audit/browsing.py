"""The browser: a buyer comes back early, twice, never, or with an address that says more than is true."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.trial import SHOWN, Order, Trial
from simulator.surface.client import SaidNo

GROUP = "The browser"


def _unpaid(trial: Trial) -> None:
    """Somebody knows the address to which paid buyers come back, and writes the number of an unpaid order into it."""
    paid = _paid(trial)
    order = trial.begin()
    trial.visit(_readdressed(trial.way_back(paid), paid, order))
    trial.must_wait(
        order, "The browser came back with the address of success, and the order is paid, although nobody has paid."
    )


def _foreign_parameters(trial: Trial) -> None:
    """The shop's own part of the address names an unpaid order; what the provider has added is of one that was paid."""
    paid = _paid(trial)
    order = trial.begin()
    url = urlsplit(_renamed(trial.way_back(paid), paid, order))
    if paid.payment == paid.reference or paid.payment not in url.query:
        raise Skip("the provider adds no id of the payment to the address")
    if order.reference not in url.geturl():
        raise Skip("the shop's own part of the address does not name its order")
    trial.visit(url.geturl())
    trial.must_wait(
        order,
        "The browser came back with the payment of another order, and this order is paid, although nobody has paid it.",
    )


def _before_webhook(trial: Trial) -> None:
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        trial.visit(trial.way_back(order))
        for delivery in trial.held(order):
            trial.must_take(delivery, "The shop refused an event that came after the buyer.")
    trial.must_be_paid(order, "The buyer came back before the webhook, and the paid order is not paid.")


def _never(trial: Trial) -> None:
    order = _paid(trial)
    trial.must_be_paid(order, "The buyer paid and did not come back, and the paid order is not paid.")


def _twice(trial: Trial) -> None:
    order = _paid(trial)
    url = trial.way_back(order)
    trial.visit(url)
    once = trial.outcome(order)
    trial.visit(url)
    if (twice := trial.read(order)) != once:
        because = "The buyer came back once more, and that has changed the order."
        raise Fault(because, **{"After one": once[:SHOWN], "After both": twice[:SHOWN]})


def _cancel_link(trial: Trial) -> None:
    """The address to which another buyer came back who was declined, with the number of the order that was paid."""
    order, declined = _paid(trial), trial.begin()
    success = _readdressed(trial.way_back(order), order, declined)
    try:
        trial.world.decline(trial.name, declined.payment)
    except SaidNo as refusal:
        raise Skip(f"it cannot be declined: {refusal}") from refusal
    trial.settle()
    failure = trial.way_back(declined)
    if urlsplit(failure)[:3] == urlsplit(success)[:3]:
        raise Skip("the browser comes back at one address, whatever has happened")
    trial.seen_again(order)
    trial.visit(_readdressed(failure, declined, order))
    trial.must_be_paid(order, "Somebody opened the cancel link of a paid order, and the order is not paid any more.")


def _paid(trial: Trial) -> Order:
    order = trial.begin()
    trial.pay(order)
    return order


def _readdressed(url: str, was: Order, now: Order) -> str:
    """The address as it would be for another order, as far as its parts are known."""
    return _renamed(url, was, now).replace(was.payment, now.payment)


def _renamed(url: str, was: Order, now: Order) -> str:
    """The address with another order's number in the shop's own part of it, and the provider's ids as they were."""
    if was.reference == was.payment:
        return url.replace(was.reference, now.reference)
    parts = urlsplit(url)
    query = [
        (name, value.replace(was.reference, now.reference))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return parts._replace(path=parts.path.replace(was.reference, now.reference), query=urlencode(query)).geturl()


_ASK = "What stands in the address of a return page is written by the browser: ask the API what has become of this order's own payment."

CHECKS = (
    Check(name="returned-unpaid", title="Returned with success parameters without having paid", group=GROUP, run=_unpaid, advice=_ASK,
          needs=("checkout", "order", "paid"), reason="Whoever has bought once knows the address of success, and goods leave unpaid."),
    Check(name="returned-other", title="Parameters of another order", group=GROUP, run=_foreign_parameters, advice=_ASK,
          needs=("checkout", "order", "paid"), reason="A payment of one yuan pays every order: its id is put into the address of another one."),
    Check(name="returned-early", title="Returned before the webhook", group=GROUP, run=_before_webhook, needs=("checkout", "order", "paid"),
          advice="Show that the order waits, or ask the API; and take the webhook when it comes.",
          reason="The buyer is faster than the webhook: the order is closed as unpaid, and the money is there."),
    Check(name="returned-never", title="Never returned", group=GROUP, run=_never, needs=("checkout", "order", "paid"),
          advice="The webhook, or the API, says that an order is paid; the return page only shows it.",
          reason="Buyers close the wallet's app when they have paid: paid orders are never delivered."),
    Check(name="returned-twice", title="Returned twice", group=GROUP, run=_twice, needs=("checkout", "order", "paid"),
          advice="A page that is opened changes nothing that was done before.", reason="A reload of the page sends the goods once more."),
    Check(name="returned-cancel", title="The cancel link after paying", group=GROUP, run=_cancel_link, needs=("checkout", "order", "paid"),
          advice="The cancel link changes no order that is paid: ask the API first.",
          reason="A buyer goes back in the browser and cancels: the order is closed, and the money is kept."),
)  # fmt: skip
