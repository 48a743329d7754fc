"""A buyer's browser without a script: it opens pages, reads them, fills in forms and presses buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx
from support import Sim

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"


@dataclass
class Form:
    action: str
    method: str
    id: str | None
    fields: dict[str, str] = field(default_factory=dict)


class Seen(HTMLParser):
    """A page as it came: `get("confirm")` are the attributes of the element with that test id."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.status, self.html, self.headers = answer.status_code, answer.text, answer.headers
        self.text = unescape(self.html)
        self.url = str(answer.request.url)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.buttons: dict[str, tuple[dict[str, str], Form | None]] = {}
        self._form: Form | None = None
        self._select: str | None = None
        self.feed(self.html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.elements.append((tag, values))
        if tag == "form":
            self._form = Form(values["action"], values["method"], values.get("id"))
            self.forms.append(self._form)
        elif tag == "button" and "data-testid" in values:
            self.buttons[values["data-testid"]] = (values, self._form)
        elif tag == "select":
            self._select = values["name"]
        elif tag == "option" and self._form and self._select:
            if "selected" in values or self._select not in self._form.fields:
                self._form.fields[self._select] = values["value"]
        elif tag == "input" and self._form and "name" in values:
            is_off = values.get("type") == "radio" and "checked" not in values
            if not is_off:
                self._form.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None

    def ids(self) -> set[str]:
        return {values["data-testid"] for _, values in self.elements if "data-testid" in values}

    def get(self, testid: str) -> dict[str, str]:
        [found] = [values for _, values in self.elements if values.get("data-testid") == testid]
        return found

    @property
    def result(self) -> tuple[str, str, str]:
        """Outcome, reason and who decided, of the result page."""
        found = self.get("result")
        return found["data-outcome"], found["data-reason"], found["data-decided-by"]

    @property
    def state(self) -> str:
        """Of the page's root."""
        return next(values["data-state"] for _, values in self.elements if "data-state" in values)

    def form_of(self, button: str) -> tuple[Form, dict[str, str]]:
        """The button's form, and the fields that pressing it sends."""
        values, form = self.buttons[button]
        if "form" in values:
            form = next(form for form in self.forms if form.id == values["form"])
        assert form is not None
        own = {values["name"]: values.get("value", "")} if "name" in values else {}
        return form, form.fields | own


class Visitor:
    """`browser` is what the browser says of itself; `page` is what it shows now. Cookies are its own."""

    def __init__(self, sim: Sim, browser: str = DESKTOP, host: str = "sim.test") -> None:
        transport = httpx.ASGITransport(sim.app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(
            transport=transport, base_url=f"http://{host}", headers={"user-agent": browser, "accept-language": "en"}
        )
        self.origin = f"http://{host}"
        self.page: Seen

    async def open(self, path: str, **headers: str) -> Seen:
        self.page = Seen(await self.http.get(path, headers=headers))
        return self.page

    async def reload(self) -> Seen:
        return await self.open(self.page.url)

    async def follow(self, testid: str) -> Seen:
        return await self.open(self.page.get(testid)["href"])

    async def press(self, button: str, **fields: str) -> Seen:
        """Presses a button as a browser does; the answer must be a redirect, which is followed within our pages."""
        answer = await self.submit(button, **fields)
        assert answer.status_code == 303, answer.text
        return await self.open(answer.headers["location"])

    async def submit(self, button: str, **fields: str) -> httpx.Response:
        form, sent = self.page.form_of(button)
        assert form.method == "post"
        return await self.post(form.action, sent | fields)

    async def post(self, path: str, fields: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.http.post(path, data=fields, headers={"origin": self.origin} | headers)
