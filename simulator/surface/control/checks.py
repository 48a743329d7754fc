"""Checks of single values that a model cannot make alone. Each raises 422 and names the field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from simulator.engine.unreadable import Fault
from simulator.kernel.clock import LAST, NO_FURTHER, parse_instant
from simulator.surface.control.errors import invalid


def instant(text: str, field: str) -> datetime:
    try:
        at = parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise invalid(f"{field}: {error}", field) from error
    if not 1970 <= at.year < 9000:  # deadlines are reckoned from it, and years have four digits
        raise invalid(f"{field}: must be between the years 1970 and 9000", field)
    return at


def of_clock(text: str, field: str) -> datetime:
    """Reads an instant that a clock can show. Raises 422 for any other."""
    at = instant(text, field)
    if at > LAST:
        raise invalid(f"{field}: {NO_FURTHER}", field)
    return at


def faultless(found: Sequence[Fault]) -> None:
    """Raises the first of the faults, if there are any."""
    for fault in found:
        raise invalid(fault.message, fault.field, fault.allowed)


URL_LIMIT = 2048
"""Characters of an address."""


def http_url(url: str, field: str) -> None:
    if len(url) > URL_LIMIT:
        raise invalid(f"{field}: must have at most {URL_LIMIT} characters", field)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        valid = valid and not any(c.isspace() or ord(c) < 32 or ord(c) == 127 for c in url)
    except ValueError:
        valid = False
    if not valid:
        raise invalid(f"{field}: must be an http or https URL", field)
