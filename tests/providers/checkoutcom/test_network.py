"""What another machine may do with credentials of which some are the user's own and some stand in the README."""

from __future__ import annotations

import httpx

from simulator.surface.app import App
from simulator.surface.settings import Settings


async def test_a_key_of_ones_own_beside_a_public_one_counts_from_another_machine() -> None:
    """`secret_key` comes from the user's settings; the Previous platform's key and the client's secret are those of the README."""
    mine = "sk_sbox_" + "m" * 27
    app = App(Settings(db=":memory:", host="0.0.0.0", lan=True, credentials={"checkoutcom": {"secret_key": mine}}))
    own = app.runtime.default.credentials["checkoutcom"]
    transport = httpx.ASGITransport(app, client=("192.168.1.33", 50000))
    form = {"grant_type": "client_credentials", "client_id": own["client_id"], "client_secret": own["client_secret"]}
    async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.20") as phone:
        answers = [
            await phone.get("/payments/pay_nobody", headers={"Authorization": f"Bearer {mine}"}),
            await phone.get("/payments/pay_nobody", headers={"Authorization": own["previous_secret_key"]}),
            await phone.post("/connect/token", data=form),
        ]
    await app.runtime.close()

    assert [(answer.status_code, answer.content) for answer in answers] == [(404, b""), (401, b""), (401, b"")]
