"""Credentials: what a workspace has, how a call shows them, and which calls are meant for us at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import Call, Directory
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import Unauthenticated


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    """New ones; those of the `default` workspace are the same on every machine."""
    if default:
        return {"api_key": "newpay_test_default", "webhook_secret": "newpay_webhook_secret_default"}
    return {"api_key": "newpay_test_" + ids.text(24), "webhook_secret": ids.text(32)}


def lookups(credentials: Mapping[str, Any]) -> Sequence[str]:
    """By what `authenticate` finds the workspace."""
    return [credentials["api_key"]]


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
