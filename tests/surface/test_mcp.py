"""`psp-simulator mcp`: a coding agent, played by the protocol's official client, has the control API's calls as tools."""

from __future__ import annotations

import builtins
import gzip
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from buying import ANY, FILING, ask, creation
from click.testing import CliRunner

from simulator.surface import cli
from simulator.surface.async_client import AsyncClient
from simulator.surface.client import SaidNo, Workspace
from simulator.surface.control.operation import NoBody, Operation
from simulator.surface.launch import Launched
from simulator.surface.tools import LONGEST, OFFERED, TOOLS, WORKSPACE, Tool, file_as_text, refusal

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from mcp import Client as Agent
from mcp import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent

from simulator.surface.mcp_server import server_for

ROOT = Path(__file__).parents[2]
CHILD = "import sys; sys.argv[0] = 'psp-simulator'; from simulator.surface.cli import main; main()"


@pytest.fixture
async def agent(world: Workspace) -> AsyncIterator[Agent]:
    """In the test's own process; one test speaks over stdio."""
    async with AsyncClient(world.client.url) as client, Agent(server_for(client, world.id)) as agent:
        yield agent


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def done(agent: Agent, tool: str, **arguments: Any) -> Any:
    result = await agent.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return text_of(result) if text_of(result) == "done" else json.loads(text_of(result))


async def refused(agent: Agent, tool: str, **arguments: Any) -> str:
    result = await agent.call_tool(tool, arguments)
    assert result.is_error
    return text_of(result)


@pytest.mark.slow
async def test_a_purchase_over_stdio_in_the_workspace_that_was_configured(server: Launched, world: Workspace) -> None:
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    measuring = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    given = {"PYTHONPATH": str(ROOT), "PSP_SIMULATOR_URL": server.url, "PSP_SIMULATOR_WORKSPACE": world.id}
    started = StdioServerParameters(command=sys.executable, args=["-c", CHILD, "mcp"], env=measuring | given)

    async with Agent(stdio_client(started)) as agent:
        info, offered = agent.server_info, (await agent.list_tools()).tools
        payment = await done(agent, "make_payment", provider=ANY.name, reference="order-1")
        paid = await done(agent, "pay", provider=ANY.name, id=payment["id"])
        await done(agent, "settle")
        listed = await done(agent, "list_payments", reference="order-1")
        received = await done(agent, "read_inbox", name="shop")
        missing = await refused(agent, "pay", provider=ANY.name, id="nobody")

    assert {tool.name for tool in offered} == set(TOOLS)
    assert info is not None
    assert info.name == "psp-simulator"
    assert paid["id"] == payment["id"] == world.latest_payment()["id"]
    assert [one["id"] for one in listed["data"]] == [payment["id"]]
    assert all(one["signature"]["valid"] for one in received["data"] if one["method"] == "POST")
    assert "nobody" in missing


async def test_what_went_wrong_is_told_by_webhooks_requests_why_and_compare(agent: Agent, world: Workspace) -> None:
    world.set_webhook(ANY.name, "http://127.0.0.1:9/hooks")
    payment = await done(agent, "make_payment", provider=ANY.name)
    await done(agent, "pay", provider=ANY.name, id=payment["id"])
    await done(agent, "settle")

    [failed, *_] = (await done(agent, "list_webhooks", newest=True))["data"]
    ask(world, replace(creation(world), body=b"{}"))
    [request, *_] = (await done(agent, "list_requests", refused=True))["data"]
    why = await done(agent, "get_why", id=failed["id"])
    compared = await done(agent, "compare_delivery", id=failed["id"], body=failed["body"])

    assert failed["attempts"][-1]["error"]
    assert (await done(agent, "get_request", id=request["id"]))["help"]
    assert why["because"]
    assert compared["expected"]


async def test_scenarios_are_armed_listed_and_disarmed_and_the_clock_is_moved(agent: Agent) -> None:
    armed = await done(agent, "put_scenario", name="declined-balance", scope={"next": 1})
    payment = await done(agent, "make_payment", provider=ANY.name)
    declined = await done(agent, "pay", provider=ANY.name, id=payment["id"])
    disarmed = await done(agent, "delete_scenario")

    await done(agent, "freeze", at="2030-01-01T00:00:00Z")
    moved = await done(agent, "advance", by="P1D")

    assert armed["data"][0]["name"] == "declined-balance"
    assert declined["phase"] not in ("paid", "processing")
    assert (disarmed, (await done(agent, "get_scenario"))["data"]) == ("done", [])
    assert moved["now"] == "2030-01-02T00:00:00.000Z"


async def test_the_money_is_followed_from_the_ledger_to_the_report(agent: Agent) -> None:
    own = {"provider": FILING.name}
    payment = await done(agent, "make_payment", **own, amount={"value": 10_000, "currency": "EUR"})
    await done(agent, "pay", **own, id=payment["id"])
    await done(agent, "settle")
    await done(agent, "advance", by="P10D")  # over any weekend and any holidays

    [balance] = (await done(agent, "get_balances", **own))["data"]
    ledger = (await done(agent, "list_ledger", **own, payment_id=payment["id"]))["data"]
    [payout] = (await done(agent, "list_payouts"))["data"]
    [report, *_] = (await done(agent, "list_reports", **own))["data"]
    told = await agent.call_tool("get_report", {**own, "date": report["date"], "name": report["name"]})
    due = await done(agent, "pay_out", **own)

    assert balance["pending"] == "0.00000000"
    assert {one["payment_id"] for one in ledger} == {payment["id"]}
    assert payout["state"] == "paid"
    assert not told.is_error and text_of(told)
    assert due["data"] == []
    assert "no report of that name" in await refused(
        agent, "get_report", **own, date=report["date"], name="nothing.csv"
    )


def test_a_file_is_told_unpacked_and_cut() -> None:
    assert file_as_text(gzip.compress("\ufeffé,1".encode())) == "é,1"
    assert file_as_text(b"x" * (LONGEST + 1234)).endswith("x\n… and 1,234 more characters")


async def test_the_audit_is_begun_and_read(agent: Agent, world: Workspace) -> None:
    begun = await done(
        agent, "begin_audit", provider=ANY.name, webhook=world.inbox_url("shop"), only=["signature-right"]
    )
    [listed] = (await done(agent, "list_audits"))["data"]
    audit = await done(agent, "get_audit", id=begun["id"])

    assert listed["id"] == begun["id"]
    assert audit["state"] in ("running", "done")


async def test_another_workspace_is_named_by_an_argument(agent: Agent) -> None:
    made = await done(agent, "create_workspace", name="elsewhere-of-the-agent", temporary=True)
    await done(agent, "make_payment", provider=ANY.name, workspace=made["id"])

    assert len((await done(agent, "list_payments", workspace=made["id"]))["data"]) == 1
    assert (await done(agent, "list_payments"))["data"] == []
    assert "'nowhere'" in await refused(agent, "list_payments", workspace="nowhere")


async def test_a_list_is_short_unless_more_is_wanted(agent: Agent, world: Workspace) -> None:
    for _ in range(21):
        world.make_payment(ANY.name)

    assert len((await done(agent, "list_payments"))["data"]) == 20
    assert len((await done(agent, "list_payments", limit=50))["data"]) == 21


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("list_payments", {"phse": "paid"}, "phse"),
        ("decline", {"provider": ANY.name, "id": "x", "reason": "mood"}, "(allowed: balance"),
        ("pay", {"provider": ANY.name, "id": "x", "amount": 1}, "amount"),
        ("pay", {"provider": ANY.name}, "id: is missing"),
        ("pay", {"provider": "", "id": "x"}, "provider: is missing"),
        ("wait", {"phase": "paid", "timeout": "0.1s"}, "seen instead"),
    ],
)
async def test_a_refusal_is_a_tools_error_in_the_words_of_the_control_api(
    agent: Agent, tool: str, arguments: dict[str, Any], told: str
) -> None:
    assert told in await refused(agent, tool, **arguments)


async def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(agent: Agent) -> None:
    with pytest.raises(MCPError, match="there is no tool 'delete_workspace'"):
        await agent.call_tool("delete_workspace", {})


async def test_where_no_simulator_runs_the_tools_are_listed_and_each_call_says_so() -> None:
    async with AsyncClient("http://127.0.0.1:9") as client, Agent(server_for(client, "default")) as agent:
        offered = await agent.list_tools()
        told = await refused(agent, "list_payments")

    assert len(offered.tools) == len(TOOLS)
    assert told.startswith("no simulator answers at http://127.0.0.1:9 (")
    assert told.endswith("Start one with psp-simulator serve, or say in PSP_SIMULATOR_URL where it runs.")


def test_a_token_that_is_missing_is_told_with_the_variable_that_says_it() -> None:
    told = refusal(SaidNo(401, {"message": "the admin token is wanted"}))

    assert told == "the admin token is wanted. Say the admin token in PSP_SIMULATOR_ADMIN_TOKEN."


def test_without_its_package_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_mcp(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "mcp":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "simulator.surface.mcp_server")
    monkeypatch.setattr(builtins, "__import__", without_mcp)

    result = CliRunner().invoke(cli.main, ["mcp"])

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].endswith("mcp needs the package of that name")
    assert "psp-simulator[mcp]" in result.stderr


# What is offered ------------------------------------------------------------------------------------------------------


def test_everything_that_is_offered_is_in_the_table() -> None:
    assert set(TOOLS) == OFFERED


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_a_tool_says_in_short_what_it_does_and_its_schema_is_one(tool: Tool) -> None:
    jsonschema.Draft202012Validator.check_schema(tool.schema)

    assert tool.schema["type"] == "object"
    assert 10 < len(tool.description) < 300
    assert "\n" not in tool.description
    assert set(tool.schema.get("required", [])) <= set(tool.schema["properties"])


def test_all_descriptions_and_schemas_together_are_small() -> None:
    """A model reads them before each answer."""
    everything = json.dumps([[tool.name, tool.description, tool.schema] for tool in TOOLS.values()])

    assert len(everything) < 25_000


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_no_argument_of_a_tool_means_two_things(tool: Tool) -> None:
    row: Operation[Any, Any] = tool.row
    parts = [WORKSPACE if name == "ws" else name for name in tool.parts]
    members = [field.alias or name for model in (row.query, row.body) for name, field in model.model_fields.items()]

    assert len({*parts, *members}) == len(parts) + len(members)
    assert row.body is NoBody or row.method != "GET"


PAGE = (ROOT / "docs" / "agents.md").read_text("utf-8")


def test_the_page_names_every_tool_and_no_other() -> None:
    rows = PAGE.partition("| To | Tools |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`(\w+)`", rows)) == OFFERED


def test_the_configuration_on_the_page_starts_the_command() -> None:
    [block] = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    [entry] = json.loads(block)["mcpServers"].values()
    command = cli.main.get_command(click.Context(cli.main), *entry["args"])

    assert command is not None
    assert entry["command"] == "psp-simulator"
    assert set(entry["env"]) <= {option.envvar for option in command.params if isinstance(option, click.Option)}
