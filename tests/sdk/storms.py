"""Bad weather for the official clients: what happens to a call, and how often a payment was made in the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from sdk.conftest import World

STORMS: dict[str, dict[str, Any]] = {
    "reset after": {"reset": True, "times": 1},
    "reset before": {"reset": True, "when": "before", "times": 1},
    "silent": {"hang": True, "times": 1},
    "500 after": {"status": 500, "when": "after", "times": 1},
    "503 before": {"status": 503, "times": 1},
}
"""What happens to the first try."""

GIVES_UP_S = 1


def payments(world: World) -> int:
    return len(world.control("GET", f"{world.path}/payments")["data"])


def storm(world: World, operation: str, **effect: Any) -> None:
    world.arm({"when": {"operation": operation}, "api": effect})


@contextmanager
def told(world: World, provider: str) -> Iterator[threading.Event]:
    """An event that is set when the first webhook of a provider arrives: what caused it was executed."""
    arrived = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            arrived.set()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            world.control("PUT", f"{world.path}/webhooks/{provider}", {"url": url})
            yield arrived
        finally:
            server.shutdown()
            thread.join()
