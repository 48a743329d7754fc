"""The merchant's side of Checkout.com's webhooks, written from the manual and not from `signing`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from simulator.engine.provider import Verdict
from simulator.engine.workspace import Workspace


def keys_of(workspace: Workspace) -> list[str]:
    """Every key with which a webhook to this merchant may be signed: their workflows' keys, the account's, the secret keys."""
    own = workspace.credentials["checkoutcom"]
    found = [workspace.account_endpoint("checkoutcom").secret, own["secret_key"], own["previous_secret_key"]]
    for entry in workspace.webhook_endpoints.get("checkoutcom", ()):
        found += [(action.get("signature") or {}).get("key") for action in entry["endpoint"].get("actions", ())]
    return [str(key) for key in found if key]


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Whether one of the merchant's keys has signed exactly these bytes."""
    received = headers.get("cko-signature")
    if received is None:
        return Verdict(False, "no Cko-Signature came")
    expected = ""
    for key in keys_of(workspace):
        expected = hmac.new(key.encode("utf-8"), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(expected.encode(), received.lower().encode("utf-8", "replace")):
            return Verdict(True)
    return Verdict(False, "Cko-Signature is wrong", body.decode("utf-8", "replace"), expected, received)


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    return "cko-signature" in headers
