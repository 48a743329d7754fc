"""How the customer gets to the wallet: the emulator's address, and `redirect_data` or `display_data` in a callback."""

from __future__ import annotations

import base64
from typing import Any, Literal

from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay.model import Payment
from simulator.wallet import qr


def emulator_path(payment: Payment, kind: Literal["aps", "qr"]) -> str:
    """`aps` is the address for the customer's browser, `qr` the one in the code that a phone scans."""
    return f"/emulator/{kind}/{payment.order_code}"


def scan_url(payment: Payment) -> str:
    """The content of the QR code."""
    return f"{payment.origin}{emulator_path(payment, 'qr')}"


def invitation(uow: UnitOfWork, payment: Payment) -> dict[str, Any]:
    """The member that only this callback has: where the buyer is sent, or the QR code. Source: docs/providers/ecommpay.md,
    sources 6.6 and 6.7."""
    if payment.options["alipay_flow"] == "qr":
        kind = payment.options["qr_type"]
        return {
            "display_data": [
                {"type": kind, "title": "QR code", "data": _code(payment, kind)},
                {"type": "add_info", "title": "QR Code Timeout", "data": str(payment.options["qr_timeout_s"])},
            ]
        }
    is_form = payment.options["redirect_method"] == "POST"
    url = f"{payment.origin}{emulator_path(payment, 'aps')}"
    fields = _form_fields(uow, payment, url) if is_form else []
    return {"redirect_data": {"method": "POST" if is_form else "GET", "body": fields, "encrypted": [], "url": url}}


def _code(payment: Payment, kind: str) -> str:
    """The QR code as its text, as the address of a picture, or as a PNG in Base64 without a prefix."""
    url = scan_url(payment)
    match kind:
        case "qr_data":
            return url
        case "qr_url":
            return f"{url}/image.png"
        case _:
            return base64.b64encode(qr.png(url)).decode("ascii")


def _form_fields(uow: UnitOfWork, payment: Payment, url: str) -> dict[str, str]:
    """The fields that the browser posts to the wallet; the amount is in major units. Source: source 6.6."""
    return {
        "order_no": payment.sale_id,
        "amount": payment.money.major(),
        "payment_channel": "ALIPAY",
        "sign": uow.ids.hex(32),
        "return_url": url,
        "signType": "RSA",
        "currency": payment.currency,
        "body": payment.description,
        "app_id": "4391",
    }
