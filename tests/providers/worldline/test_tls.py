"""`https://payment.` before what the API answers: the documented way to the hosted page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from surface.https import fetch

from providers.worldline.driver import canonical, date, sign
from simulator.surface.launch import Launched, launched

pytest.importorskip("trustme", reason="the extra tls is not installed")


def signed(server: Launched, method: str, path: str) -> dict[str, str]:
    own = server.credentials["worldline"]
    headers = {"Date": date(), "Content-Type": "application/json"}
    mac = sign(own["secret_api_key"], canonical(method, path, headers))
    return headers | {"Authorization": f"GCS v1HMAC:{own['api_key_id']}:{mac}"}


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
        status, raw = fetch(authority, "localhost", port, "POST", path, body, signed(server, "POST", path))
        host, _, page = json.loads(raw)["partialRedirectUrl"].partition("/")
        opened, html = fetch(authority, f"payment.{host.partition(':')[0]}", port, "GET", f"/{page}")

    assert server.url.startswith("https://")
    assert (status, host) == (201, f"localhost:{port}")
    assert (opened, b'data-testid="wl-product-861"' in html) == (200, True)
