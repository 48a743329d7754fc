"""PPRO's table of routes. Source: reference/ppro.md, section 3.0."""

from __future__ import annotations

from simulator.engine.provider import Call, Endpoint
from simulator.providers.ppro import handlers as h
from simulator.providers.ppro import wire as w

CHARGE = "/v1/payment-charges/{id}"
INSTRUMENT = "/v1/payment-instruments/{id}"


def read_body(call: Call, endpoint: Endpoint) -> object:
    """A discard may come without a body (inferred)."""
    return {} if not call.raw_body and endpoint.body is w.DiscardRequest else call.json


def _get(path: str, handler: object, operation: str) -> Endpoint:
    return Endpoint("GET", path, handler, operation, reads=True)  # type: ignore[arg-type]


# fmt: off
ENDPOINTS = (
    Endpoint("POST",   "/v1/payment-charges",     h.create_charge,     "authorize", w.ChargeRequest,  idempotent=True),
    _get(              "/v1/payment-charges",     h.search_charges,    "searchPaymentCharge"),
    _get(              CHARGE,                    h.get_charge,        "getPaymentCharge"),
    Endpoint("POST",   f"{CHARGE}/authorizations", h.confirm,          "confirm",   w.ConfirmRequest, idempotent=True),
    Endpoint("POST",   f"{CHARGE}/captures",      h.capture_charge,    "capture",   w.CaptureRequest, idempotent=True),
    Endpoint("POST",   f"{CHARGE}/refunds",       h.refund_charge,     "refund",    w.RefundRequest,  idempotent=True),
    Endpoint("POST",   f"{CHARGE}/voids",         h.void_charge,       "processVoid", w.VoidRequest,  idempotent=True),
    Endpoint("POST",   f"{CHARGE}/discards",      h.discard_charge,    "discard",   w.DiscardRequest, idempotent=True),
    *(_get(f"{CHARGE}/{kind}",                    h.list_operations(kind), f"list.{kind}") for kind in w.OPERATIONS),
    *(_get(f"{CHARGE}/{kind}/{{operation}}",      h.get_operation(kind),   f"get.{kind}")  for kind in w.OPERATIONS),
    _get(              f"{CHARGE}/funds-statuses", h.get_funds_statuses, "getFundsStatuses"),
    Endpoint("POST",   "/v1/payment-instruments", h.create_instrument, "createPaymentInstrument", w.InstrumentInput, idempotent=True),
    _get(              INSTRUMENT,                h.get_instrument,    "fetchPaymentInstrument"),
    Endpoint("PUT",    INSTRUMENT,                h.update_instrument, "updatePaymentInstrument", w.InstrumentInput),
    Endpoint("DELETE", INSTRUMENT,                h.delete_instrument, "deletePaymentInstrument"),
)
# fmt: on
