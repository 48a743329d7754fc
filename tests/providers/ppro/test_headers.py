"""Headers: what every answer bears, how tokens are counted, how a repeated request is answered."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.ppro.driver import SEED, Merchant

KEY = "Request-Idempotency-Key"


def limits(headers: Any) -> list[int]:
    names = ("remaining", "requested-tokens", "burst-capacity", "replenish-rate")
    return [int(headers[f"x-ratelimit-{name}"]) for name in names]


async def test_an_answer_bears_the_recorded_headers(ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED)

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["vary"] == "Access-Control-Request-Headers"
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains; preload"
    assert answer.headers["x-xss-protection"] == "1; mode=block"
    assert b": " not in answer.content.replace(b"https://", b"")
    assert "request-idempotency" not in answer.headers


async def test_tokens_are_counted_for_reads_and_writes_apart(sim: Sim, ppro: Merchant) -> None:
    """The recorded sandbox advertises 50 and 100. Nothing is refused: test suites burst harder."""
    first = await ppro.post("payment-charges", SEED)
    second = await ppro.post("payment-charges", SEED)
    read = await ppro.get(f"payment-charges/{first.json()['id']}")
    refused = await ppro.send("POST", "payment-charges", b"{")
    await sim.advance(seconds=1)
    later = await ppro.post("payment-charges", SEED)

    assert [limits(a.headers) for a in (first, second, read, refused, later)] == [
        [99, 1, 100, 50],
        [98, 1, 100, 50],
        [99, 1, 100, 50],
        [97, 1, 100, 50],
        [99, 1, 100, 50],
    ]


async def test_an_empty_bucket_refuses_where_a_limit_is_set(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()
    await sim.settings("ppro", rate_limit=2)

    answers = [await ppro.get(f"payment-charges/{charge['id']}") for _ in range(5)]
    await sim.advance(seconds=1)
    later = await ppro.get(f"payment-charges/{charge['id']}")

    assert [a.status_code for a in answers] == [200, 200, 200, 200, 429]
    assert answers[-1].json()["failureMessage"] == "Too many requests"
    assert limits(answers[-1].headers) == [0, 1, 4, 2]
    assert (later.status_code, limits(later.headers)) == (200, [1, 1, 4, 2])


async def test_a_request_reference_is_echoed(ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED, **{"Request-Reference": "trace-1"})
    silent = await ppro.post("payment-charges", SEED)

    assert answer.headers["request-reference"] == "trace-1"
    assert "request-reference" not in silent.headers


async def test_a_context_header_of_other_endpoints_is_ignored(ppro: Merchant) -> None:
    assert (await ppro.post("payment-charges", SEED, **{"Psp-Id": "psp_1"})).status_code == 200


# Idempotency ---------------------------------------------------------------------------------------------------


async def test_a_repeated_request_gets_the_stored_answer_and_does_nothing(sim: Sim, ppro: Merchant) -> None:
    headers = {KEY: "order-1", "Request-Reference": "trace-1"}
    first = await ppro.post("payment-charges", SEED, **headers)
    await sim.settle()
    heard = list(ppro.heard)

    again = await ppro.post("payment-charges", SEED, **{KEY: "order-1", "Request-Reference": "trace-2"})
    await sim.settle()

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["request-idempotency"] == "true"
    assert again.headers["request-reference"] == "trace-2"
    assert limits(again.headers)[0] == 98
    assert ppro.heard == heard
    assert len((await sim.http.get(f"{sim.path}/payments")).json()["data"]) == 1


@pytest.mark.parametrize("changed", [b'{"a": 1}', b" "])
async def test_a_changed_body_under_the_same_key_is_a_conflict(ppro: Merchant, changed: bytes) -> None:
    """Bytes are compared, before the body is understood (both inferred)."""
    charge = await ppro.paid()
    path = f"payment-charges/{charge['id']}/refunds"
    raw = b'{"amount": 100}'
    await ppro.send("POST", path, raw, **{KEY: "refund-1"})

    conflict = await ppro.send("POST", path, raw + changed, **{KEY: "refund-1"})

    assert conflict.status_code == 409
    assert "request-idempotency" not in conflict.headers
    assert len((await ppro.charge(charge["id"]))["refunds"]) == 1


@pytest.mark.parametrize("refused", [b"{", b'{"amount": 0}'])
async def test_a_key_is_free_again_after_a_4xx(ppro: Merchant, refused: bytes) -> None:
    charge = await ppro.paid()
    path = f"payment-charges/{charge['id']}/refunds"

    first = await ppro.send("POST", path, refused, **{KEY: "refund-1"})
    second = await ppro.send("POST", path, b'{"amount": 100}', **{KEY: "refund-1"})

    assert (first.status_code, second.status_code) == (400, 200)
    assert "request-idempotency" not in second.headers


async def test_a_key_is_free_again_after_a_5xx(ppro: Merchant) -> None:
    await ppro.sim.arm([{"api": {"status": 500, "times": 1}}])

    first = await ppro.post("payment-charges", SEED, **{KEY: "order-1"})
    second = await ppro.post("payment-charges", SEED, **{KEY: "order-1"})

    assert (first.status_code, second.status_code) == (500, 200)
    assert "request-idempotency" not in second.headers


async def test_a_decline_is_an_answer_like_any_other(ppro: Merchant) -> None:
    declined = SEED | {"consumer": {"country": "DE"}}

    first = await ppro.post("payment-charges", declined, **{KEY: "order-1"})
    again = await ppro.post("payment-charges", declined, **{KEY: "order-1"})

    assert (first.status_code, first.json()["status"]) == (200, "FAILED")
    assert (again.content, again.headers["request-idempotency"]) == (first.content, "true")


async def test_one_key_serves_different_paths(ppro: Merchant) -> None:
    """Some clients use the order's number for the charge and for its refund."""
    charge = await ppro.post("payment-charges", SEED, **{KEY: "order-1"})
    await ppro.sim.act("ppro", charge.json()["id"], "pay")

    refund = await ppro.post(f"payment-charges/{charge.json()['id']}/refunds", {"amount": 100}, **{KEY: "order-1"})

    assert (refund.status_code, refund.json()["status"]) == (200, "REFUNDED")


async def test_a_key_is_kept_for_a_day(sim: Sim, ppro: Merchant) -> None:
    first = await ppro.post("payment-charges", SEED, **{KEY: "order-1"})

    await sim.advance(hours=23)
    within = await ppro.post("payment-charges", SEED, **{KEY: "order-1"})
    await sim.advance(hours=1)
    after = await ppro.post("payment-charges", SEED, **{KEY: "order-1"})

    assert within.json()["id"] == first.json()["id"]
    assert after.json()["id"] != first.json()["id"]


async def test_a_key_on_a_read_or_a_deletion_is_ignored(ppro: Merchant) -> None:
    charge = await ppro.create()
    path = f"payment-instruments/{charge['instrumentId']}"

    first = await ppro.get(path, **{KEY: "x"})
    again = await ppro.get(path, **{KEY: "x"})
    gone = await ppro.send("DELETE", path, b"", **{KEY: "x"})
    missing = await ppro.get(path, **{KEY: "x"})

    assert [a.status_code for a in (first, again, gone, missing)] == [200, 200, 204, 404]
    assert "request-idempotency" not in again.headers
