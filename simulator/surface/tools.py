"""Calls of the control API as tools for a coding agent, made from its table: name, description and schema are the row's own."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from simulator.kernel.values import dataclass
from simulator.surface.client import NotReached, SaidNo
from simulator.surface.control.operation import NoBody, Operation
from simulator.surface.control.paging import ListQuery
from simulator.surface.control.table import TABLE

# fmt: off
OFFERED = frozenset({
    "health", "list_providers", "create_workspace", "get_workspace", "reset",
    "list_payments", "make_payment", "get_payment", "pay", "decline", "cancel", "expire", "refund", "list_buyers",
    "get_why", "wait",
    "get_clock", "advance", "freeze", "resume", "settle",
    "put_webhook", "list_webhooks", "get_webhook", "resend", "compare_delivery", "read_inbox",
    "list_requests", "get_request", "compare_request",
    "list_scenarios", "get_scenario", "put_scenario", "delete_scenario",
    "get_balances", "list_ledger", "list_payouts", "pay_out", "list_reports", "get_report",
    "begin_audit", "get_audit", "list_audits",
})
# fmt: on
"""What an agent needs beside a merchant's code. Every tool is read by its model each time, so the rest of the table is left out."""
FILES = frozenset({"get_report"})
"""The operations that answer with a file."""
LONGEST = 20_000
"""Characters of a file that an agent is told."""
WORKSPACE = "workspace"
"""What `{ws}` is called."""
LISTED = 20
"""Entries of a list, unless the agent wants more: its context is short."""
_PART = re.compile(r"{(\w+)(?::\w+)?}")


class ToolRefused(Exception):
    """What an agent asked for was not done; the text is for the agent."""


@dataclass(frozen=True)
class Ask:
    """One call of the control API."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class Tool:
    """A row of the table as an agent has it: the parts of the path, the query and the body are arguments side by side."""

    row: Operation[Any, Any]

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def description(self) -> str:
        """Short: the row's summary, and what else its handler says first."""
        said = " ".join((inspect.getdoc(self.row.handler) or "").partition("\n\n")[0].split())
        is_new = said.rstrip(".").lower() not in self.row.summary.lower()
        return f"{self.row.summary}. {said}" if said and is_new else f"{self.row.summary}."

    @property
    def only_reads(self) -> bool:
        return self.row.method == "GET"

    @property
    def parts(self) -> list[str]:
        """What stands in braces in the path."""
        return _PART.findall(self.row.path)

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        properties: dict[str, Any] = {name: {"type": "string"} for name in self.parts if name != "ws"}
        required = list(properties)
        definitions: dict[str, Any] = {}
        if "ws" in self.parts:
            properties[WORKSPACE] = {
                "type": "string",
                "description": "name or id; the one that was configured if absent",
            }
        for model in (self.row.query, self.row.body):
            part = model.model_json_schema()
            properties |= part.get("properties", {})
            required += part.get("required", [])
            definitions |= part.get("$defs", {})
        if issubclass(self.row.query, ListQuery):
            properties["limit"] = {**properties["limit"], "default": LISTED}
        found = {"type": "object", "properties": properties, "additionalProperties": False}
        more = {"required": required, "$defs": definitions}
        schema: dict[str, Any] = _untitled(found | {name: value for name, value in more.items() if value})
        return schema

    def ask(self, arguments: Mapping[str, Any], workspace: str) -> Ask:
        """The call for these arguments; what belongs to nothing goes along, to be refused by the API in its own words.
        Raises `ToolRefused` where the path has a gap."""
        left = dict(arguments)
        parts: dict[str, str] = {}
        for name in self.parts:
            given = left.pop(WORKSPACE, workspace) if name == "ws" else left.pop(name, None)
            if given is None or not str(given):
                raise ToolRefused(f"{name}: is missing")
            parts[name] = quote(str(given), safe="")
        path = _PART.sub(lambda part: parts[part[1]], self.row.path)
        known = {field.alias or name for name, field in self.row.query.model_fields.items()}
        if self.row.body is NoBody and self.row.method == "GET":
            known |= set(left)
        query = {name: _in_query(value) for name, value in left.items() if name in known and value is not None}
        if issubclass(self.row.query, ListQuery):
            query.setdefault("limit", LISTED)
        body = {name: value for name, value in left.items() if name not in known}
        return Ask(self.row.method, path, query, body if self.row.method in ("POST", "PUT") else None)


def _in_query(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _untitled(schema: Any, named: bool = False) -> Any:
    """Without the titles that pydantic gives everything, which say again what the name says, and without the null that an absent
    member may be as well. `named`: the members are names."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if (
        not named
        and (kinds := schema.get("anyOf"))
        and len(kinds) == 2
        and {"type": "null"} in kinds
        and "default" in schema
    ):
        [kind] = [one for one in kinds if one != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
        return _untitled({**kind, **rest})
    return {
        name: value
        if name in ("default", "enum", "const") and not named
        else _untitled(value, name in ("properties", "$defs"))
        for name, value in schema.items()
        if named or name != "title"
    }


def file_as_text(raw: bytes) -> str:
    """A file as an agent reads it: unpacked, and not longer than it can bear."""
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig", "replace")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… and {len(text) - LONGEST:,} more characters"


TOOLS: Mapping[str, Tool] = {row.name: Tool(row) for row in TABLE if row.name in OFFERED}


def refusal(error: SaidNo | NotReached) -> str:
    """The control API's own sentence, and what to do where the agent's configuration is at fault."""
    if isinstance(error, NotReached):
        return f"{error}. Start one with psp-simulator serve, or say in PSP_SIMULATOR_URL where it runs."
    if error.status == 401:
        return f"{error}. Say the admin token in PSP_SIMULATOR_ADMIN_TOKEN."
    allowed = f" (allowed: {', '.join(map(str, error.allowed))})" if error.allowed else ""
    seen = f"\nseen instead: {json.dumps(error.seen, ensure_ascii=False)}" if error.seen else ""
    return f"{error}{allowed}{seen}"
