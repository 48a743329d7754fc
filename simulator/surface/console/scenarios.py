"""Scenarios: what can be armed and for which payments, what is armed, who decides, and the amounts that always hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from simulator.engine.conditions import AmountRange
from simulator.engine.provider import Provider
from simulator.engine.rules import Rule, Scenario
from simulator.engine.scenarios import MATCHED
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import Console
from simulator.surface.control.scenarios import armed_view, not_shown

SCOPES: Mapping[str, Mapping[str, int]] = {"next": {"next": 1}, "5": {"next": 5}, "all": {}}
GROUPS = ("buyer", "time", "faults")
FEW = 7
"""Test amounts that are shown unless all are asked for (`?amounts=all`)."""


@dataclass(frozen=True)
class Item:
    """A scenario as the page shows it."""

    name: str
    title: str
    about: str
    icon: str
    tone: str
    is_armed: bool


@dataclass(frozen=True)
class Armed:
    """What is armed; `left` are the payments that it still waits for, None until it is stopped."""

    title: str
    about: str
    left: int | None
    provider: str | None
    match: Mapping[str, Any]
    not_shown: Sequence[tuple[str, str]] = ()
    """The providers at which nothing of it is to be seen, each with why."""


@dataclass(frozen=True)
class Amounts:
    """A provider's test amounts: when, and what then."""

    provider: Provider | None
    source: str
    about: str
    rows: Sequence[tuple[str, str, str]]
    """The amount, the operation or event, and what comes of it."""


async def scenarios_page(console: Console) -> Response:
    """For how many payments a scenario will be armed, and for which, stands in the address."""
    chosen, provider = console.chosen("scope", SCOPES) or "next", console.chosen("provider", console.runtime.providers)
    match = {name: console.query[name].strip() for name in MATCHED if console.query.get(name, "").strip()}
    scope: dict[str, Any] = {**SCOPES[chosen], **({"provider": provider} if provider else {})}
    if match:
        scope["match"] = {**match, **_number(match.get("amount"))}
    known = console.runtime.scenarios.known
    armed = [entry for entry in console.workspace.scenarios if (entry.get("scope") or {}).get("next") != 0]
    names = {armed_view(entry)["name"] for entry in armed}
    groups: dict[str, list[Item]] = {group: [] for group in GROUPS}
    for scenario in sorted(known.named.values(), key=lambda one: one.title or one.name):
        groups[_group(scenario)].append(_item(console, scenario, scenario.name in names))
    amounts = [_amounts(console, name, scenario) for name, scenario in known.documented.items()]
    return console.render(
        "console/scenarios.html",
        "console_scenarios",
        place="scenarios",
        groups={name: items for name, items in groups.items() if items},
        armed=[_armed(console, entry) for entry in armed],
        chosen=chosen,
        scope=scope,
        match=match,
        providers=[(p.name, p.title) for p in console.runtime.providers.values()],
        amounts=amounts if console.query.get("amounts") == "all" else _few(amounts),
        all_amounts=sum(len(one.rows) for one in amounts),
        shows_all=console.query.get("amounts") == "all",
    )


def _number(amount: str | None) -> dict[str, Any]:
    """The amount as a number. A text that is no number is left as it is: the scenario is refused when it is armed."""
    return {"amount": int(amount)} if amount and amount.isascii() and amount.isdecimal() and len(amount) < 19 else {}


def _armed(console: Console, entry: Mapping[str, Any]) -> Armed:
    scenario, scope = entry["scenario"], entry.get("scope") or {}
    title, about = console.scenario(scenario)
    provider = console.runtime.providers.get(scope.get("provider", ""))
    providers, texts = console.runtime.providers, console.texts()
    told = not_shown(console.runtime, dict(entry)).get("not_shown", ())
    missing = [(providers[one["provider"]].title, texts.reworded(one["because"])) for one in told]
    return Armed(title, about, scope.get("next"), provider.title if provider else None, scope.get("match", {}), missing)


def _item(console: Console, scenario: Scenario, is_armed: bool) -> Item:
    title, about = console.scenario(
        {"name": scenario.name, "title": scenario.title, "description": scenario.description}
    )
    return Item(scenario.name, title, about, *_look(scenario.rules[0]), is_armed)


def _group(scenario: Scenario) -> str:
    """By what its first rule does."""
    rule = scenario.rules[0]
    if rule.wallet is not None and rule.wallet.delay is None:
        return "buyer"
    hooks = rule.webhooks
    is_false = hooks is None or hooks.drop or hooks.forge is not None or hooks.stale is not None
    return "faults" if rule.wallet is None and is_false else "time"


def _look(rule: Rule) -> tuple[str, str]:
    """Icon and tone."""
    if rule.wallet is not None:
        if rule.wallet.delay is not None:
            return "clock", "wait"
        if rule.wallet.decline is not None:
            return ("barred" if rule.wallet.decline == "blocked" else "cross"), "bad"
        return {"cancelled": "cross"}.get(rule.wallet.outcome or "", "hourglass"), "mute"
    if rule.webhooks is not None and not (rule.webhooks.forge or rule.webhooks.stale or rule.webhooks.drop):
        return ("copy" if rule.webhooks.copies > 1 else "arrows"), "wait"
    return ("back" if rule.bank is not None or rule.settlement is not None else "warning"), "bad"


def _amounts(console: Console, name: str, scenario: Scenario) -> Amounts:
    rows = [(_amount(rule), _occasion(rule), _effect(rule)) for rule in scenario.rules]
    texts, key = console.texts(), f"scenarios_amounts_{name}"
    about = texts(key) if texts.has(key) else scenario.description
    return Amounts(console.runtime.providers.get(name), scenario.source, about, rows)


def _few(amounts: Sequence[Amounts]) -> list[Amounts]:
    """The first ones of each provider, as far as there is room."""
    each = max(1, FEW // max(1, len(amounts)))
    return [Amounts(one.provider, one.source, "", one.rows[:each]) for one in amounts]


def _amount(rule: Rule) -> str:
    """`40000`, `…51`, `300000–400000 …02`."""
    amount = rule.when.amount
    if not isinstance(amount, AmountRange):
        return ", ".join(map(str, amount if isinstance(amount, list) else [amount])) if amount is not None else "…"
    ends = [amount.ends_with] if isinstance(amount.ends_with, str) else amount.ends_with or []
    parts = [f"{amount.minimum}–{amount.maximum}"] if amount.minimum is not None and amount.maximum is not None else []
    return " ".join([*parts, ", ".join(f"…{end}" for end in ends)]).strip()


def _occasion(rule: Rule) -> str:
    wanted = rule.when.operation or rule.when.event or ""
    return wanted if isinstance(wanted, str) else ", ".join(wanted)


def _effect(rule: Rule) -> str:
    """In the provider's own code where it has one, else in ours."""
    told = []
    for facet, value in rule.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True, exclude={"when"}
    ).items():
        inner = value.get("refuse", value) if isinstance(value, dict) else {}
        words = [str(inner[name]) for name in ("code", "message", "decline", "outcome", "status") if name in inner]
        words = words[:1] if "code" in inner else words
        words += [f"{name} {inner[name]}" for name in ("then", "delay", "copies") if name in inner]
        told.append(", ".join(words) or facet)
    return "; ".join(dict.fromkeys(told))
