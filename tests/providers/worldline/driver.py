"""A merchant at Worldline Connect: the field's verbs in the provider's dialect, with a signature of its own."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
from support import Sim

ORDER: dict[str, Any] = {
    "amountOfMoney": {"amount": 2500, "currencyCode": "CNY"},
    "customer": {
        "merchantCustomerId": "cust-19",
        "locale": "zh_CN",
        "billingAddress": {"countryCode": "CN"},
        "contactDetails": {"emailAddress": "mei@example.org"},
    },
    "references": {"merchantReference": "LS-7781", "descriptor": "Paper lantern"},
}
RETURN_URL = "https://shop.example.org/back?cart=7"


def merged(base: Any, changes: dict[str, Any]) -> Any:
    """`base` with dotted paths set; None deletes."""
    body = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, leaf = path.split(".")
        target = body
        for name in parents:
            target = target.setdefault(name, {})
        if value is None:
            target.pop(leaf, None)
        else:
            target[leaf] = value
    return body


def payment_body(**changes: Any) -> dict[str, Any]:
    body = {
        "order": ORDER,
        "redirectPaymentMethodSpecificInput": {
            "paymentProductId": 861,
            "redirectionData": {"returnUrl": RETURN_URL},
            "paymentProduct861SpecificInput": {"mobileDevice": False},
        },
    }
    merged_body: dict[str, Any] = merged(body, changes)
    return merged_body


def canonical(method: str, target: str, headers: dict[str, str]) -> str:
    """Step by step as the manual says it."""
    lower = {name.lower(): value for name, value in headers.items()}
    text = f"{method}\n{lower.get('content-type', '')}\n{lower['date']}\n"
    for name in sorted(lower):
        if name.startswith("x-gcs"):
            text += name + ":" + re.sub(r"\r?\n\s*", " ", lower[name]).strip() + "\n"
    return text + target + "\n"


def sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def date() -> str:
    return format_datetime(datetime.now(UTC), usegmt=True)


class Merchant:
    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.own = sim.credentials("worldline")
        self.v1 = f"/v1/{self.own['merchant_id']}"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        signed: str | None = None,
    ) -> httpx.Response:
        """`path` begins after `/v1/{merchantId}` unless it is absolute; `signed` is the target that is signed."""
        target = path if path.startswith(("/v1/", "//", "/client", "/files")) else self.v1 + path
        sent = {"Date": date(), **(headers or {})}
        raw = content if content is not None else None if body is None else json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        text = canonical(method, signed or target, sent)
        sent.setdefault(
            "Authorization", f"GCS v1HMAC:{self.own['api_key_id']}:{sign(self.own['secret_api_key'], text)}"
        )
        url = httpx.URL("http://sim.test").copy_with(raw_path=target.encode())
        raw_headers = [(name.encode(), value.encode()) for name, value in sent.items()]
        return await self.sim.http.request(method, url, content=raw, headers=raw_headers)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.call("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.call("POST", path, body, **more)

    async def create(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("/payments", payment_body(**changes))
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def created_id(self, **changes: Any) -> str:
        id_: str = (await self.create(**changes))["payment"]["id"]
        return id_

    async def payment(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/payments/{id_}")).raise_for_status().json()
        return found

    async def captured(self, **changes: Any) -> str:
        id_ = await self.created_id(**changes)
        await self.sim.act("worldline", id_, "pay")
        return id_

    async def paid(self, **changes: Any) -> str:
        """CAPTURED, then two days for the funds to arrive."""
        id_ = await self.captured(**changes)
        await self.sim.advance(days=2)
        assert (await self.payment(id_))["status"] == "PAID"
        return id_

    async def refund(self, payment: str, amount: int | None = None, **more: Any) -> dict[str, Any]:
        body = {"amountOfMoney": {"amount": amount, "currencyCode": "CNY"}, **more} if amount else more or None
        answer = await self.post(f"/payments/{payment}/refund", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def checkout(self, **changes: Any) -> dict[str, Any]:
        body = {"order": ORDER, "hostedCheckoutSpecificInput": {"returnUrl": RETURN_URL}}
        answer = await self.post("/hostedcheckouts", merged(body, changes))
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    @property
    def events(self) -> list[str]:
        return [hook.body["type"] for hook in self.sim.hooks]
