"""`psp-simulator demo`: the story of each provider, told against a real server."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from buying import ANY, SHOP, account
from click.testing import CliRunner, Result

from simulator.kernel.ids import Ids
from simulator.providers import built_in
from simulator.surface import cli, demo
from simulator.surface.client import Client
from simulator.surface.launch import Launched, launched

TOLD = tuple(provider.name for provider in built_in() if provider.demo is not None)
FLOWS = tuple(provider.name for provider in built_in() if provider.demo_flow is not None)
DEFAULT = ANY.credentials(Ids(), True)


def run(server: Launched, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["demo", *arguments, "--url", server.url])


@pytest.mark.parametrize("act", ["pay", "decline", "cancel"])
@pytest.mark.parametrize("provider", TOLD)
def test_every_providers_story_holds_whatever_the_buyer_does(server: Launched, provider: str, act: str) -> None:
    result = run(server, provider, f"--{act}", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (0, True), told["stories"][0].get("error")
    [story] = told["stories"]
    assert story["outcome"] == "complete"
    assert [step["signature"] for step in story["steps"] if "webhook" in step] != []
    signed = next(p for p in built_in() if p.name == provider).verify is not None
    assert {step["signature"] for step in story["steps"] if "webhook" in step} == {"good" if signed else "none"}


@pytest.mark.parametrize("act", ["pay", "decline"])
@pytest.mark.parametrize("provider", FLOWS)
def test_a_story_that_begins_in_the_shops_page_holds(server: Launched, provider: str, act: str) -> None:
    result = run(server, provider, "--flow", f"--{act}", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (0, True), told["stories"][0].get("error")
    [story] = told["stories"]
    assert {step["signature"] for step in story["steps"] if "webhook" in step} == {"good"}
    assert not [step for step in story["steps"] if re.search(r" (\w+) > \1$", step.get("summary", ""))]
    assert any(f"{server.url}/" in step.get("said", "") for step in story["steps"])


def test_who_has_no_story_of_the_shops_page_says_which_is_missing(server: Launched) -> None:
    other = next(provider for provider in built_in() if provider.demo_flow is None)

    result = run(server, other.name, "--flow")

    assert result.exit_code != 0
    assert f"{other.title} has no story that begins in the shop's page to tell" in result.output


def test_the_story_shows_the_request_the_code_the_webhooks_and_the_refund(server: Launched) -> None:
    result = run(server, ANY.name)

    lines, path = result.stdout.splitlines(), SHOP.create(account(DEFAULT), SHOP.sample).path
    amount = SHOP.sample.amount.format().replace("\N{NO-BREAK SPACE}", " ")
    assert result.exit_code == 0
    assert lines[0].startswith(f"{ANY.title}, workspace demo-{ANY.name}")
    call = f"{f'POST {path}':<40}"
    told = re.fullmatch(rf"  {re.escape(call)} 200  payment (\S+) +{re.escape(amount)}", lines[1])
    assert told is not None and SHOP.course.waits(told[1])
    assert any("Scan with a phone, or open http://127.0.0.1:" in line for line in lines)
    assert sum("█" in line for line in lines) == 17
    assert sum(line.endswith("  received, signature good") for line in lines) > 2
    assert any(re.search(rf"{amount}, \S+ [\d.]+ refunded, decided by buyer:li-na", line) for line in lines)
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("provider", TOLD)
def test_the_answers_stand_in_one_column_and_say_that_the_status_is_the_payments(
    server: Launched, provider: str
) -> None:
    """Also that of a call about a refund, which has a status of its own."""
    result = run(server, provider, "--pay")

    calls = [line for line in result.stdout.splitlines() if re.match(r"  (GET|POST|PUT|PATCH|DELETE) ", line)]
    assert calls and [line for line in calls if not re.match(r"  .{40} \d{3}( |$)", line)] == []
    answered = [line[48:] for line in calls if line[43] == "2" and line[48:]]
    assert answered and [line for line in answered if not line.startswith("payment ")] == []


def test_without_a_name_every_provider_tells_its_story(server: Launched) -> None:
    result = run(server, "--json")

    assert [story["provider"] for story in json.loads(result.stdout)["stories"]] == list(TOLD)


def test_without_an_address_the_story_is_told_in_the_workspace_that_is_open_in_the_console() -> None:
    """Of the simulator at the usual address; what its merchant had set stays set. Twice, for nothing may be in the way then."""
    with launched() as own, Client(own.url) as client:
        usual = {"PSP_SIMULATOR_PORT": own.url.rpartition(":")[2]}
        default = client.workspace()
        default.set_webhook(ANY.name, "http://localhost:1/mine", secret=SHOP.secrets[0])
        names = [workspace["name"] for workspace in client.workspaces()]

        told = [CliRunner().invoke(cli.main, ["demo", "--json"], env=usual) for _ in range(2)]

        assert [result.exit_code for result in told] == [0, 0]
        stories = [story for result in told for story in json.loads(result.stdout)["stories"]]
        assert {story["workspace"] for story in stories} == {"default"}
        assert [workspace["name"] for workspace in client.workspaces()] == names
        assert {payment["provider"] for payment in default.payments()} == set(TOLD)
        hooks = default.refresh()["webhooks"]
        assert hooks.pop(ANY.name) == {"url": "http://localhost:1/mine", "secret": SHOP.secrets[0]}
        assert set(hooks.values()) == {None}
        received = {name: len(default.inbox(name)) for name in TOLD}
        for name in TOLD:
            default.make_payment(name)
        default.settle()
        assert {name: len(default.inbox(name)) for name in TOLD} == received, "an endpoint of a story is still there"


def test_where_nobody_answers_at_the_usual_address_a_simulator_is_started_for_the_story() -> None:
    result = CliRunner().invoke(cli.main, ["demo", ANY.name, "--json"], env={"PSP_SIMULATOR_PORT": "9"})

    [story] = json.loads(result.stdout)["stories"]
    assert (result.exit_code, story["workspace"]) == (0, f"demo-{ANY.name}")


def test_a_step_that_differs_ends_the_story_and_the_exit_code_says_so(client: Client) -> None:
    wrong = replace(ANY, demo=lambda merchant: merchant.check("the sky", "green", "blue"))

    [result] = demo.run(client, {ANY.name: wrong}, act="pay", as_json=True)

    assert result["ok"] is False
    assert result["error"] == "the sky: expected 'green', got 'blue'"


def test_a_webhook_that_never_comes_is_a_difference(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PATIENCE_S", 0.2)
    wrong = replace(ANY, demo=lambda merchant: merchant.webhooks("nobody", "created"))

    [result] = demo.run(client, {ANY.name: wrong}, act="pay", as_json=True)

    assert result["error"] == "expected the webhooks created; of this payment there are: none"


@pytest.mark.parametrize(
    ("body", "said"),
    [('{"id":1}', {"id": 1}), ("id=tr_1&a=b+c", {"id": "tr_1", "a": "b c"}), ("<id>1</id>", "<id>1</id>")],
)
def test_a_story_reads_webhooks_of_each_form(body: str, said: object) -> None:
    assert demo.said(body) == said


def test_an_unknown_provider_is_wrong_use(server: Launched) -> None:
    result = run(server, "paypal")

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "there is no provider 'paypal'"
    assert len(result.stderr.splitlines()) == 2


def test_a_server_that_does_not_answer_is_told_in_two_lines() -> None:
    result = CliRunner().invoke(cli.main, ["demo", ANY.name, "--url", "http://127.0.0.1:9"])

    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 2
    assert result.stdout == ""
