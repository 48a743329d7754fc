"""The rules of a scenario as models, and how they are read from what people write in YAML."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from simulator.engine.conditions import Strict, When
from simulator.engine.facets import REASONS, RETRY_LATER, ScenarioError
from simulator.engine.forging import Forgery
from simulator.engine.messages import Order
from simulator.engine.settings import OneOf
from simulator.engine.validation import Unfit, allowed, validate
from simulator.kernel.clock import parse_duration, short_duration
from simulator.kernel.refusals import Invalid, Violation

# What a rule says ---------------------------------------------------------------------------------------------------


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

    model_config = ConfigDict(frozen=True)


class Scenario(Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = ""
    description: str = ""
    for_alipay: bool = True
    """Of a provider's own triggers: whether it documents their amounts for Alipay, and not just for cards or not at all."""
    source: Literal["documented", "cards", "own"] = "documented"
    """Of a provider's own triggers: what it documents for these payments, what it documents for cards, or our own convention."""
    rules: list[Rule] = Field(min_length=1)


# Reading ------------------------------------------------------------------------------------------------------------


def parse(raw: Any, where: str) -> Scenario:
    try:
        return read(raw)
    except Invalid as invalid:
        first = invalid.violations[0]
        told = f"{where}: {'' if first.path else 'scenario'}{complaint(raw, first)}"
        raise ScenarioError(told, allowed(Scenario, raw, first)) from invalid


def read(raw: Any) -> Scenario:
    """Raises `Invalid`."""
    found = validate(Scenario, raw)
    assert isinstance(found, Scenario)
    return found


def complaint(raw: Any, first: Violation) -> str:
    """What is wrong, in one sentence."""
    if first.rule != "unknown":
        return f"{first.path}: {first.message}"
    name, known = first.path.rpartition(".")[2], ", ".join(allowed(Scenario, raw, first) or ())
    return f"{first.path}: there is no {name!r} here; known are {known}"


def load_folder(folder: Path, only: Collection[str] | None = None) -> dict[str, Scenario]:
    """All scenarios of a folder by name, in files that end in `.yaml` or `.yml`, or those in files that are called so. Raises
    `ScenarioError` with file and line."""
    found: dict[str, Scenario] = {}
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        if only is not None and path.stem not in only:
            continue
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
        return read(raw)
    except Invalid as invalid:
        first = invalid.violations[0]
        steps = tuple(
            int(step) if step.isdecimal() and len(step) < 10 else step for step in first.path.split(".") if step
        )
        line = _line_of(yaml.compose(text), steps)
        raise ScenarioError(f"{name}:{line}: {complaint(raw, first)}") from invalid


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
