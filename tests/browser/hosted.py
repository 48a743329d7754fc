"""Every hosted page of the five providers in every state, reached as a merchant reaches it: by the provider's own API."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode, urlsplit

from providers.ecommpay.driver import sign as sign_for_ecommpay
from providers.worldline.driver import canonical, date
from providers.worldline.driver import sign as sign_for_worldline

from browser.shop import Shop

Json = dict[str, Any]


class Merchant:
    """`shop` is the same merchant at all five providers. Methods that end a sentence return the path of a page."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.http, self.keys = shop, shop.http, shop.workspace.credentials
        self.last: tuple[str, str] = ("", "")
        """Provider and id of the last payment."""

    def state(self) -> tuple[str, str | None]:
        """Phase of the last payment, and who decided."""
        payment = self.shop.workspace.payment(*self.last)
        return payment["phase"], payment["decided_by"]

    def remember(self, provider: str) -> None:
        """The newest payment is the last one: the buyer's press has made it."""
        self.last = (provider, self.shop.workspace.latest(1, provider=provider)[0]["id"])

    def wallet(self) -> str:
        """The wallet itself, for an order at PPRO."""
        code = self.shop.order()
        self.last = ("ppro", self.shop.ids[code])
        return f"/w/{code}"

    def act(self, what: str, **body: Any) -> None:
        provider, id_ = self.last
        path = f"/_sim/workspaces/{self.shop.workspace.id}/payments/{provider}/{id_}/{what}"
        self.http.post(path, json=body).raise_for_status()
        self.shop.workspace.settle()

    def post(self, path: str, body: Any, headers: dict[str, str]) -> Any:
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def press(self, path: str, **fields: str) -> str:
        """Posts a form as a browser would; returns where it leads."""
        answer = self.http.post(path, data=fields)
        assert answer.status_code == 303, answer.text
        return _path(answer.headers["location"])

    # PPRO

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
        return path

    def ppro_declined(self) -> str:
        path = self.ppro()
        self.act("decline", reason="balance")
        return path

    # WooshPay

    def wooshpay(self, **more: Any) -> Any:
        key = base64.b64encode(f"{self.keys['wooshpay']['secret_key']}:".encode()).decode()
        product = {"currency": "EUR", "unit_amount": 550, "product_data": {"name": "Lantern"}}
        body = {
            "mode": "payment",
            "payment_method_types": ["alipay"],
            "line_items": [{"price_data": product, "quantity": 2}],
            "success_url": self.shop.back,
            "cancel_url": f"{self.shop.back}?cancelled=1",
        }
        session = self.post("/v1/checkout/sessions", body | more, {"Authorization": f"Basic {key}"})
        self.last = ("wooshpay", session["payment_intent"])
        return session

    def wp_session(self) -> str:
        return _path(self.wooshpay()["url"])

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
        return _path(url)

    # Checkout.com

    def _checkoutcom(self, path: str, body: Json) -> Any:
        keys = self.keys["checkoutcom"]
        body = {"amount": 1100, "currency": "EUR", "reference": "ORD-5023-4E89", **body}
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
        return _path(payment["_links"]["redirect"]["href"])

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

    def cko_hosted(self) -> str:
        body = {
            "billing": {"address": {"country": "DE"}},
            "products": [{"name": "Lantern", "quantity": 2, "price": 550}],
            "success_url": self.shop.back,
            "cancel_url": self.shop.back,
            "failure_url": self.shop.back,
        }
        return _path(self._checkoutcom("/hosted-payments", body)["_links"]["redirect"]["href"])

    def cko_link(self) -> str:
        body = {"billing": {"address": {"country": "DE"}}, "return_url": self.shop.back}
        return _path(self._checkoutcom("/payment-links", body)["_links"]["redirect"]["href"])

    # ecommpay

    def ecommpay(self, payment_id: str, amount: int = 1100, **more: Any) -> str:
        keys = self.keys["ecommpay"]
        given = {
            "project_id": keys["project_id"],
            "payment_id": payment_id,
            "payment_amount": amount,
            "payment_currency": "EUR",
            "customer_id": "customer-1",
            "payment_description": "Two paper lanterns",
            "merchant_return_url": self.shop.back,
            "redirect_success_url": self.shop.back,
            "redirect_fail_url": self.shop.back,
            **more,
        }
        parameters = {name: str(value) for name, value in given.items()}
        parameters["signature"] = sign_for_ecommpay(keys["secret_key"], parameters)
        return f"/payment?{urlencode(parameters)}"

    def ecp_method(self) -> str:
        return self.ecommpay("580")

    def ecp_instructions(self) -> str:
        return self.ecommpay("580", force_payment_method="alipay")

    def ecp_chosen(self) -> str:
        """The same after the choice, which can be made again."""
        return f"{self.ecommpay('580')}&_step=instructions"

    def ecp_asked(self) -> str:
        return f"{self.ecp_clarification()}&_step=clarification"

    def ecp_paying(self) -> str:
        path = f"/_sim/workspaces/{self.shop.workspace.id}/scenario"
        slow = {"rules": [{"wallet": {"delay": "PT30S"}}], "scope": {}}
        self.http.put(path, json=slow).raise_for_status()
        emulator = self.ecp_emulator()
        self.press(emulator, outcome="success")
        return emulator

    def ecp_rejected(self) -> str:
        path = self.ecommpay("580", 999, payment_currency="CNY", force_payment_method="alipay")
        return self.press("/payment", **_fields(path), _step="pay")

    def ecp_expired(self) -> str:
        return self.ecommpay("580", best_before="2020-01-01T00:00:00+00:00")

    def ecp_emulator(self, amount: int = 1100, payment_id: str = "580") -> str:
        path = self.ecommpay(payment_id, amount, force_payment_method="alipay")
        answer = self.http.post(f"{path}&_step=pay", data=_fields(path) | {"_step": "pay"})
        assert answer.status_code == 303, answer.text
        self.last = ("ecommpay", payment_id)
        return _path(answer.headers["location"])

    def ecp_decline_amount(self) -> str:
        return self.ecp_emulator(40000)

    def ecp_clarification(self) -> str:
        self._ecommpay_setting(required_customer_fields=["first_name", "email"])
        path = self.ecommpay("580", force_payment_method="alipay")
        self.last = ("ecommpay", "580")
        return path

    def ecp_qr(self) -> str:
        self._ecommpay_setting(alipay_flow="qr")
        self.ecp_emulator()
        return self.ecommpay("580", force_payment_method="alipay")

    def ecp_phone(self) -> str:
        self._ecommpay_setting(alipay_flow="qr")
        self.ecp_emulator()
        payment = self.shop.workspace.payment(*self.last)
        assert payment["wallet"] is not None
        return f"/emulator/qr/{payment['wallet']['code']}"

    def ecp_paid(self) -> str:
        self.ecp_emulator()
        self.act("pay")
        return f"{self.ecommpay('580', force_payment_method='alipay')}&stay=1"

    def ecp_declined(self) -> str:
        self.ecp_emulator()
        self.act("decline", reason="balance")
        return f"{self.ecommpay('580', force_payment_method='alipay')}&stay=1"

    def ecp_bad_signature(self) -> str:
        return self.ecommpay("580") + "x"

    def _ecommpay_setting(self, **values: Any) -> None:
        self.shop.workspace.set_settings("ecommpay", **values)

    # Worldline

    def _worldline(self, path: str, body: Json) -> Any:
        import json

        keys = self.keys["worldline"]
        target, raw = f"/v1/{keys['merchant_id']}/{path}", json.dumps(body).encode()
        headers = {"Date": date(), "Content-Type": "application/json"}
        text = canonical("POST", target, headers)
        headers["Authorization"] = f"GCS v1HMAC:{keys['api_key_id']}:{sign_for_worldline(keys['secret_api_key'], text)}"
        answer = self.http.post(target, content=raw, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    @staticmethod
    def _order(**more: Any) -> Json:
        return {
            "amountOfMoney": {"amount": 1100, "currencyCode": "EUR"},
            "customer": {
                "billingAddress": {"countryCode": "DE"},
                "locale": "en_GB",
                "merchantCustomerId": "c-1",
                **more,
            },
            "references": {"merchantReference": "LS-7781"},
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
        return _path(created["merchantAction"]["redirectData"]["redirectURL"])

    def wl_wallet(self) -> str:
        return self._worldline_payment(861)

    def wl_wallets(self) -> str:
        return self._worldline_payment(866)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _fields(path: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(urlsplit(path).query))


PAGES = {
    # page: test id of its root
    "ppro": "ppro-authenticator",
    "ppro_tabs": "ppro-authenticator",
    "ppro_scan": "ppro-authenticator",
    "ppro_scanner": "ppro-authenticator",
    "ppro_mfa": "ppro-authenticator",
    "ppro_paid": "ppro-authenticator",
    "ppro_declined": "ppro-authenticator",
    "wp_session": "wooshpay-session",
    "wp_declined": "wooshpay-session",
    "wp_complete": "wooshpay-session",
    "wp_expired": "wooshpay-session",
    "wp_wallet": "wallet-cashier",
    "wp_app": "wallet-phone",
    "cko_simulation": "cko-simulation",
    "cko_paying": "cko-simulation",
    "cko_paid": "cko-simulation",
    "cko_declined": "cko-simulation",
    "cko_qr": "wallet-cashier",
    "cko_hosted": "cko-page",
    "cko_link": "cko-page",
    "ecp_method": "ecp-method",
    "ecp_instructions": "ecp-instructions",
    "ecp_chosen": "ecp-instructions",
    "ecp_clarification": "ecp-instructions",
    "ecp_asked": "ecp-clarification",
    "ecp_rejected": "ecp-result",
    "ecp_expired": "ecp-result",
    "ecp_paying": "ecp-emulator",
    "ecp_emulator": "ecp-emulator",
    "ecp_decline_amount": "ecp-emulator",
    "ecp_qr": "ecp-qr",
    "ecp_phone": "ecp-emulator",
    "ecp_paid": "ecp-result",
    "ecp_declined": "ecp-result",
    "wl_checkout": "wl-checkout",
    "wl_pending": "wl-checkout",
    "wl_successful": "wl-checkout",
    "wl_unsuccessful": "wl-checkout",
    "wl_cancelled": "wl-checkout",
    "wl_gone": "wl-checkout",
    "wl_wallet": "wallet-cashier",
    "wl_wallets": "wl-wallets",
}

NOWHERE = {
    "no such page": "/emulator/aps/nothing1",
    "no such charge": "/default/authenticator.html?payment-charge-id=charge_nothing",
    "no such session": "/pay/cs_nothing?key=nothing",
    "no such checkout": "/checkout/1001-nothing",
}
