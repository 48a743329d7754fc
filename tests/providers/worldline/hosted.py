"""Worldline's hosted pages in every state, reached as a merchant reaches them: by the provider's own API."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from browser.merchant import Hosted, Json, Merchant, path_of

from providers.worldline.driver import canonical, date, sign


class Pages(Merchant):
    def _worldline(self, path: str, body: Json) -> Any:
        keys = self.keys["worldline"]
        target, raw = f"/v1/{keys['merchant_id']}/{path}", json.dumps(body).encode()
        headers = {"Date": date(), "Content-Type": "application/json"}
        text = canonical("POST", target, headers)
        headers["Authorization"] = f"GCS v1HMAC:{keys['api_key_id']}:{sign(keys['secret_api_key'], text)}"
        answer = self.http.post(target, content=raw, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def _order(self, **more: Any) -> Json:
        return {
            "amountOfMoney": {"amount": 1100, "currencyCode": "EUR"},
            "customer": {
                "billingAddress": {"countryCode": "DE"},
                "locale": "en_GB",
                "merchantCustomerId": "c-1",
                **more,
            },
            "references": {"merchantReference": self.shop.written or "LS-7781"},
        }

    def wl_checkout(self, **more: Any) -> str:
        given = {"returnUrl": self.shop.back, "locale": "en_GB"}
        body = {"order": self._order(), "hostedCheckoutSpecificInput": given, **more}
        created = self._worldline("hostedcheckouts", body)
        self.last = ("worldline", created["hostedCheckoutId"])
        return urlsplit("https://payment." + created["partialRedirectUrl"]).path

    def wl_preset(self) -> str:
        """With one product only, and no choice to make."""
        return self.wl_checkout(redirectPaymentMethodSpecificInput={"paymentProductId": 861})

    def wl_pending(self) -> str:
        path = self.wl_checkout()
        self.wallet = self.press(path, action="pay", product="861")
        return path

    def _decided(self, path: str, **fields: str) -> str:
        """By whoever has the wallet open: its order's code stands in the wallet's address."""
        code = self.wallet.partition("token=")[2].partition("&")[0]
        self.shop.post(code, "confirm", **fields)
        self.shop.workspace.settle()
        return f"{path}?stay=1"

    def wl_successful(self) -> str:
        return self._decided(self.wl_pending(), buyer="li-na")

    def wl_unsuccessful(self) -> str:
        return self._decided(self.wl_pending(), buyer="chen-jie")

    def wl_cancelled(self) -> str:
        given = {"returnUrl": self.shop.back, "locale": "en_GB", "returnCancelState": True}
        path = self.wl_checkout(hostedCheckoutSpecificInput=given)
        self.press(path, action="cancel")
        return path

    def wl_gone(self) -> str:
        path = self.wl_checkout()
        self.shop.workspace.advance("PT3H")
        return path

    def _worldline_payment(self, product: int) -> str:
        given = {"paymentProductId": product, "redirectionData": {"returnUrl": self.shop.back}}
        body = {"order": self._order(), "redirectPaymentMethodSpecificInput": given}
        created = self._worldline("payments", body)
        self.last = ("worldline", created["payment"]["id"])
        return path_of(created["merchantAction"]["redirectData"]["redirectURL"])

    def wl_wallet(self) -> str:
        return self._worldline_payment(861)

    def wl_wallets(self) -> str:
        return self._worldline_payment(866)


HOSTED = Hosted(
    pages={
        "wl_checkout": "wl-checkout",
        "wl_pending": "wl-checkout",
        "wl_successful": "wl-checkout",
        "wl_unsuccessful": "wl-checkout",
        "wl_cancelled": "wl-checkout",
        "wl_gone": "wl-checkout",
        "wl_wallet": "wallet-cashier",
        "wl_wallets": "wl-wallets",
    },
    codes=("wl_wallet",),
    notice={"wl_pending": "wl-checkout"},
    timed=("wl_checkout",),
    themed=("wl_checkout",),
    same_sheets=("wl_wallet",),
    nowhere={"no such checkout": "/checkout/1001-nothing"},
)
