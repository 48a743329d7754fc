"""PPRO's authentication: `Authorization: Bearer <key>` and `Merchant-Id`. Source: docs/providers/ppro.md, source 2.1."""

from __future__ import annotations

from simulator.engine.provider import Call, Directory
from simulator.engine.throttle import RateLimit
from simulator.kernel.refusals import Forbidden, Invalid, Refused, Unauthenticated, UnsupportedMediaType, Violation
from simulator.providers.ppro.keys import merchant_ids
from simulator.providers.ppro.settings import PproSettings

JSON = "application/json"

WITHOUT_MERCHANT = frozenset({"confirm"})
"""Operations whose schema does not require `Merchant-Id`."""

HEADER_LIMIT = 8192
"""Bytes of all headers together, each with its colon, blank and line end. Inferred: ppro.header-limit."""

UNREAD_HEADERS = {"idempotency-key": "is not read by PPRO, whose header is Request-Idempotency-Key"}


def authenticate(call: Call, directory: Directory) -> None:
    """Finds the workspace. Raises `Unauthenticated` for a missing header, another scheme and an unknown key alike.

    Before that, as a server's limit is met before anything else, `Refused` (431) for headers that are too large.
    """
    given = call.headers.get("authorization")
    if sum(map(len, call.headers)) + sum(map(len, call.headers.values())) + 4 * len(call.headers) > HEADER_LIMIT:
        call.workspace = directory.by_credential("ppro", (given or "").partition(" ")[2]) or call.workspace
        raise Refused("headers", {"message": f"Request headers are larger than {HEADER_LIMIT} bytes"})
    if given is None:
        raise Unauthenticated("there is no Authorization header")
    scheme, _, key = given.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("the scheme must be Bearer, then one space, then the key")
    workspace = directory.by_credential("ppro", key)
    if workspace is None:
        raise Unauthenticated("no workspace has this API key")
    call.workspace, call.proof = workspace, ("api_key",)


def limit(call: Call) -> tuple[str, RateLimit]:
    """One bucket for reads and one for writes. An empty bucket refuses only if setting `rate_limit` (tokens per second) is set.

    Inferred: ppro.throttling. Observed: ppro.advertised-rate.
    """
    bucket = "reads" if call.method == "GET" else "writes"
    settings = call.workspace.settings_of(PproSettings)
    rate = settings.rate_limit if settings.rate_limit is not None else settings.advertised_rate
    return bucket, RateLimit(rate, 2 * rate, enforced=settings.rate_limit is not None)


def check_headers(call: Call) -> None:
    """Checks `Merchant-Id`, then the content type. Raises `Invalid`, `Forbidden` or `UnsupportedMediaType`.

    `call.credential` names the merchant; where none is asked for and none is given, the key acts for all of its merchants.

    Source: docs/providers/ppro.md, sources 2.1 and 5.2. Inferred: ppro.merchants.
    """
    endpoint = call.endpoint
    assert endpoint is not None
    own = merchant_ids(call.workspace.credentials["ppro"])
    given = call.headers.get("merchant-id", "").strip()
    if not given and endpoint.operation not in WITHOUT_MERCHANT:
        raise Invalid([Violation("Merchant-Id", "required")])
    if given and given not in own:
        raise Forbidden(f"the key is not allowed for merchant {given}", call.workspace.id)
    call.credential = {"merchant_id": given}
    if endpoint.body is not None and call.raw_body and call.media_type != JSON:
        raise UnsupportedMediaType(call.media_type, [JSON])


def claims(call: Call) -> bool:
    """Whether a request that matches no route was meant for PPRO."""
    return "merchant-id" in call.headers or call.target.startswith("/v1/payment-")
