"""WooshPay's test API: where it is, and harmless calls that show what it answers.

Source: docs/providers/wooshpay.md, sources 1 to 3.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.sandbox import Probe, Sandbox, Visit, get, no_json, without
from simulator.engine.shop import Request, json_request
from simulator.engine.stories import saying_more
from simulator.providers.wooshpay.shop import INTENTS
from simulator.providers.wooshpay.shop import create as creation
from simulator.providers.wooshpay.shop import refund as refunding

NOBODY = "1000000000000000001"


def create(visit: Visit, **more: Any) -> Request:
    return saying_more(creation(visit.account, visit.purchase), more)


def keyed(visit: Visit, **more: Any) -> Request:
    key = {"Idempotency-Key": visit.purchase.reference}
    return create(visit, merchant_order_id=f"{visit.purchase.reference}-2", **more).plus(key)


def unconfirmed(visit: Visit) -> Request:
    return create(visit, merchant_order_id=f"{visit.purchase.reference}-3", confirm=False)


def session(visit: Visit) -> Request:
    product = {"name": "Tea", "images": []}
    price = {
        "currency": visit.purchase.amount.currency,
        "unit_amount": visit.purchase.amount.value,
        "product_data": product,
    }
    body = {
        "mode": "payment",
        "payment_method_types": ["alipay"],
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": visit.purchase.return_url,
        "cancel_url": visit.purchase.return_url,
    }
    return json_request("POST", "/v1/checkout/sessions", body)


def intent(visit: Visit, rest: str = "", of: str = "create") -> str:
    return f"{INTENTS}/{visit.told(of, 'id')}{rest}"


def second(visit: Visit, rest: str = "") -> str:
    return intent(visit, rest, "keyed")


def refund(visit: Visit) -> Request:
    return refunding(visit.account, str(visit.told("create", "id")), visit.half)


# fmt: off
PROBES = (
    Probe("create", "an intent is created and confirmed", create),
    Probe("read", "it is read", lambda v: get(intent(v))),
    Probe("keyed", "another is created, with an idempotency key", keyed),
    Probe("replay", "the same is asked with the same key", keyed),
    Probe("key-reused", "something else is asked with the same key", lambda v: keyed(v, return_url="https://shop.example/other")),
    Probe("unconfirmed", "an intent is created and not confirmed", unconfirmed),
    Probe("confirm-again", "a confirmed intent is confirmed again", lambda v: json_request("POST", intent(v, "/confirm"), {})),
    Probe("session", "a checkout session is created", session),
    Probe("read-session", "it is read", lambda v: get(f"/v1/checkout/sessions/{v.told('session', 'id')}")),
    Probe("session-intent", "the amount of a session's intent is changed", lambda v: json_request("POST", f"{INTENTS}/{v.told('session', 'payment_intent')}", {"amount": v.purchase.amount.value})),
    Probe("expire-session", "it is expired", lambda v: json_request("POST", f"/v1/checkout/sessions/{v.told('session', 'id')}/expire", {})),
    Probe("no-amount", "an intent without an amount", lambda v: without(create(v), "amount")),
    Probe("no-currency", "an intent without a currency", lambda v: without(create(v), "currency")),
    Probe("nothing", "an intent over nothing", lambda v: create(v, amount=0)),
    Probe("amount-as-text", "an intent whose amount is a word", lambda v: create(v, amount="ten")),
    Probe("other-currency", "an intent in a currency that Alipay does not take", lambda v: create(v, currency="BRL")),
    Probe("other-method", "an intent by a method that does not exist", lambda v: create(v, payment_method_types=["barter"])),
    Probe("no-json", "a body that is no JSON", lambda v: no_json(INTENTS)),
    Probe("unknown", "an intent is read that nobody has made", lambda v: get(f"{INTENTS}/pi_{NOBODY}")),
    Probe("unknown-path", "an address that does not exist", lambda v: get("/v1/nothing")),
    Probe("unknown-refund", "a refund is read that nobody has made", lambda v: get(f"/v1/refunds/re_{NOBODY}")),
    Probe("wrong-key", "a wrong secret key", lambda v: get(intent(v)), credential="wrong"),
    Probe("no-key", "no key", lambda v: get(intent(v)), credential="none"),
    Probe("early-refund", "a refund before anything was paid", refund),
    Probe("early-capture", "a capture before anything was authorized", lambda v: json_request("POST", intent(v, "/capture"), {})),
    Probe("cancel", "the second intent is cancelled", lambda v: json_request("POST", second(v, "/cancel"), {"cancellation_reason": "abandoned"})),
    Probe("cancel-again", "it is cancelled once more", lambda v: json_request("POST", second(v, "/cancel"), {})),
    Probe("read-cancelled", "the cancelled intent is read", lambda v: get(second(v))),
    Probe("list", "intents are listed", lambda v: get(f"{INTENTS}?limit=10"), varies=("has_more",)),
    Probe("balance", "what the account has", lambda v: get("/v1/balance"), varies=("available", "pending")),
    Probe("no-id", "an intent is read by what is no id", lambda v: get(f"{INTENTS}/test")),
    Probe("refund-no-id", "a refund of what is no id", lambda v: refunding(v.account, "test", v.half)),
    Probe("refund-by-charge", "a refund of a charge that nobody has made", lambda v: json_request("POST", "/v1/refunds", {"charge": f"ch_{NOBODY}"})),
    Probe("small-letters", "an intent in a currency in small letters", lambda v: create(v, currency="cny")),
    Probe("account-types", "an intent that names no method", lambda v: json_request("POST", INTENTS, {"amount": v.purchase.amount.value, "currency": "CNY"})),
    Probe("phone", "an intent for a phone's browser", lambda v: create(v, payment_method_options={"alipay": {"terminal_type": "WAP", "os_type": "ANDROID"}})),
    Probe("metadata", "an intent with a number in its metadata", lambda v: create(v, metadata={"n": 1})),
    Probe("update", "the amount of a confirmed intent is changed", lambda v: json_request("POST", intent(v), {"amount": v.purchase.amount.value})),
    Probe("search", "intents are searched for", lambda v: get(f"{INTENTS}/search?query=merchant_order_id%3A%27{v.purchase.reference}-2%27")),
    Probe("unknown-charge", "a charge is read that nobody has made", lambda v: get(f"/v1/charges/ch_{NOBODY}")),
    Probe("read-paid", "the first intent is read once it is paid", lambda v: get(intent(v)), pays=True),
    Probe("refund", "a part is refunded", refund, pays=True),
    Probe("refund-again", "a second refund of the same payment", refund, pays=True),
    Probe("late-cancel", "a paid intent is cancelled", lambda v: json_request("POST", intent(v, "/cancel"), {}), pays=True),
    Probe("read-refunded", "the intent is read after its refund", lambda v: get(intent(v)), pays=True),
)
# fmt: on

SANDBOX = Sandbox(
    url="https://apitest.wooshpay.com",
    hosts=("apitest.wooshpay.com",),
    live_key=r"[sp]k_live_",
    credentials=("secret_key",),
    probes=PROBES,
    public={"publishable_key": r"pk_test_\w+", "live_publishable_key": r"pk_live_\w+"},
    chosen=("merchant_order_id", "client_reference_id", "metadata.*"),
)
