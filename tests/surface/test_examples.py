"""The examples are run as an integrator runs them: each in a process of its own, with nothing but what its README names."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sdk.languages import installed, needs_php

from simulator.surface.launch import Launched

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
# The plugin may be installed or not; loaded twice it would be refused.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGIN = ("-p", "simulator.surface.pytest_plugin", "-p", "no:cacheprovider")
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PSP_"))}


def run(command: list[str], folder: Path, **environ: str) -> str:
    ran = subprocess.run(command, cwd=folder, env={**ENVIRON, **environ}, capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_the_shop_in_python_and_its_books_pass_their_own_tests(tmp_path: Path) -> None:
    config = tmp_path / "pytest.ini"
    config.write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", *PLUGIN, "-c", str(config), "--rootdir", str(EXAMPLES)]

    said = run([*command, "shop", "books"], EXAMPLES, PYTHONPATH=str(EXAMPLES.parent), **ALONE)

    assert re.fullmatch(r"\d\d passed in .*", said.strip().splitlines()[-1]), said


@pytest.mark.slow
def test_the_shop_in_typescript_is_built_on_the_generated_client_and_passes_its_own_tests(
    tmp_path: Path, server: Launched
) -> None:
    """`npm test`: the client's types are generated from the control API's document, tsc checks all, `node --test` runs it."""
    packages, project = installed(EXAMPLES / "node"), tmp_path / "node"
    shutil.copytree(EXAMPLES / "node", project, ignore=shutil.ignore_patterns("node_modules", "build", "control.d.ts"))
    (project / "node_modules").symlink_to(packages / "node_modules")

    said = run(["npm", "test", "--silent"], project, PSP_SIMULATOR_URL=server.url)

    generated = (project / "src" / "control.d.ts").read_text("utf-8")
    assert '"/_sim/workspaces/{ws}/payments/{provider}/{id}/pay"' in generated
    assert re.search(r"^\S+ pass 24$", said, re.MULTILINE), said
    assert re.search(r"^\S+ skipped 0$", said, re.MULTILINE), said


@pytest.mark.slow
def test_the_shop_in_php_passes_its_own_tests(server: Launched) -> None:
    needs_php()

    said = run(["php", "test.php"], EXAMPLES / "php", PSP_SIMULATOR_URL=server.url)

    assert said.splitlines()[-1] == "17 passed, 0 failed"


@pytest.mark.parametrize(("end", "code"), [("$shop->stop();", 0), ("posix_kill(getmypid(), 9);", -9)])
def test_the_servers_of_the_shop_in_php_end_with_its_tests(end: str, code: int) -> None:
    """Whoever still runs holds the writing end of a pipe."""
    needs_php()
    begin = "require 'Simulator.php'; $own = ['api_key' => 'k', 'merchant_id' => 'm', 'webhook_secret' => 's'];"
    begin += "$shop = new Served('http://nowhere', $own);"
    reading, writing = os.pipe()

    ran = subprocess.run(["php", "-r", begin + end], cwd=EXAMPLES / "php", env=ENVIRON, pass_fds=[writing], timeout=60)
    os.close(writing)
    has_ended, _, _ = select.select([reading], [], [], 20)
    os.close(reading)

    assert ran.returncode == code
    assert has_ended
