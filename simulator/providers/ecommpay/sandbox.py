"""Where ecommpay is tried out, and harmless calls of Gate that show what it answers.

There is no host for tests: a test project lives at the same host as those with real money. Gate accepts first and says later
what is wrong, so a question about the status follows each. Source: docs/providers/ecommpay.md, sources 1 to 3.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine.sandbox import Probe, Sandbox, Visit, no_json, without
from simulator.engine.shop import Request, json_request
from simulator.engine.stories import saying_more
from simulator.providers.ecommpay import shop

SOON = timedelta(seconds=5)
METHODS = "/v2/info/available_methods_for_merchant/list"


def create(visit: Visit, n: int = 1, **more: Any) -> Request:
    """The request that makes the `n`-th sale of a visit. The merchant chooses the id of its payment."""
    purchase = replace(visit.purchase, reference=payment_id(visit, n))
    return saying_more(shop.create(visit.account, purchase), more)


def payment_id(visit: Visit, n: int = 1) -> str:
    return visit.purchase.reference if n == 1 else f"{visit.purchase.reference}-{n}"


def status(visit: Visit, n: int = 1) -> Request:
    return shop.read(visit.account, payment_id(visit, n))


def refund(visit: Visit) -> Request:
    return shop.refund(visit.account, payment_id(visit), visit.half)


def refund_all(visit: Visit) -> Request:
    return shop.refund(visit.account, payment_id(visit), visit.purchase.amount)


def status_of_request(visit: Visit, call: str) -> Request:
    body = {"project_id": visit.account.credentials["project_id"], "request_id": visit.told(call, "request_id")}
    return json_request("POST", f"{shop.STATUS}/request", body)


# fmt: off
PROBES = (
    Probe("create", "a sale", create),
    Probe("read", "what became of it", status, after=SOON),
    Probe("request", "what became of the request", lambda v: status_of_request(v, "create")),
    Probe("replay", "a sale with the id of another", create),
    Probe("read-replay", "what became of that request", lambda v: status_of_request(v, "replay"), after=SOON),
    Probe("second", "another sale", lambda v: create(v, 2)),
    Probe("no-amount", "a sale without an amount", lambda v: without(create(v, 3), "payment.amount")),
    Probe("no-currency", "a sale without a currency", lambda v: without(create(v, 4), "payment.currency")),
    Probe("no-customer", "a sale without a customer", lambda v: without(create(v, 5), "customer")),
    Probe("no-return", "a sale without an address to come back to", lambda v: without(create(v, 6), "return_url")),
    Probe("read-no-return", "what became of it", lambda v: status(v, 6), after=SOON),
    Probe("no-payment-id", "a sale without an id", lambda v: without(create(v), "general.payment_id")),
    Probe("no-project", "a sale without a project", lambda v: without(create(v), "general.project_id")),
    Probe("amount-as-text", "a sale whose amount is a word", lambda v: create(v, 7, payment={"amount": "ten"})),
    Probe("below-zero", "a sale of less than nothing", lambda v: create(v, 8, payment={"amount": -1})),
    Probe("other-currency", "a sale in a currency that Alipay does not take", lambda v: create(v, 9, payment={"currency": "BRL"})),
    Probe("read-other-currency", "what became of it", lambda v: status(v, 9), after=SOON),
    Probe("no-json", "a body that is no JSON", lambda v: no_json(shop.SALE)),
    Probe("unknown", "what became of a payment that nobody has made", lambda v: status(v, 99)),
    Probe("unknown-path", "an address that does not exist", lambda v: json_request("POST", "/v2/nothing", {})),
    Probe("wrong-method", "a method that the address does not have", lambda v: Request("GET", shop.SALE)),
    Probe("wrong-signature", "a wrong signature", status, credential="wrong"),
    Probe("no-signature", "no signature", status, credential="none"),
    Probe("unknown-refund", "a refund of a payment that nobody has made", lambda v: shop.refund(v.account, payment_id(v, 99), v.half)),
    Probe("early-refund", "a refund before anything was paid", refund),
    Probe("read-early", "what became of it", lambda v: status_of_request(v, "early-refund"), after=SOON),
    Probe("list", "the project's payment methods are listed", lambda v: json_request("POST", METHODS, {"project_id": v.account.credentials["project_id"], "directions": ["payin"]}), varies=("*",)),
    Probe("unknown-request", "what became of a request that nobody has made", lambda v: json_request("POST", f"{shop.STATUS}/request", {"project_id": v.account.credentials["project_id"], "request_id": "x"})),
    Probe("project-as-text", "a sale whose project is a text", lambda v: create(v, 10, general={"project_id": str(v.account.credentials["project_id"])})),
    Probe("clarification", "a clarification that nobody has asked for", lambda v: json_request("POST", "/v2/payment/clarification", {"general": {"project_id": v.account.credentials["project_id"], "payment_id": payment_id(v)}, "additional_data": {}})),
    Probe("read-paid", "the payment once it is paid", status, after=SOON, pays=True),
    Probe("refund", "a part is refunded", refund, pays=True),
    Probe("read-refunded", "the payment after its refund", status, after=SOON, pays=True),
    Probe("refund-too-much", "more than is left is refunded", refund_all, pays=True),
    Probe("read-too-much", "what became of it", status, after=SOON, pays=True),
)
# fmt: on

SANDBOX = Sandbox(
    url="https://api.ecommpay.com",
    hosts=("api.ecommpay.com",),
    serves_live_too=True,
    credentials=("project_id", "secret_key"),
    probes=PROBES,
    chosen=("payment_id", "merchant_refund_id", "customer.id"),
    payment_id=payment_id,
    webhook_name=lambda body: f"{body['operation']['type']} {body['operation']['status']}",
)
