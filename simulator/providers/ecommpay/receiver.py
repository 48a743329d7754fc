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

MAX_MEMBERS = 10_000
MAX_CHARACTERS = 1_000_000
"""Of a message that is checked: how many members it has, and how long the text is over which the signature is computed."""

DIGITS = re.compile(r"[0-9]+")


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Computes the signature over the body without its signature, which stands at the top or in `general`."""
    try:
        message = json.loads(body)
    except ValueError:
        return Verdict(False, "the body is not JSON")
    except RecursionError:
        return Verdict(False, "the body is nested too deeply to be read")
    if not isinstance(message, dict):
        return Verdict(False, "the body is not an object")
    general = message.get("general")
    received = message.get("signature") or (general.get("signature") if isinstance(general, dict) else None)
    if not isinstance(received, str):
        return Verdict(False, "there is no signature")
    found = _scalars(message)
    if found is None:
        return Verdict(False, "the body is too large to compute its signature", received=received)
    text = ";".join(f"{path}:{found[path]}" for path in sorted(found, key=_natural))
    secret = str(workspace.account_endpoint("ecommpay").secret or workspace.credentials["ecommpay"]["secret_key"])
    mac = hmac.new(secret.encode("utf-8"), text.encode("utf-8", "surrogatepass"), hashlib.sha512).digest()
    expected = base64.b64encode(mac).decode("ascii")
    if not hmac.compare_digest(expected.encode(), received.encode("utf-8", "surrogatepass")):
        return Verdict(False, "the signature is wrong", text, expected, received)
    return Verdict(True, "", text, expected, received)


def _scalars(message: dict[str, Any]) -> dict[str, str] | None:
    """The text of every scalar by its path; None if there are too many or their paths are too long."""
    found: dict[str, str] = {}
    pending: list[tuple[str, Any]] = [("", message)]
    members = characters = 0
    while pending:
        around, value = pending.pop()
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            if name == "signature":
                continue
            members, characters = members + 1, characters + len(around) + len(str(name)) + 1
            if members > MAX_MEMBERS or characters > MAX_CHARACTERS:
                return None
            path = f"{around}:{name}" if around else str(name)
            if isinstance(item, dict | list):
                pending.append((path, item))
            elif isinstance(item, bool):
                found[path] = str(int(item))
            else:
                found[path] = "" if item is None else str(item)
    return found


def _natural(path: str) -> str:
    """Digits that stand together are compared as one number: first by their count, then as they are."""
    return DIGITS.sub(lambda run: f"0{len(run[0].lstrip('0')):07d}{run[0].lstrip('0')}", path)


def recognises(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it is a callback of ecommpay: as they have no header of their own, by the members of the body."""
    return body[:1] == b"{" and b'"project_id"' in body and b'"operation"' in body and b'"signature"' in body
