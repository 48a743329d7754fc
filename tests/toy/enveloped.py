"""The toy as a provider whose events stand in a list, and whose signature covers named members with a key from hexadecimal."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from simulator.engine.explain import Explained, Step, other_keys
from simulator.engine.forging import Forging
from simulator.engine.programs import joined, with_hmac
from simulator.engine.provider import Event, Message, Sending, Signed, Verdict
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from toy import acme
from toy.acme import ACME, secret_of

HEX_SECRETS = ("a1b2c3d4" * 8, "0f1e2d3c" * 8)


def render(uow: UnitOfWork, event: Event) -> Sequence[Message]:
    return [replace(m, body=orjson.dumps({"items": [orjson.loads(m.body)]})) for m in acme.render(uow, event)]


def signed_by(body: Any) -> str:
    """Type, id and amount of the first event, with colons between them."""
    item = (body.get("items") or [{}])[0] if isinstance(body, dict) else {}
    charge = item.get("charge", {}) if isinstance(item, dict) else {}
    return ":".join(str(part) for part in (item.get("type", ""), charge.get("id", ""), charge.get("amount", "")))


def key_of(secret: str) -> bytes:
    return bytes.fromhex(secret)


def refuse_secret(secret: str) -> str | None:
    return None if re.fullmatch("(?:[0-9a-f]{2})+", secret) else "hexadecimal digits, two for a byte"


def digest(key: bytes, text: bytes) -> str:
    return hmac.digest(key, text, "sha256").hex()


def sign(sending: Sending) -> Signed:
    body = orjson.loads(sending.body)
    seal = digest(key_of(sending.secret(secret_of(sending.workspace))), signed_by(body).encode())
    items = body.get("items") if isinstance(body, dict) else None
    for item in [one for one in items or () if isinstance(one, dict) and "type" in one]:
        item["seal"] = seal
    return Signed({"content-type": "application/json"}, orjson.dumps(body))


def explain(sending: Sending, left: Signed) -> Explained | None:
    body, secret = orjson.loads(left.body), sending.secret(secret_of(sending.workspace))
    base, key = signed_by(body).encode(), key_of(secret)
    received = ((body.get("items") or [{}])[0]).get("seal", "")
    values = {"secret": secret, "received": received, "named": base.decode()}
    return Explained(
        steps=(Step("step_body", base.decode()), Step("step_bytes", digest(key, base), {"n": len(base)})),
        base=base,
        key=key,
        key_name="secret",
        digest=digest,
        received=received,
        programs=with_hmac(values, joined("named"), algorithm="sha256", encoding="hex", key_is="hexadecimal"),
        mistakes=lambda: other_keys(secret, (sending.workspace.credentials["acme"]["secret"],), "hexadecimal"),
        rebuilt=lambda other: signed_by(orjson.loads(other)).encode(),
    )


def verify(workspace: Workspace, headers: Mapping[str, str], body: bytes) -> Verdict:
    try:
        item = json.loads(body)["items"][0]
        signed = f"{item['type']}:{item['charge']['id']}:{item['charge']['amount']}"
    except (ValueError, TypeError, LookupError):
        return Verdict(False, "it is no event")
    expected = hmac.new(key_of(secret_of(workspace)), signed.encode(), hashlib.sha256).hexdigest()
    received = str(item.get("seal", ""))
    return Verdict(hmac.compare_digest(expected, received), "", signed, expected, received)


assert ACME.shop is not None
ENVELOPED = replace(
    ACME,
    title="Acme, enveloped",
    credentials=lambda ids, default: {**acme.credentials(ids, default), "secret": "5eed" * 16},
    shop=replace(ACME.shop, secrets=HEX_SECRETS),
    webhooks=replace(
        ACME.webhooks,
        render=render,
        sign=sign,
        explain=explain,
        refuse_secret=refuse_secret,
        forging=Forging(member="items.0.seal", amounts=("items.0.charge.amount",), accounts=("items.0.charge.id",)),
    ),
    verify=verify,
    recognises=lambda headers, body: body.startswith(b'{"items"'),
)
