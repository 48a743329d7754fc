"""ecommpay as a merchant sees it: Gate (server to server), Payment Page, callbacks, and the Alipay emulator."""

from __future__ import annotations

from simulator.engine.outlines import Outline, lazily
from simulator.providers.ecommpay import keys

OUTLINE: Outline = {
    "name": "ecommpay",
    "title": "ecommpay",
    "monogram": "EP",
    # Source: docs/providers/ecommpay.md, source 1.
    "hosts": ("api.ecommpay.com", "paymentpage.ecommpay.com", "sdk.ecommpay.com", "data.ecommpay.com"),
    "paths": (
        "/emulator",
        "/params/check",
        "/payment",
        "/shared",
        *(
            f"/v1/{noun}"
            for noun in ("balance", "chargeback", "currency-rates", "financial-reporting", "fraud", "operations")
        ),
        *(f"/v2/{noun}" for noun in ("customer", "info", "payment")),
    ),
    "credentials": keys.credentials,
    "lookups": keys.lookups,
    "banner": keys.banner,
}

PROVIDER = lazily(OUTLINE, "simulator.providers.ecommpay.provider")
