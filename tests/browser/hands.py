"""Two buyers with a browser: one has a mouse and no script, the other a keyboard and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.sync_api import Error

from browser.window import Window

TABS = 90
STEPS = """(testid) => {
  const stops = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")].filter((each) =>
    each === document.activeElement || (each.tabIndex >= 0 && !each.disabled && each.type !== "hidden" &&
    each.checkVisibility({visibilityProperty: true}) && (each.type !== "radio" || each.checked)));
  const to = stops.findIndex((each) => each.dataset.testid === testid);
  return to < 0 ? 0 : to - stops.indexOf(document.activeElement);
}"""
"""How many times Tab is pressed until a control has the focus: an estimate, which saves a look after each press."""
FOCUSED = "document.activeElement?.dataset.testid"


def _nothing(route: Any) -> None:
    route.fulfill(status=204)


class Hands:
    """What both can do with a browser. `pressed` are pairs of a page's root and a control."""

    has_script: bool
    tries_all: bool

    def __init__(self, window: Window) -> None:
        self.look = window
        self.windows = [window.page]

    @property
    def page(self) -> Any:
        return self.windows[-1]

    def open(self, path: str) -> None:
        self.page.goto(f"{self.look.origin}{path}")

    def window(self, testid: str) -> None:
        with self.look.context.expect_page() as opened:
            self.press(testid)
        self.windows.append(opened.value)
        opened.value.wait_for_load_state()

    def leave_window(self) -> None:
        self.windows.pop().close()

    def leave_window_by(self, testid: str) -> None:
        """With a script the window closes itself."""
        self.press(testid)
        self.leave_window()

    def reload(self) -> None:
        """Once more where the page was just loading anew by itself."""
        try:
            self.page.reload()
        except Error as error:
            if "ERR_ABORTED" not in str(error):
                raise
            self.page.wait_for_load_state()
            self.page.reload()

    def see(self, testid: str, **attributes: str) -> None:
        self.page.wait_for_selector(self.look.selector(testid, **attributes), state="attached")

    def goes_back(self) -> None:
        """Nothing to do: the wallet returns by itself, with a script or without."""

    def returned(self) -> dict[str, str]:
        return self.look.returned()

    @contextmanager
    def detained(self) -> Iterator[None]:
        shop = f"{self.look.shop.back}*"
        self.page.route(shop, _nothing)
        yield
        self.page.unroute(shop, _nothing)

    def press(self, testid: str) -> None:
        raise NotImplementedError


class ByMouse(Hands):
    has_script = False
    tries_all = False

    def press(self, testid: str) -> None:
        self.page.locator(f"[data-testid={testid}]:visible").first.click()

    def choose(self, testid: str, value: str = "") -> None:
        control = self.page.locator(f"[data-testid={testid}]")
        if value:
            control.select_option(value)
        else:
            control.check()

    def fill(self, testid: str, value: str) -> None:
        self.page.locator(f"[data-testid={testid}]").fill(value)


class ByKeyboard(Hands):
    """Tab until the control has the focus, then the key that a keyboard user presses."""

    has_script = True
    tries_all = True

    def press(self, testid: str) -> None:
        self._tab_to(testid)
        self.page.keyboard.press("Enter")

    def see(self, testid: str, **attributes: str) -> None:
        super().see(testid, **attributes)
        if testid == "result":  # where a screen reader goes on
            self.page.wait_for_function("() => document.activeElement.matches('[data-testid=result] h1')", timeout=5000)

    def leave_window_by(self, testid: str) -> None:
        self._tab_to(testid)
        with self.page.expect_event("close"), suppress(Error):  # the window is gone before the key is let go
            self.page.keyboard.down("Enter")
        assert self.windows.pop().is_closed()

    def choose(self, testid: str, value: str = "") -> None:
        control = self.page.locator(f"[data-testid={testid}]")
        if value:
            self._tab_to(testid)
            wanted, now = control.evaluate(
                "(select, value) => [[...select.options].findIndex(each => each.value === value), select.selectedIndex]",
                value,
            )
            for _ in range(abs(wanted - now)):
                self.page.keyboard.press("ArrowDown" if wanted > now else "ArrowUp")
            assert control.input_value() == value
            return
        name = control.get_attribute("name")
        group = self.page.locator(f"input[type=radio][name={name}]:checked").get_attribute("data-testid")
        self._tab_to(group)
        for _ in range(TABS):
            if self.page.evaluate(FOCUSED) == testid:
                break
            self.page.keyboard.press("ArrowDown")
        assert control.is_checked()

    def fill(self, testid: str, value: str) -> None:
        self._tab_to(testid)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(value)

    def _tab_to(self, testid: str) -> None:
        """As many times as it takes, forwards or back; in the end the focus must be there."""
        self.page.wait_for_selector(f"[data-testid={testid}]", state="attached")
        steps = self.page.evaluate(STEPS, testid)
        for _ in range(abs(steps)):
            self.page.keyboard.press("Tab" if steps > 0 else "Shift+Tab")
        for _ in range(TABS):
            if self.page.evaluate(FOCUSED) == testid:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{testid} cannot be reached by Tab on {self.page.url}")
