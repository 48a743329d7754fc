"""Worldline Connect's v1 API as a merchant sees it: Alipay (861) and Alipay+ (866), and the MyCheckout page."""

from __future__ import annotations

from simulator.engine.outlines import Outline, lazily
from simulator.providers.worldline import keys

OUTLINE: Outline = {
    "name": "worldline",
    "title": "Worldline",
    "monogram": "WL",
    # Source: docs/providers/worldline.md, source 1: today's names, pages and API, and those that integrations still have. Each may
    # have `payment.` before it, as a hosted page's address does; the last is what that makes of the simulator's own name.
    "hosts": (
        "*.connect.worldline-solutions.com",
        "*.checkout.worldline-solutions.com",
        "*.api-ingenico.com",
        "api-sandbox.globalcollect.com",
        "payment.localhost",
    ),
    "paths": (
        "/checkout",
        "/client/v1",
        "/files/v1",
        "/mock/alipay",
        "/mock/alipayplus",
        "/templates/master",
        "/v1/{merchantId:digits}",
    ),
    "credentials": keys.credentials,
    "lookups": keys.lookups,
    "secret_members": ("RETURNMAC", "clientSessionId"),
    "banner": keys.banner,
}

PROVIDER = lazily(OUTLINE, "simulator.providers.worldline.provider")
