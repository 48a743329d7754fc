"""A phone of its own: `serve --lan`, seen from another host of the same network.

The other host is a network namespace that this module makes: its packets come from an address that is not this machine's,
so what is refused to a phone is refused for real.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from buying import SHOP, ask, reading

from browser.merchant import path_of
from browser.shop import Shop
from browser.window import PHONE, Contexts, Window
from simulator.engine.provider import Provider
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in
from simulator.surface.client import Client
from simulator.surface.launch import Launched, launched
from simulator.surface.serve import lan_address

PRESS = """
import httpx, json, sys
with httpx.Client(timeout=5, headers={"user-agent": sys.argv[1]}) as client:
    answers = []
    for method, url, headers, body in json.loads(sys.argv[2]):
        try:
            answer = client.request(method, url, headers=headers, **body)
            answers.append([answer.status_code, answer.text])
        except httpx.ConnectError:
            answers.append([0, "nobody answers"])
print(json.dumps(answers))
"""


class Phone:
    """A host of its own. `ask` sends requests from there, one after another, and returns status and text of each."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def ask(
        self, *requests: tuple[str, str] | tuple[str, str, dict[str, str], dict[str, Any]]
    ) -> list[tuple[int, str]]:
        asked = [(*request, {}, {})[:4] for request in requests]
        command = ["ip", "netns", "exec", self.namespace, sys.executable, "-c", PRESS, PHONE, json.dumps(asked)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return [(status, text) for status, text in json.loads(done.stdout)]


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10, check=True)


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("a host of its own needs `ip` and the rights to make a network namespace")
    name, here, there = f"psp{os.getpid()}", f"ph{os.getpid()}", f"pt{os.getpid()}"
    net = f"10.213.{os.getpid() % 250}"
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.strip()}")
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        ip("addr", "add", f"{net}.1/30", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", name, "addr", "add", f"{net}.2/30", "dev", there)
        ip("-n", name, "link", "set", there, "up")
        ip("-n", name, "route", "add", "default", "via", f"{net}.1")
        yield Phone(name)
    finally:
        ip("netns", "del", name)


@pytest.fixture(scope="module")
def network() -> Iterator[Launched]:
    if lan_address() is None:
        pytest.skip("this machine has no address in a network")
    with launched("--lan", environ={**os.environ, "PSP_SIMULATOR_AUTO_RETURN": "1"}) as running:
        yield running


@pytest.fixture
def shop(network: Launched) -> Iterator[Shop]:
    with Client(network.url) as client:
        shop = Shop(client, network.url)
        yield shop
        shop.close()


def address(server: Launched) -> str:
    """The server as the network knows it."""
    return f"http://{lan_address()}:{urlsplit(server.url).port}"


def test_a_phone_in_the_network_scans_the_code_and_pays(
    window: Callable[..., Window], shop: Shop, network: Launched, phone: Phone
) -> None:
    code = shop.order()
    desktop = window(host="localhost")
    desktop.open(f"/w/{code}")
    desktop.see("live", live="sse")

    [url] = desktop.scan()
    (seen, page), (scanned, _), (confirmed, _) = phone.ask(
        ("GET", url), ("POST", f"{url}/scan"), ("POST", f"{url}/confirm", {}, {"data": {"buyer": "li-na"}})
    )

    assert url == f"{address(network)}/w/{code}"
    assert 'data-testid="wallet-phone"' in page
    assert (seen, scanned, confirmed) == (200, 303, 303)
    desktop.see("result", outcome="paid")
    assert shop.ids[code] in desktop.returned().values()
    assert shop.state(code) == ("paid", "buyer:li-na")


def test_with_lan_the_page_does_not_warn_of_localhost(window: Callable[..., Window], shop: Shop) -> None:
    desktop = window(host="localhost")
    page = desktop.open(shop.open())

    assert "A phone cannot reach localhost." not in page.inner_text("main")
    assert page.inner_text("[data-testid=open-phone]").strip() == "No phone here? Open the phone page"


def reading_nothing(base: str, shop: Shop, provider: Provider) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """A call of the provider's API, for a payment that nobody has."""
    assert provider.shop is not None and provider.shop.read is not None
    own = Account(shop.workspace.credentials[provider.name], base, time_of_day())
    asked = provider.shop.sign(own, provider.shop.read(own, "nobody"))
    return asked.method, base + asked.path, dict(asked.headers), {"content": asked.body.decode()} if asked.body else {}


def test_the_network_reaches_the_api_and_the_buyers_pages_and_nothing_else(
    shop: Shop, network: Launched, phone: Phone
) -> None:
    base, code = address(network), shop.order()
    page = SHOP.pay_url(ask(shop.workspace, reading(shop.workspace, shop.ids[code])).json)
    assert page is not None
    unknown = [reading_nothing(base, shop, provider) for provider in built_in() if provider.shop and provider.shop.read]
    before = shop.state(code)

    answers = phone.ask(
        *unknown,
        ("GET", f"{base}{path_of(page)}"),
        ("GET", f"{base}/w/{code}/qr.png"),
        ("GET", f"{base}/_sim/static/sim.css"),
        ("GET", f"{base}/_sim/health"),
        ("GET", f"{base}/console"),
        ("GET", f"{base}/console/default/payments"),
        ("GET", f"{base}/_sim/workspaces"),
        ("GET", f"{base}/_sim/workspaces/default/payments"),
        ("POST", f"{base}/_sim/workspaces/default/clock/advance", {}, {"json": {"by": "PT13H"}}),
        ("POST", f"{base}/_sim/workspaces/{shop.workspace.id}/reset"),
    )

    assert [text for status, text in answers[: len(unknown)] if status in (0, 403)] == []
    assert [status for status, _ in answers[len(unknown) : -6]] == [200] * 4
    assert [status for status, _ in answers[-6:]] == [403] * 6
    assert all("local_only" in text for _, text in answers[-6:])
    assert shop.state(code) == before


def test_without_lan_nobody_else_is_answered(server: Launched, network: Launched, phone: Phone) -> None:
    answers = phone.ask(("GET", f"{address(server)}/_sim/health"), ("GET", f"{address(network)}/_sim/health"))

    assert [status for status, _ in answers] == [0, 200]


def test_the_page_of_a_server_of_this_machine_only_says_so(contexts: Contexts, client: Client) -> None:
    shop = Shop(client, client.url)
    look = Window(contexts, shop)
    page = look.open(shop.open())
    text = page.inner_text("[data-testid=wallet-cashier]")
    primary = page.locator("[data-testid=open-phone].button-primary").count()
    look.close()
    shop.close()

    assert "A phone cannot reach localhost." in text
    assert "psp-simulator serve --lan" in text
    assert primary == 1
