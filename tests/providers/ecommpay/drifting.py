"""Differences planted in what stands in for a test project at ecommpay."""

from __future__ import annotations

from drifting import (
    Planted,
    add,
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

TWICE = {"status": "error", "code": "3160", "message": "Payment with this id already exists"}

LIVE_HOST = ""
"""Where it takes real money; empty where that is the sandbox's host, too."""
LIVE_KEY, SANDBOX_KEY = "", ""
"""Empty where keys do not say which they are."""
SETTINGS = {"redirect_method": "POST"}
"""With which a stand-in differs, and which follow it."""
WEBHOOKS = (
    "sale awaiting redirect result",
    "sale error",
    "refund error",
    "refund decline",
    "sale success",
    "refund success",
)
"""All that the calls and a buyer who pays make it tell of."""

# fmt: off
PLANTED = (
    Planted("create",          status(202),                                          "status",                     "status"),
    Planted("read",            drop("payment.description"),                          "payment.description",        "missing"),
    Planted("request",         add("sum_fee", {"amount": 1, "currency": "CNY"}),     "sum_fee",                    "added"),
    Planted("replay",          refusal(400, TWICE),                                  "status",                     "status"),
    Planted("second",          put("project_id", str),                               "project_id",                 "type"),
    Planted("no-amount",       put("code", "2005"),                                  "code",                       "value"),
    Planted("no-currency",     put("message", "payment.currency is required"),       "message",                    "value"),
    Planted("no-customer",     put("code", int),                                     "code",                       "type"),
    Planted("no-return",       slow(2.5),                                            "time",                       "time"),
    Planted("read-no-return",  put("payment.status", "processing"),                  "payment.status",             "value"),
    Planted("no-payment-id",   rename("message", "description"),                     "message",                    "renamed"),
    Planted("no-project",      turn(""),                                             "body",                       "order"),
    Planted("amount-as-text",  refusal(400, TWICE),                                  "status",                     "status"),
    Planted("no-json",         body(b"Unprocessable Entity"),             "body",                       "body"),
    Planted("unknown",         put("errors.0.code", 3062),                           "errors[].code",              "value"),
    Planted("unknown-path",    status(400),                                          "status",                     "status"),
    Planted("wrong-method",    header("content-type", "application/json"),           "header content-type",        "value"),
    Planted("wrong-signature", status(403),                                          "status",                     "status"),
    Planted("no-signature",    header("cache-control", None),                        "header cache-control",       "missing"),
    Planted("below-zero",      text("-00020892", ""),                                "request_id",                 "form"),
    Planted("read-early",      turn("operations"),                                   "operations[]",               "order"),
    Planted("list",            put("AUD", {}),                                       "AUD",                        "type"),
    Planted("read-paid",       put("operations.0.date", "2026-07-19T21:22:23Z"),     "operations[].date",          "form"),
    Planted("refund",          header("access-control-allow-origin", "https://x.example"), "header access-control-allow-origin", "value"),
    Planted("read-refunded",   drop("operations.1"),                                 "operations[]",               "length"),
    Planted("read-too-much",   put("payment.sum.amount", 0),                         "payment.sum.amount",         "value"),
    Planted("read-too-much",     five_years_on("operations.0.date"),                  "operations[].date",                 "far off"),
    Planted("no-signature",      new_header("www-authenticate", "Basic"),             "header www-authenticate",           "added"),
)
# fmt: on
