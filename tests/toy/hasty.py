"""The enveloped toy as a provider that tries a webhook twice at once, and calls a key that is in use no conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r
from toy.acme import refuse
from toy.enveloped import ENVELOPED

IN_USE = 422


def refuse_in_other_words(refusal: r.Refusal, call: Call) -> Reply:
    said = refuse(refusal, call)
    is_used = isinstance(refusal, r.IdempotencyConflict) and refusal.because == "in_progress"
    return replace(said, status=IN_USE) if is_used else said


assert ENVELOPED.shop is not None
HASTY = replace(
    ENVELOPED,
    title="Acme, hasty",
    refuse=refuse_in_other_words,
    webhooks=replace(
        ENVELOPED.webhooks,
        retry=replace(ENVELOPED.webhooks.retry, delays=(timedelta(0), timedelta(minutes=1), timedelta(minutes=1))),
    ),
    shop=replace(ENVELOPED.shop, in_use=IN_USE),
)
