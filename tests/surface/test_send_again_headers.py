"""A call that is sent again is signed anew, in whatever headers its provider's signature stands."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime

from toy.acme import ACME

from simulator.engine.shop import Account, Request
from simulator.surface.control.again import of_the_signature

ACCOUNT = Account({"api_key": "k", "signing_secret": "s3cr3t"}, "http://localhost", datetime(2026, 1, 1, tzinfo=UTC))
CALL = Request("POST", "/acme/charges", {"X-For": "shop-1"}, b"{}")


def sign(account: Account, request: Request) -> Request:
    """As APIs do that use no `Authorization`: the time and the signature stand in headers of their own."""
    at = str(int(account.now.timestamp()))
    base = at.encode() + request.body
    made = hmac.new(account.credentials["signing_secret"].encode(), base, hashlib.sha512).hexdigest()
    return request.plus({"X-Key": account.credentials["api_key"], "X-Time": at, "X-Signature": made, "X-For": "all"})


def bare(account: Account, request: Request) -> Request:
    made = hmac.new(bytes.fromhex(account.credentials["signing_secret"]), request.body, hashlib.sha256).hexdigest()
    return request.plus({"X-Signature": made})


def test_what_another_instant_or_another_secret_alters_is_made_anew() -> None:
    assert ACME.shop is not None
    own = replace(ACME.shop, sign=sign)

    found = of_the_signature(own, ACCOUNT, CALL, sign(ACCOUNT, CALL))

    assert found >= {"x-time", "x-signature"}
    assert "x-for" not in found


def test_a_signature_of_the_body_alone_is_too() -> None:
    assert ACME.shop is not None
    account = replace(ACCOUNT, credentials={"signing_secret": "5eed" * 16})

    assert "x-signature" in of_the_signature(replace(ACME.shop, sign=bare), account, CALL, bare(account, CALL))
