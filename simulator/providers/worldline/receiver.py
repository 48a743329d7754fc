"""The merchant's side of Connect's webhooks, written from the manual and not from `signing`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from simulator.engine.provider import Verdict
from simulator.engine.workspace import AccountEndpoint, Workspace


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Checks the key id, then the HMAC over the body's bytes. Header names are lower case."""
    own = workspace.credentials["worldline"]
    secrets = {
        str(one.key_id or own["webhooks_key_id"]): str(one.secret or own["webhooks_secret"])
        for one in workspace.account_endpoints("worldline") or [AccountEndpoint()]
    }
    received = headers.get("x-gcs-signature")
    if received is None:
        return Verdict(False, "X-GCS-Signature did not come")
    secret = secrets.get(headers.get("x-gcs-keyid", ""))
    if secret is None:
        known = " and ".join(map(repr, secrets))
        return Verdict(False, f"X-GCS-KeyId is {headers.get('x-gcs-keyid')!r}; the secret of {known} is known")
    digest = hmac.new(secret.encode("utf-8"), body, hashlib.sha256).digest()
    expected = base64.b64encode(digest).decode("ascii")
    if not hmac.compare_digest(expected.encode(), received.encode("utf-8", "replace")):
        return Verdict(False, "X-GCS-Signature is wrong", body.decode("utf-8", "replace"), expected, received)
    return Verdict(True)


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    return "x-gcs-signature" in headers
