"""PHP with nothing but its curl: each provider's lines in the README take the payment that its shop shows."""

from __future__ import annotations

import json

import pytest

from sdk import readme
from sdk.conftest import World
from sdk.languages import php
from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Answer
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in

NAMES = {
    "key": ("api_key", "secret_key"),
    "merchant": ("merchant_id",),
    "id": ("api_key_id",),
    "secret": ("secret_api_key", "secret_key"),
}
"""What the README calls a credential, and the names that it has."""


WITH_LINES = [provider for provider in built_in() if (provider.title, "PHP with curl") in readme.ROWS]


@pytest.mark.parametrize("provider", WITH_LINES, ids=lambda provider: provider.name)
def test_the_lines_for_php_take_a_payment(world: World, provider: Provider) -> None:
    shop, own = provider.shop, world.credentials(provider.name)
    assert shop is not None
    order = json.loads(shop.create(Account(own, world.url, time_of_day()), shop.sample).body)
    given = {name: own[known] for name, names in NAMES.items() for known in names if known in own}

    told = php(readme.curl(provider.title, world.url), order=order, **given)
    world.advance(f"PT{shop.course.settles_after.seconds + 1}S")
    paid = world.act(provider.name, shop.id_of(shop.sample, Answer(200, json.dumps(told).encode())), "pay")

    assert paid["phase"] in ("paid", "processing")
