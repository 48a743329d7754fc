"""Audits of a merchant's integration that run here: beginning one, and what came of it.

The audit itself (`surface/audit`) and the client that it steers with are imported when somebody first begins one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from simulator.engine.runtime import Runtime
from simulator.kernel.ids import Ids
from simulator.surface.audit.endings import SNAPSHOT, Busy
from simulator.surface.control import checks
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page_of_all

if TYPE_CHECKING:
    from simulator.surface.audit.hosted import Hosted
    from simulator.surface.audit.subject import Act

ASKED = ("checkout", "refund", "cancel")
KEPT = 50
"""So many of all workspaces, while the server runs; the oldest goes first."""

Text = Field(None, min_length=1, max_length=500)


class AskBody(Body):
    """A call of the shop; a URL alone is posted to."""

    url: str = Field(max_length=2000)
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, given: Any) -> Any:
        return {"url": given} if isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "string", "format": "uri"}, schema]}


class AuditBody(Body):
    provider: str
    webhook: str = Field(max_length=2000)
    checkout: AskBody | None = None
    order: str | None = Field(None, max_length=2000)
    """A URL with `{reference}` in it, or `{payment}`."""
    refund: AskBody | None = None
    cancel: AskBody | None = None
    paid: str | None = Text
    unpaid: str | None = Text
    refunded: str | None = Text
    reference: str | None = Field(None, min_length=1, max_length=64)
    only: list[str] = Field(default_factory=list, max_length=200)
    skip: list[str] = Field(default_factory=list, max_length=200)


class Audits:
    """The audits that run and have run since the server started. Ending the server ends them, each after it has put back what
    was."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._held: dict[str, Hosted] = {}

    def of(self, workspace_id: int) -> list[Hosted]:
        """Oldest first."""
        return [one for one in self._held.values() if one.workspace_id == workspace_id]

    def add(self, audit: Hosted) -> None:
        self._held[audit.id] = audit
        over = len(self._held) - KEPT
        for old in [one for one in self._held.values() if not one.is_running][: max(over, 0)]:
            del self._held[old.id]

    async def ended(self, id_: str) -> None:
        """Returns when that one has ended."""
        await self._held[id_].ended()

    async def close(self) -> None:
        await asyncio.gather(*(self._stopped(one) for one in self._held.values() if one.is_running))

    async def _stopped(self, audit: Hosted) -> None:
        workspace = self._runtime.workspace(audit.workspace_id)
        await audit.stop(lambda: self._runtime.lifecycle.restore(workspace, SNAPSHOT))


def audits_of(call: ControlCall[Any, Any]) -> Audits:
    found: Audits = call.request.app.state.audits
    return found


async def begin_audit(call: ControlCall[AuditBody]) -> dict[str, Any]:
    """Runs by itself; everything in the workspace is afterwards as it was. Raises 409 while another one runs in it."""
    body, workspace = call.body, call.workspace
    provider = call.provider_named(call.known_provider(body.provider) or "")
    if provider.shop is None:
        raise invalid(f"provider: {provider.name} cannot be audited: it says nothing of a merchant's side", "provider")
    hosted = await asyncio.to_thread(import_module, "simulator.surface.audit.hosted")
    chosen = _chosen(hosted.runner, body)
    _check_urls(call, body)
    if call.runtime.store.snapshot(workspace.id, SNAPSHOT) is not None or any(
        one.is_running for one in audits_of(call).of(workspace.id)
    ):
        raise ControlError(409, "conflict", str(Busy(workspace.name)))
    line = hosted.Line(call.request.app, _address(call))
    subject = _subject(call, hosted, line)
    world = hosted.world(call.base_url, line, workspace.public_id)
    audit = hosted.begin(Ids().hex(12), workspace.name, world, workspace.id, provider, subject, chosen, line)
    audits_of(call).add(audit)
    return {"id": audit.id}


def _chosen(runner: Any, body: AuditBody) -> Any:
    for field, names in (("only", body.only), ("skip", body.skip)):
        for name in names:
            if name not in runner.BY_NAME:
                raise invalid(f"{field}: there is no check {name!r}", field, sorted(runner.BY_NAME))
    return runner.chosen(body.only, body.skip)


def _check_urls(call: ControlCall[Any, Any], body: AuditBody) -> None:
    """Raises 422 for an address that this caller may not name."""
    asked = {name: getattr(body, name) for name in ASKED}
    urls: Mapping[str, str | None] = {
        "webhook": body.webhook,
        "order": body.order,
        **{name: None if one is None else one.url for name, one in asked.items()},
    }
    for field, url in urls.items():
        if url is not None:
            checks.http_url(url, field)
            if (why := call.runtime.reach.objection(url, call.from_network)) is not None:
                raise invalid(f"{field}: {why}", field)


def _subject(call: ControlCall[AuditBody], hosted: Any, line: Any) -> Any:
    body = call.body
    told = body.model_dump(exclude_none=True, include={"paid", "unpaid", "refunded", "reference", "order"})

    def asks(name: str) -> Act | None:
        given: AskBody | None = getattr(body, name)
        if given is None:
            return None
        told[name] = f"{given.method} {given.url}"
        act: Act = hosted.by_courier(line, call.runtime.courier, given.url, given.method, call.from_network)
        return act

    order = None
    if body.order is not None:
        order = hosted.by_courier(line, call.runtime.courier, body.order, "GET", call.from_network)
    acts = {name: asks(name) for name in ASKED}
    browser = hosted.browser(line, call.runtime.courier, call.from_network)
    texts = {"paid": body.paid, "unpaid": body.unpaid, "refunded": body.refunded, "reference": body.reference}
    shown = {name.capitalize(): value for name, value in told.items()}
    return hosted.Subject(webhook=body.webhook, order=order, **acts, **texts, browser=browser, told=shown)


def _address(call: ControlCall[Any, Any]) -> tuple[str, int]:
    client = call.request.client
    return ("127.0.0.1", 0) if client is None or not call.from_network else (client.host, client.port)


async def list_audits(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """Oldest first; those that ran before the server started are forgotten."""
    held = audits_of(call).of(call.workspace.id)
    return page_of_all(
        call,
        held,
        name=lambda one: one.id,
        views=lambda shown: [{"id": one.id, **one.report.summary()} for one in shown],
    )


async def get_audit(call: ControlCall) -> dict[str, Any]:
    found = found_audit(call)
    return {"id": found.id, **found.report.view()}


def found_audit(call: ControlCall[Any, Any]) -> Hosted:
    held = {one.id: one for one in audits_of(call).of(call.workspace.id)}
    found = held.get(call.path["id"])
    if found is None:
        message = f"workspace {call.workspace.name} has no audit {call.path['id']!r} since the simulator started"
        raise ControlError(404, "not_found", message, field="id", allowed=list(held))
    return found
