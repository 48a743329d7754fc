"""Each forged webhook is refused, and each true one taken, as the manual tells it: the official clients have no helper."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import partial

from sdk.conftest import World
from sdk.forged import attacked, misjudged


def takes(world: World, body: str, headers: Mapping[str, str]) -> bool:
    """As the manual tells it: the official clients have no helper."""
    key = world.credentials("checkoutcom")["secret_key"].encode()
    expected = hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers.get("cko-signature", ""))


def test_each_forged_webhook_is_refused_and_each_true_one_taken(world: World) -> None:
    assert misjudged(attacked(world, "checkoutcom"), partial(takes, world)) == []
