"""Differences planted in what stands in for Checkout.com's sandbox."""

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
    turn,
)

REFUSED = {"request_id": "f5a2a3a3-7f1a-4d7c-8d4e-0a3b4f4b9c11", "error_type": "request_invalid", "error_codes": ["x"]}

LIVE_HOST = "https://api.checkout.com"
"""Where it takes real money; empty where that is the sandbox's host, too."""
LIVE_KEY, SANDBOX_KEY = "sk_abcdefghijklmnopqrstuvwxyz2", "sk_sbox_abcdefghijklmnopqrstuvwxyz2"
"""Empty where keys do not say which they are."""
SETTINGS = {"webhooks_envelope": "as_documented"}
"""With which a stand-in differs, and which follow it."""
WEBHOOKS = (
    "payment_pending",
    "payment_capture_pending",
    "payment_captured",
    "payment_refund_pending",
    "payment_refunded",
)
"""All that the calls and a buyer who pays make it tell of."""

# fmt: off
PLANTED = (
    Planted("create",          status(201),                                         "status",                      "status"),
    Planted("read",            drop("payment_type"),                                "payment_type",                "missing"),
    Planted("actions",         put("", {"data": []}),                               "body",                        "type"),
    Planted("keyed",           add("processing", {}),                               "processing",                  "added"),
    Planted("replay",          another_id("id"),                                    "id",                          "value", ("_links.self.href",)),
    Planted("key-reused",      refusal(409, REFUSED),                               "status",                      "status"),
    Planted("desktop",         header("cko-version", "4.0.0"),                      "header cko-version",          "value"),
    Planted("no-channel",      refusal(422, REFUSED),                               "status",                      "status"),
    Planted("no-source",       put("error_codes", ["source_required"]),             "error_codes[]",               "value"),
    Planted("no-amount",       put("error_codes", ["amount_invalid", "amount_required"]), "error_codes[]",         "length"),
    Planted("no-currency",     rename("error_codes", "errors"),                     "error_codes",                 "renamed"),
    Planted("no-success-url",  turn("_links"),                                      "_links",                      "order"),
    Planted("below-zero",      put("error_type", "processing_error"),               "error_type",                  "value"),
    Planted("amount-as-text",  slow(3.0),                                           "time",                        "time"),
    Planted("other-currency",  put("request_id", "0HL80RJLS76I7"),                  "request_id",                  "form", ("header cko-request-id",)),
    Planted("other-source",    header("content-type", "application/json; charset=utf-8"), "header content-type",   "value"),
    Planted("other-terminal",  put("error_codes", "terminal_type_invalid"),         "error_codes",                 "type"),
    Planted("no-json",         status(400),                                         "status",                      "status"),
    Planted("unknown",         body(b'{"error": "not found"}'),                     "body",                        "body"),
    Planted("unknown-path",    status(405),                                         "status",                      "status"),
    Planted("wrong-key",       status(200),                                         "status",                      "status"),
    Planted("no-key",          header("cko-request-id", None),                      "header cko-request-id",       "missing"),
    Planted("cancel",          refusal(202, {"action_id": "act_1"}),                "status",                      "status"),
    Planted("list",            turn("data"),                                        "data[]",                      "order"),
    Planted("list-nothing",    put("total_count", "0"),                             "total_count",                 "type"),
    Planted("read-paid",       put("status", "Paid"),                               "status",                      "value"),
    Planted("refund",          add("reference"),                                    "reference",                   "added"),
    Planted("refund-too-much", put("error_codes", ["refund_amount_exceeds_balance"]), "error_codes[]",             "value"),
    Planted("read-refunded",   put("balances.available_to_refund", 0),              "balances.available_to_refund", "value"),
    Planted("late-actions",    put("0.processed_on", "2026-07-19 21:22:23"),        "[].processed_on",             "form"),
    Planted("read",              five_years_on("requested_on"),                       "requested_on",                      "far off"),
    Planted("list-nothing",      new_header("retry-after", "5"),                      "header retry-after",                "added"),
)
# fmt: on
