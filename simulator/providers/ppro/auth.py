"""PPRO's authentication: `Authorization: Bearer <key>` and `Merchant-Id`. Source: reference/ppro.md, section 2.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import Call, Directory
from simulator.engine.throttle import RateLimit
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import Forbidden, Invalid, Unauthenticated, UnsupportedMediaType, Violation
from simulator.providers.ppro.settings import PproSettings

JSON = "application/json"

WITHOUT_MERCHANT = frozenset({"confirm", "getSession", "authorizeSession"})
"""Operations whose schema does not require `Merchant-Id`."""

RATE, BURST = 50, 100
"""Advertised in recorded sandbox answers. Source: reference/ppro.md, section 2.3."""


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    if default:
        return {
            "api_key": "key_sandbox_default",
            "merchant_id": "merch_default",
            "webhook_secret": "whs_default_5f1c0b8a2d9e47",
        }
    return {
        "api_key": "key_sandbox_" + ids.text(21),
        "merchant_id": "merch_" + ids.text(21),
        "webhook_secret": "whs_" + ids.text(32),
    }


def lookups(found: Mapping[str, Any]) -> Sequence[str]:
    return [found["api_key"]]


def authenticate(call: Call, directory: Directory) -> None:
    """Finds the workspace. Raises `Unauthenticated` for a missing header, another scheme and an unknown key alike."""
    given = call.headers.get("authorization")
    if given is None:
        raise Unauthenticated("there is no Authorization header")
    scheme, _, key = given.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("the scheme must be Bearer, then one space, then the key")
    workspace = directory.by_credential("ppro", key)
    if workspace is None:
        raise Unauthenticated("no workspace has this API key")
    call.workspace = workspace


def limit(call: Call) -> tuple[str, RateLimit]:
    """One bucket for reads and one for writes. An empty bucket refuses only if setting `rate_limit` (tokens per second) is set."""
    bucket = "reads" if call.method == "GET" else "writes"
    configured = call.workspace.settings_of(PproSettings).rate_limit
    if configured is not None:
        return bucket, RateLimit(configured, 2 * configured, enforced=True)
    return bucket, RateLimit(RATE, BURST, enforced=False)


def check_headers(call: Call) -> None:
    """Checks `Merchant-Id`, then the content type. Raises `Invalid`, `Forbidden` or `UnsupportedMediaType`.

    Source: reference/ppro.md, sections 2.1 and 5.2.
    """
    endpoint = call.endpoint
    assert endpoint is not None
    own = call.workspace.credentials["ppro"]["merchant_id"]
    given = call.headers.get("merchant-id", "").strip()
    if not given and endpoint.operation not in WITHOUT_MERCHANT:
        raise Invalid([Violation("Merchant-Id", "required")])
    if given and given != own:
        raise Forbidden(f"the key is not allowed for merchant {given}", call.workspace.id)
    call.credential = {"merchant_id": own}
    if endpoint.body is not None and call.raw_body and call.media_type != JSON:
        raise UnsupportedMediaType(call.media_type, [JSON])


def claims(call: Call) -> bool:
    """Whether a request that matches no route was meant for PPRO."""
    return "merchant-id" in call.headers or call.target.startswith("/v1/payment-")
