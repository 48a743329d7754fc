"""The built-in receiver: acknowledges, keeps what came, and reads it back with the merchant's verdict on the signature."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request

from simulator.engine.provider import Party, Provider
from simulator.engine.resource import Resource, load
from simulator.engine.runtime import Runtime
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis, micros, time_of_day
from simulator.kernel.ids import Ids


@dataclass(frozen=True, kw_only=True)
class Received(Resource):
    """One request to an inbox, byte for byte."""

    PROVIDER: ClassVar[str] = "inbox"
    KIND: ClassVar[str] = "received"

    name: str
    method: str
    headers: dict[str, str]
    body: str
    """Base64."""
    arrived: int | None = None
    """The real time, in microseconds: what a receiver's own clock shows. None for what an older version has kept."""

    def keys(self) -> dict[str, str]:
        return {"name": self.name}


INBOX = Party(name="inbox", resources=(Received,))


def challenge_of(request: Request) -> str | None:
    """The value that a provider wants echoed before it saves an endpoint; no webhook, so it is not kept."""
    found = (value for name, value in request.headers.items() if name.lower().endswith("-endpoint-verification"))
    return next(found, None) if request.method == "GET" else None


def acknowledgement_of(runtime: Runtime, headers: Mapping[str, str], body: bytes) -> str | None:
    """What the provider wants to read of a receiver of this webhook, if it wants to read anything."""
    provider = _sender(runtime, headers, body)
    return provider.webhooks.acknowledgement if provider is not None else None


def _sender(runtime: Runtime, headers: Mapping[str, str], body: bytes) -> Provider | None:
    """Whose webhook it looks like. Header names are lower case."""
    return next((provider for provider in runtime.providers.values() if provider.recognises(headers, body)), None)


def keep(runtime: Runtime, workspace: Workspace, request: Request, body: bytes) -> None:
    with runtime.unit(workspace, provider="inbox", topic="inbox") as uow:
        uow.add(
            Received(
                id="in_" + Ids().text(20),
                created_at=uow.now,
                updated_at=uow.now,
                name=request.path_params["name"],
                method=request.method,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=base64.b64encode(body).decode(),
                arrived=micros(time_of_day()),
            )
        )


def rows(runtime: Runtime, workspace: Workspace, name: str, after: int, limit: int) -> list[tuple[int, Received]]:
    """What came to the inbox `name`, oldest first, each with its place; `after` is the place of the last one before."""
    found = runtime.store.resources_of_kind(
        workspace.id, INBOX.name, Received.KIND, before=None, after=after, limit=limit, key=("name", name)
    )
    return [(place, load(Received, bytes(raw))) for place, raw in reversed(found)]


def view(runtime: Runtime, workspace: Workspace, received: Received) -> dict[str, Any]:
    """`signature` is None when no provider's webhook is recognised, or its webhooks are not signed."""
    raw = base64.b64decode(received.body)
    provider, verdict = _sender(runtime, received.headers, raw), None
    if provider is not None and provider.verify is not None:
        found = provider.verify(workspace, received.headers, raw)
        if received.arrived is not None:
            found = found.arriving(from_micros(received.arrived), provider.webhooks.tolerance)
        verdict = {"valid": found.valid, "reason": found.reason}
        if not found.valid:
            verdict |= {"signed": found.signed, "expected": found.expected, "received": found.received}
    return {
        "id": received.id,
        "at": iso_millis(received.created_at),
        "method": received.method,
        "headers": received.headers,
        "body": raw.decode("utf-8", "replace"),
        "provider": provider.name if provider is not None else None,
        "signature": verdict,
    }
