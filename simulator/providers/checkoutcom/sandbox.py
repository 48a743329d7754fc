"""Checkout.com's sandbox: where it is, and harmless calls that show what it answers.

Source: docs/providers/checkoutcom.md, sources 1 to 4.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.sandbox import Probe, Sandbox, Visit, get, no_json, without
from simulator.engine.shop import Request, json_request
from simulator.engine.stories import saying_more
from simulator.providers.checkoutcom.shop import create as creation
from simulator.providers.checkoutcom.shop import refund as refunding
from simulator.providers.checkoutcom.wire.sessions import PICKED

PAYMENTS = "/payments"
NOBODY = f"{PAYMENTS}/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa"
IN_A_WHILE = timedelta(seconds=10)
"""Captures and refunds are accepted first, and done soon after."""


def create(visit: Visit, **more: Any) -> Request:
    return saying_more(creation(visit.account, visit.purchase), more)


def keyed(visit: Visit, **more: Any) -> Request:
    key = {"Cko-Idempotency-Key": visit.purchase.reference}
    return create(visit, reference=f"{visit.purchase.reference}-2", **more).plus(key)


def payment(visit: Visit, rest: str = "") -> str:
    return f"{PAYMENTS}/{visit.told('create', 'id')}{rest}"


def post(path: str, **body: Any) -> Request:
    return json_request("POST", path, body)


def refund(visit: Visit) -> Request:
    return refunding(visit.account, str(visit.told("create", "id")), visit.half)


def refund_all(visit: Visit) -> Request:
    return refunding(visit.account, str(visit.told("create", "id")), visit.purchase.amount)


def page(visit: Visit) -> dict[str, Any]:
    """What hosted pages and payment sessions want."""
    back = visit.purchase.return_url
    return {
        "amount": visit.purchase.amount.value,
        "currency": visit.purchase.amount.currency,
        "reference": visit.purchase.reference,
        "billing": {"address": {"country": "DE"}},
        "processing_channel_id": visit.account.credentials["processing_channel_id"],
        "success_url": back,
        "failure_url": back,
    }


# fmt: off
PROBES = (
    Probe("create", "a payment is requested", create),
    Probe("read", "it is read", lambda v: get(payment(v))),
    Probe("actions", "its actions are listed", lambda v: get(payment(v, "/actions"))),
    Probe("keyed", "another is requested, with an idempotency key", keyed),
    Probe("replay", "the same is asked with the same key", keyed),
    Probe("key-reused", "something else is asked with the same key", lambda v: keyed(v, payment_type="Recurring")),
    Probe("desktop", "a payment in a desktop browser", lambda v: create(v, reference=f"{v.purchase.reference}-3", processing={"terminal_type": "WEB"})),
    Probe("no-channel", "a payment without a processing channel", lambda v: without(create(v), "processing_channel_id")),
    Probe("no-source", "a payment without a source", lambda v: without(create(v), "source")),
    Probe("no-amount", "a payment without an amount", lambda v: without(create(v), "amount")),
    Probe("no-currency", "a payment without a currency", lambda v: without(create(v), "currency")),
    Probe("no-success-url", "a payment without an address to come back to", lambda v: without(create(v), "success_url")),
    Probe("below-zero", "a payment of less than nothing", lambda v: create(v, amount=-1)),
    Probe("amount-as-text", "a payment whose amount is a word", lambda v: create(v, amount="ten")),
    Probe("other-currency", "a payment in a currency that does not exist", lambda v: create(v, currency="XXY")),
    Probe("other-source", "a payment from a source that does not exist", lambda v: create(v, source={"type": "barter"})),
    Probe("other-terminal", "a payment at a terminal that does not exist", lambda v: create(v, processing={"terminal_type": "FAX"})),
    Probe("no-json", "a body that is no JSON", lambda v: no_json(PAYMENTS)),
    Probe("unknown", "a payment is read that nobody has made", lambda v: get(NOBODY)),
    Probe("unknown-path", "an address that does not exist", lambda v: get(f"{NOBODY}/nothing")),
    Probe("unknown-refund", "a refund of a payment that nobody has made", lambda v: post(f"{NOBODY}/refunds")),
    Probe("wrong-key", "a wrong secret key", lambda v: get(payment(v)), credential="wrong"),
    Probe("no-key", "no key", lambda v: get(payment(v)), credential="none"),
    Probe("early-refund", "a refund before anything was paid", refund),
    Probe("early-capture", "a capture before anything was authorized", lambda v: post(payment(v, "/captures"))),
    Probe("cancel", "a void of a payment that waits for its buyer", lambda v: post(payment(v, "/voids"))),
    Probe("reversal", "a reversal of it", lambda v: post(payment(v, "/reversals"))),
    Probe("list", "payments are found by their reference", lambda v: get(f"{PAYMENTS}?reference={v.purchase.reference}")),
    Probe("list-nothing", "payments are looked for that nobody has made", lambda v: get(f"{PAYMENTS}?reference={v.purchase.reference}-0")),
    Probe("too-much", "a payment of more than there can be", lambda v: create(v, amount=10_000_000_000)),
    Probe("small-letters", "a payment whose type is in small letters", lambda v: create(v, payment_type="regular")),
    Probe("search", "payments are searched for", lambda v: post(f"{PAYMENTS}/search", query=f"reference:'{v.purchase.reference}'", limit=1)),
    Probe("unknown-instrument", "an instrument is read that nobody has", lambda v: get("/instruments/src_aaaaaaaaaaaaaaaaaaaaaaaaaa")),
    Probe("event-types", "the events that there are", lambda v: get("/workflows/event-types")),
    Probe("hosted", "a hosted payment page is made", lambda v: post("/hosted-payments", **page(v), cancel_url=v.purchase.return_url)),
    Probe("read-hosted", "it is read", lambda v: get(f"/hosted-payments/{v.told('hosted', 'id')}")),
    Probe("session", "a payment session is made", lambda v: post("/payment-sessions", **page(v))),
    Probe("session-data", "it is submitted with made-up data", lambda v: post(f"/payment-sessions/{v.told('session', 'id')}/submit", session_data="made up")),
    Probe("read-paid", "the payment is read once it is paid", lambda v: get(payment(v)), after=IN_A_WHILE, pays=True),
    Probe("refund", "a part is refunded", refund, pays=True),
    Probe("refund-too-much", "more than is left is refunded", refund_all, after=IN_A_WHILE, pays=True),
    Probe("late-cancel", "a void of a paid payment", lambda v: post(payment(v, "/voids")), pays=True),
    Probe("read-refunded", "the payment is read after its refund", lambda v: get(payment(v)), pays=True),
    Probe("late-actions", "its actions are listed", lambda v: get(payment(v, "/actions")), pays=True),
)
# fmt: on

SANDBOX = Sandbox(
    url="https://api.sandbox.checkout.com",
    hosts=("api.sandbox.checkout.com", "*.api.sandbox.checkout.com"),
    live_key=r"[sp]k_(?!sbox_|test_)",
    credentials=("secret_key", "processing_channel_id"),
    probes=PROBES,
    constants=frozenset(PICKED),
    public={"public_key": r"pk_sbox_\w{16,}", "previous_public_key": r"pk_test_[0-9a-f-]{36}"},
    chosen=("reference", "payment_reference", "order_id", "invoice_id", "metadata.*"),
)
