"""Worldline Connect's pre-production: where it is, and harmless calls that show what it answers.

Source: docs/providers/worldline.md, sources 1 to 3.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.sandbox import Probe, Sandbox, Visit, get, no_json, without
from simulator.engine.shop import Request, json_request
from simulator.engine.stories import saying_more
from simulator.providers.worldline.shop import create as creation
from simulator.providers.worldline.shop import path as at
from simulator.providers.worldline.shop import refund as refunding

INPUT = "redirectPaymentMethodSpecificInput"


def create(visit: Visit, **more: Any) -> Request:
    return saying_more(creation(visit.account, visit.purchase), more)


def order(visit: Visit, **more: Any) -> Request:
    """The request that makes a payment, with these members of `order` in place of the usual ones."""
    request = create(visit)
    for name, value in more.items():
        request = saying_more(request, {"order": {name: value}})
    return request


def keyed(visit: Visit, **more: Any) -> Request:
    references = {"merchantReference": f"{visit.purchase.reference}-2"}
    key = {"X-GCS-Idempotence-Key": visit.purchase.reference}
    return saying_more(create(visit, **more), {"order": {"references": references}}).plus(key)


def payment(visit: Visit, rest: str = "", of: str = "create") -> str:
    return at(visit.account, f"/payments/{visit.told(of, 'payment', 'id')}{rest}")


def checkout(visit: Visit) -> Request:
    body = {
        "order": {
            "amountOfMoney": {
                "amount": visit.purchase.amount.value,
                "currencyCode": visit.purchase.amount.currency,
            },
            "customer": {"locale": "en_GB", "billingAddress": {"countryCode": "CN"}},
        },
        "hostedCheckoutSpecificInput": {"locale": "en_GB", "returnUrl": visit.purchase.return_url},
    }
    return json_request("POST", at(visit.account, "/hostedcheckouts"), body)


def hosted(visit: Visit) -> str:
    return at(visit.account, f"/hostedcheckouts/{visit.told('checkout', 'hostedCheckoutId')}")


def unknown(visit: Visit, rest: str = "") -> str:
    """Shaped like an id of the merchant's, and nobody's."""
    merchant = str(visit.account.credentials["merchant_id"]).rjust(10, "0")
    return at(visit.account, f"/payments/{merchant}000000999900001{rest}")


def product(visit: Visit, rest: str) -> str:
    currency = visit.purchase.amount.currency
    return at(visit.account, f"/products{rest}?countryCode=CN&currencyCode={currency}&amount=1000&isRecurring=false")


def refund(visit: Visit) -> Request:
    return refunding(visit.account, str(visit.told("create", "payment", "id")), visit.half)


# fmt: off
PROBES = (
    Probe("connection", "whether key and signature are good", lambda v: get(at(v.account, "/services/testconnection"))),
    Probe("create", "a payment is created", create),
    Probe("read", "it is read", lambda v: get(payment(v))),
    Probe("keyed", "another is created, with an idempotence key", keyed),
    Probe("replay", "the same is asked with the same key", keyed, varies=("header x-gcs-idempotence-request-timestamp",)),
    Probe("key-reused", "something else is asked with the same key", lambda v: keyed(v, **{INPUT: {"redirectionData": {"returnUrl": "https://shop.example/other"}}}), varies=("header x-gcs-idempotence-request-timestamp",)),
    Probe("checkout", "a hosted checkout is created", checkout),
    Probe("read-checkout", "it is read", lambda v: get(hosted(v))),
    Probe("delete-checkout", "it is deleted", lambda v: Request("DELETE", hosted(v))),
    Probe("no-order", "a payment without an order", lambda v: without(create(v), "order")),
    Probe("no-amount", "a payment without an amount", lambda v: without(create(v), "order.amountOfMoney")),
    Probe("no-customer", "a payment without a customer", lambda v: without(create(v), "order.customer")),
    Probe("no-return", "a payment without an address to come back to", lambda v: without(create(v), f"{INPUT}.redirectionData")),
    Probe("nothing", "a payment of nothing", lambda v: order(v, amountOfMoney={"amount": 0})),
    Probe("amount-as-text", "a payment whose amount is a word", lambda v: order(v, amountOfMoney={"amount": "ten"})),
    Probe("other-currency", "a payment in a currency that Alipay does not take", lambda v: order(v, amountOfMoney={"currencyCode": "BRL"})),
    Probe("other-product", "a payment by a product that does not exist", lambda v: create(v, **{INPUT: {"paymentProductId": 99999}})),
    Probe("unknown-member", "a member that nobody knows", lambda v: create(v, nothing="at all")),
    Probe("no-json", "a body that is no JSON", lambda v: no_json(at(v.account, "/payments"))),
    Probe("unknown", "a payment is read that nobody has made", lambda v: get(unknown(v))),
    Probe("unknown-refund", "a refund is read that nobody has made", lambda v: get(unknown(v).replace("/payments/", "/refunds/"))),
    Probe("unknown-path", "an address that does not exist", lambda v: get(at(v.account, "/nothing"))),
    Probe("wrong-signature", "a wrong signature", lambda v: get(payment(v)), credential="wrong"),
    Probe("no-signature", "no signature", lambda v: get(payment(v)), credential="none"),
    Probe("early-refund", "a refund before anything was paid", refund),
    Probe("early-capture", "a capture before anything was authorized", lambda v: json_request("POST", payment(v, "/capture"), {})),
    Probe("approve", "an approval that nobody waits for", lambda v: json_request("POST", payment(v, "/approve"), {})),
    Probe("cancel", "the second payment is cancelled", lambda v: Request("POST", payment(v, "/cancel", "keyed"))),
    Probe("cancel-again", "it is cancelled once more", lambda v: Request("POST", payment(v, "/cancel", "keyed"))),
    Probe("read-cancelled", "the cancelled payment is read", lambda v: get(payment(v, "", "keyed"))),
    Probe("list", "payments are found by their reference", lambda v: get(at(v.account, f"/payments?merchantReference={v.purchase.reference}"))),
    Probe("product", "Alipay as a product", lambda v: get(product(v, "/861")), varies=("displayHints", "fields")),
    Probe("no-country", "products without a country", lambda v: get(at(v.account, "/products?currencyCode=CNY"))),
    Probe("products", "the products of a country", lambda v: get(product(v, "")), varies=("paymentProducts",)),
    Probe("alipay-plus", "Alipay+ as a product", lambda v: get(product(v, "/866")), varies=("displayHints", "fields")),
    Probe("yen", "a payment of half a yen", lambda v: order(v, amountOfMoney={"amount": 2550, "currencyCode": "JPY"})),
    Probe("locale", "a customer with a locale of three parts", lambda v: order(v, customer={"locale": "zh-Hans-CN"})),
    Probe("captures", "its captures are listed", lambda v: get(payment(v, "/captures"))),
    Probe("refunds", "its refunds are listed", lambda v: get(payment(v, "/refunds"))),
    Probe("third-party", "where it stands at the wallet", lambda v: get(payment(v, "/thirdpartystatus"))),
    Probe("read-paid", "the payment is read once the consumer has paid", lambda v: get(payment(v)), pays=True),
    Probe("refund", "a refund before the funds have come", refund, pays=True),
    Probe("late-cancel", "a payment is cancelled that was paid", lambda v: Request("POST", payment(v, "/cancel")), pays=True),
)
# fmt: on

SANDBOX = Sandbox(
    url="https://api.preprod.connect.worldline-solutions.com",
    hosts=(
        "api.preprod.connect.worldline-solutions.com",
        "eu.sandbox.api-ingenico.com",
        "world.preprod.api-ingenico.com",
        "api-sandbox.globalcollect.com",
    ),
    credentials=("merchant_id", "api_key_id", "secret_api_key"),
    probes=PROBES,
    chosen=("merchantReference", "merchantOrderId", "merchantCustomerId", "invoiceNumber"),
    payment_id=lambda visit: str(visit.told("create", "payment", "id")),
)
