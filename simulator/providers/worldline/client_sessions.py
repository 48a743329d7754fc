"""Client sessions: what a merchant hands to a browser or an app, so that it may call the Client API.

Source: docs/providers/worldline.md, sources 2.8 and 3.16.

Nothing is stored. The customer id says when the session began, and the session id proves that we made it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from simulator.engine.provider import Call, Directory
from simulator.engine.workspace import Workspace
from simulator.kernel.crypto import equals, hmac_sha256
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import Unauthenticated

OF_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
"""The shop's page calls the Client API, and is of another origin."""

LIFETIME = timedelta(hours=2)

_AUTHORIZATION = re.compile(r"GCS v1Client:([0-9a-f]{32})")
_CUSTOMER = re.compile(r"([0-9]{1,10})-([0-9a-f]{8})([0-9a-f]{24})")


def new_session(workspace: Workspace, ids: Ids, now: datetime) -> tuple[str, str]:
    """The ids of the session and of its customer."""
    own = workspace.credentials["worldline"]
    customer_id = f"{own['merchant_id']}-{int(now.timestamp()):08x}{ids.hex(24)}"
    return session_id(own["secret_api_key"], customer_id), customer_id


def session_id(secret: str, customer_id: str) -> str:
    """The id of this customer's session, made with the merchant's secret API key."""
    return hmac_sha256(secret, customer_id.encode()).hex()[:32]


def authenticate(call: Call, directory: Directory) -> None:
    """`Authorization: GCS v1Client:{clientSessionId}` for the customer of the path. Raises `Unauthenticated` (9002)."""
    match = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
    customer = _CUSTOMER.fullmatch(call.path["customerId"])
    if match is None:
        raise Unauthenticated("the header must be: Authorization: GCS v1Client:{clientSessionId}")
    if customer is None:
        raise Unauthenticated(f"{call.path['customerId']!r} is no customer id of a session")
    merchant_id, began = customer[1], int(customer[2], 16)
    workspace = next((w for w in directory.workspaces() if _made(w, merchant_id, customer[0], match[1])), None)
    if workspace is None:
        raise Unauthenticated("no workspace has this session")
    if workspace.clock.now().timestamp() - began > LIFETIME.total_seconds():
        raise Unauthenticated("the session is older than two hours", workspace=workspace.id)
    call.workspace, call.proof = workspace, ()
    call.credential = {"merchant_id": merchant_id, "session": match[1]}


def _made(workspace: Workspace, merchant_id: str, customer_id: str, given: str) -> bool:
    own = workspace.credentials["worldline"]
    return own["merchant_id"] == merchant_id and equals(session_id(own["secret_api_key"], customer_id), given)
