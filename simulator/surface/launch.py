"""Starts a simulator of one's own in a child process: for the demo, for test suites, for anything that wants a fresh world."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulator.kernel.values import dataclass

# This very package, whatever the working directory and wherever it was imported from.
_MAIN = f"""import sys
sys.path.insert(0, {str(Path(__file__).parent.parent.parent)!r})
from simulator.surface.cli import main
main()"""


class NotStarted(RuntimeError):
    """The server ended before it was ready; the message holds what it said."""


@dataclass(frozen=True)
class Launched:
    url: str
    pid: int
    credentials: Mapping[str, Mapping[str, Any]]
    """Of workspace `default`, by provider."""
    admin_token: str | None


@contextmanager
def launched(*options: str, db: str = ":memory:", environ: Mapping[str, str] | None = None) -> Iterator[Launched]:
    """A simulator on a free port with a store of its own, stopped at the end. Raises `NotStarted`.

    The socket is bound before the first line is printed, so a client may connect as soon as this yields.
    """
    serve = ["serve", "--port", "0", "--json", "--db", db, *options]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - our own module with our own options
            [sys.executable, "-c", _MAIN, *serve],
            stdout=subprocess.PIPE,
            stderr=complaints,
            stdin=subprocess.DEVNULL,
            env=environ,
        )
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            facts = json.loads(first) if first else {}
            if "base_url" not in facts:
                process.wait()
                complaints.seek(0)
                said = complaints.read().decode("utf-8", "replace").strip()
                raise NotStarted(f"the simulator ended with {process.returncode}: {said}")
            scheme = facts["base_url"].partition("://")[0]
            yield Launched(
                f"{scheme}://127.0.0.1:{facts['port']}", process.pid, facts["credentials"], facts["admin_token"]
            )
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()
