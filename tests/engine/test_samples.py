"""A sample of a first call that asks for something which nobody has says what there is."""

from __future__ import annotations

import pytest

from simulator.engine.samples import Sample
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day

ACCOUNT = Account({"key": "k1", "channels": ["c1", "c2"]}, "https://sim.test:8443", time_of_day())


def test_its_places_are_the_credentials_and_the_parts_of_the_address() -> None:
    sample = Sample("curl", "{{key}} {{channels}} {{url}} {{scheme}} {{host}} {{port}} {{return_url}}")

    filled = sample.filled(ACCOUNT, "https://shop.example/back")

    assert filled == "k1 c1 https://sim.test:8443 https sim.test 8443 https://shop.example/back"


def test_a_place_that_there_is_not_is_told_with_those_that_there_are() -> None:
    names = "key, channels, url, scheme, host, port, return_url"

    with pytest.raises(ValueError, match=rf"\{{\{{base_url\}}\}}: there are {names}"):
        Sample("curl", "curl {{base_url}}/v1").filled(ACCOUNT, "")
