"""Every line that the console offers to copy is run by a real shell and a real curl, at a simulator that wants its token."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.kernel.money import Money
from simulator.providers import built_in
from simulator.surface.client import Client, Workspace
from simulator.surface.launch import launched

TOKEN = "open sesame"
PLACES = (
    "payments/{waiting}",
    "payments/{paid}",
    "webhooks?endpoint={provider}",
    "webhooks/{delivery}",
    "webhooks/{delivery}?tab=curl",
    "requests/{request}",
    "requests/{refused}",
    "start/{provider}",
)
"""Pages that speak of one provider."""
ANYBODYS = ("payments", "clock", "scenarios", "settings", "buyers/li-na")
SHELL = """curl() { command curl -sS -o /dev/null -w '%{http_code}' "$@"; }
"""
FINE = re.compile("2..|302|303|400|403|409|422")
"""Done, or not possible (any more) in the words of the one who was asked; but never 401 nor 404."""
ENDS = ("DELETE", "/reset", "/scenario")
"""What is run last: it takes away what the others are about, or lets them go wrong."""

pytestmark = [
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
    pytest.mark.uncounted,
]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Client]:
    with launched("--open-console", "--admin-token", TOKEN) as running, Client(running.url, token=TOKEN) as client:
        yield client


def on_pages(world: Workspace, places: Iterable[str]) -> Iterator[str]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    for place in places:
        page = world.client.send("GET", f"/console/{world.name}/{place}", headers=headers, content=None)
        assert page.status == 200, place
        lines = re.findall(r'data-copy="([^"]*)"', page.content.decode())
        yield from (line for line in map(html.unescape, lines) if line.startswith("curl"))


def places_of(world: Workspace, provider: str) -> Iterator[str]:
    """The pages of a payment that waits, of one that was paid, and of what belongs to it."""
    waiting, paid = (world.make_payment(provider)["id"] for _ in range(2))
    world.advance("PT5S")
    world.pay(provider, paid)
    world.settle()
    at = {
        "provider": provider,
        "waiting": waiting,
        "paid": paid,
        "delivery": world.deliveries(resource_id=paid)[-1]["id"],
        "request": world.requests()[0]["id"],
        "refused": refused_call(world, provider, paid),
    }
    return (place.format(**at) for place in PLACES)


def refused_call(world: Workspace, provider: str, paid: str) -> str:
    """A refund of nothing, or of what cannot be refunded yet."""
    shop = next(one.shop for one in built_in() if one.name == provider)
    assert shop is not None
    account = Account(world.credentials[provider], world.client.url, time_of_day())
    sent = shop.sign(account, shop.refund(account, paid, Money(-1, shop.sample.amount.currency)))
    world.client.send(sent.method, sent.path, headers=sent.headers, content=sent.body or None)
    return world.requests()[0]["id"]


@pytest.mark.parametrize("provider", [provider.name for provider in built_in()])
def test_what_is_copied_runs(guarded: Client, provider: str) -> None:
    world = guarded.create_workspace()
    world.set_webhook(provider, world.inbox_url("shop"))

    told = statuses(on_pages(world, places_of(world, provider)))

    assert len(told) > 12
    assert [line for line, status in told.items() if not FINE.fullmatch(status)] == []


def test_what_is_copied_from_the_pages_of_no_provider_runs(guarded: Client, tmp_path: Path) -> None:
    """Beside a file that was exported before."""
    world = guarded.create_workspace()
    headers = {"authorization": f"Bearer {TOKEN}"}
    document = guarded.send("GET", f"/_sim/workspaces/{world.name}/export", headers=headers, content=None)
    (tmp_path / "workspace.json").write_bytes(document.content)

    told = statuses(on_pages(world, ANYBODYS), tmp_path)

    assert len(told) > 6
    assert [line for line, status in told.items() if not FINE.fullmatch(status)] == []


def statuses(lines: Iterable[str], at: Path | None = None) -> dict[str, str]:
    """What each line was answered."""
    ordered = sorted(set(lines), key=lambda line: any(end in line for end in ENDS))
    return {line: run(line, at) for line in ordered}


def run(line: str, at: Path | None) -> str:
    environment = {"PATH": os.environ["PATH"], "PSP_SIMULATOR_ADMIN_TOKEN": TOKEN}
    done = subprocess.run(["sh", "-c", SHELL + line], capture_output=True, text=True, env=environment, cwd=at)
    return done.stdout or done.stderr
