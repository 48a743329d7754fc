"""The toy as a provider that signs `v0:<time>:<body>` with HMAC-SHA512, and names the time in a header of its own."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulator.engine.explain import Explained, signed_body
from simulator.engine.forging import Forging
from simulator.engine.provider import Sending, Signed, Verdict
from simulator.engine.workspace import Workspace
from toy import acme
from toy.acme import ACME, secret_of

TIME, SIGNATURE = "acme-timestamp", "acme-signature"


def sign(sending: Sending) -> Mapping[str, str]:
    secret, at = sending.secret(secret_of(sending.workspace)), str(int(sending.signature_at.timestamp()))
    made = hmac.digest(secret.encode(), f"v0:{at}:".encode() + sending.body, "sha512")
    return {TIME: at, SIGNATURE: b64encode(made).decode()}


def explain(sending: Sending, left: Signed) -> Explained | None:
    secret, t = secret_of(sending.workspace), left.headers[TIME]
    own = sending.workspace.credentials["acme"]["secret"]
    return signed_body(
        left.body,
        key=secret,
        key_name="secret",
        header="Acme-Timestamp",
        received=left.headers[SIGNATURE],
        encoding="base64",
        algorithm="sha512",
        form="v0:{t}:{body}",
        t=t,
        other_times=[f"{t}000", *sending.other_times(per_second=1)],
        other_secrets=[own] if own != secret else [],
    )


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    time, received = headers.get(TIME, ""), headers.get(SIGNATURE, "")
    signed = b"v0:" + time.encode() + b":" + body
    expected = b64encode(hmac.new(secret_of(workspace).encode(), signed, hashlib.sha512).digest()).decode()
    at = datetime.fromtimestamp(int(time), UTC) if expected == received else None
    return Verdict(expected == received, "", signed.decode(), expected, received, at)


FORGING = Forging(
    headers={SIGNATURE: "(?P<signature>.+)", TIME: "(?P<time>[0-9]+)"},
    amounts=acme.FORGING.amounts,
    accounts=acme.FORGING.accounts,
)

COLONS = replace(
    ACME,
    title="Acme, with colons",
    webhooks=replace(ACME.webhooks, sign=sign, explain=explain, forging=FORGING, tolerance=timedelta(minutes=5)),
    verify=verify,
)
