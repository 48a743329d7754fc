"""v1HMAC: vectors made with the official SDKs, the odd things that clients do, and what the journal says when it is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import Sim

from providers.worldline.driver import Merchant, canonical, payment_body, sign
from simulator.kernel.crypto import first_difference
from simulator.providers.worldline import receiver, signing

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
REQUESTS = [(VECTORS[owner], request) for owner in ("reference", "provider") for request in VECTORS[owner]["requests"]]


def names(value: Any) -> str:
    return str(value.get("name", ""))


@pytest.mark.parametrize(("owner", "request_"), REQUESTS, ids=names)
def test_each_vector_is_one_of_the_signatures_that_are_accepted(owner: Any, request_: Any) -> None:
    made = [
        signing.signature(owner["secret_api_key"], signing.string_to_sign(request_["method"], request_["headers"], way))
        for way in signing.resources(request_["path"], request_["query"])
    ]

    assert set(request_["signatures"]) <= set(made)


@pytest.mark.parametrize("message", VECTORS["webhooks"]["messages"], ids=lambda m: m["signature"][:8])
def test_webhook_vectors_are_reproduced(message: dict[str, str]) -> None:
    made = signing.webhook_signature(VECTORS["webhooks"]["secret"], message["body"].encode())

    assert made == message["signature"]


async def test_the_receiver_accepts_the_webhook_vectors(sim: Sim) -> None:
    own = VECTORS["webhooks"]
    await sim.receive_webhooks("worldline", secret=own["secret"], key_id=own["key_id"])

    for message in own["messages"]:
        headers = {"x-gcs-keyid": own["key_id"], "x-gcs-signature": message["signature"]}
        assert receiver.verify(sim.workspace, headers, message["body"].encode()).valid
        assert not receiver.verify(sim.workspace, headers, message["body"].encode() + b" ").valid
        assert not receiver.verify(sim.workspace, headers | {"x-gcs-keyid": "other"}, message["body"].encode()).valid


@pytest.fixture
async def lantern(sim: Sim) -> Merchant:
    """The vectors' merchant 4711, whose clock stands in October 2025."""
    own = {name: VECTORS["reference"][name] for name in ("api_key_id", "secret_api_key")}
    body = {"credentials": {"worldline": {"merchant_id": "4711", **own}}}
    created = (await sim.http.post("/_sim/workspaces", json=body)).raise_for_status().json()
    path = f"/_sim/workspaces/{created['id']}/settings/worldline"
    (await sim.http.put(path, json={"date_skew_s": 100 * 365 * 24 * 3600})).raise_for_status()
    merchant = Merchant(sim)
    merchant.own = created["credentials"]["worldline"]
    merchant.v1 = "/v1/4711"
    return merchant


@pytest.mark.parametrize("request_", VECTORS["reference"]["requests"], ids=names)
async def test_the_server_accepts_the_reference_vectors(sim: Sim, lantern: Merchant, request_: Any) -> None:
    """Whatever the operation then says, it is not 9002. (A folded header cannot travel: HTTP clients unfold it.)"""
    target = request_["path"] + (f"?{request_['query']}" if request_["query"] else "")
    url = httpx.URL("http://sim.test").copy_with(raw_path=target.encode())
    headers = {name: signing.header_value(value) for name, value in request_["headers"].items()}

    for signature in request_["signatures"]:
        headers["Authorization"] = f"GCS v1HMAC:{lantern.own['api_key_id']}:{signature}"
        answer = await sim.http.request(request_["method"], url, headers=headers)
        assert answer.status_code not in (401, 403), answer.text


# What clients do -------------------------------------------------------------------------------------------------


async def test_two_slashes_are_requested_and_one_is_signed(worldline: Merchant) -> None:
    target = f"{worldline.v1}/payments"

    answer = await worldline.post("/" + target, payment_body(), signed=target)

    assert answer.status_code == 201


async def test_a_trailing_slash_is_signed_as_it_was_sent(worldline: Merchant) -> None:
    id_ = await worldline.created_id()

    answer = await worldline.get(f"/payments/{id_}/")

    assert (answer.status_code, answer.json()["id"]) == (200, id_)


@pytest.mark.parametrize("content_type", ["application/json", "", "application/json; charset=utf-8"])
async def test_a_content_type_on_get_is_signed_literally(worldline: Merchant, content_type: str) -> None:
    answer = await worldline.get("/services/testconnection", headers={"Content-Type": content_type})

    assert answer.json() == {"result": "OK"}


async def test_a_chunked_body_is_read(sim: Sim, worldline: Merchant) -> None:
    """As the Node SDK sends it: no Content-Length."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    headers = {"Date": date, "Content-Type": "application/json"}
    text = canonical("POST", f"{worldline.v1}/payments", headers)
    headers["Authorization"] = f"GCS v1HMAC:{worldline.own['api_key_id']}:{sign(worldline.own['secret_api_key'], text)}"

    async def chunks() -> Any:
        raw = json.dumps(payment_body()).encode()
        for start in range(0, len(raw), 100):
            yield raw[start : start + 100]

    answer = await sim.http.post(f"{worldline.v1}/payments", content=chunks(), headers=headers)

    assert answer.status_code == 201
    assert answer.request.headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize(
    "signed_query",
    ["merchantReference=LS%20a%2Fb&limit=5", "merchantReference=LS a/b&limit=5"],
    ids=["as sent", "decoded"],
)
async def test_a_query_may_be_signed_encoded_or_decoded(worldline: Merchant, signed_query: str) -> None:
    await worldline.create(**{"order.references.merchantReference": "LS a/b"})

    answer = await worldline.get(
        "/payments?merchantReference=LS%20a%2Fb&limit=5", signed=f"{worldline.v1}/payments?{signed_query}"
    )

    assert answer.json()["totalCount"] == 1


async def test_a_plus_in_the_query_may_be_signed_as_a_space(worldline: Merchant) -> None:
    answer = await worldline.get(
        "/payments?merchantReference=LS+a", signed=f"{worldline.v1}/payments?merchantReference=LS a"
    )

    assert answer.status_code == 200


# What is refused -------------------------------------------------------------------------------------------------

WRONG: dict[str, Any] = {"code": "9002", "message": "MISSING_OR_INVALID_AUTHORIZATION"}


async def test_a_wrong_signature_is_answered_as_documented_and_explained_in_the_journal(
    sim: Sim, worldline: Merchant
) -> None:
    answer = await worldline.post(
        "/payments", payment_body(), headers={"X-GCS-ServerMetaInfo": "e30="}, signed=f"{worldline.v1}/payment"
    )

    assert (answer.status_code, answer.json()["errors"]) == (401, [WRONG])
    [entry] = await sim.requests()
    help_ = entry["help"]
    date = answer.request.headers["date"]
    assert help_["signed"] == (f"POST\napplication/json\n{date}\nx-gcs-servermetainfo:e30=\n{worldline.v1}/payments\n")
    assert help_["expected"] == sign(worldline.own["secret_api_key"], help_["signed"])
    assert help_["received"] == answer.request.headers["authorization"].rpartition(":")[2]
    assert first_difference(help_["expected"], help_["received"]) is not None
    assert sim.hooks == []


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer something",
        "GCS v1HMAC:5eed",
        "GCS  v1HMAC:{id}:{signature}",
        "gcs v1HMAC:{id}:{signature}",
        "GCS v1HMAC:unknown:{signature}",
        "GCS v1Client:{id}",
        "GCS v1HMAC:{id}:{signature}=",
        "GCS v1HMAC:{id}:é",
    ],
)
async def test_other_authorizations_are_9002(worldline: Merchant, authorization: str) -> None:
    text = authorization.format(id=worldline.own["api_key_id"], signature="x" * 44)

    answer = await worldline.get("/services/testconnection", headers={"Authorization": text} if text else {"X": "y"})
    bare = await worldline.sim.http.get(f"{worldline.v1}/services/testconnection")

    if text:
        assert (answer.status_code, answer.json()["errors"]) == (401, [WRONG])
    assert (bare.status_code, bare.json()["errors"]) == (401, [WRONG])


async def test_a_key_of_another_merchant_is_9007(worldline: Merchant) -> None:
    answer = await worldline.get("/v1/1001/services/testconnection")

    assert answer.status_code == 403
    assert answer.json()["errors"] == [{"code": "9007", "message": "ACCESS_TO_MERCHANT_NOT_ALLOWED"}]


async def connected(merchant: Merchant, date: str) -> int:
    return (await merchant.get("/services/testconnection", headers={"Date": date})).status_code


def from_now(**by: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(**by), usegmt=True)


async def test_the_date_may_be_a_day_off_whatever_the_workspaces_clock_shows(sim: Sim, worldline: Merchant) -> None:
    """The client's clock is real; the workspace's stands still in March."""
    await sim.advance(days=400)

    assert [await connected(worldline, from_now(hours=h)) for h in (-23, 0, 23)] == [200, 200, 200]
    assert [await connected(worldline, from_now(hours=h)) for h in (-25, 25)] == [401, 401]
    assert await connected(worldline, "yesterday") == 401


async def test_strict_allows_five_minutes() -> None:
    async with Sim(strict=True) as sim:
        merchant = Merchant(sim)

        assert await connected(merchant, from_now(minutes=4)) == 200
        assert await connected(merchant, from_now(minutes=-6)) == 401


async def test_the_official_authenticator_signs_what_the_server_expects(worldline: Merchant) -> None:
    sdk = pytest.importorskip("worldline.connect.sdk.authentication.v1hmac_authenticator", reason="no official client")
    from urllib.parse import urlparse

    from worldline.connect.sdk.communication.request_header import RequestHeader

    date = from_now()
    target = f"{worldline.v1}/payments?merchantReference=LS%20a%2Fb"
    headers = [RequestHeader("Date", date), RequestHeader("X-GCS-ServerMetaInfo", "e30=")]
    signer = sdk.V1HMACAuthenticator(worldline.own["api_key_id"], worldline.own["secret_api_key"])
    authorization = signer.get_authorization("GET", urlparse("http://sim.test" + target), headers)

    answer = await worldline.get(
        target, headers={"Date": date, "X-GCS-ServerMetaInfo": "e30=", "Authorization": authorization}
    )

    assert answer.status_code == 200
