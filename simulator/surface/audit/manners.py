"""Manners: how the shop answers to webhooks."""

from __future__ import annotations

from dataclasses import fields

from simulator.engine.webhooks import Webhooks
from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.trial import SHOWN, Order, Trial, accepted
from simulator.surface.client import SaidNo

GROUP = "Manners"
VERIFIES_NOTHING = {one.name: one for one in fields(Webhooks)}["verify_endpoint"].default


def _in_time(trial: Trial) -> None:
    order = trial.begin()
    trial.pay(order)
    limit_s = trial.provider.webhooks.retry.timeout_s
    for delivery in trial.told(order):
        for attempt in delivery["attempts"]:
            if attempt["status"] is None:
                because = f"The shop did not answer to a webhook; {trial.provider.title} waits {limit_s:g} s."
                raise Fault(
                    because, Event=delivery["event"], Error=attempt["error"], Took=f"{attempt['duration_ms']} ms"
                )


def _stored(trial: Trial) -> None:
    """What is done after the answer fails, once. Whoever had stored what it heard does it again; whoever answers only when all is
    done has nothing to store."""
    order, is_sooner = _answered_sooner(trial)
    if is_sooner:
        trial.must_come_back(
            order, "The shop answered 2xx before it had stored what it heard: its work failed, and it is lost."
        )


def _answered_sooner(trial: Trial) -> tuple[Order, bool]:
    """Whether an order's events were taken before an API that answers slowly, and fails, had said anything. It fails on."""
    order, slow_s = trial.begin(), trial.pace.slow_api_s
    trial.calm()  # what it has heard of the order so far must not make it ask when that is paid
    with trial.holding():
        trial.pay(order)
        held = trial.held(order)
        trial.arm(api={"status": 500, "delay": f"{slow_s:g}s"})
        answers = [status for delivery in held for status in trial.send(delivery)]
    took_ms = [attempt["duration_ms"] for delivery in held for attempt in delivery["attempts"]]
    return order, all(map(accepted, answers)) and max(took_ms) < slow_s * 1000


def _could_not(trial: Trial) -> None:
    """The API fails while the shop hears of the payment: it does without, or says that it has to hear it again, or comes back to it
    by itself."""
    order = trial.begin()
    trial.calm()
    with trial.holding():
        trial.pay(order)
        held = trial.held(order)
        trial.arm(api={"status": 500})
        answers = [status for delivery in held for status in trial.send(delivery)]
        if all(map(accepted, answers)):
            _must_have_done_without(trial, order)
            return
        trial.world.disarm()
        for delivery in trial.told(order):
            trial.must_take(delivery, "The shop could not process an event, and refuses it now that it can.")
    trial.must_be_paid(order, "The shop took the event when it came again, and the order is not paid.")


def _must_have_done_without(trial: Trial, order: Order) -> None:
    """Who answers before it asks is told so by another check."""
    try:
        trial.must_come_back(order, "The API failed, the shop answered 2xx to what it could not process, and lost it.")
    except Fault:
        evidence = dict(trial.evidence)
        if _answered_sooner(trial)[1]:
            return
        trial.seen_again(order)
        trial.evidence.update(evidence)
        raise


def _verification(trial: Trial) -> None:
    if trial.provider.webhooks.verify_endpoint is VERIFIES_NOTHING:
        raise Skip("the provider does not verify endpoints")
    try:
        trial.set_endpoint()
    except SaidNo as refusal:
        raise Fault(f"The endpoint is not verified: {refusal}", Address=trial.subject.address[:SHOWN]) from refusal
    if (trial.world.view["webhooks"][trial.name] or {}).get("verified") is False:
        because = (
            "The endpoint does not answer 200 with the value that it is asked for: the provider would not save it."
        )
        raise Fault(because, Address=trial.subject.address[:SHOWN])
    order = trial.begin()
    trial.pay(order)
    told = trial.told(order)
    if not told:
        raise Skip("the provider tells nothing by webhook here")
    if not any(one["state"] == "delivered" for one in told):
        raise Fault("After the verification of its endpoint the shop takes no webhook.", Event=told[0]["event"])


IN_TIME = Check(
    name="in-time", title="Answers in time", group=GROUP, run=_in_time, is_gate=True,
    advice="Store the event, answer, and work afterwards.", reason="What is not answered in time is sent again, and again.",
)  # fmt: skip

CHECKS = (
    Check(name="stored", title="2xx only after it has stored what it heard", group=GROUP, run=_stored, needs=("order", "paid"),
          advice="Commit first, answer then; and do again what failed after the answer.", reason="A restart between answer and work loses a paid order: nobody sends it again."),
    Check(name="could-not", title="4xx or 5xx to what it could not process", group=GROUP, run=_could_not, needs=("order", "paid"),
          advice="Answer 5xx when the API or your store fails; the provider sends the event again.",
          reason="A caught exception and 200 lose a paid order for good."),
    Check(name="verification", title="Is not confused by the endpoint's verification", group=GROUP, run=_verification,
          advice="Answer the provider's GET as its manual says, and let it change nothing.",
          reason="An endpoint that cannot be verified gets no webhooks at all."),
)  # fmt: skip
