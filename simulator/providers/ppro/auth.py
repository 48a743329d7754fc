"""PPRO's authentication: `Authorization: Bearer <key>` and `Merchant-Id`. Source: reference/ppro.md, section 2.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import Call, Directory
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import Forbidden, Invalid, Unauthenticated, UnsupportedMediaType, Violation

JSON_TYPES = ("application/json", "application/merge-patch+json")


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
    """Raises `Unauthenticated` for a missing header, another scheme or an unknown key: all give the same answer."""
    given = call.headers.get("authorization")
    if given is None:
        raise Unauthenticated("there is no Authorization header")
    scheme, _, key = given.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated("the scheme must be Bearer, then one space, then the key")
    workspace = directory.by_credential("ppro", key.strip())
    if workspace is None:
        raise Unauthenticated("no workspace has this API key")
    call.workspace = workspace


def check_headers(call: Call) -> None:
    """`Merchant-Id` (optional for confirm), then the content type. Source: reference/ppro.md, sections 2.1 and 5.2."""
    own = call.workspace.credentials["ppro"]["merchant_id"]
    given = call.headers.get("merchant-id", "").strip()
    is_confirm = call.endpoint is not None and call.endpoint.operation == "confirm"
    if not given and not is_confirm:
        raise Invalid([Violation("Merchant-Id", "required")])
    if given and given != own:
        raise Forbidden(f"the key is not allowed for merchant {given}", call.workspace.id)
    call.credential = {"merchant_id": own}
    has_body = call.endpoint is not None and call.endpoint.body is not None
    if has_body and call.raw_body and call.media_type not in JSON_TYPES:
        raise UnsupportedMediaType(call.media_type, list(JSON_TYPES))


def claims(call: Call) -> bool:
    """Requests that match no route but bear PPRO's marks."""
    return "merchant-id" in call.headers or call.target.startswith("/v1/payment-")
