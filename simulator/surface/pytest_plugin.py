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
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.surface.assertions import TestedWorkspace
    from simulator.surface.async_assertions import AsyncTestedWorkspace
    from simulator.surface.client import Client


WORLDS = pytest.StashKey["list[TestedWorkspace]"]()
"""The workspaces of a test."""
HAS_FAILED = pytest.StashKey[bool]()
PREPARED = "prepared"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("psp-simulator")
    group.addoption(
        "--psp-simulator-url",
        metavar="URL",
        help="Use the simulator that runs there; without it the fixture psp_simulator starts one of its own.",
    )
    group.addoption(
        "--psp-export",
        metavar="DIR",
        help="Keep the worlds of failed tests in this folder, each as a document for psp-simulator import. They hold credentials.",
    )


def pytest_configure(config: pytest.Config) -> None:
    about = "psp_audit(provider, only=(), skip=()): one test for each check of the audit, with the fixture psp_audit."
    config.addinivalue_line("markers", about)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("psp_audit")
    if marker is None or "psp_audit" not in metafunc.fixturenames:
        return
    from simulator.surface.audit.runner import chosen

    try:
        checks = chosen(marker.kwargs.get("only", ()), marker.kwargs.get("skip", ()))
    except KeyError as name:
        raise pytest.UsageError(f"psp_audit: there is no check {name}; psp-simulator audit --list shows them") from name
    metafunc.parametrize("psp_audit", [check.name for check in checks], indirect=True)


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
    yield from _made(psp_simulator, request, request.node.name)


@pytest.fixture
def psp_async_workspace(psp_simulator: Client, psp_workspace: TestedWorkspace) -> AsyncTestedWorkspace:
    """The world of `psp_workspace` with `await`, in whatever event loop the test has: nothing of it stays open when that ends."""
    from simulator.surface.async_assertions import AsyncTestedWorkspace
    from simulator.surface.async_client import AsyncClient

    client = AsyncClient(psp_simulator.url, token=psp_simulator.token, keeps_open=False)
    return AsyncTestedWorkspace(client, psp_workspace.id, psp_workspace.view)


@pytest.fixture(scope="module")
def psp_prepare() -> Callable[[TestedWorkspace], object]:
    """Define this fixture yourself, to say what the world of `psp_prepared` has in it."""
    return lambda world: None


@pytest.fixture(scope="module")
def _psp_world(
    psp_simulator: Client, psp_prepare: Callable[[TestedWorkspace], object], request: pytest.FixtureRequest
) -> Iterator[TestedWorkspace]:
    for world in _made(psp_simulator, request, request.node.name):
        psp_prepare(world)
        world.snapshot(PREPARED)
        yield world


@pytest.fixture
def psp_prepared(_psp_world: TestedWorkspace, request: pytest.FixtureRequest) -> TestedWorkspace:
    """One workspace for all tests of a module, as `psp_prepare` has left it: restored before each test."""
    _psp_world.restore(PREPARED)
    request.node.stash.setdefault(WORLDS, []).append(_psp_world)
    return _psp_world


@pytest.fixture
def psp_audit(psp_workspace: TestedWorkspace, request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """In a test with the marker `psp_audit`, call it with what the shop is, as `psp_workspace.audit` takes it: it makes the check
    that this test stands for, and fails or skips the test.

        @pytest.mark.psp_audit("acme")
        def test_my_shop(psp_audit, shop):
            psp_audit(webhook=shop.url, checkout=shop.checkout, order=shop.state_of, paid="shipped")
    """
    marker, findings = request.node.get_closest_marker("psp_audit"), []
    if marker is None or not marker.args:
        raise pytest.UsageError("the fixture psp_audit is for tests with the marker psp_audit(provider)")

    def audit(**shop: Any) -> None:
        report = psp_workspace.audit(*marker.args, only=[request.param], **shop)
        [finding] = report.findings
        findings.append(finding)
        if finding.result == "skipped":
            pytest.skip(finding.because)
        if finding.result == "passed" and finding.diagram is not None:
            request.node.add_report_section("call", "diagram", finding.diagram["mermaid"])
        if finding.result == "failed":
            pytest.fail(f"{finding.check.title}: {report}", pytrace=False)

    yield audit
    if not findings and not request.node.stash.get(HAS_FAILED, False):
        pytest.fail("the test has not called psp_audit: nothing was checked", pytrace=False)


def _made(client: Client, request: pytest.FixtureRequest, wanted: str) -> Iterator[TestedWorkspace]:
    from simulator.kernel.ids import Ids
    from simulator.surface.assertions import TestedWorkspace
    from simulator.surface.client import SaidNo

    readable = re.sub(r"[^A-Za-z0-9._:-]+", "-", wanted).strip("-._:")[:80] or "test"
    file = request.node.nodeid.partition("::")[0]
    name, made_by = f"{readable}-{Ids().hex(8)}", f"test:{file}"[:200]
    made = client.create_workspace(name, made_by=made_by, temporary=True)
    workspace = TestedWorkspace(client, made.id, made.view)
    request.node.stash.setdefault(WORLDS, []).append(workspace)
    yield workspace
    try:
        workspace.delete()
    except SaidNo as refusal:
        if refusal.status != 404:  # the test deleted it itself
            raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed tells the stories of its payments, and keeps its worlds where it is asked to."""
    report = yield
    worlds = item.stash.get(WORLDS, [])
    item.stash[HAS_FAILED] = item.stash.get(HAS_FAILED, False) or report.failed
    if report.failed and report.when != "teardown" and worlds:
        from simulator.surface import failures

        folder = item.config.getoption("--psp-export")
        for world in worlds:
            report.sections += failures.sections(world)
            if folder:
                report.sections.append(failures.keep(world, Path(folder), item.nodeid))
    return report
