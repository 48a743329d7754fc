"""The request that makes a token."""

from __future__ import annotations

from simulator.providers.worldline.wire.values import Model, Number


class CreateTokenRequest(Model):
    """POST /v1/{merchantId}/tokens"""

    paymentProductId: Number
