"""A recording of a purchase with Flow: what the shop's server sends, and what the component sends with the public key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from recorded import Replay

from simulator.kernel.clock import time_of_day
from simulator.providers.checkoutcom import PROVIDER
from simulator.providers.checkoutcom.wire.sessions import session_data
from simulator.surface.drift.recorder import Recorder
from simulator.surface.in_process import Simulator


@pytest.mark.parametrize("method", ["alipay_cn", "alipay_hk"])
async def test_a_recording_of_flow_is_a_test_once_it_lies_in_a_folder(method: str, tmp_path: Path) -> None:
    assert PROVIDER.sandbox is not None
    soon = (time_of_day() + timedelta(minutes=20)).isoformat(timespec="seconds").replace("+00:00", "Z")
    async with Simulator.in_process() as sandbox:
        world = await sandbox.client.create_workspace(frozen=True)
        own = world.credentials["checkoutcom"]
        kept = {name: own[name] for name in PROVIDER.sandbox.credentials}
        recorder = Recorder(PROVIDER, sandbox.base_url, kept, tmp_path, transport=sandbox.transport, clock=lambda: 0.0)
        secret, public = ({"authorization": f"Bearer {own[f'{one}_key']}"} for one in ("secret", "public"))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(recorder.app), base_url="http://127.0.0.1:9090", headers=secret
        ) as shop:
            asked = {
                "amount": 1100,
                "currency": "CNY" if method == "alipay_cn" else "HKD",
                "reference": "ORDER-4711",
                "billing": {"address": {"country": "CN"}},
                "processing_channel_id": own["processing_channel_id"],
                "success_url": "https://shop.example/ok",
                "failure_url": "https://shop.example/no",
                "customer": {"email": "li@shop.example", "name": "Li Na"},
                "expires_on": soon,
            }
            session = (await shop.post("/payment-sessions", json=asked)).json()["id"]
            submitted = await shop.post(
                f"/payment-sessions/{session}/submit", json={"session_data": session_data(method)}
            )
            await shop.get(f"/payments/{submitted.json()['id']}")
            seen = await shop.get(f"/payment-sessions/{session}", headers=public)
            for email in ("zoe@shop.example", "max@shop.example", "zoe@shop.example"):
                customer = await shop.post("/customers", json={"email": email, "name": "Zoe"})
            setup = await shop.post(
                "/payments/setups",
                json={
                    "amount": 1000,
                    "currency": "CNY",
                    "customer": {"merchant_account": {"id": "m-1", "registration_date": "2023-05-01"}},
                },
            )

    assert [one.status_code for one in (submitted, seen, customer, setup)] == [202, 200, 422, 200]
    with Simulator.in_process() as ours:
        assert Replay(PROVIDER, ours.sync_client.create_workspace(frozen=True)).run(tmp_path) == []
