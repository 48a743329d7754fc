"""WooshPay as a merchant sees it: payment intents and checkout sessions for Alipay, shaped like Stripe's API."""

from __future__ import annotations

from simulator.engine.outlines import Outline, lazily
from simulator.providers.wooshpay import keys

_NOUNS = (
    "3ds", "accounts", "balance", "balance_transactions", "beneficiaries", "charges", "checkout", "coupons", "customers",
    "disputes", "events", "files", "invoices", "issuing", "payment_intents", "payment_links", "payment_methods", "payouts",
    "prices", "products", "refunds", "setup_intents", "subscriptions", "webhook_endpoints",
)  # fmt: skip

OUTLINE: Outline = {
    "name": "wooshpay",
    "title": "WooshPay",
    "monogram": "WP",
    # Source: docs/providers/wooshpay.md, source 1; the hosts of its checkout page and of its script for browsers too.
    "hosts": (
        "api.wooshpay.com",
        "apitest.wooshpay.com",
        "checkout.wooshpay.com",
        "checkouttest.wooshpay.com",
        "js.wooshpay.com",
        "jstest.wooshpay.com",
    ),
    "paths": ("/api/open", "/p/s", "/pay", *(f"/v1/{noun}" for noun in _NOUNS)),
    "credentials": keys.credentials,
    "lookups": keys.lookups,
    "banner": keys.banner,
}

PROVIDER = lazily(OUTLINE, "simulator.providers.wooshpay.provider")
