"""Settings of a workspace: one model for each section (a provider, or the simulator itself), with bounds and help.

The model is the only source. What a client sets is checked against it (`faults`), what is stored is read through it
(`read`), and the control API and the documentation describe it (`describe`, `table`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from simulator.engine.defaults import KEPT, OWN
from simulator.engine.unreadable import Fault
from simulator.kernel.clock import parse_duration
from simulator.kernel.values import dataclass

YEAR_S = 366 * 24 * 3600

Seconds = Annotated[float, Field(ge=0, le=YEAR_S)]
"""Seconds of the workspace's clock."""

IN_ONE_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029\x85]*[^\s\x00-\x1f\x7f\x85][^\x00-\x1f\x7f\u2028\u2029\x85]*$"
"""Not blank, and without controls: every class leaves them out, for NUL is no white space."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=IN_ONE_LINE)]
"""A name as people read it: not blank, in one line."""


def _from_text(given: Any) -> Any:
    if not isinstance(given, str):
        raise ValueError("a duration is a text")
    return parse_duration(given)


Duration = Annotated[
    timedelta,
    BeforeValidator(_from_text),
    Field(le=timedelta(seconds=YEAR_S)),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
"""A span of the workspace's clock as text: `P2D`, `12h`, `90s`."""


@dataclass(frozen=True)
class OneOf:
    """`Annotated[str, OneOf(NAMES)]`: one of names that stand in a table elsewhere."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.names))


class WorkspaceSettings(BaseModel):
    """The settings of one section. A subclass names its `SECTION`; every member has a default and a description.

    A member whose default is None may be set to null. Types are strict: `"1"` and `true` are no numbers. A member whose
    values cannot be said by its schema says them in words, as `json_schema_extra={"words": "…"}`.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)

    SECTION: ClassVar[str] = ""


class ProviderSettings(WorkspaceSettings):
    """The settings of a provider with test amounts (`scenarios/<provider>.yaml`). One without extends `WorkspaceSettings`."""

    test_amounts: bool = Field(
        True,
        description="the amounts of `scenarios/<provider>.yaml` decide; `--strict` switches off those that the provider "
        "does not document for Alipay",
    )


class Keep(BaseModel):
    """What is kept of payments: the newest so many, and those that have changed in the last so many days."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    days: Annotated[int, Field(ge=1, le=36_500)] | None = KEPT.days
    """Of the workspace's clock."""
    payments: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = KEPT.payments

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, given: Any) -> Any:
        if given == {}:
            raise ValueError("neither days nor payments")
        return given


AS_SERVED, STAYS = "as served", "off"
"""Values of `auto_return` that are no number of seconds."""
LONGEST_RETURN_S = 30


class SimulatorSettings(WorkspaceSettings):
    """What is the simulator's own, whatever the provider."""

    SECTION: ClassVar[str] = OWN

    retry_factor: Annotated[float, Field(ge=0, le=1000)] = Field(
        1.0,
        description="every pause between two attempts of a webhook is multiplied by it; `0.01` shortens all retries",
    )
    keep: Annotated[Keep, WithJsonSchema({"type": "object"})] = Field(
        Keep.model_construct(**KEPT._asdict()),
        description="payments are kept while they are among the newest `payments` and have changed in the last `days` "
        "of the workspace's clock; older ones are dropped with all that belongs to them, but none that waits for its buyer or "
        "for the clock and none with a webhook to be tried again. `GET /_sim/health` counts what was dropped",
        json_schema_extra={
            "words": "an object of `days` (1 to 36500), `payments` (1 to 1000000000) or both, each null for no bound"
        },
    )
    signature_time: Literal["wall", "workspace"] = Field(
        "wall",
        description="the time that a webhook's signature names as that of its sending: the real one, as receivers hold it "
        "against their own clock, or the workspace's",
    )
    auto_return: Annotated[str, OneOf((AS_SERVED, STAYS, *map(str, range(LONGEST_RETURN_S + 1))))] = Field(
        AS_SERVED,
        json_schema_extra={"words": f"as served, off, or a number of seconds from 0 to {LONGEST_RETURN_S}, as a text"},
        description="seconds of the browser's time until a finished page goes back to the shop, or `off`; `as served` is "
        "what the simulator was started with (`PSP_SIMULATOR_AUTO_RETURN`)",
    )

    def returns_after(self, served: int | None) -> int | None:
        """Seconds until a finished page goes back to the shop; None where it stays. `served` is what the server was told."""
        if self.auto_return == AS_SERVED:
            return served
        return None if self.auto_return == STAYS else int(self.auto_return)


S = TypeVar("S", bound=WorkspaceSettings)


# Reading and checking ----------------------------------------------------------------------------------------------


def read(model: type[S], stored: Mapping[str, Any]) -> tuple[S, list[Fault]]:
    """The settings that hold: a stored value that the model refuses gives way to the default and is a fault.

    A store may have been written by a version that took other values, so this never raises. Where nothing is stored, nothing has
    to be checked, and the model is not built for it.
    """
    if not stored:
        return model.model_construct(), []
    try:
        return model.model_validate(stored), []
    except ValidationError as error:
        wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_url=False))
    usable = {name: value for name, value in stored.items() if name not in wrong}
    return model.model_validate(usable), [_fault(model, name) for name in wrong]


def faults(model: type[WorkspaceSettings], given: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with settings that a client wants to set; nothing if they can be taken."""
    return read(model, given)[1]


def _fault(model: type[WorkspaceSettings], name: str) -> Fault:
    field = f"settings.{model.SECTION}.{name}"
    described = next((one for one in _members(model) if one.name == name), None)
    if described is None:
        return Fault(field, f"{field}: there is no such setting", tuple(sorted(model.model_fields)))
    return Fault(field, f"{field}: must be {described.words}", described.allowed)


# Describing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Member:
    """One setting as its schema describes it. `words` completes the sentence "it must be …"."""

    name: str
    type: str
    default: Any
    about: str
    words: str
    choices: tuple[Any, ...] | None
    minimum: float | None
    maximum: float | None
    nullable: bool

    @property
    def allowed(self) -> tuple[Any, ...]:
        """The allowed values as a list where there are only a few, else a description of them."""
        return self.choices if self.choices is not None else (self.words,)


@cache
def _members(model: type[WorkspaceSettings]) -> tuple[_Member, ...]:
    properties: dict[str, dict[str, Any]] = model.model_json_schema().get("properties", {})
    return tuple(_member(name, schema) for name, schema in properties.items())


def _member(name: str, schema: dict[str, Any]) -> _Member:
    schemas = schema.get("anyOf", [schema])
    nullable = any(one.get("type") == "null" for one in schemas)
    own = next(one for one in schemas if one.get("type") != "null")
    choices = _choices(own)
    words = schema.get("words") or _words(own, choices)
    if nullable:
        words += " or null"
        choices = choices and (*choices, None)
    return _Member(
        name=name,
        type="duration" if own.get("format") == "duration" else str(own["type"]),
        default=schema["default"],
        about=schema["description"],
        words=words,
        choices=choices,
        minimum=own.get("minimum"),
        maximum=own.get("maximum"),
        nullable=nullable,
    )


def _choices(schema: dict[str, Any]) -> tuple[Any, ...] | None:
    """The values that can be counted: of a list those of its items."""
    if schema["type"] == "boolean":
        return (True, False)
    if schema["type"] == "array":
        schema = schema["items"]
    if "const" in schema:
        return (schema["const"],)
    return tuple(schema["enum"]) if "enum" in schema else None


def _words(schema: dict[str, Any], choices: tuple[Any, ...] | None) -> str:
    match schema["type"]:
        case "boolean":
            return "true or false"
        case "integer" | "number" as number if choices is None:
            what = "a whole number" if number == "integer" else "a number"
            return f"{what} from {_short(schema['minimum'])} to {_short(schema['maximum'])}"
        case "array":
            listed = f"of {', '.join(map(str, choices))}" if choices else "of texts"
            return f"a list {listed}"
        case _ if choices is not None:
            return f"one of {', '.join(map(str, choices))}"
        case "string" if schema.get("format") == "duration":
            return "a duration (PT12H, 2d, 90s) of at most 366 days"
        case "string":
            return f"a text of {schema['minLength']} to {schema['maxLength']} characters in one line"
    raise TypeError(f"a setting of such a type says its values in `words`: {schema}")


def _short(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def describe(model: type[WorkspaceSettings]) -> list[dict[str, Any]]:
    """Every setting as `GET /_sim/providers` shows it."""
    return [
        {"name": one.name, "kind": one.type, "default": one.default, "about": one.about, "values": one.words}
        | ({"allowed": list(one.choices)} if one.choices is not None else {})
        | ({"min": one.minimum} if one.minimum is not None else {})
        | ({"max": one.maximum} if one.maximum is not None else {})
        for one in _members(model)
    ]


def table(model: type[WorkspaceSettings]) -> str:
    """Every setting as a row of a Markdown table, for the documentation."""
    rows = [
        f"| `{one.name}` | {_cell(one.default)} | {one.words[0].upper() + one.words[1:]} | {one.about} |"
        for one in _members(model)
    ]
    return "\n".join(["| Setting | Default | Values | Does |", "| --- | --- | --- | --- |", *rows])


def _cell(default: Any) -> str:
    return "none" if default is None else f"`{json.dumps(default)}`"
