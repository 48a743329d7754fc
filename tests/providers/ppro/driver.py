"""A merchant at PPRO: the field's verbs in the provider's dialect."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
from support import Hook, Sim

PAGE = "/default/authenticator.html"
RETURN_URL = "https://shop.example/back"

SEED: dict[str, Any] = {
    "paymentMethod": "ALIPAY",
    "amount": {"value": 1000, "currency": "CNY"},
    "consumer": {"country": "CN"},
    "authenticationSettings": [
        {"type": "REDIRECT", "settings": {"returnUrl": "https://www.webshop.com/order-results-page"}}
    ],
}


class Merchant:
    def __init__(self, sim: Sim, *, settles: bool = False) -> None:
        """`settles`: a new charge's webhooks have arrived when `create` returns."""
        self.sim = sim
        self.settles = settles
        found = sim.credentials("ppro")
        self.headers = {"Authorization": f"Bearer {found['api_key']}", "Merchant-Id": found["merchant_id"]}

    # Calls

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.sim.http.post(f"/v1/{path}", json=body, headers=self.headers | headers)

    async def send(self, method: str, path: str, raw: bytes, **headers: str) -> httpx.Response:
        sent = {"Content-Type": "application/json"} | self.headers | headers
        return await self.sim.http.request(method, f"/v1/{path}", content=raw, headers=sent)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.sim.http.get(f"/v1/{path}", headers=self.headers | headers)

    async def operate(self, id_: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.post(f"payment-charges/{id_}/{kind}", body)
        await self.sim.settle()
        assert answer.status_code == 200, answer.text
        operation: dict[str, Any] = answer.json()
        return operation

    # Charges

    async def create(self, **changes: Any) -> dict[str, Any]:
        """The seed's request, with changes; None takes a member away."""
        body = {name: value for name, value in (SEED | changes).items() if value is not None}
        answer = await self.post("payment-charges", body)
        if self.settles:
            await self.sim.settle()
        assert answer.status_code == 200, answer.text
        charge: dict[str, Any] = answer.json()
        return charge

    async def mock(self, descriptor: str = "", value: int = 1000, currency: str = "EUR", **changes: Any) -> Any:
        body = {
            "paymentMethod": "MOCK",
            "paymentDescriptor": descriptor,
            "amount": {"value": value, "currency": currency},
            "consumer": {"country": "DE"},
            "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": RETURN_URL}}],
        }
        return await self.create(**(body | changes))

    async def waiting(self, *types: str, more: str = "", **changes: Any) -> Any:
        """A MOCK charge that waits for the consumer, who may choose between these types."""
        descriptor = f"requiresAuthentication=true;authenticationType={','.join(types or ('REDIRECT',))};{more}"
        return await self.mock(descriptor, **changes)

    async def paid(self, **changes: Any) -> dict[str, Any]:
        charge = await self.create(**changes)
        await self.sim.act("ppro", charge["id"], "pay")
        return await self.charge(charge["id"])

    async def charge(self, id_: str) -> dict[str, Any]:
        body: dict[str, Any] = (await self.get(f"payment-charges/{id_}")).raise_for_status().json()
        return body

    async def status(self, id_: str) -> str:
        return str((await self.charge(id_))["status"])

    # Operations

    async def capture(self, id_: str, amount: int = 1000, **more: Any) -> dict[str, Any]:
        return await self.operate(id_, "captures", {"amount": amount, **more})

    async def void(self, id_: str, amount: int = 1000, **more: Any) -> dict[str, Any]:
        return await self.operate(id_, "voids", {"amount": amount, **more})

    async def refund(self, id_: str, amount: int = 1000, **more: Any) -> dict[str, Any]:
        return await self.operate(id_, "refunds", {"amount": amount, **more})

    async def discard(self, id_: str, **more: Any) -> dict[str, Any]:
        return await self.operate(id_, "discards", more)

    async def confirm(self, id_: str, code: str = "777123") -> httpx.Response:
        """POST …/authorizations with the consumer's code."""
        body = {"authenticationResult": {"type": "MULTI_FACTOR", "details": {"verificationCode": code}}}
        answer = await self.post(f"payment-charges/{id_}/authorizations", body)
        await self.sim.settle()
        return answer

    # The consumer

    async def open_page(self, id_: str, **query: str) -> httpx.Response:
        return await self.sim.http.get(PAGE, params={"payment-charge-id": id_, **query})

    async def press(self, id_: str, outcome: str, type_: str = "", **form: str) -> httpx.Response:
        """A button of the mock authenticator."""
        query = {"payment-charge-id": id_} | ({"type": type_} if type_ else {})
        answer = await self.sim.http.post(PAGE, params=query, data={"outcome": outcome, **form})
        await self.sim.settle()
        return answer

    # What the merchant heard

    @property
    def heard(self) -> list[str]:
        """The types of the webhooks so far, without their common prefix."""
        return [hook.body["type"].removeprefix("PAYMENT_CHARGE_") for hook in self.sim.hooks]

    def hook(self, type_: str) -> Hook:
        """The one webhook of this type."""
        [found] = [hook for hook in self.sim.hooks if hook.body["type"].removeprefix("PAYMENT_CHARGE_") == type_]
        return found

    def forget(self) -> None:
        self.sim.hooks.clear()


_MASKS = (
    (re.compile(r"\b(charge|authz|capture|refund|void|discard|instr|merch)_[A-Za-z0-9]+"), r"\1_*"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z"), "TIME"),
    (re.compile(r"^[A-Za-z0-9]{21}$"), "EVENT"),
    (re.compile(r"^https?://(localhost:8080|sim\.test)"), "HOST"),
    (
        re.compile(r"^https://redirection-target\.ppro\.com$"),
        "HOST/default/authenticator.html?payment-charge-id=charge_*",
    ),
)


def masked(value: Any) -> Any:
    """Ids, times and addresses replaced, so that documents can be compared; the order of members stays."""
    if isinstance(value, dict):
        return {name: masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    if isinstance(value, str):
        for pattern, mask in _MASKS:
            value = pattern.sub(mask, value)
    return value


def golden(name: str) -> str:
    """A documented example, masked; as text, because the order of members counts."""
    path = Path(__file__).parent / "golden" / f"{name}.json"
    return json.dumps(json.loads(path.read_text("utf-8")), indent=2)


def shown(document: Any) -> str:
    return json.dumps(masked(document), indent=2)
