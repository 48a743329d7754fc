"""The merchant's side of PPRO's webhooks, written from the manual and not from `signing`. The inbox and the demo verify with it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from simulator.engine.provider import Verdict
from simulator.engine.workspace import Workspace


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Checks the signature of each of the two headers that came; at least one must come. Header names are lower case."""
    secret = str(workspace.account_endpoint("ppro").secret or workspace.credentials["ppro"]["webhook_secret"])
    current, legacy = headers.get("ppro-signature"), headers.get("webhook-signature")
    if current is None and legacy is None:
        return Verdict(False, "neither PPRO-Signature nor Webhook-Signature came")
    at = None
    if current is not None:
        parts = dict(part.split("=", 1) for part in current.split(",") if "=" in part)
        signed = parts.get("t", "").encode("utf-8", "replace") + b"." + body
        expected = hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
        if not _equal(expected, parts.get("s", "")):
            return Verdict(False, "PPRO-Signature is wrong", _shown(signed), expected, parts.get("s", ""))
        at = _instant(parts.get("t", ""))
    if legacy is not None:
        signed = body + b"." + secret.encode("utf-8")
        expected = hashlib.sha256(signed).hexdigest()
        if not _equal(expected, legacy):
            return Verdict(False, "Webhook-Signature is wrong", _shown(body + b".***"), expected, legacy)
    return Verdict(True, at=at)


def _instant(t: str) -> datetime | None:
    """Seconds since 1970; None for what is no time."""
    return datetime.fromtimestamp(int(t), UTC) if t.isascii() and t.isdigit() and len(t) <= 11 else None


def _equal(expected: str, received: str) -> bool:
    return hmac.compare_digest(expected.encode("utf-8"), received.encode("utf-8", "replace"))


def _shown(signed: bytes) -> str:
    return signed.decode("utf-8", "replace")


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    return "ppro-signature" in headers or "webhook-signature" in headers
