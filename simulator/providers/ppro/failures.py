"""PPRO's failure catalogue: 76 pairs of type and code, and the texts that the simulator gives them.

Source: docs/providers/ppro.md, source 5.4 and its list of failure codes. Inferred: ppro.failure-texts.
"""

from __future__ import annotations

from typing import Any

# fmt: off
CATALOGUE: dict[str, tuple[str, ...]] = {
    # failureType: its failureCodes
    "INTERNAL_DECLINE": (
        "AGREEMENT_INACTIVE", "AGREEMENT_REVOKED", "AMOUNT_NOT_SUPPORTED", "BLOCKED_ACCOUNT", "BLOCKED_BIN",
        "BLOCKED_EMAIL", "BLOCKED_IP", "CANCELED_BY_CONSUMER", "CHARGEBACK_DETECTED", "COUNTRY_NOT_SUPPORTED",
        "EXCEEDS_AUTHORIZED_AMOUNT", "EXCEEDS_CAPTURED_AMOUNT", "EXCEEDS_REFUND_LIMIT", "EXCEEDS_REFUNDABLE_AMOUNT",
        "GENERIC_DECLINE", "HIGH_ACCOUNT_VELOCITY", "HIGH_BIN_VELOCITY", "HIGH_EMAIL_VELOCITY", "HIGH_IP_VELOCITY",
        "INSTRUMENT_NOT_FOUND", "INTERNAL_PROCESSING_ERROR", "INVALID_ACCOUNT", "INVALID_AMOUNT",
        "INVALID_AUTHENTICATION_SETTINGS", "INVALID_COUNTRY", "INVALID_CURRENCY", "INVALID_INPUT_DATA", "INVALID_IP",
        "INVALID_MANDATE_ID", "INVALID_PAYMENT_METHOD", "INVALID_TAX_ID", "MISSING_IBAN", "NO_AUTHORIZED_AMOUNT",
        "NO_CAPTURED_AMOUNT", "PAYMENT_METHOD_TIMEOUT", "SIMULTANEOUS_OPERATION_IN_PROGRESS",
    ),
    "INTERNAL_ERROR": (
        "INTERNAL_SERVICE_UNAVAILABLE", "INTERNAL_PROCESSING_ERROR",
    ),
    "PROVIDER_DECLINE": (
        "ACCOUNT_NOT_SUPPORTED", "AMOUNT_NOT_SUPPORTED", "AUTHENTICATION_FAILED", "BLOCKED_ACCOUNT",
        "CANCELED_BY_CONSUMER", "CARD_CLOSED_OR_INVALID", "COUNTRY_NOT_SUPPORTED", "CURRENCY_NOT_SUPPORTED",
        "DUPLICATE_DETECTED", "EXCEEDS_REFUNDABLE_AMOUNT", "EXPIRED_CARD", "EXPIRED_SESSION", "FORMAT_ERROR",
        "GENERIC_DECLINE", "INCORRECT_BILLING_ADDRESS", "INCORRECT_CVV", "INCORRECT_HOLDER_NAME", "INCORRECT_ISSUER",
        "INCORRECT_NUMBER", "INCORRECT_TAX_ID", "INSUFFICIENT_FUNDS", "INVALID_MERCHANT",
        "IS_EXCEEDING_ACCOUNT_LIMIT", "IS_GENERIC_DECLINE", "IS_HIGH_VELOCITY", "IS_NOT_PERMITTED",
        "REFUND_BLOCKED_TEMPORARILY", "REFUND_NOT_SUPPORTED", "REFUND_PERIOD_EXPIRED", "RETRY_REFUND_LATER",
        "SUS_FRAUD", "SUS_LOST", "SUS_STOLEN", "TRANSACTION_DISPUTED", "UNKNOWN",
    ),
    "PROVIDER_ERROR": (
        "UNRESPONSIVE_ISSUER", "UNRESPONSIVE_PROVIDER", "PROVIDER_PROCESSING_ERROR",
    ),
}
# fmt: on

PAIRS = tuple((type_, code) for type_, codes in CATALOGUE.items() for code in codes)

USUAL_TYPE = {
    # For a code that stands under two types: the type that is meant when none is given. Source: docs/providers/ppro.md, source 5.4.
    "GENERIC_DECLINE": "PROVIDER_DECLINE",
    "CANCELED_BY_CONSUMER": "PROVIDER_DECLINE",
    "BLOCKED_ACCOUNT": "PROVIDER_DECLINE",
    "AMOUNT_NOT_SUPPORTED": "INTERNAL_DECLINE",
    "COUNTRY_NOT_SUPPORTED": "INTERNAL_DECLINE",
    "EXCEEDS_REFUNDABLE_AMOUNT": "INTERNAL_DECLINE",
    "INTERNAL_PROCESSING_ERROR": "INTERNAL_ERROR",
}

MESSAGES = {
    "GENERIC_DECLINE": "Payment Authorization Failed",
    "INSUFFICIENT_FUNDS": "Payment Authorization Failed, insufficient funds",
    "IS_EXCEEDING_ACCOUNT_LIMIT": "The consumer's account limit is exceeded",
    "AUTHENTICATION_FAILED": "Consumer failed authentication",
    "CANCELED_BY_CONSUMER": "Payment canceled by the consumer",
    "BLOCKED_ACCOUNT": "The consumer's account is blocked",
    "INVALID_PAYMENT_METHOD": "Payment method is not recognised",
    "INVALID_CURRENCY": "Currency is not supported by the payment method",
    "INVALID_COUNTRY": "Country is not supported by the payment method",
    "AMOUNT_NOT_SUPPORTED": "Amount is outside the payment method's limits",
    "INVALID_AUTHENTICATION_SETTINGS": "Authentication settings are missing or invalid",
    "INSTRUMENT_NOT_FOUND": "Payment instrument not found",
    "NO_AUTHORIZED_AMOUNT": "There is no authorized amount",
    "EXCEEDS_AUTHORIZED_AMOUNT": "Amount exceeds the remaining authorized amount",
    "EXCEEDS_CAPTURED_AMOUNT": "Refund amount exceeds the captured amount",
    "EXCEEDS_REFUNDABLE_AMOUNT": "There is nothing left to refund",
    "REFUND_PERIOD_EXPIRED": "The refund period has expired",
    "PAYMENT_METHOD_TIMEOUT": "Payment was not completed in time",
    "SIMULTANEOUS_OPERATION_IN_PROGRESS": "Another operation on the payment charge is in progress",
}

WALLET_REASONS = {
    # The neutral reason for which the wallet declines: the failureCode that says it. The catalogue has one for
    # "limit". Inferred: ppro.wallet-reasons.
    "balance": "INSUFFICIENT_FUNDS",
    "limit": "IS_EXCEEDING_ACCOUNT_LIMIT",
    "blocked": "BLOCKED_ACCOUNT",
    "authentication": "AUTHENTICATION_FAILED",
    "cancelled": "CANCELED_BY_CONSUMER",
    "expired": "EXPIRED_SESSION",
    "declined": "GENERIC_DECLINE",
}


def failure(code: str, message: str | None = None) -> dict[str, Any]:
    """The `failure` object of a declined operation.

    `code` is a failureCode, or `TYPE/CODE` where the code stands under two types. A code that is not in the catalogue counts
    as a decline of the provider.
    """
    type_, slash, bare = code.partition("/")
    if not slash or type_ not in CATALOGUE:
        types = [type_ for type_, codes in CATALOGUE.items() if code in codes]
        type_, bare = USUAL_TYPE.get(code) or (types[0] if types else "PROVIDER_DECLINE"), code
    text = message or MESSAGES.get(bare) or bare.replace("_", " ").capitalize()
    return {"failureType": type_, "failureCode": bare, "failureMessage": text}


def of_reason(reason: str | None) -> str:
    """The failureCode that says a neutral reason; a generic decline when there is none."""
    return WALLET_REASONS.get(reason or "", "GENERIC_DECLINE")
