"""ecommpay's hosted pages in every state, reached as a merchant reaches them: by the provider's own API."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from browser.merchant import Hosted, Merchant, fields_of, path_of

from providers.ecommpay.driver import sign


class Pages(Merchant):
    def ecommpay(self, payment_id: str, amount: int = 1100, **more: Any) -> str:
        keys = self.keys["ecommpay"]
        given = {
            "project_id": keys["project_id"],
            "payment_id": payment_id,
            "payment_amount": amount,
            "payment_currency": "EUR",
            "customer_id": "customer-1",
            "payment_description": self.shop.written or "Two paper lanterns",
            "merchant_return_url": self.shop.back,
            "redirect_success_url": self.shop.back,
            "redirect_fail_url": self.shop.back,
            **more,
        }
        parameters = {name: str(value) for name, value in given.items()}
        parameters["signature"] = sign(keys["secret_key"], parameters)
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
        return self.press("/payment", **fields_of(path), _step="pay")

    def ecp_expired(self) -> str:
        return self.ecommpay("580", best_before="2020-01-01T00:00:00+00:00")

    def ecp_emulator(self, amount: int = 1100, payment_id: str = "580") -> str:
        path = self.ecommpay(payment_id, amount, force_payment_method="alipay")
        answer = self.http.post(f"{path}&_step=pay", data=fields_of(path) | {"_step": "pay"})
        assert answer.status_code == 303, answer.text
        self.last = ("ecommpay", payment_id)
        return path_of(answer.headers["location"])

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
        named = {"merchant_name": self.shop.written} if self.shop.written else {}
        self.shop.workspace.set_settings("ecommpay", **named, **values)


HOSTED = Hosted(
    pages={
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
    },
    rootless=("ecp_bad_signature",),
    codes=("ecp_qr",),
    notice={"ecp_qr": "ecp-qr"},
    phone_too=("ecp_phone",),
    themed=("ecp_method",),
    entries=("ecp-continue", "ecp-random"),
    nowhere={"no such page": "/emulator/aps/nothing1"},
)
