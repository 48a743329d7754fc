"""The console's stylesheet and script stay small, and the sheet holds nothing that no page uses."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[3]
STATIC = HERE / "simulator" / "static"
TEMPLATES = HERE / "templates"


@pytest.mark.parametrize(("name", "limit"), [("console.css", 20 * 1024), ("console.js", 12 * 1024)])
def test_what_only_the_console_loads_is_small(name: str, limit: int) -> None:
    assert len((STATIC / name).read_bytes()) <= limit


def test_each_class_of_the_consoles_sheet_is_used_in_a_template_or_a_script() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (STATIC / "console.css").read_text("utf-8"), flags=re.DOTALL)
    selectors = re.sub(r"\{[^{}]*\}", " ", sheet)
    classes = set(re.findall(r"\.([a-z][\w-]*)", selectors))

    unused = sorted(name for name in classes if not is_used(name))

    assert classes
    assert unused == []


def is_used(name: str) -> bool:
    """Whether a page says `name`, or puts it together from its first part and a value (`mark-{{ state }}`)."""
    whole = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", PAGES)
    stem = name.split("-")[0] + "-"
    made = stem != name + "-" and re.search(rf"(?<![\w-]){re.escape(stem)}(\{{\{{|[\"'] ~)", PAGES)
    return bool(whole or made)


PAGES = "\n".join(
    file.read_text("utf-8")
    for file in [
        *sorted((TEMPLATES / "console").rglob("*.html")),
        TEMPLATES / "_ui.html",
        *sorted(STATIC.glob("*.js")),
        HERE / "simulator" / "surface" / "console" / "payment.py",
    ]
)
"""All that the console's pages are made of, in one text; `payment.py` names the looks of the diagram's arrows."""
