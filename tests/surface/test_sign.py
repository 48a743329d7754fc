"""`psp-simulator sign` and `verify`: what is signed is taken by a provider's API or by a receiver, what was changed is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from simulator.engine.provider import Provider
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in
from simulator.surface import cli
from simulator.surface.client import Workspace
from simulator.surface.launch import Launched
from simulator.surface.terminal import UNREACHED, USAGE

Run = Callable[..., Result]

each_provider = pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)


@pytest.fixture
def run(server: Launched, world: Workspace) -> Run:
    def invoke(*arguments: str, body: str | bytes = "") -> Result:
        return CliRunner().invoke(cli.main, [*arguments, "--url", server.url, "-w", world.id], input=body)

    return invoke


def options(headers: str) -> list[str]:
    return [part for line in headers.splitlines() for part in ("-H", line)]


def signed(run: Run, provider: str, body: str, *more: str) -> tuple[str, list[str]]:
    """The body to send, and the options that name its headers."""
    made = run("sign", provider, *more, body=body)
    assert (made.exit_code, made.stderr) == (0, "")
    return (made.stdout.rstrip("\n"), []) if made.stdout.startswith("{") else (body, options(made.stdout))


@pytest.fixture
def any_body(run: Run, provider: Provider) -> None:
    """Skips a scheme of named members of the provider's own events: other bodies are signed alike; its own tests sign those."""

    def bears(body: str) -> object:
        made = run("sign", provider.name, "--date", "2026-01-31T10:00:00Z", body=body).stdout
        return {**json.loads(made), "a": None} if made.startswith("{") else made

    if bears('{"a":"b"}') == bears('{"a":"c"}'):
        pytest.skip("it signs named members of its own events alone")


@each_provider
@pytest.mark.usefixtures("any_body")
def test_what_is_signed_is_verified_and_a_changed_body_is_not(run: Run, provider: Provider) -> None:
    body = json.dumps({"id": "1", "items": [1, True, {"a": "b"}]})

    sent, headers = signed(run, provider.name, body)
    good = run("verify", provider.name, *headers, body=sent)
    bad = run("verify", provider.name, *headers, body=sent.replace('"b"', '"c"'))

    assert (good.exit_code, good.stdout) == (0, "the signature is right\n")
    assert bad.exit_code == 1
    reason, *differing = bad.stdout.splitlines()
    assert reason not in ("", "the signature is right")
    assert {line.split()[0] for line in differing} >= {"expected", "received"}


@each_provider
@pytest.mark.usefixtures("any_body")
def test_verify_says_what_differs_as_json(run: Run, provider: Provider) -> None:
    sent, headers = signed(run, provider.name, '{"a":"b"}')

    bad = run("verify", provider.name, "--json", *headers, body=sent.replace('"b"', '"c"'))

    told = json.loads(bad.stdout)
    assert told["valid"] is False
    assert told["expected"] != told["received"]
    assert "c" in told["signed"]


@each_provider
def test_a_missing_signature_is_wrong(run: Run, provider: Provider) -> None:
    result = run("verify", provider.name, body='{"a":"b"}')

    assert result.exit_code == 1
    assert result.stdout.strip() not in ("", "the signature is right")


@each_provider
@pytest.mark.usefixtures("any_body")
def test_a_line_break_that_an_editor_added_is_told(run: Run, provider: Provider) -> None:
    """Where the bytes are signed and not the members."""
    sent, headers = signed(run, provider.name, '{"a":"b"}')

    result = run("verify", provider.name, *headers, body=f"{sent}\n")

    expected = (1, "without the line break at its end") if headers else (0, "the signature is right")
    assert result.exit_code == expected[0]
    assert expected[1] in result.stdout


@each_provider
@pytest.mark.usefixtures("any_body")
def test_an_endpoint_may_have_a_secret_of_its_own(run: Run, provider: Provider) -> None:
    """Only where it is a webhook that is signed; a request is signed with the account's key."""
    assert provider.shop is not None
    of_its_own = ("--secret", provider.shop.secrets[0])
    sent, headers = signed(run, provider.name, '{"a":"b"}', *of_its_own)

    with_it = run("verify", provider.name, *of_its_own, *headers, body=sent)
    without = run("verify", provider.name, *headers, body=sent)

    assert (with_it.exit_code, without.exit_code) == (0, 1 if headers else 0)


@each_provider
@pytest.mark.usefixtures("any_body")
def test_a_signed_request_is_taken_by_the_api(run: Run, world: Workspace, provider: Provider) -> None:
    """Where the API wants a key and no signature, `sign` makes a webhook's headers, and the inbox takes those."""
    assert provider.shop is not None
    account = Account(world.credentials[provider.name], world.client.url, time_of_day())
    asked = provider.shop.create(account, provider.shop.sample)
    inbox = world.inbox_url(provider.name).removeprefix(world.client.url)

    made = run("sign", provider.name, "--json", "--method", asked.method, "--path", asked.path, body=asked.body)
    told = json.loads(made.stdout)
    headers, content = {**asked.headers, **told.get("headers", {})}, told.get("body", asked.body.decode()).encode()
    answer = world.client.send(asked.method, asked.path, headers=headers, content=content)
    world.client.send("POST", inbox, headers=headers, content=content)
    [received] = world.inbox(provider.name)

    is_webhook = received["signature"] is not None and received["signature"]["valid"]
    assert answer.status < 300 or is_webhook


@each_provider
@pytest.mark.usefixtures("any_body")
def test_the_time_of_a_signature_may_be_given(run: Run, provider: Provider) -> None:
    """The same date makes the same signature; both dates are verified."""
    body, old = '{"a":"b"}', ("--date", "2026-01-31T10:00:00Z")

    first, again = signed(run, provider.name, body, *old), signed(run, provider.name, body, *old)
    sent, headers = first

    assert first == again
    assert run("verify", provider.name, *headers, body=sent).exit_code == 0


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_an_unknown_provider_is_wrong_use(run: Run, command: str) -> None:
    result = run(command, "nobody", body="{}")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert all(provider.name in result.stderr for provider in built_in())


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_without_a_simulator_there_are_no_keys(command: str) -> None:
    named = ["--url", "http://127.0.0.1:9"]

    result = CliRunner().invoke(cli.main, [command, built_in()[0].name, *named], input="{}")

    assert result.exit_code == UNREACHED


@each_provider
@pytest.mark.parametrize(
    ("arguments", "body"),
    [((), "[1"), (("--date", "soon"), "{}"), (("-H", "nothing"), "{}"), ((), b"\xff\xfe")],
    ids=["no JSON", "no date", "no header", "no text"],
)
def test_what_cannot_be_signed_is_wrong_use(
    run: Run, provider: Provider, arguments: tuple[str, ...], body: str | bytes
) -> None:
    said = re.search(r"(?im)^content-type: (.*)$", run("sign", provider.name, body="{}").stdout)
    if not arguments and said is not None and "json" not in said[1]:
        pytest.skip("its webhooks are no JSON: any bytes are signed")

    result = run("sign", provider.name, *arguments, body=body)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert len(result.stderr.splitlines()) == 2
