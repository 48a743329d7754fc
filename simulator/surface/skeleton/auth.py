"""How a call shows its credential, and which calls are meant for us at all."""

from __future__ import annotations

from simulator.engine.provider import Call, Directory
from simulator.kernel.refusals import Unauthenticated


def authenticate(call: Call, directory: Directory) -> None:
    """`Authorization: Bearer <api_key>`. Sets `call.workspace`, or raises `Unauthenticated`."""
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    workspace = directory.by_credential("newpay", key.strip()) if scheme.lower() == "bearer" else None
    if workspace is None:
        raise Unauthenticated("no such api_key" if key else "no Authorization header")
    call.workspace = workspace


def claims(call: Call) -> bool:
    """Whether a call that matches no route is ours to refuse."""
    return call.target.startswith("/newpay/")
