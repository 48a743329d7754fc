"""Workspaces: making, listing, reading, resetting and deleting one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, WithJsonSchema

from simulator.engine import endpoints
from simulator.engine.provider import Provider
from simulator.engine.registry import CredentialError, TooMuch, WorkspaceError
from simulator.engine.runtime import Runtime
from simulator.engine.sections import Sections
from simulator.engine.settings import faults
from simulator.engine.validation import Unfit
from simulator.engine.workspace import NAME, RESERVED, Workspace
from simulator.kernel.clock import Clock, iso_millis
from simulator.surface.control import checks
from simulator.surface.control.clock import clock_view
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page, place_of
from simulator.wallet import buyers

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ClockBody(Body):
    mode: Literal["real", "frozen"] = "real"
    now: str | None = None


class EndpointBody(Body):
    """An endpoint of a provider, which says what the last three may be (`engine.endpoints`)."""

    url: str
    secret: Annotated[Any, WithJsonSchema({"type": "string"})] = None
    events: Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "string"}})] = None
    key_id: Annotated[Any, WithJsonSchema({"type": "string"})] = None


class WebhookBody(EndpointBody):
    """The account-level endpoint of a provider; or `endpoints`, where it has several."""

    url: str | None = None  # type: ignore[assignment]  # absent where `endpoints` is given
    endpoints: list[EndpointBody] | None = None


def check_webhook(call: ControlCall[Any, Any], provider: Provider, given: dict[str, Any], prefix: str = "") -> None:
    """Raises 422 for what a provider's endpoint, or one of its endpoints, cannot be, and for a URL that this caller may not name.
    `given` has no absent members; who named the URL is kept with it."""
    several = given.get("endpoints")
    if several is None and "url" not in given:
        raise invalid(f"{prefix}url: must not be missing", f"{prefix}url")
    for index, one in enumerate(several or ()):
        if "url" not in one:
            raise invalid(f"{prefix}endpoints.{index}.url: must not be missing", f"{prefix}endpoints.{index}.url")
    if several is None:
        checks.http_url(given["url"], f"{prefix}url")
    checks.faultless(endpoints.faults(provider, given, prefix))
    for index, one in enumerate(several or ()):
        checks.http_url(one["url"], f"{prefix}endpoints.{index}.url")
    for field, one in [(f"{prefix}endpoints.{n}.url", one) for n, one in enumerate(several or ())] or [
        (f"{prefix}url", given)
    ]:
        if (why := call.runtime.reach.objection(one["url"], call.from_network)) is not None:
            raise invalid(f"{field}: {why}", field)
        if call.from_network:
            one["from_network"] = True


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise Unfit("must be one line of text")
    return value


def _maker(value: str) -> str:
    if not value.startswith(("test:", "import:")):
        raise Unfit("must begin with test: or import:")
    return _one_line(value)


def _free(value: str) -> str:
    if value == RESERVED:
        raise Unfit(f"must not be {RESERVED}")
    return value


WorkspaceName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NAME), AfterValidator(_free)]


class WorkspaceBody(Body):
    name: WorkspaceName | None = None
    seed: Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)] | int | None = None
    clock: ClockBody | None = None
    credentials: dict[str, dict[str, Any]] = Field(default_factory=dict)
    webhooks: dict[str, WebhookBody | None] = Field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    made_by: Annotated[str, StringConstraints(max_length=200), AfterValidator(_maker)] | None = None
    """`test:tests/test_checkout.py` or `import:shop.json`; nothing where a person makes it."""
    temporary: StrictBool = False


def workspace_view(call: ControlCall[Any, Any], workspace: Workspace) -> dict[str, Any]:
    return {
        "id": workspace.public_id,
        "name": workspace.name,
        "base_url": call.base_url,
        "created_at": iso_millis(workspace.created_at),
        "seed": workspace.seed,
        "clock": clock_view(workspace.clock),
        "credentials": workspace.credentials,
        "webhooks": {name: _shown(workspace.stored_endpoints.get(name)) for name in call.runtime.providers},
        "settings": workspace.settings,
        "made_by": workspace.made_by or None,
        "paused": sorted(workspace.paused),
        "temporary": workspace.temporary,
        "default_buyer": buyers.default(workspace),
    }


def _shown(hook: dict[str, Any] | None) -> dict[str, Any] | None:
    """An endpoint as it was given, without what we keep beside it."""
    if hook is None:
        return None
    shown = {name: value for name, value in hook.items() if name != "from_network"}
    if "endpoints" in shown:
        shown["endpoints"] = [_shown(one) for one in shown["endpoints"]]
    return shown


async def create_workspace(call: ControlCall[WorkspaceBody]) -> dict[str, Any]:
    """Credentials are made up where none are given. Raises 409 when a name or a credential is taken."""
    runtime, body = call.runtime, call.body
    known = Sections(runtime.providers)
    for member in ("credentials", "webhooks", "settings"):
        allowed = sorted(known if member == "settings" else runtime.providers)
        for name in getattr(body, member):
            if name not in allowed:
                field = f"{member}.{name}"
                raise invalid(f"{field}: there is no such provider", field, allowed)
    _check_credentials(runtime, body.credentials)
    for name, values in body.settings.items():
        checks.faultless(faults(known[name], values))
    endpoints = {name: hook.model_dump(exclude_none=True) for name, hook in body.webhooks.items() if hook}
    for name, hook in endpoints.items():
        check_webhook(call, runtime.providers[name], hook, f"webhooks.{name}.")
    try:
        with runtime.homes.alone():
            workspace = runtime.create_workspace(
                name=body.name,
                seed=None if body.seed is None else str(body.seed),
                clock=_clock(body.clock),
                credentials=body.credentials,
                endpoints=endpoints,
                settings=body.settings,
                made_by=body.made_by or "",
                temporary=body.temporary,
            )
    except CredentialError as error:
        raise invalid(str(error), error.field or "credentials") from error
    except TooMuch as error:
        raise ControlError(409, "too_much", str(error)) from error
    except WorkspaceError as error:
        raise ControlError(409, "conflict", str(error), field=error.field) from error
    except (TypeError, ValueError) as error:
        raise invalid(f"credentials: {error}", "credentials") from error
    return workspace_view(call, workspace)


def _clock(given: ClockBody | None) -> Clock:
    if given is None:
        return Clock()
    at = checks.of_clock(given.now, "clock.now") if given.now else None
    if given.mode == "frozen":
        return Clock.beginning(at, frozen=True)
    return Clock() if at is None else Clock.beginning(at)


def _check_credentials(runtime: Runtime, given: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses members that a provider does not have; `registry.handed_in` says what the others may be."""
    for provider, members in given.items():
        known = sorted(runtime.default_to_look_at.credentials[provider])
        for name in members:
            field = f"credentials.{provider}.{name}"
            if name not in known:
                raise invalid(f"{field}: there is no such credential", field, known)


async def list_workspaces(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    after = place_of(call) or 0
    found = [workspace for workspace in call.runtime.workspaces() if workspace.id > after]
    return page(
        call,
        found[: call.query.limit + 1],
        place=lambda workspace: workspace.id,
        views=lambda shown: [workspace_view(call, workspace) for workspace in shown],
    )


async def get_workspace(call: ControlCall) -> dict[str, Any]:
    return workspace_view(call, call.workspace)


async def delete_workspace(call: ControlCall) -> None:
    workspace = call.workspace
    if workspace.name == "default":
        raise ControlError(409, "conflict", "workspace default always exists; reset it instead", field="ws")
    await call.runtime.lifecycle.delete(workspace)


async def reset(call: ControlCall) -> dict[str, Any]:
    """Drops payments, webhooks, journal, scenarios and the clock's offset; keeps credentials and endpoints."""
    return workspace_view(call, await call.runtime.lifecycle.reset(call.workspace))
