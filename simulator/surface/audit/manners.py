"""Manners: how the shop answers to webhooks."""

from __future__ import annotations

from dataclasses import fields

from simulator.engine.webhooks import Webhooks
from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.trial import SHOWN, Trial, accepted
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
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        taken = [trial.send(delivery) for delivery in trial.held(order)]
        if all(accepted(status) for statuses in taken for status in statuses):
            trial.must_be_paid(order, "The shop answered 2xx before it had stored what it heard.")


def _could_not(trial: Trial) -> None:
    """The API fails while the shop hears of the payment: either it does without, or it says that it has to hear it again."""
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        held = trial.held(order)
        trial.arm(api={"status": 500})
        answers = [status for delivery in held for status in trial.send(delivery)]
        trial.world.disarm()
        if all(map(accepted, answers)):
            trial.must_be_paid(
                order, "The API failed, the shop answered 2xx to what it could not process, and lost it."
            )
            return
        for delivery in trial.told(order):
            trial.must_take(delivery, "The shop could not process an event, and refuses it now that it can.")
    trial.must_be_paid(order, "The shop took the event when it came again, and the order is not paid.")


def _verification(trial: Trial) -> None:
    if trial.provider.webhooks.verify_endpoint is VERIFIES_NOTHING:
        raise Skip("the provider does not verify endpoints")
    try:
        trial.set_endpoint()
    except SaidNo as refusal:
        raise Fault(f"The endpoint is not verified: {refusal}", Address=trial.subject.webhook[:SHOWN]) from refusal
    if (trial.world.view["webhooks"][trial.name] or {}).get("verified") is False:
        because = (
            "The endpoint does not answer 200 with the value that it is asked for: the provider would not save it."
        )
        raise Fault(because, Address=trial.subject.webhook[:SHOWN])
    order = trial.begin()
    trial.pay(order)
    told = trial.told(order)
    if not told:
        raise Skip("the provider tells nothing by webhook here")
    if not any(one["state"] == "delivered" for one in told):
        raise Fault("After the verification of its endpoint the shop takes no webhook.", Event=told[0]["event"])


CHECKS = (
    Check(name="in-time", title="Answers in time", group=GROUP, run=_in_time,
          advice="Store the event, answer, and work afterwards.", reason="What is not answered in time is sent again, and again."),
    Check(name="stored", title="2xx only after it has stored what it heard", group=GROUP, run=_stored, needs=("order", "paid"),
          advice="Commit first, answer then.", reason="A restart between answer and work loses a paid order: nobody sends it again."),
    Check(name="could-not", title="4xx or 5xx to what it could not process", group=GROUP, run=_could_not, needs=("order", "paid"),
          advice="Answer 5xx when the API or your store fails; the provider sends the event again.",
          reason="A caught exception and 200 lose a paid order for good."),
    Check(name="verification", title="Is not confused by the endpoint's verification", group=GROUP, run=_verification,
          advice="Answer the provider's GET as its manual says, and let it change nothing.",
          reason="An endpoint that cannot be verified gets no webhooks at all."),
)  # fmt: skip
