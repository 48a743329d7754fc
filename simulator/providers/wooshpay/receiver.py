"""The merchant's side of WooshPay's webhooks, written from the manual and not from `signing`.

Source: docs/providers/wooshpay.md, source 6.3. The inbox and the demo verify with it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from simulator.engine.provider import Verdict
from simulator.engine.workspace import Workspace


def secrets(workspace: Workspace) -> list[str]:
    """A receiver knows the secret of its own endpoint; the inbox stands for all endpoints of a workspace."""
    account = workspace.account_endpoint("wooshpay")
    own = [str(account.secret or workspace.credentials["wooshpay"]["webhook_secret"])]
    return own + [str(e["secret"]) for e in reversed(workspace.webhook_endpoints.get("wooshpay", []))]


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Checks the header that came, or both if both did. Header names are lower case."""
    given = [headers[name] for name in ("wooshpay-signature", "signature") if name in headers]
    if not given:
        return Verdict(False, "neither Wooshpay-Signature nor Signature came")
    at = None
    for header in given:
        parts = [part.partition("=") for part in header.split(",")]
        t = next((value for name, _, value in parts if name == "t"), "")
        received = [value for name, _, value in parts if name == "v1"]
        signed = t.encode("utf-8", "replace") + b"." + body
        wanted = [hmac.new(s.encode("utf-8"), signed, hashlib.sha256).hexdigest() for s in secrets(workspace)]
        if not any(
            hmac.compare_digest(one.encode(), other.encode("utf-8", "replace")) for one in wanted for other in received
        ):
            text = signed.decode("utf-8", "replace")
            return Verdict(False, "the signature is wrong", text, wanted[-1], ",".join(received))
        at = _instant(t)
    return Verdict(True, at=at)


def _instant(t: str) -> datetime | None:
    """Milliseconds since 1970, or seconds; None for what is no time."""
    if not t.isascii() or not t.isdigit() or len(t) > 14:
        return None
    return datetime.fromtimestamp(int(t) / 1000 if len(t) > 11 else int(t), UTC)


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    return "wooshpay-signature" in headers or ("signature" in headers and headers["signature"].startswith("t="))
