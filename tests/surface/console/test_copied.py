"""What a person copies from the console does what its button does, pasted into a shell."""

from __future__ import annotations

import html
import re
import subprocess

import httpx
import pytest
from toy.acme import ACME

from simulator.surface.app import App
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
