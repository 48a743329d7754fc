"""The built-in receiver: acknowledges, keeps what came, and reads it back with the merchant's verdict on the signature."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from starlette.requests import Request

from simulator.engine.journal import BODY_LIMIT, MARGIN
from simulator.engine.masking import FORM, Masking
from simulator.engine.provider import Party, Provider
from simulator.engine.resource import Resource, load
from simulator.engine.runtime import Runtime
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis, micros, time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Received(Resource):
    """One request to an inbox, without the secrets that came in it: of its body as much as the journal keeps."""

    PROVIDER: ClassVar[str] = "inbox"
    KIND: ClassVar[str] = "received"
    LISTED: ClassVar[bool] = True
    KEPT: ClassVar[int | None] = 10_000

    name: str
    method: str
    headers: dict[str, str]
    body: str
    """Base64."""
    size: int | None = None
    """Bytes as they came; None for what an older version has kept, as it came."""
    provider: str | None = None
    signature: dict[str, Any] | None = None
    """Whose webhook it is, and the merchant's verdict: of what came, before it was masked."""
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
    headers = {name.lower(): value for name, value in request.headers.items()}
    arrived = time_of_day()
    provider, signature = _verdict(runtime, workspace, headers, body, arrived)
    masking = runtime.masking_of(provider or "")
    known = workspace.secrets_of(provider or "", masking)
    with runtime.unit(workspace, provider="inbox", topic="inbox") as uow:
        uow.add(
            Received(
                id="in_" + Ids().text(20),
                created_at=uow.now,
                updated_at=uow.now,
                name=request.path_params["name"],
                method=request.method,
                headers=masking.headers_of(headers, known),
                body=base64.b64encode(_shown(body, masking, known, form=_media_type(headers) == FORM)).decode(),
                arrived=micros(arrived),
                size=len(body),
                provider=provider,
                signature=signature and masking.of(signature, known),
            )
        )


def _shown(body: bytes, masking: Masking, known: Sequence[bytes], *, form: bool = False) -> bytes:
    return masking.body(body[: BODY_LIMIT + MARGIN], known, form=form)[:BODY_LIMIT]


def rows(runtime: Runtime, workspace: Workspace, name: str, after: int, limit: int) -> list[tuple[int, Received]]:
    """What came to the inbox `name`, oldest first, each with its place; `after` is the place of the last one before."""
    found = runtime.store.resources_of_kind(
        workspace.id, INBOX.name, Received.KIND, before=None, after=after, limit=limit, key=("name", name)
    )
    return [(place, load(Received, raw)) for place, raw in reversed(found)]


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _verdict(
    runtime: Runtime, workspace: Workspace, headers: Mapping[str, str], body: bytes, arrived: datetime | None
) -> tuple[str | None, dict[str, Any] | None]:
    """Whose webhook it is, and what its receiver says of the signature; nothing where no provider's is recognised or signed."""
    provider = _sender(runtime, headers, body)
    if provider is None or provider.verify is None:
        return (provider.name if provider is not None else None), None
    found = provider.verify(workspace, headers, body)
    if arrived is not None:
        found = found.arriving(arrived, provider.webhooks.tolerance)
    verdict: dict[str, Any] = {"valid": found.valid, "reason": found.reason}
    if not found.valid:
        verdict |= {"signed": found.signed, "expected": found.expected, "received": found.received}
    return provider.name, verdict


def view(runtime: Runtime, workspace: Workspace, received: Received) -> dict[str, Any]:
    """`signature` is None when no provider's webhook is recognised, or its webhooks are not signed."""
    raw, headers, size = base64.b64decode(received.body), received.headers, received.size
    provider, signature = received.provider, received.signature
    if size is None:  # an older version has kept it as it came, without a verdict
        arrived = from_micros(received.arrived) if received.arrived is not None else None
        provider, signature = _verdict(runtime, workspace, headers, raw, arrived)
        size, headers, raw = len(raw), runtime.masking.headers_of(headers), _shown(raw, runtime.masking, ())
    return {
        "id": received.id,
        "at": iso_millis(received.created_at),
        "method": received.method,
        "headers": headers,
        "body": raw.decode("utf-8", "replace"),
        "size": size,
        "provider": provider,
        "signature": signature,
    }
