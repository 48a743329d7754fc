"""One browser: a size, a language, a theme, cookies of its own. It notes every request and every complaint."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from browser.shop import Shop

SIZES = {
    "desktop": (1280, 900), "phone": (390, 844), "wide": (1440, 900), "narrow": (320, 640), "zoomed": (640, 450),
    "tablet": (905, 700), "laptop": (1024, 700),
}  # fmt: skip
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
NEVER_SERIOUS = (
    "region", "landmark-unique", "landmark-one-main", "heading-order", "page-has-heading-one", "empty-heading",
    "aria-allowed-role", "presentation-role-conflict", "scope-attr-valid", "skip-link",
)  # fmt: skip
"""Rules of these whose findings axe calls minor or moderate: a tenth of its work, and left out in the end."""
OPENED = "document.querySelector('details.sheet[open]')"
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"

TURNS = (
    {"en": ("wide", "light"), "zh": ("phone", "dark")},
    {"en": ("phone", "light"), "zh": ("wide", "dark")},
    {"en": ("wide", "dark"), "zh": ("phone", "light")},
    {"en": ("phone", "dark"), "zh": ("wide", "light")},
)
"""In which width and theme axe sees a page, by language. A language says which words stand there, a width where, a theme in
which colours, none of them what the others do: each page is seen with each of their values, and each three of them together
are seen on each fourth page."""

EXPECTED = ("Failed to load resource", "net::ERR", "Scripts may close only the windows")
"""What the console says of pages that are meant not to be found, of blocked events, and of Done in a tab of its own."""


_EVENTS = re.compile(r"/events(\?|$)")


def _abort(route: Any) -> None:
    route.abort()


_STICKS_OUT = """[...document.querySelectorAll(".card")].flatMap(card => {
    const border = card.getBoundingClientRect().right
    const held = part => part !== card && (getComputedStyle(part).overflowX !== "visible" || held(part.parentElement))
    return [...card.querySelectorAll("*:not(.hidden, .menu-panel, .menu-panel *)")]
        .filter(part => part.getClientRects().length && part.getBoundingClientRect().right > border + 1)
        .filter(part => !held(part.parentElement))
        .slice(0, 1).map(part => part.outerHTML.slice(0, 80))
})"""


class Contexts:
    """Chromium's contexts, kept for the next test: to make one costs as much as five pages."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._idle: dict[tuple[bool, bool, str], list[Any]] = {}

    def take(self, *, phone: bool, script: bool, axe: str) -> Any:
        """With one page, and no cookie; with a source of axe it is in every document."""
        idle = self._idle.setdefault((phone, script, axe), [])
        if idle:
            return idle.pop()
        more: dict[str, Any] = {"user_agent": PHONE, "has_touch": True, "device_scale_factor": 2} if phone else {}
        context = self._chromium.new_context(
            java_script_enabled=script, locale="en-GB", reduced_motion="reduce", **more
        )
        context.set_default_timeout(20_000)
        if axe:
            context.add_init_script(axe)
        context.new_page()
        return context

    def give_back(self, context: Any, *, phone: bool, script: bool, axe: str) -> None:
        if not context.pages:
            context.close()
            return
        for page in context.pages[1:]:
            page.close()
        if not context.pages[0].url.startswith("http://shop.test"):  # where nothing goes on
            context.pages[0].goto("about:blank")
        context.clear_cookies()
        self._idle[phone, script, axe].append(context)


class Window:
    """`complaints` are requests to a foreign host, messages of the console and errors of the script."""

    def __init__(
        self,
        contexts: Contexts,
        shop: Shop,
        *,
        size: str = "desktop",
        phone: bool = False,
        script: bool = True,
        theme: str = "light",
        lang: str = "en",
        events: bool = True,
        host: str | None = None,
        friends: tuple[str, ...] = (),
        axe: str = "",
    ) -> None:
        """`friends` are other origins that the pages may ask."""
        self.shop, self.lang, self.theme = shop, lang, theme
        self.origin = shop.url if host is None else f"http://{host}:{urlsplit(shop.url).port}"
        self.complaints: list[str] = []
        self._contexts, self._kind = contexts, dict[str, Any](phone=phone, script=script, axe=axe)
        self._friends = (self.origin, shop.back, "data:", "blob:", *friends)
        self.context = contexts.take(**self._kind)
        self._listeners: tuple[tuple[str, Callable[[Any], None]], ...] = (
            ("request", self._see_request),
            ("weberror", self._see_error),
            ("console", self._hear),
        )
        for event, listener in self._listeners:
            self.context.on(event, listener)
        self._blocks = not events
        if self._blocks:
            self.context.route(_EVENTS, _abort)
        self.page = self.context.pages[0]
        self.resize(size)
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")

    def resize(self, size: str) -> None:
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})

    def _see_error(self, error: Any) -> None:
        self.complaints.append(f"script: {error.error}")

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in EXPECTED):
            self.complaints.append(f"console: {message.text}")

    def _see_request(self, request: Any) -> None:
        if not request.url.startswith(self._friends):
            self.complaints.append(f"foreign request: {request.url}")

    def close(self) -> None:
        for event, listener in self._listeners:
            self.context.remove_listener(event, listener)
        if self._blocks:
            self.context.unroute(_EVENTS, _abort)
        self._contexts.give_back(self.context, **self._kind)

    # Looking

    def open(self, path: str, **query: str) -> Any:
        """Opens a page in this window's language; returns Playwright's page."""
        parts = urlsplit(path)
        merged = dict(parse_qsl(parts.query, keep_blank_values=True)) | {"lang": self.lang} | query
        self.page.goto(f"{self.origin}{parts.path}?{urlencode(merged)}")
        return self.page

    def see(self, testid: str, *, timeout: float = 20_000, **attributes: str) -> Any:
        """Waits until an element with that test id and those attributes (`state="paid"`) is there."""
        found = self.page.locator(self.selector(testid, **attributes))
        found.first.wait_for(state="attached", timeout=timeout)
        return found.first

    @staticmethod
    def selector(testid: str, **attributes: str) -> str:
        wanted = "".join(f'[data-{name.replace("_", "-")}="{value}"]' for name, value in attributes.items())
        return f'[data-testid="{testid}"]{wanted}'

    def press(self, testid: str) -> None:
        """Presses what is there; opens what hides it first."""
        button = self.page.locator(f'[data-testid="{testid}"]').first
        if not button.is_visible():
            for summary in self.page.locator(f'details:has([data-testid="{testid}"]):not([open]) > summary').all():
                summary.click()
        button.click()

    def returned(self, timeout: float = 20_000) -> dict[str, str]:
        """Waits until the browser is back at the shop; returns what it brought along."""
        self.page.wait_for_url(f"{self.shop.back}*", timeout=timeout)
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def sticks_out(self) -> list[str]:
        """What reaches beyond the right border of the card that it stands in, and is not scrolled there."""
        found: list[str] = self.page.evaluate(_STICKS_OUT)
        return found

    def scan(self) -> list[str]:
        """The texts of the QR codes in a screenshot of the window."""
        decoder = pytest.importorskip("pyzbar.pyzbar", reason="pyzbar or libzbar is not installed")
        from PIL import Image

        picture = Image.open(io.BytesIO(self.page.screenshot(full_page=True)))
        found = decoder.decode(picture, symbols=[decoder.ZBarSymbol.QRCODE])
        return [symbol.data.decode() for symbol in found]

    def wrong_with(self, path: str, turn: int = 0, **query: str) -> list[str]:
        """Of a page of the console, as its one of the `TURNS` has it, and at 320 pixels."""
        found: list[str] = []
        for lang, (size, theme) in TURNS[turn % len(TURNS)].items():
            page = self.open(path, lang=lang, **query)
            found += [] if page.locator("h1").count() == 1 else [f"{lang}: not one heading"]
            self.resize(size)
            found += [f"{path} {lang} {size} {theme} {finding}" for finding in self.findings(theme)]
            self.resize("narrow")
            found += [f"{path} {lang}: scrolls sideways at 320 px"] if self.scrolls_sideways() else []
        return found

    def findings(self, theme: str, *, opens: bool = False, within: str = "html") -> list[str]:
        """Serious and critical findings of axe, one line each: of the page as it is in the colours of the device's theme, or of
        what stands `within` some of its parts, and, if it `opens`, of each sheet opened."""
        self.page.emulate_media(color_scheme=theme)
        found = self._axe("document" if within == "html" else repr(within))
        for sheet in self.page.locator("details.sheet").all() if opens else []:
            sheet.evaluate("sheet => { sheet.open = true; }")
            found += self._axe(OPENED)
            sheet.evaluate("sheet => { sheet.open = false; }")
        self.page.emulate_media(color_scheme=self.theme)
        return found

    def _axe(self, where: str) -> list[str]:
        without = json.dumps({rule: {"enabled": False} for rule in NEVER_SERIOUS})
        options = f"{{resultTypes: ['violations'], preload: false, iframes: false, runOnly: {RULES}, rules: {without}}}"
        found = self.page.evaluate(f"axe.run({where}, {options}).then((told) => told.violations)")
        return [
            f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
