"""How those of PPRO's events come about that an ordinary ALIPAY charge never raises: by the mock's keys, by a bank's refusal."""

from __future__ import annotations

from typing import Any

from simulator.engine.shop import Account, Purchase, Request, json_request
from simulator.engine.stories import (
    PAID,
    Ask,
    Create,
    Decide,
    Refund,
    Rule,
    Set,
    SoFar,
    Stories,
    bank_declines,
    saying_more,
)
from simulator.kernel.money import Money
from simulator.providers.ppro import shop


def create(account: Account, purchase: Purchase) -> Request:
    """With the members that the published examples of webhooks show. Source: docs/providers/ppro.md, source 6.3."""
    more = {
        "merchantPaymentChargeReference": purchase.reference or "shop-1001",
        "order": {"orderReferenceNumber": "order-77"},
        "consumer": {"name": "Li Wei", "email": "li@example.com"},
    }
    return saying_more(shop.create(account, purchase), more)


def refund(account: Account, id_: str, amount: Money) -> Request:
    return saying_more(shop.refund(account, id_, amount), {"merchantRefundReference": "rf-1"})


def _mock(keys: str) -> Create:
    """A charge that the consumer confirms as usual; ALIPAY itself has none of these keys. Source: source 8.3."""

    def request(account: Account, purchase: Purchase) -> Request:
        descriptor = f"requiresAuthentication=true;authenticationType=REDIRECT;{keys}"
        return saying_more(create(account, purchase), {"paymentMethod": "MOCK", "paymentDescriptor": descriptor})

    return Create(request)


def _call(operation: str, **body: Any) -> Ask:
    def request(so_far: SoFar) -> Request:
        return json_request("POST", f"{shop.CHARGES}/{so_far.payment}/{operation}", body)

    return Ask(request)


AUTHORIZED = (_mock("requiresCapture=true"), Decide("paid"))
CAPTURE = _call("captures", amount=shop.SAMPLE.amount.value, merchantCaptureReference="cp-1")
VOID = _call("voids", amount=shop.SAMPLE.amount.value, merchantVoidReference="vd-1")
DISCARD = _call("discards", merchantDiscardReference="ds-1")


def _report(so_far: SoFar) -> Request:
    """Asks for a report on the captures in the moment of the charge just made. Its answer tells the moment, for the merchant's
    own clock differs."""
    return shop.report(so_far.account, "CAPTURE", so_far.answer.json["createdAt"])


REPORTED = (Create(), Ask(_report))
FAILING_REPORT = Rule({"settlement": {"report": "failed"}})
SLOW_REFUND = Rule({"when": {"operation": "refund"}, "bank": {"outcome": "pending"}})

# fmt: off
STORIES = Stories(
    create=create,
    refund=refund,
    of={
        "PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING": (_mock("providerConfirmation=true"), Decide("paid")),
        "PAYMENT_CHARGE_DISCARDED":       (Create(),),
        "PAYMENT_CHARGE_DISCARD_FAILED":  (*PAID, DISCARD),
        "PAYMENT_CHARGE_CAPTURE_FAILED":  (bank_declines("capture"), *AUTHORIZED, CAPTURE),
        "PAYMENT_CHARGE_VOID_SUCCEEDED":  (*AUTHORIZED, VOID),
        "PAYMENT_CHARGE_VOID_FAILED":     (bank_declines("void"), *AUTHORIZED, VOID),
        "PAYMENT_CHARGE_REFUND_PENDING":  (SLOW_REFUND, *PAID, Refund()),
        "REPORT_PROCESSED":               REPORTED,
        "REPORT_FAILED":                  (FAILING_REPORT, *REPORTED),
        "REPORT_EXPIRED":                 REPORTED,
        "FUNDS_STATE_CHANGED":            (Set({"funds_after": "PT1H"}), *PAID),
    },
)
# fmt: on
