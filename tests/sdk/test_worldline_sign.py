"""`psp-simulator sign worldline`: the official client's authenticator and webhook helper make and take the same headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from click.testing import Result

from sdk.conftest import World

pytest.importorskip("worldline.connect.sdk", reason="connect-sdk-python3 is not installed")

from worldline.connect.sdk.authentication.v1hmac_authenticator import V1HMACAuthenticator
from worldline.connect.sdk.communication.request_header import RequestHeader
from worldline.connect.sdk.v1.webhooks.v1_webhooks_factory import V1WebhooksFactory
from worldline.connect.sdk.webhooks.in_memory_secret_key_store import InMemorySecretKeyStore

Run = Callable[..., Result]

DATE = "Thu, 31 Dec 2026 10:00:00 GMT"


def headers_of(made: Result) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in made.stdout.splitlines())


def options(made: Result) -> list[str]:
    return [part for line in made.stdout.splitlines() for part in ("-H", line)]


@pytest.mark.parametrize("path", ["/v1/1001/payments/1", "/v1/1001/payments?merchantReference=a%20b&offset=0"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_official_authenticator_writes_the_same_authorization(
    psp_simulator: Run, world: World, method: str, path: str
) -> None:
    own = world.credentials("worldline")
    authenticator = V1HMACAuthenticator(own["api_key_id"], own["secret_api_key"])
    body = "{}" if method == "POST" else ""
    kinds = [RequestHeader("Content-Type", "application/json")] if body else []
    more = [RequestHeader("Date", DATE), RequestHeader("X-GCS-MessageId", "m 1")]

    made = psp_simulator(
        "sign", "worldline", "--method", method, "--path", path, "--date", DATE, "-H", "X-GCS-MessageId: m 1", body=body
    )
    official = authenticator.get_authorization(method, urlsplit(path), [*kinds, *more])

    assert headers_of(made)["Authorization"] == official


def test_the_authorization_covers_its_method_path_and_date(psp_simulator: Run) -> None:
    path = ("--path", "/v1/1001/payments/1?a=b")

    made = psp_simulator("sign", "worldline", "--method", "GET", "--date", DATE, *path)
    good = psp_simulator("verify", "worldline", "--method", "GET", *path, *options(made))
    other_path = psp_simulator("verify", "worldline", "--method", "GET", "--path", "/v1/1001/x", *options(made))
    other_method = psp_simulator("verify", "worldline", "--method", "DELETE", *path, *options(made))
    other_date = psp_simulator(
        "verify", "worldline", "--method", "GET", *path, *options(made), "-H", "Date: Fri, 01 Jan 2027 10:00:00 GMT"
    )

    assert made.stdout.startswith(f"Date: {DATE}\nAuthorization: GCS v1HMAC:")
    assert (good.exit_code, other_path.exit_code, other_method.exit_code, other_date.exit_code) == (0, 1, 1, 1)
    assert "/v1/1001/x" in other_path.stdout
    assert "DELETE" in other_method.stdout
    assert "01 Jan 2027" in other_date.stdout


def test_the_api_takes_the_headers(psp_simulator: Run, world: World) -> None:
    path = f"/v1/{world.credentials('worldline')['merchant_id']}/services/testconnection"

    made = psp_simulator("sign", "worldline", "--method", "GET", "--path", path)
    with urlopen(Request(world.url + path, headers=headers_of(made)), timeout=10) as answer:
        told = json.load(answer)

    assert told["result"] == "OK"
    assert abs((parsedate_to_datetime(headers_of(made)["Date"]) - datetime.now(UTC)).total_seconds()) < 300


def test_the_official_helper_takes_a_signed_webhook(psp_simulator: Run, world: World) -> None:
    own, body = world.credentials("worldline"), json.dumps({"apiVersion": "v1", "id": "1", "type": "payment.paid"})
    keys = InMemorySecretKeyStore.instance()
    keys.store_secret_key(own["webhooks_key_id"], own["webhooks_secret"])

    headers = headers_of(psp_simulator("sign", "worldline", body=body))
    given = [RequestHeader(name, headers[name]) for name in ("X-GCS-Signature", "X-GCS-KeyId")]
    event = V1WebhooksFactory().create_helper(keys).unmarshal(body.encode(), given)

    assert event.type == "payment.paid"
