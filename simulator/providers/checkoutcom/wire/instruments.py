"""Instruments: stored agreements. Source: docs/providers/checkoutcom.md, source 3.12."""

from __future__ import annotations

from typing import Any

from simulator.providers.checkoutcom.model import Customer, Instrument
from simulator.providers.checkoutcom.wire.fields import Model
from simulator.providers.checkoutcom.wire.values import present


class InstrumentUpdate(Model):
    """PATCH /instruments/{id}"""

    customer: dict[str, Any] | None = None


def instrument(instrument: Instrument, owner: Customer | None) -> dict[str, Any]:
    shown = present({"id": owner.id, "email": owner.email, "name": owner.name}) if owner else None
    return present({"id": instrument.id, "type": instrument.type, "customer": shown})
