"""PPRO's hosted pages in every state, reached as a merchant reaches them: by the provider's own API."""

from __future__ import annotations

from browser.merchant import Hosted, Json, Merchant


class Pages(Merchant):
    def ppro(self, types: str = "") -> str:
        """Without types an Alipay charge, with them a MOCK charge that offers them."""
        body: Json = {
            "paymentMethod": "ALIPAY",
            "amount": {"value": 1100, "currency": "EUR"},
            "consumer": {"country": "CN"},
            "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": self.shop.back}}],
        }
        if types:
            descriptor = f"requiresAuthentication=true;authenticationType={types}"
            body |= {"paymentMethod": "MOCK", "paymentDescriptor": descriptor, "consumer": {"country": "DE"}}
            scan = {"type": "SCAN_CODE", "settings": {"scanBy": "2036-01-01T00:00:00Z"}}
            body["authenticationSettings"].append(scan)
        keys = self.keys["ppro"]
        headers = {"Authorization": f"Bearer {keys['api_key']}", "Merchant-Id": keys["merchant_id"]}
        self.last = ("ppro", self.post("/v1/payment-charges", body, headers)["id"])
        return f"/default/authenticator.html?payment-charge-id={self.last[1]}"

    def shown(self) -> str:
        """The last charge once more."""
        return f"/default/authenticator.html?payment-charge-id={self.last[1]}"

    def ppro_tabs(self) -> str:
        return self.ppro("REDIRECT,SCAN_CODE,MULTI_FACTOR")

    def ppro_scan(self) -> str:
        return self.ppro("SCAN_CODE")

    def ppro_scanner(self) -> str:
        return self.ppro("SCAN_CODE") + "&type=SCAN_CODE&view=phone"

    def ppro_mfa(self) -> str:
        return self.ppro("MULTI_FACTOR")

    def ppro_paid(self) -> str:
        path = self.ppro()
        self.act("pay")
        return f"{path}&stay=1"

    def ppro_declined(self) -> str:
        path = self.ppro()
        self.act("decline", reason="balance")
        return f"{path}&stay=1"


HOSTED = Hosted(
    pages={
        "ppro": "ppro-authenticator",
        "ppro_tabs": "ppro-authenticator",
        "ppro_scan": "ppro-authenticator",
        "ppro_scanner": "ppro-authenticator",
        "ppro_mfa": "ppro-authenticator",
        "ppro_paid": "ppro-authenticator",
        "ppro_declined": "ppro-authenticator",
    },
    codes=("ppro", "ppro_tabs", "ppro_scan"),
    notice={"ppro": "ppro-authenticator", "ppro_scan": "ppro-authenticator"},
    timed=("ppro_mfa",),
    phone_too=("ppro", "ppro_paid"),
    themed=("ppro",),
    nowhere={"no such charge": "/default/authenticator.html?payment-charge-id=charge_nothing"},
)
