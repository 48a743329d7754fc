"""The toy as a provider that signs inside the body, where the signature is a member of what it signs."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace

import orjson

from simulator.engine.provider import Sending, Signed, Verdict
from simulator.engine.workspace import Workspace
from toy.acme import ACME, secret_of


def sign(sending: Sending) -> Signed:
    seal = hmac.digest(sending.secret(secret_of(sending.workspace)).encode(), sending.body, "sha256").hex()
    return Signed({"content-type": "application/json"}, orjson.dumps({**orjson.loads(sending.body), "seal": seal}))


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    message = json.loads(body)
    received = message.pop("seal", "")
    signed = json.dumps(message, separators=(",", ":"))
    expected = hmac.new(secret_of(workspace).encode(), signed.encode(), hashlib.sha256).hexdigest()
    return Verdict(expected == received, "", signed, expected, received)


SEALED = replace(
    ACME,
    title="Acme, sealed",
    webhooks=replace(ACME.webhooks, sign=sign, forging=replace(ACME.webhooks.forging, headers={}, member="seal")),
    verify=verify,
    recognises=lambda headers, body: b'"seal"' in body,
)
