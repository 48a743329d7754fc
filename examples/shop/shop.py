"""A shop of one file that sells a paper lantern through PPRO: what an integrator's own code might look like.

It knows nothing of the simulator. Its configuration is what it would be in production: a base URL and credentials.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.request import Request, urlopen


@dataclass
class Shop:
    """`orders` maps a charge's id to what the shop believes about it."""

    base_url: str
    api_key: str
    merchant_id: str
    webhook_secret: str
    orders: dict[str, str] = field(default_factory=dict)

    def checkout(self, fen: int = 1000) -> tuple[str, str]:
        """Creates a charge; its id and the address to which the buyer's browser is sent."""
        charge = self._call(
            "POST",
            "/v1/payment-charges",
            {
                "paymentMethod": "ALIPAY",
                "amount": {"value": fen, "currency": "CNY"},
                "consumer": {"country": "CN"},
                "authenticationSettings": [
                    {"type": "REDIRECT", "settings": {"returnUrl": "https://www.webshop.com/order-results-page"}}
                ],
            },
        )
        self.orders[charge["id"]] = "waiting"
        return charge["id"], charge["authenticationMethods"][0]["details"]["requestUrl"]

    def refund(self, charge: str, fen: int) -> str:
        return str(self._call("POST", f"/v1/payment-charges/{charge}/refunds", {"amount": fen})["status"])

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        """A webhook: the status that the shop answers. Repeated and unknown events are accepted and ignored."""
        parts = dict(part.split("=", 1) for part in headers.get("ppro-signature", "").split(",") if "=" in part)
        signed = parts.get("t", "").encode() + b"." + body
        expected = hmac.new(self.webhook_secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, parts.get("s", "")):
            return 401
        if abs(time.time() - int(parts["t"])) > 300:  # who has once seen a webhook could send it for ever
            return 401
        event = json.loads(body)
        charge = event["data"]["paymentChargeId"]
        if event["type"] == "PAYMENT_CHARGE_CAPTURE_SUCCEEDED":
            self.orders[charge] = "shipped"
        elif event["type"] in ("PAYMENT_CHARGE_AUTHORIZATION_FAILED", "PAYMENT_CHARGE_DISCARDED"):
            self.orders[charge] = "cancelled"
        return 200

    def _call(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.api_key}", "Merchant-Id": self.merchant_id}
        headers["Content-Type"] = "application/json"
        with urlopen(Request(self.base_url + path, json.dumps(body).encode(), headers, method=method)) as answer:
            return json.load(answer)


class Listening:
    """The shop's webhook endpoint, on any free port, as a context manager."""

    def __init__(self, shop: Shop) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(shop.hear({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/ppro"

    def __enter__(self) -> Listening:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
