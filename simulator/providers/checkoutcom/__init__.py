"""Checkout.com's unified payments API as a merchant sees it: Alipay by redirect, on the Default and the Previous platform."""

from __future__ import annotations

from simulator.engine.outlines import Outline, lazily
from simulator.providers.checkoutcom import keys

# The official clients' environments and the reference name these, each in the sandbox and live, some with the label of one
# merchant before it; the npm loader of the web components names theirs. Source: docs/providers/checkoutcom.md, source 1;
# checkout_sdk/environment.py.
HOSTS = (
    "*.sandbox.checkout.com",
    *(f"{service}.checkout.com" for service in (
        "api", "*.api", "access", "*.access", "balances", "checkout-web-components", "files", "forward",
        "identity-verification", "pay", "transfers",
    )),
)  # fmt: skip

_NOUNS = (
    "LP.Core", "account-updater", "accounts", "address-document-verifications", "agentic_commerce", "aml-verifications", "apms",
    "applepay", "applicants", "balances", "checkout-web-components", "compliance-requests", "connect", "create-and-open-idv",
    "customers", "disputes", "entities", "event-types", "events", "face-authentications", "files", "financial-actions", "forex",
    "forward", "googlepay", "hosted-payments", "id-document-verifications", "ideal-external", "identity-verifications",
    "index.js", "instruments", "inventory", "issuing", "link", "metadata", "network-tokens", "page", "payment-contexts",
    "payment-links", "payment-methods", "payment-sessions", "payments", "report-storage", "reporting", "reports", "risk",
    "secrets", "sepa", "sessions", "simulate", "sources", "tokens", "transfers", "validation", "webhooks", "workflows",
)  # fmt: skip

OUTLINE: Outline = {
    "name": "checkoutcom",
    "title": "Checkout.com",
    "monogram": "CK",
    "hosts": HOSTS,
    "paths": tuple(f"/{noun}" for noun in _NOUNS),
    "credentials": keys.credentials,
    "lookups": keys.lookups,
    "secret_members": ("key",),  # with which a workflow's webhooks are signed
    "banner": keys.banner,
}

PROVIDER = lazily(OUTLINE, "simulator.providers.checkoutcom.provider")
