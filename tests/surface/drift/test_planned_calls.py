"""A dry run shows each call as it would be sent, and nothing that is only ours."""

from __future__ import annotations

import json

import pytest
from drifting import PROVIDERS, Worlds

from simulator.surface.drift.planned import planned
from simulator.surface.drift.playing import signed
from simulator.surface.drift.running import Ours
from simulator.surface.in_process import Simulator

SANDBOX_URL = "https://sandbox.example"


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_call_is_shown_whole_and_without_what_is_drawn(name: str, ours: Simulator, worlds: Worlds) -> None:
    """Two runs, whose worlds have other credentials and ids, show the same."""
    provider, own = PROVIDERS[name], Ours(PROVIDERS[name], ours)
    assert provider.sandbox is not None and provider.shop is not None

    calls = list(planned(provider, own, SANDBOX_URL))

    assert calls == list(planned(provider, own, SANDBOX_URL))
    assert len(calls) == len(provider.sandbox.probes)
    played, _ = worlds(name)
    for call, probe in zip(calls, provider.sandbox.probes, strict=True):
        sent = signed(provider.shop, played.place, probe, played.played[probe.name].request)
        assert call.line.startswith(f"{probe.name}: ")
        assert (call.method, bool(call.body)) == (sent.method, bool(sent.body))
        assert call.url.startswith(f"{SANDBOX_URL}/")
        assert list(call.headers) == ["User-Agent", "Accept", *sent.headers]
        assert call.headers.get("Content-Type") == sent.headers.get("Content-Type")
    told = json.dumps([[call.url, dict(call.headers), call.body] for call in calls])
    assert all(
        f"<{credential}>" in told or f"of {credential}" in told or "<signature>" in told
        for credential in provider.sandbox.credentials
    )
    assert "<wrong " in told or "of wrong " in told or "<signature>" in told
