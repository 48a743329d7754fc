"""Bytes over a real socket, as odd clients send them."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection. `send` writes bytes as they are; `read` takes one response off it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.host = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=10)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, *lines: str, body: bytes = b"") -> None:
        head = "\r\n".join([lines[0], f"Host: {self.host}", *lines[1:], "", ""])
        self._socket.sendall(head.encode("latin-1") + body)

    def send_raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read(self, *, head: bool = False) -> Response:
        status = int(self._file.readline().split()[1])
        headers = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if head or status == 100 else int(headers.get("content-length", "0"))
        return Response(status, headers, self._file.read(length))

    def is_closed(self) -> bool:
        return self._file.read(1) == b""
