"""A shop of one file that sells a paper lantern through PPRO: what an integrator's own code might look like.

It knows nothing of the simulator. Its configuration is what it would be in production: a base URL and credentials. What
it believes is what PPRO's API says; a webhook only tells it when to ask.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

CURRENCY = "CNY"
TOO_OLD_S = 300
TRIES = 3
ANSWERS_WITHIN_S = 10
MOST_PAUSE_S = 5.0
"""A buyer waits at the checkout: longer than this is too long."""


@dataclass
class Order:
    """`state` is waiting, shipped, cancelled or refunded."""

    reference: str
    fen: int
    charge: str | None = None
    state: str = "waiting"
    parcels: int = 0
    refunds: int = 0


@dataclass
class Shop:
    """`orders` by their reference; a real shop has them, and the events that it has `heard`, in its database."""

    base_url: str
    api_key: str
    merchant_id: str
    webhook_secret: str
    own_url: str = "https://www.webshop.com"
    """Where the buyer comes back to."""
    orders: dict[str, Order] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    _alone: threading.RLock = field(default_factory=threading.RLock)

    # What its pages do

    def checkout(self, fen: int = 1000) -> tuple[Order, str]:
        """The new order, and the address to which the buyer's browser is sent. The order exists before PPRO hears of it."""
        order = Order(f"order-{uuid4().hex[:12]}", fen)
        self.orders[order.reference] = order
        charge = self._call(
            "POST",
            "/v1/payment-charges",
            {
                "paymentMethod": "ALIPAY",
                "amount": {"value": fen, "currency": CURRENCY},
                "consumer": {"country": "CN"},
                "merchantPaymentChargeReference": order.reference,
                "authenticationSettings": [
                    {"type": "REDIRECT", "settings": {"returnUrl": f"{self.own_url}/orders/{order.reference}"}}
                ],
            },
            key=order.reference,
        )
        order.charge = charge["id"]
        return order, charge["authenticationMethods"][0]["details"]["requestUrl"]

    def look(self, reference: str) -> Order:
        """The page of an order, to which the buyer comes back. While nothing is known it asks: a webhook may be lost, and what
        stands in the address of the page proves nothing."""
        order = self.orders[reference]
        if order.charge is not None and order.state == "waiting":
            self._learn(self._charge(order.charge))
        return order

    def refund(self, order: Order, fen: int) -> str:
        order.refunds += 1
        path, key = f"/v1/payment-charges/{order.charge}/refunds", f"{order.reference}-refund-{order.refunds}"
        return str(self._call("POST", path, {"amount": fen}, key=key)["status"])

    def cancel(self, order: Order) -> None:
        """Who pays all the same gets the money back, as soon as the shop hears of it."""
        order.state = "cancelled"
        if order.charge is not None:
            self._call("POST", f"/v1/payment-charges/{order.charge}/discards", {}, key=f"{order.reference}-discard")

    # Its webhook address

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        """The status that the shop answers. 2xx is said only when what was heard is stored; 503 makes PPRO send it again."""
        if not self.is_genuine(headers, body):
            return 401
        event = json.loads(body)
        with self._alone:  # the same event may come twice at the same moment
            if event["id"] in self.heard:
                return 200
            try:
                self._heard(event)
            except HTTPError as error:
                if error.code != 404:  # a charge that PPRO itself does not know is nobody's
                    return 503
            except URLError:
                return 503
            self.heard.add(event["id"])
        return 200

    def is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        """PPRO's signature is over the very bytes that came: whoever parses first, and writes again, signs something else."""
        parts = dict(part.split("=", 1) for part in headers.get("ppro-signature", "").split(",") if "=" in part)
        signed = parts.get("t", "").encode() + b"." + body
        expected = hmac.new(self.webhook_secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, parts.get("s", "")):
            return False
        return abs(time.time() - int(parts["t"])) <= TOO_OLD_S  # who has once seen a webhook could send it for ever

    def _heard(self, event: Any) -> None:
        """Whatever the event says, and in whatever order it comes: PPRO is asked how things stand."""
        charge = event["data"].get("paymentChargeId")
        if charge is not None:
            self._learn(self._charge(charge))

    def _learn(self, charge: Any) -> None:
        """From a charge as the API tells it. It is found by the shop's own reference, for its id may be known only later."""
        first = charge["authorizations"][0]
        with self._alone:
            order = self.orders.get(first.get("merchantPaymentChargeReference"))
            if order is None or order.charge not in (None, charge["id"]):
                return
            order.charge = charge["id"]
            self._decide(order, charge["status"], first["amount"], charge["currency"])

    def _decide(self, order: Order, status: str, amount: int, currency: str) -> None:
        if status == "CAPTURED" and order.state == "waiting" and (amount, currency) == (order.fen, CURRENCY):
            order.state, order.parcels = "shipped", order.parcels + 1
        elif status == "CAPTURED" and order.state == "cancelled" and not order.refunds:
            self.refund(order, amount)
        elif status in ("FAILED", "DISCARDED", "VOIDED") and order.state == "waiting":
            order.state = "cancelled"
        elif status == "REFUNDED" and order.state == "shipped":
            order.state = "refunded"

    # PPRO's API

    def _charge(self, id_: str) -> Any:
        return self._call("GET", f"/v1/payment-charges/{id_}")

    def _call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Tried again where that may help: with the same idempotency key, so that nothing is done twice."""
        headers = {"Authorization": f"Bearer {self.api_key}", "Merchant-Id": self.merchant_id}
        headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Request-Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        for left in reversed(range(TRIES)):
            try:
                asked = Request(self.base_url + path, data, headers, method=method)
                with urlopen(asked, timeout=ANSWERS_WITHIN_S) as answer:
                    return json.load(answer)
            except HTTPError as error:
                if not left or (error.code < 500 and error.code not in (409, 429)):
                    raise
                time.sleep(min(float(error.headers.get("Retry-After", 0.1)), MOST_PAUSE_S))
            except (OSError, ValueError) as error:  # no answer, or not the whole of one
                if not left:
                    raise URLError(str(error)) from error
        raise AssertionError("the last try returns or raises")


class Listening:
    """The shop's webhook address and the pages of its orders, on any free port, as a context manager."""

    def __init__(self, shop: Shop) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(shop.hear({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                """The page of an order. What stands behind its `?` was written by a browser, and nobody reads it."""
                reference = self.path.partition("?")[0].rpartition("/")[2]
                page = shop.look(reference).state.encode() if reference in shop.orders else b"no such order"
                self.send_response(200 if reference in shop.orders else 404)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        shop.own_url = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{shop.own_url}/hooks/ppro"

    def __enter__(self) -> Listening:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
