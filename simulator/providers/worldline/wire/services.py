"""Requests about a card's first digits and about a customer, which an account without cards and invoices cannot answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from simulator.providers.worldline.wire.values import Country, Model, Text


class GetIINDetailsRequest(Model):
    """POST /v1/{merchantId}/services/getIINdetails"""

    bin: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,19}$", strict=True)]
    paymentContext: dict[str, Any] | None = None


class KeyValuePair(Model):
    key: Text
    value: Text


class GetCustomerDetailsRequest(Model):
    """POST /v1/{merchantId}/products/{paymentProductId}/customerDetails"""

    countryCode: Country
    values: Annotated[list[KeyValuePair], Field(min_length=1)]
