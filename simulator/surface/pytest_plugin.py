"""Fixtures for the tests of a shop: one simulator for the session, a workspace of its own for every test.

    def test_a_paid_order_is_shipped(psp_workspace, shop):
        shop.configure(psp_workspace.base_url, psp_workspace.credentials["acme"])
        ...
        psp_workspace.pay("acme", charge_id)
        psp_workspace.settle()

Nothing is loaded before a test asks for a fixture. `--psp-simulator-url` (or PSP_SIMULATOR_URL) uses one that runs already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulator.surface.assertions import TestedWorkspace
    from simulator.surface.client import Client


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("psp-simulator")
    group.addoption(
        "--psp-simulator-url",
        metavar="URL",
        help="Use the simulator that runs there; without it the fixture psp_simulator starts one of its own.",
    )


@pytest.fixture(scope="session")
def psp_simulator(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A `simulator.surface.client.Client` of a simulator that lives as long as the session."""
    from simulator.surface.client import Client
    from simulator.surface.settings import variable

    url = request.config.getoption("--psp-simulator-url") or variable("PSP_SIMULATOR_URL")
    if url:
        with Client(url, token=variable("PSP_SIMULATOR_ADMIN_TOKEN")) as client:
            yield client
        return
    from simulator.surface.launch import launched

    with launched() as server, Client(server.url, token=server.admin_token) as client:
        yield client


@pytest.fixture
def psp_workspace(psp_simulator: Client, request: pytest.FixtureRequest) -> Iterator[TestedWorkspace]:
    """A fresh workspace named after the test, with its own credentials, clock and payments; deleted afterwards.

    A `Workspace` with assertions: `wait_for`, `wait_for_webhook`, `assert_webhooks`, `story`."""
    from simulator.kernel.ids import Ids
    from simulator.surface.assertions import TestedWorkspace
    from simulator.surface.client import SaidNo

    readable = re.sub(r"[^A-Za-z0-9._:-]+", "-", request.node.name).strip("-._:")[:80] or "test"
    file = request.node.nodeid.partition("::")[0]
    name, made_by = f"{readable}-{Ids().hex(8)}", f"test:{file}"[:200]
    made = psp_simulator.create_workspace(name, made_by=made_by, temporary=True)
    workspace = TestedWorkspace(psp_simulator, made.id, made.view)
    yield workspace
    try:
        workspace.delete()
    except SaidNo as refusal:
        if refusal.status != 404:  # the test deleted it itself
            raise
