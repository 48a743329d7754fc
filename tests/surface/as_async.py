"""Makes the asynchronous client from the text of the synchronous one: `python tests/surface/as_async.py` writes it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SURFACE = Path(__file__).parents[2] / "simulator" / "surface"
CLIENT, ASYNC_CLIENT = SURFACE / "client.py", SURFACE / "async_client.py"

HEAD = '''"""The typed client for `asyncio`, as long as the other: `client.py` with `await`, made from its text by
`tests/surface/as_async.py`. Change that one.

    async with AsyncClient("http://localhost:8080") as client:
        shop = await client.create_workspace(seed="42", frozen=True)
        await shop.pay("acme", charge_id)
        await shop.advance("PT13H")
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import quote

import httpx

from simulator.surface.answers import (
{answers})
from simulator.surface.client import DEFAULT_URL, NEAREST, PAGE, Answer, NotReached, SaidNo, error_of, is_of_a_call

__all__ = ["AsyncClient", "AsyncWorkspace"]
__tracebackhide__ = is_of_a_call


'''
AT_ONCE = (
    "__init__",
    "view",
    "id",
    "name",
    "base_url",
    "credentials",
    "inbox_url",
    "workspace",
    "_headers",
    "each_request",
    "each_timer",
)
"""Methods that ask nobody."""

# fmt: off
RULES = (
    (r"\bclass Client:",                           "class AsyncClient:"),
    (r"\bclass Workspace:",                        "class AsyncWorkspace:"),
    (r"-> Workspace:",                             "-> AsyncWorkspace:"),
    (r"\breturn Workspace\(",                      "return AsyncWorkspace("),
    (r"\bclient: Client\b",                        "client: AsyncClient"),
    (r"\bhttpx\.Client\(",                         "httpx.AsyncClient("),
    (r"\bhttpx\.BaseTransport\b",                  "httpx.AsyncBaseTransport"),
    (r"\b__(enter|exit)__\b",                      r"__a\1__"),
    (r"\bself\._http\.close\(\)",                  "await self._http.aclose()"),
    (r"(?<!def )\bself\.(close|call|_call|_act|client\.call|client\.file|send|_http\.request)\(", r"await self.\1("),
    (r"\bwith self\._http\.stream\(",              "async with self._http.stream("),
    (r"\banswer\.read\(\)",                        "await answer.aread()"),
    (r"^( +)yield from answer\.iter_lines\(\)", r"\1async for text in answer.aiter_lines():\n\1    yield text"),
    (r'^( +)yield from page\["data"\]',            r'\1for entry in page["data"]:\n\1    yield entry'),
    (r"\bfor text in self\.client\.lines\(",       "async for text in self.client.lines("),
    (r"\blist\((self\.(?:client\.)?(?:every|each_request|each_timer)\(.*\))\)$", r"[one async for one in \1]"),
    (r"\blist\(found\)",                           "[one async for one in found]"),
    (r"\bIterator\[",                              "AsyncIterator["),
    (r"return self\._view if self\._view is not None else self\.refresh\(\)",
     "if self._view is None:\n            raise RuntimeError('await refresh() first: nothing was asked yet')\n"
     "        return self._view"),
    (r"As it was when this object first asked; `refresh` asks again\.",
     "As it was when `refresh` last asked."),
)
# fmt: on


def as_async(source: str) -> str:
    answers = source.partition("from simulator.surface.answers import (\n")[2].partition(")")[0]
    body = source.partition("\nclass Client:")[1:]
    text = "".join(body).lstrip("\n").partition("\n\ndef error_of(")[0] + "\n"
    for pattern, instead in RULES:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    text = re.sub(rf"^    def (?!(?:{'|'.join(AT_ONCE)})\()", "    async def ", text, flags=re.MULTILINE)
    used = [line for line in answers.splitlines(keepends=True) if re.search(rf"\b{line.strip().rstrip(',')}\b", text)]
    return formatted(HEAD.replace("{answers}", "".join(used)) + text)


def formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(ASYNC_CLIENT), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    ASYNC_CLIENT.write_text(as_async(CLIENT.read_text("utf-8")), "utf-8")
