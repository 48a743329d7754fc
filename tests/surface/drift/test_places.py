"""Which addresses are called, with which keys, and how fast."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from drifting import PROVIDERS, Altered, Planted, standing_in

from simulator.engine.provider import Provider
from simulator.engine.sandbox import Sandbox
from simulator.surface.drift.comparing import MATTERING
from simulator.surface.in_process import Simulator

ROOT = Path(__file__).parents[3]

OWN = {name: import_module(f"providers.{name}.drifting") for name in PROVIDERS}
"""What the tests of each provider say."""
FIRST = next(iter(PROVIDERS.values()))
CALL = FIRST.sandbox.probes[0].name if FIRST.sandbox is not None else ""


def sandbox_of(provider: Provider) -> Sandbox:
    assert provider.sandbox is not None
    return provider.sandbox


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_sandbox_of_the_provider_is_called(name: str) -> None:
    sandbox = sandbox_of(PROVIDERS[name])

    for host in (sandbox.url, *(f"https://{host.replace('*', 'merchant-1')}" for host in sandbox.hosts)):
        assert sandbox.objection_to(host) is None
        assert sandbox.objection_to(f"{host}/") is None
        assert sandbox.objection_to(f"{host}:443") is None


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_live_host_is_not(name: str) -> None:
    """Unless it is the only one: then somebody has to say that the account is for tests."""
    sandbox, live = sandbox_of(PROVIDERS[name]), OWN[name].LIVE_HOST

    assert bool(live) is not sandbox.serves_live_too
    assert not live or "none of its sandbox's hosts" in str(sandbox.objection_to(live))


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_other_spelling_of_an_address_passes_for_a_sandbox(name: str) -> None:
    sandbox = sandbox_of(PROVIDERS[name])
    host = sandbox.url.removeprefix("https://")
    others = [
        f"http://{host}", f"https://{host}.evil.example", f"https://evil.example/{host}", f"https://evil-{host}",
        f"https://{host}@evil.example", f"https://evil.example#{host}", f"https://evil.example?{host}", f"ftp://{host}",
        f"https://{host}:8443", f"https://{host}\\.evil.example", f"https://{host}%2eevil.example", f"https://{host}..",
        f"https://a.b.{host}", f"https:///{host}", host, "", "https://", f"https://{host}:x", f"https://[{host}",
        "https://localhost", "http://127.0.0.1:8080", "https://[::1]", f"https://{host} .evil.example",
        f"https://{host}\n.evil.example", f"https://аpi.{host}", f"https://-x.{host}", f"https://*.{host}", f"https://{host}/v1",
    ]  # fmt: skip

    assert [url for url in others if sandbox.objection_to(url) is None] == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_page_names_the_address_and_every_variable(name: str) -> None:
    sandbox, page = sandbox_of(PROVIDERS[name]), (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    [row] = [line for line in page.splitlines() if line.startswith(f"| {PROVIDERS[name].title} | `{sandbox.url}`")]

    named = ", ".join(f"`{sandbox.variable(name, credential)}`" for credential in sandbox.credentials)
    assert row.endswith(f"| {named} |")
    assert ("--test-account" in row) is sandbox.serves_live_too


@pytest.mark.parametrize("name", PROVIDERS)
def test_only_this_machine_may_stand_in(name: str) -> None:
    sandbox = sandbox_of(PROVIDERS[name])

    for url in ("http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8080", "https://localhost"):
        assert sandbox.objection_to(url, stand_in=True) is None
    for url in ("http://localhost.evil.example", "http://10.0.0.1", "http://0.0.0.0:1", OWN[name].LIVE_HOST or "x"):
        assert sandbox.objection_to(url, stand_in=True) is not None
    for url in (
        sandbox.url,
        *(f"https://{host.replace('*', 'merchant-1')}" for host in sandbox.hosts),
        "http://127.1:80",
    ):
        assert "it is not this machine" in str(sandbox.objection_to(url, stand_in=True))


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_key_that_says_it_is_live_is_known(name: str) -> None:
    sandbox, own = sandbox_of(PROVIDERS[name]), OWN[name]

    assert bool(own.LIVE_KEY) is bool(sandbox.live_key)
    assert sandbox.is_live(own.LIVE_KEY) is sandbox.is_live(own.LIVE_KEY.upper()) is bool(own.LIVE_KEY)
    assert not sandbox.is_live(own.SANDBOX_KEY)


def test_there_is_a_pause_between_two_calls(theirs: Simulator) -> None:
    stand_in = standing_in(FIRST, theirs)

    stand_in.play(4, pause=timedelta(seconds=0.5))

    assert stand_in.waited == [0.5] * 3


def test_a_sandbox_that_finds_us_too_fast_is_given_the_time_that_it_asks_for(theirs: Simulator) -> None:
    refused = []

    def too_many(answer: Altered) -> None:
        if len(refused) < 2:
            refused.append(answer.status)
            answer.status, answer.headers["retry-after"] = 429, "7"

    stand_in = standing_in(FIRST, theirs, [Planted(CALL, too_many, "", "")])

    game = stand_in.play(2)

    assert game.answers[CALL].status == 200
    assert [waited for waited in stand_in.waited if waited] == [7.0, 7.0]


def test_no_redirect_is_followed(theirs: Simulator) -> None:
    def elsewhere(answer: Altered) -> None:
        answer.status, answer.headers["location"] = 307, "https://evil.example/"

    stand_in = standing_in(FIRST, theirs, [Planted(CALL, elsewhere, "", "")])

    game = stand_in.play(2)

    assert game.answers[CALL].status == 307
    assert {request.url.host for request in stand_in.asked} == {"simulator.test"}


def test_the_page_names_every_header_upon_which_a_client_acts() -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE))

    assert rows == MATTERING
