"""Checkout.com's hosted pages in every state, reached as a merchant reaches them: by the provider's own API."""

from __future__ import annotations

from typing import Any

from browser.merchant import Hosted, Json, Merchant, path_of


class Pages(Merchant):
    def _checkoutcom(self, path: str, body: Json) -> Any:
        keys = self.keys["checkoutcom"]
        body = {"amount": 1100, "currency": "EUR", "reference": self.shop.written or "ORD-5023-4E89", **body}
        body["processing_channel_id"] = keys["processing_channel_id"]
        return self.post(path, body, {"Authorization": f"Bearer {keys['secret_key']}"})

    def checkoutcom(self, terminal: str, **more: Any) -> str:
        processing = {"terminal_type": terminal} | ({"os_type": "IOS"} if terminal != "WEB" else {})
        body = {
            "source": {"type": "alipay_cn"},
            "processing": processing,
            "success_url": self.shop.back,
            "failure_url": self.shop.back,
        }
        payment = self._checkoutcom("/payments", body | more)
        self.last = ("checkoutcom", payment["id"])
        return path_of(payment["_links"]["redirect"]["href"])

    def cko_simulation(self) -> str:
        return self.checkoutcom("APP")

    def cko_paying(self) -> str:
        path = self.checkoutcom("WAP")
        self.press(path, outcome="pay", buyer="sun-li")
        return path

    def cko_paid(self) -> str:
        path = self.checkoutcom("APP")
        self.press(path, outcome="pay", buyer="li-na")
        return path

    def cko_declined(self) -> str:
        path = self.checkoutcom("APP")
        self.press(path, outcome="pay", buyer="chen-jie")
        return path

    def cko_qr(self) -> str:
        return self.checkoutcom("WEB")

    def cko_crowded(self) -> str:
        return self.checkoutcom("APP", reference="R" * 50, amount=99_999_999)

    def cko_hosted(self) -> str:
        body = {
            "billing": {"address": {"country": "DE"}},
            "products": [{"name": self.shop.written or "Lantern", "quantity": 2, "price": 550}],
            "success_url": self.shop.back,
            "cancel_url": self.shop.back,
            "failure_url": self.shop.back,
        }
        return path_of(self._checkoutcom("/hosted-payments", body)["_links"]["redirect"]["href"])

    def cko_link(self) -> str:
        more = {"description": self.shop.written} if self.shop.written else {}
        body = {"billing": {"address": {"country": "DE"}}, "return_url": self.shop.back, **more}
        return path_of(self._checkoutcom("/payment-links", body)["_links"]["redirect"]["href"])


HOSTED = Hosted(
    pages={
        "cko_simulation": "cko-simulation",
        "cko_paying": "cko-simulation",
        "cko_paid": "cko-simulation",
        "cko_declined": "cko-simulation",
        "cko_qr": "wallet-cashier",
        "cko_hosted": "cko-page",
        "cko_link": "cko-page",
    },
    codes=("cko_qr",),
    timed=("cko_hosted", "cko_link", "cko_simulation"),
    themed=("cko_simulation",),
    same_sheets=("cko_qr",),
    crowded=("cko_crowded",),
)
