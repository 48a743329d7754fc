"""Presses the console's buttons by plain HTTP, as a browser without script would."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import httpx
from support import Sim


def console(sim: Sim) -> str:
    """The address of the workspace's console, without a page."""
    return f"/console/{sim.workspace.name}"


async def page_of(sim: Sim, path: str) -> str:
    answer = await sim.http.get(console(sim) + path)
    assert answer.status_code == 200, answer.text
    return answer.text


def form_of(page: str, testid: str) -> tuple[str, dict[str, str]]:
    """Where the first form with such a button posts to, and what it carries unasked."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.S) if f'data-testid="{testid}"' in form)
    action = re.search(r'action="([^"]+)"', form)
    assert action is not None
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return html.unescape(action[1]), {name: html.unescape(value) for name, value in fields}


async def press(sim: Sim, page: str, testid: str, **more: str) -> httpx.Response:
    """The answer to the form; `more` are the fields that a person has filled in."""
    action, fields = form_of(page, testid)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await sim.http.post(action, content=urlencode({**fields, **more}), headers=headers)
