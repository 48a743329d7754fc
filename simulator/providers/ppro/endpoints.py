"""PPRO's table of routes. Source: docs/providers/ppro.md, sources 3.0, 3.9, 3.10, 12.1 and 12.2."""

from __future__ import annotations

from pydantic import BaseModel

from simulator.engine.provider import Call, Endpoint, Handler, LeftOut
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.ppro import wire as w
from simulator.providers.ppro.handlers import (
    authorizations,
    captures,
    charges,
    discards,
    funds_statuses,
    instruments,
    operations,
    refunds,
    reports,
    voids,
)
from simulator.providers.ppro.wire.reports import ReportRequest

CHARGE = "/v1/payment-charges/{id}"
INSTRUMENT = "/v1/payment-instruments/{id}"
AGREEMENT = "/v1/payment-agreements/{id}"
SESSION = "/v1/payment-sessions/{id}"

DEPTH = 64
"""How deep a body may be nested. Inferred: ppro.body-bounds."""


def read_body(call: Call, endpoint: Endpoint) -> object:
    """The parsed body. A discard may come without one. Raises `Invalid` for a nesting that is too deep, and for NUL."""
    if not call.raw_body and endpoint.body is w.DiscardRequest:
        return {}
    body: object = call.json
    if call.raw_body.count(b"[") + call.raw_body.count(b"{") > DEPTH or b"\\u0000" in call.raw_body:
        _check_shape(body)
    return body


def _check_shape(body: object) -> None:
    """Raises `Invalid` when the body is nested too deeply or a text in it has a NUL character, which not every store can keep."""
    level: list[object] = [body]
    for _ in range(DEPTH):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str) and "\0" in value:
                raise Invalid([Violation("", "custom", message="must not contain NUL")])
        if not inner:
            return
        level = inner
    raise Invalid([Violation("", "custom", message=f"must not be nested deeper than {DEPTH} levels")])


READ = {200: "The resource", 404: "Unknown charge, operation, instrument or report"}
DONE = {
    200: "The entity, also when it is declined: `status: FAILED` and a `failure`",
    400: "Broken schema, or an unknown charge",
    409: "The idempotency key was used with another body",
    415: "Not application/json",
}
CREATED = {**DONE, 422: "An amount of zero or less"}

NAMES = {
    # kind: operationId of the list and of one entry; those of discards are not published
    "authorizations": ("getAuthorizations", "getAuthorization"),
    "captures": ("getCaptures", "getCapture"),
    "refunds": ("getRefunds", "getRefund"),
    "discards": ("getDiscards", "getDiscard"),
    "voids": ("getVoids", "getVoid"),
}


def _get(path: str, handler: Handler, operation: str, *parameters: str) -> Endpoint:
    return Endpoint("GET", path, handler, operation, parameters=parameters, answers=READ, reads=True)


def _post(path: str, handler: Handler, operation: str, body: type[BaseModel]) -> Endpoint:
    return Endpoint("POST", path, handler, operation, body, answers=DONE, idempotent=True)


# fmt: off
ENDPOINTS = (
    Endpoint("POST",   "/v1/payment-charges",       charges.create_charge,              "authorize",               w.ChargeRequest, answers=CREATED, idempotent=True),
    _get(              "/v1/payment-charges",       charges.search_charges,             "searchPaymentCharge", "merchantPaymentChargeReference", "agreementId", "page"),
    _get(              CHARGE,                      charges.get_charge,                 "getPaymentCharge"),
    _post(             f"{CHARGE}/authorizations",  authorizations.confirm,             "confirm",                 w.ConfirmRequest),
    _post(             f"{CHARGE}/captures",        captures.capture_charge,            "capture",                 w.CaptureRequest),
    _post(             f"{CHARGE}/refunds",         refunds.refund_charge,              "refund",                  w.RefundRequest),
    _post(             f"{CHARGE}/voids",           voids.void_charge,                  "processVoid",             w.VoidRequest),
    _post(             f"{CHARGE}/discards",        discards.discard_charge,            "discard",                 w.DiscardRequest),
    *(_get(f"{CHARGE}/{kind}",                      operations.list_operations(kind),     many) for kind, (many, _) in NAMES.items()),
    *(_get(f"{CHARGE}/{kind}/{{operation}}",        operations.get_operation(kind),       one)  for kind, (_, one) in NAMES.items()),
    _get(              f"{CHARGE}/funds-statuses",  funds_statuses.get_funds_statuses,  "getFundsStatuses"),
    _post(             "/v1/payment-instruments",   instruments.create_instrument,      "createPaymentInstrument", w.InstrumentInput),
    _get(              INSTRUMENT,                  instruments.get_instrument,         "fetchPaymentInstrument"),
    Endpoint("PUT",    INSTRUMENT,                  instruments.update_instrument,      "updatePaymentInstrument", w.InstrumentInput, answers=DONE),
    _post(             "/v1/payment-reports",       reports.create_report,              "createPaymentReport",     ReportRequest),
    _get(              "/v1/payment-reports/{id}",  reports.get_report,                 "getPaymentReport"),
    Endpoint("DELETE", INSTRUMENT,                  instruments.delete_instrument,      "deletePaymentInstrument", answers={204: "Deleted", 404: "Unknown"}),
)

LEFT_OUT = (
    # Agreements are for recurring payments, which Alipay has not; sessions are the browser's drop-in, another product.
    # Source: docs/providers/ppro.md, sources 3.9 and 3.10. The names are ours, but createAgreementCharge.
    LeftOut("POST",    "/v1/payment-agreements",                "createAgreement"),
    LeftOut("GET",     AGREEMENT,                               "getAgreement"),
    LeftOut("POST",    f"{AGREEMENT}/authorizations",           "confirmAgreement"),
    LeftOut("POST",    f"{AGREEMENT}/revocations",              "revokeAgreement"),
    LeftOut("POST",    f"{AGREEMENT}/payment-charges",          "createAgreementCharge"),
    LeftOut("POST",    "/v1/payment-sessions",                  "createSession"),
    LeftOut("GET",     SESSION,                                 "getSession"),
    LeftOut("PATCH",   SESSION,                                 "updateSession"),
    LeftOut("POST",    f"{SESSION}/authorizations",             "authorizeSession"),
)
# fmt: on
