"""The toy as a provider whose signed webhooks are forms with an id and nothing else: whoever gets one reads the charge. Its manual
has no test amounts, and its webhooks say of no payment why it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from simulator.engine.forging import Forging
from simulator.engine.provider import Event, Message, Sending
from simulator.engine.uow import UnitOfWork
from toy import acme
from toy.acme import ACME

FORM = "application/x-www-form-urlencoded"


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    """Every event of a charge has the same bytes."""
    return [Message(event.name, urlencode({"id": event.resource.id}).encode())]


def sign(sending: Sending) -> Mapping[str, str]:
    return {"content-type": FORM, **acme.sign(sending)}


assert ACME.shop is not None
TERSE = replace(
    ACME,
    title="Acme, terse",
    webhooks=replace(
        ACME.webhooks, render=render, sign=sign, forging=Forging(headers={"acme-signature": "(?P<signature>[0-9a-f]+)"})
    ),
    shop=replace(ACME.shop, course=replace(ACME.shop.course, reasons={})),
)
