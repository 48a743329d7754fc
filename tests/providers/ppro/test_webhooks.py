"""Webhooks: to whom, signed how, tried how often; checked by a receiver written from the manual."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import STARTED, Hook, Sim

from providers.ppro.driver import Merchant
from simulator.kernel.clock import time_of_day
from simulator.providers.ppro import receiver
from simulator.providers.ppro.signing import ppro_signature, webhook_signature
from simulator.providers.ppro.webhooks import EVENTS

SCHEDULE = [15 * 2**n for n in range(14)]

VECTORS = [
    # secret, t, body, PPRO-Signature, Webhook-Signature
    (
        "s3cr3t",
        1700000000,
        b'{"specversion":"1.0.2"}',
        "t=1700000000,s=5bc1622e0911a99f27e782b6d8455278db6f85b7cdbdf1911274097df172a46e",
        "074e520683e987c168f1439bed0173b129448fa621c9baf586cfadf926a2083c",
    ),
    (
        "whs_local_1f0c9a7be5d24c63",
        1750495011,
        b'{"specversion":"1.0.2","source":"https://www.ppro.com","datacontenttype":"application/json",'
        b'"id":"q7LwZ2mXv0RtB8nKc4JdE","type":"PAYMENT_CHARGE_CAPTURE_SUCCEEDED","subject":'
        b'"charge_Tn4Wb8ZqLx2Vd6RkYs1Mc","time":"2025-06-21T08:36:51.402Z","data":{"paymentChargeId":'
        b'"charge_Tn4Wb8ZqLx2Vd6RkYs1Mc","paymentChargeStatus":"CAPTURED","paymentMethod":"ALIPAY","merchantId":'
        b'"merch_Kd83nQm5TzPb7YwLs0VeX","merchantPaymentChargeReference":"shop-1001","type":'
        b'"PAYMENT_CHARGE_CAPTURE_SUCCEEDED","captureId":"capture_9RvUe3HxGmZc5TyNa7QwB","amount":'
        b'{"value":1000,"currency":"CNY"}}}',
        "t=1750495011,s=c9f3ea08e2f2a53647f5f9fea3528c45037ea1da59fdacb496d8ffbb7c0e724e",
        "3c3a4243450ea273b3567a9dde4ea5f49446f585f179a4a5071ec5f687417d45",
    ),
]


@pytest.mark.parametrize(("secret", "t", "body", "current", "legacy"), VECTORS)
def test_the_manuals_vectors(secret: str, t: int, body: bytes, current: str, legacy: str) -> None:
    assert ppro_signature(secret, body, t) == current
    assert webhook_signature(secret, body) == legacy


def t_of(hook: Hook) -> int:
    """The instant that `PPRO-Signature` names."""
    return int(hook.headers["ppro-signature"].removeprefix("t=").partition(",")[0])


async def test_the_instant_of_a_signature_is_the_real_time_of_its_attempt(sim: Sim, ppro: Merchant) -> None:
    """The body keeps the workspace's time (errata, "All providers")."""
    before = int(time_of_day().timestamp())

    await ppro.create()

    for hook in sim.hooks:
        assert before <= t_of(hook) <= hook.arrived.timestamp()
        assert hook.body["time"].startswith(STARTED.isoformat()[:19])


async def test_the_workspaces_time_in_signatures_is_a_setting(sim: Sim, ppro: Merchant) -> None:
    await sim.settings("simulator", signature_time="workspace")

    await ppro.create()

    assert {t_of(hook) for hook in sim.hooks} == {int(STARTED.timestamp())}
    verdict = sim.hooks[0].verdict("ppro")
    assert not verdict.valid and "receivers take 5 min" in verdict.reason


async def test_both_signatures_are_made_over_the_bytes_that_were_sent(sim: Sim, ppro: Merchant) -> None:
    """Computed here by hand, with nothing of the simulator's."""
    secret = sim.credentials("ppro")["webhook_secret"].encode()
    await ppro.create(consumer={"country": "CN", "name": "李薇"})

    for hook in sim.hooks:
        t = t_of(hook)
        s = hmac.new(secret, f"{t}.".encode() + hook.raw, hashlib.sha256).hexdigest()
        assert hook.headers["ppro-signature"] == f"t={t},s={s}"
        assert hook.headers["webhook-signature"] == hashlib.sha256(hook.raw + b"." + secret).hexdigest()
    assert "李薇".encode() in sim.hooks[0].raw


@pytest.mark.parametrize(
    ("which", "expected"),
    [("both", (True, True)), ("current", (True, False)), ("legacy", (False, True)), ("none", (False, False))],
)
async def test_one_signature_can_be_left_out(sim: Sim, ppro: Merchant, which: str, expected: tuple[bool, bool]) -> None:
    await sim.settings("ppro", signatures=which)

    await ppro.create()

    headers = sim.hooks[0].headers
    assert ("ppro-signature" in headers, "webhook-signature" in headers) == expected
    assert sim.hooks[0].verdict("ppro").valid == any(expected)


async def test_the_accounts_own_secret_signs(sim: Sim, ppro: Merchant) -> None:
    await sim.receive_webhooks("ppro", secret="agreed by post")

    await ppro.create()

    t = t_of(sim.hooks[0])
    s = hmac.new(b"agreed by post", f"{t}.".encode() + sim.hooks[0].raw, hashlib.sha256).hexdigest()
    assert sim.hooks[0].headers["ppro-signature"] == f"t={t},s={s}"
    assert sim.hooks[0].verdict("ppro").valid


async def test_own_headers_go_with_every_webhook(sim: Sim, ppro: Merchant) -> None:
    await sim.settings("ppro", webhook_headers={"X-Shop": "tea", "X-Zone": 7})

    await ppro.create()

    assert [(h.headers["x-shop"], h.headers["x-zone"]) for h in sim.hooks] == [("tea", "7")] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ppro-signature": "t=1,s=00"},
        {"ppro-signature": "nonsense"},
        {"ppro-signature": "t=1,s=\u00e9"},
        {"webhook-signature": "00"},
    ],
)
async def test_the_receiver_refuses_what_is_not_signed(sim: Sim, headers: dict[str, str]) -> None:
    verdict = receiver.verify(sim.workspace, headers, b'{"specversion":"1.0.2"}\xff')

    assert not verdict.valid
    assert verdict.reason


# Where to ------------------------------------------------------------------------------------------------------


async def test_a_charges_own_url_gets_all_of_its_events(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.paid(webhooksUrl="https://other.example/hooks")
    await ppro.refund(charge["id"], 400)
    await ppro.create()

    by_url = {url: [h.body["type"] for h in sim.hooks if h.url == url] for url in {h.url for h in sim.hooks}}
    assert len(by_url["https://other.example/hooks"]) == 5
    assert by_url["http://merchant.test/hooks"] == [
        "PAYMENT_CHARGE_CREATED",
        "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/hooks",
        "http://127.0.0.1/hooks",
        "http://10.0.0.5/hooks",
        "http://172.20.0.2/hooks",
        "http://192.168.1.9:8000/hooks",
        "http://shop/hooks",
        "http://shop.localhost/hooks",
        "http://shop.local/hooks",
        "http://host.docker.internal:3000/hooks",
    ],
)
async def test_a_receiver_on_this_machine_may_be_http_and_a_note_says_what_live_does(ppro: Merchant, url: str) -> None:
    answer = await ppro.post("payment-charges", {**_seed(), "webhooksUrl": url})
    await ppro.sim.settle()

    assert answer.status_code == 200
    assert answer.headers["simulator-notice"] == "webhooksUrl: the live API accepts https only"
    assert {hook.url for hook in ppro.sim.hooks} == {url}


@pytest.mark.parametrize("url", ["http://172.32.0.1/hooks", "http://11.0.0.1/hooks", "http://10.evil.example/hooks"])
async def test_other_receivers_must_be_https(ppro: Merchant, url: str) -> None:
    assert (await ppro.post("payment-charges", {**_seed(), "webhooksUrl": url})).status_code == 400


async def test_a_strict_simulator_takes_https_only() -> None:
    async with Sim(strict=True) as sim:
        merchant = Merchant(sim)
        answer = await merchant.post("payment-charges", {**_seed(), "webhooksUrl": "http://localhost:3000/"})

    assert answer.status_code == 400


def _seed() -> dict[str, Any]:
    from providers.ppro.driver import SEED

    return SEED


async def test_without_a_url_nothing_is_sent_and_the_event_is_kept_to_be_read(sim: Sim) -> None:
    merchant = Merchant(sim)

    charge = await merchant.create()

    listed = (await sim.http.get(f"{sim.path}/webhooks?resource_id={charge['id']}")).json()["data"]
    assert sim.hooks == []
    assert [view["state"] for view in listed] == ["kept", "kept"]


# How often -----------------------------------------------------------------------------------------------------


async def test_fifteen_attempts_that_double_and_then_none(sim: Sim, ppro: Merchant) -> None:
    """15 s after the first failure, doubling, about 68 hours; each signed anew, body and event id the same.

    By the workspace's time, since these three days take less than a second of the real one.
    """
    await sim.settings("simulator", signature_time="workspace")
    sim.answer = lambda request: httpx.Response(500)
    await ppro.mock("providerConfirmation=true;providerConfirmationDelay=999999999s")

    await sim.advance(days=30)

    tries = [hook for hook in sim.hooks if hook.body["type"] == "PAYMENT_CHARGE_CREATED"]
    elapsed = [int((hook.at - STARTED).total_seconds()) for hook in tries]
    assert elapsed == [sum(SCHEDULE[:n]) for n in range(15)]
    assert elapsed[-1] == 245_745
    assert len({hook.raw for hook in tries}) == 1
    assert [t_of(hook) for hook in tries] == [int(hook.at.timestamp()) for hook in tries]
    listed = (await sim.http.get(f"{sim.path}/webhooks?event=PAYMENT_CHARGE_CREATED")).json()["data"]
    assert [view["state"] for view in listed] == ["failed"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_acknowledges(sim: Sim, ppro: Merchant, status: int) -> None:
    sim.answer = lambda request: httpx.Response(status)
    await ppro.mock()

    await sim.advance(days=3)

    assert len(sim.hooks) == len({hook.body["id"] for hook in sim.hooks}) == 4


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
async def test_nothing_else_does_and_redirects_are_not_followed(sim: Sim, ppro: Merchant, status: int) -> None:
    sim.answer = lambda request: httpx.Response(status, headers={"location": "http://elsewhere.test/"})
    await ppro.mock()

    await sim.advance(seconds=15)

    assert len(sim.hooks) == 6
    assert {hook.url for hook in sim.hooks} == {"http://merchant.test/hooks"}


async def test_a_receiver_that_cannot_be_reached_is_tried_again(sim: Sim, ppro: Merchant) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is at home")

    sim.answer = away
    await ppro.mock()
    sim.answer = lambda request: httpx.Response(200)

    await sim.advance(seconds=15)

    assert len(sim.hooks) == 6


async def test_a_retry_does_not_hold_back_what_comes_later(sim: Sim, ppro: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500 if b"AUTHENTICATION_PENDING" in request.content else 200)
    charge = await ppro.create()

    await ppro.press(charge["id"], "success")

    assert ppro.heard == ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]


async def test_the_interval_can_be_scaled(sim: Sim, ppro: Merchant) -> None:
    await sim.http.put(f"{sim.path}/settings/simulator", json={"retry_factor": 0.01})
    sim.answer = lambda request: httpx.Response(500)
    await ppro.mock()

    await sim.advance(seconds=0.15)

    times = {hook.at - STARTED for hook in sim.hooks}
    assert times == {timedelta(0), timedelta(milliseconds=150)}


# What --------------------------------------------------------------------------------------------------------------


async def test_every_event_of_the_catalogue_is_sent_and_verifies(sim: Sim, ppro: Merchant) -> None:
    await sim.settings("ppro", funds_after="1d")
    paid = await ppro.create()
    await ppro.press(paid["id"], "success")
    await ppro.refund(paid["id"], 100)
    await ppro.refund(paid["id"], 9999)
    await ppro.discard(paid["id"])
    await ppro.press((await ppro.create())["id"], "fail")
    await ppro.discard((await ppro.create())["id"])
    await ppro.mock("providerConfirmation=true")
    separate = await ppro.mock("requiresCapture=true")
    await ppro.capture(separate["id"], 9999)
    await ppro.void(separate["id"], 9999)
    await ppro.void(separate["id"], 100)
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"outcome": "pending"}}])
    await ppro.refund((await ppro.mock())["id"], 100)
    report = {"operationType": "CAPTURE", "startDate": paid["createdAt"], "endDate": paid["createdAt"]}
    await ppro.post("payment-reports", report)
    await sim.arm([{"settlement": {"report": "failed"}}])
    await ppro.post("payment-reports", report)
    await sim.advance(days=2)

    assert {hook.body["type"] for hook in sim.hooks} == set(EVENTS)
    assert all(hook.verdict("ppro").valid for hook in sim.hooks)
    assert len({hook.body["id"] for hook in sim.hooks}) == len(sim.hooks)


async def test_events_of_a_purchase_carry_the_status_of_their_moment(ppro: Merchant) -> None:
    await ppro.paid()

    statuses = [(h.body["type"], h.body["data"]["paymentChargeStatus"]) for h in ppro.sim.hooks]
    assert statuses == [
        ("PAYMENT_CHARGE_CREATED", "AUTHORIZATION_PROCESSING"),
        ("PAYMENT_CHARGE_AUTHENTICATION_PENDING", "AUTHENTICATION_PENDING"),
        ("PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED", "CAPTURE_PROCESSING"),
        ("PAYMENT_CHARGE_CAPTURE_SUCCEEDED", "CAPTURED"),
    ]


async def test_funds_are_told_of_with_the_settlement_or_after_a_time_of_their_own(sim: Sim, ppro: Merchant) -> None:
    """Once each, and the charge does not count as changed. Two days are later than the settlement, which is at midnight."""
    usual = await ppro.paid()
    await sim.settings("ppro", funds_after="P2D")
    charge = await ppro.paid()
    updated = charge["updatedAt"]

    await sim.advance(days=30)

    news = [hook for hook in sim.hooks if hook.body["type"] == "FUNDS_STATE_CHANGED"]
    assert [(hook.body["subject"], hook.at - STARTED) for hook in news] == [
        (usual["id"], timedelta(days=1, hours=19)),
        (charge["id"], timedelta(days=2)),
    ]
    for id_ in (usual["id"], charge["id"]):
        [funds] = (await ppro.get(f"payment-charges/{id_}/funds-statuses")).json()
        assert funds["fundsStatus"] == "CAPTURE_FUNDS_RECEIVED"
    assert (await ppro.charge(charge["id"]))["updatedAt"] == updated


async def test_settlement_may_bring_bad_news(sim: Sim, ppro: Merchant) -> None:
    await sim.settings("ppro", funds_after="1d")
    await sim.arm([{"when": {"operation": "settle"}, "bank": {"outcome": "declined"}}])
    charge = await ppro.paid()
    await ppro.refund(charge["id"], 400, merchantRefundReference="rf-1")

    await sim.advance(days=1)

    news = [h.body["data"] for h in sim.hooks if h.body["type"] == "FUNDS_STATE_CHANGED"]
    assert [(n["paymentOperationType"], n["fundsState"]) for n in news] == [
        ("CAPTURE", "CAPTURE_FUNDS_MISSING"),
        ("REFUND", "REFUND_FUNDS_REJECTED"),
    ]
    assert [n.get("merchantRefundReference") for n in news] == [None, "rf-1"]


async def test_scenarios_may_lose_double_or_turn_webhooks_round_from_the_first_event_on(
    sim: Sim, ppro: Merchant
) -> None:
    await sim.arm([{"webhooks": {"copies": 2}}], next=1)

    await ppro.mock()
    doubled, first = len(sim.hooks), len({hook.body["id"] for hook in sim.hooks})
    ppro.forget()
    await ppro.mock()

    assert (doubled, first, len(sim.hooks)) == (6, 3, 3)
