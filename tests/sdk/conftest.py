"""Official clients talk to a real server over TCP: one for the session, a workspace of its own for each test."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdk.languages import Node, official_clients
from simulator.surface.cli import main
from simulator.surface.launch import Launched, launched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the clients run is other people's code. The server that answers them counts its own lines."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.uncounted)


@pytest.fixture(scope="session")
def server() -> Iterator[Launched]:
    with launched() as running:
        yield running


class World:
    """One workspace of a running simulator, steered through the control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.workspace = self.control("POST", "/_sim/workspaces", {})
        self.path = f"/_sim/workspaces/{self.workspace['id']}"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None

    def credentials(self, provider: str) -> dict[str, Any]:
        found: dict[str, Any] = self.workspace["credentials"][provider]
        return found

    def act(self, provider: str, id_: str, act: str, **body: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.control("POST", f"{self.path}/payments/{provider}/{id_}/{act}", body)
        return found

    def advance(self, by: str) -> None:
        self.control("POST", f"{self.path}/clock/advance", {"by": by})

    def settings(self, provider: str, **values: Any) -> None:
        self.control("PUT", f"{self.path}/settings/{provider}", values)

    def arm(self, *rules: dict[str, Any]) -> None:
        self.control("PUT", f"{self.path}/scenario", {"rules": list(rules)})

    def disarm(self) -> None:
        self.control("DELETE", f"{self.path}/scenario")

    def receive_webhooks(self, provider: str) -> Callable[[], list[dict[str, Any]]]:
        """Into the built-in inbox; the result reads it (without the GETs by which a provider verifies an endpoint)."""
        inbox = f"/_sim/inbox/{self.workspace['id']}/{provider}"
        self.control("PUT", f"{self.path}/webhooks/{provider}", {"url": self.url + inbox})

        def read() -> list[dict[str, Any]]:
            self.control("POST", f"{self.path}/settle")
            data: list[dict[str, Any]] = self.control("GET", f"{self.path}/inbox/{provider}?limit=500")["data"]
            return [received for received in data if received["method"] == "POST"]

        return read


@pytest.fixture
def world(server: Launched) -> World:
    return World(server.url)


@pytest.fixture
def psp_simulator(world: World) -> Callable[..., Result]:
    """The command line in this workspace; `body` comes on stdin."""

    def invoke(*arguments: str, body: str = "") -> Result:
        return CliRunner().invoke(main, [*arguments, "--url", world.url, "-w", world.workspace["id"]], input=body)

    return invoke


@pytest.fixture(scope="session")
def node() -> Node:
    return official_clients()
