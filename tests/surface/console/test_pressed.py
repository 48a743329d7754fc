"""Whatever can be pressed or filled in on a page of the console is pressed or filled in by a test in Chromium.

By its name alone: that the press does what it says is those tests' business, in `tests/browser/test_console*.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[3]
PAGES = sorted((HERE / "templates" / "console").glob("*.html"))
PRESSED = "\n".join(path.read_text("utf-8") for path in sorted((HERE / "tests" / "browser").glob("test_console*.py")))

TAG = re.compile(r"<(a|button|input|select|summary|textarea|details)\b[^<]*?data-testid=\"([^\"]+)\"", re.S)
"""Something to press that names itself."""
BY_KEY = {"key-f": 'press("f")', "key-n": 'press("n")'}
"""Hidden: keys press them."""
ELSEWHERE = {"further": "needs more payments than a page looks at; `test_payments` follows it by plain HTTP"}


def names_in(page: str) -> set[str]:
    """The ids as they begin, where a value follows."""
    told = {name for _, name in TAG.findall(page)}
    calls = re.findall(r"p\.(?:button|choice)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", page)
    for call in calls:
        flat = re.sub(r"console\.act\((?:[^()]|\([^()]*\))*\)|t\((?:[^()]|\([^()]*\))*\)", "", call)
        told |= {name for name in re.findall(r",\s*\"([a-z][a-z0-9-]*)\"", flat) if not name.startswith("button")}
    told |= set(re.findall(r"(?<!data-)testid=\"([a-z][a-z0-9-]*)\"", page))
    return {name.partition("{{")[0] for name in told} - {""}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem.strip("_"))
def test_everything_that_can_be_pressed_is_pressed_in_chromium(page: Path) -> None:
    names = names_in(re.sub(r"\{#.*?#\}", "", page.read_text("utf-8"), flags=re.S))

    assert sorted(name for name in names - ELSEWHERE.keys() if BY_KEY.get(name, name) not in PRESSED) == []


def test_the_names_are_found() -> None:
    """In the page with the most kinds of them."""
    page = next(page for page in PAGES if page.name == "clock.html").read_text("utf-8")

    assert names_in(page) >= {
        "mode-frozen",
        "advance",
        "advance-",
        "rate-",
        "jump-here",
        "next-timer",
        "older",
        "stop-advance",
    }
