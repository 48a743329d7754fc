"""Weather: webhooks that are lost or late, and an API that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault
from simulator.surface.audit.subject import ShopSaidNo
from simulator.surface.audit.trial import Trial

GROUP = "Weather"


def _never(trial: Trial) -> None:
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        trial.world.advance("PT1H")
    trial.must_be_paid(
        order, "No webhook came for an hour, and the shop did not ask the API: the paid order is not paid."
    )


def _late(trial: Trial) -> None:
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        trial.world.advance("PT1H")
        for delivery in trial.held(order):
            trial.must_take(delivery, "The shop refused an event that came an hour late.")
    trial.must_be_paid(order, "The event came an hour late, and the order is not paid.")


def _failing(**effect: Any) -> Callable[[Trial], None]:
    """The call that makes the payment meets bad weather once. The shop may give up or try again; it must not pay twice, and
    what it says that it has begun must exist."""

    def run(trial: Trial) -> None:
        assert trial.subject.checkout is not None
        known = trial.known()
        trial.arm(api={"times": 1, **effect})
        try:
            said = trial.subject.checkout({})
        except ShopSaidNo as error:
            said = None
            trial.evidence["Checkout"] = str(error)
        trial.world.disarm()
        trial.settle()
        made = trial.made_since(known)
        if len(made) > 1:
            payments = ", ".join(payment["id"] for payment in made)
            raise Fault(f"One checkout has made {len(made)} payments.", Payments=payments)
        if said is not None and not made:
            raise Fault("The shop says that the order has begun, and there is no payment for it.", Said=said[:400])
        if said is not None:
            order = trial.seen(made[0])
            trial.pay(order)
            trial.must_be_paid(order, "The payment was found again and paid, and the order is not paid.")

    return run


_AGAIN = "Send the same call again under the same idempotency key, or with the same reference, before you make another payment."


def _api(name: str, title: str, reason: str, **effect: Any) -> Check:
    return Check(
        name=f"api-{name}", title=title, group=GROUP, reason=reason, advice=_AGAIN, run=_failing(**effect), needs=("checkout",)
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
)  # fmt: skip
