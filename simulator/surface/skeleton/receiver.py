"""The merchant's side of a webhook, written from the manual and not from `signing`: one proves the other."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from simulator.engine.provider import Verdict
from simulator.engine.workspace import Workspace


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    return "newpay-signature" in headers


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Header names are lower case."""
    parts = dict(part.partition("=")[::2] for part in headers.get("newpay-signature", "").split(","))
    endpoint, own = workspace.account_endpoint("newpay"), workspace.credentials["newpay"]
    secret = endpoint.secret or own["webhook_secret"]
    signed = parts.get("t", "") + "." + body.decode("utf-8", "replace")
    expected = hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    received = parts.get("v1", "")
    valid = hmac.compare_digest(expected.encode(), received.encode("utf-8", "replace"))
    at = datetime.fromtimestamp(int(parts["t"]), UTC) if valid else None
    return Verdict(valid, "" if valid else "the signature differs", signed, expected, received, at)
