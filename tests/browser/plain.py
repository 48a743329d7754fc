"""A buyer who has no browser at all: pages are fetched, and only their own links and forms lead on.

They look as hard as they walk: no GET on the way may change anything, and every form must be answered with 303.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from browser.shop import Shop
from browser.window import PHONE

Attributes = dict[str, str]

CONTROLS = ("a", "button", "input", "select", "summary", "textarea")
TEXT = ("text", "password", "email", "tel")


@dataclass
class Control:
    """What can be pressed, chosen or filled in. `form` is the number of its form, if it has one."""

    tag: str
    attributes: Attributes
    form: int | None
    options: list[Attributes] = field(default_factory=list)

    @property
    def testid(self) -> str:
        return self.attributes.get("data-testid", "")

    @property
    def is_usable(self) -> bool:
        hidden = self.tag == "input" and self.attributes.get("type") == "hidden"
        return not hidden and "disabled" not in self.attributes and (self.tag != "a" or "href" in self.attributes)

    @property
    def value(self) -> str | None:
        """What the browser would send, or None where it would send nothing."""
        if "name" not in self.attributes or "disabled" in self.attributes or self.tag not in ("input", "select"):
            return None
        if self.tag == "select":
            chosen = next((option for option in self.options if "selected" in option), self.options[0])
            return chosen["value"]
        if self.attributes.get("type") in ("radio", "checkbox") and "checked" not in self.attributes:
            return None
        return self.attributes.get("value", "")


class Page(HTMLParser):
    """One page as it came."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url, self.html = url, html
        self.elements: list[tuple[str, Attributes]] = []
        self.forms: list[Attributes] = []
        self.controls: list[Control] = []
        self._inside: int | None = None
        self._named: dict[str, str] = {}
        self.feed(html)
        by_id = {form["id"]: number for number, form in enumerate(self.forms) if "id" in form}
        for control in self.controls:
            if "form" in control.attributes:
                control.form = by_id[control.attributes["form"]]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.elements.append((tag, given))
        if tag == "form":
            self._inside = len(self.forms)
            self.forms.append(given)
        elif tag in CONTROLS:
            self.controls.append(Control(tag, given, self._inside))
        elif tag == "option":
            self.controls[-1].options.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None

    @property
    def root(self) -> str:
        """Test id of the page's root; an error page is its own."""
        roots = (given["data-testid"] for _, given in self.elements if "data-state" in given)
        return next(roots, "error" if self.find("error") else "wallet-not-found")

    def find(self, testid: str, **wanted: str) -> Attributes | None:
        for _, given in self.elements:
            if given.get("data-testid") == testid and all(
                given.get(f"data-{name.replace('_', '-')}") == value for name, value in wanted.items()
            ):
                return given
        return None

    def control(self, testid: str) -> Control:
        found = [control for control in self.controls if control.testid == testid and control.is_usable]
        assert found, f"{testid} is not on {self.url}"
        return found[0]

    def fields(self, form: int, button: Control) -> dict[str, str]:
        sent = {
            control.attributes["name"]: control.value
            for control in self.controls
            if control.form == form and control.value is not None
        }
        if "name" in button.attributes:
            sent[button.attributes["name"]] = button.attributes.get("value", "")
        return sent

    @property
    def says_what_happened(self) -> bool:
        """A result, or a page that is not about a choice any more."""
        return any("data-outcome" in given for _, given in self.elements)


class ByForms:
    """`pressed` are pairs of a page's root and a control; `posts` are all forms that were sent."""

    has_script = False
    tries_all = True

    def __init__(self, shop: Shop, *, phone: bool = False) -> None:
        self.shop = shop
        headers = {"user-agent": PHONE} if phone else {}
        self.http = httpx.Client(base_url=shop.url, headers=headers, verify=False, trust_env=False)
        self.pressed: set[tuple[str, str]] = set()
        self.posts: list[tuple[str, dict[str, str]]] = []
        self._late: list[tuple[str, dict[str, str]]] = []
        self.page: Page
        self._seen: list[Page] = []
        self._first: list[Page] = []
        self._shop_url = ""
        self._is_late = False
        self._before: Any = None
        """What `world` said after the last look, as long as nothing was pressed."""

    def close(self) -> None:
        self.http.close()

    # Walking

    def open(self, path: str) -> None:
        """Begins at a page. Meanwhile the merchant may have done something."""
        self._before = None
        self._look(path)

    def _look(self, path: str) -> None:
        """Shows a page, wherever that leads; at the shop's own address the way ends."""
        url = urljoin(self.shop.url, path)
        if url.startswith(self.shop.back):
            self._shop_url = url
            return
        before = None if self._is_late else self._before or self.world()
        answer = self.http.get(url)
        assert answer.status_code in (200, 303, 404), f"{path} answered {answer.status_code}"
        if before is not None:
            self._before = self.world()
            assert self._before == before, f"to look at {path} has changed something"
        if answer.status_code == 303:
            self._look(answer.headers["location"])
        else:
            self.page = Page(path, answer.text)
            self._seen.append(self.page)

    def world(self) -> Any:
        """Everything that a GET must leave alone: payments, events, money. All that is due has happened before."""
        workspace = self.shop.workspace
        if self._before is None:
            workspace.settle()
        events = [(event["id"], event["event"], len(event["attempts"])) for event in workspace.deliveries()]
        return workspace.latest(), events, workspace.buyers(), workspace.timers()

    def press(self, testid: str) -> None:
        control = self.page.control(testid)
        self.pressed.add((self.page.root, testid))
        if control.tag == "a":
            self._look(urljoin(self.page.url, control.attributes["href"]))
        elif control.tag == "button":
            assert control.form is not None
            form = self.page.forms[control.form]
            assert form["method"] == "post"
            self.posts.append((urljoin(self.page.url, form["action"]), self.page.fields(control.form, control)))
            self.send(*self.posts[-1])

    def send(self, action: str, sent: dict[str, str]) -> None:
        self._before = None
        answer = self.http.post(action, data=sent, headers={"origin": self.shop.url})
        assert answer.status_code == 303, f"{action} answered {answer.status_code}: {answer.text[:300]}"
        self._look(urljoin(action, answer.headers["location"]))

    def choose(self, testid: str, value: str = "") -> None:
        """A radio button, or a value of a select."""
        control = self.page.control(testid)
        self.pressed.add((self.page.root, testid))
        if control.tag == "select":
            assert value in [option["value"] for option in control.options]
            control.options = [{"value": value, "selected": ""}]
            return
        for other in self.page.controls:
            if other.form == control.form and other.attributes.get("name") == control.attributes["name"]:
                other.attributes.pop("checked", None)
        control.attributes["checked"] = ""

    def fill(self, testid: str, value: str) -> None:
        self.pressed.add((self.page.root, testid))
        self.page.control(testid).attributes["value"] = value

    def window(self, testid: str) -> None:
        """Follows a link into a window of its own."""
        self._first.append(self.page)
        self.press(testid)

    def leave_window(self) -> None:
        self.page = self._first.pop()

    def leave_window_by(self, testid: str) -> None:
        self.press(testid)
        self.leave_window()

    def reload(self) -> None:
        self.open(self.page.url)

    def see(self, testid: str, **attributes: str) -> None:
        assert self.page.find(testid, **attributes), f"{testid} {attributes} is not on {self.page.url}"

    def goes_back(self) -> None:
        self.press("return")

    def returned(self) -> dict[str, str]:
        if not self._shop_url:
            self.press("return")
        assert self._shop_url, f"the last press led to {self.page.url}"
        url, self._shop_url = self._shop_url, ""
        return dict(parse_qsl(urlsplit(url).query))

    def detained(self) -> AbstractContextManager[None]:
        return nullcontext()

    # Afterwards

    def press_everything_late(self) -> None:
        """The first act has won: what was pressed and every other button that was seen on the way, pressed now, is
        answered with a page that shows what happened."""
        before, self._is_late = self.world(), True
        for action, sent in self.posts + [late[:2] for page in list(self._seen) for late in every_post(page)]:
            press = (action, {name: value for name, value in sent.items() if name != "token"})
            if press in self._late or "freeze" in sent.values() or "run" in sent.values():
                continue
            self._late.append(press)
            self.send(action, sent)
            assert not self._shop_url, f"{sent} to {action} came late and went to the shop: {self._shop_url}"
            assert self.page.says_what_happened, f"{sent} to {action} came late and shows {self.page.url}"
        assert self.world() == before, "what was pressed late has changed something"


def every_post(page: Page) -> list[tuple[str, dict[str, str], str]]:
    """What each button of a page would send: where, which fields, and its test id."""
    buttons = [control for control in page.controls if control.tag == "button" and control.form is not None]
    return [(urljoin(page.url, page.forms[b.form]["action"]), page.fields(b.form, b), b.testid) for b in buttons]
