"""A proxy that the environment names is asked for a provider's sandbox, and never for this machine: as browsers do it."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from pathlib import Path
from threading import Thread

import httpx
import pytest
from click.testing import CliRunner

from simulator.engine.shop import Request
from simulator.kernel.ids import Ids
from simulator.providers import built_in
from simulator.surface import cli
from simulator.surface.async_client import AsyncClient
from simulator.surface.client import Client
from simulator.surface.drift.playing import RealPlace, Unreachable, closing
from simulator.surface.drift.recorder import Recorder
from simulator.surface.launch import Launched

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
HEALTH = Request("GET", "/_sim/health")


def named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in NAMES:
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.lower(), proxy)


def asked_at(url: str) -> int:
    """The status of an answer."""
    with closing(RealPlace(url, {}, pause=timedelta(0), sleep=lambda seconds: None)) as place:
        answer, _ = place.send(HEALTH)
        return answer.status


@pytest.fixture
def no_proxy_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at port 9 of this machine: a call that went there would fail."""
    named("http://127.0.0.1:9", monkeypatch)


@pytest.mark.usefixtures("no_proxy_answers")
async def test_our_clients_reach_this_machine_without_it(server: Launched, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    provider = built_in()[0]
    recorder = Recorder(provider, server.url, provider.credentials(Ids(), True), tmp_path)
    shop = httpx.AsyncClient(transport=httpx.ASGITransport(recorder.app), base_url="http://127.0.0.1:9090")

    with Client(server.url) as client:
        assert client.health()["status"] == "ok"
    async with AsyncClient(server.url) as client_too:
        assert (await client_too.health())["status"] == "ok"
    assert json.loads(CliRunner().invoke(cli.main, ["requests", "--url", server.url, "--json"]).stdout) is not None
    for host in ("127.0.0.1", "localhost"):
        assert asked_at(f"http://{host}:{port}") == 200
    async with shop:
        assert (await shop.get(HEALTH.path)).status_code == 200
    await recorder.close()


def test_a_sandbox_is_reached_by_way_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a firm lets nothing out but by its proxy. The proxy of this test refuses, so nothing leaves this machine."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def refuse() -> None:
            calling, _ = proxy.accept()
            with calling:
                asked.append(calling.recv(1000))
                calling.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

        thread = Thread(target=refuse)
        thread.start()
        named(f"http://127.0.0.1:{proxy.getsockname()[1]}", monkeypatch)

        with pytest.raises(Unreachable, match=r"^sandbox\.example is not reached: ProxyError$"):
            asked_at("https://sandbox.example")
        thread.join()

    assert asked[0].startswith(b"CONNECT sandbox.example:443 HTTP/1.1\r\n")
