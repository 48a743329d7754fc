"""Signatures: what is signed rightly is taken however it is written, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from simulator.engine.webhook_bodies import is_form
from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import Fault, Skip
from simulator.surface.audit.trial import Trial, accepted
from simulator.surface.client import Delivery, SaidNo

GROUP = "Signatures"
Rewrite = Callable[[Delivery], dict[str, Any]]


def _right(trial: Trial) -> None:
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        for delivery in trial.held(order):
            trial.must_take(delivery, "The shop refused a webhook that was signed rightly.")
    trial.must_be_paid(order, "The order is not paid after all webhooks of its payment were taken.")


def _forged(what: str, **effect: Any) -> Callable[[Trial], None]:
    """A webhook that no merchant should take comes alone: the true one is lost, so the answer is to the forgery."""

    def run(trial: Trial) -> None:
        order = trial.begin()
        trial.arm(webhooks={**effect, "drop": True})
        trial.pay(order)
        rows = [row for row in trial.told(order) if row["adversarial"]]
        if not rows:
            raise Skip("no webhook of this payment can be forged so")
        for row in rows:
            for attempt in row["attempts"]:
                if attempt["status"] is not None and accepted(attempt["status"]):
                    because = f"The shop answered {attempt['status']} to a webhook {what}."
                    raise Fault(because, Event=row["event"], Body=row["body"][:400])

    return run


def _rewritten(what: str, rewrite: Rewrite, shows: str = "") -> Callable[[Trial], None]:
    """A webhook that is written otherwise and signed rightly must be taken. `shows` is what tells it apart."""

    def run(trial: Trial) -> None:
        order = trial.begin()
        with trial.holding():
            trial.pay(order)
            for delivery in trial.held(order):
                try:
                    statuses = trial.send(delivery, as_="edited", **rewrite(delivery))
                except SaidNo as refusal:
                    raise Skip(f"it cannot be sent so: {refusal}") from refusal
                if shows and shows not in trial.world.delivery(delivery["id"])["body"]:
                    raise Skip("the provider signs inside of the body, and writes it anew")
                if not all(map(accepted, statuses)):
                    because = f"The shop refused a webhook that was signed rightly, only because {what}."
                    raise Fault(because, Event=delivery["event"], Answered=statuses[0])
        trial.must_be_paid(order, "The shop took the webhooks, and the order is not paid.")

    return run


def _members(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Rewrite:
    """The members of JSON, or the fields of a form."""

    def rewrite(delivery: Delivery) -> dict[str, Any]:
        body = delivery["body"]
        if is_form(body.encode()):
            return {"body": urlencode(change(dict(parse_qsl(body, keep_blank_values=True))))}
        read = _read(body)
        if not isinstance(read, dict):
            raise Skip("its webhooks are no objects")
        return {"body": json.dumps(change(read), ensure_ascii=False)}

    return rewrite


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise Skip("its webhooks are no JSON") from error


def _escaped(delivery: Delivery) -> dict[str, Any]:
    _read(delivery["body"])
    if "/" not in delivery["body"]:
        raise Skip("there is no slash in its webhooks")
    return {"body": delivery["body"].replace("\\/", "/").replace("/", "\\/")}


def _header_case(trial: Trial) -> None:
    """The headers of a webhook that has just come, in capitals."""
    order = trial.begin()
    with trial.holding():
        trial.pay(order)
        for delivery in trial.held(order):
            trial.send(delivery)
            sent = trial.world.delivery(delivery["id"])["headers"]
            own = {name.upper(): value for name, value in sent.items() if not name.lower().startswith(USUAL)}
            if not own:
                raise Skip("its webhooks have no headers of the provider's")
            for status in trial.send(delivery, as_="edited", headers=own):
                if not accepted(status):
                    because = (
                        "The shop refused a webhook that was signed rightly, only because its headers were in capitals."
                    )
                    raise Fault(because, Event=delivery["event"], Headers=", ".join(own), Answered=status)


USUAL = ("content-", "host", "user-agent", "accept", "connection")
"""Headers that every request has begin so."""

_ADVICE = "Compute the signature over the bytes as they came, before anything reads them, and compare in constant time."
_FORGED = "Whoever knows the address can say that an order was paid: goods leave unpaid."
_WRITTEN = "A provider may write its JSON otherwise tomorrow; a receiver that is particular loses payments then."


def _check(name: str, title: str, run: Callable[[Trial], None], reason: str, advice: str = _ADVICE) -> Check:
    return Check(name=f"signature-{name}", title=title, group=GROUP, reason=reason, advice=advice, run=run)


CHECKS = (
    _check("right", "Accepts a right one", _right, "Paid orders are never heard of, and the provider gives up after its last try."),
    _check("none", "Refuses none", _forged("without a signature", forge="unsigned"), _FORGED, "Refuse with 400 or 401 what bears no signature."),
    _check("wrong", "Refuses a wrong one", _forged("whose signature is noise", forge="signature"), _FORGED),
    _check("changed", "Refuses right bytes with one changed member", _forged("of which one member was changed after it had been signed", forge="body"), _FORGED),
    _check("secret", "Refuses another merchant's secret", _forged("that was signed with another secret", forge="secret"), _FORGED),
    _check("time", "Refuses a changed time under the old signature", _forged("whose time was changed after it had been signed", forge="timestamp"), _FORGED, "Sign the time together with the body, as the provider does."),
    _check("old", "Refuses an old timestamp", _forged("that was signed ten minutes ago", stale="10m"), "Who once saw a webhook can send it again for ever.", "Refuse what was signed more than five minutes ago."),
    _check("header-case", "Header in another case", _header_case, "A proxy or HTTP/2 writes header names in small letters: from that day on every webhook is refused.", "Look headers up by their names in small letters, as every HTTP library can."),
    _check("member-order", "Members in another order", _rewritten("its members stood in another order", _members(lambda body: dict(reversed(body.items())))), _WRITTEN),
    _check("unknown-members", "Unknown members", _rewritten("it had a member more", _members(lambda body: {**body, "audit_unknown": {"new": True}})), _WRITTEN, "Ignore members that you do not know."),
    _check("unicode", "Unicode", _rewritten("it had Chinese letters and an emoji in it", _members(lambda body: {**body, "audit_note": "张之的 – ﬁ 😀"})), _WRITTEN, "Read the body as UTF-8, and check the signature over its bytes, not over a text that was made of them."),
    _check("slashes", "Escaped slashes", _rewritten("its slashes were escaped", _escaped, "\\/"), _WRITTEN),
    _check("large-numbers", "Large numbers", _rewritten("it had a number of 16 digits in it", _members(lambda body: {**body, "audit_number": 9007199254740993})), _WRITTEN, "Never write a webhook anew before its signature is checked."),
)  # fmt: skip
