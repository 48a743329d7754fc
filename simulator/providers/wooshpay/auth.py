"""WooshPay's keys: HTTP Basic as documented, Bearer because Stripe's clients can send nothing else. Inferred: wooshpay.bearer.

Source: docs/providers/wooshpay.md, sources 2.1 and 2.2.
"""

from __future__ import annotations

import base64

from simulator.engine.provider import Call, Directory
from simulator.kernel.refusals import Forbidden, Unauthenticated
from simulator.providers.wooshpay.keys import KEYS

PREFIXES = ("sk_test_", "sk_live_", "pk_test_", "pk_live_")

OWN_PATHS = (
    "/v1/payment_",
    "/v1/checkout",
    "/v1/refunds",
    "/v1/charges",
    "/v1/webhook_endpoints",
    "/v1/events",
    "/v1/customers",
    "/v1/products",
    "/v1/prices",
    "/v1/balance",
    "/v1/setup_intents",
    "/v1/payouts",
    "/v1/disputes",
)


def key_of(call: Call) -> str | None:
    """The key as given, None when there is none or the header cannot be read."""
    scheme, _, given = call.headers.get("authorization", "").strip().partition(" ")
    given = given.strip()
    if scheme.lower() == "bearer":
        return given or None
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, _ = base64.b64decode(given + "=" * (-len(given) % 4), validate=True).decode().partition(":")
    except ValueError:  # characters, padding or bytes that no key has
        return None
    return user if colon and user else None


def authenticate(call: Call, directory: Directory) -> None:
    """Takes a secret key only. Raises `Unauthenticated`, or `Forbidden` for a publishable key."""
    _authenticate(call, directory)
    call.checking("access")
    if call.credential["publishable"]:
        raise Forbidden("a publishable key on a secret operation", call.workspace.id)


def authenticate_either(call: Call, directory: Directory) -> None:
    """A secret key, or a publishable key that will have to name the intent's client secret. Inferred: wooshpay.publishable-key."""
    _authenticate(call, directory)


def _authenticate(call: Call, directory: Directory) -> None:
    key = key_of(call)
    if key is None:
        raise Unauthenticated("there is no Authorization header that holds a key")
    workspace = directory.by_credential("wooshpay", key) if key.startswith(PREFIXES) else None
    if workspace is None:
        raise Unauthenticated("no workspace has this key", help={"key": masked(key)})
    call.workspace = workspace
    is_publishable = key.startswith("pk_")
    call.credential = {"livemode": key[3:8] == "live_", "publishable": is_publishable}
    own = workspace.credentials["wooshpay"]
    call.proof = () if is_publishable else tuple(name for name in KEYS if own[name] == key)


def masked(key: str) -> str:
    """`sk_test_…cdef`: never a whole key in an answer."""
    return f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else f"{key[:3]}{'*' * 8}"


def claims(call: Call) -> bool:
    """Whether a request that matches no route was meant for WooshPay: by its key, or by how its path begins."""
    if call.target.startswith(OWN_PATHS):
        return True
    return call.target.startswith("/v1/") and (key_of(call) or "").startswith(PREFIXES)
