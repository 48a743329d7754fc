"""The toy as a provider whose key is written in hexadecimal digits, over the whole body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace

from simulator.engine.explain import Explained, signed_body
from simulator.engine.provider import Sending, Signed, Verdict
from simulator.engine.workspace import Workspace
from toy import acme
from toy.acme import ACME, secret_of
from toy.enveloped import HEX_SECRETS, refuse_secret

NAME = "acme-signature"


def sign(sending: Sending) -> Mapping[str, str]:
    key = bytes.fromhex(sending.secret(secret_of(sending.workspace)))
    return {NAME: hmac.digest(key, sending.body, "sha256").hex()}


def explain(sending: Sending, left: Signed) -> Explained | None:
    own = sending.workspace.credentials["acme"]["secret"]
    return signed_body(
        left.body,
        key=secret_of(sending.workspace),
        key_name="secret",
        header="Acme-Signature",
        received=left.headers.get(NAME, ""),
        encoding="hex",
        other_secrets=[own],
        key_is="hexadecimal",
    )


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    expected = hmac.new(bytes.fromhex(secret_of(workspace)), body, hashlib.sha256).hexdigest()
    received = headers.get(NAME, "")
    return Verdict(expected == received, "", body.decode(), expected, received)


assert ACME.shop is not None
HEXED = replace(
    ACME,
    title="Acme, hexed",
    credentials=lambda ids, default: {**acme.credentials(ids, default), "secret": "5eed" * 16},
    shop=replace(ACME.shop, secrets=HEX_SECRETS),
    webhooks=replace(ACME.webhooks, sign=sign, explain=explain, refuse_secret=refuse_secret),
    verify=verify,
)
