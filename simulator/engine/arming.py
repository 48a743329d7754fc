"""What is wrong with a scenario at the providers that are served: what can never hold, and options that nobody has.

`scenarios` reads the form of a scenario; here it is held against the tables of the providers, before it is armed.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulator.engine.comparing import amounts_are_read
from simulator.engine.endpoints import every_event
from simulator.engine.facets import Facet
from simulator.engine.forging import FORGERIES, Forgery
from simulator.engine.known import names_at
from simulator.engine.provider import Provider
from simulator.engine.validation import allowed, validate
from simulator.kernel.refusals import Invalid
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.engine.rules import Rule, Scenario, WebhooksEffect

FACTS: Mapping[Facet, frozenset[str]] = {
    "wallet": frozenset({"operation", "buyer", "method"}),
    "api": frozenset({"operation", "method"}),
    "webhooks": frozenset({"event"}),
    "bank": frozenset({"operation"}),
    "settlement": frozenset(),
    "provider": frozenset({"operation"}),
}
"""What each effect knows beside provider, amount, currency and reference."""

UNREAD_AMOUNTS = "the amounts of its calls are not read, so no rule for an amount holds"

METHODS: Mapping[Facet, tuple[str, ...]] = {
    "wallet": ("balance", "card"),
    "api": ("DELETE", "GET", "PATCH", "POST", "PUT"),
}


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a scenario cannot be armed: where, and what would have been allowed there."""

    path: str
    message: str
    allowed: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def objection(
    scenario: Scenario,
    providers: Iterable[Provider],
    buyers: Collection[str] | None = None,
    scope: str | None = None,
) -> Objection | None:
    """The first thing that is wrong; None where everything may happen. Without `buyers` any buyer may be named. `scope` is the
    one provider for which it is to be armed."""
    every = list(providers)
    for number, rule in enumerate(scenario.rules):
        for found in _objections(rule, f"rules.{number}", every, buyers):
            return found
        concerned = [one for one in every if _may_be(rule.when.provider, [one.name]) and scope in (None, one.name)]
        if rule.webhooks is not None:
            for found in _shown_nowhere(rule.webhooks, f"rules.{number}.webhooks", concerned):
                return found
    return None


def not_shown(scenario: Scenario, providers: Iterable[Provider], scope: str | None = None) -> dict[str, str]:
    """The providers of this scenario whose webhooks cannot be forged or aged in the way that it says, or whose calls do not
    tell the amount that it compares: each one's name, with why."""
    every, found = [one for one in providers if scope in (None, one.name)], dict[str, str]()
    for rule in scenario.rules:
        concerned = [one for one in every if _may_be(rule.when.provider, [one.name])]
        if rule.api is not None and rule.when.amount is not None:
            found |= {one.name: UNREAD_AMOUNTS for one in concerned if not amounts_are_read(one)}
        for _, way in _asked(rule.webhooks) if rule.webhooks is not None else ():
            whys = {one.name: one.webhooks.forging.objection(way) for one in concerned}
            found |= {name: why for name, why in whys.items() if why is not None}
    return found


def _objections(rule: Rule, path: str, every: list[Provider], buyers: Collection[str] | None) -> Iterator[Objection]:
    when = rule.when
    yield from _unknown(f"{path}.when.provider", "provider", when.provider, [provider.name for provider in every])
    concerned = [provider for provider in every if _may_be(when.provider, [provider.name])]
    if when.event is not None:
        yield from _unknown(f"{path}.when.event", "event", when.event, every_event(concerned))
    if buyers is not None:
        yield from _unknown(f"{path}.when.buyer", "buyer", when.buyer, buyers)
    for facet, knows in FACTS.items():
        if getattr(rule, facet) is None:
            continue
        for name in ("operation", "event", "buyer", "method"):
            if name not in knows and not _may_be(getattr(when, name), [""]):
                known = ("provider", "amount", "currency", "reference", *sorted(knows))
                yield Objection(f"{path}.when.{name}", f"{facet} knows no {name}, so the rule never holds", known)
        yield from _unknown(f"{path}.when.method", f"method of {facet}", when.method, METHODS.get(facet, ("",)))
        operations = _operations(facet, concerned)
        if operations is not None and "operation" in knows:
            yield from _unknown(f"{path}.when.operation", f"operation of {facet}", when.operation, operations)
    if rule.provider is not None:
        yield from _unfit_options(rule.provider, f"{path}.provider", _options(concerned, when.operation))


def _asked(effect: WebhooksEffect) -> list[tuple[str, Forgery]]:
    """Each member that asks for a message that no merchant should take, with what has to be forgeable for it."""
    asked: list[tuple[str, Forgery]] = [] if effect.forge is None else [("forge", effect.forge)]
    return asked if effect.stale is None else [*asked, ("stale", "timestamp")]


def _shown_nowhere(effect: WebhooksEffect, path: str, providers: Sequence[Provider]) -> Iterator[Objection]:
    """An objection to each forgery of the rule that no signature of these providers can show."""
    for member, way in _asked(effect):
        whys = {provider.title: provider.webhooks.forging.objection(way) for provider in providers}
        if whys and None not in whys.values():
            said = "; ".join(f"{title}: {why}" for title, why in whys.items())
            possible = {way for provider in providers for way in provider.webhooks.forging.ways}
            known = [way for way in FORGERIES if way in possible] if member == "forge" else ["forge", "delay", "copies"]
            yield Objection(f"{path}.{member}", f"{effect.forge or member} cannot be shown: {said}", tuple(known))


def _unknown(path: str, what: str, wanted: str | list[str] | None, known: Collection[str]) -> Iterator[Objection]:
    """An objection to each pattern of `wanted` that fits no name in `known`."""
    for pattern in _patterns(wanted):
        if not _may_be(pattern, known):
            yield Objection(path, f"there is no {what} {pattern!r}, so the rule never holds", tuple(sorted(known)))


def _patterns(wanted: str | list[str] | None) -> Sequence[str]:
    return [wanted] if isinstance(wanted, str) else wanted or ()


def _may_be(wanted: str | list[str] | None, known: Collection[str]) -> bool:
    """Whether one of these fits; what is not wanted always does."""
    patterns = _patterns(wanted)
    return not patterns or any(fnmatch.fnmatchcase(one, pattern) for one in known for pattern in patterns)


def _operations(facet: Facet, providers: Iterable[Provider]) -> frozenset[str] | None:
    """The operations about which scenarios are asked; None where a provider does not say."""
    found: set[str] = set()
    for provider in providers:
        if facet == "api":
            found |= {row.operation for row in provider.endpoints} | {row.operation for row in provider.left_out}
        elif provider.decisions is None:
            return None
        else:
            found |= set(provider.decisions.names(facet) or ())
    return frozenset(found)


def _options(providers: Iterable[Provider], wanted: str | list[str] | None) -> list[type[BaseModel]] | None:
    """The models of the options that a rule for these operations may give; None where a provider does not say."""
    found: list[type[BaseModel]] = []
    for provider in providers:
        if provider.decisions is None:
            return None
        found += [model for name, model in provider.decisions.provider.items() if _may_be(wanted, [name])]
    return found


def _unfit_options(given: Mapping[str, Any], path: str, models: list[type[BaseModel]] | None) -> Iterator[Objection]:
    """Objections to options that no model has, and to values that no model takes. It is enough if one model takes the values of all
    options that it has."""
    if models is None:
        return
    names = [names_at(model, given, "") for model in models]
    known = sorted({name for has in names for name in has})
    for name in given:
        if name not in known:
            yield Objection(f"{path}.{name}", f"there is no option {name!r} here", tuple(known))
    faults: list[Objection] = []
    for model, has in zip(models, names, strict=True):
        own = {name: value for name, value in given.items() if name in has}
        try:
            validate(model, own)
        except Invalid as invalid:
            first = invalid.violations[0]
            faults.append(Objection(f"{path}.{first.path}", first.message, allowed(model, own, first)))
        else:
            if own:
                return
    yield from faults
