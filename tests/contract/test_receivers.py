"""The merchant's side of each provider: whatever stands where a signature should be, the answer is a verdict."""

from __future__ import annotations

import pytest
from merchant import Merchant

ODD = ["é之", "\udc80", "t=é,v1=é", "t=\udc80,s=\udc80", "", "=,;", "t=9" + "9" * 40 + ",v1=0,s=0"]


@pytest.mark.uncounted
@pytest.mark.parametrize("odd", ODD)
async def test_a_signature_of_odd_characters_is_wrong(merchant: Merchant, odd: str) -> None:
    if merchant.provider.verify is None:
        pytest.skip("this provider's webhooks are not signed")
    await merchant.paid()
    [hook, *_] = merchant.sim.hooks
    verify = merchant.provider.verify
    assert verify is not None

    headers = {name: odd for name in hook.headers if "signature" in name}

    assert hook.verdict(merchant.name).valid
    if headers:
        assert not verify(merchant.sim.workspace, {**hook.headers, **headers}, hook.raw).valid
