"""What a person copies from the console does what its button does, pasted into a shell."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
from pressing import page_of
from support import Sim
from toy.acme import ACME

from simulator.surface.app import App
from simulator.surface.console.acts import OPERATIONS, OWN_FIELDS
from simulator.surface.settings import Settings

TOKEN = "open sesame"
HERE = ("127.0.0.1", 40000)


def arguments(line: str) -> list[str]:
    """What curl is called with, as a shell reads the line."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{line}\n"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, env={"PSP_SIMULATOR_ADMIN_TOKEN": TOKEN}, check=True
    )
    return done.stdout.decode().split("\0")[:-1]


async def copied(app: App, token: str | None) -> list[str]:
    """The line of the payment's first button that is copied."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    inner = httpx.ASGITransport(app, client=HERE)
    async with httpx.AsyncClient(transport=inner, base_url="http://sim.test", headers=headers) as http:
        ws = "/_sim/workspaces/default"
        made = (await http.post(f"{ws}/payments", json={"provider": "acme"})).raise_for_status().json()
        (await http.post(f"{ws}/payments/acme/{made['id']}/pay")).raise_for_status()
        delivery = (await http.get(f"{ws}/webhooks/latest")).raise_for_status().json()
        page = (await http.get(f"/console/default/webhooks/{delivery['id']}")).raise_for_status().text
    found = re.search(r'data-testid="copy-curl" data-copy="([^"]+)"', page)
    assert found is not None
    return arguments(html.unescape(found[1]))


@pytest.mark.parametrize("open_console", [False, True])
async def test_a_copied_call_shows_the_token_where_one_is_wanted(open_console: bool) -> None:
    """The token itself stays in the environment: a copied line ends up in chats and tickets."""
    settings = Settings(db=":memory:", port=80, open_console=open_console, admin_token=TOKEN if open_console else None)
    app = App(settings, providers=[ACME])

    given = await copied(app, TOKEN if open_console else None)
    await app.runtime.close()

    assert given[:2] == ["-X", "POST"]
    assert ("Authorization: Bearer open sesame" in given) is open_console


PAGES = (
    "payments", "payments/{payment}?provider=acme",
    "webhooks?endpoint=acme", "webhooks/{webhook}?tab=curl", "requests/{request}", "buyers", "buyers/wang-wei",
    "scenarios", "clock", "start/acme", "audits", "settings", "settings?section=acme",
)  # fmt: skip


@pytest.mark.uncounted
async def test_each_form_of_each_page_has_its_call_beside_it() -> None:
    """As cURL, with the members that the form carries: no button does what a person cannot copy."""
    async with Sim(providers=[ACME]) as sim:
        await sim.receive_webhooks("acme")
        made = (await sim.http.post(f"{sim.path}/payments", json={"provider": "acme"})).raise_for_status().json()
        (await sim.http.post(f"{sim.path}/payments/acme/{made['id']}/pay")).raise_for_status()
        (await sim.http.post(f"{sim.path}/payments", json={"provider": "acme"})).raise_for_status()
        (await sim.http.post(f"{sim.path}/snapshots", json={"name": "kept"})).raise_for_status()
        webhook = (await sim.http.get(f"{sim.path}/webhooks/latest")).raise_for_status().json()["id"]
        request = (await sim.http.get(f"{sim.path}/requests")).raise_for_status().json()["data"][0]["id"]

        missing: dict[str, set[str]] = {}
        for path in PAGES:
            page = await page_of(sim, "/" + path.format(payment=made["id"], webhook=webhook, request=request))
            lines = [shlex.split(html.unescape(one)) for one in re.findall(r'data-copy="(curl -X [^"]+)"', page)]
            told = {(line[2], line[3].partition("sim.test")[2], _members(line)) for line in lines}
            for form in re.findall(r"<form method=\"post\".*?</form>", page.partition("<main")[2], re.S):
                call, is_filled_in = _call(form), re.search(r'<select|<textarea|<input (?!type="hidden")', form)
                if not any(
                    call[:2] == one[:2] and (call[2] <= one[2] if is_filled_in else call[2] == one[2]) for one in told
                ):
                    missing.setdefault(path, set()).add(f"{call[0]} {call[1]} {sorted(call[2])}")

        plain = await page_of(sim, "/requests")

    assert missing == {}
    assert 'data-testid="curls"' not in plain, "what the frame does stands on the page of the clock"


def _members(line: list[str]) -> frozenset[str]:
    body = json.loads(line[line.index("-d") + 1]) if "-d" in line else {}
    return frozenset(body)


def _call(form: str) -> tuple[str, str, frozenset[str]]:
    action = urlsplit(html.unescape(re.findall('action="([^"]+)"', form)[0]))
    _, _, workspace, _, operation = action.path.split("/")
    parts = {"ws": workspace, **{name[5:]: value for name, value in parse_qsl(action.query)}}
    path = OPERATIONS[operation].path.replace(":path}", "}")
    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    carried = re.findall(r'<input type="hidden" name="([^"]+)"', form)
    own = {name.partition(":")[0].partition(".")[0] for name in carried} - OWN_FIELDS
    return OPERATIONS[operation].method, path, frozenset(own)
