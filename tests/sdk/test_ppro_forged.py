"""Each forged webhook is refused, and each true one taken, as the manual tells it: there is no official client."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import partial

from sdk.conftest import World
from sdk.forged import attacked, misjudged


def takes(world: World, body: str, headers: Mapping[str, str]) -> bool:
    """As the manual tells it: there is no official client. The legacy header signs no time, so who reads that alone cannot see
    that a time has changed."""
    secret, raw = world.credentials("ppro")["webhook_secret"].encode(), body.encode()
    t, _, s = headers.get("ppro-signature", "t=,s=").partition(",")
    expected = hmac.new(secret, t[2:].encode() + b"." + raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, s[2:])


def test_each_forged_webhook_is_refused_and_each_true_one_taken(world: World) -> None:
    assert misjudged(attacked(world, "ppro"), partial(takes, world)) == []
