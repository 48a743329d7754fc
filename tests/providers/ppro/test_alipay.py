"""Alipay's rules: what may be paid, how, how long, and what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from providers.ppro.driver import SEED, Merchant

CURRENCIES = ("AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "NZD", "SGD", "USD")
REDIRECT = SEED["authenticationSettings"][0]


def cny(value: int) -> dict[str, Any]:
    return {"value": value, "currency": "CNY"}


@pytest.mark.uncounted
@pytest.mark.parametrize("currency", CURRENCIES)
async def test_eleven_currencies_are_taken(ppro: Merchant, currency: str) -> None:
    charge = await ppro.paid(amount={"value": 100, "currency": currency})

    assert (charge["status"], charge["currency"]) == ("CAPTURED", currency)
    assert charge["captures"][0]["amount"] == 100


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"amount": {"value": 1000, "currency": "SEK"}}, "INVALID_CURRENCY", "Currency is not supported"),
        ({"consumer": {"country": "DE"}}, "INVALID_COUNTRY", "Country is not supported"),
        ({"amount": cny(300_000_01)}, "AMOUNT_NOT_SUPPORTED", "Amount is outside"),
        ({"amount": cny(2**63 - 1)}, "AMOUNT_NOT_SUPPORTED", "Amount is outside"),
        ({"authenticationSettings": None}, "INVALID_AUTHENTICATION_SETTINGS", "Authentication settings"),
        ({"authenticationSettings": []}, "INVALID_AUTHENTICATION_SETTINGS", "Authentication settings"),
        ({"authenticationSettings": [{"type": "REDIRECT"}]}, "INVALID_AUTHENTICATION_SETTINGS", "Authentication"),
        (
            {"authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": ""}}]},
            "INVALID_AUTHENTICATION_SETTINGS",
            "Authentication settings",
        ),
        ({"authenticationSettings": [{"type": "SCAN_CODE"}]}, "INVALID_AUTHENTICATION_SETTINGS", "Authentication"),
        ({"paymentMethod": "ALIPAY_PLUS"}, "INVALID_PAYMENT_METHOD", "Payment method is not recognised"),
        ({"instrumentId": "instr_000000000000000000000"}, "INSTRUMENT_NOT_FOUND", "Payment instrument not found"),
    ],
)
async def test_what_alipay_does_not_take_is_declined_in_a_200(
    ppro: Merchant, changes: dict[str, Any], code: str, message: str
) -> None:
    charge = await ppro.create(**changes)

    [authorization] = charge["authorizations"]
    assert charge["status"] == authorization["status"] == "FAILED"
    assert (charge["failure"]["failureType"], charge["failure"]["failureCode"]) == ("INTERNAL_DECLINE", code)
    assert charge["failure"]["failureMessage"].startswith(message)
    assert authorization["failure"] == charge["failure"]
    assert charge["instrumentId"].startswith("instr_")
    assert "authenticationMethods" not in charge
    assert ppro.heard == ["CREATED", "AUTHORIZATION_FAILED"]
    assert (await ppro.sim.payment("ppro", charge["id"]))["wallet"] is None


async def test_a_method_that_only_the_live_api_knows_is_declined_with_a_note(ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED | {"paymentMethod": "WECHATPAY"})

    assert answer.json()["failure"]["failureCode"] == "INVALID_PAYMENT_METHOD"
    assert answer.headers["simulator-notice"].startswith("paymentMethod: the simulator takes ALIPAY and MOCK")


@pytest.mark.parametrize("value", [1, 300_000_00])
async def test_the_limits_themselves_are_taken(ppro: Merchant, value: int) -> None:
    assert (await ppro.create(amount=cny(value)))["status"] == "AUTHENTICATION_PENDING"


async def test_other_flows_settings_are_welcome_but_only_redirect_is_offered(ppro: Merchant) -> None:
    everything = [{"type": "SCAN_CODE"}, {"type": "MULTI_FACTOR", "settings": {"verificationCode": "1"}}, REDIRECT]

    charge = await ppro.create(authenticationSettings=everything)

    assert [method["type"] for method in charge["authenticationMethods"]] == ["REDIRECT"]


async def test_an_mfa_code_does_not_pay_an_alipay_charge(ppro: Merchant) -> None:
    charge = await ppro.create()
    ppro.forget()

    answer = await ppro.confirm(charge["id"])

    assert answer.status_code == 400
    told = answer.json()["failureMessage"]
    assert told == "authenticationResult.type: is not offered by this payment charge, which waits for REDIRECT"
    assert await ppro.charge(charge["id"]) == charge
    assert ppro.heard == []


async def test_descriptor_keys_mean_nothing_to_alipay(ppro: Merchant) -> None:
    descriptor = "requiresAuthentication=false;requiresCapture=true;providerConfirmation=true"

    charge = await ppro.paid(paymentDescriptor=descriptor)

    assert (charge["status"], charge["paymentDescriptor"]) == ("CAPTURED", descriptor)
    assert list(charge)[list(charge).index("paymentDescriptor") + 1] == "status"


async def test_authorization_is_captured_at_once_and_not_separately(ppro: Merchant) -> None:
    charge = await ppro.paid()

    capture, void = await ppro.capture(charge["id"]), await ppro.void(charge["id"])

    assert ppro.hook("AUTHORIZATION_SUCCEEDED").body["data"]["isMultiStep"] is False
    assert capture["failure"]["failureCode"] == void["failure"]["failureCode"] == "EXCEEDS_AUTHORIZED_AMOUNT"
    assert await ppro.status(charge["id"]) == "CAPTURED"


async def test_before_anybody_paid_there_is_nothing_to_capture_void_or_refund(ppro: Merchant) -> None:
    charge = await ppro.create()

    failed = [await ppro.capture(charge["id"]), await ppro.void(charge["id"]), await ppro.refund(charge["id"])]

    codes = [operation["failure"]["failureCode"] for operation in failed]
    assert codes == ["NO_AUTHORIZED_AMOUNT", "NO_AUTHORIZED_AMOUNT", "EXCEEDS_REFUNDABLE_AMOUNT"]
    assert await ppro.status(charge["id"]) == "AUTHENTICATION_PENDING"


async def test_twelve_hours_are_left_to_pay_and_not_a_millisecond_more(sim: Sim, ppro: Merchant) -> None:
    await ppro.create()

    await sim.advance(hours=12, microseconds=-1)
    before = list(ppro.heard)
    await sim.advance(microseconds=1)

    assert before == ["CREATED", "AUTHENTICATION_PENDING"]
    assert ppro.heard[2:] == ["DISCARDED"]
    assert sim.hooks[-1].at == sim.started_at + timedelta(hours=12)


async def test_refunds_are_taken_for_360_days_after_the_capture(sim: Sim, ppro: Merchant) -> None:
    await sim.advance(hours=1)
    charge = await ppro.paid()

    await sim.advance(days=360)
    in_time = await ppro.refund(charge["id"], 1)
    await sim.advance(seconds=1)
    too_late = await ppro.refund(charge["id"], 1)

    assert (in_time["status"], too_late["status"]) == ("REFUNDED", "FAILED")
    failure = too_late["failure"]
    assert (failure["failureType"], failure["failureCode"]) == ("PROVIDER_DECLINE", "REFUND_PERIOD_EXPIRED")
    assert await ppro.status(charge["id"]) == "CAPTURED"


async def test_the_refund_window_is_alipays_alone(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.mock()

    await sim.advance(days=361)

    assert (await ppro.refund(charge["id"], 1))["status"] == "REFUNDED"


async def test_a_failed_capture_does_not_begin_the_refund_window_anew(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.paid()
    await sim.advance(days=300)
    await ppro.capture(charge["id"])

    await sim.advance(days=61)

    assert (await ppro.refund(charge["id"], 1))["failure"]["failureCode"] == "REFUND_PERIOD_EXPIRED"


async def test_refunds_may_be_partial_and_many_until_everything_is_back(ppro: Merchant) -> None:
    charge = await ppro.paid()

    outcomes = [await ppro.refund(charge["id"], amount) for amount in (400, 601, 600, 1)]

    assert [(o["status"], o.get("failure", {}).get("failureCode")) for o in outcomes] == [
        ("REFUNDED", None),
        ("FAILED", "EXCEEDS_CAPTURED_AMOUNT"),
        ("REFUNDED", None),
        ("FAILED", "EXCEEDS_REFUNDABLE_AMOUNT"),
    ]
    assert await ppro.status(charge["id"]) == "REFUNDED"
    statuses = [h.body["data"]["paymentChargeStatus"] for h in ppro.sim.hooks if "REFUND" in h.body["type"]]
    assert statuses == ["CAPTURED", "CAPTURED", "REFUNDED", "REFUNDED"]


async def test_each_operation_can_be_read_back_alone_and_in_its_list(ppro: Merchant) -> None:
    charge = await ppro.paid()
    refund = await ppro.refund(charge["id"], 400, labels={"desk": "7"}, refundReason="OTHER")
    path = f"payment-charges/{charge['id']}/refunds"

    alone, listed = await ppro.get(f"{path}/{refund['id']}"), await ppro.get(path)

    link = {"payment_charge": {"href": f"/v1/payment-charges/{charge['id']}"}}
    assert alone.json() == refund
    assert listed.json() == {"data": [refund], "_links": link}
    assert (refund["_links"], refund["labels"]) == (link, {"desk": "7"})


async def test_a_charge_is_found_by_its_reference_newest_first_in_pages_of_twenty(sim: Sim, ppro: Merchant) -> None:
    ids = []
    for _ in range(23):
        ids.append((await ppro.create(merchantPaymentChargeReference="shop-1001"))["id"])
    await ppro.create(merchantPaymentChargeReference="shop-1002")

    first = (await ppro.get("payment-charges?merchantPaymentChargeReference=shop-1001")).json()
    later = await ppro.create(merchantPaymentChargeReference="shop-1001")
    next_page = f"payment-charges?merchantPaymentChargeReference=shop-1001&page={first['nextPage']}"
    second = (await ppro.get(next_page)).json()

    assert (list(first), list(second)) == (["data", "nextPage", "_links"], ["data", "_links"])
    assert [c["id"] for c in first["data"] + second["data"]] == ids[::-1]
    assert later["id"] not in {c["id"] for c in second["data"]}


async def test_an_unknown_reference_finds_nothing(ppro: Merchant) -> None:
    for query in ("merchantPaymentChargeReference=nobody", "merchantPaymentChargeReference=%00", "agreementId=agr_1"):
        answer = await ppro.get(f"payment-charges?{query}")
        assert (answer.status_code, answer.json()) == (200, {"data": [], "_links": {}})


@pytest.mark.parametrize(
    "query", ["", "?merchantPaymentChargeReference=", "?merchantPaymentChargeReference=a&agreementId=b"]
)
async def test_a_search_needs_exactly_one_filter(ppro: Merchant, query: str) -> None:
    assert (await ppro.get(f"payment-charges{query}")).status_code == 400


@pytest.mark.parametrize("page", ["1", "-5", "", "%F0%9F%90%B1"])
async def test_a_page_is_a_token_that_we_gave(ppro: Merchant, page: str) -> None:
    await ppro.create(merchantPaymentChargeReference="shop-1001")

    answer = await ppro.get(f"payment-charges?merchantPaymentChargeReference=shop-1001&page={page}")

    assert (answer.status_code, answer.json()["failureMessage"]) == (400, "page: is not a token of nextPage")


async def test_what_was_sent_is_echoed_without_nulls_and_without_what_nobody_knows(ppro: Merchant) -> None:
    consumer = {
        "shoeSize": 42,
        "country": "CN",
        "name": "李薇",
        "phone": None,
        "birthDate": "1990-02-28",
        "locale": "zh-CN",
        "client": {"ip": "2001:db8::1", "userAgent": "test"},
        "profile": {"createdDate": "2020-01-01", "lifetimeOrderCount": 3},
    }
    order = {
        "orderReferenceNumber": "order-77",
        "orderItems": [{"amount": 1000, "quantity": 1, "name": "Tea", "sku": "T-1"}],
        "industryData": [{"type": "TRAVEL", "details": {"travelType": "ONE_WAY"}}],
    }

    charge = await ppro.create(
        consumer=consumer, order=order, labels={"a": "b"}, initiator="CONSUMER", hat="none", paymentDescriptor=""
    )

    assert charge["consumer"] == {name: value for name, value in consumer.items() if name not in ("shoeSize", "phone")}
    assert list(charge["consumer"])[:3] == ["name", "birthDate", "country"]
    assert (charge["order"], charge["labels"]) == (order, {"a": "b"})
    assert (charge["initiator"], charge["paymentDescriptor"]) == ("CONSUMER", "")
    assert "hat" not in charge
    told = ppro.hook("CREATED").body["data"]
    assert told["consumer"] == {"name": "李薇", "country": "CN", "locale": "zh-CN"}
    assert told["order"]["orderItems"] == [{"name": "Tea", "quantity": 1, "amount": 1000}]
    assert told["orderReferenceNumber"] == "order-77"


async def test_webhooks_url_autocapture_and_settings_are_not_echoed(ppro: Merchant) -> None:
    charge = await ppro.create(
        webhooksUrl="https://shop.example/hooks", autoCapture=True, merchantPaymentChargeReference="shop-1"
    )

    missing = ("webhooksUrl", "autoCapture", "authenticationSettings", "amount", "merchantPaymentChargeReference")
    assert [name for name in missing if name in charge] == []
    assert charge["authorizations"][0]["merchantPaymentChargeReference"] == "shop-1"


# Instruments ---------------------------------------------------------------------------------------------------


async def test_an_instrument_is_made_read_changed_and_deleted(ppro: Merchant) -> None:
    made = await ppro.post("payment-instruments", {"type": "PASSTHROUGH_WALLET", "details": {"country": "CN"}})
    path = f"payment-instruments/{made.json()['id']}"

    read = await ppro.get(path)
    changed = await ppro.send("PUT", path, b'{"type": "KLARNA_ACCOUNT", "details": {"billingCategory": "x"}}')
    gone = await ppro.send("DELETE", path, b"")
    missing = await ppro.get(path)

    assert list(made.json()) == ["id", "type"]
    assert read.json() == made.json()
    assert changed.json()["details"] == {"billingCategory": "x"}
    assert (gone.status_code, gone.content) == (204, b"")
    assert (missing.status_code, missing.json()["failureMessage"]) == (404, "Payment instrument not found")


async def test_a_stored_instrument_can_be_charged_until_it_is_deleted(ppro: Merchant) -> None:
    made = (await ppro.post("payment-instruments", {"type": "PASSTHROUGH_WALLET"})).json()

    charge = await ppro.create(instrumentId=made["id"])
    await ppro.send("DELETE", f"payment-instruments/{made['id']}", b"")
    refused = await ppro.create(instrumentId=made["id"])

    assert (charge["status"], charge["instrumentId"]) == ("AUTHENTICATION_PENDING", made["id"])
    assert refused["failure"]["failureCode"] == "INSTRUMENT_NOT_FOUND"


async def test_a_cards_number_and_code_are_never_given_out(ppro: Merchant) -> None:
    details = {"number": "4111111111111111", "cvv": "123", "holderName": "Li Wei", "expiryMonth": 4, "expiryYear": 2030}

    made = await ppro.post("payment-instruments", {"type": "RAW_CARD", "details": details})
    refused = await ppro.post("payment-instruments", {"type": "RAW_CARD", "details": {"number": "12"}})

    assert made.json()["type"] == "CARD_PPRO_VAULTED"
    assert (made.json()["details"]["bin"], made.json()["details"]["last4Digits"]) == ("411111", "1111")
    assert b"4111111111111111" not in made.content
    assert b"123" not in made.content.split(b'"details"')[1]
    assert refused.status_code == 400


@pytest.mark.parametrize(("method", "type_"), [("ALIPAY", "PASSTHROUGH_WALLET"), ("MOCK", "MOCK")])
async def test_a_charge_has_an_instrument_of_its_methods_type(ppro: Merchant, method: str, type_: str) -> None:
    charge = await ppro.create(paymentMethod=method)

    answer = await ppro.get(f"payment-instruments/{charge['instrumentId']}")

    assert answer.json() == {"id": charge["instrumentId"], "type": type_}


async def test_a_slow_wallet_has_no_opinion_on_the_outcome(sim: Sim, ppro: Merchant) -> None:
    """The armed delay counts, and the documented test amount still decides."""
    await sim.http.put(f"{sim.path}/scenario", json={"name": "slow-wallet"})
    charge = await ppro.create(amount=cny(300002))

    paying = await sim.act("ppro", charge["id"], "pay")
    await sim.advance(seconds=30)

    assert paying["wallet"]["state"] == "paying"
    view = await sim.payment("ppro", charge["id"])
    assert (view["phase"], view["decided_by"]) == ("declined", "amount:300002")
