"""A client that trusts one authority and verifies the certificate for the name that it asks for."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path


class Https(http.client.HTTPConnection):
    """Connects to this machine and verifies the certificate for the name that is asked for."""

    def __init__(self, name: str, port: int, authority: Path) -> None:
        super().__init__(name, port, timeout=10)
        self._context = ssl.create_default_context(cafile=str(authority))

    def connect(self) -> None:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.sock = self._context.wrap_socket(raw, server_hostname=self.host)


def fetch(
    authority: Path,
    name: str,
    port: int,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    connection = Https(name, port, authority)
    connection.request(method, path, body or None, dict(headers or {}))
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, raw
