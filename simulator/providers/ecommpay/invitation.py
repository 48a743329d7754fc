"""`redirect_data` and `display_data`: how a callback sends the customer to the wallet."""

from __future__ import annotations

import base64
from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay.model import Payment
from simulator.wallet import qr


def invitation(uow: UnitOfWork, payment: Payment) -> dict[str, Any]:
    """`redirect_data` or `display_data`: how the customer gets to the wallet. Source: reference/ecommpay.md, 6.6, 6.7."""
    base = f"{payment.origin}/emulator"
    if payment.options["alipay_flow"] == "qr":
        url = f"{base}/qr/{payment.order_code}"
        data = {"qr_data": url, "qr_url": f"{url}/image.png"}
        kind = payment.options["qr_type"]
        return {
            "display_data": [
                {"type": kind, "title": "QR code", "data": data.get(kind) or _qr_image(url)},
                {"type": "add_info", "title": "QR Code Timeout", "data": str(payment.options["qr_timeout_s"])},
            ]
        }
    is_form = payment.options["redirect_method"] == "POST"
    fields = _form_fields(uow, payment) if is_form else []
    url = f"{base}/aps/{payment.order_code}"
    return {"redirect_data": {"method": "POST" if is_form else "GET", "body": fields, "encrypted": [], "url": url}}


def _qr_image(url: str) -> str:
    """Bare Base64 of a PNG."""

    return base64.b64encode(qr.png(url)).decode("ascii")


def _form_fields(uow: UnitOfWork, payment: Payment) -> dict[str, str]:
    """The fields that the browser posts to the wallet; the amount is in major units. Source: section 6.6."""
    return {
        "order_no": payment.sale_id,
        "amount": payment.money.major(),
        "payment_channel": "ALIPAY",
        "sign": uow.ids.hex(32),
        "return_url": f"{payment.origin}/emulator/aps/{payment.order_code}",
        "signType": "RSA",
        "currency": payment.currency,
        "body": payment.description,
        "app_id": "4391",
    }
