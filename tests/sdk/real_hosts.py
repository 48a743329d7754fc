"""A computer of its own for a client whose host cannot be changed: `/etc/hosts` leads names to it, and port 443 is the simulator.

It is a namespace of mounts and network, made with `unshare`: no packet leaves it, and the machine's own files stay as they are.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUN = """
import os, subprocess, sys
from simulator.surface.launch import launched
folder, *command = sys.argv[1:]
with launched("--tls", "--port", "443", db=f"{folder}/simulator.db"):
    trusted = f"{folder}/tls/authority.pem"
    trust = {name: trusted for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")}
    sys.exit(subprocess.run(command, env=os.environ | trust, timeout=60).returncode)
"""
ENTER = 'mount --bind "$1" /etc/hosts && ip link set lo up && shift && exec "$@"'


def run(folder: Path, names: list[str], command: list[str], cwd: Path | None = None) -> Any:
    """What the command prints, as JSON, on a computer where these names lead to the simulator. Skips where none can be made."""
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost " + " ".join(names) + "\n")
    apart = ["unshare", "--mount", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    enter = [*apart, "--", "sh", "-c", ENTER, "sh", str(hosts)]
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("a computer of its own needs `unshare` and `ip`")
    if subprocess.run([*enter, "true"], capture_output=True, timeout=10).returncode != 0:
        pytest.skip("no namespace of mounts and network can be made here")
    within = [*enter, sys.executable, "-c", RUN, str(folder), *command]
    ran = subprocess.run(within, cwd=cwd, capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
