"""One real server for the tests of the surface: its own process, its own store, any free port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import UNMEASURED

from simulator.surface.client import Client, Workspace
from simulator.surface.launch import Launched, launched


@pytest.fixture(scope="session")
def server() -> Iterator[Launched]:
    """Its lines are not counted: simulators in process run them too, and `test_serve` starts servers whose lines are."""
    with launched(environ=UNMEASURED) as running:
        yield running


@pytest.fixture
def client(server: Launched) -> Iterator[Client]:
    with Client(server.url) as found:
        yield found


@pytest.fixture
def world(client: Client) -> Iterator[Workspace]:
    """A workspace of one's own in the shared server."""
    workspace = client.create_workspace()
    yield workspace
    workspace.delete()
