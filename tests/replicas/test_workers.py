"""`serve --workers`: one port, several processes, and a parent that begins again those that end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from engine import postgres
from journeys.test_kill import free_port
from support import UNMEASURED

from simulator.surface.settings import Settings
from simulator.surface.workers import address

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "simulator.surface.cli", "serve"]


@contextmanager
def workers(db: str, count: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "--port", str(port), "--db", db, "--workers", str(count), "--json"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, env={**UNMEASURED, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        try:
            yield process, facts["base_url"]
        finally:
            process.send_signal(signal.SIGTERM)


def children(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="its children are found by /proc")
def test_a_worker_that_is_killed_is_begun_again_and_all_end_together(database: str) -> None:
    with postgres.own_schema(database) as db, workers(db, 2) as (process, url):
        before = children(process)
        assert [httpx.get(f"{url}/_sim/workspaces/default").status_code for _ in range(8)] == [200] * 8
        os.kill(before[0], signal.SIGKILL)
        # whoever is left serves at once
        deadline = time.monotonic() + 20
        while len(set(children(process)) - set(before)) < 1 and time.monotonic() < deadline:
            assert httpx.get(f"{url}/_sim/workspaces/default", timeout=20).status_code == 200
        after = children(process)
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)

    assert (len(before), len(after), len(set(before) & set(after))) == (2, 2, 1)
    assert code == 0


def test_workers_and_sqlite_do_not_go_together(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--workers", "2", "--db", str(tmp_path / "one.db"), "--port", "0"],
        cwd=ROOT, text=True, capture_output=True, env={**UNMEASURED, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "2 workers cannot share an SQLite file" in done.stderr
    assert "postgresql://" in done.stderr


@pytest.mark.parametrize(
    ("settings", "reached"),
    [
        (Settings(host="127.0.0.1"), "http://127.0.0.1:4000"),
        (Settings(host="0.0.0.0"), "http://10.1.2.3:4000"),
        (Settings(host="10.9.9.9", tls=True), "https://10.9.9.9:4000"),
        (Settings(host="::1"), "http://[::1]:4000"),
        (Settings(host="0.0.0.0", replica_url="http://one.internal:8080/"), "http://one.internal:8080"),
    ],
)
def test_where_the_others_reach_a_process(settings: Settings, reached: str) -> None:
    assert address(settings, 4000, "10.1.2.3") == reached
