"""WooshPay's hosted pages in every state, reached as a merchant reaches them: by the provider's own API."""

from __future__ import annotations

import base64
from typing import Any

from browser.merchant import Hosted, Merchant, path_of


class Pages(Merchant):
    def wooshpay(self, **more: Any) -> Any:
        key = base64.b64encode(f"{self.keys['wooshpay']['secret_key']}:".encode()).decode()
        product = {"currency": "EUR", "unit_amount": 550, "product_data": {"name": self.shop.written or "Lantern"}}
        body = {
            "mode": "payment",
            "payment_method_types": ["alipay"],
            "line_items": [{"price_data": product, "quantity": 2}],
            "success_url": self.shop.back,
            "cancel_url": f"{self.shop.back}?cancelled=1",
        } | ({"client_reference_id": self.shop.written} if self.shop.written else {})
        session = self.post("/v1/checkout/sessions", body | more, {"Authorization": f"Basic {key}"})
        self.last = ("wooshpay", session["payment_intent"])
        return session

    def wp_session(self) -> str:
        return path_of(self.wooshpay()["url"])

    def wp_methods(self) -> str:
        """A session that leaves a choice."""
        return path_of(self.wooshpay(payment_method_types=["alipay", "card", "wechat_pay"])["url"])

    def wp_chosen(self) -> str:
        """Waits for the wallet."""
        path = self.wp_session()
        self.press(path, method="alipay")
        return path

    def wp_crowded(self) -> str:
        word = "Donaudampfschifffahrtsgesellschaft" * 3
        product = {"currency": "EUR", "unit_amount": 99_999_999, "product_data": {"name": word}}
        session = self.wooshpay(line_items=[{"price_data": product, "quantity": 1}], client_reference_id=word)
        return path_of(session["url"])

    def wp_declined(self) -> str:
        path = self.wp_session()
        self.press(path, method="alipay")
        self.act("decline", reason="balance")
        return path

    def wp_complete(self) -> str:
        path = self.wp_session()
        self.press(path, method="alipay")
        self.act("pay")
        return f"{path}&stay=1"

    def wp_expired(self) -> str:
        path = self.wp_session()
        self.shop.workspace.advance("PT25H")
        return path

    def wp_wallet(self) -> str:
        return self.press(self.wp_session(), method="alipay")

    def wp_app(self) -> str:
        key = base64.b64encode(f"{self.keys['wooshpay']['secret_key']}:".encode()).decode()
        body = {
            "amount": 1100,
            "currency": "EUR",
            "confirm": True,
            "payment_method_data": {"type": "alipay"},
            "payment_method_types": ["alipay"],
            "payment_method_options": {"alipay": {"terminal_type": "APP", "os_type": "IOS"}},
            "return_url": self.shop.back,
        }
        intent = self.post("/v1/payment_intents", body, {"Authorization": f"Basic {key}"})
        self.last = ("wooshpay", intent["id"])
        [url] = [value["url"] for value in intent["next_action"].values() if isinstance(value, dict)]
        return path_of(url)


HOSTED = Hosted(
    pages={
        "wp_session": "wooshpay-session",
        "wp_methods": "wooshpay-session",
        "wp_declined": "wooshpay-session",
        "wp_complete": "wooshpay-session",
        "wp_expired": "wooshpay-session",
        "wp_wallet": "wallet-cashier",
        "wp_app": "wallet-phone",
    },
    codes=("wp_session", "wp_methods", "wp_declined", "wp_wallet"),
    notice={"wp_chosen": "wooshpay-session"},
    timed=("wp_session",),
    phone_too=("wp_session",),
    themed=("wp_session",),
    same_sheets=("wp_wallet", "wp_app"),
    crowded=("wp_crowded",),
    nowhere={"no such session": "/pay/cs_nothing?key=nothing"},
)
