"""Differences planted in what stands in for PPRO's sandbox."""

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

CONFLICT = {"status": 409, "failureMessage": "Charge cannot be discarded", "timestamp": "2026-07-19T21:22:23.000Z"}

LIVE_HOST = "https://api.eu.ppro.com"
"""Where it takes real money; empty where that is the sandbox's host, too."""
LIVE_KEY, SANDBOX_KEY = "", ""
"""Empty where keys do not say which they are."""
SETTINGS = {"consumer_countries": "any"}
"""With which a stand-in differs, and which follow it."""
WEBHOOKS = (
    "PAYMENT_CHARGE_CREATED",
    "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
    "PAYMENT_CHARGE_AUTHORIZATION_FAILED",
    "PAYMENT_CHARGE_REFUND_FAILED",
    "PAYMENT_CHARGE_CAPTURE_FAILED",
    "PAYMENT_CHARGE_VOID_FAILED",
    "PAYMENT_CHARGE_DISCARDED",
    "PAYMENT_CHARGE_DISCARD_FAILED",
    "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
    "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
    "PAYMENT_CHARGE_VOID_SUCCEEDED",
    "PAYMENT_CHARGE_REFUND_SUCCEEDED",
)
"""All that the calls and a buyer who pays make it tell of."""

LINKS = (
    "authenticationMethods[].details.requestUrl",
    *(f"_links.{name}.href" for name in ("authorizations", "captures", "refunds", "discards", "voids")),
)
"""Where a charge says its id once more."""

# fmt: off
PLANTED = (
    Planted("create",           status(201),                                        "status",                            "status"),
    Planted("read",             drop("paymentMedium"),                              "paymentMedium",                     "missing"),
    Planted("instrument",       add("createdAt", "2026-07-19T21:22:23.000Z"),       "createdAt",                         "added"),
    Planted("authorizations",   rename("data.0.status", "state"),                   "data[].status",                     "renamed"),
    Planted("funds",            put("", {"data": []}),                              "body",                              "type"),
    Planted("keyed",            turn("_links"),                                     "_links",                            "order"),
    Planted("replay",           another_id("id"),                                   "id",                                "value", LINKS),
    Planted("replay",           header("request-idempotency", None),                "header request-idempotency",        "missing"),
    Planted("key-reused",       status(422),                                        "status",                            "status"),
    Planted("foreign-consumer", put("status", "AUTHENTICATION_PENDING"),            "status",                            "value"),
    Planted("other-currency",   put("failure.failureCode", "CURRENCY_MISMATCH"),    "failure.failureCode",               "value"),
    Planted("no-amount",        put("failureMessage", "amount must not be null"),   "failureMessage",                    "value"),
    Planted("no-method",        put("status", "400"),                               "status",                            "type"),
    Planted("nothing",          slow(4.0),                                          "time",                              "time"),
    Planted("amount-as-text",   header("content-type", "application/problem+json"), "header content-type",               "value"),
    Planted("no-json",          body(b"<h1>Bad Request</h1>", "application/json"),  "body",                              "body"),
    Planted("unknown",          put("timestamp", "2026-07-19T21:22:23+00:00"),      "timestamp",                         "form"),
    Planted("refund-too-much",  header("x-ratelimit-replenish-rate", "5"),          "header x-ratelimit-replenish-rate", "value"),
    Planted("wrong-key",        refusal(200, {"message": "Welcome"}),               "status",                            "status"),
    Planted("early-refund",     put("amount", lambda amount: amount * 100),         "amount",                            "value"),
    Planted("early-capture",    put("failure.failureMessage", None),                "failure.failureMessage",            "type"),
    Planted("cancel",           refusal(409, CONFLICT),                             "status",                            "status"),
    Planted("read-cancelled",   text("charge_", "chg_"),                            "id",                                "value", LINKS),
    Planted("discards",         drop("data.1"),                                     "data[]",                            "length"),
    Planted("list",             turn("data"),                                       "data[]",                            "order"),
    Planted("refund",           put("_links.payment_charge.href", "/v2/charges"),   "_links.payment_charge.href",        "value"),
    Planted("unknown-path",      five_years_on("timestamp"),                          "timestamp",                         "far off"),
    Planted("no-key",            new_header("www-authenticate", "Bearer"),            "header www-authenticate",           "added"),
)
# fmt: on
