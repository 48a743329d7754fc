"""The toy as a provider whose webhooks are forms without a signature: whoever gets one reads the charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from simulator.engine.forging import Forging
from simulator.engine.provider import Event, Message
from simulator.engine.uow import UnitOfWork
from toy.acme import ACME


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    return [Message(event.name, urlencode({"charge": event.resource.id, "type": event.name}).encode())]


assert ACME.shop is not None
UNSIGNED = replace(
    ACME,
    title="Acme, unsigned",
    webhooks=replace(
        ACME.webhooks,
        render=render,
        sign=lambda sending: {"content-type": "application/x-www-form-urlencoded"},
        forging=Forging(),
    ),
    verify=None,
    recognises=lambda headers, body: body.startswith(b"charge=ch_"),
    shop=replace(
        ACME.shop,
        course=replace(ACME.shop.course, reasons=dict.fromkeys(ACME.shop.course.reasons, "type=charge.failed")),
    ),
)
