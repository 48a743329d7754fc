"""`requests`, `webhooks` and `show`: what the console shows of the two ledgers, in the terminal."""

from __future__ import annotations

import json
import re

import pytest
from buying import ANY, ask, creation

from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Request
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in
from simulator.surface.client import Workspace
from simulator.surface.launch import Launched
from surface.test_cli import Shell


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


def _misspelt(shell: Shell) -> str:
    """The id of a call that was refused for a member that nobody knows."""
    request = creation(shell.world)
    ask(
        shell.world,
        request.__class__(request.method, request.path, request.headers, request.body.replace(b"amount", b"amuont")),
    )
    (refused,) = shell.world.requests(refused=True)
    return refused["id"]


def test_requests_are_listed_newest_first_with_what_was_wrong(shell: Shell) -> None:
    charge = shell.create()
    refused = _misspelt(shell)

    lines = shell.run("requests").stdout.splitlines()

    assert [line.split()[0] for line in lines[:1]] == [refused]
    assert "Refused:" in lines[0]
    assert any(charge in line and ANY.name in line for line in lines[1:])
    assert [line.split()[0] for line in shell.run("requests", "--refused").stdout.splitlines()] == [refused]
    assert shell.run("requests", "--status", "5xx").stdout == "no request fits\n"


def test_a_refused_request_is_shown_with_its_rule_the_checks_and_what_was_meant(shell: Shell) -> None:
    shown = shell.run("show", _misspelt(shell)).stdout

    assert "  x " in shown
    assert "FAILED" in shown and "not reached" in shown
    assert "Did you mean" in shown and "amuont" in shown
    assert "REQUEST" in shown and "ANSWER" in shown
    assert f"only inferred: {ANY.name}." in shown


def test_webhooks_are_listed_with_what_replay_takes(shell: Shell) -> None:
    shell.world.pay(ANY.name, shell.create())
    shell.world.settle()

    lines = shell.run("webhooks").stdout.splitlines()

    ids = [line.split()[0] for line in lines]
    assert ids == [delivery["id"] for delivery in reversed(shell.world.deliveries())]
    assert shell.run("webhooks", "--state", "delivered").stdout == "no webhook fits\n"
    assert shell.run("webhooks", "--provider", "acme").exit_code == 2


def test_a_webhook_is_shown_with_its_bytes(shell: Shell) -> None:
    shell.world.pay(ANY.name, shell.create())
    delivery = shell.world.deliveries()[-1]

    shown = shell.run("show", delivery["id"]).stdout

    assert shown.splitlines()[-1] == delivery["body"].splitlines()[-1]
    assert delivery["event"] in shown and "kept here" in shown


def test_a_payment_is_shown_with_its_story(shell: Shell) -> None:
    charge = shell.create()

    shown = shell.run("show", "order-1001").stdout

    assert shown.splitlines()[0].startswith(f"{ANY.name} {charge}")
    assert re.search(r"  amount [A-Z]{3}\s\d+\.\d\d  refunded [A-Z]{3}\s0\.00\n", shown)
    assert "req_" in shown


@pytest.mark.parametrize("id_", ["req_999999", "dlv_nothing", "nobody"])
def test_what_is_not_there_is_told_in_two_lines(shell: Shell, id_: str) -> None:
    result = shell.run("show", id_)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2


def test_everything_is_json_too(shell: Shell) -> None:
    refused = _misspelt(shell)

    assert shell.json("show", refused)["why"]["rules"]
    assert next(view["id"] for view in shell.json("requests")) == refused
    assert shell.json("webhooks") == []


def test_a_webhook_that_nobody_took_is_shown_with_its_tries(shell: Shell) -> None:
    shell.world.set_webhook(ANY.name, "http://localhost:1/gone")
    shell.world.pay(ANY.name, shell.create())
    shell.world.settle()
    delivery = shell.world.deliveries(state="pending")[-1]

    shown = shell.run("show", delivery["id"]).stdout

    assert "  try 1  " in shown and "failed: " in shown
    assert f"  next try {delivery['next_attempt_at']}" in shown
    assert "try 1 failed: " in shell.run("webhooks").stdout


def test_why_tells_of_a_refund_and_of_the_webhooks_that_were_delivered(shell: Shell) -> None:
    shell.world.set_webhook(ANY.name, shell.world.inbox_url("hooks"))
    charge = shell.create()
    shell.world.pay(ANY.name, charge)
    shell.world.refund(ANY.name, charge)
    shell.world.settle()

    told = shell.run("why", charge).stdout

    assert "went back to the buyer" in told
    assert "webhooks were delivered" in told


@pytest.mark.parametrize("provider", [p for p in built_in() if p.explain_request is not None], ids=lambda p: p.name)
def test_a_signature_that_no_mistake_explains_is_shown_with_what_had_to_be_signed(
    shell: Shell, provider: Provider
) -> None:
    assert provider.shop is not None
    account = Account(shell.world.credentials[provider.name], shell.world.client.url, time_of_day())
    secrets = {name: f"zz{value[2:]}" for name, value in account.credentials.items() if "secret" in name}
    stranger = Account({**account.credentials, **secrets}, account.base_url, account.now)
    sent = provider.shop.sign(stranger, provider.shop.create(account, provider.shop.sample))
    shell.world.client.send(sent.method, sent.path, headers=sent.headers, content=sent.body)
    (refused,) = shell.world.requests(refused=True)
    compared = shell.world.compare_request(refused["id"], signature=refused["help"]["received"])

    shown = shell.run("show", refused["id"]).stdout
    told = shell.world.why(refused["id"])["because"]

    base = compared["base_string"]
    assert compared["expected"] != base
    assert f"TO BE SIGNED\n{base}\nEXPECTED SIGNATURE\n{compared['expected']}\nRECEIVED SIGNATURE\n" in shown
    assert any(line.startswith("What had to be signed: ") and line[23:40] in base for line in told)
    assert not any(line.startswith(f"What had to be signed: {compared['expected']}") for line in told)


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
def test_what_may_have_been_meant_is_of_the_provider_whose_credential_came(shell: Shell, provider: Provider) -> None:
    """`/payment` alone is the address of another provider's page."""
    assert provider.shop is not None
    account = Account(shell.world.credentials[provider.name], shell.world.client.url, time_of_day())
    sent = provider.shop.sign(account, Request("POST", "/paymentz", body=b"{}"))
    shell.world.client.send(sent.method, sent.path, headers=sent.headers, content=sent.body)
    own = {f"{route.method} {route.path}" for route in (*provider.endpoints, *provider.pages)}

    calls = shell.world.requests(provider=provider.name, refused=True)

    meant = [near for call in calls for near in call["help"]["did_you_mean"]]
    assert {near for near in meant if near not in own} == set()
    assert "POST /payments" not in own or meant[0] == "POST /payments"


def test_webhooks_are_told_in_the_groups_of_the_console(shell: Shell) -> None:
    shell.world.set_webhook(ANY.name, "http://localhost:1/gone")
    shell.world.pay(ANY.name, shell.create())
    shell.world.settle()
    tried = [one["id"] for one in shell.world.deliveries() if one["attempts"]]

    failing = [line.split() for line in shell.run("webhooks", "--state", "failing").stdout.splitlines()]
    shell.world.pause(ANY.name)
    held = [line.split()[0] for line in shell.run("webhooks", "--state", "held").stdout.splitlines()]

    assert sorted(line[0] for line in failing) == sorted(tried) and tried
    assert {line[4] for line in failing} == {"failing"}
    assert set(tried) <= set(held)
    assert shell.run("webhooks", "--state", "adversarial").stdout == "no webhook fits\n"
    assert shell.run("webhooks", "--event", "nosuch").stdout == "no webhook fits\n"


@pytest.mark.parametrize("command", [["requests", "--status", "abc"], ["webhooks", "--state", "abc"]])
def test_a_filter_that_cannot_be_is_wrong_use(shell: Shell, command: list[str]) -> None:
    result = shell.run(*command)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "'abc' is" in result.stderr


@pytest.mark.parametrize("command", ["show", "why", "diagram", "pay", "moves"])
def test_what_is_not_there_is_not_found_whatever_is_asked(shell: Shell, command: str) -> None:
    result = shell.run(command, "nobody", "--json")

    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, error["code"], error["field"]) == (1, "not_found", "id")
