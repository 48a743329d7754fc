"""What a second look found: published clients, plugins and newer manuals against the simulator. One test for each line."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from published import facts
from support import Sim

from providers.ppro.driver import SEED, Merchant
from simulator.engine.provider import LeftOut
from simulator.providers.ppro import PROVIDER
from simulator.surface.launch import launched

WALLET = {"type": "PASSTHROUGH_WALLET"}


@pytest.fixture
async def strict() -> AsyncIterator[Merchant]:
    async with Sim(strict=True) as sim:
        await sim.receive_webhooks("ppro")
        yield Merchant(sim, settles=True)


async def refused(merchant: Merchant, body: dict[str, Any], **headers: str) -> str:
    """Why a charge is refused with 400; nothing is stored and nobody hears of it."""
    before = len(merchant.heard)
    answer = await merchant.post("payment-charges", body, **headers)
    await merchant.sim.settle()
    assert answer.status_code == 400, answer.text
    assert len(merchant.heard) == before
    return str(answer.json()["failureMessage"])


# The consumer's country ----------------------------------------------------------------------------------------


async def test_another_country_than_china_is_declined_with_a_notice(ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED | {"consumer": {"country": "US"}})

    assert answer.json()["failure"]["failureCode"] == "INVALID_COUNTRY"
    assert "consumer.country" in answer.headers["simulator-notice"]


async def test_another_country_than_china_can_be_accepted(sim: Sim, ppro: Merchant) -> None:
    """An older revision of the Alipay page sends `US`, "where the consumer is shopping"."""
    await sim.settings("ppro", consumer_countries="any")

    answer = await ppro.post("payment-charges", SEED | {"consumer": {"country": "US"}})

    assert answer.json()["status"] == "AUTHENTICATION_PENDING"
    assert "consumer.country" in answer.headers["simulator-notice"]


# One key, many merchants ---------------------------------------------------------------------------------------


async def two_merchants(sim: Sim, *ids: str) -> list[Merchant]:
    """Merchants with one key, in a workspace of their own; the first of them receives the webhooks."""
    body = {
        "name": "psp",
        "credentials": {"ppro": {"api_key": "key_psp", "merchant_id": list(ids)}},
        "webhooks": {"ppro": {"url": "http://merchant.test/psp"}},
    }
    answer = await sim.http.post("/_sim/workspaces", json=body)
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["credentials"]["ppro"]["merchant_id"] == list(ids)
    found = []
    for id_ in ids:
        merchant = Merchant(sim)
        merchant.headers = {"Authorization": "Bearer key_psp", "Merchant-Id": id_}
        found.append(merchant)
    return found


async def test_a_charge_is_seen_only_under_its_own_merchant_id(sim: Sim) -> None:
    """Under another one of the list it is unknown, under a stranger's the key is not allowed."""
    one, other = await two_merchants(sim, "merch_one", "merch_two")
    charge = await one.create(merchantPaymentChargeReference="order-1")
    path = f"payment-charges/{charge['id']}"
    search = "payment-charges?merchantPaymentChargeReference=order-1"

    own = [await one.get(p) for p in (path, f"{path}/refunds", f"payment-instruments/{charge['instrumentId']}")]
    foreign = [
        await other.get(p)
        for p in (path, f"{path}/refunds", f"{path}/funds-statuses", f"payment-instruments/{charge['instrumentId']}")
    ]
    refund = await other.post(f"{path}/refunds", {"amount": 1})
    stranger = await one.get(path, **{"Merchant-Id": "merch_three"})
    found = [(await merchant.get(search)).json()["data"] for merchant in (one, other)]

    assert [answer.status_code for answer in own] == [200, 200, 200]
    assert [answer.status_code for answer in foreign] == [404, 404, 404, 404]
    assert (refund.status_code, refund.json()["failureMessage"]) == (400, "Payment charge not found")
    assert stranger.status_code == 403
    assert [len(page) for page in found] == [1, 0]


async def test_another_merchants_instrument_cannot_be_charged(sim: Sim) -> None:
    one, other = await two_merchants(sim, "merch_one", "merch_two")
    instrument = (await one.post("payment-instruments", WALLET)).json()["id"]

    charge = await other.create(instrumentId=instrument)

    assert charge["failure"]["failureCode"] == "INSTRUMENT_NOT_FOUND"


async def test_the_same_idempotency_key_of_two_merchants_makes_two_charges(sim: Sim) -> None:
    one, other = await two_merchants(sim, "merch_one", "merch_two")
    key = {"Request-Idempotency-Key": "order-1"}

    answers = [await merchant.post("payment-charges", SEED, **key) for merchant in (one, other)]

    assert answers[0].json()["id"] != answers[1].json()["id"]
    assert "request-idempotency" not in answers[1].headers


async def test_webhooks_name_the_merchant_whose_charge_it_is(sim: Sim) -> None:
    one, other = await two_merchants(sim, "merch_one", "merch_two")
    charges = [await one.create(), await other.create()]
    view = await sim.http.get("/_sim/workspaces/psp/webhooks?provider=ppro")

    bodies = [json.loads(one["body"])["data"] for one in view.json()["data"]]
    told = {(body["paymentChargeId"], body["merchantId"]) for body in bodies}

    assert told == {(charges[0]["id"], "merch_one"), (charges[1]["id"], "merch_two")}


async def test_the_lent_page_submits_the_code_under_the_charges_own_merchant_id(sim: Sim) -> None:
    _, other = await two_merchants(sim, "merch_one", "merch_two")
    charge = await other.waiting("MULTI_FACTOR")

    await other.press(charge["id"], "mfa", verificationCode="777123")

    assert await other.status(charge["id"]) == "CAPTURED"


@pytest.mark.parametrize(
    "wrong", [[], [""], ["a\nb"], [["merch_one"]], [None], [True], {"merch_one": 1}, ["m"] * 2, True, ["m" * 600]]
)
async def test_a_list_of_merchant_ids_is_checked(sim: Sim, wrong: Any) -> None:
    body = {"name": "psp", "credentials": {"ppro": {"merchant_id": wrong}}}

    answer = await sim.http.post("/_sim/workspaces", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["field"] == "credentials.ppro.merchant_id"


async def test_a_list_is_never_stored_as_text(sim: Sim) -> None:
    """Neither where a list is no value: the key itself is one text."""
    body = {"credentials": {"ppro": {"api_key": ["key_one", "key_two"]}}}

    answer = await sim.http.post("/_sim/workspaces", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "credentials.ppro.api_key"


# Failures, webhooks --------------------------------------------------------------------------------------------


async def test_the_wallets_limit_is_an_exceeded_account_limit(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()

    await sim.act("ppro", charge["id"], "decline", reason="limit")

    failure = (await ppro.charge(charge["id"]))["failure"]
    assert (failure["failureType"], failure["failureCode"]) == ("PROVIDER_DECLINE", "IS_EXCEEDING_ACCOUNT_LIMIT")


async def test_multi_factor_has_only_its_type_in_webhooks(ppro: Merchant) -> None:
    """The charge itself has empty details too, as recorded."""
    charge = await ppro.waiting("REDIRECT", "MULTI_FACTOR")

    methods = ppro.hook("AUTHENTICATION_PENDING").body["data"]["authenticationMethods"]

    assert methods[1] == {"type": "MULTI_FACTOR"}
    assert methods[0] == charge["authenticationMethods"][0]
    assert charge["authenticationMethods"][1] == {"details": {}, "type": "MULTI_FACTOR"}


async def test_the_created_event_has_the_instrument_that_the_request_had(ppro: Merchant) -> None:
    charge = await ppro.create(instrument=WALLET)

    data = ppro.hook("CREATED").body["data"]

    assert data["instrument"] == {"id": charge["instrumentId"], "type": "PASSTHROUGH_WALLET"}
    assert list(data)[-1] == "instrument"


async def test_the_created_event_has_no_instrument_when_the_request_had_none(ppro: Merchant) -> None:
    await ppro.create()

    assert "instrument" not in ppro.hook("CREATED").body["data"]


async def test_a_cards_number_is_in_no_webhook(ppro: Merchant) -> None:
    card = {"type": "RAW_CARD", "details": {"number": "4111111111111111", "cvv": "123", "holderName": "Li"}}

    await ppro.mock(instrument=card)

    created = ppro.hook("CREATED").body["data"]["instrument"]
    assert created["details"] == {"bin": "411111", "last4Digits": "1111", "holderName": "Li"}


async def test_alipay_with_an_instrument_of_another_type_is_an_input_error(ppro: Merchant) -> None:
    account = {"type": "BANK_ACCOUNT", "details": {"iban": "DE02120300000000202051"}}
    stored = (await ppro.post("payment-instruments", account)).json()["id"]

    described = await refused(ppro, SEED | {"instrument": account})
    named = await refused(ppro, SEED | {"instrumentId": stored})

    assert described == "instrument.type: must be PASSTHROUGH_WALLET for ALIPAY"
    assert named == "instrumentId: must be an instrument of type PASSTHROUGH_WALLET for ALIPAY"


async def test_headers_over_8_kb_are_431_in_the_envelope(sim: Sim, ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED, **{"X-Long": "x" * 8192})

    assert answer.status_code == 431
    assert list(answer.json()) == ["status", "failureMessage", "timestamp"]
    assert (await sim.requests())[0]["status"] == 431
    assert ppro.heard == []


@pytest.mark.parametrize("size", [9_000, 70_000, 1_000_000])
def test_larger_headers_are_431_on_a_real_socket_too(size: int) -> None:
    """The server has no bound of its own below that: PPRO's words reach the client whatever the size."""
    with launched() as server, httpx.Client(base_url=server.url) as client:
        own = server.credentials["ppro"]
        headers = {"Authorization": f"Bearer {own['api_key']}", "Merchant-Id": own["merchant_id"], "X-Long": "x" * size}

        answer = client.post("/v1/payment-charges", json=SEED, headers=headers)

        assert (answer.status_code, answer.json()["status"]) == (431, 431)
        assert answer.json()["failureMessage"] == "Request headers are larger than 8192 bytes"
        assert client.get("/_sim/workspaces/default/requests").json()["data"][0]["status"] == 431


async def test_headers_of_7_kb_are_taken(ppro: Merchant) -> None:
    answer = await ppro.post("payment-charges", SEED, **{"X-Long": "x" * 7000})

    assert answer.status_code == 200


# The rate limit ------------------------------------------------------------------------------------------------


async def test_the_documented_sandbox_limit_can_be_advertised(sim: Sim, ppro: Merchant) -> None:
    """The recorded 50 and 100 are the default; the sandbox's manual says 5 and 10."""
    recorded = await ppro.get("payment-charges?merchantPaymentChargeReference=a")
    await sim.settings("ppro", advertised_rate=5)
    documented = await ppro.get("payment-charges?merchantPaymentChargeReference=a")

    shown = [
        (answer.headers["x-ratelimit-replenish-rate"], answer.headers["x-ratelimit-burst-capacity"])
        for answer in (recorded, documented)
    ]
    assert shown == [("50", "100"), ("5", "10")]


# What is taken without a word ----------------------------------------------------------------------------------

REDIRECT = SEED["authenticationSettings"][0]
MOCK = {"paymentMethod": "MOCK", "amount": {"value": 1000, "currency": "EUR"}, "consumer": {"country": "DE"}}

SILENT = {
    "a capture by hand": (SEED | {"autoCapture": False}, "autoCapture"),
    "a terminal": (SEED | {"paymentMedium": "POS"}, "paymentMedium"),
    "the merchant's initiative": (SEED | {"initiator": "MERCHANT"}, "initiator"),
    "a schedule": (SEED | {"scheduleType": "SCHEDULED"}, "scheduleType"),
    "a scheme's reference": (SEED | {"initialSchemeAuthorizationReference": "x"}, "initialSchemeAuthorizationReference"),
    "a link's reference": (SEED | {"initialTransactionLinkReference": "x"}, "initialTransactionLinkReference"),
    "an instalment plan": (SEED | {"order": {"installmentPlan": {"numberOfInstallments": 3}}}, "order.installmentPlan"),
    "a wallet's details": (SEED | {"instrument": WALLET | {"details": {"a": "b"}}}, "instrument.details"),
    "an instrument twice": (SEED | {"instrumentId": "instr_x", "instrument": WALLET}, "instrument"),
    "the mock's keys": (SEED | {"paymentDescriptor": "requiresCapture=true"}, "paymentDescriptor"),
    "a decline amount": (SEED | {"amount": {"value": 350_000, "currency": "CNY"}}, "amount.value"),
    "a code up front": (
        SEED | {"authenticationSettings": [REDIRECT, {"type": "MULTI_FACTOR", "settings": {"verificationCode": "1"}}]},
        "authenticationSettings.1.settings.verificationCode",
    ),
    "a return address for nobody": (
        SEED | {"authenticationSettings": [REDIRECT, REDIRECT]},
        "authenticationSettings.1",
    ),
    "a type that the mock lacks": (
        MOCK | {"paymentDescriptor": "requiresAuthentication=true;authenticationType=FACE"},
        "authenticationType",
    ),
    "a value that the mock lacks": (MOCK | {"paymentDescriptor": "requiresCapture=yes"}, "requiresCapture"),
    "a type without authentication": (MOCK | {"paymentDescriptor": "authenticationType=SCAN_CODE"}, "authenticationType"),
    "a delay of nothing": (MOCK | {"paymentDescriptor": "providerConfirmationDelay=5s"}, "providerConfirmationDelay"),
    "a delay that is none": (
        MOCK | {"paymentDescriptor": "providerConfirmation=true;providerConfirmationDelay=soon"},
        "providerConfirmationDelay",
    ),
}  # fmt: skip


@pytest.mark.uncounted
@pytest.mark.parametrize("name", SILENT)
async def test_what_has_no_effect_is_noticed(ppro: Merchant, name: str) -> None:
    body, member = SILENT[name]

    answer = await ppro.post("payment-charges", body)

    assert answer.status_code == 200, answer.text
    assert member in answer.headers["simulator-notice"]


@pytest.mark.parametrize("name", [name for name in SILENT if name != "a decline amount"])
async def test_what_has_no_effect_is_refused_by_a_strict_server(strict: Merchant, name: str) -> None:
    body, member = SILENT[name]

    assert member in await refused(strict, body)


@pytest.mark.parametrize(
    "body",
    [
        SEED,
        SEED | {"autoCapture": True, "paymentMedium": "ECOMMERCE", "initiator": "CONSUMER", "scheduleType": "UNSCHEDULED"},
        SEED | {"instrument": WALLET, "labels": {"anything": "goes"}, "paymentDescriptor": "Acme - ORDER 1234; a=b"},
        # PPRO recommends settings for every flow that the merchant supports.
        SEED | {"authenticationSettings": [REDIRECT, {"type": "SCAN_CODE"}, {"type": "APP_NOTIFICATION", "settings": {}}]},
        MOCK | {"paymentDescriptor": "requiresAuthentication=false;requiresCapture=true;Acme=1"},
        MOCK | {"paymentDescriptor": "providerConfirmation=true;providerConfirmationDelay=3"},
    ],
)  # fmt: skip
async def test_what_is_as_documented_needs_no_notice(strict: Merchant, body: dict[str, Any]) -> None:
    answer = await strict.post("payment-charges", body)

    assert answer.status_code == 200, answer.text
    assert "simulator-notice" not in answer.headers


async def test_a_foreign_idempotency_key_is_noticed(ppro: Merchant, strict: Merchant) -> None:
    """PPRO's header is `Request-Idempotency-Key`; the usual name does nothing there, twice."""
    key = {"Idempotency-Key": "order-1"}
    answers = [await ppro.post("payment-charges", SEED, **key) for _ in range(2)]

    assert answers[0].json()["id"] != answers[1].json()["id"]
    assert all("idempotency-key" in answer.headers["simulator-notice"].lower() for answer in answers)
    assert "idempotency-key" in (await refused(strict, SEED, **key)).lower()


async def test_a_search_by_agreement_finds_nothing_and_says_why(ppro: Merchant, strict: Merchant) -> None:
    answer = await ppro.get("payment-charges?agreementId=agr_1")
    by_the_letter = await strict.get("payment-charges?agreementId=agr_1")

    assert answer.json()["data"] == []
    assert "agreementId" in answer.headers["simulator-notice"]
    assert by_the_letter.status_code == 400


async def test_details_of_a_wallet_are_noticed(ppro: Merchant) -> None:
    answer = await ppro.post("payment-instruments", WALLET | {"details": {"a": "b"}})

    assert answer.json() == {"id": answer.json()["id"], "type": "PASSTHROUGH_WALLET"}
    assert "details" in answer.headers["simulator-notice"]


async def test_test_amounts_can_be_switched_off(sim: Sim, ppro: Merchant) -> None:
    await sim.settings("ppro", test_amounts=False)

    answer = await ppro.post("payment-charges", MOCK | {"amount": {"value": 350_000, "currency": "EUR"}})

    assert answer.json()["status"] == "CAPTURED"
    assert "simulator-notice" not in answer.headers


async def test_a_decline_amount_is_noticed_by_a_strict_server_too(strict: Merchant) -> None:
    """It is not refused: 3,500.00 CNY is a price that the live API takes."""
    answer = await strict.post("payment-charges", SEED | {"amount": {"value": 350_000, "currency": "CNY"}})

    assert answer.json()["status"] == "AUTHENTICATION_PENDING"
    assert "amount.value" in answer.headers["simulator-notice"]


# Input as clients send it, and words for merchants ---------------------------------------------------------------


async def test_whole_floats_are_integers(ppro: Merchant) -> None:
    """JSON Schema, and so OpenAPI 3.1, counts 1000.0 among the integers."""
    charge = await ppro.create(amount={"value": 1000.0, "currency": "CNY"})
    await ppro.sim.act("ppro", charge["id"], "pay")
    refund = await ppro.refund(charge["id"], 400.0)  # type: ignore[arg-type]  # that is the claim

    assert charge["authorizations"][0]["amount"] == 1000
    assert (refund["status"], refund["amount"]) == ("REFUNDED", 400)
    assert isinstance(refund["amount"], int)


LIBRARY = re.compile(
    r"input should|value error|valid (string|integer|dictionary|list|boolean)|isoformat|appear to be|validation|"
    r"\b(str|int|dict|NoneType|ValueError|pydantic|python)\b|'[^']*' has no|month must|day is out",
    re.I,
)

BROKEN: dict[str, tuple[Any, str]] = {
    "a date": (
        SEED | {"consumer": {"country": "CN", "birthDate": "2020-13-45"}},
        "consumer.birthDate: must be a date (YYYY-MM-DD)",
    ),
    "a date of full-width digits": (SEED | {"consumer": {"country": "CN", "birthDate": "２０２０-01-01"}}, "consumer.birthDate"),
    "an address of the net": (
        SEED | {"consumer": {"country": "CN", "client": {"ip": "1.2.3"}}},
        "consumer.client.ip: must be an IP address",
    ),
    "an instant": (
        SEED | {"authenticationSettings": [{"type": "SCAN_CODE", "settings": {"scanBy": "soon"}}]},
        "authenticationSettings.0.settings.scanBy: must be an instant like 2025-06-21T10:20:00.000Z",
    ),
    "an instant without a zone": (
        SEED | {"authenticationSettings": [{"type": "SCAN_CODE", "settings": {"scanBy": "2030-01-01T00:00:00"}}]},
        "authenticationSettings.0.settings.scanBy: must be an instant like 2025-06-21T10:20:00.000Z",
    ),
    "a text": (SEED | {"merchantPaymentChargeReference": 7}, "merchantPaymentChargeReference: must be a text"),
    "a number": (SEED | {"amount": {"value": "1000", "currency": "CNY"}}, "amount.value: must be a whole number"),
    "a whole number": (SEED | {"amount": {"value": 10.5, "currency": "CNY"}}, "amount.value: must be a whole number"),
    "a huge number": (SEED | {"amount": {"value": 1e300, "currency": "CNY"}}, "amount.value: must be at most 9223372036854775807"),
    "true": (SEED | {"amount": {"value": True, "currency": "CNY"}}, "amount.value: must be a whole number"),
    "a switch": (SEED | {"autoCapture": "true"}, "autoCapture: must be true or false"),
    "an object": (SEED | {"consumer": []}, "consumer: must be an object"),
    "a list": (SEED | {"authenticationSettings": {}}, "authenticationSettings: must be a list"),
    "a body": ([], "Request body must be an object"),
    "too many labels": (SEED | {"labels": {str(n): "x" for n in range(51)}}, "labels: must have at most 50 entries"),
    "a label": (SEED | {"labels": {"a": 1}}, "labels.a: must be a text"),
    "an enum": (SEED | {"paymentMedium": "x"}, "paymentMedium: must be one of ECOMMERCE, MOTO, POS"),
}  # fmt: skip


@pytest.mark.uncounted
@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_refused_is_refused_in_words_for_a_merchant(ppro: Merchant, name: str) -> None:
    body, words = BROKEN[name]

    message = await refused(ppro, body)

    assert message.startswith(words)
    assert not LIBRARY.search(message)


@pytest.mark.parametrize("digits", ["²", "５", "٣"])
async def test_digits_are_ascii_digits(ppro: Merchant, digits: str) -> None:
    charge = await ppro.mock(f"providerConfirmation=true;providerConfirmationDelay={digits}s")
    waiting = await ppro.waiting("MULTI_FACTOR")
    page = await ppro.open_page(waiting["id"], answered=digits)
    card = await ppro.post("payment-instruments", {"type": "RAW_CARD", "details": {"number": digits * 16}})

    await ppro.sim.advance(seconds=9)
    assert await ppro.status(charge["id"]) == "AUTHORIZATION_ASYNC"
    assert "mfa-answered" not in page.text
    assert (card.status_code, card.json()["failureMessage"]) == (400, "details.number: must be a card number")


# What the live API has and the simulator lacks -----------------------------------------------------------------


def shape(path: str) -> str:
    return re.sub(r"{[^}]+}", "{}", path)


@pytest.mark.parametrize("operation", facts("ppro-operations")["operations"], ids=lambda operation: operation[2])
def test_every_operation_of_the_published_catalogue_is_there_or_left_out(operation: list[str]) -> None:
    method, path, name = operation
    built = {(endpoint.method, shape(endpoint.path)): endpoint.operation for endpoint in PROVIDER.endpoints}
    left_out = {(one.method, shape(one.path)): one.operation for one in PROVIDER.left_out}

    assert (built | left_out)[method, shape(path)] == name


@pytest.mark.parametrize("left_out", PROVIDER.left_out, ids=lambda left_out: left_out.operation)
async def test_what_is_left_out_says_so(sim: Sim, ppro: Merchant, left_out: LeftOut) -> None:
    path = re.sub(r"{\w+}", "x_1", left_out.path)

    answer = await sim.http.request(left_out.method, path, headers=ppro.headers)
    stranger = await sim.http.request(left_out.method, path)

    assert (answer.status_code, answer.json()["failureMessage"]) == (404, "Resource not found")
    assert answer.headers["simulator-notice"] == f"{left_out.operation} is left out of the simulator"
    assert stranger.status_code == 401
    assert (await sim.requests())[0]["help"] == {"left_out": left_out.operation}
