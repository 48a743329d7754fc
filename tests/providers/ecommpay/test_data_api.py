"""The Data API: the reference's ten payments as it prints them, what is asked for, what is refused, and who may ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Sim

from providers.ecommpay.driver import Merchant, sign
from providers.ecommpay.money import STORY, sold, tell

GOLDEN = Path(__file__).parent / "golden"
DAY = {"from": "2026-03-02 00:00:00", "to": "2026-03-02 23:59:59"}


def told(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["payment_id"], row["operation_type"], row["operation_status"]) for row in rows]


async def test_the_story_of_the_reference_is_answered_member_by_member_in_its_order(ecommpay: Merchant) -> None:
    tell(ecommpay.sim)
    asked = {"project_id": [201], "interval": DAY, "tz": "UTC", "limit": 1000, "offset": 0}

    answer = (await ecommpay.ask("operations/get", **asked)).json()

    expected = json.loads((GOLDEN / "operations.json").read_text("utf-8"))
    assert list(answer) == list(expected) == ["operations", "signature"]
    assert json.dumps(answer["operations"]) == json.dumps(expected["operations"])


async def test_the_published_signatures_of_requests_are_taken(sim: Sim) -> None:
    """The two vectors of the reference, computed with the secret of the default workspace."""
    token = {"token": "SIM0000000000000000000000TOKEN"}
    asked = {"project_id": [201], "interval": DAY, "tz": "UTC", "limit": 1000, "offset": 0}
    vectors = (
        ("balance/get", {}, "0qIVf9IP2KCyOHEfBJzDKrYgT3PS2KraLWAdzjLrhxyn1VrA09PkGx8cJ5UJXSmTpBddeeZNutx39srJA5OKVw=="),
        ("operations/get", asked, "hLiC3zl1oHbad0/bpCJ7gycZKipsN3tft7uehAK6Ltmlft7n0swm2aJvr1QwoKp/unoL6D0OaHx5sup9J21+Ww=="),
    )  # fmt: skip

    answers = [
        await sim.http.post(f"/v1/{path}", json={**token, **more, "signature": signature})
        for path, more, signature in vectors
    ]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_what_is_asked_for_narrows_the_answer(ecommpay: Merchant) -> None:
    tell(ecommpay.sim)
    every = await ecommpay.operations(interval=DAY)

    refunds = await ecommpay.operations(interval=DAY, operation_type="refund")
    page = await ecommpay.operations(interval=DAY, limit=3, offset=4)
    latest = await ecommpay.operations(limit=3)
    noon = await ecommpay.operations(interval={"from": "2026-03-02 11:47:59", "to": "2026-03-02 12:05:20"})
    fields = await ecommpay.operations(limit=1, fields=["arn", "operation_status", "payment_method_type", "project_id"])

    assert [row["operation_id"] for row in every] == [3050000000000 + row[0] for row in STORY]
    assert refunds == every[8:] and page == every[4:7] and noon == every[5:7]
    assert latest == every[:-4:-1]
    assert [list(row.items()) for row in fields] == [
        [("project_id", 201), ("operation_status", "success"), ("payment_method_type", "wallet"), ("arn", "")]
    ]
    for nothing in ({"operation_status": "decline"}, {"operation_type": "payout"}, {"customer_id": "nobody"}):
        assert await ecommpay.operations(interval=DAY, **nothing) == []


async def test_a_time_zone_moves_the_interval_and_what_is_printed(ecommpay: Merchant) -> None:
    """In Shanghai, eight hours ahead, the last two hours of the story belong to the next day but one second."""
    tell(ecommpay.sim)
    until = {"from": "2026-03-02 00:00:00", "to": "2026-03-02 22:59:59"}

    found = await ecommpay.operations(interval=until, tz="Asia/Shanghai")

    assert [row["payment_id"] for row in found][-2:] == ["shop-2008", "shop-1999"]
    assert (found[-1]["operation_created_at"], found[-1]["operation_completed_at"]) == (
        "2026-03-02 22:20:00",
        "2026-03-02 22:20:10",
    )


async def test_an_hour_that_comes_twice_is_in_the_interval_twice(ecommpay: Merchant) -> None:
    """In Amsterdam 02:30 of 25 October 2026 is 00:30 and 01:30 UTC."""
    await ecommpay.sim.advance(days=234, hours=19, minutes=29)  # 25 October 00:29
    await sold(ecommpay, "shop-1", 1000)
    await ecommpay.sim.advance(hours=1)
    await sold(ecommpay, "shop-2", 1000)
    hour = {"from": "2026-10-25 02:00:00", "to": "2026-10-25 02:59:59"}

    found = await ecommpay.operations(interval=hour, tz="Europe/Amsterdam")

    assert [(row["payment_id"], row["operation_completed_at"][:16]) for row in found] == [
        ("shop-1", "2026-10-25 02:29"),
        ("shop-2", "2026-10-25 02:29"),
    ]


async def test_an_operation_is_told_as_soon_as_it_has_ended(ecommpay: Merchant) -> None:
    await ecommpay.begin("shop-1", payment={"amount": 2500, "currency": "USD"})
    before = await ecommpay.operations()
    await ecommpay.sim.act("ecommpay", "shop-1", "pay")
    await ecommpay.begin("shop-2")
    await ecommpay.sim.act("ecommpay", "shop-2", "decline", reason="blocked")
    await ecommpay.refund("shop-1", amount=500)
    await ecommpay.refund("shop-1", amount=50_500)

    found = await ecommpay.operations()
    of_payment = await ecommpay.operations("operations/get-by-payment", payment_id="shop-1")

    assert before == []
    assert told(found[::-1]) == [
        ("shop-1", "sale", "success"),
        ("shop-2", "sale", "decline"),
        ("shop-1", "refund", "success"),
        ("shop-1", "refund", "decline"),
    ]
    assert of_payment == [row for row in found[::-1] if row["payment_id"] == "shop-1"]
    assert await ecommpay.operations("operations/get-by-payment", payment_id="nobody") == []
    amounts = [(row["amount"], row["currency"], row["channel_amount"], row["channel_currency"]) for row in found[::-1]]
    assert amounts[1] == (1000, "CNY", 1000, "CNY"), "nothing was converted"
    assert amounts[0][:2] == (2500, "USD") and amounts[0][3] == "EUR" and amounts[0][2] != 2500
    status = await ecommpay.status("shop-1")
    assert [row["operation_id"] for row in of_payment] == [each["id"] for each in status["operations"]]


async def test_a_thousand_operations_are_one_answer_that_is_signed(ecommpay: Merchant) -> None:
    """More members than a request may have."""
    tell(ecommpay.sim, copies=100)

    found = await ecommpay.operations(interval=DAY, fields=[])

    assert len(found) == 1000 == len({row["operation_id"] for row in found})


async def test_projects_are_told_apart() -> None:
    """Two projects of one token; the second one's sale has the same id."""
    async with Sim() as sim:
        own = {"ecommpay": {"project_id": 701, "projects": [702]}}
        body = {"credentials": own, "clock": {"mode": "frozen", "now": "2026-03-04T05:00:00Z"}}
        made = (await sim.http.post("/_sim/workspaces", json=body)).raise_for_status().json()
        found = sim.app.runtime.find_workspace(made["id"])
        assert found is not None
        sim._id = found.id
        merchant = Merchant(sim)
        await merchant.sale("shop-1", payment={"amount": 1000, "currency": "EUR"})
        merchant.project = 702
        await merchant.sale("shop-1", payment={"amount": 2000, "currency": "EUR"})
        await sim.advance(seconds=1)
        for view in (await sim.http.get(f"{sim.path}/payments")).json()["data"]:
            await sim.act("ecommpay", view["id"], "pay")

        both = await merchant.operations()
        one = await merchant.operations(project_id=[702, 999_999])
        of_payment = await merchant.operations("operations/get-by-payment", payment_id="shop-1", project_id=[701])
        balances = (await merchant.data("balance/get"))["balance"]
        await sim.settings("ecommpay", hidden_projects=["701"])
        seen = [row["project_id"] for row in await merchant.operations()]
        seen_balances = (await merchant.data("balance/get"))["balance"]

    assert {(row["project_id"], row["amount"]) for row in both} == {(702, 2000), (701, 1000)}
    assert [*one, *of_payment] == sorted(both, key=lambda row: -row["project_id"])
    assert balances == [
        {"name": "Project_701_balance_EUR", "EUR": "968"},
        {"name": "Project_702_balance_EUR", "EUR": "1956"},
    ]
    assert seen == [702] and seen_balances == balances[1:]


async def test_a_balance_is_what_was_not_paid_out_yet(ecommpay: Merchant) -> None:
    at_first = await ecommpay.data("balance/get")
    name = f"Project_{ecommpay.project}_balance_EUR"
    assert at_first == {"balance": [{"name": name, "EUR": "0"}]}
    tell(ecommpay.sim)
    before = await ecommpay.data("balance/get")
    await ecommpay.sim.advance(days=2)

    after = await ecommpay.data("balance/get")

    name = "Project_201_balance_EUR"
    assert before == {"balance": [{"name": name, "EUR": "27044"}]}
    assert after == {"balance": [{"name": name, "EUR": "0"}]}


async def test_a_refund_after_the_payout_leaves_a_balance_below_zero(ecommpay: Merchant) -> None:
    await sold(ecommpay, "shop-1", 1000)
    await ecommpay.sim.advance(days=3)
    await ecommpay.refund("shop-1", amount=500)

    [balance] = (await ecommpay.data("balance/get"))["balance"]

    assert balance == {"name": f"Project_{ecommpay.project}_balance_EUR", "EUR": "-510"}


async def test_who_may_not_ask_is_refused(ecommpay: Merchant) -> None:
    good = {"token": ecommpay.token}
    signature = sign(ecommpay.data_secret, good)
    cases: tuple[tuple[dict[str, Any], tuple[int, str]], ...] = (
        ({"signature": signature}, (401, "3027")),
        ({"token": "x" * 30, "signature": signature}, (401, "3027")),
        ({"token": 7, "signature": signature}, (401, "3027")),
        ({"token": str(ecommpay.project), "signature": signature}, (401, "3027")),
        (good, (400, "2004")),
        (good | {"signature": ""}, (400, "3262")),
        (good | {"signature": signature[::-1]}, (400, "3261")),
        (good | {"signature": sign(ecommpay.secret, good)}, (400, "3261")),
        (good | {"signature": signature, "limit": 1}, (400, "3261")),
    )

    answers = [await ecommpay.sim.http.post("/v1/operations/get", json=body) for body, _ in cases]
    broken = await ecommpay.sim.http.post("/v1/operations/get", content=b"[1")
    method = await ecommpay.sim.http.get("/v1/operations/get")

    for (body, expected), answer in zip(cases, answers, strict=True):
        found = answer.json()
        assert (answer.status_code, found["code"]) == expected, body
        assert list(found) == ["status", "code", "message"] and found["message"]
    assert (broken.status_code, broken.json()["code"]) == (422, "2003")
    assert (method.status_code, method.json()["code"]) == (405, "702")


UNASKABLE: tuple[tuple[dict[str, Any], str, str], ...] = (
    # asked, the member that is wrong, and the keyword of what it breaks
    ({"limit": 1001}, "limit", "maximum"),
    ({"limit": 0}, "limit", "minimum"),
    ({"offset": -1}, "offset", "minimum"),
    ({"tz": "Mars/Olympus"}, "tz", "format"),
    ({"tz": "../UTC"}, "tz", "format"),
    ({"fields": ["secret"]}, "fields.0", "enum"),
    ({"interval": {"from": "2026-03-02 00:00:00"}}, "interval.to", "required"),
    ({"interval": {"from": "2026-03-02", "to": "2026-03-03"}}, "interval.from", "format"),
    ({"interval": {"from": "2026-02-30 00:00:00", "to": "2026-03-03 00:00:00"}}, "interval.from", "format"),
    ({"interval": {"from": "2026-03-03 00:00:00", "to": "2026-03-02 00:00:00"}}, "interval", "format"),
    ({"project_id": 201}, "project_id", "type"),
)


async def test_what_cannot_be_asked_is_refused(ecommpay: Merchant) -> None:
    answers = [await ecommpay.ask("operations/get", **asked) for asked, _, _ in UNASKABLE]

    for (asked, field, constraint), answer in zip(UNASKABLE, answers, strict=True):
        found = answer.json()
        assert (answer.status_code, found["status"]) == (400, "error"), asked
        assert (found["errors"][0]["field"], found["errors"][0]["constraint"]) == (field, constraint), asked


async def test_the_ends_of_time_are_asked_for_in_any_zone(ecommpay: Merchant) -> None:
    tell(ecommpay.sim)

    for zone in ("UTC", "Pacific/Kiritimati", "America/Adak"):
        always = {"from": "0001-01-01 00:00:00", "to": "9999-12-31 23:59:59"}
        assert len(await ecommpay.operations(interval=always, tz=zone)) == 10
        assert len(await ecommpay.operations("financial-reporting/operations", interval=always, tz=zone)) == 0


async def test_calls_of_a_minute_can_be_limited(ecommpay: Merchant) -> None:
    await ecommpay.sim.settings("ecommpay", data_calls_per_minute=2)

    statuses = [(await ecommpay.ask("balance/get")).status_code for _ in range(3)]
    gate = [await ecommpay.post("payment/status", {"general": {"payment_id": "order-1"}}) for _ in range(3)]
    await ecommpay.sim.advance(seconds=30)
    later = await ecommpay.ask("balance/get")

    assert statuses == [200, 200, 429] and later.status_code == 200
    assert [answer.status_code for answer in gate] == [200, 200, 200]


async def test_nobody_sees_another_workspace(ecommpay: Merchant) -> None:
    await sold(ecommpay, "shop-1", 1000)
    async with Sim.beside(ecommpay.sim) as other:
        stranger = Merchant(other)

        found = await stranger.operations()
        of_payment = await stranger.operations("operations/get-by-payment", payment_id="shop-1")
        balances = await stranger.data("balance/get")

    assert stranger.token != ecommpay.token and len(stranger.token) == 30
    assert found == [] == of_payment and balances["balance"][0]["EUR"] == "0"


async def test_the_official_sdk_signs_the_question_and_verifies_the_answer(ecommpay: Merchant) -> None:
    """Of more than ten operations it sorts the lines otherwise, as of every long list."""
    handler = pytest.importorskip("payment_page_sdk.signature_handler", reason="ecommpay-sdk is not installed")
    tell(ecommpay.sim)
    signer = handler.SignatureHandler(ecommpay.data_secret)
    asked = {"token": ecommpay.token, "project_id": [201], "interval": DAY, "tz": "UTC", "limit": 10}

    answers = []
    for path, body in (("operations/get", asked), ("balance/get", {"token": ecommpay.token})):
        signed = {**body, "signature": signer.sign(dict(body))}
        answers.append((await ecommpay.sim.http.post(f"/v1/{path}", json=signed)).json())

    for answer in answers:
        signature = answer.pop("signature")
        assert signer.check(dict(answer), signature)
        assert not signer.check(answer | {"more": 1}, signature)
    assert [sum(int(row["channel_amount"]) for row in answers[0]["operations"]), answers[1]["balance"][0]["EUR"]] == [
        29225 + 1650,
        "27044",
    ]
