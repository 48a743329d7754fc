"""`Authorization: GCS v1HMAC:{apiKeyId}:{signature}`. Source: docs/providers/worldline.md, sources 2.1, 2.2, 2.4 and 2.5."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from simulator.engine.provider import Call, Directory
from simulator.kernel.clock import time_of_day
from simulator.kernel.crypto import equals
from simulator.kernel.refusals import Forbidden, Invalid, Unauthenticated, Violation
from simulator.providers.worldline import signing
from simulator.providers.worldline.settings import WorldlineSettings

_AUTHORIZATION = re.compile(r"GCS v1HMAC:([^:\s]+):(\S+)")
_OWN_PATHS = re.compile(r"/(?:v1/[0-9]+|client|files/v1)(?:/|$)")

PROOFS = ("scheme", "key", "signature", "date", "merchant")

STRICT_SKEW_S = 300
"""The sibling platform's rule. Inferred: worldline.skew."""

IDEMPOTENCE_KEY_LENGTH = 40


def authenticate(call: Call, directory: Directory) -> None:
    """Scheme, key, date, signature, then the merchant of the path. Raises `Unauthenticated` (9002) or `Forbidden` (9007).

    The client's clock is real, so `Date` is held against the time of day, whatever the workspace's clock shows.
    """
    call.checking("scheme")
    match = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
    if match is None:
        raise Unauthenticated("the header must be: Authorization: GCS v1HMAC:{apiKeyId}:{signature}")
    call.checking("key")
    key_id, received = match.groups()
    workspace = directory.by_credential("worldline", key_id)
    if workspace is None:
        raise Unauthenticated(f"no workspace has the API key id {key_id}")
    own = workspace.credentials["worldline"]
    call.checking("signature")
    _check_signature(call, own["secret_api_key"], received, workspace.id)
    call.checking("date")
    allowed_s = STRICT_SKEW_S if call.strict else workspace.settings_of(WorldlineSettings).date_skew_s
    _check_date(call.headers.get("date"), allowed_s, workspace.id)
    call.checking("merchant")
    if "merchantId" in call.path and call.path["merchantId"] != own["merchant_id"]:
        raise Forbidden(f"the key belongs to merchant {own['merchant_id']}", workspace.id)
    call.workspace, call.proof = workspace, ("secret_api_key",)
    call.credential = {"merchant_id": own["merchant_id"]}


def _check_signature(call: Call, secret: str, received: str, workspace: int) -> None:
    texts = [signing.string_to_sign(call.method, call.headers, r) for r in _resources(call)]
    if any(equals(signing.signature(secret, text), received) for text in texts):
        return
    expected = signing.signature(secret, texts[0])
    help_ = {"signed": texts[0], "expected": expected, "received": received, "field": "Authorization"}
    raise Unauthenticated("the signature is not that of the canonical string", help_, workspace)


def _resources(call: Call) -> list[str]:
    return signing.resources(call.raw_path, call.raw_query)


def _check_date(given: str | None, allowed_s: float, workspace: int) -> None:
    try:
        date = parsedate_to_datetime(given or "")
    except (ValueError, OverflowError) as error:
        raise Unauthenticated(f"Date {given!r} is not an RFC 1123 date", workspace=workspace) from error
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    skew_s = abs((time_of_day() - _in_utc(date)).total_seconds())
    if skew_s > allowed_s:
        reason = f"Date is {skew_s:.0f} s away from the real time; {allowed_s:.0f} s are allowed"
        raise Unauthenticated(reason, workspace=workspace)


def _in_utc(date: datetime) -> datetime:
    try:
        return date.astimezone(UTC)
    except OverflowError:
        return date.replace(tzinfo=UTC)


def check_idempotence_key(call: Call) -> None:
    """At most 40 characters, all ASCII. Source: docs/providers/worldline.md, source 2.6. Inferred: worldline.idempotence."""
    key = call.headers.get("x-gcs-idempotence-key")
    if key is not None and (len(key) > IDEMPOTENCE_KEY_LENGTH or not key.isascii()):
        name = "X-GCS-Idempotence-Key"
        message = f"'{name}' must have at most {IDEMPOTENCE_KEY_LENGTH} characters, all of them ASCII"
        raise Invalid([Violation(name, "custom", given=key, message=message)])


def claims(call: Call) -> bool:
    """Whether a request that matches no route was meant for Connect: by its scheme, or by how its path begins."""
    authorization = call.headers.get("authorization", "")
    return authorization.startswith("GCS ") or _OWN_PATHS.match(call.target) is not None
