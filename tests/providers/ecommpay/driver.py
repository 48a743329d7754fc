"""A merchant at ecommpay: the field's verbs in the provider's dialect. Signs and verifies by itself, from the manual."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx
from support import Hook, Sim

RUNS = re.compile(r"[0-9]+|[^0-9]")

SALE: dict[str, Any] = {
    "general": {"payment_id": "ECT_TEST_155125514400636"},
    "customer": {
        "id": "123",
        "ip_address": "192.0.2.0",
        "first_name": "之的",
        "last_name": "张",
        "phone": "13632264148",
        "email": "2524243674@example.com",
        "street": "street",
        "city": "city",
        "zip": "123045608",
        "country": "CH",
    },
    "payment": {"amount": 1000, "currency": "CNY", "description": "test payment"},
    "return_url": {"return": "http://example.com/return", "success": "http://example.com/success"},
}

PAGE: dict[str, Any] = {
    "payment_id": "580",
    "payment_amount": 1000,
    "payment_currency": "CNY",
    "customer_id": "customer1",
    "language_code": "zh",
}


def sign(secret: str, message: dict[str, Any]) -> str:
    """The manual's algorithm: drop, flatten, print, sort naturally, join, HMAC-SHA512, Base64."""

    def walk(value: Any, path: str) -> list[tuple[str, str]]:
        if isinstance(value, dict):
            pairs = [(str(k).replace(":", "::"), v) for k, v in value.items() if k not in ("signature", "frame_mode")]
        elif isinstance(value, list):
            pairs = [(str(n), v) for n, v in enumerate(value)]
        else:
            text = str(int(value)) if isinstance(value, bool) else "" if value is None else str(value)
            return [(path, f"{path}:{text}")]
        return [line for name, inner in pairs for line in walk(inner, f"{path}:{name}" if path else name)]

    def natural(path: str) -> list[Any]:
        return [(48, int(run)) if run[0] in "0123456789" else (ord(run), 0) for run in RUNS.findall(path)]

    lines = [line for _, line in sorted(walk(message, ""), key=lambda pair: natural(pair[0]))]
    digest = hmac.new(secret.encode(), ";".join(lines).encode(), hashlib.sha512).digest()
    return base64.b64encode(digest).decode()


class Merchant:
    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        found = sim.credentials("ecommpay")
        self.project: int = found["project_id"]
        self.secret: str = found["secret_key"]
        self.token: str = found["data_token"]
        self.data_secret: str = found["data_secret"]

    # Data API

    async def ask(self, path: str, **asked: Any) -> httpx.Response:
        body = {"token": self.token, **asked}
        return await self.sim.http.post(f"/v1/{path}", json=body | {"signature": sign(self.data_secret, body)})

    async def data(self, path: str, **asked: Any) -> dict[str, Any]:
        """An answer whose signature holds, without it."""
        answer = await self.ask(path, **asked)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert body.pop("signature") == sign(self.data_secret, body)
        return body

    async def operations(self, path: str = "operations/get", **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.data(path, **asked))["operations"]
        return found

    # Gate

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with its project and signature, in `general` or flat."""
        body = copy.deepcopy(body)
        holder = body.get("general", body)
        holder.setdefault("project_id", self.project)
        holder["signature"] = sign(self.secret, body)
        return body

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.sim.http.post(f"/v2/{path}", json=self.signed(body))

    async def sale(self, payment_id: str = SALE["general"]["payment_id"], **changes: Any) -> httpx.Response:
        """Members of the body by name; a dict is merged into the seed's object, None drops it."""
        body = copy.deepcopy(SALE)
        body["general"]["payment_id"] = payment_id
        for name, value in changes.items():
            if value is None:
                del body[name]
            elif isinstance(value, dict) and isinstance(body.get(name), dict):
                body[name] = {k: v for k, v in {**body[name], **value}.items() if v is not None}
            else:
                body[name] = value
        return await self.post("payment/wallet/alipay/sale", body)

    async def begin(self, payment_id: str = SALE["general"]["payment_id"], **changes: Any) -> dict[str, Any]:
        """A sale with its intermediate callback; the answer."""
        answer = await self.sale(payment_id, **changes)
        assert answer.status_code == 200, answer.text
        await self.sim.advance(seconds=0.5)
        accepted: dict[str, Any] = answer.json()
        return accepted

    async def paid(self, payment_id: str = SALE["general"]["payment_id"], **changes: Any) -> dict[str, Any]:
        """A purchase that has succeeded; the answer to its sale request."""
        accepted = await self.begin(payment_id, **changes)
        await self.sim.act("ecommpay", payment_id, "pay")
        return accepted

    async def refund(
        self,
        payment_id: str = SALE["general"]["payment_id"],
        path: str = "payment/wallet/alipay/refund",
        **payment: Any,
    ) -> dict[str, Any]:
        """A refund with its result; the answer."""
        answer = await self.ask_refund(payment_id, path, **payment)
        assert answer.status_code == 200, answer.text
        await self.sim.advance(seconds=1)
        accepted: dict[str, Any] = answer.json()
        return accepted

    async def ask_refund(
        self,
        payment_id: str = SALE["general"]["payment_id"],
        path: str = "payment/wallet/alipay/refund",
        **payment: Any,
    ) -> httpx.Response:
        body: dict[str, Any] = {"general": {"payment_id": payment_id}, "customer": {"ip_address": "192.0.2.0"}}
        if payment:
            body["payment"] = {"description": "refund", **payment}
        return await self.post(path, body)

    async def status(self, payment_id: str = SALE["general"]["payment_id"]) -> dict[str, Any]:
        answer = await self.post("payment/status", {"general": {"payment_id": payment_id}})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert body["signature"] == sign(self.secret, body)
        return body

    async def status_of(self, payment_id: str = SALE["general"]["payment_id"]) -> str:
        status: str = (await self.status(payment_id))["payment"]["status"]
        return status

    # Callbacks

    @property
    def callbacks(self) -> list[dict[str, Any]]:
        """In order of arrival; each signature holds."""
        for hook in self.sim.hooks:
            assert hook.body["signature"] == sign(self.secret, hook.body)
        return [hook.body for hook in self.sim.hooks]

    @property
    def last(self) -> dict[str, Any]:
        return self.callbacks[-1]

    @property
    def last_hook(self) -> Hook:
        return self.sim.hooks[-1]

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """What the callbacks say: payment status, operation type and status."""
        return [(c["payment"]["status"], c["operation"]["type"], c["operation"]["status"]) for c in self.callbacks]

    # Payment Page

    def page(self, /, **changes: Any) -> dict[str, str]:
        """Signed parameters; a value of None leaves the parameter out."""
        given = {"project_id": self.project, **PAGE, **changes}
        parameters = {name: str(value) for name, value in given.items() if value is not None}
        return {**parameters, "signature": sign(self.secret, parameters)}

    async def open(self, **changes: Any) -> httpx.Response:
        return await self.sim.http.get(f"/payment?{urlencode(self.page(**changes))}")

    async def press(self, answer: httpx.Response, testid: str, **fields: str) -> httpx.Response:
        """Submits the form of a button, as a browser would, and follows redirects within the simulator."""
        form = Forms(answer.text).of(testid)
        data = {**form.fields, **fields}
        reply = await self.sim.http.post(form.action, data=data)
        return await self.follow(reply)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.status_code in (302, 303):
            target = httpx.URL("http://sim.test").join(answer.headers["location"])
            if target.host != "sim.test":
                return answer
            answer = await self.sim.http.get(str(target))
        return answer

    async def register(self, **changes: Any) -> httpx.Response:
        """Through Payment Page to the emulator: the page after Pay."""
        page = await self.open(force_payment_method="alipay", **changes)
        assert page.status_code == 200, page.text
        return await self.press(page, "ecp-pay")


class Form:
    def __init__(self, action: str, id_: str | None) -> None:
        self.action, self.id, self.fields = action, id_, {}  # type: ignore[var-annotated]


class Forms(HTMLParser):
    """The forms of a page and the buttons that submit them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.buttons: dict[str, tuple[Form | None, dict[str, str]]] = {}
        self.elements: dict[str, dict[str, str]] = {}
        self._open: Form | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if "data-testid" in found:
            self.elements.setdefault(found["data-testid"], {**found, "tag": tag})
        if tag == "form":
            self._open = Form(found["action"], found.get("id"))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None and found.get("name"):
            if found.get("type") != "radio" or "checked" in found:
                self._open.fields[found["name"]] = found.get("value", "")
        elif tag == "button" and "data-testid" in found:
            self.buttons[found["data-testid"]] = (self._open, found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def of(self, testid: str) -> Form:
        form, button = self.buttons[testid]
        if form is None:
            form = next(candidate for candidate in self.forms if candidate.id == button["form"])
        chosen = Form(form.action, form.id)
        chosen.fields = dict(form.fields)
        if button.get("name"):
            chosen.fields[button["name"]] = button["value"]
        return chosen
