"""The Node client sends methods in lower case, and the server takes them, byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")

from checkout_sdk.customers.customers import CustomerRequest as StoredCustomer

from sdk.conftest import World
from sdk.test_checkoutcom_sdk import with_keys

# The client warns of its legacy domain, which a loopback address needs, and of its module for risk whenever it is built.
pytestmark = [
    pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]


class Wire:
    """One keep-alive connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        self.host = f"{parts.hostname}:{parts.port}"
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=10)
        self.left = b""

    def send(self, raw: bytes, pieces: int = 0) -> None:
        """In one go, or the first `pieces` bytes each in a packet of their own."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(pieces):
            self.socket.sendall(raw[index : index + 1])
            self.idle()
        self.socket.sendall(raw[pieces:])

    def idle(self) -> None:
        """Waits until the server has had the chance to read: a full exchange on a second connection."""
        with socket.create_connection(self.socket.getpeername(), timeout=10) as other:
            other.sendall(f"GET /_sim/health HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
            while other.recv(65536):
                pass

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        while b"\r\n\r\n" not in self.left:
            self._more()
        head, _, rest = self.left.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(headers.get(b"content-length", b"0"))
        self.left = rest
        while len(self.left) < length:
            self._more()
        body, self.left = self.left[:length], self.left[length:]
        return int(head.split(b" ")[1]), body

    def _more(self) -> None:
        chunk = self.socket.recv(65536)
        assert chunk, "the server closed the connection"
        self.left += chunk


@pytest.fixture
def wire(world: World) -> Iterator[Wire]:
    connection = Wire(world.url)
    yield connection
    connection.socket.close()


def patch(world: World, host: str, path: str, name: str, method: str = "patch") -> bytes:
    key = world.credentials("checkoutcom")["secret_key"]
    body = f'{{"name":"{name}"}}'.encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def customer(world: World) -> tuple[Any, str]:
    api = with_keys(world)
    request = StoredCustomer()
    request.email, request.name = "wire@example.test", "First"
    return api, api.customers.create(request).id


def test_a_lower_case_patch_is_served(world: World, wire: Wire) -> None:
    api, id_ = customer(world)

    wire.send(patch(world, wire.host, f"/customers/{id_}", "Second"))

    assert wire.answer() == (204, b"")
    assert api.customers.get(id_).name == "Second"


def test_lower_and_upper_case_alternate_on_one_connection(world: World, wire: Wire) -> None:
    api, id_ = customer(world)

    for name, method in (("a", "patch"), ("b", "PATCH"), ("c", "patch"), ("d", "patch")):
        wire.send(patch(world, wire.host, f"/customers/{id_}", name, method))
        assert wire.answer() == (204, b"")
        assert api.customers.get(id_).name == name


@pytest.mark.parametrize("pieces", [1, 3, 6])
def test_a_method_that_arrives_in_pieces_is_served(world: World, wire: Wire, pieces: int) -> None:
    api, id_ = customer(world)

    wire.send(patch(world, wire.host, f"/customers/{id_}", "Pieces"), pieces)
    first = wire.answer()
    wire.send(patch(world, wire.host, f"/customers/{id_}", "Again"), pieces)

    assert (first, wire.answer()) == ((204, b""), (204, b""))
    assert api.customers.get(id_).name == "Again"


def test_a_body_that_begins_like_a_method_is_left_alone(world: World, wire: Wire) -> None:
    """The body comes in a packet of its own and starts with a lower-case method name."""
    key = world.credentials("checkoutcom")["secret_key"]
    head = f"POST /payments HTTP/1.1\r\nHost: {wire.host}\r\nAuthorization: Bearer {key}\r\n"
    body = b'patch {"amount": 1}'

    wire.send(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    wire.idle()
    wire.send(body)
    status, answer = wire.answer()
    journal = world.control("GET", f"{world.path}/requests?path=/payments")["data"]

    assert (status, b"request_json_invalid" in answer) == (422, True)
    assert journal[0]["request"]["body"] == body.decode()
