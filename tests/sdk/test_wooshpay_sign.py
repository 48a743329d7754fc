"""`psp-simulator sign wooshpay`: Stripe's own `construct_event` takes a webhook with these headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from sdk.conftest import World

stripe: Any = pytest.importorskip("stripe", reason="stripe is not installed")


def test_construct_event_takes_a_signed_webhook(psp_simulator: Callable[..., Result], world: World) -> None:
    body = json.dumps(
        {"id": "evt_1", "object": "event", "type": "x", "data": {"object": {"list": [1, True, {"a": 1.5}]}}}
    )
    secret = world.credentials("wooshpay")["webhook_secret"]

    made = psp_simulator("sign", "wooshpay", body=body)
    headers = dict(line.split(": ", 1) for line in made.stdout.splitlines())

    for name in ("Wooshpay-Signature", "Signature"):
        assert stripe.Webhook.construct_event(body, headers[name], secret).id == "evt_1"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + " ", headers[name], secret)
