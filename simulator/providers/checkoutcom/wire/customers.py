"""Customers, alone and as a member of a payment. Source: docs/providers/checkoutcom.md, source 3.11."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import StrictStr

from simulator.providers.checkoutcom.model import Customer, Instrument
from simulator.providers.checkoutcom.wire.addresses import Phone
from simulator.providers.checkoutcom.wire.fields import CustomerId, Email, Metadata, Model, Text13, Text255
from simulator.providers.checkoutcom.wire.values import present


class CustomerInput(Model):
    id: CustomerId | None = None
    email: Email | None = None
    name: Text255 | None = None
    phone: Phone | None = None
    tax_number: Text13 | None = None


class CustomerRequest(Model):
    """POST /customers"""

    email: Email
    name: Text255 | None = None
    phone: Phone | None = None
    metadata: Metadata | None = None
    default: StrictStr | None = None
    instruments: list[StrictStr] | None = None


class CustomerUpdate(Model):
    """PATCH /customers/{id}"""

    email: Email | None = None
    name: Text255 | None = None
    phone: Phone | None = None
    metadata: Metadata | None = None
    default: StrictStr | None = None
    instruments: list[StrictStr] | None = None


def customer(customer: Customer, instruments: Sequence[Instrument]) -> dict[str, Any]:
    return present(
        {
            "id": customer.id,
            "email": customer.email,
            "default": customer.default,
            "name": customer.name,
            "phone": customer.phone,
            "metadata": customer.metadata,
            "instruments": [{"id": i.id, "type": i.type} for i in instruments],
        }
    )
