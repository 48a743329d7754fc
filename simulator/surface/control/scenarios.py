"""Scenarios: those on disk, and those that are armed in a workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from pydantic import Field

from simulator.engine import cards
from simulator.engine.arming import not_shown as without_effect
from simulator.engine.arming import objection
from simulator.engine.conditions import AmountRange, Whole
from simulator.engine.facets import ScenarioError
from simulator.engine.rules import Scenario, parse
from simulator.engine.runtime import Runtime
from simulator.engine.scenarios import MATCHED
from simulator.engine.settings import Line
from simulator.engine.validation import allowed, validate
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import Invalid
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page_of_all
from simulator.wallet import buyers

ARMED = 100
"""Scenarios that are armed in a workspace at once at most."""

ARMED_SIZE = 1_000_000
"""Bytes of all of them: they are written whenever their workspace changes."""

RULES = 100
"""Rules of a scenario that is armed with its rules."""

NEXT = 1_000
"""Payments that it may be armed for; which they were is remembered."""

SCOPES = ("next", "provider", "match")


class ScenarioBody(Body):
    name: Line | None = None
    rules: list[dict[str, Any]] | None = Field(None, max_length=RULES)
    scope: dict[str, Any] | None = None


def armed_view(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": entry["scenario"]["name"], "scope": entry["scope"], "rules": entry["scenario"]["rules"]}


async def put_scenario(call: ControlCall[ScenarioBody]) -> dict[str, Any]:
    """Arms a scenario by name, or rules of one's own: for the next payments, for one provider, for payments that
    `scope.match` holds for, or until disarmed."""
    workspace, scope = call.workspace, _scope(call)
    scenario = _scenario(call, scope.get("provider"))
    entry = cards.cut_all(
        {"scenario": scenario.model_dump(mode="json", by_alias=True, exclude_none=True), "scope": scope}
    )
    others = [e for e in workspace.scenarios if (e["scenario"]["name"], e["scope"]) != (scenario.name, scope)]
    if len(others) >= ARMED:
        raise ControlError(409, "too_much", f"at most {ARMED} scenarios are armed at once: disarm them first")
    if len(orjson.dumps((entry, *others))) > ARMED_SIZE:
        raise ControlError(409, "too_much", f"armed scenarios have at most {ARMED_SIZE:,} bytes: disarm them first")
    changed = call.runtime.change_workspace(workspace, scenarios=(entry, *others))
    return _armed(call.runtime, changed)


def _scope(call: ControlCall[ScenarioBody]) -> dict[str, Any]:
    scope = dict(call.body.scope or {})
    if unknown := sorted(set(scope) - set(SCOPES)):
        raise invalid(f"scope.{unknown[0]}: is not a scope", "scope", SCOPES)
    number = scope.get("next", 1)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= NEXT:
        raise invalid(f"scope.next: must be a number from 1 to {NEXT}", "scope.next")
    if "provider" in scope:
        call.known_provider(scope["provider"], "scope.provider")
    if "match" in scope:
        scope["match"] = _match(scope["match"])
    if "next" in scope:
        scope["payments"] = []
    return scope


class MatchBody(Body):
    """Which payments: as `amount`, `reference` and `currency` of a rule's `when`."""

    amount: Whole | list[Whole] | AmountRange | None = None
    reference: str | None = None
    currency: str | list[str] | None = None


def _match(given: Any) -> dict[str, Any]:
    try:
        found = validate(MatchBody, given)
    except Invalid as refused:
        first = refused.violations[0]
        field = f"scope.match.{first.path}" if first.path else "scope.match"
        raise invalid(f"{field}: {first.message}", field, allowed(MatchBody, given, first) or MATCHED) from refused
    assert isinstance(found, MatchBody)
    return found.model_dump(mode="json", by_alias=True, exclude_none=True)


def _scenario(call: ControlCall[ScenarioBody], scope: str | None) -> Scenario:
    body, named = call.body, call.runtime.scenarios.known.named
    if body.rules is not None:
        try:
            scenario = parse({"name": body.name or "adhoc", "rules": body.rules}, "body")
        except ScenarioError as error:
            raise _refused(str(error), error.allowed) from error
        return _possible(call, scenario, "body", scope)
    if body.name is None:
        raise ControlError(422, "invalid", "give a name or rules", allowed=["name", "rules"])
    if body.name not in named:
        message = f"there is no scenario {body.name!r}"
        raise ControlError(404, "not_found", message, field="name", allowed=sorted(named))
    return _possible(call, named[body.name], body.name, scope)


def _possible(call: ControlCall[ScenarioBody], scenario: Scenario, where: str, scope: str | None) -> Scenario:
    """What may happen in this workspace, with its buyers, and at the provider of the scope. Raises 422."""
    named = [rule.when.buyer for rule in scenario.rules]
    slugs = [buyer.id for buyer in buyers.offered(call.runtime.open(call.workspace), *named)]
    found = objection(scenario, call.runtime.providers.values(), slugs, scope)
    if found is not None:
        raise _refused(f"{where}: {found}", found.allowed)
    return scenario


def _refused(message: str, allowed: Collection[str] | None) -> ControlError:
    more = {} if allowed is None else {"allowed": list(allowed)}
    return ControlError(422, "invalid_scenario", message, field="rules", **more)


async def get_scenario(call: ControlCall) -> dict[str, Any]:
    """What is armed, the last one first."""
    return _armed(call.runtime, call.workspace)


def _armed(runtime: Runtime, workspace: Workspace) -> dict[str, Any]:
    """All of them, always: what is armed is the state of a workspace, not a growing list."""
    views = [armed_view(entry) | not_shown(runtime, entry) for entry in workspace.scenarios]
    return {"data": views, "next": None}


def not_shown(runtime: Runtime, entry: dict[str, Any]) -> dict[str, Any]:
    """The providers at which nothing of it is to be seen, where there are such."""
    scenario = runtime.scenarios.armed(entry)
    scope, providers = (entry["scope"] or {}).get("provider"), runtime.providers.values()
    whys = without_effect(scenario, providers, scope) if scenario is not None else {}
    told = [{"provider": name, "because": why} for name, why in whys.items()]
    return {"not_shown": told} if told else {}


async def delete_scenario(call: ControlCall) -> None:
    """Disarms all."""
    call.runtime.change_workspace(call.workspace, scenarios=())


async def list_scenarios(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """The scenarios on disk. What is not `armable` is a provider's documented test trigger and always holds."""
    known = call.runtime.scenarios.known
    entries = [(scenario, True) for scenario in known.named.values()]
    entries += [(scenario, False) for scenario in known.documented.values()]
    return page_of_all(
        call,
        entries,
        name=lambda entry: entry[0].name,
        views=lambda shown: [_view(scenario, armable=armable) for scenario, armable in shown],
    )


def _view(scenario: Scenario, *, armable: bool) -> dict[str, Any]:
    rules = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)["rules"]
    head = {"name": scenario.name, "title": scenario.title, "description": scenario.description}
    return {**head, "armable": armable, "rules": rules}
