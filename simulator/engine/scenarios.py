"""Finds the rule that decides what a party does: buyer, API, webhooks, bank, settlement or provider.

Precedence: an explicit act > a rule armed for one payment > the workspace's scenario > the provider's documented test
triggers (`scenarios/<provider>.yaml`) > default. Rules are read where an actor acts, never in a handler.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from simulator.engine import cards
from simulator.engine.facets import Facet
from simulator.kernel.refusals import Invalid
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.engine.rules import Rule, Scenario

M = TypeVar("M", bound="BaseModel")

log = logging.getLogger("simulator")

COUNTED = ("api", "settlement")
"""The facets whose effects end after so many `times`."""


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """About which operations a provider asks scenarios, beside the calls of its API."""

    wallet: tuple[str, ...] = ()
    """The operations for which it opens orders, as they stand in `operation`."""
    bank: tuple[str, ...] = ()
    """What it asks the bank (`uow.ask_bank`)."""
    provider: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """What it asks about itself (`uow.options`), and the options that a rule may then give."""

    def names(self, facet: Facet) -> Collection[str] | None:
        """The operations of one facet; None where they do not stand here."""
        return getattr(self, facet, None)


@dataclass(frozen=True, slots=True)
class Effect:
    """The rule that has an opinion. `label` is what `decided_by` says: `scenario:<name>` or `amount:<value>`."""

    label: str
    params: Any
    armed: bool
    """Whether a person armed it (so it goes before documented triggers and before the buyer's account)."""
    source: tuple[int, int] | None = None
    """Which armed scenario and rule, for counting `times`."""


def options_of(model: type[M], effect: Effect | None) -> M:
    """What a rule's `provider:` says, as the options of one operation. What is none of its options is another operation's; a
    value that the model does not take, which a version of another time has armed, is passed over: the log says so."""
    said = {} if effect is None else {name: one for name, one in effect.params.items() if name in model.model_fields}
    while said:
        from simulator.engine.validation import validate

        try:
            found = validate(model, said)
        except Invalid as invalid:
            first = invalid.violations[0]
            place = f"provider.{first.path}" if first.path else "provider"
            log.warning("a scenario's value is passed over: %s: %s", place, first.message)
            wrong = first.path.partition(".")[0]
            said = {name: one for name, one in said.items() if wrong not in ("", name)}
        else:
            assert isinstance(found, model)
            return found
    return cast(M, _unsaid(model))


@lru_cache(256)
def _unsaid(model: type[BaseModel]) -> BaseModel:
    """The defaults, made once: nearly every operation has no rule. They are frozen."""
    return model.model_construct()


_NAME = re.compile(r"""^name:[ \t]*["']?([^\s"'#]+)""", re.MULTILINE)


def misplaced(folder: Path, providers: Collection[str], *, by_file: bool) -> str | None:
    """What is wrong with a file that looks like the test amounts of one of these providers and would hold for nobody. The files
    are only searched for their names: a start reads none of them. `by_file`: whether the file has to be called so, too."""
    meant = {name.replace("_", "-"): name for name in providers}
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        found = _NAME.search(path.read_text("utf-8", "replace"))
        said = (path.stem, found[1] if found is not None else path.stem)
        for one in said:
            name = meant.get(one.replace("_", "-"))
            if name is not None and (said[1] != name or (by_file and said[0] != name)):
                return f"{path.name}: the test amounts of {name} are `name: {name}` in a file {name}.yaml"
    return None


class Known:
    """The scenarios on disk: `named` can be armed, `documented` (by provider) always apply."""

    def __init__(
        self,
        *,
        documented: Mapping[str, Scenario] | None = None,
        read_named: Callable[[], Mapping[str, Scenario]] = dict,
    ) -> None:
        """`read_named` is called when somebody wants to see or to arm one: whether they can happen is asked of every provider."""
        self.documented = documented or {}
        self._read_named = read_named

    @cached_property
    def named(self) -> Mapping[str, Scenario]:
        return self._read_named()


AMOUNTS_KEPT = 1024
"""Amounts of which it is remembered, for each provider and facet, which triggers they pull."""


class _Triggers:
    """A provider's documented triggers on one facet. Nearly all are pulled by an amount, and most payments have amounts that were
    asked about before."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.of: Callable[[int | None], Sequence[Rule]] = lru_cache(AMOUNTS_KEPT)(self._of)
        """Those whose amount it is, in order."""

    def _of(self, amount: int | None) -> Sequence[Rule]:
        return [rule for rule in self.rules if rule.when.takes(amount)]


class Scenarios:
    """What the scenarios say. Those on disk are read when somebody asks for the first time: a start needs none of them."""

    def __init__(self, read: Callable[[], Known] = Known) -> None:
        self._read = read
        self._parsed: dict[int, tuple[Any, Scenario | None]] = {}
        self._triggers: dict[tuple[str, Facet], _Triggers] = {}

    @cached_property
    def known(self) -> Known:
        """Raises `ScenarioError`."""
        return self._read()

    def find(self, armed: tuple[dict[str, Any], ...], facet: Facet, facts: Mapping[str, Any]) -> Effect | None:
        """The first opinion on `facet`."""
        return next(self.matching(armed, facet, facts), None)

    def matching(
        self,
        armed: tuple[dict[str, Any], ...],
        facet: Facet,
        facts: Mapping[str, Any],
        payment: Mapping[str, Any] | None = None,
        *,
        test_amounts: bool = True,
    ) -> Iterator[Effect]:
        """Every opinion on `facet`: armed scenarios (newest first), then the provider's documented triggers.

        A scope's `match` is held against `payment`, the payment's own amount, currency and reference, where that is known:
        the facts may be those of a refund. Without `test_amounts` those of the triggers that an amount pulls have none.
        """
        if armed:
            facts = cards.cut_all(
                dict(facts)
            )  # card numbers are cut in the scenarios' conditions too, when they are armed
        for index, entry in enumerate(armed):
            if not _in_scope(entry.get("scope") or {}, facet, facts, payment or facts):
                continue
            scenario = self.armed(entry)
            for number, rule in enumerate(scenario.rules if scenario is not None else ()):
                params = getattr(rule, facet)
                if params is None or not rule.when.holds(facts):
                    continue
                used = entry.get("used", {}).get(str(number), 0)
                if facet in COUNTED and params.times is not None and used >= params.times:
                    continue
                assert scenario is not None
                yield Effect(f"scenario:{scenario.name}", params, True, (index, number))
        provider = str(facts.get("provider"))
        for rule in self._documented(provider, facet).of(facts.get("amount")):
            if (rule.when.amount is None or test_amounts) and rule.when.holds(facts):
                name = self.known.documented[provider].name
                label = f"amount:{facts['amount']}" if rule.when.amount is not None else f"scenario:{name}"
                yield Effect(label, getattr(rule, facet), False)

    def wait_for_webhooks(self, armed: tuple[dict[str, Any], ...], provider: str) -> bool:
        """Whether an armed scenario wants webhooks of this provider before the answers to the calls that cause them."""
        for entry in armed:
            if (entry.get("scope") or {}).get("provider", provider) != provider:
                continue
            for rule in getattr(self.armed(entry), "rules", ()):
                if rule.webhooks is not None and rule.webhooks.before_answer and rule.when.names(provider):
                    return True
        return False

    def documents(self, facet: Facet, provider: str) -> bool:
        """Whether the provider documents any trigger on `facet`."""
        return bool(self._documented(provider, facet).rules)

    def documents_for(self, facet: Facet, provider: str, amount: int | None) -> bool:
        """Whether any of these triggers may be pulled by this amount, or whatever the amount is."""
        return bool(self._documented(provider, facet).of(amount))

    def _documented(self, provider: str, facet: Facet) -> _Triggers:
        """The provider's documented triggers on `facet`."""
        found = self._triggers.get((provider, facet))
        if found is None:
            scenario = self.known.documented.get(provider)
            rules = scenario.rules if scenario is not None else ()
            found = _Triggers([rule for rule in rules if getattr(rule, facet) is not None])
            self._triggers[provider, facet] = found
        return found

    def armed(self, entry: dict[str, Any]) -> Scenario | None:
        """An armed scenario. None for what a version of another time has armed and this one does not take: the log says so."""
        kept = self._parsed.get(id(entry))
        if kept is not None and kept[0] is entry:
            return kept[1]
        from simulator.engine.rules import complaint, read

        scenario: Scenario | None = None
        try:
            scenario = read(entry["scenario"])
        except Invalid as invalid:
            log.warning("an armed scenario is passed over: %s", complaint(entry["scenario"], invalid.violations[0]))
        if len(self._parsed) > 1000:
            self._parsed.clear()
        self._parsed[id(entry)] = (entry, scenario)
        return scenario


NOTHING: Mapping[str, Any] = MappingProxyType({})

MATCHED = ("amount", "reference", "currency")
"""What a scope may be narrowed by, as in a rule's `when`."""


def is_matched(armed: tuple[dict[str, Any], ...]) -> bool:
    """Whether something is armed for certain payments only, so that one has to know which this is."""
    return any((entry.get("scope") or {}).get("match") for entry in armed)


def _matches(scope: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    match = scope.get("match")
    if not match:
        return True
    from simulator.engine.conditions import When

    return When.model_validate(match).holds(about)


def _in_scope(scope: Mapping[str, Any], facet: Facet, facts: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    """Whether an armed scenario applies here.

    A scenario that is armed for the next payments does not know them yet. It takes a payment when that opens its order
    (`scoped_to_payment`); from then on it applies to this payment. An API call that belongs to no payment yet, such as the
    one that creates it, may be a next payment's first call: it applies to that too while payments are left to take.
    """
    if "provider" in scope and scope["provider"] != facts.get("provider"):
        return False
    if facet == "settlement" and "payment" not in facts:
        return True  # a report and a payout are of many payments
    if "payments" not in scope:
        return _matches(scope, about)
    payment = facts.get("payment")
    if payment is not None:
        return payment in scope["payments"]
    return facet == "api" and scope.get("next", 0) > 0 and _matches(scope, about)


def scoped_to_payment(
    armed: tuple[dict[str, Any], ...], provider: str, payment: str, about: Mapping[str, Any] = NOTHING
) -> tuple[dict[str, Any], ...]:
    """The armed scenarios after this payment has taken those that are armed for the next payments like it: `about` has its
    amount, currency and reference.

    A payment takes each scenario once, however often this is called. When it takes none, the same tuple is returned.
    """
    changed, result = False, []
    for entry in armed:
        scope = entry.get("scope") or {}
        left = scope.get("next", 0)
        is_meant = scope.get("provider", provider) == provider and _matches(scope, about)
        if left > 0 and is_meant and payment not in scope.get("payments", ()):
            entry = copy.deepcopy(entry)
            entry["scope"]["next"] = left - 1
            entry["scope"].setdefault("payments", []).append(payment)
            changed = True
        result.append(entry)
    return tuple(result) if changed else armed
