"""docs/testing.md: every sample of it is a suite of its own, and passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from buying import ANY

from simulator.surface.client import Client
from simulator.surface.launch import Launched

ROOT = Path(__file__).parents[2]
SAMPLES = dict(
    re.findall(r"^```python\n# (test_\w+\.py)\n(.*?)^```$", (ROOT / "docs/testing.md").read_text("utf-8"), re.M | re.S)
)


@pytest.fixture(scope="session")
def captured(server: Launched) -> str:
    """What stands on the page as `charge.captured`: the last event of a payment that is paid."""
    with Client(server.url) as client:
        world = client.create_workspace(temporary=True)
        payment = world.make_payment(ANY.name)
        world.pay(ANY.name, payment["id"])
        world.settle()
        return world.latest_delivery()["event"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_passes(name: str, tmp_path: Path, server: Launched, captured: str) -> None:
    sample = SAMPLES[name].replace('"acme"', f'"{ANY.name}"').replace('"charge.captured"', f'"{captured}"')
    (tmp_path / name).write_text(sample, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    ran = run(tmp_path, "--psp-simulator-url", server.url)

    assert ran.returncode == 0, ran.stdout
    assert f"{SAMPLES[name].count('def test_')} passed" in ran.stdout


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    plugins = ["-p", "simulator.surface.pytest_plugin", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider"]
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", *plugins, *options]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120)


def test_every_block_of_the_page_is_run() -> None:
    assert (ROOT / "docs/testing.md").read_text("utf-8").count("```python") == len(SAMPLES) > 4
