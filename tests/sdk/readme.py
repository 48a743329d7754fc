"""The lines that the README gives for each client, as text that the tests of that client run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
SECTION = README[README.index("## Point your SDK here") : README.index("### A client whose host cannot be changed")]


def rows_of(section: str) -> dict[tuple[str, str], list[str]]:
    """(provider, client) to the lines of code in the third column."""
    rows, provider = {}, ""
    for line in section.splitlines():
        if not line.startswith("| ") or line.startswith(("| ---", "| Provider")):
            continue
        named, client, code = (cell.strip() for cell in line.strip("|").split(" | "))
        provider = named or provider
        rows[provider, client.replace("`", "")] = re.findall(r"`([^`]+)`", code)
    return rows


ROWS = rows_of(SECTION)
RUNNABLE = {key for key in ROWS if key[1].startswith(("Python ", "Node ", "PHP with curl"))}
"""What can be had from the registries of Python and Node, and what PHP does by itself."""


def lines(provider: str, client: str, url: str) -> str:
    """The row's code, for a simulator at this address; nothing else is changed."""
    port = str(urlsplit(url).port)
    end = "\n" if client.startswith("Python ") else ";\n"
    return end.join(line.replace("8080", port) for line in ROWS[provider, client]) + end


def curl(provider: str, url: str) -> str:
    """The row for PHP without a client, and what stands below the table. Returns the answer's JSON."""
    [functions] = re.findall(r"^```php\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    [sending] = re.findall(r"`(curl_setopt_array\([^`]+)`", SECTION)
    [answer] = re.findall(r"`(curl_exec\([^`]+)`", SECTION)
    return f"{functions}{lines(provider, 'PHP with curl', url)}{sending};\nreturn json_decode({answer}, true);"


def python(provider: str, client: str, url: str, **given: Any) -> Any:
    """What the row's lines leave behind under their last name, with these names at hand."""
    code = lines(provider, client, url)
    here = dict(given)
    exec(code, here)
    return here[re.findall(r"^(\w+) = ", code, re.MULTILINE)[-1]]
