"""The request about a customer, and the customer that answers it."""

from __future__ import annotations

from typing import Any

from simulator.providers.wooshpay.model import Customer, rounded_ms
from simulator.providers.wooshpay.wire.values import Address, Id, Metadata, Model, Shipping, Text, present


class CustomerRequest(Model):
    """POST /v1/customers and POST /v1/customers/{id}: every member is optional."""

    address: Address | None = None
    description: Text | None = None
    email: Text | None = None
    metadata: Metadata | None = None
    name: Text | None = None
    payment_method: Id | None = None
    phone: Text | None = None
    shipping: Shipping | None = None


def customer(found: Customer) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "customer",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "address": found.address,
            "description": found.description,
            "email": found.email,
            "metadata": found.metadata or None,
            "name": found.name,
            "phone": found.phone,
            "shipping": found.shipping,
        }
    )
