"""The merchant of the hosted pages, and what a provider says of its own: in `hosted` of its folder of tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from buying import ANY

from browser.shop import Shop

Json = dict[str, Any]


class Merchant:
    """`shop` is the same merchant everywhere. Methods that end a sentence return the path of a page."""

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
        """The wallet itself."""
        code = self.shop.order()
        self.last = (ANY.name, self.shop.ids[code])
        return f"/w/{code}"

    def act(self, what: str, **body: Any) -> None:
        provider, id_ = self.last
        path = f"/_sim/workspaces/{self.shop.workspace.id}/payments/{provider}/{id_}/{what}"
        self.http.post(path, json=body).raise_for_status()
        self.shop.workspace.settle()

    def post(self, path: str, body: Any, headers: dict[str, str]) -> Any:
        """`body` is a JSON value, or bytes that leave as they are: those that the headers sign."""
        answer = (
            self.http.post(path, content=body, headers=headers)
            if isinstance(body, bytes)
            else self.http.post(path, json=body, headers=headers)
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    def press(self, path: str, **fields: str) -> str:
        """Posts a form as a browser would; returns where it leads."""
        answer = self.http.post(path, data=fields)
        assert answer.status_code == 303, answer.text
        return path_of(answer.headers["location"])


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """The pages that a provider hosts, each by the name of the `Merchant`'s method that leads there."""

    pages: Mapping[str, str]
    """Each with the test id of its root."""
    rootless: tuple[str, ...] = ()
    """Those that only explain what is wrong."""
    codes: tuple[str, ...] = ()
    """Those that show a code."""
    notice: Mapping[str, str] = field(default_factory=dict)
    """Those that wait for the wallet and notice by themselves what happened there, with their roots."""
    timed: tuple[str, ...] = ()
    """Those whose time is over by itself, within 26 hours. Each waits with `data-again`, and then shows `ui.result("expired", …)`
    with `decided_by="timer"`, no `data-again`, and another `data-state` at its root (`hosted.state`)."""
    phone_too: tuple[str, ...] = ()
    """Those that look different on a phone."""
    themed: tuple[str, ...] = ()
    """Those on which the theme is changed by its button; one of a kind is enough."""
    same_sheets: tuple[str, ...] = ()
    """Those whose sheets and lists are the wallet's."""
    crowded: tuple[str, ...] = ()
    """Those with long words, long names and large amounts."""
    entries: tuple[str, ...] = ()
    """Buttons that only show another page: any site may lead there."""
    nowhere: Mapping[str, str] = field(default_factory=dict)
    """Addresses of nothing, by what they are not."""


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def fields_of(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))
