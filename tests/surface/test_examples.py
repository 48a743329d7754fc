"""The examples are run as an integrator runs them: in a process of their own, with the fixtures of the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# The plugin may be installed or not; loaded twice it would be refused.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGIN = ("-p", "simulator.surface.pytest_plugin", "-p", "no:cacheprovider")


def test_the_shop_passes_its_own_tests(tmp_path: Path) -> None:
    folder = ROOT / "examples" / "shop"
    config = tmp_path / "pytest.ini"
    config.write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", *PLUGIN, "-c", str(config), "--rootdir", str(folder), str(folder)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PSP_"))}

    ran = subprocess.run(
        command, env={**environ, "PYTHONPATH": str(ROOT), **ALONE}, capture_output=True, text=True, timeout=60
    )

    assert ran.stdout.strip().splitlines()[-1].startswith("15 passed"), ran.stdout
