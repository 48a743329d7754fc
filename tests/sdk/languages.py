"""Programs of other languages, run to their end: Node with the official clients, and PHP as it is.

A program is a function's body. What it is `given` is there by name, and what it `return`s comes back, both as JSON.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parent / "node"

NODE = """
import {{ createRequire }} from "node:module";
import {{ createHmac }} from "node:crypto";
const require = createRequire(process.cwd() + "/");
const program = async ({{ {names} }}) => {{ {program} }};
const told = await program(JSON.parse(process.argv[1]));
process.stdout.write("\\n" + JSON.stringify(told ?? null));
"""

PHP = """
extract(json_decode($argv[1], true));
$told = (function () use ({names}) {{ {program} }})();
echo "\\n", json_encode($told);
"""


class Node:
    """`require` and `import` find the official clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, program: str, **given: Any) -> Any:
        code = NODE.format(names=", ".join(given), program=program)
        return _told(["node", "--input-type=module", "--eval", code, json.dumps(given)], self.folder)


def needs_php() -> None:
    """Skips where PHP or its curl is missing."""
    if shutil.which("php") is None:
        pytest.skip("needs php")
    if b"\ncurl\n" not in subprocess.run(["php", "-m"], capture_output=True, timeout=30, check=True).stdout:
        pytest.skip("needs php's extension curl")


def php(program: str, **given: Any) -> Any:
    needs_php()
    names = ", ".join(f"${name}" for name in given)
    return _told(["php", "-r", PHP.format(names=names, program=program), "--", json.dumps(given)])


def _told(command: Sequence[str], folder: Path | None = None) -> Any:
    """Clients may print too: what the program returned is the last line."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout.rpartition("\n")[2])


def official_clients() -> Node:
    return Node(installed(CLIENTS))


def installed(project: Path) -> Path:
    """A folder with the packages of a `package-lock.json`, installed once for each lock file and machine. Skips where Node or npm
    is missing.

    An installation that fails is an error in CI, and a reason to skip elsewhere (a machine without a network).
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    lock = (project / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psp-simulator"
    folder = cache / f"node-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as alone:  # tests run in several processes
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(project / name, folder)
            install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
            ran = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=300)
            if ran.returncode != 0 and not os.environ.get("CI"):
                pytest.skip(f"npm cannot install the packages of {project.name}: {ran.stderr.strip()[:200]}")
            assert ran.returncode == 0, ran.stderr
            (folder / "installed").touch()
    return folder
