"""The commands that steer a running simulator: results on stdout, two lines on stderr, exit codes 0 to 3."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from buying import ANY, SHOP, ask, creation, order, reading
from click.testing import CliRunner, Result

from simulator import __version__
from simulator.providers import built_in
from simulator.surface import cli
from simulator.surface.client import Client, Workspace
from simulator.surface.launch import Launched

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")


class Shell:
    """Runs commands against one workspace of the shared server."""

    def __init__(self, server: Launched, world: Workspace) -> None:
        self.world = world
        self._where = ["--url", server.url, "--workspace", world.id]

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli.main, [*arguments, *self._where])

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def create(self) -> str:
        return order(self.world, "order-1001")


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


def test_the_buyer_pays_and_the_line_says_who_decided(shell: Shell) -> None:
    charge = shell.create()

    result = shell.run("pay", charge)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{ANY.name} {charge}  {SHOP.course.paid}  paid, decided by buyer:li-na\n"


def test_a_payment_is_found_by_its_reference_and_by_its_wallet_code(shell: Shell) -> None:
    charge = shell.create()
    wallet = shell.world.payment(ANY.name, charge)["wallet"]
    assert wallet is not None

    by_code = json.loads(shell.run("pay", wallet["code"], "--buyer", "wang-wei", "--json").stdout)
    by_reference = shell.run("pay", "order-1001")

    assert (by_code["id"], by_code["phase"], by_code["decided_by"]) == (charge, "declined", "buyer:wang-wei")
    assert by_reference.exit_code == 1


@pytest.mark.parametrize(
    ("buyer", "exit_code", "said"),
    [
        ("sun-li", 0, r"waiting, the buyer answers in 30 s\n"),
        ("zhou-ting", 1, r"waiting, the buyer has closed the app\n"),
        ("wang-wei", 1, r"declined, decided by buyer:wang-wei\n"),
    ],
)
def test_pay_says_what_the_buyer_will_do_and_fails_when_they_will_not_pay(
    shell: Shell, buyer: str, exit_code: int, said: str
) -> None:
    shell.world.freeze()
    charge = shell.create()

    result = shell.run("pay", charge, "--buyer", buyer)

    assert re.search(said + "$", result.stdout), result.stdout
    assert result.exit_code == exit_code


@pytest.mark.parametrize(
    ("command", "phase"), [("decline", "declined"), ("cancel", "cancelled"), ("expire", "expired")]
)
def test_the_other_ends_of_a_payment(shell: Shell, command: str, phase: str) -> None:
    charge = shell.create()

    assert shell.json(command, charge)["phase"] == phase


def test_a_decline_carries_its_reason(shell: Shell) -> None:
    charge = shell.create()

    shell.json("decline", charge, "--reason", "balance")
    refused = shell.run("decline", charge, "--reason", "mood")

    told = [delivery["body"] for delivery in shell.world.deliveries(resource_id=charge)]
    assert SHOP.course.reasons["balance"] in told[-1]
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[1].startswith("Allowed: ")


def test_a_webhook_is_sent_again_and_the_receivers_answer_is_told(shell: Shell) -> None:
    shell.create()
    [kept, *_] = shell.world.deliveries()
    nowhere = shell.run("replay", kept["id"])
    shell.world.set_webhook(ANY.name, shell.world.inbox_url("hooks"))

    sent = shell.run("replay", kept["id"])

    assert (nowhere.exit_code, nowhere.stderr.splitlines()[0]) == (1, "no webhook URL is configured for " + ANY.name)
    assert sent.exit_code == 0
    assert sent.stdout == f"{kept['event']}  {shell.world.inbox_url('hooks')}  try 1 answered 200\n"
    assert [received["body"] for received in shell.world.inbox("hooks")] == [kept["body"]]


def test_a_scenario_is_armed_and_the_providers_that_cannot_show_it_are_named(shell: Shell) -> None:
    timeless = [one.name for one in built_in() if not one.webhooks.forging.signs_time]

    for name in ("webhooks-stale", "webhooks-forged-timestamp"):
        armed = shell.run("scenario", "arm", name).stdout
        shell.run("scenario", "disarm")

        told = [f"       not at {one}: its signature names no time" for one in timeless]
        assert armed.splitlines() == [f"armed  {name}  until disarmed", *told]
        assert told


def test_a_scenario_is_armed_listed_and_disarmed(shell: Shell) -> None:
    listed = shell.run("scenario", "list")
    armed = shell.run("scenario", "arm", "declined-balance", "--next", "1", "--provider", ANY.name)
    declined = json.loads(shell.run("pay", shell.create(), "--json").stdout)
    disarmed = shell.run("scenario", "disarm")

    assert re.search(r"^ +declined-balance +\S", listed.stdout, re.MULTILINE)
    assert armed.stdout == f"armed  declined-balance  next 1, {ANY.name}\n"
    assert (declined["phase"], declined["decided_by"]) == ("declined", "scenario:declined-balance")
    assert (disarmed.exit_code, shell.world.armed()) == (0, [])


def test_rules_of_ones_own_are_armed_as_yaml(shell: Shell) -> None:
    rule = "{when: {event: '*'}, webhooks: {forge: secret, at_once: 2}}"

    armed = shell.run("scenario", "arm", "mine", "--rule", rule, "--rule", "api: {status: 503}")
    broken = shell.run("scenario", "arm", "--rule", "webhooks: {")
    unknown = shell.run("scenario", "arm", "--rule", "webhooks: {forge: everything}")

    assert (armed.exit_code, armed.stdout) == (0, "armed  mine  until disarmed\n")
    [entry] = shell.world.armed()
    assert entry["rules"][0]["webhooks"]["forge"] == "secret"
    assert entry["rules"][0]["webhooks"]["at_once"] == 2
    assert entry["rules"][1]["api"] == {"status": 503}
    assert (broken.exit_code, "--rule is no YAML" in broken.stderr) == (2, True)
    assert (unknown.exit_code, "must be one of signature, secret, " in unknown.stderr) == (2, True)


def test_an_unknown_scenario_is_refused_with_those_that_there_are(shell: Shell) -> None:
    result = shell.run("scenario", "arm", "rainy-day")

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "there is no scenario 'rainy-day'"
    assert "declined-balance" in result.stderr.splitlines()[1]


def test_a_reset_drops_what_happened(shell: Shell) -> None:
    shell.create()

    result = shell.run("reset", "--yes")

    assert result.stdout == f"workspace {shell.world.name} is empty\n"
    assert shell.world.payments() == []


def test_a_reset_that_nobody_can_be_asked_about_changes_nothing(shell: Shell) -> None:
    charge = shell.create()

    result = shell.run("reset")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[1] == "Say --yes."
    assert [payment["id"] for payment in shell.world.payments()] == [charge]


def test_listening_leads_the_webhooks_here_and_tells_what_came_of_them(shell: Shell) -> None:
    """With each provider's name in the address, if it is wanted there."""
    url = shell.world.inbox_url("mine-") + "{provider}"

    result = shell.run("listen", url, "--no-follow")

    hooks = shell.world.refresh()["webhooks"]
    assert result.exit_code == 0
    assert {name: hook["url"] for name, hook in hooks.items() if hook} == {
        name: url.replace("{provider}", name) for name in hooks
    }
    shell.create()
    shell.world.settle()
    told = shell.run("tail", "--no-follow").stdout
    event = shell.world.inbox(f"mine-{ANY.name}")[0]
    assert event["signature"] is not None and event["signature"]["valid"]
    assert f"{ANY.name} > merchant" in told


def test_listening_to_one_provider_keeps_its_secret_and_leaves_the_others_alone(shell: Shell) -> None:
    secret = SHOP.secrets[0]
    shell.world.set_webhook(ANY.name, "http://localhost:1/old", secret=secret)

    result = shell.run("listen", "http://localhost:1/new", "--provider", ANY.name, "--no-follow")

    hooks = shell.world.refresh()["webhooks"]
    assert result.exit_code == 0
    assert hooks.pop(ANY.name) == {"url": "http://localhost:1/new", "secret": secret}
    assert set(hooks.values()) == {None}


@pytest.mark.parametrize(
    "command",
    [
        ["listen", "http://localhost:1/", "--provider"],
        ["tail", "--no-follow", "--provider"],
        ["webhooks", "--provider"],
        ["requests", "--provider"],
        ["scenario", "arm", "declined-balance", "--provider"],
        ["demo"],
        ["sign"],
        ["verify"],
    ],
)
def test_an_unknown_provider_is_wrong_use_and_refused_with_those_that_there_are(
    shell: Shell, command: list[str]
) -> None:
    known = list(shell.world.view["webhooks"])

    result = shell.run(*command, "paypal")
    told = json.loads(shell.run(*command, "paypal", "--json").stdout)["error"]

    assert result.exit_code == 2
    assert result.stderr.splitlines() == ["there is no provider 'paypal'", f"Known are {', '.join(known)}."]
    assert (told["field"], told["allowed"]) == ("provider", known)
    assert shell.world.armed() == []


def test_tail_tells_the_story_of_a_payment_in_order(shell: Shell) -> None:
    shell.world.set_webhook(ANY.name, shell.world.inbox_url("hooks"))
    charge = shell.create()
    shell.run("pay", charge)

    result = shell.run("tail", "--payment", charge, "--no-follow")

    told = [line[14:].split("  ")[0] for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert told[0] == f"merchant > {ANY.name}"
    assert "wallet" in told
    assert told[-1] == f"{ANY.name} > merchant"
    assert f"POST {creation(shell.world).path}" in result.stdout.splitlines()[0]
    last = shell.world.deliveries(resource_id=charge)[-1]["event"]
    assert re.search(rf"{last} try 1 +200 .*{charge[:7]}", result.stdout)


@pytest.mark.parametrize("lines", [0, 2])
def test_tail_shows_as_many_earlier_rows_as_one_says(shell: Shell, lines: int) -> None:
    charge = shell.create()
    every = shell.run("tail", "--no-follow").stdout.splitlines()

    of_all = shell.run("tail", "--no-follow", "-n", str(lines)).stdout.splitlines()
    of_one = shell.run("tail", "--no-follow", "--payment", charge, "-n", str(lines)).stdout.splitlines()

    assert len(every) > lines
    assert (of_all, len(of_one)) == (every[len(every) - lines :], lines)


def test_tail_says_why_a_webhook_failed_and_when_it_is_tried_again(shell: Shell) -> None:
    shell.world.set_webhook(ANY.name, "http://localhost:1/gone")
    charge = shell.create()
    shell.run("pay", charge)
    shell.world.settle()
    [waiting] = shell.world.deliveries(resource_id=charge)[-1:]

    result = shell.run("tail", "--payment", charge, "--no-follow")

    last = [line for line in result.stdout.splitlines() if f"{waiting['event']} try 1" in line][-1]
    assert waiting["next_attempt_at"] is not None
    assert re.search(rf"  failed: .+, next try .*{waiting['next_attempt_at'][11:19]}$", last)


@pytest.mark.parametrize("command", [["tail", "--no-follow"], ["requests"], ["webhooks"]])
def test_the_date_stands_where_the_day_changes(shell: Shell, command: list[str]) -> None:
    shell.world.set_webhook(ANY.name, shell.world.inbox_url("hooks"))
    shell.run("pay", shell.create())
    shell.world.advance("P3D")
    shell.run("pay", shell.create())
    shell.world.settle()
    days = {view["at"][:10] for view in shell.world.requests()}

    lines = shell.run(*command).stdout.splitlines()

    assert len(days) == 2
    assert [line for line in lines if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", line) and line in days]


def test_tail_shows_requests_that_belong_to_no_payment(shell: Shell) -> None:
    nobody = reading(shell.world, "nobody")
    ask(shell.world, nobody)

    result = shell.run("tail", "--no-follow", "--json")

    [row] = [json.loads(line) for line in result.stdout.splitlines()]
    assert (row["summary"], row["payment"]) == (f"GET {nobody.path} 404", None)


def hear_interrupts() -> None:
    """A suite that a shell runs in the background hands down SIGINT as ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_tail_follows_until_it_is_stopped(server: Launched, shell: Shell) -> None:
    command = [sys.executable, "-m", "simulator.surface.cli", "tail", "--json"]
    where = ["--url", server.url, "--workspace", shell.world.id]
    with subprocess.Popen(
        [*command, *where], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_interrupts
    ) as process:
        assert process.stdout is not None
        charge = shell.create()
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=10)
        finally:
            process.kill()

    assert (first["kind"], first["payment"]) == ("request", charge)
    assert process.returncode == 130


# What is wrong -------------------------------------------------------------------------------------------------


def test_an_unknown_payment_is_told_in_two_lines(shell: Shell) -> None:
    result = shell.run("pay", "pay_nobody")

    what = f"there is no payment with the id, reference or wallet code 'pay_nobody' in workspace {shell.world.name}"
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [what, "psp-simulator tail shows what there is."]


def test_a_server_that_is_not_there_is_exit_code_3() -> None:
    result = CliRunner().invoke(cli.main, ["freeze", "--url", "http://127.0.0.1:9"])

    assert result.exit_code == 3
    assert result.stderr.splitlines()[0].startswith("no simulator answers at http://127.0.0.1:9 (")
    assert result.stderr.splitlines()[1] == "Start one with psp-simulator serve, or name another with --url."


@pytest.mark.parametrize(
    ("arguments", "what", "remedy"),
    [
        (["fly"], "No such command 'fly'.", "See psp-simulator --help."),
        (["pay"], "Missing argument 'ID|CODE'.", "See psp-simulator pay --help."),
        (["serve", "--port", "99999"], "Invalid value for '--port': 99999", "See psp-simulator serve --help."),
        (["serve", "--tea"], "No such option", "See psp-simulator serve --help."),
    ],
)
def test_wrong_use_is_exit_code_2_and_two_lines(arguments: list[str], what: str, remedy: str) -> None:
    result = CliRunner().invoke(cli.main, arguments, prog_name="psp-simulator")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0].startswith(what)
    assert result.stderr.splitlines()[1:] == [remedy]


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["fly"], 2, {"code": "wrong_use", "message": "No such command 'fly'."}),
        (["freeze", "--url", "http://127.0.0.1:9"], 3, {"code": "not_reached"}),
        (["reset", "--url", "http://127.0.0.1:9"], 2, {"code": "wrong_use", "remedy": "Say --yes."}),
        (["serve", "--public-url", "ftp://x"], 2, {"code": "wrong_use"}),
    ],
)
def test_with_json_a_complaint_is_an_object_on_stdout_too(
    arguments: list[str], code: int, error: dict[str, str]
) -> None:
    result = CliRunner().invoke(cli.main, [*arguments, "--json"], prog_name="psp-simulator")

    told = json.loads(result.stdout)["error"]
    assert result.exit_code == code
    assert error.items() <= told.items()
    assert [told["message"], told["remedy"]] == result.stderr.splitlines()


def test_with_json_what_the_simulator_refuses_keeps_its_code_and_what_is_allowed(shell: Shell) -> None:
    result = shell.run("restore", "yesterday", "--json")

    told = json.loads(result.stdout)["error"]
    assert (result.exit_code, told["code"]) == (1, "not_found")
    assert told["allowed"] == []


def test_the_port_of_the_environment_counts_for_clients_too(server: Launched) -> None:
    """An address counts for more, and an option for most."""
    port = server.url.rpartition(":")[2]

    by_port = CliRunner().invoke(cli.main, ["scenario", "list"], env={"PSP_SIMULATOR_PORT": port})
    by_url = CliRunner().invoke(
        cli.main, ["scenario", "list"], env={"PSP_SIMULATOR_PORT": "9", "PSP_SIMULATOR_URL": server.url}
    )
    wrong = CliRunner().invoke(cli.main, ["freeze"], env={"PSP_SIMULATOR_PORT": "eighty"})

    assert (by_port.exit_code, by_url.exit_code) == (0, 0)
    assert (wrong.exit_code, wrong.stderr.splitlines()[0]) == (
        2,
        "PSP_SIMULATOR_PORT: 'eighty' is not a number from 0 to 65535",
    )


def test_a_setting_that_cannot_be_used_is_exit_code_2() -> None:
    result = CliRunner().invoke(cli.main, ["serve"], env={"PSP_SIMULATOR_PORT": "eighty"})

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "PSP_SIMULATOR_PORT: 'eighty' is not a number from 0 to 65535"


def test_a_workspace_that_is_not_there_is_said_no(server: Launched) -> None:
    result = CliRunner().invoke(cli.main, ["freeze", "--url", server.url, "--workspace", "atlantis"])

    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, "there is no workspace 'atlantis'")


@pytest.mark.parametrize("arguments", [[], ["scenario"]])
def test_without_a_command_the_help_is_shown_and_nothing_is_wrong(arguments: list[str]) -> None:
    """Each command with its whole first sentence."""
    alone = CliRunner().invoke(cli.main, arguments, prog_name="psp-simulator")
    asked = CliRunner().invoke(cli.main, [*arguments, "--help"], prog_name="psp-simulator")

    assert (alone.exit_code, alone.stderr) == (0, "")
    assert alone.stdout == asked.stdout
    assert "..." not in alone.stdout.partition("Options:")[2]


@pytest.mark.uncounted
@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(kind: str) -> None:
    """By the line that stands in the README."""
    program = "import sys; sys.argv[0] = 'psp-simulator'; from simulator.surface.cli import main; main()"
    main = [sys.executable, "-c", program]
    source = {"_PSP_SIMULATOR_COMPLETE": f"{kind}_source"}
    typed = {"COMP_WORDS": "psp-simulator sc", "COMP_CWORD": "sc" if kind == "fish" else "1"}
    complete = {"_PSP_SIMULATOR_COMPLETE": f"{kind}_complete", **typed}

    script = subprocess.run(main, capture_output=True, text=True, env={**os.environ, **source})
    offered = subprocess.run(main, capture_output=True, text=True, env={**os.environ, **complete})

    assert (script.returncode, "psp-simulator" in script.stdout) == (0, True)
    assert "scenario" in offered.stdout
    assert f"_PSP_SIMULATOR_COMPLETE={kind}_source psp-simulator" in README


def test_help_and_version_go_to_stdout() -> None:
    shown = CliRunner().invoke(cli.main, ["--help"])
    version = CliRunner().invoke(cli.main, ["--version"])

    assert (shown.exit_code, version.exit_code) == (0, 0)
    for command in ("serve", "demo", "tail", "pay", "advance", "scenario"):
        assert re.search(rf"^  {command} ", shown.stdout, re.MULTILINE)
    assert version.stdout == f"psp-simulator, version {__version__}\n"


def test_the_command_line_starts_without_loading_the_server(client: Client) -> None:
    """Commands that only steer must not pay for the store, the templates and the providers."""
    probe = "import sys, simulator.surface.cli; print([m for m in ('uvicorn','httpx','jinja2','starlette') if m in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)

    assert ran.stdout == "[]\n"
