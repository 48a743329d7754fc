"""What the control API answers, as typed dictionaries, in one long module, for it is one interface: the client's types, and the
source of the API's OpenAPI document."""

from __future__ import annotations

from typing import Any, Generic, Literal, NotRequired, TypeVar

from typing_extensions import TypedDict  # pydantic reads its schemas from this one only, before Python 3.12

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """A page of a list; `next` is the cursor of the page after it."""

    data: list[T]
    next: str | None


class ErrorObject(TypedDict):
    code: str
    message: str
    field: NotRequired[str]
    allowed: NotRequired[list[Any]]
    nearest: NotRequired[list[str]]
    """Of a path that is none: methods and paths that may have been meant."""
    seen: NotRequired[dict[str, Any]]
    """Of a wait that ran out of time: `payments` and `deliveries`."""


class ErrorAnswer(TypedDict):
    """Every refusal."""

    error: ErrorObject


class Money(TypedDict):
    value: int
    currency: str


class Clock(TypedDict):
    now: str
    mode: Literal["real", "frozen"]
    offset_s: float
    rate: NotRequired[int]


class DroppedCounts(TypedDict):
    payments: int
    requests: int


class KeptIn(TypedDict):
    workspace: str
    days: int | None
    payments: int | None
    dropped: DroppedCounts
    at: str


class Kept(TypedDict):
    days: int | None
    payments: int | None
    dropped: DroppedCounts
    workspaces: list[KeptIn]


class Health(TypedDict):
    status: str
    version: str
    providers: list[str]
    store: str
    keep: Kept
    missing: NotRequired[list[str]]
    notices: NotRequired[list[str]]


class SettingView(TypedDict):
    name: str
    kind: Literal["boolean", "integer", "number", "string", "duration", "array", "object"]
    default: Any
    about: str
    values: str
    allowed: NotRequired[list[Any]]
    min: NotRequired[float]
    max: NotRequired[float]


class ProviderView(TypedDict):
    name: str
    title: str
    variants: list[str]
    currencies: list[str]
    events: list[str]
    settings: list[SettingView]
    documents: str


class Providers(TypedDict):
    data: list[ProviderView]


class WorkspaceView(TypedDict):
    id: str
    name: str
    base_url: str
    created_at: str
    seed: str | None
    clock: Clock
    credentials: dict[str, dict[str, Any]]
    webhooks: dict[str, dict[str, Any] | None]
    settings: dict[str, dict[str, Any]]
    paused: list[str]
    temporary: bool
    default_buyer: str
    made_by: str | None


class Snapshot(TypedDict):
    """A copy of a workspace; `at` is the workspace's own time."""

    name: str
    at: str
    payments: int


class Renamed(TypedDict("_Names", {"from": NotRequired[str], "to": NotRequired[str]})):
    """What an imported workspace is called anew: its `id` or `name`, a `credential` of a provider (by its name), a `wallet_code`,
    or another `address` (the id or code of a page; `name` is the kind of resource)."""

    kind: Literal["id", "name", "credential", "wallet_code", "address"]
    provider: NotRequired[str]
    name: NotRequired[str]


class Imported(TypedDict):
    renamed: list[Renamed]


class ImportedView(WorkspaceView):
    imported: Imported


class Exported(TypedDict):
    """A whole workspace. The rows of `tables` are for an import; what stands in them may change with the version."""

    format: str
    version: int
    simulator: str
    exported_at: str
    at: str
    workspace: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]


class WalletView(TypedDict):
    code: str
    url: str
    state: Literal["open", "scanned", "paying", "paid", "declined", "cancelled", "expired"]
    qr: str
    return_url: NotRequired[str | None]
    """Of a single payment: where the buyer's browser is sent from the wallet, as things stand."""


TimelineEntry = TypedDict(
    "TimelineEntry",
    {
        "at": str,
        "seq": int,
        "kind": str,
        "actor": str,
        "from": NotRequired[str],
        "to": NotRequired[str],
        "summary": str,
        "ref": NotRequired[str],
    },
)


class Change(TimelineEntry):
    """One entry of the live feed; `seq` is that of the journal."""

    provider: str | None
    resource_id: str | None
    phase: NotRequired[str]
    status: NotRequired[str]


class Payment(TypedDict):
    id: str
    provider: str
    kind: str
    reference: str
    amount: Money
    refunded: Money
    phase: str
    status: str
    decided_by: str | None
    wallet: WalletView | None
    created_at: str
    updated_at: str
    expires_at: str | None
    preface: NotRequired[str]
    """The session, page or link by which it was made."""
    payments: NotRequired[list[str]]
    """Of such a one: the payments that were made by it, newest first. It is told as the newest."""
    timeline: NotRequired[list[TimelineEntry]]


class Move(TypedDict("_From", {"from": str})):
    trigger: str
    to: str
    events: list[str]
    label: str


class Moves(TypedDict):
    data: list[Move]


Lane = Literal["merchant", "provider", "wallet", "buyer"]
DiagramRow = TypedDict(
    "DiagramRow",
    {
        "seq": int,
        "at": str,
        "group": str,
        "kind": Literal["request", "answer", "wallet", "decision", "state", "webhook", "clock"],
        "from": Lane,
        "to": Lane,
        "label": str,
        "fact": str,
        "status": NotRequired[int],
        "ref": NotRequired[str],
    },
)


class Diagram(TypedDict):
    """The story of a payment; `mermaid` is the same as a `sequenceDiagram`."""

    rows: list[DiagramRow]
    mermaid: str


class Why(TypedDict):
    """What happened in a sentence, the reasons, and what would help."""

    summary: str
    because: list[str]
    next: list[str]


class Attempt(TypedDict):
    n: int
    at: str
    status: int | None
    duration_ms: int
    error: str | None
    response_body: str | None
    real_at: NotRequired[str]
    """When it was in real time, where the workspace's clock showed another."""
    body: NotRequired[str]


class Delivery(TypedDict):
    id: str
    provider: str
    event: str
    resource_id: str
    url: str | None
    state: Literal["pending", "delivered", "failed", "kept"]
    adversarial: bool
    forge: NotRequired[str]
    stale: NotRequired[str]
    body: str
    headers: dict[str, str]
    created_at: str
    next_attempt_at: str | None
    attempts: list[Attempt]


class Resent(TypedDict):
    resent: int


class CauseView(TypedDict):
    code: str
    text: str


class StepView(TypedDict):
    name: str
    value: str


class ComparisonView(TypedDict):
    """A merchant's base string or signature beside the right one. `at` counts bytes of UTF-8 from 0."""

    equal: bool
    base_string: str
    """What had to be signed, also where only the signatures can be compared."""
    at: int | None
    expected: str
    got: str
    cause: CauseView | None
    steps: list[StepView]
    code: dict[str, str]


class Rule(TypedDict):
    code: str
    field: NotRequired[str]
    limit: NotRequired[int | str]
    text: NotRequired[str]


class Check(TypedDict):
    name: str
    result: Literal["passed", "failed", "unknown"]


class Slip(TypedDict):
    kind: Literal["member", "value", "provider"]
    given: str
    meant: str
    field: NotRequired[str]


class Reasons(TypedDict):
    """Why a call was refused, and what may have been meant."""

    rules: NotRequired[list[Rule]]
    checks: NotRequired[list[Check]]
    slips: NotRequired[list[Slip]]
    known: NotRequired[bool]
    sound: NotRequired[bool]
    first_at: NotRequired[int]


class RequestView(TypedDict):
    id: str
    at: str
    real_at: NotRequired[str]
    """As that of an attempt."""
    provider: str
    method: str
    path: str
    status: int
    duration_ms: float
    request: dict[str, Any]
    response: dict[str, Any]
    notices: list[str]
    sent_by: Literal["merchant", "browser", "page", "console"]
    from_network: NotRequired[bool]
    """True when another machine sent it, or named what stands in it."""
    help: NotRequired[dict[str, Any]]
    weather: NotRequired[dict[str, Any]]
    why: NotRequired[Reasons]
    inferred: NotRequired[list[str]]
    """Ids of facts that no document of the provider's says, and on which the answer hangs."""
    repeats: NotRequired[str]
    resource_id: NotRequired[str]
    workspace: NotRequired[str]


class Signature(TypedDict):
    valid: bool
    reason: str
    signed: NotRequired[str]
    expected: NotRequired[str]
    received: NotRequired[str]


class Received(TypedDict):
    id: str
    at: str
    method: str
    headers: dict[str, str]
    body: str
    size: int
    provider: str | None
    signature: Signature | None


class Fired(TypedDict):
    at: str
    kind: str
    provider: str
    resource_id: str
    summary: str
    """What came of it, in words."""


class WaitedFor(TypedDict):
    """A try to deliver that ran out of time, or took a second or longer."""

    delivery: str
    url: str
    seconds: float


class Advanced(TypedDict):
    now: str
    fired: list[Fired]
    waited_for: NotRequired[list[WaitedFor]]


class Settled(TypedDict):
    delivered: int
    failed: int
    pending: int
    waited_for: NotRequired[list[WaitedFor]]


class ScenarioView(TypedDict):
    name: str
    title: str
    description: str
    armable: bool
    rules: list[dict[str, Any]]


class NotShown(TypedDict):
    provider: str
    because: str


class Armed(TypedDict):
    name: str
    scope: dict[str, Any]
    rules: list[dict[str, Any]]
    not_shown: NotRequired[list[NotShown]]
    """The providers whose webhooks cannot be forged or aged in the way that it says, or whose calls tell no amount to compare."""


Timer = TypedDict(
    "Timer",
    {
        "at": str,
        "kind": str,
        "provider": str,
        "resource_id": str,
        "resource": NotRequired[str],
        "event": NotRequired[str],
        "attempt": NotRequired[int],
        "payment": str,
        "reference": NotRequired[str],
        "from": NotRequired[str],
        "to": NotRequired[str],
        "summary": str,
    },
)
"""`kind` is the trigger that will be fired, or `webhook`; `from` and `to` are states, where the state's table says so; `summary`
is what will happen, in words."""


class Card(TypedDict):
    last4: str
    limit: int


class SignIn(TypedDict):
    password: str


class LedgerLine(TypedDict):
    at: str
    what: str
    order: str
    amount: Money


class Buyer(TypedDict):
    slug: str
    name_en: str
    name_zh: str
    balance: Money
    card: Card | None
    daily_limit: int | None
    daily_used: int
    per_payment_limit: int | None
    blocked: bool
    sign_in: SignIn | None
    payment_code: str | None
    delay_s: int
    walks_away: bool
    refusal: Literal["final", "retry"]
    language: str
    ledger: list[LedgerLine]


class AuditBegun(TypedDict):
    id: str


class AuditSummary(TypedDict):
    """An audit of a merchant's integration, and how many checks had which result so far; `error` is why it ended early."""

    id: str
    state: Literal["running", "done"]
    provider: str
    workspace: str
    webhook: str
    started_at: str
    took_s: float
    simulator: str
    passed: int
    failed: int
    skipped: int
    error: NotRequired[str]


class EvidenceView(TypedDict):
    name: str
    value: str


class CheckView(TypedDict):
    """What came of a check: `because` is what the merchant's code did, `reason` what that means in production."""

    name: str
    title: str
    group: str
    result: Literal["passed", "failed", "skipped"]
    because: str
    reason: str
    advice: str
    evidence: list[EvidenceView]


class AuditView(AuditSummary):
    checks: list[CheckView]


# Money ----------------------------------------------------------------------------------------------------------------


class LedgerEntry(TypedDict):
    """A posting; `amount` is a decimal text in units of the currency."""

    id: str
    transaction: str
    at: str
    available_at: str
    provider: str
    account: str
    kind: str
    amount: str
    currency: str
    merchant: NotRequired[str]
    payment_id: NotRequired[str]
    operation_id: NotRequired[str]
    payout_id: NotRequired[str]


class Balance(TypedDict):
    """Decimal texts. `available` may be below zero."""

    provider: str
    currency: str
    pending: str
    available: str
    payable: str
    merchant: NotRequired[str]
    """Which of the merchant's accounts, where there are several."""


class NextCutoff(TypedDict):
    at: str
    in_s: float
    pays: dict[str, str]
    """What it will pay by currency, if nothing happens before. Where the merchant has several accounts, the account stands before
    the currency."""


class Balances(TypedDict):
    data: list[Balance]
    next_cutoff: dict[str, NextCutoff]


class PayoutView(TypedDict):
    """`status` is the provider's own word, `report` the address of its main report once that is there."""

    id: str
    provider: str
    state: Literal["pending", "paid", "failed"]
    status: str
    amount: str
    currency: str
    created_at: str
    arrives_at: str
    merchant: NotRequired[str]
    paid_at: NotRequired[str]
    failed_at: NotRequired[str]
    decided_by: NotRequired[str]
    report: NotRequired[str]


ReportPeriod = TypedDict("ReportPeriod", {"from": str, "to": str})


class ReportView(TypedDict):
    """`size` and `sha256` are null until it is `ready`."""

    provider: str
    date: str
    name: str
    type: str
    media_type: str
    state: Literal["due", "ready", "failed"]
    size: int | None
    sha256: str | None
    period: ReportPeriod
    available_at: str
    payout_id: NotRequired[str]
    url: str
