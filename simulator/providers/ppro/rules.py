"""What PPRO asks of a new charge: well-formed addresses, Alipay's limits, and the keys that the mock reads.

Source: docs/providers/ppro.md, sources 3.1, 5.4, 7 and 8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from simulator.engine.pages import is_safe_return
from simulator.engine.provider import Call
from simulator.engine.reach import is_local
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import parse_instant
from simulator.kernel.refusals import Invalid, Refused, Violation
from simulator.providers.ppro import wire
from simulator.providers.ppro.model import Charge, Instrument
from simulator.providers.ppro.settings import PproSettings
from simulator.providers.ppro.states import AUTHENTICATION_TIMEOUT
from simulator.wallet import alipay

PAYMENT_METHODS = ("ALIPAY", "MOCK")

# Source: docs/providers/ppro.md, source 7.
ALIPAY_CURRENCIES = frozenset(["AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "NZD", "SGD", "USD"])
ALIPAY_COUNTRIES = frozenset({"CN"})
ALIPAY_INSTRUMENT = "PASSTHROUGH_WALLET"
ALIPAY_MINIMUM_FEN = 1
ALIPAY_MAXIMUM_FEN = 300_000_00
ALIPAY_REFUND_WINDOW = timedelta(days=360)
"""Counted from the last capture. Inferred: ppro.refund-window."""

MOCK_MAXIMUM_FEN = 10**15
"""More than any wallet holds, and still a number that every JSON reader can read. Inferred: ppro.amount-limits."""

AUTHENTICATION_TYPES = ("REDIRECT", "SCAN_CODE", "MULTI_FACTOR")
"""The types that the mock authenticator can play."""

DEFAULT_CONFIRMATION_DELAY_S = 10.0
"""The documented default of `providerConfirmationDelay`."""
_DELAY = re.compile(r"([0-9]{1,9})s?")


def check(call: Call, uow: UnitOfWork, request: wire.ChargeRequest) -> None:
    """Refuses what is answered with an error, not with a declined charge. Raises `Refused("semantic")` (422) or `Invalid` (400)."""
    if request.amount.value <= 0:
        # Well-formed but semantically wrong. Source: docs/providers/ppro.md, source 5.2. Inferred: ppro.zero-amount.
        message = "amount.value: must be greater than 0"
        raise Refused("semantic", {"message": message}, (Violation("amount.value", "min", 1, request.amount.value),))
    if request.paymentMethod not in PAYMENT_METHODS:
        call.differs_live("paymentMethod: the simulator takes ALIPAY and MOCK; the live API knows others too")
    if request.paymentMethod == "ALIPAY":
        _check_instrument(uow, request)
    if request.webhooksUrl is not None:
        check_webhooks_url(call, request.webhooksUrl)
    for index, entry in enumerate(request.authenticationSettings or []):
        url = entry.settings.returnUrl if entry.settings else None
        if url and not is_safe_return(url):
            path = f"authenticationSettings.{index}.settings.returnUrl"
            raise Invalid([Violation(path, "format", message="must be a URL")])


def _check_instrument(uow: UnitOfWork, request: wire.ChargeRequest) -> None:
    """ALIPAY is paid by a wallet: another type is an input error. Raises `Invalid`. Source: docs/providers/ppro.md, corrections."""
    stored = uow.find(Instrument, request.instrumentId) if request.instrumentId is not None else None
    if stored is not None and stored.type != ALIPAY_INSTRUMENT:
        message = f"must be an instrument of type {ALIPAY_INSTRUMENT} for ALIPAY"
        raise Invalid([Violation("instrumentId", "custom", message=message)])
    if request.instrument is not None and request.instrument.type != ALIPAY_INSTRUMENT:
        message = f"must be {ALIPAY_INSTRUMENT} for ALIPAY"
        raise Invalid([Violation("instrument.type", "custom", message=message)])


def check_webhooks_url(call: Call, url: str) -> None:
    """The live API takes https only, and by its pattern no address of IPv6. The simulator takes http for local hosts, and the
    brackets of IPv6, and notes both as live differences.

    Raises `Invalid`.
    """
    wrong = Invalid([Violation("webhooksUrl", "pattern", wire.WEBHOOKS_URL.pattern.replace("https?", "https"))])
    try:
        parts = urlsplit(url)
        host, has_port = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError as error:  # brackets or a port that make no sense
        raise wrong from error
    is_bracketed = parts.netloc.rpartition("@")[2].startswith("[")
    match = wire.WEBHOOKS_URL.fullmatch(url.replace("[", "", 1).replace("]", "", 1) if is_bracketed else url)
    if match is None or not host or not has_port:
        raise wrong
    if call.strict and (is_bracketed or match[1] != "https"):
        raise wrong
    if match[1] != "https":
        if not is_local(host):
            raise wrong
        call.differs_live("webhooksUrl: the live API accepts https only")
    if is_bracketed:
        call.differs_live("webhooksUrl: the live API's pattern has no brackets, and so no address of IPv6")


def refusal(uow: UnitOfWork, charge: Charge, request: wire.ChargeRequest) -> str | None:
    """The failureCode with which a well-formed charge is declined at once; None if it is not.

    Source: docs/providers/ppro.md, sources 5.4 and 7.
    Inferred: ppro.unknown-instrument, ppro.foreign-method, ppro.consumer-country, ppro.amount-limits, ppro.scan-by.
    """
    if request.instrumentId is not None:
        instrument = uow.find(Instrument, request.instrumentId)
        if instrument is None or instrument.merchant_id not in ("", charge.merchant_id):
            return "INSTRUMENT_NOT_FOUND"
    fen = alipay.in_fen(charge.money)
    if charge.payment_method == "MOCK":
        if fen > MOCK_MAXIMUM_FEN:
            return "AMOUNT_NOT_SUPPORTED"
        return "INVALID_AUTHENTICATION_SETTINGS" if _has_passed(charge.authenticate_by, uow.now) else None
    if charge.payment_method != "ALIPAY":
        return "INVALID_PAYMENT_METHOD"
    if charge.currency not in ALIPAY_CURRENCIES:
        return "INVALID_CURRENCY"
    if charge.country not in ALIPAY_COUNTRIES and uow.settings(PproSettings).consumer_countries != "any":
        return "INVALID_COUNTRY"
    if not ALIPAY_MINIMUM_FEN <= fen <= ALIPAY_MAXIMUM_FEN:
        return "AMOUNT_NOT_SUPPORTED"
    if not charge.return_url:
        return "INVALID_AUTHENTICATION_SETTINGS"
    return None


def _has_passed(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


# The mock's keys -----------------------------------------------------------------------------------------------


def mock_keys(request: wire.ChargeRequest) -> dict[str, str]:
    """The `key=value` pairs in the descriptor of a MOCK charge. Free text in it is skipped.

    Source: docs/providers/ppro.md, source 8.3. ALIPAY ignores them. Inferred: ppro.descriptor-keys.
    """
    if request.paymentMethod != "MOCK":
        return {}
    return descriptor_keys(request.paymentDescriptor)


def descriptor_keys(descriptor: str | None) -> dict[str, str]:
    pairs = (part.partition("=") for part in (descriptor or "").split(";"))
    return {key: value for key, equals, value in pairs if equals}


def authentication_types(request: wire.ChargeRequest, keys: Mapping[str, str]) -> tuple[str, ...]:
    """The types of authentication that the consumer may choose from, in the order of the mock's key. ALIPAY has REDIRECT only.

    Inferred: ppro.several-types.
    """
    if request.paymentMethod != "MOCK":
        return ("REDIRECT",)
    if keys.get("requiresAuthentication") != "true":
        return ()
    offered = tuple(dict.fromkeys(keys.get("authenticationType", "REDIRECT").split(",")))
    return tuple(type_ for type_ in offered if type_ in AUTHENTICATION_TYPES) or ("REDIRECT",)


def confirmation_delay(keys: Mapping[str, str]) -> float | None:
    """Seconds until the provider confirms; None when no confirmation is asked for. The unit may be left out, and a delay that
    cannot be read counts as the default. Inferred: ppro.confirmation-delay."""
    if keys.get("providerConfirmation") != "true":
        return None
    match = _DELAY.fullmatch(keys.get("providerConfirmationDelay", ""))
    return float(match[1]) if match else DEFAULT_CONFIRMATION_DELAY_S


def is_delay(text: str) -> bool:
    return _DELAY.fullmatch(text) is not None


def setting(settings: list[dict[str, Any]], type_: str, member: str) -> Any:
    """The member's value in the first entry of this type that has one."""
    found = (entry.get("settings") or {} for entry in settings if entry["type"] == type_)
    return next((members[member] for members in found if members.get(member)), None)


def authenticate_by(types: tuple[str, ...], scan_by: str | None, now: datetime) -> datetime | None:
    """When authentication times out: after 12 hours, or at `scanBy` when scanning is the only way. Inferred: ppro.scan-by."""
    if not types:
        return None
    latest = now + AUTHENTICATION_TIMEOUT
    return min(latest, parse_instant(scan_by)) if types == ("SCAN_CODE",) and scan_by else latest
