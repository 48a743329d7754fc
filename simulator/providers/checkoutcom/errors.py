"""Checkout.com's refusals: an empty body on 401, 403 and 404, an error object on 422, OAuth's form on the token endpoint.

Source: docs/providers/checkoutcom.md, source 5.
Inferred: checkoutcom.wrong-key, checkoutcom.field-codes, checkoutcom.all-violations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r

# Source: source 5.5. The summaries of 10100, 10200, 20153, 20154, 200R1 and 200R3 are abbreviated there.
RESPONSE_CODES = {
    "10000": "Approved",
    "10100": "Approved, flagged by risk",
    "10200": "Deferred capture",
    "20001": "Refer to card issuer",
    "20003": "Invalid merchant",
    "20005": "Declined - Do Not Honour",
    "20012": "Invalid payment",
    "20014": "Invalid Card Number",
    "20051": "Insufficient Funds",
    "20054": "Expired Card",
    "20057": "Transaction not Permitted",
    "20059": "Suspected Fraud",
    "20061": "Exceeds Withdrawal Limits",
    "20062": "Restricted Card",
    "20063": "Security violation",
    "20068": "Response received too late / Timeout",
    "20087": "Bad track data",
    "20120": "Invalid Customer/User",
    "20153": "Security violation (3DS)",
    "20154": "3DS authentication required",
    "200R1": "Issuer initiated stop payment",
    "200R3": "Issuer initiated stop payment",
    "30033": "Expired card - Pick up",
    "40101": "Payment blocked due to risk",
    "40108": "Gateway reject - Post code failed",
}

WALLET_REASONS = {
    # The neutral reason for which the wallet declines: the response code that says it. Inferred: checkoutcom.wallet-reasons.
    "balance": "20051",
    "limit": "20061",
    "blocked": "20062",
    "authentication": "20063",
    "cancelled": "20005",
    "expired": "20068",
    "declined": "20005",
}

SESSION_REASONS = {
    # Why a submitted session is declined at once: the response code of the payment's action.
    # Inferred: checkoutcom.declined-at-once
    "not_enough_funds": "20051",
    "invalid_payment_session_data": "20012",
    "invalid_customer_data": "20120",
    "customer_misconfiguration": "20120",
    "merchant_misconfiguration": "20003",
    "try_again": "20001",
    "payment_cancelled": "20005",
    "payment_expired": "20068",
}

REFUND_DECLINED = "20120"


def response(code: str | None, reason: str | None = None, default: str = "20005") -> tuple[str, str]:
    """`response_code` and `response_summary` of an action.

    Without a code the wallet's reason chooses one, and without a known reason it is `default`. A code outside the table is
    kept; its summary is then just "Declined".
    """
    chosen = code or WALLET_REASONS.get(reason or "", default)
    return chosen, RESPONSE_CODES.get(chosen, "Declined")


# Violations ----------------------------------------------------------------------------------------------------

# Which `error_codes` entry a violation becomes: the first row whose pattern fits its path and whose rule is its rule (None
# fits every rule). Where no row fits, the code is the path with underscores and `_required` or `_invalid`, as most codes of
# the catalogue are formed. Source: sources 3.1, 5.3 and 5.4.
_CODES: tuple[tuple[str, str | None, str], ...] = (
    (r"", "type", "request_invalid"),
    (r"", None, "request_invalid"),
    (r"source", "required", "payment_source_required"),
    (r"source\.type", "required", "source_type_required"),
    (r"source(\..*)?", None, "source_invalid"),
    (r"amount", None, "amount_invalid"),
    (r"currency", "required", "currency_required"),
    (r"currency", None, "currency_invalid"),
    (r"payment_type", None, "payment_type_invalid"),
    (r"success_url", "required", "success_url_required"),
    (r"success_url", None, "success_url_invalid"),
    (r"failure_url", "required", "failure_url_required"),
    (r"failure_url", None, "fail_url_invalid"),
    (r"customer\.id", None, "customer_id_invalid"),
    (r"customer\.email(\.address)?", None, "customer_email_invalid"),
    (r"(customer|shipping)(\..*)?\.phone\.number", "min_length", "phone_number_length_invalid"),
    (r"(customer|shipping)(\..*)?\.phone\.number", "max_length", "phone_number_length_invalid"),
    (r"(.*\.)?phone\.number", "min_length", "phone_number_length_invalid"),
    (r"(.*\.)?phone\.number", "max_length", "phone_number_length_invalid"),
    (r"(.*\.)?phone\.country_code", "min_length", "country_phone_code_length_invalid"),
    (r"(.*\.)?phone\.country_code", "max_length", "country_phone_code_length_invalid"),
    (r"(.*\.)?phone\.country_code", None, "country_phone_code_invalid"),
    (r"(.*\.)?phone(\..*)?", None, "phone_number_invalid"),
    (r"billing(\.address)?(\.country)?", "required", "billing_address_country_required"),
    (r"(.*\.)?address\.country", None, "country_invalid"),
    (r"(.*\.)?address\.city", None, "city_invalid"),
    (r"(.*\.)?address\.zip", None, "zip_invalid"),
    (r"(.*\.)?address(\..*)?", None, "address_invalid"),
    (r"enabled_payment_methods\.\d+", None, "enabled_payment_methods_invalid"),
    (r"disabled_payment_methods\.\d+", None, "disabled_payment_methods_invalid"),
    (r"payment_ip", None, "ip_address_invalid"),
    (r"metadata(\..*)?", None, "metadata_key_invalid"),
    (r"risk\.enabled", "live", "risk_enabled_invalid"),
    (r"risk\.enabled", None, "risk_enabled_required"),
    (r"processing_channel_id", None, "processing_channel_id_invalid"),
    (r"email", "required", "email_required"),
    (r"email", None, "email_invalid"),
    (r"limit", None, "paging_limit_invalid"),
    (r"skip", None, "paging_skip_invalid"),
    (r"events?|event_types(\..*)?", "required", "event_types_required"),
    (r"event_types(\..*)?", "min_length", "event_types_required"),
    (r"event_types(\..*)?", None, "event_types_invalid"),
    (r"url", "required", "url_required"),
    (r"url", None, "url_invalid"),
    (r"actions", "required", "workflow_actions_required"),
    (r"actions", "min_length", "workflow_actions_required"),
    (r"actions(\.\d+)?\.url", None, "workflow_action_url_invalid"),
    (r"conditions", "required", "workflow_conditions_required"),
    (r"conditions", "min_length", "workflow_conditions_required"),
    (r"conditions", "live", "workflow_conditions_invalid"),
)
_AT_SETUPS = {("amount", "required"): "amount_required"}
"""Payment setups name a missing amount; the catalogue of payments has no such code. Source: source 13.1."""
_COMPILED = tuple((re.compile(rf"^(?:{pattern})$"), rule, code) for pattern, rule, code in _CODES)
_CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
"""An error code. A validator that knows the right code raises it: `Unfit("source_id_invalid")`. Its message is then taken
as the code, and the table above is not asked. Any other message is a sentence for people, like "must be a URI"."""
_NAME = re.compile(r"[^a-z0-9]+")


def code_of(violation: r.Violation) -> str:
    """The `error_codes` entry of one violation."""
    if violation.rule == "format" and _CODE.fullmatch(violation.message):
        return violation.message
    for pattern, rule, code in _COMPILED:
        if pattern.match(violation.path) and rule in (None, violation.rule):
            return code
    name = _NAME.sub("_", violation.path.lower()).strip("_")[:80] or "request"
    return f"{name}_{'required' if violation.rule == 'required' else 'invalid'}"


def _money_code(violation: r.Violation) -> str:
    """The error code for a report's parameter: its name and `_invalid`. Source: source 15.2.
    Inferred: checkoutcom.report-errors."""
    if violation.rule == "format" and _CODE.fullmatch(violation.message):
        return violation.message
    return f"{violation.path or 'request'}_invalid"


# Answers -------------------------------------------------------------------------------------------------------


def request_id(call: Call) -> str:
    """The id of this request, drawn once: `Cko-Request-Id` and the error object bear the same one."""
    if call.answering.request_id is None:
        call.answering.request_id = call.ids.guid()
    return call.answering.request_id


def error(call: Call, error_type: str, codes: list[str], status: int = 422) -> Reply:
    return Reply(status, {"request_id": request_id(call), "error_type": error_type, "error_codes": codes})


def refused(
    *codes: str, error_type: str = "request_invalid", given: Any = None, allowed: Sequence[str] = ()
) -> r.Refused:
    """A refusal (422) with these `error_codes`, each named once. The wallet's connector says `invalid_request` instead.

    `given` and `allowed` are for the journal: what stood there, and what may.
    """
    broken = tuple(_in_neutral_words(code, given, allowed) for code in dict.fromkeys(codes))
    return r.Refused(error_type, {"codes": list(dict.fromkeys(codes))}, broken)


def _in_neutral_words(code: str, given: Any, allowed: Sequence[str]) -> r.Violation:
    """`os_type_required` names a member and what is wrong with it; any other code stands for itself."""
    name, _, what = code.rpartition("_")
    if name and allowed:
        return r.Violation(name, "enum", ", ".join(allowed), given)
    rule = {"required": "required", "invalid": "format"}.get(what) if name else None
    return r.Violation(name, rule) if rule is not None else r.Violation("", "own", code)


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    match refusal:
        case r.Unauthenticated():
            return Reply(401)
        case r.Forbidden() | r.IllegalTransition():
            return Reply(403)
        case r.NotFound(kind="payment-session"):
            return Reply(404, {"request_id": request_id(call), "error_type": "resource_not_found"})
        case r.NotFound(kind="report" | "report-file" as kind):
            return error(call, "not_found", [f"{kind.replace('-', '_')}_not_found"], 404)
        case r.NotFound() | r.UnknownRoute():
            return Reply(404)
        case r.Invalid(violations=violations):
            if call.endpoint is not None and call.endpoint.operation in ("reports", "financialActions"):
                return error(call, "invalid_request", list(dict.fromkeys(map(_money_code, violations))))
            own = _AT_SETUPS if call.endpoint is not None and call.endpoint.operation == "setups" else {}
            codes = [own.get((v.path, v.rule)) or code_of(v) for v in violations]
            return error(call, "request_invalid", list(dict.fromkeys(codes)))
        case r.MalformedBody():
            return error(call, "request_malformed", ["request_json_invalid"])
        case r.Refused(code="oauth", detail=detail):
            return Reply(400, {"error": detail["error"]})
        case r.Refused(code="balances", detail=detail):
            return Reply(400, {"error": detail["error"]})
        case r.Refused(code="conflict"):
            return Reply(409)
        case r.Refused(code=error_type, detail=detail):
            return error(call, error_type, list(detail["codes"]))
        case r.LimitExceeded():
            return error(call, "processing_error", ["amount_exceeds_balance"])
        case r.IdempotencyConflict():
            return Reply(409)
        case r.MethodNotAllowed(allowed=allowed):
            if (call.method, call.target) == ("GET", "/customers"):
                call.differs_live("customers are not listed; GET /customers/{identifier} reads one by id or by e-mail")
            return Reply(405, headers={"allow": ", ".join(allowed)})
        case r.HeadersTooLarge():
            return Reply(431)
        case r.BodyTooLarge():
            return Reply(413)
        case r.UnsupportedMediaType():
            return Reply(415)
        case r.Throttled():
            return Reply(429)
        case r.Faulted(status=status, body=body):
            return _faulted(call, status, body or {})
        case _:
            return Reply(500)


def _faulted(call: Call, status: int, body: dict[str, Any]) -> Reply:
    """The failure that a scenario asked for. A 422, and a 429 with a `code`, has an error object; every other has no body."""
    if status == 422 or (status == 429 and body.get("code")):
        return error(call, "request_invalid", [body.get("code") or "service_unavailable"], status)
    return Reply(status)
