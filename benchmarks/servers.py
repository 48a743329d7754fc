"""Servers in processes of their own: started, waited for, looked at and stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from benchmarks.load import request

ROOT = Path(__file__).resolve().parent.parent
OPENER = build_opener(ProxyHandler({}))
"""A proxy of the environment does not reach this machine."""


@dataclass
class Server:
    """`ready_after` is the time from the start of the process to its first answer, in seconds."""

    port: int
    process: subprocess.Popen[bytes]
    ready_after: float = 0.0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One JSON call of the control API."""
        raw = None if body is None else json.dumps(body).encode()
        asked = Request(f"http://127.0.0.1:{self.port}{path}", data=raw, method=method)
        asked.add_header("content-type", "application/json")
        with OPENER.open(asked) as answer:
            return json.loads(answer.read() or b"null")

    @property
    def resident_mb(self) -> float | None:
        """Megabytes (10^6) of resident memory; None where `/proc` does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024 / 1e6

    @property
    def worked_s(self) -> float:
        """Seconds of CPU since it was started; 0 where `/proc` does not tell."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, path: str, started: float) -> None:
    while True:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
                connection.sendall(request("GET", path))
                if connection.recv(12):
                    server.ready_after = time.perf_counter() - started
                    return
        except ConnectionRefusedError:
            if time.perf_counter() - started > 30:
                raise
            time.sleep(0.001)


@contextmanager
def _running(arguments: list[str], port: int, path: str) -> Iterator[Server]:
    started = time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    server = Server(port, process)
    try:
        _wait(server, path, started)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def floor(db: Path | None = None) -> Iterator[Server]:
    port = free_port()
    where = [] if db is None else [str(db)]
    with _running(["-m", "benchmarks.floor", str(port), *where], port, "/health") as server:
        yield server


@contextmanager
def simulator(db: Path | str, workers: int = 1) -> Iterator[Server]:
    port = free_port()
    arguments = ["-m", "simulator.surface.cli", "serve", "--port", str(port), "--db", str(db), "--quiet"]
    arguments += ["--workers", str(workers)] if workers > 1 else []
    with _running(arguments, port, "/_sim/health") as server:
        yield server
