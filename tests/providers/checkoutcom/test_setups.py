"""Payment setups (beta): made, completed, confirmed with a wallet; both readings of what confirming answers."""

from __future__ import annotations

import re
from typing import Any

import httpx
from support import Sim

from providers.checkoutcom.driver import Merchant
from providers.checkoutcom.test_oauth import with_scope

SETUP: dict[str, Any] = {
    "amount": 1000,
    "currency": "CNY",
    "reference": "SETUP-1",
    "customer": {"name": "Li Na", "email": {"address": "li.na@example.test", "verified": True}},
    "payment_methods": {"alipay_cn": {"terminal_type": "app"}},
    "settings": {"success_url": "http://127.0.0.1:9000/ok", "failure_url": "http://127.0.0.1:9000/ko"},
}
READY = {"payment_methods": {"alipay_cn": {"terminal_type": "APP", "os_type": "IOS"}}}


async def made(cko: Merchant, **changes: Any) -> dict[str, Any]:
    answer = await cko.post("/payments/setups", SETUP | changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def confirmed(cko: Merchant, setup: dict[str, Any], name: str = "alipay_cn", **headers: str) -> httpx.Response:
    return await cko.post(f"/payments/setups/{setup['id']}/confirm/{name}", **headers)


def codes(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    found: list[str] = answer.json()["error_codes"]
    return found


async def test_a_setup_says_what_each_method_lacks(sim: Sim, cko: Merchant) -> None:
    body = await made(cko)

    assert re.fullmatch(r"set_[a-z2-7]{26}", body["id"])
    own = {"href": f"http://sim.test/payments/setups/{body['id']}"}
    assert body == {
        "id": body["id"],
        "processing_channel_id": sim.credentials("checkoutcom")["processing_channel_id"],
        "amount": 1000,
        "currency": "CNY",
        "payment_type": "Regular",
        "reference": "SETUP-1",
        "payment_methods": {
            "alipay_cn": {"status": "action_required", "flags": ["os_type_required"], "terminal_type": "app"},
            "alipay_hk": {"status": "ready", "flags": []},
        },
        "available_payment_methods": ["alipay_hk"],
        "settings": {"capture": True, **SETUP["settings"]},
        "customer": SETUP["customer"],
        "_links": {"self": own},
    }
    bare = await made(cko, settings={"excluded_payment_methods": ["alipay_hk"]}, payment_methods={"gcash": {}})
    assert {name: method["status"] for name, method in bare["payment_methods"].items()} == {
        "alipay_cn": "action_required",
        "alipay_hk": "unavailable",
        "gcash": "action_required",
    }
    assert bare["payment_methods"]["gcash"]["flags"] == ["success_url_required", "failure_url_required"]


async def test_a_setup_is_completed_and_confirmed_into_an_ordinary_payment(sim: Sim, cko: Merchant) -> None:
    setup = await made(cko)
    path = f"/payments/setups/{setup['id']}"

    early = await confirmed(cko, setup)
    updated = await cko.send("PUT", path, SETUP | READY)
    answer = await confirmed(cko, setup)
    again = await confirmed(cko, setup)

    assert codes(early) == ["payment_method_not_ready"]
    method = {"status": "ready", "flags": [], "terminal_type": "app", "os_type": "ios"}
    assert (updated.status_code, updated.json()["payment_methods"]["alipay_cn"]) == (200, method)
    assert updated.json()["available_payment_methods"] == ["alipay_cn", "alipay_hk"]
    body = answer.json()
    assert (answer.status_code, again.json()) == (202, body)
    assert list(body) == ["id", "status", "reference", "customer", "_links"]
    assert (body["status"], body["reference"], list(body["customer"])) == ("Pending", "SETUP-1", ["id"])
    assert "pspName=ALIPAY_CN" in body["_links"]["redirect"]["href"]
    assert (await sim.http.get(body["_links"]["redirect"]["href"])).status_code == 200
    await cko.pay(body["id"])
    paid = await cko.payment(body["id"])
    assert (paid["status"], paid["customer"]["email"]) == ("Captured", "li.na@example.test")
    assert cko.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]
    assert (await cko.get(path)).json()["latest_payment"]["status"] == "Captured"
    assert codes(await confirmed(cko, setup)) == ["payment_setup_already_paid"]
    assert codes(await cko.send("PUT", path, SETUP)) == ["payment_setup_already_paid"]
    assert (await cko.refund(body["id"])).status_code == 202


async def test_the_other_reading_of_confirm_answers_with_the_setup(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", setups_confirm_response="setup")
    setup = await made(cko, **READY)

    answer = await confirmed(cko, setup)

    body = answer.json()
    assert answer.status_code == 202
    assert {name: body[name] for name in ("id", "amount", "customer")} == {
        "id": setup["id"], "amount": 1000, "customer": SETUP["customer"],
    }  # fmt: skip
    latest = body["latest_payment"]
    assert (latest["id"][:4], latest["status"]) == ("pay_", "Pending")
    assert body["_links"]["redirect"] == latest["_links"]["redirect"]
    assert body["_links"]["self"] == setup["_links"]["self"]


async def test_a_setup_is_tried_again_with_another_method(sim: Sim, cko: Merchant) -> None:
    setup = await made(cko)

    first = (await confirmed(cko, setup, "alipay_hk")).json()
    await sim.act("checkoutcom", first["id"], "decline")
    second = (await confirmed(cko, setup, "alipay_hk")).json()

    assert first["id"] != second["id"]
    assert (await cko.payment(second["id"]))["source"] == {"type": "alipay_hk"}
    plus = await confirmed(cko, setup, "alipay_plus")
    assert plus.status_code == 202
    assert "no client of Checkout.com knows alipay_plus" in plus.headers["simulator-notice"]
    assert (await cko.payment(plus.json()["id"]))["source"] == {"type": "alipay_plus"}
    assert codes(await confirmed(cko, setup, "card")) == ["payment_method_not_supported"]


async def test_a_scenario_declines_a_confirmation_at_once(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"when": {"operation": "pay"}, "provider": {"decline": "try_again"}}])

    setup = await made(cko, **READY)

    answer = await confirmed(cko, setup)
    await sim.settings("checkoutcom", setups_confirm_response="setup")
    other = await confirmed(cko, setup)

    body = answer.json()
    assert (answer.status_code, other.status_code, body["status"]) == (201, 201, "Declined")
    assert (body["response_code"], "redirect" in body["_links"]) == ("20001", False)
    assert "redirect" not in other.json()["_links"] | other.json()["latest_payment"]["_links"]


async def test_each_method_of_a_setup_has_one_open_payment(cko: Merchant) -> None:
    setup = await made(cko, **READY)

    first, other, again = [await confirmed(cko, setup, name) for name in ("alipay_cn", "alipay_hk", "alipay_cn")]

    ids = [answer.json()["id"] for answer in (first, other, again)]
    assert (ids[0] == ids[2], ids[0] == ids[1]) == (True, False)
    latest = (await cko.get(f"/payments/setups/{setup['id']}")).json()["latest_payment"]
    assert (latest["id"], latest["_links"]["redirect"]) == (ids[0], first.json()["_links"]["redirect"])
    assert "simulator-notice" not in first.headers
    still_open = "{}, an earlier try over 1000 CNY, is still open and can be paid too"
    assert still_open.format(ids[0]) in other.headers["simulator-notice"]
    assert still_open.format(ids[1]) in again.headers["simulator-notice"]
    await cko.pay(ids[1])
    assert codes(await confirmed(cko, setup)) == ["payment_setup_already_paid"]


async def test_a_changed_amount_is_confirmed_into_a_payment_over_it(cko: Merchant) -> None:
    setup = await made(cko, **READY)
    path = f"/payments/setups/{setup['id']}"
    first = (await confirmed(cko, setup)).json()

    same = await cko.send("PUT", path, SETUP | READY)
    changed = await cko.send("PUT", path, SETUP | READY | {"amount": 2000})
    second = await confirmed(cko, setup)

    assert "simulator-notice" not in same.headers
    for answer in (changed, second):
        assert f"{first['id']}, an earlier try over 1000 CNY, is still open" in answer.headers["simulator-notice"]
    assert (await cko.payment(second.json()["id"]))["amount"] == 2000


async def test_a_repeated_creation_with_a_key_is_one_setup(cko: Merchant) -> None:
    key = {"Cko_Idempotency_Key": "once"}

    first, second = [await cko.post("/payments/setups", SETUP | READY, **key) for _ in range(2)]

    assert first.json() == second.json()


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"amount": None}, ["amount_required"]),
    ({"amount": 0}, ["amount_invalid"]),
    ({"amount": None, "currency": None}, ["amount_required", "currency_required"]),
    ({"currency": "BRL"}, ["currency_not_supported"]),
    ({"reference": "R" * 81}, ["reference_invalid"]),
    ({"payment_methods": {"alipay_cn": {"terminal_type": "tv"}}}, ["terminal_type_invalid"]),
    ({"payment_methods": {"alipay_cn": {"os_type": "beos"}}}, ["os_type_invalid"]),
    ({"customer": {"email": {"address": "nobody"}}}, ["customer_email_invalid"]),
    ({"customer": {"email": "li.na@example.test"}}, ["customer_email_invalid"]),
    ({"customer": {"id": "cus_" + "a" * 26}}, ["customer_not_found"]),
    ({"settings": {"success_url": "https://example.com/" + "a" * 250}}, ["settings_success_url_invalid"]),
]


async def test_a_setup_that_cannot_be_is_refused(cko: Merchant) -> None:
    for changes, expected in REFUSED:
        body = {name: value for name, value in (SETUP | changes).items() if value is not None}

        assert codes(await cko.post("/payments/setups", body)) == expected


async def test_who_may_use_setups(sim: Sim, cko: Merchant, previous: Merchant) -> None:
    with_token, without = await with_scope(sim, "gateway"), await with_scope(sim, "flow")

    assert (await with_token.post("/payments/setups", SETUP)).status_code == 200
    assert (await without.post("/payments/setups", SETUP)).status_code == 403
    assert (await previous.post("/payments/setups", SETUP)).status_code == 403
    unknown = await cko.get("/payments/setups/set_unknown")
    assert (unknown.status_code, unknown.content) == (404, b"")


async def test_what_has_no_effect_on_a_setup_is_said(cko: Merchant) -> None:
    said = {**READY["payment_methods"]["alipay_cn"], "initialization": "enabled"}

    answer = await cko.post("/payments/setups", SETUP | {"payment_methods": {"alipay_cn": said}})
    excluded = {"settings": SETUP["settings"] | {"excluded_payment_methods": ["card", "nothing"]}}
    without = await cko.post("/payments/setups", SETUP | excluded)
    partly = await cko.send("PUT", f"/payments/setups/{answer.json()['id']}", {"reference": "SETUP-2"})

    assert "payment_methods.alipay_cn.initialization has no effect" in answer.headers["simulator-notice"]
    assert "no payment method is called 'nothing', so it excludes nothing" in without.headers["simulator-notice"]
    assert "'card'" not in without.headers["simulator-notice"]
    assert (partly.json()["reference"], partly.json()["amount"]) == ("SETUP-2", 1000)
    assert "amount is left out, and stays" in partly.headers["simulator-notice"]


async def test_the_control_api_decides_about_a_setup_too(sim: Sim, cko: Merchant) -> None:
    setup = await made(cko)

    await sim.act("checkoutcom", setup["id"], "pay")
    await sim.advance(seconds=5)

    assert (await cko.get(f"/payments/setups/{setup['id']}")).json()["latest_payment"]["status"] == "Captured"
