"""What a container's HEALTHCHECK says: 0 when the simulator on this machine serves, 1 with a reason otherwise."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from simulator.surface import healthcheck
from simulator.surface.launch import Launched


@contextmanager
def answering(raw: bytes) -> Iterator[int]:
    """A server on a free port that says the same to everything."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.rfile.readline()
            self.wfile.write(raw)
            self.close_connection = True

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_simulator_that_serves_is_healthy(server: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSP_SIMULATOR_PORT", str(urlsplit(server.url).port))

    assert healthcheck.main() == 0


def test_the_image_runs_it_as_a_module(server: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSP_SIMULATOR_PORT", str(urlsplit(server.url).port))

    ran = subprocess.run([sys.executable, "-m", "simulator.surface.healthcheck"], capture_output=True, text=True)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "raw", [b"HTTP/1.1 503 Busy\r\n\r\n", b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.1 204 Nothing\r\n\r\n"]
)
def test_another_answer_than_200_is_not_healthy(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(raw) as port:
        monkeypatch.setenv("PSP_SIMULATOR_PORT", str(port))
        assert healthcheck.main() == 1


def test_an_answer_that_is_no_http_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(b"SSH-2.0-elsewhere\r\n") as port:
        monkeypatch.setenv("PSP_SIMULATOR_PORT", str(port))
        assert healthcheck.main() == 1

    assert f"port {port} does not answer: SSH-2.0-elsewhere" in capsys.readouterr().err


def test_a_port_where_nobody_listens_is_not_healthy_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as bound:  # and not listening, so that nobody else takes the port meanwhile
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        monkeypatch.setenv("PSP_SIMULATOR_PORT", str(port))

        assert healthcheck.main() == 1

    assert f"port {port} does not answer" in capsys.readouterr().err


def test_a_variable_that_cannot_be_used_is_not_healthy_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PSP_SIMULATOR_PORT", "99999")

    assert healthcheck.main() == 1
    assert capsys.readouterr().err == "PSP_SIMULATOR_PORT: '99999' is not a number from 0 to 65535\n"
