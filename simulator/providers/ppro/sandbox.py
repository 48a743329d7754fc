"""PPRO's sandbox: where it is, and harmless calls that show what it answers. Source: docs/providers/ppro.md, sources 1, 2 and 8."""

from __future__ import annotations

from typing import Any

from simulator.engine.sandbox import Probe, Sandbox, Visit, get, no_json, without
from simulator.engine.shop import Request, json_request
from simulator.engine.stories import saying_more
from simulator.providers.ppro.shop import CHARGES, REPORTS
from simulator.providers.ppro.shop import create as creation
from simulator.providers.ppro.shop import refund as refunding


def create(visit: Visit, **more: Any) -> Request:
    return saying_more(creation(visit.account, visit.purchase), more)


def keyed(visit: Visit, **more: Any) -> Request:
    key = {"Request-Idempotency-Key": visit.purchase.reference}
    return create(visit, merchantPaymentChargeReference=f"{visit.purchase.reference}-2", **more).plus(key)


def charge(visit: Visit, rest: str = "", of: str = "create") -> str:
    return f"{CHARGES}/{visit.told(of, 'id')}{rest}"


def second(visit: Visit, rest: str = "") -> str:
    return charge(visit, rest, "keyed")


def amount(visit: Visit) -> dict[str, Any]:
    return {"amount": visit.purchase.amount.value}


def refund(visit: Visit) -> Request:
    return refunding(visit.account, str(visit.told("create", "id")), visit.half)


def refund_all(visit: Visit) -> Request:
    return refunding(visit.account, str(visit.told("create", "id")), visit.purchase.amount)


CODE = {"authenticationResult": {"type": "MULTI_FACTOR", "details": {"verificationCode": "000000"}}}


def mock(visit: Visit, descriptor: str, **more: Any) -> Request:
    """A charge of the mock method, which needs no buyer."""
    own = {"paymentMethod": "MOCK", "paymentDescriptor": descriptor, "consumer": {"country": "DE"}}
    return create(visit, **{**own, "amount": {"currency": "EUR"}, **more})


# fmt: off
PROBES = (
    Probe("create", "a charge is created", create),
    Probe("read", "it is read", lambda v: get(charge(v))),
    Probe("instrument", "so is its instrument", lambda v: get(f"/v1/payment-instruments/{v.told('create', 'instrumentId')}")),
    Probe("authorizations", "its authorizations are listed", lambda v: get(charge(v, "/authorizations"))),
    Probe("funds", "what was settled of it", lambda v: get(charge(v, "/funds-statuses"))),
    Probe("keyed", "another is created, with an idempotency key", keyed),
    Probe("replay", "the same is asked with the same key", keyed),
    Probe("key-reused", "something else is asked with the same key", lambda v: keyed(v, autoCapture=True)),
    Probe("foreign-consumer", "a charge for a consumer who is not in China", lambda v: create(v, consumer={"country": "US"})),
    Probe("other-currency", "a charge in a currency that Alipay does not take", lambda v: create(v, amount={"currency": "BRL"})),
    Probe("no-amount", "a charge without an amount", lambda v: without(create(v), "amount")),
    Probe("no-method", "a charge without a payment method", lambda v: without(create(v), "paymentMethod")),
    Probe("nothing", "a charge of nothing", lambda v: create(v, amount={"value": 0})),
    Probe("amount-as-text", "a charge whose amount is a text", lambda v: create(v, amount={"value": "ten"})),
    Probe("no-json", "a body that is no JSON", lambda v: no_json(CHARGES)),
    Probe("other-media-type", "a body of another media type", lambda v: Request("POST", CHARGES, {"Content-Type": "text/plain"}, b"{}")),
    Probe("unknown", "a charge is read that nobody has made", lambda v: get(f"{CHARGES}/charge_AAAAAAAAAAAAAAAAAAAAA")),
    Probe("unknown-path", "an address that does not exist", lambda v: get("/v1/payment-nothing")),
    Probe("wrong-method", "a method that the address does not have", lambda v: Request("DELETE", CHARGES)),
    Probe("wrong-key", "a wrong API key", lambda v: get(charge(v)), credential="wrong"),
    Probe("no-key", "no API key", lambda v: get(charge(v)), credential="none"),
    Probe("early-refund", "a refund before anything was paid", refund),
    Probe("early-capture", "a capture before anything was authorized", lambda v: json_request("POST", charge(v, "/captures"), amount(v))),
    Probe("early-void", "a void before anything was authorized", lambda v: json_request("POST", charge(v, "/voids"), amount(v))),
    Probe("cancel", "the second charge is discarded", lambda v: json_request("POST", second(v, "/discards"), {})),
    Probe("cancel-again", "it is discarded once more", lambda v: json_request("POST", second(v, "/discards"), {})),
    Probe("read-cancelled", "the discarded charge is read", lambda v: get(second(v))),
    Probe("discards", "its discards are listed", lambda v: get(second(v, "/discards"))),
    Probe("list", "charges are found by their reference", lambda v: get(f"{CHARGES}?merchantPaymentChargeReference={v.purchase.reference}")),
    Probe("list-all", "all charges are asked for", lambda v: get(CHARGES)),
    Probe("reference", "a call with a reference of its own", lambda v: get(charge(v)).plus({"Request-Reference": v.purchase.reference})),
    Probe("unknown-instrument", "a charge by an instrument that nobody has", lambda v: create(v, instrumentId="instr_AAAAAAAAAAAAAAAAAAAAA")),
    Probe("foreign-method", "a charge by a method that the account does not have", lambda v: create(v, paymentMethod="IDEAL")),
    Probe("too-much", "a charge of more than Alipay takes", lambda v: create(v, amount={"value": 30_000_001})),
    Probe("no-currency", "a charge in a currency that does not exist", lambda v: create(v, amount={"currency": "ABC"})),
    Probe("null-member", "a charge with a null, and a member that nobody knows", lambda v: create(v, order=None, nothing="at all")),
    Probe("descriptor", "an Alipay charge with the mock's keys", lambda v: create(v, paymentDescriptor="requiresAuthentication=true;authenticationType=SCAN_CODE")),
    Probe("unknown-refund", "a refund of a charge that nobody has made", lambda v: json_request("POST", f"{CHARGES}/pmc_000000000000000000000/refunds", amount(v))),
    Probe("mock", "a charge of the mock method that wants a capture", lambda v: mock(v, "requiresCapture=true")),
    Probe("mock-capture", "a part of it is captured", lambda v: json_request("POST", charge(v, "/captures", "mock"), {"amount": v.half.value})),
    Probe("mock-void", "the rest is voided", lambda v: json_request("POST", charge(v, "/voids", "mock"), {"amount": v.purchase.amount.value - v.half.value})),
    Probe("mock-refund", "what was captured is refunded", lambda v: json_request("POST", charge(v, "/refunds", "mock"), {"amount": v.half.value, "merchantRefundReference": v.purchase.reference})),
    Probe("mock-read", "the charge is read", lambda v: get(charge(v, "", "mock"))),
    Probe("mock-funds", "what was settled of it", lambda v: get(charge(v, "/funds-statuses", "mock"))),
    Probe("mock-confirm", "a captured charge is confirmed", lambda v: json_request("POST", charge(v, "/authorizations", "mock"), CODE)),
    Probe("scan", "a charge of the mock method by a code to scan", lambda v: mock(v, "requiresAuthentication=true;authenticationType=SCAN_CODE")),
    Probe("several", "one by either of two ways", lambda v: mock(v, "requiresAuthentication=true;authenticationType=REDIRECT,SCAN_CODE")),
    Probe("code", "one by a code that the consumer is told", lambda v: mock(v, "requiresAuthentication=true;authenticationType=MULTI_FACTOR")),
    Probe("wrong-code", "it is confirmed with a wrong code", lambda v: json_request("POST", charge(v, "/authorizations", "code"), CODE)),
    Probe("bound", "a charge of the lowest amount that the mock declines", lambda v: mock(v, "", amount={"value": 300_000, "currency": "EUR"})),
    Probe("report-nothing", "a report without anything", lambda v: json_request("POST", REPORTS, {})),
    Probe("report-type", "a report of a type that there is not", lambda v: json_request("POST", REPORTS, {"operationType": "DISPUTE"})),
    Probe("report-unknown", "a report that nobody has asked for", lambda v: get(f"{REPORTS}/report_000000000000000000000")),
    Probe("read-paid", "the first charge is read once it is paid", lambda v: get(charge(v)), pays=True),
    Probe("refund", "a part is refunded", refund, pays=True),
    Probe("refund-too-much", "more than is left is refunded", refund_all, pays=True),
    Probe("late-cancel", "a paid charge is discarded", lambda v: json_request("POST", charge(v, "/discards"), {}), pays=True),
    Probe("read-refunded", "the charge is read after its refund", lambda v: get(charge(v)), pays=True),
)
# fmt: on


def replenished(answers: Any) -> int | None:
    """The setting `advertised_rate`, read from the headers of the sandbox's answers."""
    said = answers["create"].headers.get("x-ratelimit-replenish-rate", "")
    return int(said) if said.isdecimal() else None


CHOSEN = (
    "merchantPaymentChargeReference", "merchantCaptureReference", "merchantRefundReference", "merchantVoidReference",
    "merchantDiscardReference", "merchantConsumerReference", "orderReferenceNumber",
)  # fmt: skip

SANDBOX = Sandbox(
    url="https://api.sandbox.eu.ppro.com",
    hosts=("api.sandbox.eu.ppro.com", "api.sandbox.us.ppro.com"),
    credentials=("api_key", "merchant_id"),
    probes=PROBES,
    chosen=CHOSEN,
    varies=("header x-ratelimit-remaining", "nextPageToken"),
    readings={"advertised_rate": replenished},
)
