"""What a workspace looks like as one JSON document: models, of which only an import has need.

The models are made from the tables, so a new table or column stands in documents from its first day; a document that was written
before does not have it, and it is empty then. Of a list the first entry that is wrong is told (`_FIRST`): a document may have
hundreds of thousands, and each fault costs its words.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    create_model,
)

from simulator.engine import cards
from simulator.engine.store import schema
from simulator.engine.validation import Unfit
from simulator.engine.workspace import FORMER, NAME
from simulator.kernel.clock import EPOCH, micros, parse_instant

LATEST = micros(datetime.fromisoformat("9000-01-01T00:00:00+00:00"))

_INSTANTS = frozenset({"at", "due", "created", "sent"})


def _bytes_of(given: Any) -> bytes:
    try:
        if isinstance(given, str):
            return given.encode()
        if isinstance(given, dict) and given.keys() == {"base64"} and isinstance(given["base64"], str):
            return base64.b64decode(given["base64"], validate=True)
    except (UnicodeEncodeError, binascii.Error):
        pass
    raise Unfit('must be a text, or {"base64": …}')


def _instant(given: Any) -> datetime:
    try:
        at = parse_instant(given if isinstance(given, str) else "")
    except (ValueError, OverflowError) as error:
        raise Unfit("must be an instant, like 2026-03-04T12:00:00Z") from error
    if not 1970 <= at.year < 9000:
        raise Unfit("must be between the years 1970 and 9000")
    return at


_Bytes = Annotated[
    bytes,
    PlainValidator(_bytes_of),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "properties": {"base64": {"type": "string"}}}]}),
]
_FIRST = Field(fail_fast=True)
_Whole = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
_At = Annotated[int, Field(strict=True, ge=0, le=LATEST)]
_Text = Annotated[str, Field(strict=True)]
_Instant = Annotated[datetime, BeforeValidator(_instant)]
_Duration = Annotated[float, Field(strict=True, ge=0, le=1e12)]
_TYPES: Mapping[str, Any] = {"TEXT": _Text, "{blob}": _Bytes, "DOUBLE PRECISION": _Duration}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


def _row_model(table: schema.Table) -> type[_Part]:
    """As a row stands in a document: without its workspace, and without what is NULL."""
    fields: dict[str, Any] = {}
    for name, type_ in table.columns.items():
        if name != "workspace":
            kind = _At if name in _INSTANTS else _TYPES.get(type_, _Whole)
            is_required = name in table.required or name == "seq"
            fields[name] = (kind, ...) if is_required else (kind | None, None)
    return create_model(f"{table.name.title().replace('_', '')}Row", __base__=_Part, **fields)


_TABLES: dict[str, Any] = {
    table.name: (Annotated[list[_row_model(table)], _FIRST], Field(default_factory=list))  # type: ignore[misc]  # made here
    for table in schema.OF_A_WORKSPACE
}
Tables = create_model("Tables", __base__=_Part, **_TABLES)


class ClockPart(_Part):
    mode: Literal["real", "frozen"] = "real"
    offset_us: int = Field(0, strict=True, gt=-(2**57), lt=2**57)
    standing_at: _Instant | None = None
    advanced_us: int = Field(0, strict=True, gt=-(2**57), lt=2**57)
    rate: int = Field(1, strict=True, ge=1, le=3600)
    since: _Instant = EPOCH


class EndpointPart(_Part):
    """An endpoint of the account, as the control API was given it. `engine.endpoints` says what is allowed."""

    url: str | None = None
    secret: str | None = None
    events: Annotated[list[str], _FIRST] | None = None
    key_id: str | None = None
    from_network: bool = False
    verified: bool | None = None
    endpoints: Annotated[list[EndpointPart], _FIRST] | None = None

    def stored(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True, exclude_defaults=True)


class FormerPart(_Part):
    """One of the three."""

    account: EndpointPart | None = None
    made: dict[str, Any] | None = None
    own: dict[str, Any] | None = None

    def stored(self) -> dict[str, Any]:
        account = {} if self.account is None else self.account.stored()
        return self.model_dump(include={"made", "own"}, exclude_none=True) or {"account": account}


class WorkspacePart(_Part):
    """The members of `Workspace.dump`."""

    public_id: str = Field(pattern=r"^ws_[0-9a-f]{8,64}$")
    name: str = Field(min_length=1, max_length=100, pattern=NAME)
    created_at: _Instant
    clock: ClockPart
    seed: str | None = Field(None, max_length=200)
    draws: int = Field(0, ge=0, lt=2**63)
    refusals: int = Field(0, ge=0, lt=2**63)
    credentials: dict[str, dict[str, Any]]
    webhooks: dict[str, EndpointPart | None] = Field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    scenarios: Annotated[list[dict[str, Any]], _FIRST, AfterValidator(cards.cut_all)] = Field(default_factory=list)
    webhook_endpoints: dict[str, Annotated[list[dict[str, Any]], _FIRST]] = Field(default_factory=dict)
    paused: Annotated[list[str], _FIRST] = Field(default_factory=list)
    default_buyer: str = Field("", max_length=64)
    former: dict[str, Annotated[list[FormerPart], Field(max_length=FORMER)]] = Field(default_factory=dict)
    made_by: str = Field("", max_length=200)
    temporary: bool = False
    used_at: _Instant | None = None


class Document(_Part):
    format: Literal["psp-simulator workspace"]
    version: Literal[1]
    simulator: str = ""
    """The version that wrote it."""
    exported_at: str = ""
    """In real time."""
    at: _Instant | None = None
    """What the workspace's clock showed then."""
    workspace: WorkspacePart
    tables: Tables  # type: ignore[valid-type]  # made above
