"""Checkout.com's credentials: keys of both platforms, and OAuth client credentials with scopes.

Source: docs/providers/checkoutcom.md, sources 2.1 and 2.2.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import orjson

from simulator.engine.provider import Call, Directory, LeftOut
from simulator.engine.workspace import Workspace
from simulator.kernel.crypto import equals, hmac_sha256
from simulator.kernel.refusals import Forbidden, MalformedBody, Refused, Unauthenticated

NAS_SECRET = re.compile(r"^sk_(sbox_)?[a-z2-7]{26}[a-z2-7*#$=]$")
NAS_PUBLIC = re.compile(r"^pk_(sbox_)?[a-z2-7]{26}[a-z2-7*#$=]$")
ABC_SECRET = re.compile(r"^sk_(test_)?\w{8}-\w{4}-\w{4}-\w{4}-\w{12}$", re.ASCII)
ABC_PUBLIC = re.compile(r"^pk_(test_)?\w{8}-\w{4}-\w{4}-\w{4}-\w{12}$", re.ASCII)

TOKEN_LIFETIME_S = 3600

# A family's name (`vault`) grants its members (`vault:customers`) too. Source: source 2.2, and the scopes that the official
# Python SDK names.
SCOPES = frozenset([
    "accounts", "agentic:inventory", "balances", "balances:top-up-instructions", "balances:view",
    "card-management", "compliance-requests", "compliance-requests:read", "compliance-requests:respond",
    "disputes", "disputes:accept", "disputes:provide-evidence", "disputes:scheme-files", "disputes:view",
    "files", "files:download", "files:retrieve", "files:upload", "financial-actions", "financial-actions:view",
    "flow", "flow:events", "flow:reflow", "flow:workflows", "forward", "forward:secrets", "fx", "gateway",
    "gateway:payment", "gateway:payment-authorizations", "gateway:payment-cancellations",
    "gateway:payment-captures", "gateway:payment-contexts", "gateway:payment-details",
    "gateway:payment-refunds", "gateway:payment-voids", "identity-verification", "issuing:card-management-read",
    "issuing:card-management-write", "issuing:card-mgmt", "issuing:client", "issuing:controls-read",
    "issuing:controls-write", "issuing-disputes", "issuing:disputes-read", "issuing:disputes-write",
    "issuing:transactions-read", "issuing:transactions-write", "marketplace", "middleware",
    "middleware:gateway", "middleware:merchants-public", "middleware:merchants-secret",
    "middleware:payment-context", "payment-context", "payment-sessions", "payments:search",
    "payouts:bank-details", "reports", "reports:view", "sessions:app", "sessions:browser", "transactions",
    "transfers", "transfers:create", "transfers:view", "vault", "vault:apme-enrollment", "vault:card-metadata",
    "vault:customers", "vault:gpayme-enrollment", "vault:instruments", "vault:network-tokens",
    "vault:real-time-account-updater", "vault:tokenization", "vault:tokens-metadata",
])  # fmt: skip

# fmt: off
ACCESS: dict[str, tuple[str, ...] | None] = {
    # operation            scopes that open it (None: secret keys only)
    "pay":                 ("gateway:payment",),
    "getPayment":          ("gateway:payment-details",),
    "authorize":           ("gateway:payment-authorizations",),
    "capture":             ("gateway:payment-captures",),
    "void":                ("gateway:payment-voids",),
    "refund":              ("gateway:payment-refunds",),
    "reverse":             ("gateway:payment",),
    "cancel":              ("gateway:payment-cancellations",),
    "customers":           ("vault:customers",),
    "instruments":         ("vault:instruments",),
    "workflows":           ("flow:workflows",),
    "events":              ("flow:events",),
    "reflow":              ("flow:reflow",),
    "balances":            ("balances:view",),
    "reports":             ("reports:view",),
    "financialActions":    ("financial-actions:view",),
    "disputes":            ("disputes:view",),
    "acceptDispute":       ("disputes:accept",),
    "disputeEvidence":     ("disputes:provide-evidence",),
    "hosted":              None,
    "sessions":            ("payment-sessions", "gateway"),
    "readSession":         ("payment-sessions", "gateway"),
    "paySession":          None,
    "setups":              ("gateway:payment",),  # Inferred: checkoutcom.setup-scope
    "previous":            None,
}
PREVIOUS_ONLY = frozenset(["previous"])
DEFAULT_ONLY = frozenset([
    "workflows", "events", "reflow", "balances", "authorize", "cancel", "reverse", "sessions", "readSession", "paySession",
    "setups", "reports", "financialActions",
])
# fmt: on
IN_BROWSERS = frozenset(["readSession", "paySession"])
"""What a page of the shop's calls with the public key, whose scopes are `payment-sessions:pay` and `vault-tokenization`.

Source: docs/providers/checkoutcom.md, source 12.1.
"""


OF_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
"""What `IN_BROWSERS` answers, whichever page asks. Inferred: checkoutcom.browser-calls."""


def authenticate(call: Call, directory: Directory) -> None:
    """Finds the workspace, the platform and the scopes.

    Raises `Unauthenticated` (401) for a credential that is missing, malformed or unknown, and `Forbidden` (403) for one that
    is good but does not open this endpoint.
    """
    given = call.headers.get("authorization", "").strip()
    if not given:
        raise Unauthenticated("there is no Authorization header")
    scheme, space, rest = given.partition(" ")
    if not space:
        _previous_key(call, directory, given)
    elif scheme.lower() == "bearer":
        bearer = rest.strip()
        if bearer.startswith(("sk_", "pk_")):
            _default_key(call, directory, bearer)
        else:
            _token(call, directory, bearer)
    else:
        raise Unauthenticated(f"the scheme {scheme!r} is unknown; write Bearer, one space and the key")


def _default_key(call: Call, directory: Directory, key: str) -> None:
    workspace = directory.by_credential("checkoutcom", key)
    if workspace is None:
        raise Unauthenticated("no workspace has this key")
    own = workspace.credentials["checkoutcom"]
    if key in (own["previous_secret_key"], own["previous_public_key"]):
        raise Unauthenticated("a key of the Previous platform is sent without Bearer", workspace=workspace.id)
    call.checking("access")
    operation, is_public = call.endpoint.operation if call.endpoint else "", key == own["public_key"]
    if is_public and operation not in IN_BROWSERS and not isinstance(call.endpoint, LeftOut):
        raise Forbidden("a public key does not open this endpoint", workspace.id)
    if not is_public and operation == "paySession":
        raise Forbidden("only a public key opens this endpoint, which the component calls", workspace.id)
    call.workspace = workspace
    call.credential = {"platform": "default", "kind": "public" if is_public else "key", "client": "key"}
    call.proof = () if is_public else ("secret_key",)
    _must_fit(call)


def _previous_key(call: Call, directory: Directory, key: str) -> None:
    workspace = directory.by_credential("checkoutcom", key)
    if workspace is None:
        reason = (
            "this key needs Bearer and one space before it" if NAS_SECRET.match(key) else "no workspace has this key"
        )
        raise Unauthenticated(reason)
    own = workspace.credentials["checkoutcom"]
    if key in (own["previous_secret_key"], own["previous_public_key"]):
        call.checking("access")
    if key == own["previous_public_key"] and not isinstance(call.endpoint, LeftOut):
        raise Forbidden("a public key does not open this endpoint", workspace.id)
    if key not in (own["previous_secret_key"], own["previous_public_key"]):
        raise Unauthenticated("this key needs Bearer and one space before it", workspace=workspace.id)
    call.workspace, call.credential = workspace, {"platform": "previous", "kind": "key", "client": "previous"}
    call.proof = () if key == own["previous_public_key"] else ("previous_secret_key",)
    _must_fit(call)


def _must_fit(call: Call) -> None:
    operation = call.endpoint.operation if call.endpoint else ""
    if call.credential["platform"] == "default" and operation in PREVIOUS_ONLY:
        raise Forbidden("this endpoint belongs to the Previous platform", call.workspace.id)
    if call.credential["platform"] == "previous" and operation in DEFAULT_ONLY:
        raise Forbidden("this endpoint belongs to the Default platform", call.workspace.id)


# OAuth ---------------------------------------------------------------------------------------------------------


def _token(call: Call, directory: Directory, token: str) -> None:
    workspace, claims = read_token(directory.by_credential, token)
    now = workspace.clock.now().timestamp()
    if now >= claims["exp"]:
        raise Unauthenticated("the access token has expired", workspace=workspace.id)
    call.workspace, call.proof = workspace, ("client_secret",)
    call.credential = {"platform": "default", "kind": "token", "client": claims["client_id"], "scopes": claims["scope"]}
    call.checking("access")
    _must_fit(call)
    operation = call.endpoint.operation if call.endpoint else ""
    if operation not in ACCESS:  # the simulator lacks it, so it does not know which scope opens it
        return
    wanted = ACCESS[operation]
    if wanted is None:
        raise Forbidden("this endpoint takes secret keys only", workspace.id)
    granted = set(claims["scope"])
    if not any(scope in granted or scope.partition(":")[0] in granted for scope in wanted):
        raise Forbidden(f"the token lacks the scope {wanted[0]}", workspace.id)


def make_token(workspace: Workspace, scopes: Sequence[str], now: datetime) -> str:
    """A signed token that holds its client, its scopes and when it ends, so that nothing has to be stored."""
    own = workspace.credentials["checkoutcom"]
    head = {"alg": "HS256", "typ": "at+jwt"}
    claims = {"client_id": own["client_id"], "scope": list(scopes), "exp": int(now.timestamp()) + TOKEN_LIFETIME_S}
    signed = f"{_b64(orjson.dumps(head))}.{_b64(orjson.dumps(claims))}"
    return f"{signed}.{_b64(hmac_sha256(own['client_secret'], signed.encode()))}"


def read_token(find: Callable[[str, str], Workspace | None], token: str) -> tuple[Workspace, dict[str, Any]]:
    """The workspace that issued a token, and what the token says. Raises `Unauthenticated` for anything that we did not issue."""
    parts = token.split(".")
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        workspace = find("checkoutcom", claims["client_id"])
    except (ValueError, IndexError, KeyError, TypeError, binascii.Error) as error:
        raise Unauthenticated("this is neither a key nor an access token") from error
    if workspace is None or len(parts) != 3:
        raise Unauthenticated("no workspace has issued this access token")
    signed = f"{parts[0]}.{parts[1]}"
    secret = workspace.credentials["checkoutcom"]["client_secret"]
    if not equals(_b64(hmac_sha256(secret, signed.encode())), parts[2]):
        raise Unauthenticated("the access token's signature is wrong", workspace=workspace.id)
    return workspace, claims


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def authenticate_client(call: Call, directory: Directory) -> None:
    """POST /connect/token: HTTP Basic, form fields, or both at once. Raises `Refused("oauth")` with OAuth's own error."""
    try:
        form = call.form
    except MalformedBody as error:
        raise Refused("oauth", {"error": "invalid_request"}) from error
    client, secret = form.get("client_id"), form.get("client_secret")
    scheme, _, rest = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, word = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused("oauth", {"error": "invalid_client"}) from error
        client, secret = unquote_plus(name), unquote_plus(word)
    workspace = directory.by_credential("checkoutcom", client) if client else None
    own = workspace.credentials["checkoutcom"] if workspace is not None else None
    if workspace is None or own is None or client != own["client_id"] or not equals(secret or "", own["client_secret"]):
        raise Refused("oauth", {"error": "invalid_client"})
    call.workspace, call.credential = workspace, {"platform": "default", "kind": "client", "client": client}
    call.proof = ("client_secret",)


_PATHS = re.compile(
    r"^/(payments|customers|instruments|workflows|hosted-payments|payment-links|payment-sessions|event-types|connect|balances|disputes|reports|financial-actions)(/|$)"
)


def claims(call: Call) -> bool:
    """Whether a request that matches no route was meant for Checkout.com: by its key, its header or its path."""
    given = call.headers.get("authorization", "")
    key = given.partition(" ")[2].strip() if given.lower().startswith("bearer ") else given
    if any(shape.match(key) for shape in (NAS_SECRET, NAS_PUBLIC, ABC_SECRET, ABC_PUBLIC)):
        return True
    return "cko-idempotency-key" in call.headers or bool(_PATHS.match(call.target))
