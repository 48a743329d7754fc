"""The merchant's side of ecommpay's callbacks, written from the manual and not from `signing`: the inbox and the demo use it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from simulator.engine.provider import Verdict
from simulator.engine.workspace import Workspace


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Computes the signature over the body without its signature, which stands at the top or in `general`."""
    try:
        message = json.loads(body)
    except ValueError:
        return Verdict(False, "the body is not JSON")
    if not isinstance(message, dict):
        return Verdict(False, "the body is not an object")
    general = message.get("general")
    received = message.get("signature") or (general.get("signature") if isinstance(general, dict) else None)
    if not isinstance(received, str):
        return Verdict(False, "there is no signature")
    found: dict[str, str] = {}
    _collect(message, "", found)
    text = ";".join(f"{path}:{found[path]}" for path in sorted(found, key=_natural))
    secret = str(workspace.account_endpoint("ecommpay").secret or workspace.credentials["ecommpay"]["secret_key"])
    mac = hmac.new(secret.encode("utf-8"), text.encode("utf-8"), hashlib.sha512).digest()
    expected = base64.b64encode(mac).decode("ascii")
    if not hmac.compare_digest(expected.encode(), received.encode()):
        return Verdict(False, "the signature is wrong", text, expected, received)
    return Verdict(True, "", text, expected, received)


def _collect(value: Any, path: str, found: dict[str, str]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in items:
        if name == "signature":
            continue
        where = f"{path}:{name}" if path else str(name)
        if isinstance(item, dict | list):
            _collect(item, where, found)
        elif isinstance(item, bool):
            found[where] = str(int(item))
        else:
            found[where] = "" if item is None else str(item)


def _natural(path: str) -> list[Any]:
    return [(0, int(run), "") if run.isdigit() else (1, 0, run) for run in re.split(r"(\d+)", path) if run]


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it is a callback of ecommpay: as they have no header of their own, by the members of the body."""
    return body[:1] == b"{" and b'"project_id"' in body and b'"operation"' in body and b'"signature"' in body
