"""What a start imports, and a server that nobody uses: each module costs every one its time and its memory, so that the list is
kept here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from simulator.providers import BUILT_IN

START = """
import asyncio, json, sys
from simulator.surface import serve
from simulator.surface.settings import Settings

async def first_answer(app):
    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": "/_sim/health", "raw_path": b"/_sim/health",
        "query_string": b"", "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "root_path": "",
    }
    sent = []
    async def receive():
        return {"type": "http.request", "body": b""}
    async def send(message):
        sent.append(message)
    await app.start()
    await app(scope, receive, send)
    list(app.runtime.keeper.steps())
    await app.stop()
    return sent[0]["status"]

status = asyncio.run(first_answer(serve.App(Settings(db=":memory:"))))
json.dump([status, sorted(sys.modules)], sys.stdout)
"""

LIBRARIES = {
    "anyio",
    "click",
    "cython_runtime",
    "h11",
    "httptools",
    "idna",
    "orjson",
    "sniffio",
    "starlette",
    "typing_extensions",
    "uvicorn",
    "uvloop",
}
"""Of other distributions: what a server needs that answers JSON."""

LATER = {
    "aiohttp": "the first webhook",
    "cryptography": "the first certificate",
    "difflib": "a path that is nearly right",
    "httpx": "the typed client",
    "jinja2": "the first page",
    "pydantic": "the first value that is checked, or read from the store",
    "pydantic_core": "the same",
    "segno": "the first QR code",
    "simulator.engine.document": "the first workspace that is brought along",
    "simulator.engine.rules": "the same as the scenarios",
    "simulator.engine.settings": "the first question for what is set",
    "simulator.surface.answers": "the OpenAPI document",
    "simulator.surface.console": "the first page of the console",
    "simulator.surface.control.table": "the first call of the control API but health",
    "yaml": "the first question for a scenario",
    **{f"simulator.providers.{name}.provider": "the first request to it" for name in BUILT_IN},
}
"""What has its own time, and when that is."""


def test_a_start_imports_what_a_server_needs_and_no_more() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, check=True)
    status, modules = json.loads(done.stdout)

    measuring = {"coverage", "$coverage"}  # the suite's own, where it measures what is run
    taken_along = {"multipart", "python_multipart"}  # by Starlette, where the extra mcp has brought it
    whatever_starts = {"sitecustomize", "usercustomize"}  # by Debian's Python in any process
    libraries = {name.partition(".")[0] for name in modules if not name.startswith("_")} - sys.stdlib_module_names
    assert status == 200
    assert libraries - {"simulator"} - LIBRARIES - measuring - taken_along - whatever_starts == set()
    assert set(modules) & LATER.keys() == set()


def test_the_systems_own_python_starts_it_too() -> None:
    """Another release of this Python, with the same libraries: Debian 12 has 3.11.2, which once could not."""
    ours = sys.version_info
    system = Path(f"/usr/bin/python{ours.major}.{ours.minor}")
    if not system.exists():
        pytest.skip(f"no {system} on this machine")
    if system.resolve() == Path(sys.executable).resolve():
        pytest.skip("this is the system's own Python")
    paths = [str(Path(__file__).parents[2]), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}

    done = subprocess.run([system, "-c", START], capture_output=True, env=environment)

    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)[0] == 200
