"""Worldline Connect's two signatures: v1HMAC of requests, and that of webhooks.

Source: docs/providers/worldline.md, sources 2.2 and 6.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, unquote_plus

from simulator.engine.forging import Forging
from simulator.kernel.crypto import b64, hmac_sha256

_FOLDING = re.compile(r"\r?\n\s*")


def string_to_sign(method: str, headers: Mapping[str, str], resource: str) -> str:
    """What v1HMAC covers; every line ends with LF. Header names are lower case."""
    lines = [method.upper(), headers.get("content-type", ""), headers.get("date", "")]
    lines += [f"{name}:{header_value(headers[name])}" for name in sorted(headers) if name.startswith("x-gcs")]
    return "".join(f"{line}\n" for line in [*lines, resource])


def header_value(value: str) -> str:
    """A header's value on one line, without the line breaks of a folded one and the spaces around it."""
    return _FOLDING.sub(" ", value).strip()


def resources(raw_path: str, raw_query: str) -> list[str]:
    """The ways in which official clients write the resource: with the query as sent, percent-decoded, or with `+` as a space.

    Duplicate leading slashes count as one: a connector requests `//v1/…` and signs `/v1/…`.
    """
    path = "/" + raw_path.lstrip("/")
    if not raw_query:
        return [path]
    ways = (raw_query, unquote(raw_query), unquote_plus(raw_query))
    return list(dict.fromkeys(f"{path}?{query}" for query in ways))


def signature(secret: str, text: str) -> str:
    """`secret` is used literally: it looks like base64 and is not decoded."""
    return b64(hmac_sha256(secret, text.encode("utf-8", "surrogateescape")))


def webhook_signature(secret: str, body: bytes) -> str:
    """`X-GCS-Signature`: over the body alone, no time, no URL."""
    return b64(hmac_sha256(secret, body))


# Where forged webhooks differ from its own. Source: docs/providers/worldline.md, sources 6.1 and 6.3.
FORGING = Forging(
    headers={"X-GCS-Signature": r"(?P<signature>[0-9A-Za-z+/=]+)"},
    amounts=(
        "payment.paymentOutput.amountOfMoney.amount",
        "payment.paymentOutput.amountPaid",
        "refund.refundOutput.amountOfMoney.amount",
    ),
    currencies=("payment.paymentOutput.amountOfMoney.currencyCode", "refund.refundOutput.amountOfMoney.currencyCode"),
    accounts=("id", "merchantId", "payment.id", "refund.id"),
    account_headers=("X-GCS-KeyId",),
)
