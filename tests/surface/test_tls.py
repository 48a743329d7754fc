"""`serve --tls`: https for the forms that providers document, with an authority that is trusted once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import stat
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("trustme", reason="the extra tls is not installed")

from simulator.surface.cli import main
from simulator.surface.launch import Launched, launched
from simulator.surface.settings import Settings
from simulator.surface.tls import certificates, folder_beside


class Https(http.client.HTTPConnection):
    """Connects to this machine and verifies the certificate for the name that is asked for."""

    def __init__(self, name: str, port: int, authority: Path) -> None:
        super().__init__(name, port, timeout=10)
        self._context = ssl.create_default_context(cafile=str(authority))

    def connect(self) -> None:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.sock = self._context.wrap_socket(raw, server_hostname=self.host)


def fetch(
    authority: Path, name: str, port: int, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    connection = Https(name, port, authority)
    connection.request(method, path, body or None, {n.replace("_", "-"): v for n, v in headers.items()})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, raw


def signed(server: Launched, method: str, path: str, content_type: str = "") -> dict[str, str]:
    own: Any = server.credentials["worldline"]
    date = formatdate(usegmt=True)
    text = f"{method}\n{content_type}\n{date}\n{path}\n"
    mac = base64.b64encode(hmac.digest(own["secret_api_key"].encode(), text.encode(), hashlib.sha256)).decode()
    return {"Date": date, "Authorization": f"GCS v1HMAC:{own['api_key_id']}:{mac}"}


def test_the_documented_address_of_a_hosted_page_opens_over_https(tmp_path: Path) -> None:
    """The merchant puts `https://payment.` before what the API answers."""
    order = {
        "amountOfMoney": {"amount": 3000, "currencyCode": "CNY"},
        "customer": {"billingAddress": {"countryCode": "CN"}},
    }
    body = json.dumps({"order": order}).encode()
    path = "/v1/1001/hostedcheckouts"

    with launched("--tls", db=str(tmp_path / "simulator.db")) as server:
        authority, port = tmp_path / "tls" / "authority.pem", int(server.url.rpartition(":")[2])
        headers = {"Content_Type": "application/json", **signed(server, "POST", path, "application/json")}
        status, raw = fetch(authority, "localhost", port, "POST", path, body, **headers)
        host, _, page = json.loads(raw)["partialRedirectUrl"].partition("/")
        opened, html = fetch(authority, f"payment.{host.partition(':')[0]}", port, "GET", f"/{page}")

    assert server.url.startswith("https://")
    assert (status, host) == (201, f"localhost:{port}")
    assert (opened, b'data-testid="wl-product-861"' in html) == (200, True)


def test_the_authority_is_kept_and_the_keys_are_private(tmp_path: Path) -> None:
    first = certificates(tmp_path / "tls")
    trusted, before = first.authority.read_bytes(), first.server.read_bytes()

    again = certificates(tmp_path / "tls", ["sandbox.example.com"])

    assert again.authority.read_bytes() == trusted
    assert again.server.read_bytes() != before
    for key in ("authority.key", "server.pem"):
        assert stat.S_IMODE((tmp_path / "tls" / key).stat().st_mode) == 0o600


def test_an_authority_that_cannot_be_read_ends_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    for name in ("authority.pem", "authority.key"):
        (tmp_path / "tls" / name).write_text("not a certificate")

    result = CliRunner().invoke(main, ["serve", "--tls", "--port", "0", "--db", str(tmp_path / "simulator.db")])

    assert result.exit_code == 2
    complaint, remedy = result.stderr.strip().splitlines()
    assert complaint.startswith(f"cannot make certificates in {tmp_path / 'tls'}")
    assert "Delete that folder" in remedy


def test_the_authority_lies_beside_the_store() -> None:
    assert folder_beside("data/simulator.db") == Path("data/tls")
    assert folder_beside(":memory:") == Path(".psp-simulator/tls")
    assert folder_beside("postgresql://db/psp") == Path(".psp-simulator/tls")
    assert Settings(tls=True, port=8443).base_url == "https://localhost:8443"
