"""Differences planted in what stands in for Worldline's pre-production."""

from __future__ import annotations

from drifting import (
    Planted,
    add,
    another_id,
    body,
    drop,
    five_years_on,
    header,
    new_header,
    put,
    refusal,
    rename,
    slow,
    status,
    text,
    turn,
)

REFUSED = {"errorId": "0d2f1a4b-1111-4222-8333-444455556666-77778888", "errors": [{"code": "410110"}]}

LIVE_HOST = "https://api.connect.worldline-solutions.com"
"""Where it takes real money; empty where that is the sandbox's host, too."""
LIVE_KEY, SANDBOX_KEY = "", ""
"""Empty where keys do not say which they are."""
SETTINGS: dict[str, str] = {}
"""None shows in these calls: what settings choose comes later than the last of them."""
WEBHOOKS = (
    "payment.created",
    "payment.redirected",
    "payment.cancelled",
    "payment.captured",
)
"""All that the calls and a buyer who pays make it tell of."""

# fmt: off
PLANTED = (
    Planted("connection",      put("result", "ok"),                                 "result",                              "value"),
    Planted("create",          status(200),                                         "status",                              "status"),
    Planted("create",          header("location", None),                            "header location",                     "missing"),
    Planted("read",            drop("statusOutput.isAuthorized"),                   "statusOutput.isAuthorized",           "missing"),
    Planted("keyed",           add("payment.hostedCheckoutSpecificOutput", {}),     "payment.hostedCheckoutSpecificOutput", "added"),
    Planted("replay",          another_id("payment.id"),                            "payment.id",                          "value", ("header location",)),
    Planted("replay",          header("x-gcs-idempotence-request-timestamp", None), "header x-gcs-idempotence-request-timestamp", "missing"),
    Planted("key-reused",      refusal(409, REFUSED),                               "status",                              "status"),
    Planted("checkout",        put("RETURNMAC", "abc"),                             "RETURNMAC",                           "form"),
    Planted("read-checkout",   put("status", "PAYMENT_CREATED"),                    "status",                              "value"),
    Planted("no-order",        put("errors.0.code", "20000001"),                    "errors[].code",                       "value"),
    Planted("no-amount",       put("errors.0.message", "amountOfMoney is missing"), "errors[].message",                    "value"),
    Planted("no-customer",     rename("errors.0.propertyName", "property"),         "errors[].propertyName",               "renamed"),
    Planted("no-return",       turn("errors.0"),                                    "errors[]",                            "order"),
    Planted("nothing",         put("errors", lambda errors: errors[0]),             "errors",                              "type"),
    Planted("amount-as-text",  put("errors", lambda errors: errors * 2),            "errors[]",                            "length"),
    Planted("other-currency",  status(400),                                         "status",                              "status"),
    Planted("other-product",   slow(11.0),                                          "time",                                "time"),
    Planted("unknown-member",  status(200),                                         "status",                              "status"),
    Planted("no-json",         header("content-type", "application/xml"),           "header content-type",                 "value"),
    Planted("unknown-path",    body(b'{"errorId": "x"}', "application/json"),       "body",                                "body"),
    Planted("unknown-path",    lambda answer: None,                                 "header content-type",                 "value"),
    Planted("wrong-signature", status(403),                                         "status",                              "status"),
    Planted("early-refund",    put("errors.0.httpStatusCode", "400"),               "errors[].httpStatusCode",             "type"),
    Planted("cancel",          refusal(402, REFUSED),                               "status",                              "status"),
    Planted("cancel-again",    put("errorId", "E-17"),                              "errorId",                             "form"),
    Planted("read-cancelled",  put("statusOutput.statusCode", 1),                   "statusOutput.statusCode",             "value"),
    Planted("list",            turn("payments"),                                    "payments[]",                          "order"),
    Planted("read-paid",       put("statusOutput.statusCodeChangeDateTime", "2026-07-19T23:22:23"), "statusOutput.statusCodeChangeDateTime", "form"),
    Planted("late-cancel",     text("errorId", "error_id"),                         "errorId",                             "renamed"),
    Planted("read-cancelled",    five_years_on("statusOutput.statusCodeChangeDateTime"), "statusOutput.statusCodeChangeDateTime", "far off"),
    Planted("no-signature",      new_header("www-authenticate", "GCS"),               "header www-authenticate",           "added"),
)
# fmt: on
