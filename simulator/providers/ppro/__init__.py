"""PPRO's Global API as a merchant sees it: payment charges for ALIPAY, and the sandbox's mock authenticator."""

from __future__ import annotations

from simulator.engine.outlines import Outline, lazily
from simulator.providers.ppro import keys

OUTLINE: Outline = {
    "name": "ppro",
    "title": "PPRO",
    "monogram": "PP",
    # Source: docs/providers/ppro.md, source 1. Inferred: ppro.regions.
    "hosts": ("api.ppro.com", "*.eu.ppro.com", "*.us.ppro.com"),
    "paths": (
        *(f"/v1/payment-{noun}" for noun in ("agreements", "charges", "instruments", "reports", "sessions")),
        "/default/authenticator.html",
        "/default/v0",
        "/payment-report-storage",
    ),
    "credentials": keys.credentials,
    "lookups": keys.lookups,
    "listable": ("merchant_id",),
    "banner": keys.banner,
}

PROVIDER = lazily(OUTLINE, "simulator.providers.ppro.provider")
