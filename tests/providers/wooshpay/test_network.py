"""Another machine that shows a key of the README is answered as one that shows a key of nobody."""

from __future__ import annotations

import httpx

from simulator.surface.app import App
from simulator.surface.settings import Settings


async def test_a_public_key_is_an_invalid_key_to_another_machine_also_where_the_operation_is_left_out() -> None:
    app = App(Settings(db=":memory:", host="0.0.0.0", lan=True))
    transport = httpx.ASGITransport(app, client=("192.168.1.33", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.20") as phone:
        paths = ("/v1/payment_intents", "/v1/payouts")
        public = [await phone.get(path, auth=("sk_test_default", "")) for path in paths]
        unknown = [await phone.get(path, auth=("sk_test_nobodyx", "")) for path in paths]
    await app.runtime.close()

    assert [answer.status_code for answer in (*public, *unknown)] == [401] * 4
    assert [answer.json()["error"]["message"] for answer in public] == [
        answer.json()["error"]["message"] for answer in unknown
    ]
