"""Takes the sandbox's webhooks, which come by a tunnel of the user's: nothing is kept but their headers and bodies, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from simulator.engine.shop import Answer

LIMIT = 1_000_000
"""Bytes of one webhook."""


class Inbox:
    def __init__(self, port: int) -> None:
        """Raises `OSError` where the port is not free."""
        heard: list[Answer] = []

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = self.headers.get("content-length", "0")
                body = self.rfile.read(min(int(length) if length.isdecimal() else 0, LIMIT))
                heard.append(Answer(200, body, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is logged: an address may hold a secret."""

        self.heard = heard
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Taker)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @contextmanager
    def listening(self) -> Iterator[list[Answer]]:
        """What has come so far, while the block runs."""
        thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self.heard
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
