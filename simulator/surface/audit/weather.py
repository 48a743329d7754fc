"""Weather: webhooks that are lost or late, and an API that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.subject import ShopSaidNo
from simulator.surface.audit.trial import SHOWN, Trial
from simulator.surface.client import SaidNo

GROUP = "Weather"


def _never(trial: Trial) -> None:
    order = trial.begin()
    trial.calm()  # what it has heard so far must not make it ask when that is paid
    with trial.holding():
        trial.pay(order)
        trial.world.advance("PT1H")
    trial.must_be_paid(
        order, "No webhook came for an hour, and the shop did not ask the API: the paid order is not paid."
    )


def _late(trial: Trial) -> None:
    order = trial.begin()
    trial.calm()  # what it has heard so far must not make it ask when that is paid
    with trial.holding():
        trial.pay(order)
        trial.world.advance("PT1H")
        since = trial.newest_call()
        for delivery in trial.held(order):
            trial.must_take(delivery, "The shop refused an event that came an hour late.")
    trial.must_have_kept(order, since, "The event came an hour late, and the order is not paid.")


def _failing(**effect: Any) -> Callable[[Trial], None]:
    """The call that makes the payment meets bad weather once. The shop may give up or try again; it must not pay twice, and
    what it says that it has begun must exist."""

    def run(trial: Trial) -> None:
        assert trial.subject.checkout is not None
        newest = trial.newest()
        trial.arm(api={"times": 1, **effect})
        try:
            said = trial.subject.checkout({})
        except ShopSaidNo as error:
            said = None
            trial.evidence["Checkout"] = str(error)
        trial.world.disarm()
        trial.settle()
        made = trial.made_since(newest)
        if len(made) > 1:
            payments = ", ".join(payment["id"] for payment in made)
            trial.seen(made[0])
            raise Fault(f"One checkout has made {len(made)} payments.", Payments=payments)
        if said is not None and not made:
            raise Fault("The shop says that the order has begun, and there is no payment for it.", Said=said[:400])
        if said is not None:
            order = trial.seen(made[0])
            trial.pay(order)
            trial.must_be_paid(order, "The payment was found again and paid, and the order is not paid.")

    return run


def _failing_read(**effect: Any) -> Callable[[Trial], None]:
    """While the order is looked at, and the shop wants to know what became of it, the API fails; then it does not any more."""

    def run(trial: Trial) -> None:
        order = trial.begin()
        with trial.holding():
            trial.pay(order)
            trial.arm(api=effect)
            assert trial.subject.order is not None
            trial.evidence["Meanwhile"] = trial.ask(trial.subject.order, order)[:SHOWN]
            trial.world.disarm()
            for delivery in trial.held(order):
                trial.must_take(delivery, "The shop refuses an event since the API has failed.")
        trial.must_be_paid(
            order, "The API failed while the shop asked for the payment, and the paid order is not paid."
        )

    return run


def _failing_refund(**effect: Any) -> Callable[[Trial], None]:
    """Half of the amount is refunded, so that a second refund would be taken too: in good weather, and in bad."""

    def run(trial: Trial) -> None:
        usual = _refunded_half(trial)
        if usual == 0:
            raise Skip("the shop's refund refunds nothing, in good weather too")
        refunded = _refunded_half(trial, api={"times": 1, **effect})
        if refunded > usual:
            raise Fault(f"One refund of {usual} was made twice.", Refunded=refunded)
        if "status" not in effect and not _takes_another(trial, usual):
            raise Skip("the provider takes no second refund of such a payment")

    return run


def _takes_another(trial: Trial, amount: int) -> bool:
    assert trial.about is not None
    try:
        trial.world.refund(trial.name, trial.about, amount)
    except SaidNo:
        return False
    return True


def _refunded_half(trial: Trial, **weather: Any) -> int:
    """What the provider has refunded when the shop was asked for it. In no weather the order reads as if it were more."""
    order = trial.begin()
    trial.pay(order)
    trial.until_refundable()
    if weather:
        trial.arm(**weather)
    assert trial.subject.refund is not None
    trial.evidence["Refund"] = trial.ask(trial.subject.refund, replace(order, amount=order.amount // 2))[:SHOWN]
    trial.world.disarm()
    trial.settle(7200)
    refunded = trial.world.payment(trial.name, order.payment)["refunded"]["value"]
    if not refunded and {"order", "refunded"} <= trial.subject.given:
        trial.must_not_be_refunded(order, "The refund was not made, and the order reads refunded.")
    return refunded


_AGAIN = "Send the same call again under the same idempotency key, or with the same reference, before you make another payment."


def _api(name: str, title: str, reason: str, **effect: Any) -> Check:
    return Check(
        name=f"api-{name}", title=title, group=GROUP, reason=reason, advice=_AGAIN, run=_failing(**effect), needs=("checkout",)
    )  # fmt: skip


_ASK_AGAIN = "An error says nothing of the payment: leave the order as it is, and ask again later."


def _read(name: str, title: str, reason: str, **effect: Any) -> Check:
    return Check(
        name=f"read-{name}", title=title, group=GROUP, reason=reason, advice=_ASK_AGAIN, run=_failing_read(**effect), needs=("order", "paid")
    )  # fmt: skip


_REFUND_AGAIN = "Send a refund again under the same idempotency key or id, or ask first what has become of it."


def _back(name: str, title: str, reason: str, **effect: Any) -> Check:
    return Check(
        name=f"refund-{name}", title=title, group=GROUP, reason=reason, advice=_REFUND_AGAIN, run=_failing_refund(**effect), needs=("refund",)
    )  # fmt: skip


CHECKS = (
    Check(name="webhook-never", title="The webhook never comes", group=GROUP, run=_never, needs=("order", "paid"),
          advice="Ask the API for orders that wait, when the buyer returns and from time to time.",
          reason="Endpoints are switched off, certificates expire: paid orders are never delivered."),
    Check(name="webhook-late", title="The webhook comes an hour late", group=GROUP, run=_late, needs=("order", "paid"),
          advice="Take the paid event for an order that you had given up, or refund it.",
          reason="Providers repeat for days; an order that was given up meanwhile is paid and not delivered."),
    _api("500", "The API answers 500", "The shop shows an error, the buyer tries again and pays twice.", status=500),
    _api("503", "The API answers 503", "A shop that takes the error for a payment waits for ever.", status=503),
    _api("429", "429 with Retry-After", "On the busiest day orders fail that a second's patience would have saved.", status=429, retry_after="1s"),
    _api("cut", "The create call is cut off after the payment was made", "The payment exists and the shop makes another one: the buyer pays twice.", reset=True),
    _api("hangs", "The API does not answer within ten seconds", "The shop gives up and makes another payment: the buyer pays twice.", hang=True),
    _read("500", "The API answers 500 when it is asked", "An hour without the API cancels the orders that were paid in it.", status=500),
    _read("503", "The API answers 503 when it is asked", "An hour of maintenance cancels the orders that were paid in it.", status=503),
    _read("429", "429 when it is asked", "On the busiest day paid orders are given up, because too many were asked for.", status=429, retry_after="1s"),
    _read("hangs", "The API does not answer when it is asked", "A page that waits for ever takes the shop down, or the order is given up.", hang=True, times=1),
    _back("500", "The API answers 500 to a refund", "The refund was not made, and the buyer is told that it was.", status=500),
    _back("503", "The API answers 503 to a refund", "The refund was not made, and the buyer is told that it was.", status=503),
    _back("429", "429 to a refund", "The refund was not made, and the buyer is told that it was.", status=429, retry_after="1s"),
    _back("cut", "The refund is cut off after it was made", "The refund is sent once more as a new one: the buyer gets the money twice.", reset=True),
    _back("hangs", "The API does not answer to a refund", "The refund is sent once more as a new one: the buyer gets the money twice.", hang=True),
)  # fmt: skip
