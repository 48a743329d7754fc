"""The merchant of the browser tests: orders at a provider and what other people do with them meanwhile."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
from buying import ANY, order

from simulator.kernel.money import Money
from simulator.surface.client import Client, Workspace


class Shop:
    """Has a workspace of its own, and another one after `renew`."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        self.back = f"http://shop.test:{urlsplit(url).port}/back"
        """Where the merchant wants the buyers back. Nobody is there, but the browser goes."""
        self.http = httpx.Client(base_url=url, verify=False, trust_env=False)
        self.written = ""
        """What the merchant writes into every free text, instead of something sensible."""
        self.used: list[Workspace] = []
        self.renew()

    def renew(self) -> None:
        """Begins anew. Pages of the former workspace may still be open."""
        self.workspace = self.client.create_workspace()
        self.used.append(self.workspace)
        self.ids: dict[str, str] = {}
        """Payments by the code of their order."""

    def close(self) -> None:
        self.http.close()
        for workspace in self.used:
            workspace.delete()

    def order(self, value: int = 1100, currency: str = "EUR", reference: str = "") -> str:
        """An open order, by its code; 11 euros are 86.03 yuan."""
        id_ = order(self.workspace, reference or self.written or "ORD-5023-4E89", Money(value, currency), self.back)
        payment = self.workspace.payment(ANY.name, id_)
        assert payment["wallet"] is not None
        code = payment["wallet"]["code"]
        self.ids[code] = payment["id"]
        return code

    def state(self, code: str) -> tuple[str, str | None]:
        """Phase of the payment, and who decided."""
        payment = self.workspace.payment(ANY.name, self.ids[code])
        return payment["phase"], payment["decided_by"]

    def post(self, code: str, action: str, **fields: str) -> None:
        """What another device presses."""
        assert self.http.post(f"/w/{code}/{action}", data=fields).status_code == 303

    def edit_buyer(self, slug: str, **members: Any) -> None:
        path = f"/_sim/workspaces/{self.workspace.id}/buyers/{slug}"
        self.http.put(path, json=members).raise_for_status()

    def set(self, provider: str, **values: Any) -> None:
        self.http.put(f"/_sim/workspaces/{self.workspace.id}/settings/{provider}", json=values).raise_for_status()

    def freeze(self) -> None:
        self.http.post(f"/_sim/workspaces/{self.workspace.id}/clock/freeze").raise_for_status()

    # Orders in every state, by their addresses

    def open(self) -> str:
        return f"/w/{self.order()}"

    def long(self) -> str:
        """A long reference and a large amount, which must not break the page."""
        return f"/w/{self.order(3_000_000, 'EUR', 'ORD-' + '5023-4E89-' * 10)}"

    def signed_in(self) -> str:
        return f"/w/{self.order()}?step=confirm&buyer=li-na"

    def wrong_password(self) -> str:
        code = self.order()
        self.post(code, "sign-in", buyer="zhao-lei", password="wrong")
        return f"/w/{code}?buyer=zhao-lei&wrong=password"

    def wrong_code(self) -> str:
        code = self.order()
        self.post(code, "confirm", buyer="liu-yang", payment_code="111111")
        return f"/w/{code}?step=confirm&buyer=liu-yang&wrong=payment_code"

    def scanned(self) -> str:
        code = self.order()
        self.post(code, "scan")
        return f"/w/{code}"

    def walked_away(self) -> str:
        code = self.order()
        self.post(code, "confirm", buyer="zhou-ting")
        return f"/w/{code}?buyer=zhou-ting"

    def paying(self) -> str:
        code = self.order()
        self.post(code, "confirm", buyer="sun-li")
        return f"/w/{code}"

    def paid(self) -> str:
        code = self.order()
        self.post(code, "confirm", buyer="li-na")
        return f"/w/{code}?stay=1"

    def declined(self) -> str:
        code = self.order()
        self.post(code, "confirm", buyer="wang-wei")
        return f"/w/{code}?stay=1"

    def retry(self) -> str:
        self.edit_buyer("wang-wei", refusal="retry")
        code = self.order()
        self.post(code, "confirm", buyer="wang-wei")
        return f"/w/{code}"

    def cancelled(self) -> str:
        code = self.order()
        self.post(code, "cancel")
        return f"/w/{code}?stay=1"

    def expired(self) -> str:
        code = self.order()
        self.post(code, "force", outcome="expired")
        return f"/w/{code}?stay=1"

    def unknown(self) -> str:
        return "/w/nosuchcode"


STATES = (
    "open", "long", "signed_in", "wrong_password", "wrong_code", "scanned", "walked_away", "paying", "paid", "declined",
    "retry", "cancelled", "expired", "unknown",
)  # fmt: skip
