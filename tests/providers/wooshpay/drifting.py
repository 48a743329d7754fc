"""Differences planted in what stands in for WooshPay's test API."""

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

CONFLICT = {"error": {"type": "invalid_request_error", "code": "payment_intent_locked", "message": "It is being paid."}}

LIVE_HOST = "https://api.wooshpay.com"
"""Where it takes real money; empty where that is the sandbox's host, too."""
LIVE_KEY, SANDBOX_KEY = "sk_live_1", "sk_test_1"
"""Empty where keys do not say which they are."""
SETTINGS = {"next_action_type": "alipay_handle_redirect"}
"""With which a stand-in differs, and which follow it."""
WEBHOOKS = (
    "payment_intent.created",
    "payment_intent.requires_action",
    "checkout.session.expired",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    "charge.refund.updated",
)
"""All that the calls and a buyer who pays make it tell of."""

# fmt: off
PLANTED = (
    Planted("create",          status(201),                                         "status",                        "status"),
    Planted("read",            drop("capture_method"),                              "capture_method",                "missing"),
    Planted("keyed",           add("latest_charge", "ch_1"),                        "latest_charge",                 "added"),
    Planted("replay",          another_id("id"),                                    "id",                            "value", ("client_secret",)),
    Planted("replay",          header("idempotent-replayed", None),                 "header idempotent-replayed",    "missing"),
    Planted("key-reused",      refusal(200, {"id": "pi_1"}),                        "status",                        "status"),
    Planted("unconfirmed",     turn(""),                                            "body",                          "order"),
    Planted("confirm-again",   put("next_action.type", "alipay_handle_redirect"),   "next_action.type",              "value"),
    Planted("session",         put("url", None),                                    "url",                           "type"),
    Planted("read-session",    put("expires_at", lambda at: at // 1000),            "expires_at",                    "form"),
    Planted("expire-session",  rename("payment_status", "pay_status"),              "payment_status",                "renamed"),
    Planted("no-amount",       put("error.code", "parameter_required"),             "error.code",                    "value"),
    Planted("no-currency",     put("error.message", "currency is required"),        "error.message",                 "value"),
    Planted("nothing",         drop("error.message"),                               "error.message",                 "missing"),
    Planted("amount-as-text",  drop("error.param"),                                 "error.param",                   "missing"),
    Planted("other-currency",  status(422),                                         "status",                        "status"),
    Planted("other-method",    slow(15.0),                                          "time",                          "time"),
    Planted("no-json",         body(b"Bad Request"),                 "body",                          "body"),
    Planted("unknown",         put("error.param", "payment_intent"),                "error.param",                   "value"),
    Planted("unknown-path",    body(b""),            "body",                          "body"),
    Planted("unknown-refund",  put("error", ["No such refund"]),                    "error",                         "type"),
    Planted("wrong-key",       status(403),                                         "status",                        "status"),
    Planted("early-refund",    put("error.type", "api_error"),                      "error.type",                    "value"),
    Planted("cancel",          refusal(400, CONFLICT),                              "status",                        "status"),
    Planted("cancel-again",    header("content-type", "application/problem+json"),  "header content-type",           "value"),
    Planted("read-cancelled",  put("status", "cancelled"),                          "status",                        "value"),
    Planted("list",            turn("data"),                                        "data[]",                        "order"),
    Planted("balance",         put("object", "balances"),                           "object",                        "value"),
    Planted("read-paid",       put("amount_received", str),                         "amount_received",               "type"),
    Planted("refund",          text("re_", "rf_"),                                  "id",                            "form"),
    Planted("read-refunded",   put("created", lambda at: "2026-07-19T21:22:23Z"),   "created",                       "type"),
    Planted("session",           five_years_on("created"),                            "created",                           "far off"),
    Planted("no-key",            new_header("retry-after", "5"),                      "header retry-after",                "added"),
)
# fmt: on
