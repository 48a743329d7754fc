"""A real server and headless Chromium, both once per session; skipped with a reason where one of them is missing.

Playwright's synchronous API keeps an event loop of its own, which would be in the way of the other tests' loops: it lives
in a thread, and every test function of this folder runs there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from browser.shop import Shop
from browser.window import Contexts, Window
from simulator.surface.client import Client
from simulator.surface.launch import Launched, launched

AXE = "axe-core@4.11.0"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

THREAD: pytest.StashKey[ThreadPoolExecutor] = pytest.StashKey()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that hangs on a busy machine is asked once more; whatever else goes wrong is wrong at once. No lines are counted
    here, of the server neither: what it answers is counted where nobody looks at it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.uncounted)
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun="TimeoutError"))


def in_thread(config: pytest.Config, work: Callable[[], Any]) -> Any:
    if THREAD not in config.stash:
        config.stash[THREAD] = ThreadPoolExecutor(1, thread_name_prefix="browser")
    return config.stash[THREAD].submit(work).result()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    wanted = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    in_thread(pyfuncitem.config, lambda: pyfuncitem.obj(**wanted))
    return True


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    # One process for all pages: of the tests' own sites none has to be kept from another by the system.
    options += [
        "--renderer-process-limit=1",
        "--process-per-site",
        "--disable-site-isolation-trials",
        "--in-process-gpu",
    ]
    options.append("--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")

    def start() -> tuple[Any, Any]:
        manager = playwright.sync_playwright().start()
        return manager, manager.chromium.launch(executable_path=program, args=options)

    manager, browser = in_thread(pytestconfig, start)
    yield browser
    in_thread(pytestconfig, browser.close)
    in_thread(pytestconfig, manager.stop)


@pytest.fixture(scope="session")
def server() -> Iterator[Launched]:
    """Returns to the merchant after one second, so that tests need not wait for five."""
    with launched(environ={**os.environ, "PSP_SIMULATOR_AUTO_RETURN": "1"}) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: Launched) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.fixture
def shop(client: Client) -> Iterator[Shop]:
    """A merchant in workspaces of their own."""
    shop = Shop(client, client.url)
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def contexts(chromium: Any) -> Contexts:
    return Contexts(chromium)


@pytest.fixture
def window(contexts: Contexts, shop: Shop, pytestconfig: pytest.Config) -> Iterator[Callable[..., Window]]:
    """`window()` opens a browser of its own (cookies, size, language); at the end none of them may have complained."""
    windows: list[Window] = []

    def open_window(**options: Any) -> Window:
        windows.append(Window(contexts, shop, **options))
        return windows[-1]

    yield open_window
    in_thread(pytestconfig, lambda: [window.close() for window in windows])
    assert [complaint for window in windows for complaint in window.complaints] == []


@pytest.fixture
def stranger(contexts: Contexts, pytestconfig: pytest.Config) -> Iterator[Callable[[], Any]]:
    """A page of a browser that goes where it wants: what it meets on other sites is no complaint."""
    kind: dict[str, Any] = {"phone": False, "script": True, "axe": ""}
    taken: list[Any] = []

    def page() -> Any:
        taken.append(contexts.take(**kind))
        return taken[-1].pages[0]

    yield page
    in_thread(pytestconfig, lambda: [contexts.give_back(context, **kind) for context in taken])


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, fetched once by npm and kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "psp-simulator-tests"
    kept = cache / f"{AXE}.min.js"
    if kept.exists():
        return kept.read_text("utf-8")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and axe-core is not in the cache")
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", AXE, "--silent", "--pack-destination", folder]
        packed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        archives = list(Path(folder).glob("*.tgz"))
        if packed.returncode or not archives:
            pytest.skip(f"npm could not fetch {AXE}: {packed.stderr.strip()[-200:]}")
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            source = member.read()
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    part.write_bytes(source)
    part.replace(kept)
    return source.decode("utf-8")
