"""What the shopper, the API and the webhooks will do, as rules that people write in YAML.

Precedence: an explicit act > a rule armed for one payment > the workspace's scenario > the provider's documented test
triggers (`scenarios/<provider>.yaml`) > default. Rules are read where an actor acts, never in a handler.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from simulator.engine import cards
from simulator.engine.conditions import Strict, When
from simulator.engine.forging import Forgery
from simulator.engine.messages import Order
from simulator.engine.settings import OneOf
from simulator.engine.validation import Unfit, allowed, validate
from simulator.kernel.clock import parse_duration, short_duration
from simulator.kernel.refusals import Invalid, Violation
from simulator.kernel.values import dataclass

log = logging.getLogger("simulator")

Facet = Literal["wallet", "api", "webhooks", "bank", "settlement", "provider"]

COUNTED = ("api", "settlement")
"""The facets whose effects end after so many `times`."""

REASONS = ("balance", "limit", "blocked", "authentication", "cancelled", "expired", "declined")
"""Why a wallet or a bank declines, in neutral words; each provider has its own code for it."""


def _duration(value: Any) -> Any:
    try:
        return parse_duration(value) if isinstance(value, str) else value
    except ValueError as error:
        raise Unfit(str(error)) from error


def _within(least: timedelta, most: timedelta) -> AfterValidator:
    """Bounds, which the library would name in its own words."""

    def check(value: timedelta) -> timedelta:
        if least <= value <= most:
            return value
        edge = f"least {short_duration(least)}" if value < least else f"most {short_duration(most)}"
        raise Unfit(f"must be at {edge}")

    return AfterValidator(check)


Delay = Annotated[timedelta, BeforeValidator(_duration), _within(timedelta(0), timedelta(days=3660))]


class WalletEffect(Strict):
    """`decline` is a neutral reason; `code` and `message` are the provider's own, where its documents fix them."""

    decline: Annotated[str, OneOf(REASONS)] | None = None
    outcome: Literal["paid", "cancelled", "expired", "open"] | None = None
    code: str | None = None
    message: str | None = None
    delay: Delay | None = None


def _times(value: Any) -> Any:
    return None if value == "until stopped" else value


RealDelay = Annotated[timedelta, BeforeValidator(_duration), _within(timedelta(0), timedelta(hours=1))]
"""In real time, which people wait for."""


class ApiEffect(Strict):
    """What becomes of an answer. With `when: before` the call is not executed; a `status` means that unless it says `after`."""

    status: int | None = Field(None, ge=400, le=599)
    times: Annotated[int | None, BeforeValidator(_times)] = Field(None, ge=1, le=2**63 - 1)
    code: str | None = None
    message: str | None = None
    body: str | dict[str, Any] | list[Any] | None = None
    delay: RealDelay | None = None
    hang: bool | None = None
    reset: bool | None = None
    truncate: bool | None = None
    retry_after: RealDelay | None = None
    when: Literal["before", "after"] | None = None

    @property
    def is_before(self) -> bool:
        return self.when == "before" if self.when is not None else self.status is not None

    @model_validator(mode="after")
    def _sense(self) -> ApiEffect:
        ways = [name for name in ("hang", "reset", "truncate") if getattr(self, name)]
        if not ways and self.status is None and self.body is None and self.delay is None:
            raise Unfit("must say status, body, delay, hang, reset or truncate")
        if len(ways) > 1:
            raise Unfit(f"cannot be {' and '.join(ways)}: one of them")
        if self.when == "before" and self.status is None and (self.body is not None or self.truncate):
            raise Unfit("must say a status, because no call is executed whose answer it would be")
        if self.retry_after is not None and self.status not in RETRY_LATER:
            raise Unfit("can say retry_after only with a status of 429 or 503")
        return self


RETRY_LATER = (429, 503)
"""Answers that say when to come again."""


class WebhooksEffect(Strict):
    """`at_once` of each of the `copies` leave at the same moment. `forge` and `stale` make one more, which goes before them."""

    copies: int = Field(1, ge=0, le=10)
    at_once: int = Field(1, ge=1, le=10)
    delay: Delay = timedelta(0)
    order: Order = "as_happened"
    drop: bool = False
    before_answer: bool = False
    forge: Forgery | None = None
    stale: Annotated[Delay, _within(timedelta(seconds=1), timedelta(days=3660))] | None = None

    @property
    def is_dropped(self) -> bool:
        return self.drop or self.copies == 0


class BankEffect(Strict):
    """What happens behind the provider: to a refund, a capture, a settlement."""

    decline: Annotated[str, OneOf(REASONS)] | None = None
    outcome: Literal["succeeded", "declined", "pending"] | None = None
    then: Literal["succeeded", "declined"] | None = None
    code: str | None = None
    message: str | None = None
    delay: Delay | None = None


class SettlementEffect(Strict):
    """What happens to the money afterwards: to the reports of a cut-off, to a payout, to a payment that was captured, or to the
    balance beside it."""

    report: Literal["late", "failed", "row_missing", "amount_differs", "fee_changed", "wrong_total"] | None = None
    delay: Delay = timedelta(hours=6)
    """How late a report is."""
    payout: Literal["failed"] | None = None
    chargeback: Delay | None = None
    """How long after the capture one is raised."""
    adjustment: Annotated[str, Field(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,8})?$")] | None = None
    """What the provider adds to the balance beside the next capture, in units of the currency in which that is settled."""
    times: Annotated[int | None, BeforeValidator(_times)] = Field(1, ge=1, le=2**63 - 1)

    @model_validator(mode="after")
    def _sense(self) -> SettlementEffect:
        if self.report is None and self.payout is None and self.chargeback is None and self.adjustment is None:
            raise Unfit("must say report, payout, chargeback or adjustment")
        return self


class Rule(Strict):
    when: When = Field(default_factory=When)
    wallet: WalletEffect | None = None
    api: ApiEffect | None = None
    webhooks: WebhooksEffect | None = None
    bank: BankEffect | None = None
    settlement: SettlementEffect | None = None
    provider: dict[str, Any] | None = None
    """Options of the provider itself (`flow: qr`), as its `Decisions` have them."""


class RuleOptions(Strict):
    """What a rule's `provider:` may say about one operation: a subclass has the options, each with a default."""


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """About which operations a provider asks scenarios, beside the calls of its API."""

    wallet: tuple[str, ...] = ()
    """`operation` of the orders that it opens."""
    bank: tuple[str, ...] = ()
    """What it asks the bank (`uow.ask_bank`)."""
    provider: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """What it asks about itself (`uow.rule("provider", …)`), and the options that a rule may then give."""

    def names(self, facet: Facet) -> Collection[str] | None:
        """The operations of one facet; None where they do not stand here."""
        return getattr(self, facet, None)


class Scenario(Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    description: str = ""
    for_alipay: bool = True
    """Of a provider's own triggers: whether it documents their amounts for Alipay, and not just for cards or not at all."""
    source: Literal["documented", "cards", "own"] = "documented"
    """Of a provider's own triggers: what it documents for these payments, what it documents for cards, or our own convention."""
    rules: list[Rule] = Field(min_length=1)


class ScenarioError(ValueError):
    """A file or a body that is no scenario: says where, and what was allowed."""

    def __init__(self, message: str, allowed: Collection[str] | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed


def parse(raw: Any, where: str) -> Scenario:
    try:
        return _read(raw)
    except Invalid as invalid:
        first = invalid.violations[0]
        complaint = f"{where}: {'' if first.path else 'scenario'}{_complaint(raw, first)}"
        raise ScenarioError(complaint, allowed(Scenario, raw, first)) from invalid


def _read(raw: Any) -> Scenario:
    found = validate(Scenario, raw)
    assert isinstance(found, Scenario)
    return found


def _complaint(raw: Any, first: Violation) -> str:
    if first.rule != "unknown":
        return f"{first.path}: {first.message}"
    name, known = first.path.rpartition(".")[2], ", ".join(allowed(Scenario, raw, first) or ())
    return f"{first.path}: there is no {name!r} here; known are {known}"


def load_folder(folder: Path) -> dict[str, Scenario]:
    """All scenarios of a folder by name, in files that end in `.yaml` or `.yml`. Raises `ScenarioError` with file and line."""
    found: dict[str, Scenario] = {}
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{path.name}: cannot be read as UTF-8 text") from error
        scenario = _load(path.name, text)
        if scenario.name in found:
            raise ScenarioError(f"{path.name}:1: another file already has a scenario named {scenario.name!r}")
        found[scenario.name] = scenario
    return found


@lru_cache(maxsize=256)
def _load(name: str, text: str) -> Scenario:
    """One file. Reading YAML is slow: libyaml where it is there, and the same text only once in a process."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(text, loader)  # noqa: S506 - both loaders are the safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}" if mark else ""
        raise ScenarioError(f"{name}{place}: {getattr(error, 'problem', error)}") from error
    try:
        return _read(raw)
    except Invalid as invalid:
        first = invalid.violations[0]
        steps = tuple(
            int(step) if step.isdecimal() and len(step) < 10 else step for step in first.path.split(".") if step
        )
        line = _line_of(yaml.compose(text), steps)
        raise ScenarioError(f"{name}:{line}: {_complaint(raw, first)}") from invalid


def _line_of(node: Any, location: tuple[Any, ...]) -> int:
    """The line of the deepest node that exists on the way to `location`."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        children = getattr(node, "value", None)
        if isinstance(part, int) and isinstance(children, list) and part < len(children):
            node = children[part]
        elif isinstance(children, list):
            pair = next((p for p in children if isinstance(p, tuple) and p[0].value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
            continue
        else:
            break
        line = node.start_mark.line + 1
    return line


@dataclass(frozen=True, slots=True)
class Effect:
    """The rule that has an opinion. `label` is what `decided_by` says: `scenario:<name>` or `amount:<value>`."""

    label: str
    params: Any
    armed: bool
    """Whether a person armed it (so it goes before documented triggers and before the buyer's account)."""
    source: tuple[int, int] | None = None
    """Which armed scenario and rule, for counting `times`."""


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
            facts = cards.cut_all(dict(facts))  # as the scenarios' own were when they were armed
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
        scenario: Scenario | None = None
        try:
            scenario = _read(entry["scenario"])
        except Invalid as invalid:
            log.warning("an armed scenario is passed over: %s", _complaint(entry["scenario"], invalid.violations[0]))
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
    return not match or When.model_validate(match).holds(about)


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
